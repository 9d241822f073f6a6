/* path.h: paths that are kept in files. In memory they are absolute, so that they mean the same wherever they are used; in a file they
 * are relative to that file's folder, so that a folder can be moved or passed on as a whole.
 *
 * Thread rule: pure, but for looking at the file system and the working directory. */
#ifndef KS_BASE_PATH_H
#define KS_BASE_PATH_H

#include "base/error.h"

enum { KS_PATH_ROOM = 1024 };

/* The absolute path of `path`, which is taken from `folder` (NULL: the working directory) if it is not absolute; without links, where
 * its folder exists. Errors: KS_BAD_INPUT (too long). */
bool ks_path_absolute(char out[KS_PATH_ROOM], const char* folder, const char* path, ks_error* err);

/* The folder that `file` is in, "." if it has none. Errors: KS_BAD_INPUT (too long). */
bool ks_path_folder(char out[KS_PATH_ROOM], const char* file, ks_error* err);

/* The path by which the file `file` (which need not exist yet, but its folder must) refers to `target`, an absolute path: "./a.yaml",
 * "../robots/a.yaml"; target itself where the two have nothing in common but the root, or the way would be too long. */
void ks_path_relative(char out[KS_PATH_ROOM], const char* file, const char* target);

#endif
