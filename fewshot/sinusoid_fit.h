/* sinusoid_fit.h: a model on one sine curve: what it predicts after 0 … K gradient steps on examples, which may be moved. What
 * pictures are made of.
 *
 * Thread rule: one call at a time per object. Only create allocates. */
#ifndef KS_FEWSHOT_SINUSOID_FIT_H
#define KS_FEWSHOT_SINUSOID_FIT_H

#include "fewshot/sinusoid.h"
#include "maml/evaluate.h"

typedef struct ks_sinusoid_fit_settings {
    ks_sinusoid_settings problem;
    ks_method method; /* KS_ORACLE: the model's inputs are x, A and φ */
    int max_steps;    /* K at most */
    size_t points;    /* that predictions are made at, 2 or more, evenly from the lowest x to the highest */
} ks_sinusoid_fit_settings;

typedef struct ks_sinusoid_fit ks_sinusoid_fit;

/* *model is copied; what it points to must outlive the object.
 * Errors: KS_BAD_INPUT (a model that does not fit), KS_FAILED (memory). */
ks_sinusoid_fit* ks_sinusoid_fit_create(const ks_eval_model* model, const ks_sinusoid_fit_settings* settings,
                                        ks_error* err);
void ks_sinusoid_fit_destroy(ks_sinusoid_fit* fit);

/* Takes the task of that number which a seed draws for tests, with the examples that `kshot eval` has for it; given: that curve in
 * its place, or NULL. Errors: KS_FAILED. */
bool ks_sinusoid_fit_draw(ks_sinusoid_fit* fit, uint64_t seed, size_t number, const ks_sinusoid* given, ks_error* err);
ks_sinusoid ks_sinusoid_fit_task(const ks_sinusoid_fit* fit);

/* Examples that are learned from. */
typedef struct ks_sinusoid_point {
    double x, y;
} ks_sinusoid_point;
size_t ks_sinusoid_fit_shots(const ks_sinusoid_fit* fit);
ks_sinusoid_point ks_sinusoid_fit_example(const ks_sinusoid_fit* fit, size_t i);
/* Anywhere, on the curve or not. */
void ks_sinusoid_fit_move(ks_sinusoid_fit* fit, size_t i, ks_sinusoid_point to);

/* Adapts to the examples: steps (at most max_steps) gradient steps of sizes lr (steps): as ks_inner_step. */
void ks_sinusoid_fit_adapt(ks_sinusoid_fit* fit, int steps, const double* lr);

/* x of a point. */
double ks_sinusoid_fit_x(const ks_sinusoid_fit* fit, size_t point);
/* (points) what the model predicts after a step, 0 … steps of the last adaptation. It lives until the next one. Not finite where
 * it has diverged. */
const ks_real* ks_sinusoid_fit_prediction(const ks_sinusoid_fit* fit, int step);
/* Mean squared error on the task's other examples (queries), as `kshot eval` has it. */
double ks_sinusoid_fit_error(const ks_sinusoid_fit* fit, int step);

#endif
