/* sinusoid.h: the paper's regression as a problem (Finn et al. 2017, section 5.1): a task is a sine curve y = A sin(x - φ), A from
 * [0.1, 5] and φ from [0, π], both uniform; its rows are `shots` examples to learn from, and `queries` others to be judged on, x
 * uniform from [-5, 5]. The loss is the mean squared error.
 *
 * With KS_PRETRAIN there is no inner step: one model for the mean of all curves. With KS_ORACLE inputs are x, A and φ.
 *
 * Thread rule: as maml/problem.h. */
#ifndef KS_FEWSHOT_SINUSOID_H
#define KS_FEWSHOT_SINUSOID_H

#include "maml/problem.h"

typedef struct ks_sinusoid_settings {
    int shots;   /* examples of a task to learn from */
    int queries; /* and to be judged on */
} ks_sinusoid_settings;

extern const ks_problem_kind ks_problem_sinusoid; /* of a ks_sinusoid_settings */
extern const ks_settings_rows ks_sinusoid_rows;

/* A curve. */
typedef struct ks_sinusoid {
    double amplitude, phase;
} ks_sinusoid;
double ks_sinusoid_at(ks_sinusoid curve, double x);
enum { KS_SINUSOID_X_MIN = -5, KS_SINUSOID_X_MAX = 5 };

/* Task i of those that the problem drew last. */
ks_sinusoid ks_sinusoid_task(const ks_problem* problem, size_t i);
/* The same for a number that is drawn by that seed for tests (ks_draw). */
ks_sinusoid ks_sinusoid_test_task(uint64_t seed, size_t number);

/* From the next draw on, every task is this curve, and its examples keep their x; NULL: tasks are drawn again. */
void ks_sinusoid_give(ks_problem* problem, const ks_sinusoid* curve);

#endif
