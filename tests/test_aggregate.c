/* Interquartile means and stratified bootstraps: against a slow and obvious version, and what they must come to where it is known. */
#include "figures/aggregate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* every number four times: then a quarter is whole, and the mean of what lies between has no edges */
static double slow_iqm(const double* values, size_t count) {
    double* all = calloc(4 * count, sizeof *all);
    double sum = 0;
    for (size_t i = 0; i < 4 * count; i++) {
        all[i] = values[i / 4];
    }
    for (size_t i = 0; i < 4 * count; i++) { /* insertion sort */
        for (size_t k = i; k > 0 && all[k - 1] > all[k]; k--) {
            double x = all[k];
            all[k] = all[k - 1];
            all[k - 1] = x;
        }
    }
    for (size_t i = count; i < 3 * count; i++) {
        sum += all[i];
    }
    free(all);
    return sum / (2 * (double)count);
}

static double iqm(const double* values, size_t count) {
    ks_aggregate a;
    ks_error err;
    assert_true(ks_aggregate_scores(&a, values, 1, count, 1, 1, &err));
    return a.iqm.value;
}

static void test_interquartile_mean(void** state) {
    (void)state;
    double one[] = {7}, two[] = {9, 1}, four[] = {100, 2, 4, -50};
    assert_true(fabs(iqm(one, 1) - 7) < 1e-12);
    assert_true(fabs(iqm(two, 2) - 5) < 1e-12);
    assert_true(fabs(iqm(four, 4) - 3) < 1e-12); /* outliers do not count */
    for (size_t n = 1; n < 40; n++) {
        double values[40];
        for (size_t i = 0; i < n; i++) {
            values[i] = sin(12.9898 * (double)(i + 17 * n)) * 100;
        }
        assert_true(fabs(iqm(values, n) - slow_iqm(values, n)) < 1e-9);
    }
}

enum { RUNS = 5, TASKS = 8 };

static void test_runs_that_agree(void** state) {
    (void)state;
    double score[RUNS * TASKS];
    ks_aggregate a;
    ks_error err;
    for (size_t i = 0; i < RUNS * TASKS; i++) {
        score[i] = (double)(i % TASKS); /* tasks differ, runs do not: no resample can */
    }
    assert_true(ks_aggregate_scores(&a, score, RUNS, TASKS, 200, 1, &err));
    assert_true(fabs(a.mean.value - 3.5) < 1e-12);
    assert_true(fabs(a.mean.low - 3.5) < 1e-12 && fabs(a.mean.high - 3.5) < 1e-12);
    assert_true(fabs(a.iqm.low - a.iqm.value) < 1e-12 && fabs(a.iqm.high - a.iqm.value) < 1e-12);
}

/* The mean of resampled means is normal with the variance of the mean within tasks: its interval is known. */
static void test_width(void** state) {
    (void)state;
    double score[RUNS * TASKS], variance = 0;
    ks_aggregate a, again, other;
    ks_error err;
    for (size_t i = 0; i < RUNS * TASKS; i++) {
        score[i] = 1000 * (double)(i % TASKS) + sin(78.233 * (double)(i + 1)) * 10;
    }
    for (size_t t = 0; t < TASKS; t++) {
        double sum = 0, squares = 0;
        for (size_t r = 0; r < RUNS; r++) {
            sum += score[r * TASKS + t] / RUNS;
        }
        for (size_t r = 0; r < RUNS; r++) {
            squares += pow(score[r * TASKS + t] - sum, 2) / RUNS;
        }
        variance += squares / RUNS / TASKS / TASKS;
    }
    assert_true(ks_aggregate_scores(&a, score, RUNS, TASKS, 4000, 1, &err));
    double half = (a.mean.high - a.mean.low) / 2;
    assert_true(fabs(half / (1.96 * sqrt(variance)) - 1) < 0.1);
    assert_true(ks_aggregate_scores(&again, score, RUNS, TASKS, 4000, 1, &err));
    assert_true(again.mean.low == a.mean.low && again.iqm.high == a.iqm.high);
    assert_true(ks_aggregate_scores(&other, score, RUNS, TASKS, 4000, 2, &err));
    assert_true(other.mean.low != a.mean.low);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_interquartile_mean),
                                       cmocka_unit_test(test_runs_that_agree), cmocka_unit_test(test_width)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
