#include "base/elementary_double.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LOG2_E 0x1.71547652b82fep+0
/* log 2: 42 digits, so that times an exponent it is exact, and the rest */
#define LN2 0x1.62e42fefa38p-1
#define LN2_LOW 0x1.ef35793c7673p-45
/* pi/2 in three numbers */
#define QUARTER 0x1.921fb54442d18p+0
#define QUARTER_LOW 0x1.1a62633145c07p-54
#define QUARTER_LOWEST (-0x1.f1976b7ed8fbcp-110)
#define PER_QUARTER 0x1.45f306dc9c883p-1 /* 2/pi */

/* Adding it rounds |x| < 2^51 to a whole number, which then stands in the last bits of the sum. */
#define ROUNDER 0x1.8p52

static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^n for a normal result */
static double power_of_two(int64_t n) {
    return of_bits((uint64_t)(n + 1023) << 52);
}

/* A number as the sum of two: twice the digits. */
typedef struct two {
    double high, low;
} two;

/* a + b for |a| >= |b| */
static two sum_of_ordered(double a, double b) {
    double sum = a + b;
    return (two){sum, b - (sum - a)};
}

static two sum_of(double a, double b) {
    double sum = a + b, of_b = sum - a;
    return (two){sum, (a - (sum - of_b)) + (b - of_b)};
}

static two product_of(double a, double b) {
    double product = a * b;
    return (two){product, fma(a, b, -product)};
}

/* without low · low */
static two product_of_twos(two a, two b) {
    two product = product_of(a.high, b.high);
    product.low += fma(a.high, b.low, a.low * b.high);
    return product;
}

static two ratio_of(two a, two b) {
    double ratio = a.high / b.high;
    return (two){ratio, (fma(-ratio, b.high, a.high) + (a.low - ratio * b.low)) / b.high};
}

/* c[0] + c[1] z + … + c[count - 1] z^(count - 1), even and odd powers beside each other; count is even */
static inline double series(const double* c, int count, double z) {
    double square = z * z, even = c[count - 2], odd = c[count - 1];
    for (int i = count - 4; i >= 0; i -= 2) {
        even = fma(even, square, c[i]);
        odd = fma(odd, square, c[i + 1]);
    }
    return fma(odd, z, even);
}

/* ---- exp --------------------------------------------------------------------------------------------------------- */

/* exp(x + low) = 2^n (1 + r + rest), |r| < 0.35, |x| < 800 */
static int64_t split_exp(double* r, double* rest, double x, double low) {
    static const double TERMS[] = {1 / 2.0,       1 / 6.0,        1 / 24.0,        1 / 120.0,
                                   1 / 720.0,     1 / 5040.0,     1 / 40320.0,     1 / 362880.0,
                                   1 / 3628800.0, 1 / 39916800.0, 1 / 479001600.0, 1 / 6227020800.0};
    const double sum = fma(x, LOG2_E, ROUNDER);
    const double n = sum - ROUNDER;
    const two reduced = sum_of(fma(-n, LN2, x), fma(-n, LN2_LOW, low));
    *r = reduced.high;
    *rest = fma(*r * *r, series(TERMS, 12, *r), fma(reduced.low, *r, reduced.low));
    return (int64_t)(bits_of(sum) - bits_of(ROUNDER));
}

static double exp_of(double x, double low) {
    if (!(fabs(x) < 746)) {
        return x > 0 ? INFINITY : x < 0 ? 0 : x;
    }
    double r, rest;
    int64_t n = split_exp(&r, &rest, x, low);
    two one = sum_of_ordered(1, r);
    double y = one.high + (one.low + rest);
    int64_t half = n / 2; /* both halves are normal where the whole is not */
    return y * power_of_two(half) * power_of_two(n - half);
}

double ks_double_exp(double x) {
    return exp_of(x, 0);
}

double ks_double_tanh(double x) {
    const double a = fabs(x);
    if (a < 0x1p-28 || isnan(x)) {
        return x;
    }
    if (a > 22) {
        return copysign(1, x);
    }
    double r, rest;
    double scale = power_of_two(split_exp(&r, &rest, 2 * a, 0));
    two first = sum_of(scale - 1, scale * r);
    two e = sum_of_ordered(first.high, first.low + scale * rest); /* exp(2a) - 1 */
    two below = sum_of(e.high, 2);
    below.low += e.low;
    two ratio = ratio_of(e, below);
    return copysign(ratio.high + ratio.low, x);
}

/* ---- log and powers ---------------------------------------------------------------------------------------------- */

/* x = m 2^e for a positive, finite x, m from sqrt(1/2) to sqrt(2) */
static double split(double* e, double x) {
    const uint64_t half = 0x3fe6a09e667f3bcd; /* sqrt(1/2) */
    const bool tiny = x < 0x1p-1022;
    const uint64_t bits = bits_of(tiny ? x * 0x1p54 : x);
    const int64_t exponent = (int64_t)(bits - half) >> 52;
    *e = (double)(exponent - (tiny ? 54 : 0));
    return of_bits(bits - ((uint64_t)exponent << 52));
}

/* log m = 2 (s + s^3/3 + s^5/5 + …), s = (m - 1) / (m + 1); the first terms are written so that m - 1 stays exact */
double ks_double_log(double x) {
    static const double TERMS[] = {2 / 3.0,  2 / 5.0,  2 / 7.0,  2 / 9.0,  2 / 11.0,
                                   2 / 13.0, 2 / 15.0, 2 / 17.0, 2 / 19.0, 2 / 21.0};
    if (!(x > 0 && x < INFINITY)) {
        return x > 0 || isnan(x) ? x : x < 0 ? NAN : -INFINITY;
    }
    double e;
    const double f = split(&e, x) - 1;
    const double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
    const double small = fma(s, fma(z, series(TERMS, 10, z), half), e * LN2_LOW);
    const two large = sum_of(e * LN2, f);
    const two most = sum_of(large.high, -half);
    return most.high + (most.low + (large.low + small));
}

/* log x to 2^-64 of itself, for a positive, finite x */
static two log_of(double x) {
    static const double TERMS[] = {1 / 5.0,  1 / 7.0,  1 / 9.0,  1 / 11.0, 1 / 13.0, 1 / 15.0,
                                   1 / 17.0, 1 / 19.0, 1 / 21.0, 1 / 23.0, 1 / 25.0, 1 / 27.0};
    double e;
    const double f = split(&e, x) - 1;
    const two s = ratio_of((two){f, 0}, sum_of_ordered(2, f));
    const two z = product_of_twos(s, s);
    two terms = sum_of_ordered(0x1.5555555555555p-2, z.high * series(TERMS, 12, z.high)); /* 1/3 + … */
    terms.low += 0x1.5555555555555p-56;
    const two third = product_of_twos(s, product_of_twos(z, terms));
    two sum = sum_of_ordered(s.high, third.high);
    sum.low += s.low + third.low;
    const two large = sum_of(e * LN2, 2 * sum.high);
    return sum_of_ordered(large.high, large.low + fma(e, LN2_LOW, 2 * sum.low));
}

static bool is_odd(double y) {
    return floor(y) == y && fabs(y) < 0x1p53 && floor(0.5 * y) != 0.5 * y;
}

double ks_double_pow(double x, double y) {
    const double a = fabs(x);
    if (y == 0 || x == 1) {
        return 1;
    }
    if (isnan(x) || isnan(y)) {
        return x + y;
    }
    if (isinf(y)) {
        return a == 1 ? 1 : (a > 1) == (y > 0) ? INFINITY : 0;
    }
    const double sign = signbit(x) && is_odd(y) ? -1 : 1;
    if (a == 0 || isinf(a)) {
        return sign * ((a == 0) == (y < 0) ? INFINITY : 0);
    }
    if (x < 0 && floor(y) != y) {
        return NAN;
    }
    const two log_x = log_of(a);
    const two product = product_of(y, log_x.high);
    return sign * exp_of(product.high, fma(y, log_x.low, product.low));
}

/* ---- sine, cosine, tangent --------------------------------------------------------------------------------------- */

/* 64 zeros and the digits of 2/pi */
static const uint64_t PER_QUARTER_DIGITS[] = {
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
    0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41,
    0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab};

/* 64 of them from number `first` on */
static uint64_t digits_from(int64_t first) {
    const int64_t word = first / 64, shift = first % 64;
    const uint64_t high = PER_QUARTER_DIGITS[word];
    return shift == 0 ? high : high << shift | PER_QUARTER_DIGITS[word + 1] >> (64 - shift);
}

/* As reduce, for x from 2^30 on: x/(pi/2) is the product of a whole number of 53 digits and of 192 digits of 2/pi, of
 * which those are left out that give multiples of 4 and those that give nothing. */
static unsigned reduce_large(two* r, double x) {
    __extension__ typedef unsigned __int128 wide;
    const uint64_t mantissa = (bits_of(x) & 0xfffffffffffff) | 0x10000000000000;
    const int64_t first = (int64_t)(bits_of(x) >> 52) - 1075 + 62;
    const wide last = (wide)mantissa * digits_from(first + 128);
    const wide middle = (wide)mantissa * digits_from(first + 64) + (uint64_t)(last >> 64);
    uint64_t high = mantissa * digits_from(first) + (uint64_t)(middle >> 64), low = (uint64_t)middle;
    unsigned quarters = (unsigned)(high >> 62);
    high = high << 2 | low >> 62; /* the fraction of a quarter, in units of 2^-64, and below it */
    low = low << 2 | (uint64_t)last >> 62;
    const bool above = high >> 63;
    if (above) { /* from the other side */
        quarters++;
        high = ~high;
        low = ~low;
    }
    const uint64_t rest = high & 0x7ff;
    const two fraction =
        sum_of_ordered((double)(high - rest) * 0x1p-64, fma((double)low, 0x1p-128, (double)rest * 0x1p-64));
    const two angle = product_of_twos(fraction, (two){QUARTER, QUARTER_LOW});
    *r = above ? (two){-angle.high, -angle.low} : angle;
    return quarters;
}

/* |x| = r + pi/2 times the number returned (modulo 4), |r| <= pi/4 and hardly more; x is finite */
static unsigned reduce(two* r, double x) {
    x = fabs(x);
    if (x >= 0x1p30) {
        return reduce_large(r, x);
    }
    const double sum = fma(x, PER_QUARTER, ROUNDER);
    const double n = sum - ROUNDER;
    const two most = product_of(n, QUARTER);
    const two next = product_of(n, QUARTER_LOW);
    const two high = sum_of(x - most.high, -most.low); /* the difference is exact */
    const two both = sum_of(high.high, -next.high);
    *r = sum_of_ordered(both.high, both.low + (high.low - fma(n, QUARTER_LOWEST, next.low)));
    return (unsigned)bits_of(sum);
}

static two sine_of(two r) {
    static const double TERMS[] = {-1 / 6.0,        1 / 120.0,        -1 / 5040.0,          1 / 362880.0,
                                   -1 / 39916800.0, 1 / 6227020800.0, -1 / 1307674368000.0, 1 / 355687428096000.0};
    const double z = r.high * r.high;
    return sum_of_ordered(r.high, fma(r.high * z, series(TERMS, 8, z), r.low * (1 - 0.5 * z)));
}

static two cosine_of(two r) {
    static const double TERMS[] = {1 / 24.0,        -1 / 720.0,         1 / 40320.0,          -1 / 3628800.0,
                                   1 / 479001600.0, -1 / 87178291200.0, 1 / 20922789888000.0, -1 / 6402373705728000.0};
    const two z = product_of(r.high, r.high);
    const two one = sum_of_ordered(1, -0.5 * z.high);
    const double rest = fma(-0.5, z.low, -r.high * r.low);
    return sum_of_ordered(one.high, one.low + fma(z.high * z.high, series(TERMS, 8, z.high), rest));
}

double ks_double_sin(double x) {
    if (!(fabs(x) >= 0x1p-27 && fabs(x) < INFINITY)) {
        return isinf(x) ? NAN : x;
    }
    two r;
    unsigned quarters = reduce(&r, x);
    double y = (quarters & 1 ? cosine_of(r) : sine_of(r)).high;
    return signbit(x) != ((quarters & 2) != 0) ? -y : y;
}

double ks_double_cos(double x) {
    if (!(fabs(x) < INFINITY)) {
        return NAN;
    }
    two r;
    unsigned quarters = reduce(&r, x);
    double y = (quarters & 1 ? sine_of(r) : cosine_of(r)).high;
    return (quarters + 1) & 2 ? -y : y;
}

double ks_double_tan(double x) {
    if (!(fabs(x) >= 0x1p-27 && fabs(x) < INFINITY)) {
        return isinf(x) ? NAN : x;
    }
    two r;
    unsigned quarters = reduce(&r, x);
    const two s = sine_of(r), c = cosine_of(r);
    const two ratio = quarters & 1 ? ratio_of(c, s) : ratio_of(s, c);
    double y = ratio.high + ratio.low;
    return signbit(x) != ((quarters & 1) != 0) ? -y : y;
}

/* ---- arcus tangent ----------------------------------------------------------------------------------------------- */

/* atan(a / b) = high + low, for 0 <= a <= b, b > 0, both finite: that of 0, 3/8 or 3/4, and that of what is left, |t|
 * < 0.19 */
static two atan_of(double a, double b) {
    static const double TERMS[] = {-1 / 3.0, 1 / 5.0,   -1 / 7.0, 1 / 9.0,   -1 / 11.0,
                                   1 / 13.0, -1 / 15.0, 1 / 17.0, -1 / 19.0, 1 / 21.0};
    static const struct {
        double tangent;
        two angle;
    } NEAR[] = {{0, {0, 0}},
                {0.375, {0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56}},
                {0.75, {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56}}};
    const double scale = b < 0x1p-900 ? 0x1p200 : b > 0x1p900 ? 0x1p-200 : 1; /* so that no digit is lost below */
    a *= scale;
    b *= scale;
    const int near = (a > 0.1875 * b) + (a > 0.5625 * b);
    const double tangent = NEAR[near].tangent;
    const two across = product_of(tangent, a), up = product_of(tangent, b);
    two below = sum_of_ordered(b, across.high), above = sum_of(a - up.high, -up.low); /* the difference is exact */
    below.low += across.low;
    const two t = ratio_of(above, below);
    const double z = t.high * t.high;
    two sum = sum_of(NEAR[near].angle.high, t.high);
    sum.low += fma(t.high * z, series(TERMS, 10, z), NEAR[near].angle.low + t.low);
    return sum;
}

double ks_double_atan2(double y, double x) {
    if (isnan(x) || isnan(y)) {
        return x + y;
    }
    double across = fabs(x), up = fabs(y);
    if (isinf(across) || isinf(up)) {
        across = isinf(across) ? 1 : 0;
        up = isinf(up) ? 1 : 0;
    }
    const bool steep = up > across;
    two angle = {0, 0};
    if (up > 0) {
        angle = steep ? atan_of(across, up) : atan_of(up, across);
    }
    const int quarters = steep ? 1 : signbit(x) ? 2 : 0;
    if (steep != (signbit(x) != 0)) { /* measured backwards from the axis */
        angle = (two){-angle.high, -angle.low};
    }
    two sum = sum_of(quarters * QUARTER, angle.high);
    return copysign(sum.high + (sum.low + (angle.low + quarters * QUARTER_LOW)), y);
}
