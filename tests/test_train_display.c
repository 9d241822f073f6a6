/* What a training says of an iteration fits the terminal, however long its numbers are. */
#include "cli/train_display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static ks_train_report report_of(ks_maml_stats* stats, int stages, double value) {
    *stats = (ks_maml_stats){.stages = stages};
    for (int i = 0; ks_outer_trpo.columns[i]; i++) {
        stats->outer.column[i] = strcmp(ks_outer_trpo.columns[i], "kl") == 0 ? 0.0123 : 7;
    }
    for (int j = 0; j < stages; j++) {
        stats->metric[j] = value;
    }
    return (ks_train_report){.iteration = 11,
                             .iterations = 120,
                             .elapsed_s = 12,
                             .stats = stats,
                             .problem = &ks_problem_rl,
                             .outer = &ks_outer_trpo};
}

static void test_usual(void** state) {
    (void)state;
    char line[200];
    ks_maml_stats stats;
    ks_train_report r = report_of(&stats, 2, -48.88);
    ks_train_display_line(line, sizeof line, 79, false, &r);
    assert_string_equal(line, "iteration 12/120  return -48.88 -> -48.88  1.00 s each, 2 min left  kl 0.0123");
    ks_train_display_line(line, sizeof line, 120, true, &r);
    assert_string_equal(line, "[#               ] 12/120  return -48.88 -> -48.88  1.00 s each, 2 min left  kl 0.0123");
    r = report_of(&stats, 4, -48.88);
    ks_train_display_line(line, sizeof line, 79, false, &r);
    assert_non_null(strstr(line, " -48.88 -> -48.88 -> -48.88 -> -48.88  2 min left")); /* they matter most */
    r = report_of(&stats, 2, 0.012345); /* an error may be small, and Adam knows no KL divergence */
    r.problem = &ks_problem_sinusoid;
    r.outer = &ks_outer_adam;
    ks_train_display_line(line, sizeof line, 79, false, &r);
    assert_string_equal(line, "iteration 12/120  mse 0.0123 -> 0.0123  1.00 s each, 2 min left");
    r.problem = &ks_problem_images;
    ks_train_display_line(line, sizeof line, 79, false, &r);
    assert_string_equal(line, "iteration 12/120  accuracy 0.012 -> 0.012  1.00 s each, 2 min left");
    r.has_validation = true;
    r.validation = 0.98765;
    ks_train_display_line(line, sizeof line, 99, false, &r);
    assert_string_equal(line, "iteration 12/120  accuracy 0.012 -> 0.012  validation 0.988  1.00 s each, 2 min left");
    ks_train_display_line(line, sizeof line, 79, false, &r);
    assert_string_equal(line, "iteration 12/120  accuracy 0.012 -> 0.012  validation 0.988  2 min left");
    r.has_validation = false;
    r.problem = &ks_problem_sinusoid;
    r.elapsed_s = 0.012;
    ks_train_display_line(line, sizeof line, 79, false, &r);
    assert_string_equal(line, "iteration 12/120  mse 0.0123 -> 0.0123  1.00 ms each, 0 s left");
}

/* How many of the iterations, each so many seconds long, are told. */
static int told(int64_t first, int64_t iterations, double seconds, bool live) {
    int count = 0;
    ks_maml_stats stats;
    ks_train_display d = {.live = live};
    ks_train_report r = report_of(&stats, 2, 1);
    FILE* file = freopen("/dev/null", "w", stderr);
    assert_non_null(file);
    r.first = first;
    r.iterations = iterations;
    for (r.iteration = first; r.iteration < iterations; r.iteration++) {
        double before = d.drawn_s;
        r.elapsed_s = seconds * (double)(r.iteration + 1 - first);
        ks_train_display_iteration(&d, &r);
        count += d.drawn_s != before;
    }
    assert_true(d.drawn_s == r.elapsed_s); /* the last one always is */
    return count;
}

static void test_lines(void** state) {
    (void)state;
    assert_int_equal(told(0, 1500, 1e-4, false), 1500);
    assert_in_range(told(0, 70000, 1e-4, false), 1000, 1002);
    assert_in_range(told(69990, 70000, 1e-4, false), 2, 3);
    assert_in_range(told(0, 70000, 20, false), 70000, 70000);
    assert_in_range(told(0, 70000, 1e-4, true), 1000, 1150); /* 7 s */
    assert_int_equal(told(0, 100, 1, true), 100);
}

static void test_fits(void** state) {
    (void)state;
    static const double VALUES[] = {0, -1.5, 12345.678, -99999999, 1e300, -INFINITY, NAN};
    for (size_t v = 0; v < sizeof VALUES / sizeof *VALUES; v++) {
        for (int stages = 1; stages <= KS_MAX_INNER_STEPS + 1; stages++) {
            for (size_t columns = 0; columns < 200; columns++) {
                char line[1024];
                ks_maml_stats stats;
                ks_train_report r = report_of(&stats, stages, VALUES[v]);
                r.elapsed_s = 1e7;
                r.iterations = 1000000000;
                for (int bar = 0; bar < 2; bar++) {
                    ks_train_display_line(line, sizeof line, columns, bar, &r);
                    assert_in_range(strlen(line), 0, columns);
                    assert_null(strchr(line, '\n'));
                }
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_usual), cmocka_unit_test(test_fits),
                                       cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
