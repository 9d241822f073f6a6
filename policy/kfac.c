#include "policy/kfac.h"

#include "nn/kronecker.h"
#include "policy/internal.h"

#include <stdlib.h>

struct ks_kfac {
    const ks_policy* policy;
    ks_kronecker* network;
    double damping;
};

size_t ks_kfac_size(const ks_policy* policy) {
    return ks_kronecker_size(&policy->mlp);
}

ks_kfac* ks_kfac_create(const ks_policy* policy, ks_error* err) {
    ks_kfac* kfac = calloc(1, sizeof *kfac);
    if (!kfac) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    kfac->policy = policy;
    kfac->network = ks_kronecker_create(&policy->mlp, err);
    if (!kfac->network) {
        ks_kfac_destroy(kfac);
        return NULL;
    }
    return kfac;
}

void ks_kfac_destroy(ks_kfac* kfac) {
    if (kfac) {
        ks_kronecker_destroy(kfac->network);
        free(kfac);
    }
}

double ks_kfac_flop(const ks_policy* policy) {
    ks_policy_flop f = ks_policy_count_flop(policy);
    return f.forward + f.deltas + ks_kronecker_flop(&policy->mlp);
}

void ks_kfac_factors(double* factors, ks_kfac* kfac, const ks_real* theta, ks_rows rows, double scale,
                     ks_policy_ws* ws) {
    const ks_policy* policy = kfac->policy;
    const ks_mlp* mlp = &policy->mlp;
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, theta);
    ks_mlp_weights w = ks_mlp_transpose(mlp, theta, ws->theta_t);
    ks_ws_begin(ws, policy);
    for (size_t first = 0; first < rows.n; first += KS_BLOCK_ROWS) {
        ks_rows b = ks_rows_block(policy, rows, first);
        b.weight = NULL;
        b.loss = KS_LOSS_SCORE;
        ks_mlp_forward(mlp, w, b.n, b.obs, ws->hidden, ws->out);
        ks_head_delta(&p, &b, ws->out, 1, ws->delta_out, ws->grad_s);
        ks_mlp_backward(mlp, w, b.n, b.obs, ws->hidden, ws->delta_out, ws->delta, (ks_mlp_sum){0});
        ks_mlp_block block = {
            .n = b.n, .x = b.obs, .hidden = ws->hidden, .delta_hidden = ws->delta, .delta_out = ws->delta_out};
        ks_kronecker_add(factors, kfac->network, &block, scale);
    }
}

void ks_kfac_diagonal(double* out, const ks_policy* policy, const double* factors) {
    ks_kronecker_diagonal(out, &policy->mlp, factors);
    for (size_t i = policy->mlp.num_params; i < policy->num_params; i++) {
        out[i] = 2;
    }
}

bool ks_kfac_invert(ks_kfac* kfac, const double* factors, double damping, ks_error* err) {
    kfac->damping = damping;
    return ks_kronecker_invert(kfac->network, factors, damping, err) ||
           ks_fail_in(err, "the Fisher information of the policies");
}

void ks_kfac_solve(double* out, ks_kfac* kfac, const double* v) {
    ks_kronecker_solve(out, kfac->network, v);
    for (size_t i = kfac->policy->mlp.num_params; i < kfac->policy->num_params; i++) {
        out[i] = v[i] / (2 + kfac->damping);
    }
}
