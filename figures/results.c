#include "figures/results.h"

#include "base/number.h"
#include "figures/csv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* one row of a file */
typedef struct sample {
    size_t line; /* index in ks_results */
    int64_t step, task;
    double goal[KS_RESULTS_MAX_GOAL]; /* unused numbers are 0 */
    size_t file, row;                 /* where it stands */
    double value;
} sample;

typedef struct samples {
    sample* data;
    size_t count, room;
} samples;

enum { LABEL, ENV, TASK, GOAL, STEP, METRIC, NUM_COLUMNS };
static const char* const COLUMNS[METRIC] = {"label", "env", "task", "goal", "gradient_step"};

/* An error that is so many times the mean before the first step says that the task has diverged. */
static const double DIVERGED = 10;

bool ks_has_diverged(double error, double mean_before, int step) {
    return !isfinite(error) || (step > 0 && error > DIVERGED * mean_before);
}

bool ks_is_oracle(const char* label) {
    return strcasecmp(label, "oracle") == 0;
}

/* Index of the label's line, which is made if need be; KS_RESULTS_MAX_LINES with *err filled. */
static size_t find_line(ks_results* r, const ks_csv* csv, const char* label, ks_error* err) {
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->lines[i].label, label) == 0) {
            return i;
        }
    }
    if (r->count == KS_RESULTS_MAX_LINES) {
        ks_fail(err, KS_BAD_INPUT, "%s:%zu: label '%.60s' is one too many: a figure shows at most %d", csv->path,
                csv->line, label, KS_RESULTS_MAX_LINES);
        return KS_RESULTS_MAX_LINES;
    }
    snprintf(r->lines[r->count].label, KS_LABEL_MAX, "%s", label);
    return r->count++;
}

/* Numbers separated by spaces; tasks of given examples have none. */
static bool parse_goal(double goal[KS_RESULTS_MAX_GOAL], const ks_csv* csv, const char* text, bool acts,
                       ks_error* err) {
    const char* at = text;
    if (!acts && !*text) {
        return true;
    }
    for (size_t i = 0; i < KS_RESULTS_MAX_GOAL; i++) {
        if (!ks_scan_double(&at, &goal[i]) || (*at && *at != ' ')) {
            break;
        }
        if (!*at) {
            return true;
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "%s:%zu: goal: '%.60s' is not one to %d numbers separated by spaces", csv->path,
                   csv->line, text, KS_RESULTS_MAX_GOAL);
}

static bool parse_row(sample* s, ks_results* r, const ks_csv* csv, const size_t column[NUM_COLUMNS],
                      const char* new_label, ks_error* err) {
    const char* label = csv->fields[column[LABEL]];
    const char* env = csv->fields[column[ENV]];
    const ks_metric* metric = r->metric;
    *s = (sample){.row = csv->line};
    if (strlen(label) >= KS_LABEL_MAX || !ks_text_is_printable(label)) {
        return ks_fail(err, KS_BAD_INPUT, "%s:%zu: label: not a text of at most %d bytes without control characters",
                       csv->path, csv->line, KS_LABEL_MAX - 1);
    }
    if (!*env || strlen(env) >= sizeof r->env || !ks_text_is_printable(env)) {
        return ks_fail(err, KS_BAD_INPUT, "%s:%zu: env: not the name of an environment", csv->path, csv->line);
    }
    if (!*r->env) {
        snprintf(r->env, sizeof r->env, "%s", env);
    } else if (strcmp(r->env, env) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s:%zu: a row of %s; the rows before are of %s, and a figure shows one",
                       csv->path, csv->line, env, r->env);
    }
    if (!ks_csv_int(&s->task, csv, column[TASK], 0, INT64_MAX, err) ||
        !parse_goal(s->goal, csv, csv->fields[column[GOAL]], metric->acts, err) ||
        !ks_csv_int(&s->step, csv, column[STEP], 0, KS_RESULTS_MAX_STEPS, err) ||
        !(metric->is_error ? ks_csv_any_number : ks_csv_number)(&s->value, csv, column[METRIC], err)) {
        return false;
    }
    s->line = find_line(r, csv, new_label ? new_label : label, err);
    return s->line < KS_RESULTS_MAX_LINES;
}

static bool append(samples* all, const sample* s, ks_error* err) {
    if (all->count == all->room) {
        size_t room = all->room ? 2 * all->room : 1024;
        sample* more = realloc(all->data, room * sizeof *more);
        if (!more) {
            return ks_fail(err, KS_FAILED, "not enough memory for %zu rows", room);
        }
        all->data = more;
        all->room = room;
    }
    all->data[all->count++] = *s;
    return true;
}

/* Where the columns of a file are; its metric is that of the files before it. */
static bool find_columns(size_t column[NUM_COLUMNS], ks_results* r, const ks_csv* csv, ks_error* err) {
    bool ok = true;
    for (size_t i = 0; ok && i < METRIC; i++) {
        ok = ks_csv_column(&column[i], csv, COLUMNS[i], err);
    }
    const ks_metric* metric = ok ? ks_metric_of_eval(&column[METRIC], csv, err) : NULL;
    if (metric && r->metric && metric != r->metric) {
        return ks_fail(err, KS_BAD_INPUT, "%s:1: a file of %s; those before are of %s, and a figure shows one",
                       csv->path, metric->column, r->metric->column);
    }
    r->metric = metric;
    return metric != NULL;
}

/* only: the label of the rows that count; NULL: all do */
static bool read_file(samples* all, ks_results* r, const char* path, size_t file, const char* new_label,
                      const char* only, ks_error* err) {
    ks_csv csv;
    if (!ks_csv_open(&csv, path, err)) {
        return false;
    }
    size_t column[NUM_COLUMNS], before = all->count;
    char first_label[KS_LABEL_MAX] = "";
    bool more = true, ok = find_columns(column, r, &csv, err);
    while (ok && (ok = ks_csv_next(&csv, &more, false, err)) && more) {
        sample s;
        if (only && strcmp(csv.fields[column[LABEL]], only) != 0) {
            continue;
        }
        ok = parse_row(&s, r, &csv, column, new_label, err);
        if (ok && all->count == before) {
            snprintf(first_label, sizeof first_label, "%s", csv.fields[column[LABEL]]);
        }
        if (ok && new_label && strcmp(first_label, csv.fields[column[LABEL]]) != 0) {
            ok = ks_fail(err, KS_BAD_INPUT, "%s:%zu: --label names one line, and this file has labels '%s' and '%s'",
                         path, csv.line, first_label, csv.fields[column[LABEL]]);
        }
        s.file = file;
        ok = ok && append(all, &s, err);
    }
    if (ok && all->count == before) {
        ok = ks_fail(err, KS_BAD_INPUT, "%s: there are no rows%s%s below the names of the columns", path,
                     only ? " of " : "", only ? only : "");
    }
    ks_csv_close(&csv);
    return ok;
}

#define COMPARE(a, b)              \
    if ((a) != (b)) {              \
        return (a) < (b) ? -1 : 1; \
    }

/* negative, 0 or positive, as one task's samples at one step are the same: line, step, task, goal */
static int compare_place(const sample* a, const sample* b) {
    COMPARE(a->line, b->line)
    COMPARE(a->step, b->step)
    COMPARE(a->task, b->task)
    for (size_t i = 0; i < KS_RESULTS_MAX_GOAL; i++) {
        COMPARE(a->goal[i], b->goal[i])
    }
    return 0;
}

static int compare(const void* pa, const void* pb) {
    const sample *a = pa, *b = pb;
    int place = compare_place(a, b);
    if (place != 0) {
        return place;
    }
    COMPARE(a->file, b->file)
    COMPARE(a->row, b->row)
    return 0;
}

static bool check_twice(const samples* all, const ks_results* r, const char* const* paths, ks_error* err) {
    for (size_t i = 1; i < all->count; i++) {
        const sample* s = &all->data[i];
        if (s[-1].file == s->file && compare_place(s - 1, s) == 0) {
            return ks_fail(err, KS_BAD_INPUT, "%s:%zu: task %lld of '%s' has gradient step %lld in line %zu already",
                           paths[s->file], s->row, (long long)s->task, r->lines[s->line].label, (long long)s->step,
                           s[-1].row);
        }
    }
    return true;
}

/* as compare_place, but the file counts, and the step does not */
static int compare_task(const sample* a, const sample* b) {
    COMPARE(a->line, b->line)
    COMPARE(a->file, b->file)
    COMPARE(a->task, b->task)
    for (size_t i = 0; i < KS_RESULTS_MAX_GOAL; i++) {
        COMPARE(a->goal[i], b->goal[i])
    }
    return 0;
}

static int compare_by_task(const void* pa, const void* pb) {
    const sample *a = pa, *b = pb;
    int task = compare_task(a, b);
    if (task != 0) {
        return task;
    }
    COMPARE(a->step, b->step)
    COMPARE(a->row, b->row)
    return 0;
}

/* Means of different tasks at different steps would not compare: a file has each task at each of its steps. *data is sorted by
 * compare_by_task. */
static bool check_complete(const sample* data, size_t count, const ks_results* r, const char* const* paths,
                           ks_error* err) {
    size_t first = 0; /* of the label's first task in that file, which has `steps` samples */
    for (size_t i = 0, n, steps = 0; i < count; i += n) {
        for (n = 1; i + n < count && compare_task(&data[i], &data[i + n]) == 0; n++) {
        }
        if (i == 0 || data[i].line != data[first].line || data[i].file != data[first].file) {
            first = i;
            steps = n;
        }
        for (size_t j = 0; j < n || j < steps; j++) {
            const sample* a = j < steps ? &data[first + j] : NULL;
            const sample* b = j < n ? &data[i + j] : NULL;
            if (a && b && a->step == b->step) {
                continue;
            }
            bool lacking = !b || (a && a->step < b->step); /* the later task */
            return ks_fail(err, KS_BAD_INPUT,
                           "%s: task %lld of '%s' has no gradient step %lld, which task %lld has: is the file cut?",
                           paths[data[i].file], (long long)(lacking ? data[i].task : data[first].task),
                           r->lines[data[i].line].label, (long long)(lacking ? a->step : b->step),
                           (long long)(lacking ? data[first].task : data[i].task));
        }
    }
    return true;
}

/* ---- summing up ------------------------------------------------------------------------------------------------------------ */

/* Puts the mean over files of each task into value of the task's first sample, and these first. Returns how many there are. */
static size_t join_files(sample* s, size_t count) {
    size_t tasks = 0;
    for (size_t i = 0, n; i < count; i += n) {
        double sum = 0;
        for (n = 0; i + n < count && compare_place(&s[i], &s[i + n]) == 0; n++) {
            sum += s[i + n].value;
        }
        s[tasks] = s[i];
        s[tasks++].value = sum / (double)n;
    }
    return tasks;
}

static void sum_up_mean(ks_result_line* line, int64_t step, const sample* s, size_t tasks) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < tasks; i++) {
        mean += s[i].value / (double)tasks;
    }
    for (size_t i = 0; i < tasks; i++) {
        square += (s[i].value - mean) * (s[i].value - mean);
    }
    double interval = tasks > 1 ? 1.96 * sqrt(square / (double)(tasks - 1) / (double)tasks) : 0;
    line->value[step] = mean;
    line->low[step] = mean - interval;
    line->high[step] = mean + interval;
}

/* What is not finite is the worst. */
static int compare_value(const void* pa, const void* pb) {
    double a = ((const sample*)pa)->value, b = ((const sample*)pb)->value;
    a = isfinite(a) ? a : INFINITY;
    b = isfinite(b) ? b : INFINITY;
    return (a > b) - (a < b);
}

static void sum_up_median(ks_result_line* line, int64_t step, sample* s, size_t tasks) {
    qsort(s, tasks, sizeof *s, compare_value);
    double rank = floor(0.5 * (double)tasks - 0.98 * sqrt((double)tasks));
    size_t low = rank > 0 ? (size_t)rank : 0;
    line->value[step] = 0.5 * (s[(tasks - 1) / 2].value + s[tasks / 2].value);
    line->low[step] = s[low].value;
    line->high[step] = s[tasks - 1 - low].value;
}

/* The samples of one label at one step that stand together from the first on. */
static size_t count_together(const sample* s, size_t count) {
    size_t n = 0;
    while (n < count && s[n].line == s->line && s[n].step == s->step) {
        n++;
    }
    return n;
}

static double mean_of(const sample* s, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += s[i].value / (double)count;
    }
    return sum;
}

/* Counts the tasks that have diverged, whose errors before the first step stand first in each line. */
static void count_diverged(ks_results* r, const sample* s, size_t count) {
    double before = INFINITY;
    for (size_t i = 0, n; i < count; i += n) {
        n = count_together(s + i, count - i);
        ks_result_line* line = &r->lines[s[i].line];
        if (i == 0 || s[i].line != s[i - 1].line) {
            before = s[i].step == 0 ? mean_of(s + i, n) : INFINITY;
        }
        size_t diverged = 0;
        for (size_t k = i; k < i + n; k++) {
            diverged += ks_has_diverged(s[k].value, before, (int)s[k].step);
        }
        if (s[i].step == 0 || !ks_is_oracle(line->label)) {
            line->diverged = diverged > line->diverged ? diverged : line->diverged;
            r->medians = r->medians || diverged > 0;
        }
    }
}

/* *all is sorted by compare. */
static void sum_up(ks_results* r, samples* all) {
    size_t tasks = 0;
    for (size_t i = 0, n; i < all->count; i += n) {
        n = count_together(all->data + i, all->count - i);
        size_t joined = join_files(all->data + i, n);
        memmove(all->data + tasks, all->data + i, joined * sizeof *all->data);
        tasks += joined;
    }
    if (r->metric && r->metric->is_error) {
        count_diverged(r, all->data, tasks);
    }
    for (size_t i = 0, n; i < tasks; i += n) {
        sample* s = all->data + i;
        n = count_together(s, tasks - i);
        ks_result_line* line = &r->lines[s->line];
        int64_t step = s->step;
        line->steps = (int)step; /* steps come in rising order */
        line->tasks[step] = n;
        if (r->medians) {
            sum_up_median(line, step, s, n);
        } else {
            sum_up_mean(line, step, s, n);
        }
    }
}

static bool read_all(ks_results* results, const char* const* paths, const char* const* labels, const char* const* only,
                     size_t count, ks_error* err) {
    *results = (ks_results){0};
    samples all = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        ok = read_file(&all, results, paths[i], i, labels ? labels[i] : NULL, only ? only[i] : NULL, err);
    }
    if (ok && all.count > 0) {
        qsort(all.data, all.count, sizeof *all.data, compare_by_task);
        ok = check_twice(&all, results, paths, err) && check_complete(all.data, all.count, results, paths, err);
        qsort(all.data, all.count, sizeof *all.data, compare);
    }
    if (ok) {
        sum_up(results, &all);
    }
    free(all.data);
    return ok;
}

bool ks_results_read(ks_results* results, const char* const* paths, const char* const* labels, size_t count,
                     ks_error* err) {
    return read_all(results, paths, labels, NULL, count, err);
}

bool ks_results_read_rows(ks_results* results, const char* const* paths, const char* const* labels, size_t count,
                          ks_error* err) {
    return read_all(results, paths, NULL, labels, count, err);
}
