/* extra.h: further terms of the outer loss, on the rows before adaptation, where a problem has them:
 *   mean over tasks of -mean over D_i0 of  π_θ/π_old · (extra · w + emaml · c_i)
 *
 * An inner step can only learn from what D_i0 shows, and with the rows fixed nothing in MAML's meta-gradient rewards θ for what it
 * tries before the step. Two terms do:
 *   extra   w from ks_task_rows.extra, which the problem knows of every row: RL's sweep (rl/rl.h)
 *   emaml   the sampling term of E-MAML (Stadie et al. 2018; Al-Shedivat et al. 2018), which the derivative of the expected outcome has
 *           and MAML's has not: E[R_i ∇ log π_θ(D_i0)], R_i the task's metric after the steps. c_i is R_i minus its mean over tasks,
 *           divided by its standard deviation, so that the weight means the same everywhere. Rows that are sampled between D_i0
 *           and the last are not credited.
 *
 * Thread rule: one call at a time per object. Nothing is allocated after creation. */
#ifndef KS_MAML_EXTRA_H
#define KS_MAML_EXTRA_H

#include "maml/problem.h"
#include "policy/derivatives.h"

typedef struct ks_extra ks_extra;

/* For the tasks worked on here, `groups`, with the weights of the problem. Owned by the caller. Errors: KS_FAILED (memory). */
ks_extra* ks_extra_create(const ks_policy* policy, const ks_problem* problem, size_t groups, ks_error* err);
void ks_extra_destroy(ks_extra* extra);

/* Takes stage 0 of task i, at the parameters that collected it and with the outer loss's kind (a task without rows counts for
 * nothing), and what was told of it, whose extra weights count; all must stay as they are while the functions below are used.
 * credit: c_i. */
void ks_extra_set(ks_extra* extra, size_t i, ks_group group, const ks_task_rows* rows, double credit);
/* u (groups x P) += gradient of every task's term at theta (P): where the rows were collected, or, if the loss is one of ratios, any. */
void ks_extra_add_gradient(double* u, ks_extra* extra, ks_derivatives* derivatives, const ks_real* theta);
/* loss (groups) += every task's term at theta (P), any. */
void ks_extra_add_loss(double* loss, ks_extra* extra, ks_derivatives* derivatives, const ks_real* theta);

#endif
