/* walk.h: gradient steps on tasks that are not trained on, one after the other, the size of each chosen once several were tried. What
 * comes of it is what ks_evaluate makes of the same sizes; but the rows that a step learns from are collected once for all sizes.
 *
 * Thread rule: one call at a time per object; it uses its own threads inside. */
#ifndef KS_MAML_WALK_H
#define KS_MAML_WALK_H

#include "maml/evaluate.h"

typedef struct ks_walk ks_walk;

/* On the first `tasks` tasks of a problem that is sampled, which is prepared here. Of the settings, split, seed and threads are taken.
 * problem and model must outlive it. Errors: KS_BAD_INPUT (a model that does not fit the problem), KS_FAILED. */
ks_walk* ks_walk_create(ks_problem* problem, const ks_eval_model* model, size_t tasks, const ks_eval_settings* settings,
                        ks_error* err);
void ks_walk_destroy(ks_walk* walk);

/* metric (tasks) after one more step of this size, which is not taken; all NAN where it is too long for a task. Whatever the size, start
 * states and noise are the same. Errors: KS_FAILED. */
bool ks_walk_try(double* metric, ks_walk* walk, double lr, ks_error* err);
/* Takes that step. Errors: KS_FAILED. */
bool ks_walk_take(ks_walk* walk, double lr, ks_error* err);

#endif
