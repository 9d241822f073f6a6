/* the kernel for AVX-512: 32 registers of 16 floats or 8 doubles. Compiled for that instruction set, and called only where it is.
 * At most half a vector of columns is left to AVX2, whose vectors are as wide as that. */
#include "nn/gemm_kernels.h"

#include <immintrin.h>

#define NAME(x) ks_##x##_avx512_float
#define REAL float
#define VEC __m512
#define LANES 16
#define MASK __mmask16
#define ROWS_1 12
#define ROWS_2 12
#define ZERO _mm512_setzero_ps()
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define LOAD_MASK(at, mask) _mm512_maskz_loadu_ps(mask, at)
#define STORE_MASK _mm512_mask_storeu_ps
#define SET _mm512_set1_ps
#define FMA _mm512_fmadd_ps
#define MASK_OF(n) ((__mmask16)((1u << (n)) - 1))
#define NARROW ks_gemm_avx2_float
#include "nn/gemm_tiles.h"

#define NAME(x) ks_##x##_avx512_double
#define REAL double
#define VEC __m512d
#define LANES 8
#define MASK __mmask8
#define ROWS_1 12
#define ROWS_2 12
#define ZERO _mm512_setzero_pd()
#define LOAD _mm512_loadu_pd
#define STORE _mm512_storeu_pd
#define LOAD_MASK(at, mask) _mm512_maskz_loadu_pd(mask, at)
#define STORE_MASK _mm512_mask_storeu_pd
#define SET _mm512_set1_pd
#define FMA _mm512_fmadd_pd
#define MASK_OF(n) ((__mmask8)((1u << (n)) - 1))
#define NARROW ks_gemm_avx2_double
#include "nn/gemm_tiles.h"
