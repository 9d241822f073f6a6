/* compiled with -ffast-math (but not -ffinite-math-only), at this file's level only, so that log, sin and cos are vectorised.
 *
 * Philox is written out here as plain loops over lanes, because the library's works on one counter at a time; the tests hold
 * it against the library's. Every row is computed in full groups of LANES, so that a number never depends on what else is
 * computed beside it (a vectorised loop's remainder may round differently). */
#include "rl/rng.h"

#include <tgmath.h>

enum { LANES = 16, ROUNDS = 10 };

/* LANES draws of Philox 4x32-10, draw i with the counter (task, trajectory, step, first + i) */
static void philox_lanes(uint32_t x[4][LANES], ks_stream stream, uint32_t task, uint32_t trajectory, uint32_t step,
                         uint32_t first) {
    uint32_t k0 = stream.key[0];
    uint32_t k1 = stream.key[1];
    for (uint32_t i = 0; i < LANES; i++) {
        x[0][i] = task;
        x[1][i] = trajectory;
        x[2][i] = step;
        x[3][i] = first + i;
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < LANES; i++) {
            uint64_t a = (uint64_t)x[0][i] * 0xD2511F53u;
            uint64_t b = (uint64_t)x[2][i] * 0xCD9E8D57u;
            x[0][i] = (uint32_t)(b >> 32) ^ x[1][i] ^ k0;
            x[1][i] = (uint32_t)b;
            x[2][i] = (uint32_t)(a >> 32) ^ x[3][i] ^ k1;
            x[3][i] = (uint32_t)a;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* a uniform in (0, 1) from 32 bits; in float, 24 of them, in the middle of their interval */
static ks_real uniform(uint32_t bits) {
#ifdef KS_DOUBLE
    return ((ks_real)bits + 0.5) * 0x1p-32;
#else
    return ((ks_real)(bits >> 9) + 0.5f) * 0x1p-23f;
#endif
}

/* 4 * LANES normals */
static void normals(ks_real out[4 * LANES], ks_stream stream, uint32_t task, uint32_t trajectory, uint32_t step,
                    uint32_t first) {
    uint32_t x[4][LANES];
    philox_lanes(x, stream, task, trajectory, step, first);
    for (int half = 0; half < 2; half++) {
        for (int i = 0; i < LANES; i++) {
            ks_real radius = sqrt(-2 * log(uniform(x[2 * half][i])));
            ks_real angle = (ks_real)6.283185307179586 * uniform(x[2 * half + 1][i]);
            out[2 * half * LANES + i] = radius * cos(angle);
            out[(2 * half + 1) * LANES + i] = radius * sin(angle);
        }
    }
}

void ks_stream_normal_rows(ks_real* out, size_t rows, size_t cols, ks_stream stream, uint32_t task,
                           const uint32_t* trajectory, uint32_t step) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < cols; c += 4 * LANES) {
            ks_real draw[4 * LANES];
            normals(draw, stream, task, trajectory[r], step, (uint32_t)(c / 4));
            for (size_t i = 0; i < 4 * LANES && c + i < cols; i++) {
                out[r * cols + c + i] = draw[i];
            }
        }
    }
}

void ks_stream_uniform_rows(ks_real* out, size_t rows, size_t cols, ks_stream stream, uint32_t task,
                            const uint32_t* trajectory, uint32_t step) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < cols; c += 4 * LANES) {
            uint32_t x[4][LANES];
            philox_lanes(x, stream, task, trajectory[r], step, (uint32_t)(c / 4));
            for (size_t i = 0; i < 4 * LANES && c + i < cols; i++) {
                out[r * cols + c + i] = uniform(x[i / LANES][i % LANES]);
            }
        }
    }
}
