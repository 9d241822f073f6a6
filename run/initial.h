/* initial.h: the parameters that a run starts from. Thread rule: pure. */
#ifndef KS_RUN_INITIAL_H
#define KS_RUN_INITIAL_H

#include "run/config.h"

/* theta (P): drawn from the config's seed by policy.init; with policy.scale_inputs the first layer's weights are made for inputs
 * of the sizes that the problem says they have. Errors: KS_BAD_INPUT (scale_inputs, where the first layer
 * is not dense), KS_FAILED (memory). */
bool ks_initial_theta(ks_real* theta, const ks_config* config, const ks_problem* problem, const ks_policy* policy,
                      ks_error* err);

#endif
