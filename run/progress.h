/* progress.h: progress.csv, one row per iteration (docs/files.md).
 * Thread rule: one call at a time per object. */
#ifndef KS_RUN_PROGRESS_H
#define KS_RUN_PROGRESS_H

#include "run/progress_row.h"

/* seconds that a row may wait for the next ones before it is written to the file */
#define KS_PROGRESS_FLUSH_S 0.1

typedef struct ks_progress ks_progress;

/* What a checkpoint says of the rows before it. */
typedef struct ks_progress_mark {
    int64_t iteration;  /* of the first row after it */
    uint64_t env_steps; /* so far */
    double last_metric; /* after adaptation, in the row before it */
} ks_progress_mark;

/* The header line, without its line break: the names of its columns, with commas between. */
void ks_progress_columns(char* out, size_t room, const ks_progress_layout* layout);

/* Opens DIR/progress.csv. A file without the column of validation gets it where the layout has it (the run was not validated before, or
 * an earlier version began it); one with it keeps it. When resuming, rows from mark->iteration on are cut off first (they were written
 * after the checkpoint). *first: iteration of its first row; more than 0 if the file was lost since the run began, and is begun anew. Line
 * ends, a byte-order mark and blank lines are as they may be in any text.
 * Errors: KS_FAILED, KS_BAD_INPUT (damaged file, or not the one that goes with the checkpoint). */
ks_progress* ks_progress_open(const char* directory, ks_progress_layout layout, const ks_progress_mark* mark,
                              int64_t* first, ks_error* err);
/* Appends a row. It reaches the file at once, or where rows come fast within KS_PROGRESS_FLUSH_S. */
bool ks_progress_row(ks_progress* progress, const ks_progress_now* now, ks_error* err);
/* Makes all rows so far last; to be called before a checkpoint that counts on them. */
bool ks_progress_sync(ks_progress* progress, ks_error* err);
void ks_progress_close(ks_progress* progress);

#endif
