/* paths.h: where a policy goes on one task of `point`, before and after gradient steps: the material of a picture.
 * Thread rule: plain data once sampled. */
#ifndef KS_VIEWER_PATHS_H
#define KS_VIEWER_PATHS_H

#include "maml/evaluate.h"

typedef struct ks_paths {
    int steps;       /* gradient steps */
    size_t rollouts; /* paths per gradient step */
    double goal[2];
    size_t* start; /* ((steps + 1) * rollouts + 1) first position of path `step * rollouts + i`, then their number */
    double* xy;    /* (start[last] x 2) */
} ks_paths;

/* Adapts theta (P) to goal as ks_evaluate does, and keeps the first `rollouts` trajectories sampled after each step
 * (settings->trajectories of them are sampled). *paths is the caller's (ks_paths_free).
 * Errors: KS_BAD_INPUT (another environment than point, more rollouts than trajectories), KS_FAILED. */
bool ks_paths_sample(ks_paths* paths, const ks_env_model* model, const ks_policy* policy, const ks_real* theta,
                     const double goal[2], const ks_eval_settings* settings, size_t rollouts, ks_error* err);
void ks_paths_free(ks_paths* paths);

#endif
