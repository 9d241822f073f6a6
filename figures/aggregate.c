#include "figures/aggregate.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void* a, const void* b) {
    double x = *(const double*)a, y = *(const double*)b;
    return (x > y) - (x < y);
}

double ks_interquartile_mean(double* values, size_t count) {
    qsort(values, count, sizeof *values, by_value);
    double edge = (double)count / 4, sum = 0;
    for (size_t i = 0; i < count; i++) { /* what of [i, i + 1] lies between the quarters */
        double from = fmax((double)i, edge), to = fmin((double)i + 1, (double)count - edge);
        sum += to > from ? (to - from) * values[i] : 0;
    }
    return sum / ((double)count / 2);
}

static double mean(const double* values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum / (double)count;
}

/* score of the sample-th resample: the runs of each task drawn anew */
static void resample(double* out, double* uniform, const double* score, size_t runs, size_t tasks, uint64_t seed,
                     size_t sample) {
    ks_stream stream = ks_stream_make(seed, KS_RNG_BOOTSTRAP, sample, 0);
    ks_stream_uniform(uniform, runs * tasks, stream, 0, 0, 0);
    for (size_t run = 0; run < runs; run++) {
        for (size_t task = 0; task < tasks; task++) {
            size_t i = run * tasks + task;
            size_t drawn = (size_t)(uniform[i] * (double)runs);
            out[i] = score[(drawn < runs ? drawn : runs - 1) * tasks + task];
        }
    }
}

/* the interval of sorted values, between which it takes what lies in proportion */
static double percentile(const double* sorted, size_t count, double share) {
    double at = share * (double)(count - 1);
    size_t below = (size_t)at, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

static void set_interval(ks_interval* interval, double* values, size_t count) {
    qsort(values, count, sizeof *values, by_value);
    interval->low = percentile(values, count, 0.025);
    interval->high = percentile(values, count, 0.975);
}

bool ks_aggregate_scores(ks_aggregate* result, const double* score, size_t runs, size_t tasks, size_t samples,
                         uint64_t seed, ks_error* err) {
    size_t n = runs * tasks;
    double *drawn = calloc(n, sizeof *drawn), *uniform = calloc(n, sizeof *uniform);
    double *means = calloc(samples + 1, sizeof *means), *iqms = calloc(samples + 1, sizeof *iqms);
    bool ok = drawn && uniform && means && iqms;
    if (ok) {
        for (size_t i = 0; i < n; i++) {
            drawn[i] = score[i];
        }
        result->mean.value = mean(score, n);
        result->iqm.value = ks_interquartile_mean(drawn, n);
        for (size_t s = 0; s < samples; s++) {
            resample(drawn, uniform, score, runs, tasks, seed, s);
            means[s] = mean(drawn, n);
            iqms[s] = ks_interquartile_mean(drawn, n);
        }
        set_interval(&result->mean, means, samples);
        set_interval(&result->iqm, iqms, samples);
    }
    free(drawn);
    free(uniform);
    free(means);
    free(iqms);
    return ok || ks_fail(err, KS_FAILED, "not enough memory");
}
