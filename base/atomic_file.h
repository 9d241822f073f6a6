/* atomic_file.h: every file that is written: whole or not at all, and only where it may be.
 *
 * The content goes into a temporary file in the same directory, which takes its place when it is finished; what stood there is
 * untouched until then. Where the file system has it, the temporary file has no name, so that nothing is left even after SIGKILL;
 * elsewhere it is called NAME.XXXXXX.tmp.
 *
 * A symbolic link stays a link: what it leads to is replaced, or made. A new file gets the permissions that the umask leaves, a
 * replaced one keeps its own, and its owner as far as that is allowed. A device, a pipe, or a descriptor of the process
 * (/dev/stdout) is refused.
 *
 * Thread rule: one call at a time per path. */
#ifndef KS_BASE_ATOMIC_FILE_H
#define KS_BASE_ATOMIC_FILE_H

#include "base/error.h"

#include <stdio.h>

/* Calls write(user, file) on the temporary file, syncs it, and puts it at `path`. Without overwrite nothing that exists is
 * touched, a link least of all: what has appeared there in the meantime stays, the content goes into NAME.1.SUFFIX (2, …) beside
 * it, and the call fails and says so.
 * The same happens if only the last step fails (a directory is at `path` by then, or a file that may not be replaced). If anything
 * else fails (no permission, disk full), what stood at `path` is still there and no temporary file is left.
 * Errors: KS_FAILED naming the path. */
bool ks_write_file(const char* path, bool overwrite, bool (*write)(void* user, FILE* file), void* user, ks_error* err);

/* The same with overwrite, at `path` or nowhere: for files that are written again and again. */
bool ks_replace_file(const char* path, bool (*write)(void* user, FILE* file), void* user, ks_error* err);

/* Would ks_write_file work, as far as that can be known before there is content? Makes and removes a temporary file to see.
 * Errors: KS_BAD_INPUT (no name of a file, exists already), KS_FAILED (no directory, no permission). */
bool ks_check_output(const char* path, bool overwrite, ks_error* err);

#endif
