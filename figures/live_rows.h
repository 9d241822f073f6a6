/* live_rows.h: the rows of a progress.csv that is being written: whatever is there by now. Unlike curves.h it takes numbers that are
 * not finite, and files that begin later. Thread rule: plain data once read. */
#ifndef KS_FIGURES_LIVE_ROWS_H
#define KS_FIGURES_LIVE_ROWS_H

#include "figures/curves.h"

/* an iteration; what is not there is NAN */
typedef struct ks_live_row {
    double iteration;
    double stage[KS_CURVE_STAGES];
} ks_live_row;

/* Start with {0}. */
typedef struct ks_live_rows {
    const ks_metric* metric; /* NULL: there is no row yet */
    int steps;               /* gradient steps of a task; 0: KS_AFTER is KS_BEFORE */
    size_t count, room;
    ks_live_row* rows;
    double env_steps; /* until the last row; 0: of a problem that has none */
    double seconds;   /* of an iteration, mean of the last ones */
    double kl;        /* of the last row, NAN if it has none */
    double validated; /* what came last of it, NAN: nothing was */
} ks_live_rows;

/* Reads a file anew; no file, and one without a whole row, have no rows. Errors: KS_BAD_INPUT naming file and line, KS_FAILED (memory);
 * there are no rows then. */
bool ks_live_rows_read(ks_live_rows* rows, const char* path, ks_error* err);
void ks_live_rows_free(ks_live_rows* rows);

#endif
