/* regression.h: what is shown of models that learn a sine curve: one task, and each model before and after gradient steps on the
 * same examples, which can be moved.
 *
 * Thread rule: one call at a time per object. Nothing allocates. */
#ifndef KS_VIEWER_REGRESSION_H
#define KS_VIEWER_REGRESSION_H

#include "fewshot/sinusoid_fit.h"

enum { KS_REGRESSION_MAX = 4, KS_REGRESSION_POINTS = 241 };

/* A model. Everything is the caller's. */
typedef struct ks_learner {
    ks_sinusoid_fit* fit; /* of KS_REGRESSION_POINTS points */
    const char* label;    /* ASCII */
    double lr[KS_EVAL_MAX_STEPS];
} ks_learner;

/* Plain data: the caller sets what he likes, then calls. */
typedef struct ks_regression {
    int count; /* models, all of as many examples */
    ks_learner learners[KS_REGRESSION_MAX];
    const ks_sinusoid* given; /* the curve; NULL: the task that was drawn */
    uint64_t seed;
    size_t number; /* of the seed's test tasks */
    int steps;
    double lr_factor; /* of every step size */
    double seconds;   /* that the last adaptation took */
} ks_regression;

/* Whether the models can be shown on one task. Errors: KS_BAD_INPUT (not of as many examples). */
bool ks_regression_check(const ks_regression* regression, ks_error* err);
/* Takes the task, and puts the examples where they were drawn. Errors: KS_FAILED. */
bool ks_regression_draw(ks_regression* regression, ks_error* err);
/* One example, of all models. */
void ks_regression_move(ks_regression* regression, size_t example, ks_sinusoid_point to);
void ks_regression_adapt(ks_regression* regression);

ks_sinusoid ks_regression_task(const ks_regression* regression);
/* "3.36 sin(x - 1.20)" */
void ks_regression_text(char* out, size_t room, const ks_regression* regression);

#endif
