/* linear.h: small dense systems in double, row-major. Every sum has an order that is written down here, in loops that do not
 * add up across vector lanes, so that results are the same bytes on every processor.
 * Thread rule: pure functions of their arguments. */
#ifndef KS_NN_LINEAR_H
#define KS_NN_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

/* Solves A x = b, A (n x n) symmetric and positive definite, of which the upper triangle is read; it is overwritten by the
 * factor U of A = Uᵀ U, and b (n) by x. False if A is not positive definite, or not finite. */
bool ks_cholesky_solve(double* a, double* b, size_t n);

/* A (n x n), symmetric, = Σ_i λ_i u_i u_iᵀ: eigenvalues λ (n), in no order, and eigenvectors in the rows of u (n x n).
 * a is overwritten; work (3 x n). By Householder reflections to tridiagonal form and implicit QL steps (Golub and Van Loan
 * 2013, 8.3). False if a step does not converge (which takes numbers that are not finite). */
bool ks_eigen_symmetric(double* u, double* eigenvalues, double* a, size_t n, double* work);

#endif
