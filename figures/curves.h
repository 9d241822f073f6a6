/* curves.h: learning curves from the progress.csv of runs (docs/files.md); runs of one label become one curve.
 *
 * Thread rule: plain data once read. */
#ifndef KS_FIGURES_CURVES_H
#define KS_FIGURES_CURVES_H

#include "base/error.h"

#include <stddef.h>

enum { KS_CURVES_MAX = 8 };

typedef enum ks_curve_stage { KS_BEFORE, KS_AFTER, KS_CURVE_STAGES } ks_curve_stage;

/* One label. Over runs: the mean at each iteration, and the lowest and highest run. */
typedef struct ks_curve {
    char label[128];
    size_t runs;
    int steps;         /* gradient steps of a task; 0: there is no KS_AFTER */
    size_t rows;       /* iterations 0 … rows-1: of the shortest run */
    double* env_steps; /* (rows) environment steps of all tasks until the end of the iteration, mean over runs */
    double* mean[KS_CURVE_STAGES];
    double* low[KS_CURVE_STAGES]; /* (rows) each: return before and after adaptation, before the iteration's update */
    double* high[KS_CURVE_STAGES];
} ks_curve;

typedef struct ks_curves {
    size_t count;
    ks_curve curves[KS_CURVES_MAX];
} ks_curves;

/* Adds a run to the curve of its label, which is made if need be. Start with {0}.
 * Errors: KS_BAD_INPUT naming file and line: malformed, no iteration yet, too many labels, another number of gradient steps than
 * the runs of the label before it. */
bool ks_curves_add(ks_curves* curves, const char* progress_csv, const char* label, ks_error* err);
void ks_curves_free(ks_curves* curves);

#endif
