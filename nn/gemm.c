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
