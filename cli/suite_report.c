/* What the lines of a suite came to: results.csv, one row a line and gradient step; table.md; a figure a domain. */
#include "cli/suite.h"

#include "base/atomic_file.h"
#include "base/number.h"
#include "cli/interrupt.h"
#include "cli/scores.h"
#include "figures/aggregate.h"
#include "figures/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = KS_SUITE_PATH, RESAMPLES = 1000 };

/* What stands under one label of a line's eval.csv: that of its method, or of nearest neighbours by what it has learned. */
typedef struct entry {
    const ks_suite_line* line;
    char label[KS_SUITE_NAME + 16];
    char path[PATH_ROOM]; /* of eval.csv, if it is done */
    ks_scores scores;     /* steps -1: it is not done */
} entry;

typedef struct report {
    const ks_suite* suite;
    const ks_suite_place* place;
    entry* entries; /* (count) those of one domain and label follow each other */
    size_t count;
    ks_error* err;
} report;

static bool same_method(const ks_suite_line* a, const ks_suite_line* b) {
    return strcmp(a->domain, b->domain) == 0 && strcmp(a->method, b->method) == 0;
}

static bool asks_nearest(const ks_suite_line* line) {
    for (int i = 0; i < line->eval.count; i++) {
        if (strcmp(line->eval.word[i], "--nearest") == 0) {
            return true;
        }
    }
    return false;
}

/* The lines of the method that line `first` begins; with ending "" or " (nearest)". Returns where the next one begins. */
static size_t list_method(report* r, size_t first, const char* ending) {
    const ks_suite_line* lines = r->suite->lines;
    size_t i = first;
    for (; i < r->suite->count && same_method(&lines[first], &lines[i]); i++) {
        entry* e = &r->entries[r->count++];
        *e = (entry){.line = &lines[i], .scores.steps = -1};
        snprintf(e->label, sizeof e->label, "%s%s", lines[i].method, ending);
    }
    return i;
}

static bool list_entries(report* r) {
    r->entries = calloc(2 * r->suite->count, sizeof *r->entries);
    if (!r->entries) {
        return ks_fail(r->err, KS_FAILED, "not enough memory");
    }
    for (size_t first = 0, end; first < r->suite->count; first = end) {
        end = list_method(r, first, "");
        if (asks_nearest(&r->suite->lines[first])) {
            list_method(r, first, " (nearest)");
        }
    }
    return true;
}

static bool read_entry(entry* e, const report* r) {
    if (ks_suite_look(e->line, r->place) != KS_SUITE_DONE) {
        return true;
    }
    ks_suite_path(e->path, e->line, r->place, "eval.csv");
    return ks_scores_read(&e->scores, e->path, e->label, r->err);
}

/* ---- results.csv ---------------------------------------------------------------------------------------------------------------- */

static bool write_results(void* user, FILE* f) {
    const report* r = user;
    fprintf(f, "suite,domain,method,seed,metric,gradient_step,mean,tasks\n");
    for (size_t i = 0; i < r->count; i++) {
        const entry* e = &r->entries[i];
        const ks_scores* s = &e->scores;
        for (int j = 0; j <= s->steps; j++) {
            fprintf(f, "%s,%s,%s,%lld,%s,%d,", r->suite->name, e->line->domain, e->label, (long long)e->line->seed,
                    s->metric, j);
            ks_fprintf(f, "%.9g", ks_scores_mean(s, j));
            fprintf(f, ",%zu\n", s->tasks);
        }
    }
    return !ferror(f);
}

/* ---- table.md ------------------------------------------------------------------------------------------------------------------- */

static bool same_group(const entry* a, const entry* b) {
    return same_method(a->line, b->line) && strcmp(a->label, b->label) == 0;
}

/* the runs of entry `first`'s domain and label that are done: their scores after `step` steps, one behind the other. A run that was
 * evaluated on another number of tasks than the first is left out (`evaluate` has changed since). */
static size_t gather(double* out, const report* r, size_t first, int step) {
    const ks_scores* model = &r->entries[first].scores;
    size_t runs = 0;
    for (size_t i = first; i < r->count && same_group(&r->entries[first], &r->entries[i]); i++) {
        const ks_scores* s = &r->entries[i].scores;
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
    const entry* e = &r->entries[first];
    for (int step = 0; step <= e->scores.steps; step++) {
        size_t tasks = e->scores.tasks, runs = gather(room, r, first, step);
        ks_aggregate a;
        const char* number = strcmp(e->scores.metric, "mean_return") == 0 ? "%.1f" : "%.4g";
        fprintf(f, "| %s | %s | %zu | %d |", e->line->domain, e->label, runs, step);
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
    for (size_t i = 0; i < r->count; i++) {
        most = r->entries[i].scores.tasks > most ? r->entries[i].scores.tasks : most;
    }
    double* room = calloc(r->count * most, sizeof *room);
    bool ok = room || ks_fail(r->err, KS_FAILED, "not enough memory");
    fprintf(f,
            "# %s\n\nBy domain, method and gradient step: the mean and the interquartile mean over tasks and runs, "
            "with 95 %% "
            "intervals over runs (stratified bootstrap).\n\n| domain | method | runs | gradient steps | mean | "
            "interquartile mean |\n|---|---|---|---|---|---|\n",
            r->suite->name);
    for (size_t i = 0; ok && i < r->count; i++) {
        bool leads = r->entries[i].scores.steps >= 0;
        for (size_t k = i; leads && k > 0 && same_group(&r->entries[k - 1], &r->entries[i]); k--) {
            leads = r->entries[k - 1].scores.steps < 0; /* the first of its group that is done */
        }
        ok = !leads || write_group(r, f, i, room);
    }
    free(room);
    return ok && !ferror(f);
}

/* ---- figures ---------------------------------------------------------------------------------------------------------------------- */

/* The labels that table.md has: what else stands in eval.csv (another norm, neighbours by pixels) is no method of the suite. */
static bool draw_domain(const report* r, const char* domain) {
    char output[PATH_ROOM];
    size_t count = 0;
    ks_results* results = calloc(1, sizeof *results);
    const char** paths = calloc(2 * r->count, sizeof *paths);
    const char** labels = paths ? paths + r->count : NULL;
    bool ok = (results && paths) || ks_fail(r->err, KS_FAILED, "not enough memory");
    for (size_t i = 0; ok && i < r->count; i++) {
        const entry* e = &r->entries[i];
        if (e->scores.steps >= 0 && strcmp(e->line->domain, domain) == 0) {
            paths[count] = e->path;
            labels[count++] = e->label;
        }
    }
    snprintf(output, sizeof output, "%s/%s.png", r->place->folder, domain);
    ks_figure figure = {.output = output, .overwrite = true, .title = domain, .stop = ks_cli_catch_interrupts()};
    ok = ok && (count == 0 || (ks_results_read_rows(results, paths, labels, count, r->err) &&
                               ks_plot_results(&figure, results, NULL, r->err)));
    free(paths);
    free(results);
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
    bool ok = list_entries(&r), any = false;
    for (size_t i = 0; ok && i < r.count; i++) {
        ok = read_entry(&r.entries[i], &r);
        any = any || r.entries[i].scores.steps >= 0;
    }
    snprintf(csv, sizeof csv, "%s/results.csv", place->folder);
    snprintf(table, sizeof table, "%s/table.md", place->folder);
    ok = ok && (any || ks_fail(err, KS_BAD_INPUT, "%s: no line of %s is done", place->folder, suite->name)) &&
         ks_replace_file(csv, write_results, &r, err) && ks_replace_file(table, write_table, &r, err) && draw(&r);
    for (size_t i = 0; i < r.count; i++) {
        ks_scores_free(&r.entries[i].scores);
    }
    free(r.entries);
    return ok;
}
