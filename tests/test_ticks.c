/* Marks on axes are round numbers, few enough, and hold what they are for between them. */
#include "base/ticks.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int is_round(double step) {
    double digit = step / pow(10, floor(log10(step) + 1e-9));
    return fabs(digit - 1) < 1e-6 || fabs(digit - 2) < 1e-6 || fabs(digit - 5) < 1e-6;
}

static void marks_are_round_and_few(void** state) {
    (void)state;
    for (int i = -400; i <= 400; i++) {
        for (int j = 1; j <= 40; j++) {
            double low = 0.37 * i, high = low + 0.013 * j * j;
            for (int most = 2; most <= 6; most++) {
                ks_ticks t = ks_ticks_around(low, high, most);
                assert_true(is_round(t.step));
                assert_true(t.low <= low + 1e-5 * t.step && t.high >= high - 1e-5 * t.step);
                assert_in_range(t.count, 2, most + 1);
                assert_true(fabs(t.low + (t.count - 1) * t.step - t.high) < 1e-9);
                double written = t.step * pow(10, t.decimals); /* a whole number */
                assert_true(fabs(written - round(written)) < 1e-6);
            }
        }
    }
}

static void what_was_not_round(void** state) {
    (void)state;
    ks_ticks t = ks_ticks_around(-2.9, 3.8, 4);
    assert_true(t.low == -4 && t.high == 4 && t.step == 2 && t.decimals == 0);
    t = ks_ticks_around(0, 6, 4);
    assert_true(t.low == 0 && t.high == 6 && t.step == 2);
    t = ks_ticks_around(-0.6, -0.03, 3);
    assert_true(fabs(t.low + 0.6) < 1e-12 && t.high == 0 && fabs(t.step - 0.2) < 1e-12 && t.decimals == 1);
    t = ks_ticks_around(7, 7, 4); /* all the same */
    assert_true(t.low < 7 && t.high > 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_round_and_few),
        cmocka_unit_test(what_was_not_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
