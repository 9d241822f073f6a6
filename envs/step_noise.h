/* step_noise.h: random numbers for the steps of an environment whose rewards or transitions are random.
 *
 * An environment draws no random numbers: all that it has is what `reset` is handed. Two uniforms of that name a stream (base/rng.h),
 * from which every step reads its own place. So a world's steps still follow from its start and its actions alone, episodes may be as
 * long as anybody likes, and two trajectories of a task share no luck.
 *
 * Thread rule: plain data, that belongs to its world. */
#ifndef KS_ENVS_STEP_NOISE_H
#define KS_ENVS_STEP_NOISE_H

#include "base/rng.h"

enum { KS_STEP_NOISE_UNIFORMS = 2 }; /* what it costs in the def's reset_uniforms */

typedef struct ks_step_noise {
    ks_stream stream;
    uint32_t place; /* of the next number */
} ks_step_noise;

/* To be called by reset, with KS_STEP_NOISE_UNIFORMS of the uniforms that it is handed. */
ks_step_noise ks_step_noise_start(const double* uniform);

/* The next number. Every step should read as many as every other, so that what is drawn later does not depend on what was done. */
double ks_step_noise_uniform(ks_step_noise* noise); /* in (0, 1) */
double ks_step_noise_normal(ks_step_noise* noise);  /* mean 0, std 1 */

#endif
