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
    return ks_kronecker_size(&policy->net);
}

ks_kfac* ks_kfac_create(const ks_policy* policy, ks_error* err) {
    if (!ks_kronecker_fits(&policy->net)) {
        ks_fail(
            err, KS_BAD_INPUT,
            "trpo.kfac_damping is for networks of dense layers; with others it must be 0: CG without a preconditioner");
        return NULL;
    }
    ks_kfac* kfac = calloc(1, sizeof *kfac);
    if (!kfac) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    kfac->policy = policy;
    kfac->network = ks_kronecker_create(&policy->net, err);
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
    return f.forward + f.deltas + ks_kronecker_flop(&policy->net);
}

void ks_kfac_factors(double* factors, ks_kfac* kfac, const ks_real* theta, ks_rows rows, double scale,
                     ks_policy_ws* ws) {
    const ks_policy* policy = kfac->policy;
    const ks_net* net = &policy->net;
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, theta);
    ks_net_weights w = ks_net_pack(net, theta, ws->packed);
    ks_ws_begin(ws, policy);
    for (size_t first = 0; first < rows.n; first += policy->block_rows) {
        ks_rows b = ks_rows_block(policy, rows, first);
        b.weight = NULL;
        b.loss = KS_LOSS_SCORE;
        ks_net_batch batch = ks_rows_batch(KS_NET_HESSIAN, &b, ws->tape, ws->out);
        ks_net_forward(net, w, &batch, ws->work);
        ks_head_delta(&p, &b, ws->out, 1, ws->delta_out, ws->grad_s);
        ks_net_backward(net, w, &batch, ws->delta_out, NULL, ws->work);
        ks_kronecker_add(factors, kfac->network, &batch, ws->delta_out, scale);
    }
}

void ks_kfac_diagonal(double* out, const ks_policy* policy, const double* factors) {
    ks_kronecker_diagonal(out, &policy->net, factors);
    for (size_t i = policy->net.num_params; i < policy->num_params; i++) {
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
    for (size_t i = kfac->policy->net.num_params; i < kfac->policy->num_params; i++) {
        out[i] = v[i] / (2 + kfac->damping);
    }
}
