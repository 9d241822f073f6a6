/* Philox is written out here as plain loops over lanes, because the library's works on one counter at a time; the tests hold
 * it against the library's. A counter gives four numbers, and the lanes are the counters that all rows of a block need, row
 * after row, in full groups of LANES, which the compiler turns into vectors. */
#include "base/elementary.h"
#include "base/rng.h"

enum { LANES = 16, ROUNDS = 10, WORDS = 4 /* per counter */ };

/* LANES draws of Philox 4x32-10; x holds the counters, then the random words */
static void philox_lanes(uint32_t x[WORDS][LANES], ks_stream stream) {
    uint32_t k0 = stream.key[0];
    uint32_t k1 = stream.key[1];
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

/* a uniform in (0, 1) from 32 bits; in float, 23 of them, in the middle of their interval */
static ks_real uniform(uint32_t bits) {
#ifdef KS_DOUBLE
    return ((ks_real)bits + 0.5) * 0x1p-32;
#else
    return ((ks_real)(int32_t)(bits >> 9) + 0.5f) * 0x1p-23f;
#endif
}

/* each counter's two pairs of words become two pairs of normals (Box and Muller 1958) */
static void to_normals(ks_real out[WORDS][LANES], uint32_t x[WORDS][LANES]) {
    for (int pair = 0; pair < WORDS; pair += 2) {
        for (int i = 0; i < LANES; i++) {
            ks_real radius = ks_sqrt(-2 * ks_log(uniform(x[pair][i])));
            ks_real sine, cosine;
            ks_turn(&sine, &cosine, uniform(x[pair + 1][i]));
            out[pair][i] = radius * cosine;
            out[pair + 1][i] = radius * sine;
        }
    }
}

static void to_uniforms(ks_real out[WORDS][LANES], uint32_t x[WORDS][LANES]) {
    for (int w = 0; w < WORDS; w++) {
        for (int i = 0; i < LANES; i++) {
            out[w][i] = uniform(x[w][i]);
        }
    }
}

/* where a block's numbers come from */
typedef struct place {
    ks_stream stream;
    uint32_t task, step;
    const uint32_t* trajectory; /* (rows) */
} place;

/* Number c of row r is word c % 4 of the counter (task, trajectory[r], step, c / 4), made into what is wanted. */
static void fill_rows(ks_real* out, size_t rows, size_t cols, const place* p,
                      void (*convert)(ks_real out[WORDS][LANES], uint32_t x[WORDS][LANES])) {
    size_t per_row = (cols + WORDS - 1) / WORDS;
    size_t counters = rows * per_row;
    for (size_t first = 0; first < counters; first += LANES) {
        uint32_t x[WORDS][LANES];
        ks_real number[WORDS][LANES];
        for (size_t i = 0; i < LANES; i++) {
            size_t counter = first + i < counters ? first + i : counters - 1;
            x[0][i] = p->task;
            x[1][i] = p->trajectory[counter / per_row];
            x[2][i] = p->step;
            x[3][i] = (uint32_t)(counter % per_row);
        }
        philox_lanes(x, p->stream);
        convert(number, x);
        for (size_t i = 0; i < LANES && first + i < counters; i++) {
            size_t row = (first + i) / per_row;
            size_t col = (first + i) % per_row * WORDS;
            for (size_t w = 0; w < WORDS && col + w < cols; w++) {
                out[row * cols + col + w] = number[w][i];
            }
        }
    }
}

void ks_stream_normal_rows(ks_real* out, size_t rows, size_t cols, ks_stream stream, uint32_t task,
                           const uint32_t* trajectory, uint32_t step) {
    fill_rows(out, rows, cols, &(place){.stream = stream, .task = task, .step = step, .trajectory = trajectory},
              to_normals);
}

void ks_stream_uniform_rows(ks_real* out, size_t rows, size_t cols, ks_stream stream, uint32_t task,
                            const uint32_t* trajectory, uint32_t step) {
    fill_rows(out, rows, cols, &(place){.stream = stream, .task = task, .step = step, .trajectory = trajectory},
              to_uniforms);
}
