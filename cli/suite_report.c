/* What the lines of a suite came to: results.csv, one row a line and gradient step; table.md; a figure a domain. */
#include "cli/suite.h"

#include "base/atomic_file.h"
#include "base/number.h"
#include "cli/option_table.h"
#include "cli/scores.h"
#include "figures/aggregate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 4096, RESAMPLES = 1000 };

typedef struct report {
    const ks_suite* suite;
    const ks_suite_place* place;
    ks_scores* lines; /* one a line of the suite */
    ks_error* err;
} report;

static bool read_line(ks_scores* s, const ks_suite_line* line, const ks_suite_place* place, ks_error* err) {
    char path[PATH_ROOM];
    s->steps = -1;
    if (ks_suite_look(line, place) != KS_SUITE_DONE) {
        return true;
    }
    snprintf(path, sizeof path, "%s/%s/eval.csv", place->folder, line->name);
    return ks_scores_read(s, path, line->method, err);
}

/* ---- results.csv ---------------------------------------------------------------------------------------------------------------- */

static bool write_results(void* user, FILE* f) {
    const report* r = user;
    fprintf(f, "suite,domain,method,seed,metric,gradient_step,mean,tasks\n");
    for (size_t i = 0; i < r->suite->count; i++) {
        const ks_suite_line* line = &r->suite->lines[i];
        const ks_scores* s = &r->lines[i];
        for (int j = 0; j <= s->steps; j++) {
            fprintf(f, "%s,%s,%s,%lld,%s,%d,", r->suite->name, line->domain, line->method, (long long)line->seed,
                    s->metric, j);
            ks_fprintf(f, "%.9g", ks_scores_mean(s, j));
            fprintf(f, ",%zu\n", s->tasks);
        }
    }
    return !ferror(f);
}

/* ---- table.md ------------------------------------------------------------------------------------------------------------------- */

static bool same_group(const ks_suite_line* a, const ks_suite_line* b) {
    return strcmp(a->domain, b->domain) == 0 && strcmp(a->method, b->method) == 0;
}

/* the runs of line `first`'s domain and method that are done: their scores after `step` steps, one behind the other. A run that was
 * evaluated on another number of tasks than the first is left out (`evaluate` has changed since). */
static size_t gather(double* out, const report* r, size_t first, int step) {
    const ks_scores* model = &r->lines[first];
    size_t runs = 0;
    for (size_t i = first; i < r->suite->count && same_group(&r->suite->lines[first], &r->suite->lines[i]); i++) {
        const ks_scores* s = &r->lines[i];
        if (s->steps >= step && s->tasks == model->tasks) {
            memcpy(out + runs++ * s->tasks, s->value + (size_t)step * s->tasks, s->tasks * sizeof *out);
        }
    }
    return runs;
}

static bool all_finite(const double* values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

static void write_interval(FILE* f, const char* number, const ks_interval* x, bool interval) {
    fputs(" ", f);
    ks_fprintf(f, number, x->value);
    if (interval) {
        fputs(" (", f);
        ks_fprintf(f, number, x->low);
        fputs(" to ", f);
        ks_fprintf(f, number, x->high);
        fputs(")", f);
    }
    fputs(" |", f);
}

static bool write_group(const report* r, FILE* f, size_t first, double* room) {
    const ks_suite_line* line = &r->suite->lines[first];
    for (int step = 0; step <= r->lines[first].steps; step++) {
        size_t tasks = r->lines[first].tasks, runs = gather(room, r, first, step);
        ks_aggregate a;
        const char* number = strcmp(r->lines[first].metric, "mean_return") == 0 ? "%.1f" : "%.4g";
        fprintf(f, "| %s | %s | %zu | %d |", line->domain, line->method, runs, step);
        if (!all_finite(room, runs * tasks)) {
            fputs(" diverged | |\n", f);
            continue;
        }
        if (!ks_aggregate_scores(&a, room, runs, tasks, RESAMPLES, 1, r->err)) {
            return false;
        }
        write_interval(f, number, &a.mean, runs > 1);
        write_interval(f, number, &a.iqm, runs > 1);
        fputc('\n', f);
    }
    return true;
}

static bool write_table(void* user, FILE* f) {
    const report* r = user;
    size_t most = 0;
    for (size_t i = 0; i < r->suite->count; i++) {
        most = r->lines[i].tasks > most ? r->lines[i].tasks : most;
    }
    double* room = calloc(r->suite->count * most, sizeof *room);
    bool ok = room || ks_fail(r->err, KS_FAILED, "not enough memory");
    fprintf(f,
            "# %s\n\nBy domain, method and gradient step: the mean and the interquartile mean over tasks and runs, "
            "with 95 %% "
            "intervals over runs (stratified bootstrap).\n\n| domain | method | runs | gradient steps | mean | "
            "interquartile mean |\n|---|---|---|---|---|---|\n",
            r->suite->name);
    for (size_t i = 0; ok && i < r->suite->count; i++) {
        bool leads = r->lines[i].steps >= 0;
        for (size_t k = i; leads && k > 0 && same_group(&r->suite->lines[k - 1], &r->suite->lines[i]); k--) {
            leads = r->lines[k - 1].steps < 0; /* the first of its group that is done */
        }
        ok = !leads || write_group(r, f, i, room);
    }
    free(room);
    return ok && !ferror(f);
}

/* ---- figures ---------------------------------------------------------------------------------------------------------------------- */

static bool draw_domain(const report* r, const char* domain) {
    char path[PATH_ROOM], figure[PATH_ROOM];
    ks_command_line c = {0};
    bool ok = ks_command_line_add(&c, "plot", r->err);
    for (size_t i = 0; ok && i < r->suite->count; i++) {
        const ks_suite_line* line = &r->suite->lines[i];
        if (r->lines[i].steps >= 0 && strcmp(line->domain, domain) == 0 && c.count < KS_COMMAND_LINE_WORDS - 6) {
            snprintf(path, sizeof path, "%s/%s/eval.csv", r->place->folder, line->name);
            ok = ks_command_line_add(&c, path, r->err);
        }
    }
    snprintf(figure, sizeof figure, "%s/%s.png", r->place->folder, domain);
    const ks_command* plot = ks_command_find("plot");
    ok = ok && (c.count == 1 ||
                (ks_command_line_add(&c, "-o", r->err) && ks_command_line_add(&c, figure, r->err) &&
                 ks_command_line_add(&c, "--force", r->err) && plot->run(plot, c.count, c.word, r->err) == 0));
    ks_command_line_free(&c);
    return ok;
}

static bool draw(const report* r) {
    for (size_t i = 0; i < r->suite->count; i++) {
        const char* domain = r->suite->lines[i].domain;
        if ((i == 0 || strcmp(domain, r->suite->lines[i - 1].domain) != 0) && !draw_domain(r, domain)) {
            return false;
        }
    }
    return true;
}

bool ks_suite_report(const ks_suite* suite, const ks_suite_place* place, ks_error* err) {
    char csv[PATH_ROOM], table[PATH_ROOM];
    report r = {.suite = suite, .place = place, .err = err};
    r.lines = calloc(suite->count, sizeof *r.lines);
    bool ok = r.lines || ks_fail(err, KS_FAILED, "not enough memory"), any = false;
    for (size_t i = 0; ok && i < suite->count; i++) {
        ok = read_line(&r.lines[i], &suite->lines[i], place, err);
        any = any || r.lines[i].steps >= 0;
    }
    snprintf(csv, sizeof csv, "%s/results.csv", place->folder);
    snprintf(table, sizeof table, "%s/table.md", place->folder);
    ok = ok && (any || ks_fail(err, KS_BAD_INPUT, "%s: no line of %s is done", place->folder, suite->name)) &&
         ks_replace_file(csv, write_results, &r, err) && ks_replace_file(table, write_table, &r, err) && draw(&r);
    for (size_t i = 0; r.lines && i < suite->count; i++) {
        ks_scores_free(&r.lines[i]);
    }
    free(r.lines);
    return ok;
}
