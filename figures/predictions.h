/* predictions.h: what a model predicts of one function of x, before and after gradient steps on some examples of it: the material
 * of a picture. Thread rule: plain data. */
#ifndef KS_FIGURES_PREDICTIONS_H
#define KS_FIGURES_PREDICTIONS_H

#include "base/error.h"

#include <stddef.h>

enum { KS_PREDICTIONS_MAX_STAGES = 3 };

typedef struct ks_predictions {
    size_t points, examples;
    int stages;                           /* that are shown */
    int steps[KS_PREDICTIONS_MAX_STAGES]; /* (stages) gradient steps before each, in rising order */
    /* from malloc, all in one: x is what to free */
    double* x;     /* (points) in rising order */
    double* truth; /* (points) the function itself */
    double* y;     /* (stages x points) predictions */
    double* example_x;
    double* example_y; /* (examples) */
} ks_predictions;

/* Room for that many; the numbers are the caller's to fill in. Errors: KS_FAILED (memory). */
bool ks_predictions_create(ks_predictions* p, size_t points, size_t examples, int stages, ks_error* err);
/* Leaves {0}. */
void ks_predictions_free(ks_predictions* p);

#endif
