/* atomic_file.h: replacing a file so that at every moment the old or the new content is there, whole.
 * Thread rule: one call at a time per path. */
#ifndef KS_BASE_ATOMIC_FILE_H
#define KS_BASE_ATOMIC_FILE_H

#include "base/error.h"

#include <stdio.h>

/* Calls write(user, file) on a temporary file beside `path`, syncs it, renames it over `path`, and syncs the directory. If
 * anything fails (no permission, disk full), what stood at `path` is still there and no temporary file is left.
 * Errors: KS_FAILED naming the path. */
bool ks_replace_file(const char* path, bool (*write)(void* user, FILE* file), void* user, ks_error* err);

#endif
