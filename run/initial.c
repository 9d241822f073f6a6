#include "run/initial.h"

#include "base/rng.h"

#include <stdlib.h>

bool ks_initial_theta(ks_real* theta, const ks_config* c, const ks_env_model* model, const ks_policy* policy,
                      ks_error* err) {
    size_t n = ks_policy_num_params(policy);
    double* uniform = malloc(n * sizeof *uniform);
    double* size = malloc((size_t)ks_env_model_obs_dim(model) * sizeof *size);
    bool ok = uniform && size;
    if (ok) {
        ks_stream_uniform(uniform, n, ks_stream_make((uint64_t)c->seed, KS_RNG_INIT, 0, 0), 0, 0, 0);
        ks_policy_init(policy, theta, uniform, c->policy.log_std_init);
        if (c->policy.scale_inputs) {
            ks_env_model_obs_size(model, size);
            ks_policy_scale_inputs(policy, theta, size);
        }
    }
    free(size);
    free(uniform);
    return ok || ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", n);
}
