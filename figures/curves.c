#include "figures/curves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* one run */
typedef struct run {
    const ks_metric* metric;
    int steps;
    bool acts;
    size_t rows, room;
    ks_curve_row* data;
} run;

/* ---- reading -------------------------------------------------------------------------------------------------------------- */

static bool grow(run* r, ks_error* err) {
    if (r->rows < r->room) {
        return true;
    }
    size_t room = r->room ? 2 * r->room : 256;
    ks_curve_row* grown = realloc(r->data, room * sizeof *grown);
    if (!grown) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu iterations", room);
    }
    r->data = grown;
    r->room = room;
    return true;
}

static bool read_rows(run* r, ks_csv* csv, ks_error* err) {
    size_t iteration, env_steps = 0, column[KS_CURVE_STAGES] = {0};
    r->metric = ks_metric_of_progress(&column[KS_BEFORE], &column[KS_AFTER], &r->steps, csv, err);
    r->acts = r->metric && r->metric->acts;
    if (!r->metric || !ks_csv_column(&iteration, csv, "iteration", err) ||
        (r->acts && !ks_csv_column(&env_steps, csv, "env_steps", err))) {
        return false;
    }
    bool more = true, validates = ks_metric_of_validation(&column[KS_VALIDATED], r->metric, csv);
    while (ks_csv_next(csv, &more, true, err) && more) {
        int64_t number;
        if (!grow(r, err) || !ks_csv_int(&number, csv, iteration, (int64_t)r->rows, (int64_t)r->rows, err)) {
            return false;
        }
        ks_curve_row* row = &r->data[r->rows];
        *row = (ks_curve_row){.stage = {[KS_VALIDATED] = NAN}};
        bool validated = validates && *csv->fields[column[KS_VALIDATED]];
        if ((r->acts && !ks_csv_number(&row->env_steps, csv, env_steps, err)) ||
            !ks_csv_number(&row->stage[KS_BEFORE], csv, column[KS_BEFORE], err) ||
            !ks_csv_number(&row->stage[KS_AFTER], csv, column[KS_AFTER], err) ||
            (validated && !ks_csv_number(&row->stage[KS_VALIDATED], csv, column[KS_VALIDATED], err))) {
            return false;
        }
        r->rows++;
    }
    return !more; /* otherwise a row was malformed */
}

static bool read_run(run* r, const char* path, ks_error* err) {
    ks_csv csv;
    *r = (run){0};
    if (!ks_csv_open(&csv, path, err)) {
        return false;
    }
    bool ok = read_rows(r, &csv, err);
    if (ok && r->rows == 0) {
        ok = ks_fail(err, KS_BAD_INPUT, "%s: there is no iteration in it (yet)", path);
    }
    ks_csv_close(&csv);
    return ok;
}

/* the curve of that label, or a new one */
static ks_curve* find_curve(ks_curves* all, const run* r, const char* path, const char* label, ks_error* err) {
    for (size_t i = 0; i < all->count; i++) {
        ks_curve* c = &all->curves[i];
        if (strcmp(c->label, label) != 0) {
            continue;
        }
        if (c->steps != r->steps) {
            ks_fail(err, KS_BAD_INPUT, "%s: a run of %d gradient steps; those before it that are labelled '%s' have %d",
                    path, r->steps, label, c->steps);
            return NULL;
        }
        if (c->runs == KS_CURVES_MAX_RUNS) {
            ks_fail(err, KS_BAD_INPUT, "%s: one run too many that is labelled '%s': a curve is of at most %d", path,
                    label, KS_CURVES_MAX_RUNS);
            return NULL;
        }
        return c;
    }
    if (all->count == KS_CURVES_MAX) {
        ks_fail(err, KS_BAD_INPUT, "%s: label '%s' is one too many: a figure shows at most %d", path, label,
                KS_CURVES_MAX);
        return NULL;
    }
    ks_curve* c = &all->curves[all->count++];
    *c = (ks_curve){.steps = r->steps, .acts = r->acts, .rows = r->rows};
    snprintf(c->label, sizeof c->label, "%s", label);
    return c;
}

bool ks_curves_add(ks_curves* curves, const char* progress_csv, const char* label, ks_error* err) {
    run r;
    bool ok = read_run(&r, progress_csv, err);
    if (ok && curves->metric && curves->metric != r.metric) {
        ok = ks_fail(err, KS_BAD_INPUT, "%s: a run with %s_0; those before have %s_0, and a figure shows one",
                     progress_csv, r.metric->progress, curves->metric->progress);
    }
    ks_curve* curve = ok ? find_curve(curves, &r, progress_csv, label, err) : NULL;
    if (!curve) {
        free(r.data);
        return false;
    }
    curves->metric = r.metric;
    curve->rows = r.rows < curve->rows ? r.rows : curve->rows;
    curve->run[curve->runs++] = r.data;
    return true;
}

/* ---- summing up ----------------------------------------------------------------------------------------------------------- */

static bool allocate(ks_curve* c, size_t block, ks_error* err) {
    c->points = c->rows > block ? c->rows / block : 1;
    c->iteration = calloc(c->points, sizeof *c->iteration);
    c->env_steps = calloc(c->points, sizeof *c->env_steps);
    bool ok = c->iteration && c->env_steps;
    for (int s = 0; s < KS_CURVE_STAGES; s++) {
        c->raw[s] = calloc(c->points, sizeof *c->raw[s]);
        c->mean[s] = calloc(c->points, sizeof *c->mean[s]);
        c->low[s] = calloc(c->points, sizeof *c->low[s]);
        c->high[s] = calloc(c->points, sizeof *c->high[s]);
        ok = ok && c->raw[s] && c->mean[s] && c->low[s] && c->high[s];
    }
    return ok || ks_fail(err, KS_FAILED, "not enough memory for %zu points", c->points);
}

/* NAN where there is none. */
static double mean_of(const ks_curve_row* rows, size_t count, int stage) {
    double sum = 0;
    size_t there = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isnan(rows[i].stage[stage])) {
            sum += rows[i].stage[stage];
            there++;
        }
    }
    return there > 0 ? sum / (double)there : NAN;
}

/* Iterations of a point; the last block takes what is left. */
static size_t block_start(const ks_curve* c, size_t point, size_t block) {
    return point < c->points ? point * block : c->rows;
}

/* The mean of a point and of `beside` to either side. At the start, where curves are steep, as many after it as before it; at the end,
 * where they are flat, those that there are. */
static double smoothed(const double* values, size_t points, size_t point, size_t beside) {
    size_t reach = point < beside ? point : beside;
    size_t last = point + reach < points ? point + reach : points - 1;
    double sum = 0;
    for (size_t p = point - reach; p <= last; p++) {
        sum += values[p];
    }
    return sum / (double)(last - point + reach + 1);
}

/* One run's share of a stage; values is scratch (points). */
static void add_stage(ks_curve* c, size_t run_index, int stage, const ks_curves* all, double* values) {
    const ks_curve_row* rows = c->run[run_index];
    size_t beside = stage == KS_VALIDATED ? 0 : all->beside;
    double share = 1.0 / (double)(run_index + 1);
    for (size_t p = 0; p < c->points; p++) {
        size_t first = block_start(c, p, all->block);
        values[p] = mean_of(rows + first, block_start(c, p + 1, all->block) - first, stage);
        c->validated = c->validated || (stage == KS_VALIDATED && !isnan(values[p]));
    }
    for (size_t p = 0; p < c->points; p++) {
        double value = smoothed(values, c->points, p, beside);
        c->raw[stage][p] += share * (values[p] - c->raw[stage][p]);
        c->mean[stage][p] += share * (value - c->mean[stage][p]);
        c->low[stage][p] = run_index == 0 ? value : fmin(c->low[stage][p], value);
        c->high[stage][p] = run_index == 0 ? value : fmax(c->high[stage][p], value);
    }
}

static bool sum_up(ks_curve* c, const ks_curves* all, ks_error* err) {
    if (!allocate(c, all->block, err)) {
        return false;
    }
    double* values = calloc(c->points, sizeof *values);
    if (!values) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu points", c->points);
    }
    for (size_t p = 0; p < c->points; p++) {
        size_t first = block_start(c, p, all->block), next = block_start(c, p + 1, all->block);
        c->iteration[p] = 0.5 * (double)(first + next - 1);
        for (size_t r = 0; r < c->runs; r++) {
            c->env_steps[p] += (c->run[r][next - 1].env_steps - c->env_steps[p]) / (double)(r + 1);
        }
    }
    for (size_t r = 0; r < c->runs; r++) {
        for (int s = 0; s < KS_CURVE_STAGES; s++) {
            add_stage(c, r, s, all, values);
        }
    }
    free(values);
    return true;
}

bool ks_curves_sum_up(ks_curves* curves, ks_error* err) {
    size_t longest = 0;
    for (size_t i = 0; i < curves->count; i++) {
        longest = curves->curves[i].rows > longest ? curves->curves[i].rows : longest;
    }
    curves->block = longest > KS_CURVES_LONG ? longest / KS_CURVES_POINTS : 1;
    curves->beside = longest / curves->block / KS_CURVES_SMOOTH;
    for (size_t i = 0; i < curves->count; i++) {
        if (!sum_up(&curves->curves[i], curves, err)) {
            return false;
        }
    }
    return true;
}

void ks_curves_free(ks_curves* curves) {
    for (size_t i = 0; i < curves->count; i++) {
        ks_curve* c = &curves->curves[i];
        for (size_t r = 0; r < c->runs; r++) {
            free(c->run[r]);
        }
        free(c->iteration);
        free(c->env_steps);
        for (int s = 0; s < KS_CURVE_STAGES; s++) {
            free(c->raw[s]);
            free(c->mean[s]);
            free(c->low[s]);
            free(c->high[s]);
        }
    }
    *curves = (ks_curves){0};
}
