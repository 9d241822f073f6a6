/* blas.h: matrix products in the build's own precision, by libraries. All matrices are row-major.
 *
 * Our matrices have about 100 rows and columns. libxsmm compiles a kernel for each such shape when it is first met, which is
 * up to three times as fast as OpenBLAS where a dimension is an action's; larger ones are OpenBLAS's.
 * Thread rule: BLAS runs on the caller's thread; see ks_blas_single_thread. */
#ifndef KS_POLICY_BLAS_H
#define KS_POLICY_BLAS_H

#include "base/real.h"

#include <cblas.h>
#include <stdbool.h>
#include <stddef.h>

/* Tells OpenBLAS, for the whole process, to use one thread per caller: work is shared out above it, and results must not
 * depend on how many threads there are. Idempotent. */
static inline void ks_blas_single_thread(void) {
    if (openblas_get_num_threads() != 1) {
        openblas_set_num_threads(1);
    }
}

/* C (m x n) = op(A) B + beta C with inner dimension k, beta 0 or 1; op(A) is A (m x k) or, with transpose_a, the transpose of
 * A (k x m). No padding: every matrix's rows follow each other. */
void ks_gemm(ks_real* c, bool transpose_a, const ks_real* a, const ks_real* b, size_t m, size_t n, size_t k, int beta);

/* C (rows x out) = X (rows x in) Wᵀ + beta C, Wᵀ (in x out): a layer forward. */
static inline void ks_gemm_forward(ks_real* c, const ks_real* x, const ks_real* wt, size_t rows, size_t in, size_t out,
                                   int beta) {
    ks_gemm(c, false, x, wt, rows, out, in, beta);
}

/* C (rows x in) = D (rows x out) W + beta C: a layer backward. */
static inline void ks_gemm_backward(ks_real* c, const ks_real* d, const ks_real* w, size_t rows, size_t in, size_t out,
                                    ks_real beta) {
    ks_gemm(c, false, d, w, rows, in, out, beta);
}

/* G (out x in) += Dᵀ X: the gradient of a layer's weights. */
static inline void ks_gemm_weights(ks_real* g, const ks_real* d, const ks_real* x, size_t rows, size_t in, size_t out) {
    ks_gemm(g, true, d, x, out, in, rows, 1);
}

/* T (cols x rows) = A (rows x cols)ᵀ. */
static inline void ks_transpose(ks_real* t, const ks_real* a, size_t rows, size_t cols) {
#ifdef KS_DOUBLE
    cblas_domatcopy(CblasRowMajor, CblasTrans, (int)rows, (int)cols, 1, a, (int)cols, t, (int)rows);
#else
    cblas_somatcopy(CblasRowMajor, CblasTrans, (int)rows, (int)cols, 1, a, (int)cols, t, (int)rows);
#endif
}

#endif
