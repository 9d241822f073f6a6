/* gemm_kernels.h: the kernels that gemm.c chooses from, one file per instruction set. Each may be called only where the
 * processor has its instructions. Internal to this room, and to the test that compares them.
 * Thread rule: pure functions of their arguments. */
#ifndef KS_NN_GEMM_KERNELS_H
#define KS_NN_GEMM_KERNELS_H

#include "nn/gemm.h"

void ks_gemm_avx2_float(const ks_gemm_shape* shape, const float* a, const float* b, float* c);
void ks_gemm_avx2_double(const ks_gemm_shape* shape, const double* a, const double* b, double* c);

void ks_gemm_avx512_float(const ks_gemm_shape* shape, const float* a, const float* b, float* c);
void ks_gemm_avx512_double(const ks_gemm_shape* shape, const double* a, const double* b, double* c);

#endif
