/* blas.h: thin names over CBLAS in the build's own precision. All matrices are row-major.
 * Thread rule: BLAS runs on the caller's thread; see ks_blas_single_thread. */
#ifndef KS_POLICY_BLAS_H
#define KS_POLICY_BLAS_H

#include "base/real.h"

#include <cblas.h>
#include <stddef.h>

/* Tells OpenBLAS, for the whole process, to use one thread per caller: work is shared out above it, and results must not
 * depend on how many threads there are. Idempotent. */
static inline void ks_blas_single_thread(void) {
    if (openblas_get_num_threads() != 1) {
        openblas_set_num_threads(1);
    }
}

/* C (m x n) = op(A) op(B) + beta C with inner dimension k; lda, ldb, ldc: row lengths as stored. */
static inline void ks_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, size_t m, size_t n, size_t k, const ks_real* a,
                           size_t lda, const ks_real* b, size_t ldb, ks_real beta, ks_real* c, size_t ldc) {
#ifdef KS_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
#endif
}

/* C (rows x out) = X (rows x in) Wᵀ + beta C, W (out x in): a layer forward. */
static inline void ks_gemm_forward(ks_real* c, const ks_real* x, const ks_real* w, size_t rows, size_t in, size_t out,
                                   ks_real beta) {
    ks_gemm(CblasNoTrans, CblasTrans, rows, out, in, x, in, w, in, beta, c, out);
}

/* C (rows x in) = D (rows x out) W + beta C: a layer backward. */
static inline void ks_gemm_backward(ks_real* c, const ks_real* d, const ks_real* w, size_t rows, size_t in, size_t out,
                                    ks_real beta) {
    ks_gemm(CblasNoTrans, CblasNoTrans, rows, in, out, d, out, w, in, beta, c, in);
}

/* G (out x in) += Dᵀ X: the gradient of a layer's weights. */
static inline void ks_gemm_weights(ks_real* g, const ks_real* d, const ks_real* x, size_t rows, size_t in, size_t out) {
    ks_gemm(CblasTrans, CblasNoTrans, out, in, rows, d, out, x, in, 1, g, in);
}

#endif
