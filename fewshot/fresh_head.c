#include "fewshot/fresh_head.h"

#include "base/rng.h"
#include "policy/outputs.h"

#include <stdlib.h>
#include <string.h>

enum { UNIFORM_STAGE = 2, NORMAL_STAGE = 3 }; /* of KS_RNG_INIT, whose first ones draw what runs start from */

bool ks_fresh_head_create(ks_fresh_head* m, const ks_policy* policy, const ks_real* theta, int ways, double std,
                          uint64_t seed, ks_error* err) {
    *m = (ks_fresh_head){.policy = ks_policy_with_outputs(policy, ways, err)};
    if (!m->policy) {
        return false;
    }
    size_t n = ks_policy_num_params(m->policy);
    double* random = malloc(n * sizeof *random);
    m->theta = malloc(n * sizeof *m->theta);
    bool ok = random && m->theta;
    if (ok) {
        ks_stream_uniform(random, n, ks_stream_make(seed, KS_RNG_INIT, 0, UNIFORM_STAGE), 0, 0, 0);
        ks_policy_init(m->policy, m->theta, random, 0);
        if (std > 0) {
            ks_stream_normal(random, n, ks_stream_make(seed, KS_RNG_INIT, 0, NORMAL_STAGE), 0, 0, 0);
            ks_policy_init_last_normal(m->policy, m->theta, random, std);
        }
        memcpy(m->theta, theta, ks_policy_body_params(policy) * sizeof *theta);
    }
    free(random);
    if (!ok) {
        ks_fresh_head_free(m);
        return ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", n);
    }
    return true;
}

void ks_fresh_head_free(ks_fresh_head* m) {
    ks_policy_destroy(m->policy);
    free(m->theta);
    *m = (ks_fresh_head){0};
}
