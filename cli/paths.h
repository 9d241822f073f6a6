/* paths.h: samples what `plot --trajectories` draws (figures/paths.h). Internal to this room.
 * Thread rule: one call at a time per object. */
#ifndef KS_CLI_PATHS_H
#define KS_CLI_PATHS_H

#include "figures/paths.h"
#include "rl/rl_evaluate.h"

/* Whether paths can be drawn of an environment. Errors: KS_BAD_INPUT. */
bool ks_paths_check(const ks_env_def* def, ks_error* err);

/* Adapts a policy to a task as ks_rl_evaluate does, and keeps the first `rollouts` trajectories sampled after each step
 * (settings->trajectories of them are sampled); with rollouts 0 the one of the mean actions, before adaptation, after one step and
 * after the last. *paths is the caller's (ks_paths_free).
 * Errors: KS_BAD_INPUT (a world that is no plane with a goal in it, more rollouts than trajectories), KS_FAILED. */
bool ks_paths_sample(ks_paths* paths, const ks_env_model* model, const ks_eval_model* policy, const double* task,
                     const ks_rl_eval_settings* settings, size_t rollouts, ks_error* err);

#endif
