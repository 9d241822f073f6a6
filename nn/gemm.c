#include "nn/gemm_kernels.h"

static bool wide(void) {
    return __builtin_cpu_supports("avx512f") != 0;
}

const char* ks_gemm_kernel_name(void) {
    return wide() ? "AVX-512" : "AVX2";
}

void ks_gemm_float(float* c, const float* a, const float* b, const ks_gemm_shape* shape) {
    (wide() ? ks_gemm_avx512_float : ks_gemm_avx2_float)(shape, a, b, c);
}

void ks_gemm_double(double* c, const double* a, const double* b, const ks_gemm_shape* shape) {
    (wide() ? ks_gemm_avx512_double : ks_gemm_avx2_double)(shape, a, b, c);
}

/* ---- transposition: tile by tile, so that rows and columns are both in the cache ----------------------------------- */

enum { SIDE = 16 };

static size_t end_of(size_t first, size_t all) {
    return all - first < SIDE ? all : first + SIDE;
}

void ks_transpose(ks_real* t, const ks_real* a, size_t rows, size_t cols) {
    for (size_t r = 0; r < rows; r += SIDE) {
        for (size_t c = 0; c < cols; c += SIDE) {
            for (size_t i = r; i < end_of(r, rows); i++) {
                for (size_t j = c; j < end_of(c, cols); j++) {
                    t[j * rows + i] = a[i * cols + j];
                }
            }
        }
    }
}
