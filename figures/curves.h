/* curves.h: learning curves from the progress.csv of runs (docs/files.md); runs of one label become one curve.
 *
 * A figure is a few hundred points wide. Where runs have many more iterations, a point is the mean of a block of them. Curves of
 * many points are smoothed: what changes from one iteration to the next would make solid bands of them.
 *
 * Thread rule: plain data once read. */
#ifndef KS_FIGURES_CURVES_H
#define KS_FIGURES_CURVES_H

#include "figures/metric.h"

#include <stddef.h>

/* labels; runs of a label; iterations from which blocks are formed, and points that are left
 * then, at least; points of the longest curve for each one to either side that is smoothed over */
enum {
    KS_CURVES_MAX = 8,
    KS_CURVES_MAX_RUNS = 64,
    KS_CURVES_LONG = 1000,
    KS_CURVES_POINTS = 250,
    KS_CURVES_SMOOTH = 40
};

/* KS_VALIDATED: on validation tasks, after the iteration's update; the others are on its own tasks, before. */
typedef enum ks_curve_stage { KS_BEFORE, KS_AFTER, KS_VALIDATED, KS_CURVE_STAGES } ks_curve_stage;

/* One run's numbers at an iteration; env_steps until its end: 0 where the problem has none. Where nothing was validated NAN. */
typedef struct ks_curve_row {
    double env_steps;
    double stage[KS_CURVE_STAGES];
} ks_curve_row;

/* One label. Over runs: the mean at each point, and the lowest and highest run. */
typedef struct ks_curve {
    char label[128];
    int steps;      /* gradient steps of a task; 0: there is no KS_AFTER */
    bool acts;      /* env_steps are there */
    bool validated; /* some points have KS_VALIDATED; the others NAN */
    size_t runs;
    size_t rows;                           /* iterations 0 … rows-1: of the shortest run */
    ks_curve_row* run[KS_CURVES_MAX_RUNS]; /* (rows at least) */
    /* after ks_curves_sum_up */
    size_t points;
    double* iteration; /* (points) mean of the block's */
    double* env_steps; /* (points) environment steps of all tasks until the end of the block, mean over runs */
    double* raw[KS_CURVE_STAGES];  /* (points) each: the metric, mean over runs; then smoothed, but for KS_VALIDATED: */
    double* mean[KS_CURVE_STAGES]; /* mean, */
    double* low[KS_CURVE_STAGES];  /* lowest and highest of the runs */
    double* high[KS_CURVE_STAGES];
} ks_curve;

typedef struct ks_curves {
    const ks_metric* metric; /* NULL: no run was read */
    /* after ks_curves_sum_up */
    size_t block; /* iterations of a point */
    size_t
        beside; /* points to either side that each is a mean with; 0: nothing is smoothed. Fewer near the ends of a curve */
    size_t count;
    ks_curve curves[KS_CURVES_MAX];
} ks_curves;

/* Adds a run to the curve of its label, which is made if need be. Start with {0}.
 * Errors: KS_BAD_INPUT naming file and line: malformed, no iteration yet, too many labels or runs, another metric than the runs
 * before it, another number of gradient steps than those of its label. */
bool ks_curves_add(ks_curves* curves, const char* progress_csv, const char* label, ks_error* err);
/* Once all runs are there. Errors: KS_FAILED (memory). */
bool ks_curves_sum_up(ks_curves* curves, ks_error* err);
void ks_curves_free(ks_curves* curves);

#endif
