/* evaluate.h: how fast a policy learns: returns after 0 … k gradient steps on tasks that it was not trained on.
 *
 * The paper's protocol (section 5.2, appendix A.2): from the trained parameters, per task: sample trajectories, take one
 * plain REINFORCE step, sample anew, and so on.
 *
 * Thread rule: one call at a time per object. */
#ifndef KS_MAML_EVALUATE_H
#define KS_MAML_EVALUATE_H

#include "rl/advantage.h"
#include "rl/rollout.h"

enum { KS_EVAL_MAX_STEPS = 64 };

/* The number of evaluations in the random streams (ks_rollout_noise): start states and action noise are never those of a training
 * iteration. */
#define KS_EVAL_ITERATION UINT64_MAX

typedef struct ks_eval_settings {
    size_t trajectories;          /* per task and gradient step, default 20 */
    size_t horizon;               /* default 200 */
    int steps;                    /* gradient steps, default 3 */
    double lr[KS_EVAL_MAX_STEPS]; /* step size of each gradient step */
    ks_advantage_settings advantage;
    uint64_t seed;      /* of start states and action noise, default 1 */
    bool deterministic; /* sample without action noise after the last step; default false */
    int threads;        /* default 1 */
} ks_eval_settings;
ks_eval_settings ks_eval_settings_default(void);

/* lr = first, then half of it: the paper's protocol. */
void ks_eval_set_lr(ks_eval_settings* settings, double first);

/* One number per task and gradient step 0 … steps: index task * (steps + 1) + step. */
typedef struct ks_eval_result {
    size_t tasks;
    int steps;
    double* mean_return; /* (tasks x (steps + 1)) mean undiscounted return over trajectories */
    double* mean_length; /* likewise: mean number of timesteps */
    size_t rejected;     /* timesteps thrown away because they broke down (ks_sampler_run) */
} ks_eval_result;
void ks_eval_result_free(ks_eval_result* result);

/* Is told of every task and step that is done; may be NULL. Called from the caller's thread. */
typedef void (*ks_eval_progress)(void* user, size_t done, size_t total);

/* Evaluates theta (P) on tasks (count x task_dim). *result is the caller's (ks_eval_result_free). With batches
 * (steps + 1 pointers per task, index as above; else NULL) the trajectories themselves are kept: each must have been
 * created with ks_sampler_batch_sizes for settings->trajectories and horizon.
 * Errors: KS_BAD_INPUT (policy does not fit the environment), KS_FAILED (also where a step is too long for a task: the text
 * names both). */
bool ks_evaluate(ks_eval_result* result, const ks_env_model* model, const ks_policy* policy, const ks_real* theta,
                 const double* tasks, size_t count, const ks_eval_settings* settings, ks_batch** batches,
                 ks_eval_progress progress, void* user, ks_error* err);

#endif
