#include "run/initial.h"

#include "base/rng.h"

#include <stdlib.h>

/* uniform and size: room for P and obs_dim numbers */
static bool draw(ks_real* theta, const ks_config* c, const ks_problem* problem, const ks_policy* policy,
                 double* uniform, double* size, ks_error* err) {
    size_t n = ks_policy_num_params(policy);
    const ks_policy_config* p = &c->policy;
    ks_stream_uniform(uniform, n, ks_stream_make((uint64_t)c->seed, KS_RNG_INIT, 0, 0), 0, 0, 0);
    if (p->init == KS_INIT_NORMAL) {
        ks_policy_init_truncated_normal(policy, theta, uniform, p->init_std, p->log_std_init);
    } else {
        ks_policy_init(policy, theta, uniform, p->log_std_init);
    }
    if (p->last_init_std > 0) { /* a stream of its own, in the place of what is no longer read */
        ks_stream_normal(uniform, n, ks_stream_make((uint64_t)c->seed, KS_RNG_INIT, 0, 1), 0, 0, 0);
        ks_policy_init_last_normal(policy, theta, uniform, p->last_init_std);
    }
    if (!p->scale_inputs || !problem->kind->input_size) {
        return true;
    }
    if (ks_policy_tensor_at(policy, 0).ndim != 2) {
        return ks_fail(err, KS_BAD_INPUT, "policy.scale_inputs is for networks whose first layer is dense");
    }
    problem->kind->input_size(problem, size);
    ks_policy_scale_inputs(policy, theta, size);
    return true;
}

bool ks_initial_theta(ks_real* theta, const ks_config* c, const ks_problem* problem, const ks_policy* policy,
                      ks_error* err) {
    size_t n = ks_policy_num_params(policy);
    double* uniform = malloc(n * sizeof *uniform);
    double* size = malloc((size_t)ks_policy_get_settings(policy)->obs_dim * sizeof *size);
    bool ok = uniform && size ? draw(theta, c, problem, policy, uniform, size, err)
                              : ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", n);
    free(size);
    free(uniform);
    return ok;
}
