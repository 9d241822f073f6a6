/* paths.h: samples what `plot --trajectories` draws (figures/paths.h). Internal to this room.
 * Thread rule: one call at a time per object. */
#ifndef KS_CLI_PATHS_H
#define KS_CLI_PATHS_H

#include "figures/paths.h"
#include "rl/rl_evaluate.h"

/* Adapts a policy to goal as ks_rl_evaluate does, and keeps the first `rollouts` trajectories sampled after each step
 * (settings->trajectories of them are sampled). *paths is the caller's (ks_paths_free).
 * Errors: KS_BAD_INPUT (another environment than point, more rollouts than trajectories), KS_FAILED. */
bool ks_paths_sample(ks_paths* paths, const ks_env_model* model, const ks_eval_model* policy, const double goal[2],
                     const ks_rl_eval_settings* settings, size_t rollouts, ks_error* err);

#endif
