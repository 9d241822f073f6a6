/* adapt.h: the inner loop of many tasks at once, one stage after another: sample each task with its own parameters, compute
 * advantages on each task's own batch, take a REINFORCE step on each (Finn et al. 2017, algorithm 3, lines 5 to 8).
 * Meta-training and evaluation both stand on it.
 *
 * Thread rule: one call at a time per object; it uses its own threads inside. Only create allocates. */
#ifndef KS_MAML_ADAPT_H
#define KS_MAML_ADAPT_H

#include "policy/derivatives.h"
#include "rl/advantage.h"
#include "rl/rollout.h"

typedef struct ks_adapt ks_adapt;

typedef struct ks_adapt_sizes {
    size_t tasks;        /* worked on at once, at most */
    size_t trajectories; /* per task, at most */
    size_t horizon;      /* timesteps per trajectory, at most */
    int threads;
} ks_adapt_sizes;

/* model and policy must outlive it. Errors: KS_BAD_INPUT (policy does not fit the environment), KS_FAILED (memory). */
ks_adapt* ks_adapt_create(const ks_env_model* model, const ks_policy* policy, ks_adapt_sizes sizes, ks_error* err);
void ks_adapt_destroy(ks_adapt* adapt);

const ks_sampler* ks_adapt_sampler(const ks_adapt* adapt);
ks_derivatives* ks_adapt_derivatives(ks_adapt* adapt);

/* Samples `count` requests and fills in their batches' advantages, and those of a sweep where they have one. A batch without a
 * timestep, which a request may allow, has none.
 * *baselines_failed (may be NULL) is increased by the number of batches whose baseline could not be solved for.
 * Errors: KS_FAILED. */
bool ks_adapt_sample(ks_adapt* adapt, const ks_rollout_request* requests, size_t count, ks_rollout_noise noise,
                     ks_advantage_settings settings, size_t* baselines_failed, ks_error* err);

/* Whether what a gradient step has led to is of use, once it was sampled: θ is finite, and has come to a timestep. If not, the
 * step was too long. */
bool ks_adapt_works(const ks_adapt* adapt, const ks_rollout_request* sampled);
/* The same with an error that says so. step: which one it was, from 1; lr: its size. Errors: KS_FAILED. */
bool ks_adapt_check(const ks_adapt* adapt, const ks_rollout_request* sampled, int step, double lr, ks_error* err);

/* A batch as the rows of a loss, weighted with its advantages. */
ks_rows ks_batch_rows(const ks_batch* batch);

/* theta_next (count x P) = θ_i - lr · ∇L_i(θ_i), one plain gradient step of every group. theta_next may be the groups' own. */
void ks_adapt_step(ks_real* theta_next, ks_adapt* adapt, const ks_group* groups, size_t count, double lr);

#endif
