/* rollout.h: the sampler. Many tasks at once, on all cores.
 *
 * The work is cut into blocks of trajectories of one task; a thread takes a block, steps its worlds in lock-step, and runs
 * the policy once per step for the whole block. How it is cut depends on the amounts asked for, never on the number of
 * threads, so the same numbers come out for any number of them.
 *
 * Thread rule: one call at a time per sampler; it uses its own threads inside. */
#ifndef KS_RL_ROLLOUT_H
#define KS_RL_ROLLOUT_H

#include "base/rng.h"
#include "envs/env.h"
#include "policy/policy.h"
#include "rl/batch.h"

typedef struct ks_sampler ks_sampler;

/* Worlds and scratch for `threads` threads. model and policy must outlive it. Errors: KS_FAILED (memory), KS_BAD_INPUT if
 * the policy's sizes do not fit the environment's (the text says both). */
ks_sampler* ks_sampler_create(const ks_env_model* model, const ks_policy* policy, int threads, ks_error* err);
void ks_sampler_destroy(ks_sampler* sampler);

/* Sizes of a batch for this sampler. keep_physics: also qpos and qvel. */
ks_batch_sizes ks_sampler_batch_sizes(const ks_sampler* sampler, size_t trajectories, size_t horizon,
                                      bool keep_physics);

/* What to sample for one batch. */
typedef struct ks_rollout_request {
    ks_batch* batch;      /* where to; its previous content is lost. sizes.horizon is the time limit */
    size_t trajectories;  /* n <= batch->sizes.trajectories */
    const ks_real* theta; /* (P) the policy to run */
    const double* task;   /* (task_dim), or (n x task_dim) with task_per_trajectory */
    bool task_per_trajectory;
    uint32_t task_index; /* the task's number in the random streams: the same for every stage of a task */
    bool may_break_down; /* a batch without a timestep is no error: the caller looks at batch->rows */
} ks_rollout_request;

/* Where the randomness comes from (rng.h). */
typedef struct ks_rollout_noise {
    uint64_t seed;
    uint64_t iteration;
    uint32_t stage;     /* gradient steps taken before */
    bool deterministic; /* act without noise (start states stay random) */
} ks_rollout_noise;

/* Fills every request's batch. A trajectory ends when the environment says so, at the horizon, or before a step that broke down: the
 * physics did, or an observation, head, action, log-probability or reward is not finite as it is kept in the batch (counted in
 * batch->rejected; terminated = 1).
 * Errors: KS_BROKE_DOWN if a batch ends without a single timestep, unless its request may break down. */
bool ks_sampler_run(ks_sampler* sampler, const ks_rollout_request* requests, size_t count, ks_rollout_noise noise,
                    ks_error* err);

/* The numbers that a trajectory of a task was reset with: uniform (reset_uniforms) and normal (reset_normals) of the def. With them and
 * its actions a world of that task goes the same way again. */
void ks_rollout_start(double* uniform, double* normal, const ks_env_def* def, ks_rollout_noise noise,
                      uint32_t task_index, uint32_t trajectory);

/* The task of timestep t of a sweep through all tasks: what the environment draws from uniforms that go from 0 to 1 within the
 * horizon, the first once, the i-th up and down in 2i + 1 legs (so that two of them go through a square in zigzag). */
void ks_sweep_task(double* task, const ks_env_def* def, size_t t, size_t horizon);

/* Draws training tasks first … first+count-1 of an iteration: task (count x task_dim). */
void ks_draw_tasks(double* task, const ks_env_def* def, uint64_t seed, uint64_t iteration, uint32_t first,
                   size_t count);
/* Draws held-out tasks first … first+count-1, which follow from the seed alone; where there are task_kinds distinct ones, equally
 * many of each (task i is of kind i mod task_kinds). */
void ks_draw_held_out_tasks(double* task, const ks_env_def* def, uint64_t seed, size_t first, size_t count);
/* Likewise tasks that a policy in training is validated on: never those of either function above, whatever the seeds, but where
 * there are but so many. */
void ks_draw_validation_tasks(double* task, const ks_env_def* def, uint64_t seed, size_t first, size_t count);

#endif
