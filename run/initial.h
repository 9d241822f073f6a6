/* initial.h: the parameters that a run starts from. */
#ifndef KS_RUN_INITIAL_H
#define KS_RUN_INITIAL_H

#include "run/config.h"

/* theta (P) of a run with this config, drawn from its seed: ks_policy_init, and with policy.scale_inputs
 *
 *   W_ji ← W_ji / size_i   in the first layer, size_i: ks_env_model_obs_size
 *
 * so that joint velocities of several radians a second do not drown angles of a fifth of a radian. The policy is a plain MLP
 * on the raw observations all the same: only where its training starts is another place.
 * Errors: KS_FAILED (memory). Thread rule: pure. */
bool ks_initial_theta(ks_real* theta, const ks_config* config, const ks_env_model* model, const ks_policy* policy,
                      ks_error* err);

#endif
