/* gemm.h: matrix products, row-major, with the same bytes on every processor.
 *
 * Every element of a product is one chain of fused multiply-adds, in the order of the inner dimension:
 *
 *     c ← 0 or C_ij;  for p = 0 … k-1:  c ← fma(A_ip, B_pj, c);  C_ij ← c
 *
 * How an element is computed therefore depends neither on how many rows and columns stand beside it, nor on the width
 * of the processor's vectors. So work may be cut anywhere, and there is one kernel for AVX2 and one for AVX-512,
 * chosen by what the processor has, with the same result to the last bit (tests/test_gemm.c).
 *
 * Thread rule: pure functions of their arguments; on the caller's thread. */
#ifndef KS_NN_GEMM_H
#define KS_NN_GEMM_H

#include "base/real.h"

#include <stdbool.h>
#include <stddef.h>

/* C (m x n, rows ldc apart) = op(A) B + [accumulate] C, inner dimension k; B (k x n, rows ldb apart); op(A) is A (m x
 * k, rows lda apart) or, with transpose_a, the transpose of A (k x m, rows lda apart). C overlaps neither A nor B. */
typedef struct ks_gemm_shape {
    size_t m, n, k;
    size_t lda, ldb, ldc;
    bool transpose_a, accumulate;
} ks_gemm_shape;

void ks_gemm_float(float* c, const float* a, const float* b, const ks_gemm_shape* shape);
void ks_gemm_double(double* c, const double* a, const double* b, const ks_gemm_shape* shape);

/* What the processor has: the name of its kernel ("AVX2", "AVX-512"). */
const char* ks_gemm_kernel_name(void);

/* ---- the products of a network, in the build's own precision ----------------------------------------------------- */

static inline void ks_gemm_strided(ks_real* c, const ks_real* a, const ks_real* b, const ks_gemm_shape* shape) {
#ifdef KS_DOUBLE
    ks_gemm_double(c, a, b, shape);
#else
    ks_gemm_float(c, a, b, shape);
#endif
}

/* C (m x n) = op(A) B + [accumulate] C; here and below, all rows follow each other. */
static inline void ks_gemm(ks_real* c, bool transpose_a, const ks_real* a, const ks_real* b, size_t m, size_t n,
                           size_t k, bool accumulate) {
    const ks_gemm_shape shape = {m, n, k, transpose_a ? m : k, n, n, transpose_a, accumulate};
    ks_gemm_strided(c, a, b, &shape);
}

/* C (rows x out) = X (rows x in) Wᵀ + [accumulate] C, Wᵀ (in x out): a layer forward. */
static inline void ks_gemm_forward(ks_real* c, const ks_real* x, const ks_real* wt, size_t rows, size_t in, size_t out,
                                   bool accumulate) {
    ks_gemm(c, false, x, wt, rows, out, in, accumulate);
}

/* C (rows x in) = D (rows x out) W + [accumulate] C: a layer backward. */
static inline void ks_gemm_backward(ks_real* c, const ks_real* d, const ks_real* w, size_t rows, size_t in, size_t out,
                                    bool accumulate) {
    ks_gemm(c, false, d, w, rows, in, out, accumulate);
}

/* G (out x in) = Dᵀ X + [accumulate] G: the gradient of a layer's weights. Of a single input the transpose is computed, which
 * is the same column of memory, but fills the vectors. */
static inline void ks_gemm_weights(ks_real* g, const ks_real* d, const ks_real* x, size_t rows, size_t in, size_t out,
                                   bool accumulate) {
    if (in == 1) {
        ks_gemm(g, false, x, d, 1, out, rows, accumulate);
    } else {
        ks_gemm(g, true, d, x, out, in, rows, accumulate);
    }
}

/* T (cols x rows) = A (rows x cols)ᵀ. */
void ks_transpose(ks_real* t, const ks_real* a, size_t rows, size_t cols);

#endif
