#include "figures/returns.h"

#include "base/number.h"
#include "figures/csv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* one row of a file */
typedef struct sample {
    size_t line; /* index in ks_returns */
    int64_t step, task;
    double goal[KS_RETURNS_MAX_GOAL]; /* unused numbers are 0 */
    size_t file, row;                 /* where it stands */
    double value;
} sample;

typedef struct samples {
    sample* data;
    size_t count, room;
} samples;

enum { LABEL, ENV, TASK, GOAL, STEP, RETURN, NUM_COLUMNS };
static const char* const COLUMNS[NUM_COLUMNS] = {"label", "env", "task", "goal", "gradient_step", "mean_return"};

/* Index of the label's line, which is made if need be; KS_RETURNS_MAX_LINES with *err filled. */
static size_t find_line(ks_returns* r, const ks_csv* csv, const char* label, ks_error* err) {
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->lines[i].label, label) == 0) {
            return i;
        }
    }
    if (r->count == KS_RETURNS_MAX_LINES) {
        ks_fail(err, KS_BAD_INPUT, "%s:%zu: label '%.60s' is one too many: a figure shows at most %d", csv->path,
                csv->line, label, KS_RETURNS_MAX_LINES);
        return KS_RETURNS_MAX_LINES;
    }
    snprintf(r->lines[r->count].label, KS_LABEL_MAX, "%s", label);
    return r->count++;
}

/* numbers separated by spaces */
static bool parse_goal(double goal[KS_RETURNS_MAX_GOAL], const ks_csv* csv, const char* text, ks_error* err) {
    const char* at = text;
    for (size_t i = 0; i < KS_RETURNS_MAX_GOAL; i++) {
        if (!ks_scan_double(&at, &goal[i]) || (*at && *at != ' ')) {
            break;
        }
        if (!*at) {
            return true;
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "%s:%zu: goal: '%.60s' is not one to %d numbers separated by spaces", csv->path,
                   csv->line, text, KS_RETURNS_MAX_GOAL);
}

static bool parse_row(sample* s, ks_returns* r, const ks_csv* csv, const size_t column[NUM_COLUMNS],
                      const char* new_label, ks_error* err) {
    const char* label = csv->fields[column[LABEL]];
    const char* env = csv->fields[column[ENV]];
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
        !parse_goal(s->goal, csv, csv->fields[column[GOAL]], err) ||
        !ks_csv_int(&s->step, csv, column[STEP], 0, KS_RETURNS_MAX_STEPS, err) ||
        !ks_csv_number(&s->value, csv, column[RETURN], err)) {
        return false;
    }
    s->line = find_line(r, csv, new_label ? new_label : label, err);
    return s->line < KS_RETURNS_MAX_LINES;
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

static bool read_file(samples* all, ks_returns* r, const char* path, size_t file, const char* new_label,
                      ks_error* err) {
    ks_csv csv;
    if (!ks_csv_open(&csv, path, err)) {
        return false;
    }
    size_t column[NUM_COLUMNS], before = all->count;
    char first_label[KS_LABEL_MAX] = "";
    bool ok = true, more = true;
    for (size_t i = 0; ok && i < NUM_COLUMNS; i++) {
        ok = ks_csv_column(&column[i], &csv, COLUMNS[i], err);
    }
    while (ok && (ok = ks_csv_next(&csv, &more, false, err)) && more) {
        sample s;
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
        ok = ks_fail(err, KS_BAD_INPUT, "%s: there are no rows below the names of the columns", path);
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
    for (size_t i = 0; i < KS_RETURNS_MAX_GOAL; i++) {
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

static bool check_twice(const samples* all, const ks_returns* r, const char* const* paths, ks_error* err) {
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
    for (size_t i = 0; i < KS_RETURNS_MAX_GOAL; i++) {
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
static bool check_complete(const sample* data, size_t count, const ks_returns* r, const char* const* paths,
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

/* Mean and interval of one label at one step, from its sorted samples; the mean over files of each task goes into value of the
 * task's first sample. */
static void sum_up(ks_return_line* line, int64_t step, sample* s, size_t count) {
    size_t tasks = 0;
    double mean = 0, square = 0;
    for (size_t i = 0, n; i < count; i += n) {
        double sum = 0;
        for (n = 0; i + n < count && compare_place(&s[i], &s[i + n]) == 0; n++) {
            sum += s[i + n].value;
        }
        s[tasks++].value = sum / (double)n;
    }
    for (size_t i = 0; i < tasks; i++) {
        mean += s[i].value / (double)tasks;
    }
    for (size_t i = 0; i < tasks; i++) {
        square += (s[i].value - mean) * (s[i].value - mean);
    }
    line->steps = (int)step; /* steps come in rising order */
    line->tasks[step] = tasks;
    line->mean[step] = mean;
    line->interval[step] = tasks > 1 ? 1.96 * sqrt(square / (double)(tasks - 1) / (double)tasks) : 0;
}

bool ks_returns_read(ks_returns* returns, const char* const* paths, const char* const* labels, size_t count,
                     ks_error* err) {
    *returns = (ks_returns){0};
    samples all = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        ok = read_file(&all, returns, paths[i], i, labels ? labels[i] : NULL, err);
    }
    if (ok && all.count > 0) {
        qsort(all.data, all.count, sizeof *all.data, compare_by_task);
        ok = check_twice(&all, returns, paths, err) && check_complete(all.data, all.count, returns, paths, err);
        qsort(all.data, all.count, sizeof *all.data, compare);
    }
    for (size_t i = 0, n; ok && i < all.count; i += n) {
        sample* s = &all.data[i];
        for (n = 1; i + n < all.count && s[n].line == s->line && s[n].step == s->step; n++) {
        }
        sum_up(&returns->lines[s->line], s->step, s, n);
    }
    free(all.data);
    return ok;
}
