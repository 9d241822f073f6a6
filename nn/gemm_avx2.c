/* the kernel for AVX2 and FMA: 16 registers of 8 floats or 4 doubles */
#include "nn/gemm_kernels.h"

#include <immintrin.h>
#include <stdint.h>

/* a mask of the first n lanes begins n words before the zeros */
static const int32_t FLOAT_MASKS[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
static const int64_t DOUBLE_MASKS[8] = {-1, -1, -1, -1};

#define NAME(x) ks_##x##_avx2_float
#define REAL float
#define VEC __m256
#define LANES 8
#define MASK __m256i
#define ROWS_1 12
#define ROWS_2 6
#define ZERO _mm256_setzero_ps()
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define LOAD_MASK _mm256_maskload_ps
#define STORE_MASK _mm256_maskstore_ps
#define SET _mm256_set1_ps
#define FMA _mm256_fmadd_ps
#define MASK_OF(n) _mm256_loadu_si256((const __m256i*)(const void*)(FLOAT_MASKS + 8 - (n)))
#include "nn/gemm_tiles.h"

#define NAME(x) ks_##x##_avx2_double
#define REAL double
#define VEC __m256d
#define LANES 4
#define MASK __m256i
#define ROWS_1 12
#define ROWS_2 6
#define ZERO _mm256_setzero_pd()
#define LOAD _mm256_loadu_pd
#define STORE _mm256_storeu_pd
#define LOAD_MASK(at, mask) _mm256_maskload_pd(at, mask)
#define STORE_MASK _mm256_maskstore_pd
#define SET _mm256_set1_pd
#define FMA _mm256_fmadd_pd
#define MASK_OF(n) _mm256_loadu_si256((const __m256i*)(const void*)(DOUBLE_MASKS + 4 - (n)))
#include "nn/gemm_tiles.h"
