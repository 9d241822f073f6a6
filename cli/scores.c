#include "cli/scores.h"

#include "figures/csv.h"
#include "run/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 64 };

/* the column of the problem that it was an evaluation of */
static const char* metric_of(const ks_csv* csv) {
    for (int i = 0; i < KS_NUM_PROBLEMS; i++) {
        const char* name = ks_problem_kinds[i]->acts ? "mean_return" : ks_problem_kinds[i]->metric;
        if (ks_csv_find(csv, name)) {
            return name;
        }
    }
    return "mean_return"; /* which is missing then */
}

/* how many tasks and gradient steps there are, or, with values, what they are */
static bool read_rows(ks_scores* s, const char* path, const char* named, bool values, ks_error* err) {
    ks_csv csv;
    size_t label, task, step, metric;
    bool more = true;
    if (!ks_csv_open(&csv, path, err)) {
        return false;
    }
    snprintf(s->metric, sizeof s->metric, "%s", metric_of(&csv));
    bool ok = ks_csv_column(&label, &csv, "label", err) && ks_csv_column(&task, &csv, "task", err) &&
              ks_csv_column(&step, &csv, "gradient_step", err) && ks_csv_column(&metric, &csv, s->metric, err);
    while (ok && (ok = ks_csv_next(&csv, &more, false, err)) && more) {
        int64_t i, j;
        double x;
        if (strcmp(csv.fields[label], named) != 0) { /* images by another norm than in training */
            continue;
        }
        ok = ks_csv_int(&i, &csv, task, 0, 1000000, err) && ks_csv_int(&j, &csv, step, 0, STEPS, err) &&
             ks_csv_any_number(&x, &csv, metric, err);
        if (ok && values) {
            s->value[(size_t)j * s->tasks + (size_t)i] = x;
        } else if (ok) {
            s->tasks = (size_t)i + 1 > s->tasks ? (size_t)i + 1 : s->tasks;
            s->steps = (int)j > s->steps ? (int)j : s->steps;
        }
    }
    ks_csv_close(&csv);
    return ok;
}

bool ks_scores_read(ks_scores* s, const char* path, const char* label, ks_error* err) {
    *s = (ks_scores){.steps = -1};
    if (!read_rows(s, path, label, false, err)) {
        return false;
    }
    if (s->steps < 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s: there are no rows of %s", path, label);
    }
    s->value = calloc((size_t)(s->steps + 1) * s->tasks, sizeof *s->value);
    return (s->value || ks_fail(err, KS_FAILED, "not enough memory")) && read_rows(s, path, label, true, err);
}

double ks_scores_mean(const ks_scores* s, int step) {
    double sum = 0;
    for (size_t t = 0; t < s->tasks; t++) {
        sum += s->value[(size_t)step * s->tasks + t];
    }
    return sum / (double)s->tasks;
}

void ks_scores_free(ks_scores* s) {
    free(s->value);
    s->value = NULL;
}
