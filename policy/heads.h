/* heads.h: the two action distributions, on a block of rows: log-likelihood, its derivatives with respect to what the network
 * puts out (and the log-std), their R-operator, KL and Fisher information. Internal to this room.
 *
 * Gaussian: z = (a - μ)/σ, σ = exp(max(s, floor)); a log-std s below its floor has derivative 0 everywhere.
 * Categorical: p = softmax(m).
 * Thread rule: pure functions of their arguments. Nothing allocates. */
#ifndef KS_POLICY_HEADS_H
#define KS_POLICY_HEADS_H

#include "policy/policy.h"

/* What a head needs of θ, worked out once per call. */
typedef struct ks_head_params {
    ks_head head;
    size_t cols;           /* outputs per row */
    const double* log_std; /* (cols) max(s, floor); Gaussian only, as the rest */
    const double* inv_std; /* (cols) 1/σ */
    const double* live;    /* (cols) 1, or 0 where s is below its floor */
} ks_head_params;

/* Fills memory (3 x cols doubles) from log_std (cols of θ), and returns the view of it. */
ks_head_params ks_head_prepare(double* memory, const ks_policy_settings* settings, const ks_real* log_std);

/* log π(a|s) of one row. */
double ks_head_logp(const ks_head_params* p, const ks_real* out, const ks_real* act);
/* KL(old ‖ new) of one row. */
double ks_head_kl(const ks_head_params* old, const ks_real* old_out, const ks_head_params* now, const ks_real* out);

/* delta (n x cols) = scale · ∂/∂out of Σ w (-log π), grad_s (cols) += scale · ∂/∂s; returns Σ w (-log π), unscaled. */
double ks_head_delta(const ks_head_params* p, size_t n, const ks_real* out, const ks_real* act, const ks_real* w,
                     double scale, ks_real* delta, double* grad_s);
/* r_delta (n x cols) = R{delta} from r_out = R{out} and r_s = R{s} (cols of v); grad_s += R{its gradient}. */
void ks_head_r_delta(const ks_head_params* p, size_t n, const ks_real* out, const ks_real* act, const ks_real* w,
                     double scale, const ks_real* r_out, const ks_real* r_s, ks_real* r_delta, double* grad_s);
/* delta (n x cols) = scale · Fisher information of the outputs times r_out; grad_s += that of s. */
void ks_head_fisher(const ks_head_params* p, size_t n, const ks_real* out, double scale, const ks_real* r_out,
                    const ks_real* r_s, ks_real* delta, double* grad_s);

#endif
