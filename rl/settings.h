/* settings.h: what a config says of reinforcement learning. Thread rule: plain data. */
#ifndef KS_RL_SETTINGS_H
#define KS_RL_SETTINGS_H

#include "base/path.h"
#include "base/settings.h"
#include "policy/policy.h"
#include "rl/advantage.h"

#include <stdint.h>

typedef struct ks_rl_settings {
    char env[KS_PATH_ROOM]; /* name, or the absolute path of a file */
    int trajectories; /* per task and stage; where tasks are not adapted to: tasks x trajectories, each on a task of its own */
    int horizon;            /* timesteps per trajectory at most */
    double gamma;           /* discount */
    double gae_lambda;      /* of the inner steps' advantages */
    int64_t env_steps;      /* training ends where as many were taken; 0: with the iterations */
    int inner_loss;         /* KS_LOSS_SCORE or KS_LOSS_RATIO: of the inner steps */
    double sweep;           /* weight of the sweep's loss (extra.h); 0: none */
    double emaml;           /* weight of E-MAML's sampling term; 0: none */
    double trpo_gae_lambda; /* of the last stage's advantages, by which TRPO weighs actions; -1: gae_lambda */
} ks_rl_settings;

extern const ks_settings_rows ks_rl_rows;       /* keys without a section */
extern const ks_settings_rows ks_rl_inner_rows; /* section `inner` */
extern const ks_settings_rows ks_rl_trpo_rows;  /* section `trpo` */

ks_rl_settings ks_rl_settings_default(void);
/* Errors: KS_BAD_INPUT naming what is out of range. */
bool ks_rl_settings_check(const ks_rl_settings* settings, ks_error* err);
/* Of rows that steps learn from, or that the outcome is judged on. */
ks_advantage_settings ks_rl_advantage(const ks_rl_settings* settings, bool judges);

#endif
