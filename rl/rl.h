/* rl.h: reinforcement learning as a problem (maml/problem.h; Finn et al. 2017, algorithm 3): a task is an environment's, its rows
 * are rollouts of θ_j, weighted with their advantages.
 *
 * The inner steps' loss is -mean A log π, or -mean A π/π_j with π_j the policy that sampled (inner.loss). At θ_j both have the same
 * gradient. The Hessian of the first lacks A ∇log π ∇log πᵀ, which that of the expected return has; that of the second has it of
 * every timestep, though not between timesteps: ProMP's low-variance curvature (Rothfuss et al. 2019, sections 4 and 5).
 *
 * With KS_PRETRAIN there is one group of trajectories, each on a task of its own, and no inner step: plain TRPO over all tasks;
 * with KS_ORACLE, the same on an environment that shows the task.
 *
 * The sweep, an extra outer term: an inner step can only learn from what D_i0 shows. Where a policy runs at 0.7 ± 0.2 m/s, all
 * tasks that want more than that earn the same rewards but for a constant, which the baseline takes away: after the step they all
 * run alike. MAML does not mend that, since with the rows fixed nothing rewards the policy for what it tries before the step. So
 * the steps of D_i0 are also rewarded for the tasks of ks_sweep_task (rollout.h), which go through the whole distribution within
 * an episode. No environment step is taken for it.
 *
 * Thread rule: as maml/problem.h. */
#ifndef KS_RL_RL_H
#define KS_RL_RL_H

#include "maml/problem.h"
#include "rl/rollout.h"
#include "rl/settings.h"

extern const ks_problem_kind ks_problem_rl; /* of a ks_rl_settings */

/* The problem of an environment that is the caller's, and must outlive it; settings->env is not read. Owned by the caller
 * (ks_rl_destroy). Errors: KS_BAD_INPUT (a setting out of range, a sweep that the environment cannot reward), KS_FAILED. */
ks_problem* ks_rl_create(const ks_env_model* model, const ks_rl_settings* settings, ks_method method, size_t tasks,
                         ks_error* err);
void ks_rl_destroy(ks_problem* problem);

/* To be called before prepare: */
/* The tasks (count x task_dim) that are drawn for a test, in order; they must outlive the problem. */
void ks_rl_give_tasks(ks_problem* problem, const double* tasks, size_t count);
/* Batches of the caller's, in which the rollouts of test task i after j steps are to be kept: batches[i * stages + j], each made
 * with ks_sampler_batch_sizes for the settings' trajectories and horizon. */
void ks_rl_give_batches(ks_problem* problem, ks_batch* const* batches, size_t stages);
/* Whether its own batches keep the physics' states. */
void ks_rl_keep_physics(ks_problem* problem, bool keep);

/* From now on as many trajectories of a task are sampled, at most those of the settings. At any time. */
void ks_rl_use_trajectories(ks_problem* problem, size_t trajectories);

/* The rollouts of a stage, as last collected: group is the place among the tasks drawn. */
const ks_batch* ks_rl_batch(const ks_problem* problem, int stage, size_t group);
const ks_env_def* ks_rl_env(const ks_problem* problem);
const ks_env_model* ks_rl_model(const ks_problem* problem);
const ks_rl_settings* ks_rl_get_settings(const ks_problem* problem);
ks_method ks_rl_method(const ks_problem* problem);

/* A batch as the rows of a loss, weighted with its advantages. */
ks_rows ks_batch_rows(const ks_batch* batch);

#endif
