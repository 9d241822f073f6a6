/* Matrix products: every element is the chain of fused multiply-adds that gemm.h promises, bit for bit, for every shape at the edges
 * of the kernels' tiles, with strides, by every kernel that this processor has; and nothing beside the product is touched. */
#include "nn/gemm_kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
static const size_t SIZES[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 15, 16, 17, 24, 31, 32, 33, 40, 100};
static const size_t INNER[] = {0, 1, 6, 20, 101};
enum { LARGEST = 101, PAD = 3, ROOM = (LARGEST + PAD) * (LARGEST + PAD) };

/* numbers in [-1, 1) of all bits */
static double draw(uint64_t* state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int64_t)*state * 0x1p-63;
}

typedef struct matrices {
    float af[ROOM], bf[ROOM], cf[ROOM], want_f[ROOM], got_f[ROOM];
    double ad[ROOM], bd[ROOM], cd[ROOM], want_d[ROOM], got_d[ROOM];
} matrices;

static void fill(matrices* x) {
    uint64_t state = 7;
    for (size_t i = 0; i < ROOM; i++) {
        x->af[i] = (float)(x->ad[i] = draw(&state));
        x->bf[i] = (float)(x->bd[i] = draw(&state));
        x->cf[i] = (float)(x->cd[i] = draw(&state));
    }
}

static void naive(matrices* x, const ks_gemm_shape* g) {
    memcpy(x->want_f, x->cf, sizeof x->cf);
    memcpy(x->want_d, x->cd, sizeof x->cd);
    for (size_t i = 0; i < g->m; i++) {
        for (size_t j = 0; j < g->n; j++) {
            float f = g->accumulate ? x->cf[i * g->ldc + j] : 0;
            double d = g->accumulate ? x->cd[i * g->ldc + j] : 0;
            for (size_t p = 0; p < g->k; p++) {
                size_t a = g->transpose_a ? p * g->lda + i : i * g->lda + p;
                f = fmaf(x->af[a], x->bf[p * g->ldb + j], f);
                d = fma(x->ad[a], x->bd[p * g->ldb + j], d);
            }
            x->want_f[i * g->ldc + j] = f;
            x->want_d[i * g->ldc + j] = d;
        }
    }
}

typedef void float_kernel(const ks_gemm_shape* g, const float* a, const float* b, float* c);
typedef void double_kernel(const ks_gemm_shape* g, const double* a, const double* b, double* c);

static void check(matrices* x, const ks_gemm_shape* g, float_kernel* f, double_kernel* d) {
    memcpy(x->got_f, x->cf, sizeof x->cf);
    memcpy(x->got_d, x->cd, sizeof x->cd);
    f(g, x->af, x->bf, x->got_f);
    d(g, x->ad, x->bd, x->got_d);
    if (memcmp(x->got_f, x->want_f, sizeof x->want_f) != 0 || memcmp(x->got_d, x->want_d, sizeof x->want_d) != 0) {
        fail_msg("%zu x %zu, inner %zu%s%s", g->m, g->n, g->k, g->transpose_a ? ", transposed" : "",
                 g->accumulate ? ", added" : "");
    }
}

static void chosen_float(const ks_gemm_shape* g, const float* a, const float* b, float* c) {
    ks_gemm_float(c, a, b, g);
}

static void chosen_double(const ks_gemm_shape* g, const double* a, const double* b, double* c) {
    ks_gemm_double(c, a, b, g);
}

static void check_kernels(matrices* x, const ks_gemm_shape* g) {
    naive(x, g);
    check(x, g, ks_gemm_avx2_float, ks_gemm_avx2_double);
    check(x, g, chosen_float, chosen_double);
    if (__builtin_cpu_supports("avx512f")) {
        check(x, g, ks_gemm_avx512_float, ks_gemm_avx512_double);
    }
}

static void every_shape(void** state) {
    (void)state;
    matrices* x = malloc(sizeof *x);
    assert_non_null(x);
    fill(x);
    for (size_t i = 0; i < LENGTH(SIZES) * LENGTH(SIZES) * LENGTH(INNER) * 4; i++) {
        size_t m = SIZES[i / 4 % LENGTH(SIZES)];
        size_t n = SIZES[i / 4 / LENGTH(SIZES) % LENGTH(SIZES)];
        size_t k = INNER[i / 4 / LENGTH(SIZES) / LENGTH(SIZES)];
        bool transpose = i % 2, accumulate = i / 2 % 2;
        size_t pad = i % 3; /* rows that do not follow each other */
        check_kernels(
            x, &(ks_gemm_shape){m, n, k, (transpose ? m : k) + pad, n + pad, n + 2 * pad, transpose, accumulate});
    }
    if (!__builtin_cpu_supports("avx512f")) {
        print_message("the AVX-512 kernel was not tried: this processor has none\n");
    }
    free(x);
}

/* rows and columns may be cut anywhere */
static void cut_anywhere(void** state) {
    (void)state;
    matrices* x = malloc(sizeof *x);
    assert_non_null(x);
    fill(x);
    const size_t n = 37, m = 50, k = 64;
    ks_gemm_float(x->want_f, x->af, x->bf, &(ks_gemm_shape){m, n, k, k, n, n, false, false});
    for (size_t cut = 1; cut < m; cut++) {
        ks_gemm_float(x->got_f, x->af, x->bf, &(ks_gemm_shape){cut, n, k, k, n, n, false, false});
        ks_gemm_float(x->got_f + cut * n, x->af + cut * k, x->bf,
                      &(ks_gemm_shape){m - cut, n, k, k, n, n, false, false});
        assert_memory_equal(x->got_f, x->want_f, m * n * sizeof(float));
    }
    free(x);
}

static void not_a_number_stays(void** state) {
    (void)state;
    float a[4] = {0, NAN, 1, 2}, b[4] = {INFINITY, 1, 1, 1}, c[4];
    ks_gemm_float(c, a, b, &(ks_gemm_shape){2, 2, 2, 2, 2, 2, false, false});
    assert_true(isnan(c[0]) && isnan(c[1]) && isinf(c[2]) && c[3] == 3);
}

static void transposition(void** state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(SIZES) * LENGTH(SIZES); i++) {
        size_t rows = SIZES[i % LENGTH(SIZES)], cols = SIZES[i / LENGTH(SIZES)];
        ks_real a[100 * 100], t[100 * 100];
        for (size_t j = 0; j < rows * cols; j++) {
            a[j] = (ks_real)j;
        }
        ks_transpose(t, a, rows, cols);
        for (size_t j = 0; j < rows * cols; j++) {
            assert_true(t[j % cols * rows + j / cols] == a[j]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_shape), cmocka_unit_test(cut_anywhere),
                                       cmocka_unit_test(not_a_number_stays), cmocka_unit_test(transposition)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
