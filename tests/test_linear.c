/* Small systems: Cholesky against the product that it should solve, eigenvectors against the matrix that they should build, both also
 * for matrices that are singular, scaled far up and down, already diagonal, or not what they should be. */
#include "nn/linear.h"
#include "policy_support.h"

#include <string.h>

enum { LARGEST = 126 };
static const size_t SIZES[] = {1, 2, 3, 5, 20, 101, LARGEST};
#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* A = Gᵀ diag(size) G / rows for a random G (rows x n): of rank rows at most */
static double* square(arena* m, size_t n, size_t rows, double size) {
    double* g = arena_alloc(m, rows * n * sizeof *g);
    double* a = arena_alloc(m, n * n * sizeof *a);
    ks_stream_normal(g, rows * n, ks_stream_make(3, KS_RNG_ACTION, n, 0), ++m->draws, 0, 0);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t r = 0; r < rows; r++) {
                sum += g[r * n + i] * g[r * n + j];
            }
            a[i * n + j] = size * sum / (double)rows;
        }
    }
    return a;
}

static void cholesky(void** state) {
    (void)state;
    for (size_t s = 0; s < LENGTH(SIZES); s++) {
        size_t n = SIZES[s];
        arena m = {0};
        double* a = square(&m, n, 2 * n, 1);
        double* factor = arena_alloc(&m, n * n * sizeof *factor);
        double* x = arena_alloc(&m, n * sizeof *x);
        double* b = arena_alloc(&m, n * sizeof *b);
        ks_stream_normal(b, n, ks_stream_make(4, KS_RNG_ACTION, n, 0), 0, 0, 0);
        memcpy(factor, a, n * n * sizeof *a);
        memcpy(x, b, n * sizeof *b);
        assert_true(ks_cholesky_solve(factor, x, n));
        for (size_t i = 0; i < n; i++) {
            double sum = -b[i];
            for (size_t j = 0; j < n; j++) {
                sum += a[i * n + j] * x[j];
            }
            assert_true(fabs(sum) < 1e-10);
        }
        arena_free(&m);
    }
    double negative[4] = {1, 2, 2, 1}, infinite[1] = {INFINITY}, nan[1] = {NAN}, zero[1] = {0}, b[2] = {1, 1};
    assert_false(ks_cholesky_solve(negative, b, 2));
    assert_false(ks_cholesky_solve(infinite, b, 1));
    assert_false(ks_cholesky_solve(nan, b, 1));
    assert_false(ks_cholesky_solve(zero, b, 1));
}

/* A = Σ λ u uᵀ and u_i u_j = [i = j], each to within what doubles can do for a matrix of this size */
static void check_eigen(arena* m, const double* a, size_t n) {
    double* copy = arena_alloc(m, n * n * sizeof *copy);
    double* u = arena_alloc(m, n * n * sizeof *u);
    double* lambda = arena_alloc(m, n * sizeof *lambda);
    double* work = arena_alloc(m, 3 * n * sizeof *work);
    double size = 0;
    memcpy(copy, a, n * n * sizeof *a);
    assert_true(ks_eigen_symmetric(u, lambda, copy, n, work));
    for (size_t i = 0; i < n * n; i++) {
        size = fmax(size, fabs(a[i]));
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = 0, dot = 0;
            for (size_t r = 0; r < n; r++) {
                sum += lambda[r] * u[r * n + i] * u[r * n + j];
                dot += u[i * n + r] * u[j * n + r];
            }
            assert_true(fabs(sum - a[i * n + j]) <= 1e-13 * (double)n * size);
            assert_true(fabs(dot - (i == j)) < 1e-12);
        }
    }
}

static void eigenvectors(void** state) {
    (void)state;
    for (size_t s = 0; s < LENGTH(SIZES); s++) {
        size_t n = SIZES[s];
        static const double SCALES[] = {1, 1e-200, 1e60, 1e-30};
        for (size_t k = 0; k < LENGTH(SCALES); k++) {
            arena m = {0};
            check_eigen(&m, square(&m, n, 2 * n, SCALES[k]), n);
            check_eigen(&m, square(&m, n, (n + 2) / 3, SCALES[k]), n); /* singular */
            arena_free(&m);
        }
    }
}

static void special_matrices(void** state) {
    (void)state;
    arena m = {0};
    enum { N = 6 };
    double zero[N * N] = {0}, diagonal[N * N] = {0}, graded[N * N], equal[N * N], beside[N * N] = {0};
    for (size_t i = 0; i < N; i++) {
        diagonal[i * N + i] = (double)i - 2;
        for (size_t j = 0; j < N; j++) {
            graded[i * N + j] = pow(10, -5.0 * (double)(i + j));
            equal[i * N + j] = 1;
        }
        beside[i * N + (i ^ 1)] = -3; /* with eigenvalues of both signs */
    }
    check_eigen(&m, zero, N);
    check_eigen(&m, diagonal, N);
    check_eigen(&m, graded, N);
    check_eigen(&m, equal, N);
    check_eigen(&m, beside, N);
    double bad[4] = {NAN, 1, 1, 1}, u[4], lambda[2], work[6];
    assert_false(ks_eigen_symmetric(u, lambda, bad, 2, work));
    arena_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(cholesky), cmocka_unit_test(eigenvectors),
                                       cmocka_unit_test(special_matrices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
