/* rng.h: random streams that are counted, not advanced.
 *
 * Every random number is a function of (seed, purpose, iteration, stage) - the stream - and of (task, trajectory, step,
 * index) - the place in it - through Philox 4x32-10 (Salmon et al. 2011; library Random123). Nothing draws from shared
 * state, so results do not depend on the number of threads, and a resumed run equals an uninterrupted one.
 *
 * Thread rule: everything here is pure. */
#ifndef KS_BASE_RNG_H
#define KS_BASE_RNG_H

#include "base/real.h"

#include <stddef.h>
#include <stdint.h>

/* What a stream is for. Numbers are part of a run's reproducibility: never renumber, only add. */
typedef enum ks_purpose {
    KS_RNG_INIT = 1,        /* initial parameters */
    KS_RNG_TASK = 2,        /* training tasks */
    KS_RNG_RESET = 3,       /* start states */
    KS_RNG_ACTION = 4,      /* action noise */
    KS_RNG_CURVATURE = 5,   /* which timesteps the curvature is measured on */
    KS_RNG_HELD_OUT = 6,    /* held-out tasks */
    KS_RNG_IMAGES = 7,      /* image sets: where classes go, characters that are drawn */
    KS_RNG_BOOTSTRAP = 8,   /* which runs a resample has */
    KS_RNG_TUNE = 9,        /* settings that are tried */
    KS_RNG_VALIDATION = 10, /* tasks on which a policy in training is validated */
} ks_purpose;

typedef struct ks_stream {
    uint32_t key[2];
} ks_stream;

/* iteration and stage (gradient steps taken before sampling) are 0 where they mean nothing. */
ks_stream ks_stream_make(uint64_t seed, ks_purpose purpose, uint64_t iteration, uint32_t stage);

/* n uniforms in the open interval (0, 1), with 53 bits. */
void ks_stream_uniform(double* out, size_t n, ks_stream stream, uint32_t task, uint32_t trajectory, uint32_t step);
/* n standard normals (Box-Muller, in double). */
void ks_stream_normal(double* out, size_t n, ks_stream stream, uint32_t task, uint32_t trajectory, uint32_t step);

/* Action noise for rows of a block, written to be vectorised: out (rows x cols), row i for (task, trajectory[i], step); its
 * number c comes from word c % 4 of the counter (task, trajectory[i], step, c / 4).
 * Standard normals (Box-Muller; in float from 23 bits, so that |x| < 5.8), or uniforms in (0, 1). */
void ks_stream_normal_rows(ks_real* out, size_t rows, size_t cols, ks_stream stream, uint32_t task,
                           const uint32_t* trajectory, uint32_t step);
void ks_stream_uniform_rows(ks_real* out, size_t rows, size_t cols, ks_stream stream, uint32_t task,
                            const uint32_t* trajectory, uint32_t step);

#endif
