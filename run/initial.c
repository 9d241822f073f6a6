#include "run/initial.h"

#include "base/rng.h"

#include <stdlib.h>

bool ks_initial_theta(ks_real* theta, const ks_config* c, const ks_problem* problem, const ks_policy* policy,
                      ks_error* err) {
    size_t n = ks_policy_num_params(policy);
    double* uniform = malloc(n * sizeof *uniform);
    double* size = malloc((size_t)ks_policy_get_settings(policy)->obs_dim * sizeof *size);
    bool ok = uniform && size;
    if (ok) {
        ks_stream_uniform(uniform, n, ks_stream_make((uint64_t)c->seed, KS_RNG_INIT, 0, 0), 0, 0, 0);
        if (c->policy.init == KS_INIT_NORMAL) {
            ks_policy_init_truncated_normal(policy, theta, uniform, c->policy.init_std, c->policy.log_std_init);
        } else {
            ks_policy_init(policy, theta, uniform, c->policy.log_std_init);
        }
        if (c->policy.last_init_std > 0) { /* of a stage of its own, in the place of what is no longer read */
            ks_stream_normal(uniform, n, ks_stream_make((uint64_t)c->seed, KS_RNG_INIT, 0, 1), 0, 0, 0);
            ks_policy_init_last_normal(policy, theta, uniform, c->policy.last_init_std);
        }
        if (c->policy.scale_inputs && problem->kind->input_size) {
            problem->kind->input_size(problem, size);
            ks_policy_scale_inputs(policy, theta, size);
        }
    }
    free(size);
    free(uniform);
    return ok || ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", n);
}
