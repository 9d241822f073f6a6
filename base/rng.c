#include "base/rng.h"

#include <Random123/philox.h>
#include <math.h>

static philox4x32_ctr_t philox(const uint32_t key[2], uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    philox4x32_key_t k = {{key[0], key[1]}};
    philox4x32_ctr_t counter = {{a, b, c, d}};
    return philox4x32(counter, k);
}

ks_stream ks_stream_make(uint64_t seed, ks_purpose purpose, uint64_t iteration, uint32_t stage) {
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    philox4x32_ctr_t hash = philox(key, (uint32_t)iteration, (uint32_t)(iteration >> 32), stage, (uint32_t)purpose);
    return (ks_stream){{hash.v[0], hash.v[1]}};
}

void ks_stream_uniform(double* out, size_t n, ks_stream stream, uint32_t task, uint32_t trajectory, uint32_t step) {
    for (size_t i = 0; i < n; i += 2) {
        philox4x32_ctr_t x = philox(stream.key, task, trajectory, step, (uint32_t)(i / 2));
        for (size_t j = i; j < n && j < i + 2; j++) {
            uint64_t bits = ((uint64_t)x.v[2 * (j - i) + 1] << 32) | x.v[2 * (j - i)];
            /* 53 bits, in the middle of their interval, so that neither 0 nor 1 comes out */
            out[j] = fmin(((double)(bits >> 11) + 0.5) * 0x1p-53, 1 - 0x1p-53);
        }
    }
}

/* Box and Muller 1958: two uniforms make two normals */
void ks_stream_normal(double* out, size_t n, ks_stream stream, uint32_t task, uint32_t trajectory, uint32_t step) {
    const double two_pi = 2 * acos(-1.0);
    for (size_t i = 0; i < n; i += 2) {
        philox4x32_ctr_t x = philox(stream.key, task, trajectory, step, (uint32_t)(i / 2));
        uint64_t a = ((uint64_t)x.v[1] << 32) | x.v[0];
        uint64_t b = ((uint64_t)x.v[3] << 32) | x.v[2];
        double radius = sqrt(-2 * log(((double)(a >> 11) + 0.5) * 0x1p-53));
        double angle = two_pi * ((double)(b >> 11) + 0.5) * 0x1p-53;
        out[i] = radius * cos(angle);
        if (i + 1 < n) {
            out[i + 1] = radius * sin(angle);
        }
    }
}
