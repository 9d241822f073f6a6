#include "maml/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ks_tally_init(ks_tally* t, ks_team team, size_t tasks, ks_error* err) {
    size_t size = team.size > 1 ? team.size : 1;
    *t = (ks_tally){.team = team, .tasks = tasks};
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

void ks_tally_mean_row(double* out, const ks_tally* t, const double* all, size_t n) {
    memset(out, 0, n * sizeof *out);
    for (size_t i = 0; i < t->tasks; i++) {
        if (t->left_out[i]) {
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            out[j] += all[i * n + j] / (double)t->counted;
        }
    }
}
