/* kfac.h: a Kronecker-factored approximation of a policy's Fisher information, and its inverse (Martens and Grosse 2015,
 * "Optimizing neural networks with Kronecker-factored approximate curvature", sections 3 and 4.2).
 *
 * The network's blocks are those of nn/kronecker.h, with δ = ∂ log π(a|s)/∂Z and a drawn from the policy. The log-std's block is
 * exact, 2 I; below its floor, where it is 0, as well, since nothing comes of it there: the gradient is 0.
 *
 * Not for KS_SQUARED_ERROR, which has no distribution to draw from.
 *
 * Thread rule: a ks_kfac is used by one thread at a time. Only create allocates. */
#ifndef KS_POLICY_KFAC_H
#define KS_POLICY_KFAC_H

#include "policy/policy.h"

/* Numbers in the factors of all layers (nn/kronecker.h). */
size_t ks_kfac_size(const ks_policy* policy);

typedef struct ks_kfac ks_kfac;
/* policy must outlive it. Owned by the caller. Errors: KS_FAILED (memory). */
ks_kfac* ks_kfac_create(const ks_policy* policy, ks_error* err);
void ks_kfac_destroy(ks_kfac* kfac);

/* factors (ks_kfac_size) += scale · Σ over rows, whose actions must have been drawn from the policy at theta; weights and
 * loss are not read. No rows: nothing. */
void ks_kfac_factors(double* factors, ks_kfac* kfac, const ks_real* theta, ks_rows rows, double scale,
                     ks_policy_ws* ws);

/* Floating-point operations of the matrix products for one row. */
double ks_kfac_flop(const ks_policy* policy);

/* out (P) = the diagonal of the approximation. */
void ks_kfac_diagonal(double* out, const ks_policy* policy, const double* factors);

/* Takes the factors for the solutions that follow, damping > 0. Errors: KS_FAILED (they are not finite). */
bool ks_kfac_invert(ks_kfac* kfac, const double* factors, double damping, ks_error* err);

/* out (P) = (F + damping I)⁻¹ v; out may be v. */
void ks_kfac_solve(double* out, ks_kfac* kfac, const double* v);

#endif
