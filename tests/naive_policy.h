/* naive_policy.h: the policy once more, slowly: one timestep and one unit after the other, in complex numbers.
 *
 * Complex, because then derivatives of anything come from one evaluation and without cancellation: f'(x) v = Im f(x + i h v)/h
 * with an h as small as 1e-30. So the Hessian and the Fisher information are had from the gradients alone, by other means than
 * the library's, and exactly. Decisions (ReLU, the floor of the log-std) look at the real part.
 *
 * Allocates freely; for tests only. */
#ifndef KS_TESTS_NAIVE_POLICY_H
#define KS_TESTS_NAIVE_POLICY_H

#include "policy_support.h"

#include <complex.h>
#include <string.h>

enum { NAIVE_WIDTH = 128, NAIVE_LAYERS = KS_MAX_HIDDEN + 1 };
#define NAIVE_STEP 1e-30

/* one timestep: x[l] is what layer l reads, z[l] what comes out of it before the activation; z of the last is the output */
typedef struct naive_pass {
    double complex x[NAIVE_LAYERS][NAIVE_WIDTH];
    double complex z[NAIVE_LAYERS][NAIVE_WIDTH];
} naive_pass;

static inline size_t naive_width(const ks_policy_settings* s, int l) {
    int width = l == 0 ? s->obs_dim : l <= s->num_hidden ? s->hidden[l - 1] : s->act_dim;
    assert_true(width <= NAIVE_WIDTH);
    return (size_t)width;
}

static inline const double complex* naive_forward(naive_pass* pass, const ks_policy_settings* s,
                                                  const double complex* theta, const ks_real* obs) {
    for (size_t i = 0; i < naive_width(s, 0); i++) {
        pass->x[0][i] = (double)obs[i];
    }
    for (int l = 0; l <= s->num_hidden; l++) {
        size_t in = naive_width(s, l), out = naive_width(s, l + 1);
        const double complex* bias = theta + in * out;
        for (size_t o = 0; o < out; o++) {
            double complex z = bias[o];
            for (size_t i = 0; i < in; i++) {
                z += theta[o * in + i] * pass->x[l][i];
            }
            pass->z[l][o] = z;
            if (l < s->num_hidden) {
                pass->x[l + 1][o] = s->activation == KS_TANH ? ctanh(z) : creal(z) > 0 ? z : 0;
            }
        }
        theta = bias + out;
    }
    return pass->z[s->num_hidden];
}

/* grad += the derivatives by the network's parameters, from d_out, those by its output */
static inline void naive_backward(double complex* grad, const naive_pass* pass, const ks_policy_settings* s,
                                  const double complex* theta, const double complex* d_out) {
    double complex d[NAIVE_WIDTH], d_in[NAIVE_WIDTH];
    size_t at = 0;
    for (int l = 0; l <= s->num_hidden; l++) {
        at += (naive_width(s, l) + 1) * naive_width(s, l + 1);
    }
    memcpy(d, d_out, naive_width(s, s->num_hidden + 1) * sizeof *d);
    for (int l = s->num_hidden; l >= 0; l--) {
        size_t in = naive_width(s, l), out = naive_width(s, l + 1);
        at -= (in + 1) * out;
        for (size_t i = 0; i < in; i++) {
            d_in[i] = 0;
        }
        for (size_t o = 0; o < out; o++) {
            for (size_t i = 0; i < in; i++) {
                grad[at + o * in + i] += d[o] * pass->x[l][i];
                d_in[i] += d[o] * theta[at + o * in + i];
            }
            grad[at + in * out + o] += d[o];
        }
        for (size_t i = 0; l > 0 && i < in; i++) {
            double complex x = pass->x[l][i];
            d[i] = d_in[i] * (s->activation == KS_TANH ? 1 - x * x : creal(pass->z[l - 1][i]) > 0 ? 1 : 0);
        }
    }
}

/* log-std with its floor, and whether it is above it */
static inline double complex naive_log_std(const ks_policy_settings* s, double complex log_std, bool* live) {
    *live = creal(log_std) >= s->log_std_min;
    return *live ? log_std : s->log_std_min;
}

static inline void naive_softmax(double complex* p, const double complex* logits, size_t n) {
    double complex sum = 0;
    for (size_t c = 0; c < n; c++) {
        sum += p[c] = cexp(logits[c] - creal(logits[0]));
    }
    for (size_t c = 0; c < n; c++) {
        p[c] /= sum;
    }
}

/* -log π(a|s) of one timestep and its derivatives by the output (act_dim) and by the log-std (act_dim) */
static inline double complex naive_nll_row(double complex* d_out, double complex* d_log_std,
                                           const ks_policy_settings* s, const double complex* log_std,
                                           const double complex* out, const ks_real* act) {
    size_t n = (size_t)s->act_dim;
    double complex nll = 0;
    if (s->head == KS_SQUARED_ERROR) {
        for (size_t c = 0; c < n; c++) {
            nll += (out[c] - (double)act[c]) * (out[c] - (double)act[c]) / (double)n;
            d_out[c] = 2 * (out[c] - (double)act[c]) / (double)n;
        }
        return nll;
    }
    if (s->head == KS_CATEGORICAL) {
        naive_softmax(d_out, out, n);
        nll = -clog(d_out[(size_t)act[0]]);
        d_out[(size_t)act[0]] -= 1;
        return nll;
    }
    for (size_t c = 0; c < n; c++) {
        bool live;
        double complex log_sigma = naive_log_std(s, log_std[c], &live);
        double complex sigma = cexp(log_sigma);
        double complex z = ((double)act[c] - out[c]) / sigma;
        nll += z * z / 2 + log_sigma + log(2 * acos(-1)) / 2;
        d_out[c] = -z / sigma;
        d_log_std[c] = live ? 1 - z * z : 0;
    }
    return nll;
}

/* KL(old ‖ new) of one timestep and its derivatives by the new one's output and log-std */
static inline double complex naive_kl_row(double complex* d_out, double complex* d_log_std, const ks_policy_settings* s,
                                          const double complex* log_std, const double complex* out,
                                          const double complex* old_log_std, const double complex* old_out) {
    size_t n = (size_t)s->act_dim;
    double complex kl = 0;
    if (s->head == KS_SQUARED_ERROR) {
        for (size_t c = 0; c < n; c++) {
            kl += (out[c] - old_out[c]) * (out[c] - old_out[c]) / (double)n;
            d_out[c] = 2 * (out[c] - old_out[c]) / (double)n;
        }
        return kl;
    }
    if (s->head == KS_CATEGORICAL) {
        double complex p[NAIVE_WIDTH], q[NAIVE_WIDTH];
        naive_softmax(p, old_out, n);
        naive_softmax(q, out, n);
        for (size_t c = 0; c < n; c++) {
            kl += p[c] * clog(p[c] / q[c]);
            d_out[c] = q[c] - p[c];
        }
        return kl;
    }
    for (size_t c = 0; c < n; c++) {
        bool live, old_live;
        double complex new_s = naive_log_std(s, log_std[c], &live);
        double complex old_s = naive_log_std(s, old_log_std[c], &old_live);
        double complex variance = cexp(2 * new_s);
        double complex second = cexp(2 * old_s) + (old_out[c] - out[c]) * (old_out[c] - out[c]);
        kl += new_s - old_s + second / (2 * variance) - 0.5;
        d_out[c] = (out[c] - old_out[c]) / variance;
        d_log_std[c] = live ? 1 - second / variance : 0;
    }
    return kl;
}

/* w r, or where it is less w clip(r); r the ratio of the new and the old probability */
static inline double complex naive_objective(const ks_rows* rows, size_t n, double complex ratio) {
    double weight = rows->weight ? (double)rows->weight[n] : 1;
    if (rows->loss != KS_LOSS_CLIPPED) {
        return weight * ratio;
    }
    double clipped = weight * fmin(fmax(creal(ratio), 1 - rows->clip), 1 + rows->clip);
    return clipped < creal(weight * ratio) ? clipped : weight * ratio;
}

/* the loss of row n from its -log π, and in *slope the derivative of the one by the other */
static inline double complex naive_loss(double complex* slope, const ks_rows* rows, size_t n, double complex nll) {
    if (rows->loss == KS_LOSS_SCORE) {
        *slope = rows->weight ? (double)rows->weight[n] : 1;
        return *slope * nll;
    }
    double complex ratio = cexp(-nll - (double)rows->logp[n]);
    double complex objective = naive_objective(rows, n, ratio);
    bool clipped = creal(objective) != creal(ratio) * (rows->weight ? (double)rows->weight[n] : 1);
    *slope = clipped ? 0 : objective;
    return -objective;
}

/* old NULL: the sum of the rows' losses; else Σ KL(π_old ‖ π_θ). grad (P) is set to its gradient. */
static inline double complex naive_sum(double complex* grad, const ks_policy* policy, const double complex* theta,
                                       ks_rows rows, const double complex* old) {
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    size_t p = ks_policy_num_params(policy), log_std = ks_policy_log_std_offset(policy), n = (size_t)s->act_dim;
    naive_pass* pass = malloc(2 * sizeof *pass);
    assert_non_null(pass);
    double complex d_out[NAIVE_WIDTH], d_log_std[NAIVE_WIDTH] = {0}, sum = 0;
    for (size_t i = 0; i < p; i++) {
        grad[i] = 0;
    }
    for (size_t r = 0; r < rows.n; r++) {
        const ks_real* obs = rows.obs + r * (size_t)s->obs_dim;
        const double complex* out = naive_forward(pass, s, theta, obs);
        double complex weight = 1;
        if (old) {
            sum += naive_kl_row(d_out, d_log_std, s, theta + log_std, out, old + log_std,
                                naive_forward(pass + 1, s, old, obs));
        } else {
            const ks_real* act = rows.act + r * ks_policy_act_cols(policy);
            sum += naive_loss(&weight, &rows, r, naive_nll_row(d_out, d_log_std, s, theta + log_std, out, act));
        }
        for (size_t c = 0; c < n; c++) {
            d_out[c] *= weight;
        }
        naive_backward(grad, pass, s, theta, d_out);
        for (size_t i = log_std; i < p; i++) {
            grad[i] += weight * d_log_std[i - log_std];
        }
    }
    free(pass);
    return sum;
}

/* logp (n): log π_θ(a|s) of every timestep */
static inline void naive_logp(double* logp, const ks_policy* policy, const double complex* theta, ks_rows rows) {
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    double complex d_out[NAIVE_WIDTH], d_log_std[NAIVE_WIDTH];
    naive_pass* pass = malloc(sizeof *pass);
    assert_non_null(pass);
    for (size_t r = 0; r < rows.n; r++) {
        const double complex* out = naive_forward(pass, s, theta, rows.obs + r * (size_t)s->obs_dim);
        logp[r] = -creal(naive_nll_row(d_out, d_log_std, s, theta + ks_policy_log_std_offset(policy), out,
                                       rows.act + r * ks_policy_act_cols(policy)));
    }
    free(pass);
}

/* theta + i h v, or theta alone with v NULL; (P), for the arena to free */
static inline double complex* naive_theta(arena* a, const ks_policy* policy, const ks_real* theta, const ks_real* v) {
    size_t p = ks_policy_num_params(policy);
    double complex* x = arena_alloc(a, p * sizeof *x);
    for (size_t i = 0; i < p; i++) {
        x[i] = (double)theta[i] + (v ? I * NAIVE_STEP * (double)v[i] : 0);
    }
    return x;
}

/* What the library computes, all by the functions above. Each vector (P) is the arena's. */
typedef struct naive_result {
    double nll, kl, ratio; /* the sum of the losses, Σ KL(π_old ‖ π_θ), Σ w π_θ/π_old, clipped if they are */
    double *grad, *hvp;    /* of the losses, and their Hessian times v */
    double *kl_grad, *fvp; /* of Σ KL(π_old ‖ π_θ) at θ; and its Hessian at θ = old times v */
} naive_result;

static inline naive_result naive_all(arena* a, const ks_policy* policy, const ks_real* theta, const ks_real* v,
                                     ks_rows rows, const ks_real* old_theta) {
    size_t p = ks_policy_num_params(policy);
    double complex* grad = arena_alloc(a, p * sizeof *grad);
    const double complex* along = naive_theta(a, policy, theta, v);
    const double complex* here = naive_theta(a, policy, theta, NULL);
    naive_result r = {.grad = arena_alloc(a, p * sizeof(double)),
                      .hvp = arena_alloc(a, p * sizeof(double)),
                      .kl_grad = arena_alloc(a, p * sizeof(double)),
                      .fvp = arena_alloc(a, p * sizeof(double))};
    r.nll = creal(naive_sum(grad, policy, along, rows, NULL));
    for (size_t i = 0; i < p; i++) {
        r.grad[i] = creal(grad[i]);
        r.hvp[i] = cimag(grad[i]) / NAIVE_STEP;
    }
    naive_sum(grad, policy, along, rows, here);
    for (size_t i = 0; i < p; i++) {
        r.fvp[i] = cimag(grad[i]) / NAIVE_STEP;
    }
    const double complex* old = naive_theta(a, policy, old_theta, NULL);
    r.kl = creal(naive_sum(grad, policy, here, rows, old));
    for (size_t i = 0; i < p; i++) {
        r.kl_grad[i] = creal(grad[i]);
    }
    double* logp = arena_alloc(a, 2 * rows.n * sizeof *logp);
    naive_logp(logp, policy, here, rows);
    naive_logp(logp + rows.n, policy, old, rows);
    for (size_t i = 0; i < rows.n; i++) {
        r.ratio += creal(naive_objective(&rows, i, exp(logp[i] - logp[rows.n + i])));
    }
    return r;
}

#endif
