/* progress.h: progress.csv, one row per iteration (docs/files.md).
 * Thread rule: one call at a time per object. */
#ifndef KS_RUN_PROGRESS_H
#define KS_RUN_PROGRESS_H

#include "maml/maml.h"

typedef struct ks_progress ks_progress;

/* What a checkpoint says of the rows before it. */
typedef struct ks_progress_mark {
    int64_t iteration;  /* of the first row after it */
    uint64_t env_steps; /* so far */
    double last_metric; /* after adaptation, in the row before it */
} ks_progress_mark;

/* What a row has: the problem's metric after every stage, and what the outer step reports. */
typedef struct ks_progress_layout {
    const ks_problem_kind* problem;
    const ks_outer_kind* outer;
    int stages;     /* k + 1 */
    bool acts;      /* environment steps and what is of actions, too */
    bool validates; /* and the metric of validation tasks, in rows of iterations after which it was measured */
} ks_progress_layout;

/* The header line, without its line break: the names of its columns, with commas between. */
void ks_progress_columns(char* out, size_t room, const ks_progress_layout* layout);

/* Opens DIR/progress.csv. A file without the column of validation gets it where the layout has it (the run was not validated before, or
 * an earlier version began it); one with it keeps it. When resuming, rows from mark->iteration on are cut off first (they were written
 * after the checkpoint). *first: iteration of its first row; more than 0 if the file was lost since the run began, and is begun anew. Line
 * ends, a byte-order mark and blank lines are as they may be in any text.
 * Errors: KS_FAILED, KS_BAD_INPUT (damaged file, or not the one that goes with the checkpoint). */
ks_progress* ks_progress_open(const char* directory, ks_progress_layout layout, const ks_progress_mark* mark,
                              int64_t* first, ks_error* err);
/* Appends a row; env_steps is the total so far, validation NULL where nothing was validated. It reaches the file at once, or where rows come fast within a fraction of a second. */
bool ks_progress_row(ks_progress* progress, int64_t iteration, uint64_t env_steps, const ks_maml_stats* stats,
                     const double* validation, ks_error* err);
/* Makes all rows so far last; to be called before a checkpoint that counts on them. */
bool ks_progress_sync(ks_progress* progress, ks_error* err);
void ks_progress_close(ks_progress* progress);

#endif
