/* progress_row.h: the columns of a training's row and the numbers in it: once for progress.csv, for event files and for callers in
 * other languages (docs/files.md). Thread rule: pure. */
#ifndef KS_RUN_PROGRESS_ROW_H
#define KS_RUN_PROGRESS_ROW_H

#include "maml/maml.h"

/* What a row has: the problem's metric after every stage, and what the outer step reports. */
typedef struct ks_progress_layout {
    const ks_problem_kind* problem;
    const ks_outer_kind* outer;
    int stages;     /* k + 1 */
    bool acts;      /* environment steps and what is of actions, too */
    bool validates; /* and the metric of validation tasks, in rows of iterations after which it was measured */
} ks_progress_layout;

/* What a row says. */
typedef struct ks_progress_now {
    int64_t iteration;
    uint64_t env_steps; /* so far */
    const ks_maml_stats* stats;
    const double* validation; /* NULL: nothing was validated */
} ks_progress_now;

typedef enum ks_progress_type {
    KS_PROGRESS_COUNT,
    KS_PROGRESS_NUMBER,
    KS_PROGRESS_SECONDS,
} ks_progress_type;

typedef struct ks_progress_column {
    ks_progress_type type;
    double value;  /* of a row */
    bool missing;  /* in this row */
    char name[48]; /* of the column in progress.csv, */
    char tag[48];  /* and in event files, where the iteration is the step and no value of its own ("") */
} ks_progress_column;

enum { KS_PROGRESS_COLUMNS = KS_MAX_INNER_STEPS + 1 + KS_OUTER_MAX_COLUMNS + 7 };

/* The columns, in their order, iteration first and validation last: their types and names, or (now not NULL) types and values.
 * Returns how many. */
size_t ks_progress_row_columns(ks_progress_column out[KS_PROGRESS_COLUMNS], const ks_progress_layout* layout,
                               const ks_progress_now* now);

#endif
