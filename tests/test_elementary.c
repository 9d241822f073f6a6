/* tanh, log, sine and cosine in float against the C library's in double, over floats of the whole range; at the ends; and that a loop,
 * which the compiler vectorises, gives what single calls give. */
#include "base/elementary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* |got - want| in units of the last place of want */
static double ulps(float got, double want) {
    double unit = fabs(want) < 0x1p-126 ? 0x1p-149 : ldexp(1, ilogb(want) - 23);
    return fabs((double)got - want) / unit;
}

static void largest_errors(void** state) {
    (void)state;
    double worst_tanh = 0, worst_log = 0, worst_turn = 0;
    for (uint32_t bits = 0; bits < 0x7f800000u; bits += 997) { /* positive floats, all sizes alike */
        float x = ks_float_of_bits(bits);
        worst_tanh = fmax(worst_tanh, ulps(ks_tanh(x), tanh((double)x)));
        assert_true(ks_tanh(-x) == -ks_tanh(x));
        if (x >= 0x1p-126f) {
            worst_log = fmax(worst_log, fabs(log((double)x)) < 1e-30 ? 0 : ulps(ks_log(x), log((double)x)));
        }
    }
    for (uint32_t i = 0; i < 1u << 23; i += 3) { /* what random numbers ask for */
        float u = ((float)i + 0.5f) * 0x1p-23f;
        float s, c;
        ks_turn(&s, &c, u);
        double angle = 2 * acos(-1.0) * (double)u;
        worst_turn = fmax(worst_turn, fmax(fabs((double)s - sin(angle)), fabs((double)c - cos(angle))));
    }
    print_message("tanh %.2f and log %.2f units of the last place; sine and cosine %.1e\n", worst_tanh, worst_log,
                  worst_turn);
    assert_true(worst_tanh < 2.5);
    assert_true(worst_log < 2);
    assert_true(worst_turn < 1.2e-7);
}

static void ends(void** state) {
    (void)state;
    float s, c;
    assert_true(ks_tanh(INFINITY) == 1 && ks_tanh(-INFINITY) == -1 && ks_tanh(1e30f) == 1);
    assert_true(ks_tanh(0) == 0 && signbit(ks_tanh(-0.0f)));
    assert_true(isnan(ks_tanh(NAN)) && isnan(ks_tanh(-NAN)));
    assert_true(ks_log(1) == 0);
    ks_turn(&s, &c, 0);
    assert_true(s == 0 && c == 1);
    ks_turn(&s, &c, 0.25f);
    assert_true(s == 1 && c == 0);
    ks_turn(&s, &c, 1);
    assert_true(s == 0 && c == 1);
}

enum { MANY = 1003 };

/* one call, which the compiler cannot see into */
__attribute__((noinline)) static void one(float* out, float x) {
    float s, c;
    ks_turn(&s, &c, x);
    out[0] = ks_tanh(4 * x);
    out[1] = ks_log(x);
    out[2] = s;
    out[3] = c;
}

static void loops_give_the_same(void** state) {
    (void)state;
    float x[MANY], out[4][MANY];
    for (int i = 0; i < MANY; i++) {
        x[i] = ((float)i + 0.37f) / MANY;
    }
    for (int i = 0; i < MANY; i++) {
        ks_turn(&out[2][i], &out[3][i], x[i]);
        out[0][i] = ks_tanh(4 * x[i]);
        out[1][i] = ks_log(x[i]);
    }
    for (int i = 0; i < MANY; i++) {
        float single[4];
        one(single, x[i]);
        for (int k = 0; k < 4; k++) {
            assert_true(single[k] == out[k][i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(largest_errors), cmocka_unit_test(ends),
                                       cmocka_unit_test(loops_give_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
