#include "maml/tally.h"

#include "base/parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ks_tally_init(ks_tally* t, ks_team team, size_t tasks, int threads, ks_error* err) {
    size_t size = team.size > 1 ? team.size : 1;
    *t = (ks_tally){.team = team, .tasks = tasks, .threads = threads};
    t->first = size > 1 ? ks_team_first(tasks, team.rank, size) : 0;
    t->groups = size > 1 ? ks_team_first(tasks, team.rank + 1, size) - t->first : tasks;
    t->left_out = calloc(tasks, sizeof *t->left_out);
    t->counted = tasks;
    return t->left_out || ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", tasks);
}

void ks_tally_free(ks_tally* t) {
    free(t->left_out);
    *t = (ks_tally){0};
}

void ks_tally_start(ks_tally* t) {
    memset(t->left_out, 0, t->tasks * sizeof *t->left_out);
    t->counted = t->tasks;
}

void ks_tally_leave_out(ks_tally* t, size_t task) {
    t->counted -= !t->left_out[task];
    t->left_out[task] = true;
}

bool ks_tally_leave_out_broken(ks_tally* t, const double* all, size_t n) {
    size_t before = t->counted;
    for (size_t i = 0; i < t->tasks; i++) {
        for (size_t j = 0; j < n && !t->left_out[i]; j++) {
            if (!isfinite(all[i * n + j])) {
                ks_tally_leave_out(t, i);
            }
        }
    }
    return t->counted < before;
}

bool ks_tally_gather(const ks_tally* t, double* all, const double* own, size_t n, ks_error* err) {
    if (t->team.size <= 1) {
        memmove(all, own, t->groups * n * sizeof *all);
        return true;
    }
    return t->team.gather(t->team.user, all, own, t->tasks, n, err);
}

double ks_tally_mean(const ks_tally* t, const double* all) {
    double sum = 0;
    for (size_t i = 0; i < t->tasks; i++) {
        sum += t->left_out[i] ? 0 : all[i];
    }
    return sum / (double)t->counted;
}

double ks_tally_std(const ks_tally* t, const double* all) {
    double mean = ks_tally_mean(t, all);
    double sum = 0;
    for (size_t i = 0; i < t->tasks; i++) {
        sum += t->left_out[i] ? 0 : (all[i] - mean) * (all[i] - mean);
    }
    return sqrt(sum / (double)t->counted);
}

/* columns of one work item */
enum { SLICE = 512 };

typedef struct mean_job {
    double* out;
    const ks_tally* tally;
    const double* all;
    size_t n;
} mean_job;

/* x / counted for all numbers, without a division, which takes several times as long. 1/counted is high + low to twice the digits of
 * a double, and x / counted is never as near to the middle between two doubles as what that leaves out: it would have to be so near
 * that x - counted · middle, a whole multiple of x's last digit over two, were less than one. So the result is the quotient, rounded
 * once (Brisebarre and Muller 2008), as long as x · low does not vanish (|x| > 1e-280). */
static void mean_item(void* user, size_t index, int thread) {
    (void)thread;
    const mean_job* job = user;
    const ks_tally* t = job->tally;
    size_t first = index * SLICE;
    size_t n = job->n - first < SLICE ? job->n - first : SLICE;
    double* restrict out = job->out + first;
    const double counted = (double)t->counted, high = 1 / counted, low = -fma(high, counted, -1) / counted;
    memset(out, 0, n * sizeof *out);
    for (size_t i = 0; i < t->tasks; i++) {
        const double* restrict row = job->all + i * job->n + first;
        for (size_t j = 0; !t->left_out[i] && j < n; j++) {
            out[j] += fma(row[j], high, row[j] * low);
        }
    }
}

void ks_tally_mean_row(double* out, const ks_tally* t, const double* all, size_t n) {
    mean_job job = {out, t, all, n};
    size_t slices = (n + SLICE - 1) / SLICE;
    if (slices == 1) {
        mean_item(&job, 0, 0);
    } else {
        ks_parallel_for(t->threads, slices, mean_item, &job);
    }
}
