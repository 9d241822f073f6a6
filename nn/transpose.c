#include "nn/gemm.h"

#include <string.h>

#ifndef KS_DOUBLE
#include <immintrin.h>
#endif

enum { SIDE = 8 };

/* A matrix is transposed tile by tile, so that rows and columns of one are both in the cache; m and n are at most SIDE. */
static void tile(ks_real* t, const ks_real* a, size_t rows, size_t cols, size_t m, size_t n) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            t[j * rows + i] = a[i * cols + j];
        }
    }
}

#ifdef KS_DOUBLE

static void whole_tile(ks_real* t, const ks_real* a, size_t rows, size_t cols) {
    tile(t, a, rows, cols, SIDE, SIDE);
}

#else

/* in eight registers: pairs of rows, then pairs of pairs, then halves */
static void whole_tile(float* t, const float* a, size_t rows, size_t cols) {
    __m256 row[SIDE], pair[SIDE], four[SIDE];
    for (int i = 0; i < SIDE; i++) {
        row[i] = _mm256_loadu_ps(a + (size_t)i * cols);
    }
    for (int i = 0; i < SIDE; i += 2) {
        pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < SIDE; i += 4) {
        for (int j = 0; j < 2; j++) {
            four[i + 2 * j] = _mm256_shuffle_ps(pair[i + j], pair[i + j + 2], 0x44);
            four[i + 2 * j + 1] = _mm256_shuffle_ps(pair[i + j], pair[i + j + 2], 0xee);
        }
    }
    for (int i = 0; i < SIDE / 2; i++) {
        _mm256_storeu_ps(t + (size_t)i * rows, _mm256_permute2f128_ps(four[i], four[i + 4], 0x20));
        _mm256_storeu_ps(t + (size_t)(i + 4) * rows, _mm256_permute2f128_ps(four[i], four[i + 4], 0x31));
    }
}

#endif

void ks_transpose(ks_real* t, const ks_real* a, size_t rows, size_t cols) {
    if (rows == 1 || cols == 1) {
        memcpy(t, a, rows * cols * sizeof *t);
        return;
    }
    for (size_t i = 0; i < rows; i += SIDE) {
        for (size_t j = 0; j < cols; j += SIDE) {
            size_t m = rows - i < SIDE ? rows - i : SIDE;
            size_t n = cols - j < SIDE ? cols - j : SIDE;
            if (m == SIDE && n == SIDE) {
                whole_tile(t + j * rows + i, a + i * cols + j, rows, cols);
            } else {
                tile(t + j * rows + i, a + i * cols + j, rows, cols, m, n);
            }
        }
    }
}
