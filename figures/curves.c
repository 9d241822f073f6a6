#include "figures/curves.h"

#include "figures/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* one run: rows of three numbers */
enum { ENV_STEPS, BEFORE, AFTER, NUMBERS };
typedef struct run {
    int steps;
    size_t rows, room;
    double (*numbers)[NUMBERS];
} run;

/* number of columns return_0, return_1, …, less one */
static int count_steps(const ks_csv* csv) {
    int steps = -1;
    char name[32];
    size_t column;
    do {
        snprintf(name, sizeof name, "return_%d", ++steps);
    } while (ks_csv_column(&column, csv, name, NULL));
    return steps - 1;
}

static bool read_rows(run* r, ks_csv* csv, ks_error* err) {
    size_t iteration, column[NUMBERS];
    char last[32];
    r->steps = count_steps(csv);
    snprintf(last, sizeof last, "return_%d", r->steps > 0 ? r->steps : 0);
    if (!ks_csv_column(&iteration, csv, "iteration", err) ||
        !ks_csv_column(&column[ENV_STEPS], csv, "env_steps", err) ||
        !ks_csv_column(&column[BEFORE], csv, "return_0", err) || !ks_csv_column(&column[AFTER], csv, last, err)) {
        return false;
    }
    bool more = true;
    while (ks_csv_next(csv, &more, true, err) && more) {
        if (r->rows == r->room) {
            r->room = r->room ? 2 * r->room : 256;
            double(*grown)[NUMBERS] = realloc(r->numbers, r->room * sizeof *grown);
            if (!grown) {
                return ks_fail(err, KS_FAILED, "not enough memory for %zu iterations", r->room);
            }
            r->numbers = grown;
        }
        int64_t number;
        if (!ks_csv_int(&number, csv, iteration, (int64_t)r->rows, (int64_t)r->rows, err)) {
            return false;
        }
        for (int i = 0; i < NUMBERS; i++) {
            if (!ks_csv_number(&r->numbers[r->rows][i], csv, column[i], err)) {
                return false;
            }
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

/* A new curve's columns from its first run. */
static bool curve_create(ks_curve* c, const run* r, const char* label, ks_error* err) {
    *c = (ks_curve){.steps = r->steps, .rows = r->rows};
    snprintf(c->label, sizeof c->label, "%s", label);
    c->env_steps = calloc(c->rows, sizeof *c->env_steps);
    bool ok = c->env_steps != NULL;
    for (int s = 0; s < KS_CURVE_STAGES; s++) {
        c->mean[s] = calloc(c->rows, sizeof *c->mean[s]);
        c->low[s] = calloc(c->rows, sizeof *c->low[s]);
        c->high[s] = calloc(c->rows, sizeof *c->high[s]);
        ok = ok && c->mean[s] && c->low[s] && c->high[s];
    }
    return ok || ks_fail(err, KS_FAILED, "not enough memory for %zu iterations", c->rows);
}

static void curve_add(ks_curve* c, const run* r) {
    c->rows = r->rows < c->rows ? r->rows : c->rows;
    c->runs++;
    double share = 1.0 / (double)c->runs;
    for (size_t i = 0; i < c->rows; i++) {
        const double* n = r->numbers[i];
        c->env_steps[i] += share * (n[ENV_STEPS] - c->env_steps[i]);
        for (int s = 0; s < KS_CURVE_STAGES; s++) {
            double value = n[s == KS_BEFORE ? BEFORE : AFTER];
            c->mean[s][i] += share * (value - c->mean[s][i]);
            c->low[s][i] = c->runs == 1 || value < c->low[s][i] ? value : c->low[s][i];
            c->high[s][i] = c->runs == 1 || value > c->high[s][i] ? value : c->high[s][i];
        }
    }
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
        return c;
    }
    if (all->count == KS_CURVES_MAX) {
        ks_fail(err, KS_BAD_INPUT, "%s: label '%s' is one too many: a figure shows at most %d", path, label,
                KS_CURVES_MAX);
        return NULL;
    }
    ks_curve* c = &all->curves[all->count++]; /* counted at once, so that what it has is freed if it fails */
    return curve_create(c, r, label, err) ? c : NULL;
}

bool ks_curves_add(ks_curves* curves, const char* progress_csv, const char* label, ks_error* err) {
    run r;
    ks_curve* curve = NULL;
    if (read_run(&r, progress_csv, err)) {
        curve = find_curve(curves, &r, progress_csv, label, err);
    }
    if (curve) {
        curve_add(curve, &r);
    }
    free(r.numbers);
    return curve != NULL;
}

void ks_curves_free(ks_curves* curves) {
    for (size_t i = 0; i < curves->count; i++) {
        ks_curve* c = &curves->curves[i];
        free(c->env_steps);
        for (int s = 0; s < KS_CURVE_STAGES; s++) {
            free(c->mean[s]);
            free(c->low[s]);
            free(c->high[s]);
        }
    }
    *curves = (ks_curves){0};
}
