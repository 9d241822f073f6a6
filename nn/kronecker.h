/* kronecker.h: Kronecker factors of a network's curvature, layer by layer, and the inverse of their product (Martens and Grosse
 * 2015, sections 3 and 4.2).
 *
 * Of a layer with inputs x, with a 1 for the bias, and derivatives δ of its outputs, E[(x ⊗ δ)(x ⊗ δ)ᵀ] is taken as
 * E[xxᵀ] ⊗ E[δδᵀ], and layers as independent. The factors are X = E[xxᵀ] ((in + 1) x (in + 1)), then D = E[δδᵀ] (out x out),
 * layer after layer.
 *
 * Thread rule: a ks_kronecker is used by one thread at a time. Only create allocates. */
#ifndef KS_NN_KRONECKER_H
#define KS_NN_KRONECKER_H

#include "base/error.h"
#include "nn/net.h"

/* Whether all of a network's parameters are those of dense layers; what follows is for no other. */
bool ks_kronecker_fits(const ks_net* net);

/* Numbers in the factors of all layers. */
size_t ks_kronecker_size(const ks_net* net);

typedef struct ks_kronecker ks_kronecker;
/* net must outlive it. Owned by the caller. Errors: KS_FAILED (memory). */
ks_kronecker* ks_kronecker_create(const ks_net* net, ks_error* err);
void ks_kronecker_destroy(ks_kronecker* kronecker);

/* factors (ks_kronecker_size) += scale · Σ over the rows of a batch, for which a forward and a backward pass (KS_NET_HESSIAN) have
 * left inputs and deltas; delta_out (n x outputs) was that of its outputs. */
void ks_kronecker_add(double* factors, ks_kronecker* kronecker, const ks_net_batch* batch, const ks_real* delta_out,
                      double scale);

/* Floating-point operations of ks_kronecker_add's matrix products for one row. */
double ks_kronecker_flop(const ks_net* net);

/* out (num_params) = the diagonal of X ⊗ D, as it stands along the parameters. */
void ks_kronecker_diagonal(double* out, const ks_net* net, const double* factors);

/* Takes the factors for the solutions that follow, damping > 0. Errors: KS_FAILED (they are not finite). */
bool ks_kronecker_invert(ks_kronecker* kronecker, const double* factors, double damping, ks_error* err);

/* out (num_params) = (X ⊗ D + damping I)⁻¹ v; out may be v. */
void ks_kronecker_solve(double* out, ks_kronecker* kronecker, const double* v);

#endif
