/* exp, log, powers, sine, cosine, tangent, arcus tangent and tanh in double against the C library's in long double,
 * over numbers of all sizes; at the ends against its double ones; and that the bytes are those of every other machine.
 * */
#include "base/elementary_double.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef double function(double);
typedef double function_of_two(double, double);

static double atan_of(double x) {
    return ks_double_atan2(x, 1);
}

static uint64_t next_random(uint64_t* random) {
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random ^ *random >> 29;
}

static double of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* any number, all sizes alike, infinities and not-a-numbers too */
static double any(uint64_t* random) {
    return of_bits(next_random(random) ^ next_random(random) << 32);
}

/* from -most to most */
static double within(uint64_t* random, double most) {
    return ((double)(int64_t)(next_random(random) ^ next_random(random) << 32)) * 0x1p-63 * most;
}

/* |got - want| in units of the last place of want; what is no finite number must be the same */
static double ulps(double got, long double want) {
    if (isnan(want) || isinf((double)want)) {
        double end = (double)want;
        return (isnan(got) && isnan(end)) || got == end || (fabs(got) == 0x1.fffffffffffffp1023 && isinf(end)) ? 0
                                                                                                               : 1e9;
    }
    int exponent = want == 0 ? -1022 : ilogbl(want);
    return (double)(fabsl(got - want) / ldexpl(1, (exponent < -1022 ? -1022 : exponent) - 52));
}

enum { TRIES = 400000 };

static double worst_of(function* f, long double (*exact)(long double), double most) {
    uint64_t random = 1;
    double worst = 0;
    for (int i = 0; i < TRIES; i++) {
        double x = most == 0 ? any(&random) : within(&random, most);
        worst = fmax(worst, ulps(f(x), exact(x)));
    }
    return worst;
}

static void largest_errors(void** state) {
    (void)state;
    static const struct {
        const char* name;
        function* f;
        long double (*exact)(long double);
        double range, most;
    } FUNCTIONS[] = {
        {"exp", ks_double_exp, expl, 750, 1},  {"log", ks_double_log, logl, 3, 1},  {"sin", ks_double_sin, sinl, 50, 1},
        {"cos", ks_double_cos, cosl, 50, 1},   {"tan", ks_double_tan, tanl, 50, 1}, {"atan", atan_of, atanl, 5, 1},
        {"tanh", ks_double_tanh, tanhl, 5, 1},
    };
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++) {
        double near = worst_of(FUNCTIONS[i].f, FUNCTIONS[i].exact, FUNCTIONS[i].range);
        double everywhere = worst_of(FUNCTIONS[i].f, FUNCTIONS[i].exact, 0);
        double small = worst_of(FUNCTIONS[i].f, FUNCTIONS[i].exact, 0.8);
        print_message("%-5s %.3f in ±%g, %.3f in ±0.8, %.3f everywhere\n", FUNCTIONS[i].name, near, FUNCTIONS[i].range,
                      small, everywhere);
        assert_true(fmax(fmax(near, small), everywhere) < FUNCTIONS[i].most);
    }
}

static void largest_errors_of_two(void** state) {
    (void)state;
    uint64_t random = 2;
    double worst_pow = 0, worst_atan2 = 0;
    for (int i = 0; i < TRIES; i++) {
        double x = any(&random), y = any(&random);
        double base = fabs(within(&random, i % 2 ? 1e3 : 2)), power = within(&random, i % 3 ? 10 : 1000);
        worst_pow = fmax(worst_pow, ulps(ks_double_pow(base, power), powl(base, power)));
        worst_pow = fmax(worst_pow, ulps(ks_double_pow(x, power), powl(x, power)));
        worst_pow = fmax(worst_pow, ulps(ks_double_pow(x, y), powl(x, y)));
        worst_atan2 = fmax(worst_atan2, ulps(ks_double_atan2(x, y), atan2l(x, y)));
        worst_atan2 = fmax(worst_atan2, ulps(ks_double_atan2(x, power * x), atan2l(x, power * x)));
        double small = ldexp(base, -1070);
        worst_atan2 = fmax(worst_atan2, ulps(ks_double_atan2(small, power), atan2l(small, power)));
        worst_atan2 = fmax(worst_atan2, ulps(ks_double_atan2(small, small * power), atan2l(small, small * power)));
        worst_atan2 = fmax(worst_atan2, ulps(ks_double_atan2(power, base), atan2l(power, base)));
    }
    print_message("pow %.3f, atan2 %.3f\n", worst_pow, worst_atan2);
    assert_true(worst_pow < 1);
    assert_true(worst_atan2 < 1);
}

static void angles_near_whole_quarters(void** state) {
    (void)state;
    const double hard[] = {0x1.921fb54442d18p+0,
                           0x1.6ac5b262ca1ffp+849,
                           0x1.3570efd768923p-8,
                           0x1.ffffffffffffcp+2,
                           0x1p30,
                           0x1.fffffffffffffp+29,
                           0x1.fffffffffffffp+1023,
                           1e22};
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
        assert_true(ulps(ks_double_sin(hard[i]), sinl(hard[i])) < 1);
        assert_true(ulps(ks_double_cos(-hard[i]), cosl(hard[i])) < 1);
    }
    for (int n = 1; n < 100000; n++) {
        double x = n * 0x1.921fb54442d18p+0;
        assert_true(ulps(ks_double_sin(x), sinl(x)) < 1);
        assert_true(ulps(ks_double_cos(x), cosl(x)) < 1);
    }
}

static bool same(double a, double b) {
    return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

/* zeros, infinities, not-a-number, one, and their neighbours: as the C library has them, to the sign of zero */
static void ends(void** state) {
    (void)state;
    static const double X[] = {0,   -0.0, 1,     -1,     INFINITY,  -INFINITY,  NAN,    2,      -2,      3,   -3,
                               0.5, -0.5, 1e300, -1e300, 0x1p-1074, -0x1p-1074, 0x1p52, 0x1p53, 0x1.8p1, 710, -746};
    static const struct {
        function *f, *c;
    } FUNCTIONS[] = {{ks_double_exp, exp}, {ks_double_log, log}, {ks_double_sin, sin},  {ks_double_cos, cos},
                     {ks_double_tan, tan}, {atan_of, atan},      {ks_double_tanh, tanh}};
    const size_t count = sizeof X / sizeof *X;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof FUNCTIONS / sizeof *FUNCTIONS; k++) {
            double got = FUNCTIONS[k].f(X[i]), want = FUNCTIONS[k].c(X[i]);
            bool plain = isfinite(want) && want != 0; /* then it is the errors above that count */
            assert_true(plain ? fabs(got - want) <= 1e-15 * fabs(want) : same(got, want));
        }
        for (size_t k = 0; k < count; k++) {
            double got = ks_double_pow(X[i], X[k]), want = pow(X[i], X[k]);
            bool plain = isfinite(want) && fabs(want) > 0x1p-1000 && want != 1;
            assert_true(plain ? fabs(got - want) <= 1e-15 * fabs(want) : same(got, want));
            got = ks_double_atan2(X[i], X[k]), want = atan2(X[i], X[k]);
            assert_true(isfinite(want) && want != 0 ? fabs(got - want) <= 1e-15 * fabs(want) : same(got, want));
        }
    }
}

/* what is a whole number comes out as one */
static void whole_powers(void** state) {
    (void)state;
    for (int base = 2; base < 40; base++) {
        double power = 1;
        for (int n = 0; power < 0x1p53; n++) {
            assert_true(ks_double_pow(base, n) == power);
            assert_true(ks_double_pow(-base, n) == (n % 2 ? -power : power));
            power *= base;
        }
    }
    assert_true(ks_double_exp(0) == 1 && ks_double_log(1) == 0 && ks_double_cos(0) == 1);
}

/* A checksum over results: whoever changes it changes the bytes of every environment that is made of expressions. */
static void bytes(void** state) {
    (void)state;
    static function* const ONE[] = {ks_double_exp, ks_double_log, ks_double_sin,
                                    ks_double_cos, ks_double_tan, ks_double_tanh};
    static function_of_two* const TWO[] = {ks_double_pow, ks_double_atan2};
    uint64_t random = 3, sum = 0;
    for (int i = 0; i < 100000; i++) {
        double x = i % 2 ? any(&random) : within(&random, 10), y = within(&random, 4);
        for (size_t k = 0; k < 8; k++) {
            double value = k < 6 ? ONE[k](x) : TWO[k - 6](x, y);
            uint64_t bits = 0;
            if (!isnan(value)) { /* whose bits differ between processors */
                memcpy(&bits, &value, sizeof bits);
            }
            sum = (sum ^ bits) * 0x100000001b3;
        }
    }
    print_message("checksum %016llx\n", (unsigned long long)sum);
    assert_true(sum == 0xbca4b55e78eeb0b2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(largest_errors),
                                       cmocka_unit_test(largest_errors_of_two),
                                       cmocka_unit_test(angles_near_whole_quarters),
                                       cmocka_unit_test(ends),
                                       cmocka_unit_test(whole_powers),
                                       cmocka_unit_test(bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
