/* The rule by which a gradient step gets its size: the best mean for a step that was trained for; else the smallest that is not clearly
 * worse. */
#include "cli/choose_size.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

enum { TASKS = 4, SIZES = 4 };

static void test_differences_are_by_task(void** state) {
    (void)state;
    const double a[TASKS] = {10, 200, 3000, 40000}, b[TASKS] = {9, 197, 2999, 39997};
    ks_paired d = ks_paired_difference(a, b, TASKS);
    assert_float_equal(d.mean, 2, 1e-9); /* 1, 3, 1, 3 */
    assert_float_equal(d.error, sqrt(4.0 / 3 / 4), 1e-9);
    assert_float_equal(ks_paired_difference(a, b, 1).error, 0, 0);
}

/* 0.2 is better than 0 for certain, and than 0.1 by no more than noise */
static const double LR[SIZES] = {0, 0.2, 0.1, 5};
static const double RETURNS[SIZES * TASKS] = {0, 10, 20, 30, 3, 8, 24, 31, 0, 12, 20, 32, NAN, NAN, NAN, NAN};

static void test_a_trained_step_gets_the_best(void** state) {
    (void)state;
    assert_int_equal(ks_choose_size(LR, RETURNS, SIZES, TASKS, true), 1);
    assert_int_equal(ks_choose_size(LR + 2, RETURNS + 2 * TASKS, 2, TASKS, true), 0);
}

static void test_a_further_step_earns_its_size(void** state) {
    (void)state;
    ks_paired noise = ks_paired_difference(RETURNS + TASKS, RETURNS + 2 * TASKS, TASKS);
    ks_paired zero = ks_paired_difference(RETURNS + TASKS, RETURNS, TASKS);
    assert_true(noise.mean > 0 && noise.mean < noise.error && zero.mean > zero.error);
    assert_int_equal(ks_choose_size(LR, RETURNS, SIZES, TASKS, false), 2);
    /* better by 2 in the mean, but by anything on a task */
    const double lucky[2 * TASKS] = {0, 0, 0, 0, 9, -8, 9, -2};
    assert_int_equal(ks_choose_size(LR, lucky, 2, TASKS, false), 0);
    assert_int_equal(ks_choose_size(LR, lucky, 2, TASKS, true), 1);
    /* better by little, but on every task */
    const double sure[2 * TASKS] = {0, 100, 200, 300, 0.1, 100.11, 200.1, 300.09};
    assert_int_equal(ks_choose_size(LR, sure, 2, TASKS, false), 1);
}

static void test_equal_ones(void** state) {
    (void)state;
    const double lr[3] = {0.2, 0.1, 0.4}, equal[3 * TASKS] = {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4};
    assert_int_equal(ks_choose_size(lr, equal, 3, TASKS, true), 1);
    assert_int_equal(ks_choose_size(lr, equal, 3, TASKS, false), 1);
}

static void test_none_works(void** state) {
    (void)state;
    assert_int_equal(ks_choose_size(LR + 3, RETURNS + 3 * TASKS, 1, TASKS, true), 1);
    assert_int_equal(ks_choose_size(LR + 3, RETURNS + 3 * TASKS, 1, TASKS, false), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences_are_by_task),
        cmocka_unit_test(test_a_trained_step_gets_the_best),
        cmocka_unit_test(test_a_further_step_earns_its_size),
        cmocka_unit_test(test_equal_ones),
        cmocka_unit_test(test_none_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
