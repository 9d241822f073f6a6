/* rl_evaluate.h: returns of a policy after 0 … k gradient steps on tasks that the caller names (the paper's section 5.2, appendix
 * A.2): from the trained parameters, per task: sample trajectories, take one plain REINFORCE step, sample anew, and so on.
 * Thread rule: one call at a time per object. */
#ifndef KS_RL_RL_EVALUATE_H
#define KS_RL_RL_EVALUATE_H

#include "maml/evaluate.h"
#include "rl/rl.h"

typedef struct ks_rl_eval_settings {
    ks_eval_settings eval;
    size_t trajectories; /* per task and gradient step, default 20 */
    size_t horizon;      /* default 200 */
    ks_advantage_settings advantage;
} ks_rl_eval_settings;
ks_rl_eval_settings ks_rl_eval_settings_default(void);

/* Of a problem that evaluates by these. */
ks_rl_settings ks_rl_eval_problem(const ks_rl_eval_settings* settings);

/* Evaluates on tasks (count x task_dim). *result is the caller's (ks_eval_result_free). With batches (steps + 1 pointers per
 * task, index as the result's; else NULL) the trajectories themselves are kept: each must have been created with
 * ks_sampler_batch_sizes for settings->trajectories and horizon. Errors: those of ks_evaluate. */
bool ks_rl_evaluate(ks_eval_result* result, const ks_env_model* model, const ks_eval_model* policy, const double* tasks,
                    size_t count, const ks_rl_eval_settings* settings, ks_batch* const* batches,
                    ks_eval_progress progress, void* user, ks_error* err);

/* Such batches of one task: batches (steps + 1), of which the last keeps the physics. On errors, too, the caller destroys those that are
 * not NULL, as all of them are to be before. Errors: KS_FAILED (memory). */
bool ks_rl_create_batches(ks_batch** batches, const ks_env_model* model, const ks_policy* policy,
                          const ks_rl_eval_settings* settings, ks_error* err);

#endif
