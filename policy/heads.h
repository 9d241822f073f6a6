/* heads.h: the action distributions, on a block of rows: log-likelihood, its derivatives with respect to what the network
 * puts out (and the log-std), their R-operator, KL and Fisher information. Internal to this room.
 *
 * Gaussian: z = (a - μ)/σ, σ = exp(max(s, floor)); a log-std s below its floor has derivative 0 everywhere.
 * Categorical: p = softmax(m).
 * Squared error: see policy.h.
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

/* log π(a|s) of one row with the outputs out and the action act. */
double ks_head_logp(const ks_head_params* p, const ks_real* out, const ks_real* act);
/* KL(old ‖ new) of one row. */
double ks_head_kl(const ks_head_params* old, const ks_real* old_out, const ks_head_params* now, const ks_real* out);

/* w_n. */
static inline double ks_rows_weight(const ks_rows* rows, size_t n) {
    return rows->weight ? (double)rows->weight[n] : 1;
}

/* w_n ratio, clipped if the loss says so: what row n adds to an objective, given the ratio of its probabilities. */
double ks_rows_surrogate(const ks_rows* rows, size_t n, double ratio);

/* Minus the loss of row n of a block whose first row of outputs is out. */
double ks_head_objective(const ks_head_params* p, const ks_rows* rows, size_t n, const ks_real* out);

/* A direction, as it arrives at the head. */
typedef struct ks_head_r {
    const ks_real* out; /* (n x cols) R{out} */
    const ks_real* s;   /* (cols) R{s}: of v */
} ks_head_r;

/* delta (n x cols) = scale · ∂/∂out of the sum of the rows' losses, grad_s (cols) += scale · ∂/∂s; returns the sum,
 * unscaled. */
double ks_head_delta(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale, ks_real* delta,
                     double* grad_s);
/* r_delta (n x cols) = R{delta}; grad_s += R{its gradient}. */
void ks_head_r_delta(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale, ks_head_r r,
                     ks_real* r_delta, double* grad_s);
/* delta (n x cols) = scale · Fisher information of the outputs times r.out; grad_s += that of s. */
void ks_head_fisher(const ks_head_params* p, size_t n, const ks_real* out, double scale, ks_head_r r, ks_real* delta,
                    double* grad_s);

#endif
