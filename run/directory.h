/* directory.h: a run directory: what is in it, who may write it, and whether a run begins or goes on there (docs/files.md).
 * Thread rule: one call at a time per object. */
#ifndef KS_RUN_DIRECTORY_H
#define KS_RUN_DIRECTORY_H

#include "base/error.h"

enum { KS_RUN_PATH = 4096 }; /* letters of a path in a run directory, at most */

typedef enum ks_run_start {
    KS_RUN_NEW,           /* where there is none */
    KS_RUN_ANEW,          /* in place of what is there: ks_run_directory_clear */
    KS_RUN_RESUME,        /* goes on with the one that is there */
    KS_RUN_RESUME_OR_NEW, /* goes on with it if there is one */
} ks_run_start;

typedef struct ks_run_directory ks_run_directory;

/* Opens the directory, made if need be, for this process alone to write, until it is closed. Nothing in it is changed.
 * *resumes (may be NULL): whether there is a run to go on with. Owned by the caller. NULL on errors: KS_BAD_INPUT (no directory;
 * another process writes it; a run is there and should not be, or should and is not), KS_FAILED. */
ks_run_directory* ks_run_directory_open(const char* path, ks_run_start start, bool* resumes, ks_error* err);
/* NULL is none. */
void ks_run_directory_close(ks_run_directory* directory);

/* Makes a directory and those above it, where they are not there yet. Errors: KS_BAD_INPUT (a file is there), KS_FAILED. */
bool ks_run_directory_make(const char* path, ks_error* err);

/* Path of a file of the run: out (KS_RUN_PATH). */
void ks_run_directory_file(char* out, const ks_run_directory* directory, const char* name);
bool ks_run_directory_has(const ks_run_directory* directory, const char* name);

/* Whether others are kept out; some network file systems know no locks. */
bool ks_run_directory_excludes(const ks_run_directory* directory);
/* Whether it is still there and ours to write. Where it was moved, it is followed, and *moved is true. Errors: KS_FAILED. */
bool ks_run_directory_held(ks_run_directory* directory, bool* moved, ks_error* err);
/* What it is called now. Lasts until the next call of ks_run_directory_held. */
const char* ks_run_directory_path(const ks_run_directory* directory);
/* Removes the run that is there, for one that begins anew: when it is known to begin. Images that were read stay, for it may use
 * them. Errors: KS_FAILED. */
bool ks_run_directory_clear(const ks_run_directory* directory, ks_error* err);
/* Removes the temporary files of a process that was killed while it wrote. */
void ks_run_directory_tidy(const ks_run_directory* directory);

#endif
