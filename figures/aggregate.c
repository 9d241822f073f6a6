#include "figures/aggregate.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void* a, const void* b) {
    double x = *(const double*)a, y = *(const double*)b;
    return (x > y) - (x < y);
}

/* a score, and where it stands */
typedef struct ranked {
    double value;
    size_t at;
} ranked;

/* One resample: how often each score is in it. With the scores in order, its interquartile mean needs no sorting. */
typedef struct resample {
    size_t runs, tasks;
    const ranked* sorted; /* (runs x tasks) */
    size_t* times;        /* (runs x tasks), by place */
    double* uniform;
} resample;

static void draw(resample* r, uint64_t seed, size_t sample) {
    size_t n = r->runs * r->tasks;
    ks_stream_uniform(r->uniform, n, ks_stream_make(seed, KS_RNG_BOOTSTRAP, sample, 0), 0, 0, 0);
    memset(r->times, 0, n * sizeof *r->times);
    for (size_t i = 0; i < n; i++) {
        size_t run = (size_t)(r->uniform[i] * (double)r->runs);
        r->times[(run < r->runs ? run : r->runs - 1) * r->tasks + i % r->tasks]++;
    }
}

static void summarise(double* mean, double* iqm, const resample* r) {
    double n = (double)(r->runs * r->tasks), at = 0, sum = 0, inner = 0;
    for (size_t k = 0; k < r->runs * r->tasks; k++) {
        double value = r->sorted[k].value, times = (double)r->times[r->sorted[k].at];
        double from = fmax(at, n / 4), to = fmin(at + times, n - n / 4);
        sum += times * value;
        inner += to > from ? (to - from) * value : 0;
        at += times;
    }
    *mean = sum / n;
    *iqm = inner / (n / 2);
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
    ranked* sorted = calloc(n, sizeof *sorted);
    resample r = {.runs = runs, .tasks = tasks, .sorted = sorted};
    r.times = calloc(n, sizeof *r.times);
    r.uniform = calloc(n, sizeof *r.uniform);
    double *means = calloc(samples + 1, sizeof *means), *iqms = calloc(samples + 1, sizeof *iqms);
    bool ok = sorted && r.times && r.uniform && means && iqms;
    if (ok) {
        for (size_t i = 0; i < n; i++) {
            sorted[i] = (ranked){score[i], i};
            r.times[i] = 1;
        }
        qsort(sorted, n, sizeof *sorted, by_value); /* the value is its first member */
        summarise(&result->mean.value, &result->iqm.value, &r);
        for (size_t s = 0; s < samples; s++) {
            draw(&r, seed, s);
            summarise(&means[s], &iqms[s], &r);
        }
        set_interval(&result->mean, means, samples);
        set_interval(&result->iqm, iqms, samples);
    }
    free(sorted);
    free(r.times);
    free(r.uniform);
    free(means);
    free(iqms);
    return ok || ks_fail(err, KS_FAILED, "not enough memory");
}
