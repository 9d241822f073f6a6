/* aggregate.h: what several training runs come to, in the way that Agarwal et al. (2021, "Deep reinforcement learning at the edge of the
 * statistical precipice") recommend: the interquartile mean of all scores, and intervals from a stratified bootstrap over runs.
 *
 * Scores are (runs x tasks), row by row: score[run * tasks + task].
 * Thread rule: pure. */
#ifndef KS_FIGURES_AGGREGATE_H
#define KS_FIGURES_AGGREGATE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct ks_interval {
    double value, low, high; /* a statistic, with its 95 % interval */
} ks_interval;

typedef struct ks_aggregate {
    ks_interval mean, iqm;
} ks_aggregate;

/* The statistics of all scores, which are finite. The interquartile mean is that of the middle half; where a quarter is no whole number of
 * scores, the two at the edges count in part. Each of `samples` > 0 resamples draws, task by task, as many runs as there are, with replacement; the interval
 * is from the 2.5th to the 97.5th percentile. The same seed gives the same interval. Errors: KS_FAILED (memory). */
bool ks_aggregate_scores(ks_aggregate* result, const double* score, size_t runs, size_t tasks, size_t samples,
                         uint64_t seed, ks_error* err);

#endif
