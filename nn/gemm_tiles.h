/* gemm_tiles.h: one kernel; included once per instruction set and element type, so without a guard. gemm.h says what is promised.
 *
 * C is cut into columns of one or two vectors, and those into tiles of as many rows as leave every sum in a register while
 * the inner dimension runs. What does not fill a vector is masked.
 *
 * The including file defines: NAME(x), REAL, VEC, LANES, MASK, and the operations ZERO, LOAD, STORE, LOAD_MASK, STORE_MASK,
 * SET, FMA, MASK_OF(n); rows of a tile: ROWS_1 (of one vector), ROWS_2 (of two), each 12 or less; perhaps NARROW, the kernel
 * for at most half a vector of columns. */

enum { NAME(MAX_ROWS) = 12, NAME(MAX_VECTORS) = 2 };

/* what is fixed when a tile is compiled */
typedef struct NAME(kind) {
    int rows, vectors;
    bool transposed, masked;
} NAME(kind);

static inline __attribute__((always_inline)) void NAME(tile)(const ks_gemm_shape* g, const REAL* a, const REAL* b,
                                                             REAL* c, const NAME(kind) kind, MASK mask) {
    VEC sum[NAME(MAX_ROWS)][NAME(MAX_VECTORS)];
    VEC row[NAME(MAX_VECTORS)];
    const int last = kind.masked ? kind.vectors - 1 : kind.vectors; /* the vector that is masked */
#pragma GCC unroll 16
    for (int i = 0; i < kind.rows; i++) {
#pragma GCC unroll 2
        for (int j = 0; j < kind.vectors; j++) {
            const REAL* at = c + (size_t)i * g->ldc + j * LANES;
            sum[i][j] = !g->accumulate ? ZERO : j == last ? LOAD_MASK(at, mask) : LOAD(at);
        }
    }
    for (size_t p = 0; p < g->k; p++) {
#pragma GCC unroll 2
        for (int j = 0; j < kind.vectors; j++) {
            const REAL* at = b + p * g->ldb + j * LANES;
            row[j] = j == last ? LOAD_MASK(at, mask) : LOAD(at);
        }
#pragma GCC unroll 16
        for (int i = 0; i < kind.rows; i++) {
            VEC x = SET(kind.transposed ? a[p * g->lda + (size_t)i] : a[(size_t)i * g->lda + p]);
#pragma GCC unroll 2
            for (int j = 0; j < kind.vectors; j++) {
                sum[i][j] = FMA(x, row[j], sum[i][j]);
            }
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < kind.rows; i++) {
#pragma GCC unroll 2
        for (int j = 0; j < kind.vectors; j++) {
            REAL* at = c + (size_t)i * g->ldc + j * LANES;
            if (j == last) {
                STORE_MASK(at, mask, sum[i][j]);
            } else {
                STORE(at, sum[i][j]);
            }
        }
    }
}

/* a tile of fewer rows, at the end of the columns */
static inline __attribute__((always_inline)) void NAME(rest)(const ks_gemm_shape* g, size_t rows, const REAL* a,
                                                             const REAL* b, REAL* c, NAME(kind) kind, MASK mask) {
    const int most = kind.rows - 1;
#define CASE(r)                             \
    case r:                                 \
        kind.rows = r;                      \
        NAME(tile)(g, a, b, c, kind, mask); \
        break
    switch (rows) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
    }
    if (most <= 5) {
        return;
    }
    switch (rows) {
        CASE(6);
        CASE(7);
        CASE(8);
        CASE(9);
        CASE(10);
        CASE(11);
    }
#undef CASE
}

/* all rows of one or two vectors of columns */
static inline __attribute__((always_inline)) void NAME(columns)(const ks_gemm_shape* g, const REAL* a, const REAL* b,
                                                                REAL* c, const NAME(kind) kind, MASK mask) {
    size_t i = 0;
    for (; i + (size_t)kind.rows <= g->m; i += (size_t)kind.rows) {
        NAME(tile)(g, a + i * (kind.transposed ? 1 : g->lda), b, c + i * g->ldc, kind, mask);
    }
    NAME(rest)(g, g->m - i, a + i * (kind.transposed ? 1 : g->lda), b, c + i * g->ldc, kind, mask);
}

static __attribute__((noinline)) void NAME(pair)(const ks_gemm_shape* g, const REAL* a, const REAL* b, REAL* c) {
    NAME(columns)(g, a, b, c, (NAME(kind)){ROWS_2, 2, false, false}, MASK_OF(0));
}

static __attribute__((noinline)) void NAME(pair_transposed)(const ks_gemm_shape* g, const REAL* a, const REAL* b,
                                                            REAL* c) {
    NAME(columns)(g, a, b, c, (NAME(kind)){ROWS_2, 2, true, false}, MASK_OF(0));
}

/* one vector that is filled; a mask costs an AVX2 kernel half of its time where rows are few */
static __attribute__((noinline)) void NAME(whole)(const ks_gemm_shape* g, const REAL* a, const REAL* b, REAL* c) {
    NAME(columns)(g, a, b, c, (NAME(kind)){ROWS_1, 1, false, false}, MASK_OF(0));
}

static __attribute__((noinline)) void NAME(whole_transposed)(const ks_gemm_shape* g, const REAL* a, const REAL* b,
                                                             REAL* c) {
    NAME(columns)(g, a, b, c, (NAME(kind)){ROWS_1, 1, true, false}, MASK_OF(0));
}

static __attribute__((noinline)) void NAME(single)(const ks_gemm_shape* g, const REAL* a, const REAL* b, REAL* c,
                                                   MASK mask) {
    NAME(columns)(g, a, b, c, (NAME(kind)){ROWS_1, 1, false, true}, mask);
}

static __attribute__((noinline)) void NAME(single_transposed)(const ks_gemm_shape* g, const REAL* a, const REAL* b,
                                                              REAL* c, MASK mask) {
    NAME(columns)(g, a, b, c, (NAME(kind)){ROWS_1, 1, true, true}, mask);
}

void NAME(gemm)(const ks_gemm_shape* g, const REAL* a, const REAL* b, REAL* c) {
    size_t j = 0;
    for (; j + 2 * LANES <= g->n; j += 2 * LANES) {
        (g->transpose_a ? NAME(pair_transposed) : NAME(pair))(g, a, b + j, c + j);
    }
    if (j + LANES <= g->n) {
        (g->transpose_a ? NAME(whole_transposed) : NAME(whole))(g, a, b + j, c + j);
        j += LANES;
    }
    if (j < g->n) {
        size_t left = g->n - j;
#ifdef NARROW
        if (left <= LANES / 2) {
            ks_gemm_shape rest = *g;
            rest.n = left;
            NARROW(&rest, a, b + j, c + j);
            return;
        }
#endif
        (g->transpose_a ? NAME(single_transposed) : NAME(single))(g, a, b + j, c + j, MASK_OF(left));
    }
}

#undef NAME
#undef REAL
#undef VEC
#undef LANES
#undef MASK
#undef ROWS_1
#undef ROWS_2
#undef ZERO
#undef LOAD
#undef STORE
#undef LOAD_MASK
#undef STORE_MASK
#undef SET
#undef FMA
#undef MASK_OF
#undef NARROW
