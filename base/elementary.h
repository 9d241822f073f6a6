/* elementary.h: tanh, log, sine and cosine in ks_real for loops that the compiler vectorises, the same bytes on every processor.
 *
 * In float each is a polynomial after the reduction of its argument (coefficients: Moshier's Cephes library, single precision), written
 * with explicit fused multiply-adds and without branches, so that one lane of a vector gives what a single call gives. The
 * largest errors, over all floats of the range, are in tests/test_elementary.c. In the double build, which is for tests, they are
 * the C library's.
 * Thread rule: pure. */
#ifndef KS_BASE_ELEMENTARY_H
#define KS_BASE_ELEMENTARY_H

#include "base/real.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef KS_DOUBLE

static inline double ks_tanh(double x) {
    return tanh(x);
}

static inline double ks_log(double x) {
    return log(x);
}

static inline double ks_sqrt(double x) {
    return sqrt(x);
}

static inline void ks_turn(double* sine, double* cosine, double u) {
    *sine = sin(6.283185307179586477 * u);
    *cosine = cos(6.283185307179586477 * u);
}

#else

static inline uint32_t ks_float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float ks_float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Adding it rounds |x| < 2^22 to a whole number, which then stands in the last bits of the sum. */
#define KS_ROUNDER 0x1.8p23f

/* tanh x. |x| < .625: an odd polynomial; else 1 - 2 / (exp(2|x|) + 1) with the sign of x. Not-a-number stays. */
static inline float ks_tanh(float x) {
    const float z = x * x;
    float p = fmaf(-5.70498872745e-3f, z, 2.06390887954e-2f);
    p = fmaf(p, z, -5.37397155531e-2f);
    p = fmaf(p, z, 1.33314422036e-1f);
    p = fmaf(p, z, -3.33332819422e-1f);
    const float a = fabsf(x);
    const float near = fmaf(p * z, a, a);

    const float y = 2 * (a > 10 ? 10 : a); /* tanh 10 is 1 in float */
    const float sum = fmaf(y, 1.44269504088896341f, KS_ROUNDER);
    const float n = sum - KS_ROUNDER;
    float r = fmaf(n, -0.693359375f, y); /* exp y = 2^n exp r */
    r = fmaf(n, 2.12194440e-4f, r);
    float q = fmaf(1.9875691500e-4f, r, 1.3981999507e-3f);
    q = fmaf(q, r, 8.3334519073e-3f);
    q = fmaf(q, r, 4.1665795894e-2f);
    q = fmaf(q, r, 1.6666665459e-1f);
    q = fmaf(q, r, 5.0000001201e-1f);
    q = fmaf(q, r * r, r) + 1;
    const float power = ks_float_of_bits((ks_float_bits(sum) - ks_float_bits(KS_ROUNDER) + 127) << 23);
    const float far = 1 - 2 / fmaf(q, power, 1);
    return copysignf(a < 0.625f ? near : far, x);
}

/* log x for a normal, positive, finite x. */
static inline float ks_log(float x) {
    const uint32_t half = 0x3f3504f3; /* sqrt(1/2): x = m 2^e, m from there to sqrt(2) */
    const uint32_t bits = ks_float_bits(x);
    const int32_t e = (int32_t)(bits - half) >> 23;
    const float f = ks_float_of_bits(bits - ((uint32_t)e << 23)) - 1;
    const float z = f * f;
    float p = fmaf(7.0376836292e-2f, f, -1.1514610310e-1f);
    p = fmaf(p, f, 1.1676998740e-1f);
    p = fmaf(p, f, -1.2420140846e-1f);
    p = fmaf(p, f, 1.4249322787e-1f);
    p = fmaf(p, f, -1.6668057665e-1f);
    p = fmaf(p, f, 2.0000714765e-1f);
    p = fmaf(p, f, -2.4999993993e-1f);
    p = fmaf(p, f, 3.3333331174e-1f);
    float y = p * z * f;
    y = fmaf((float)e, -2.12194440e-4f, y);
    y = fmaf(-0.5f, z, y);
    return fmaf((float)e, 0.693359375f, f + y);
}

static inline float ks_sqrt(float x) {
    return sqrtf(x);
}

/* Sine and cosine of u whole turns, 0 <= u <= 1. The reduction is exact: 4u = quarter turns + what is left. */
static inline void ks_turn(float* sine, float* cosine, float u) {
    const float sum = fmaf(4, u, KS_ROUNDER);
    const uint32_t quarter = ks_float_bits(sum);
    const float x = (4 * u - (sum - KS_ROUNDER)) * 1.57079632679489662f;
    const float z = x * x;
    float s = fmaf(-1.9515295891e-4f, z, 8.3321608736e-3f);
    s = fmaf(s, z, -1.6666654611e-1f);
    s = fmaf(s * z, x, x);
    float c = fmaf(2.443315711809948e-5f, z, -1.388731625493765e-3f);
    c = fmaf(c, z, 4.166664568298827e-2f);
    c = fmaf(c, z * z, fmaf(-0.5f, z, 1));
    const float a = quarter & 1 ? c : s;
    const float b = quarter & 1 ? s : c;
    *sine = quarter & 2 ? -a : a;
    *cosine = (quarter + 1) & 2 ? -b : b;
}

#endif

#endif
