#include "policy/blas.h"

#include <libxsmm.h>

/* Products of up to this many multiplications go to libxsmm. */
static const size_t SMALL = (size_t)1 << 22;

#ifdef KS_DOUBLE
#define DISPATCH libxsmm_dmmdispatch
#define FUNCTION libxsmm_dmmfunction
#define GEMM cblas_dgemm
#else
#define DISPATCH libxsmm_smmdispatch
#define FUNCTION libxsmm_smmfunction
#define GEMM cblas_sgemm
#endif

/* libxsmm is column-major, in which C = A B reads Cᵀ = Bᵀ Aᵀ. False if it has no kernel for this processor. */
static bool small_gemm(ks_real* c, bool transpose_a, const ks_real* a, const ks_real* b, int m, int n, int k,
                       int beta) {
    const ks_real one = 1;
    const ks_real beta_real = (ks_real)beta;
    const int lda = transpose_a ? m : k;
    const int flags = transpose_a ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
    const int prefetch = LIBXSMM_PREFETCH_NONE;
    FUNCTION multiply = DISPATCH(n, m, k, &n, &lda, &n, &one, &beta_real, &flags, &prefetch);
    if (!multiply) {
        return false;
    }
    multiply(b, a, c);
    return true;
}

void ks_gemm(ks_real* c, bool transpose_a, const ks_real* a, const ks_real* b, size_t m, size_t n, size_t k, int beta) {
    if (m * n * k <= SMALL && small_gemm(c, transpose_a, a, b, (int)m, (int)n, (int)k, beta)) {
        return;
    }
    size_t lda = transpose_a ? m : k;
    GEMM(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1, a, (int)lda,
         b, (int)n, (ks_real)beta, c, (int)n);
}
