/* What `eval` has in common for all kinds of models. */
#include "cli/eval.h"

#include "base/text.h"
#include "cli/terminal.h"
#include "figures/results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is told ---------------------------------------------------------------------------------------------------------- */

const char* ks_eval_label(const ks_eval_options* o, const ks_cli_policy* p, ks_error* err) {
    const char* label = o->label ? o->label : p->info.iteration == 0 ? "random" : p->info.method;
    if (!ks_text_is_label(label)) {
        ks_fail(err, KS_BAD_INPUT, "%s: its method, '%s', cannot label the rows; give a --label", p->path, label);
        return NULL;
    }
    return label;
}

static void progress_line(void* user, size_t done, size_t total) {
    (void)user;
    char line[64];
    snprintf(line, sizeof line, done < total ? "\r%zu of %zu tasks" : "\r\033[K", done, total);
    ks_cli_tell(stderr, line);
}

ks_eval_progress ks_eval_progress_of(const ks_eval_options* o) {
    return !o->sampling.quiet && ks_cli_live(stderr) ? progress_line : NULL;
}

void ks_eval_progress_end(const ks_eval_options* o) {
    if (ks_eval_progress_of(o)) {
        ks_cli_tell(stderr, "\r\033[K");
    }
}

FILE* ks_eval_told(const ks_eval_options* o) {
    return !o->json ? stdout : o->sampling.quiet ? NULL : stderr;
}

/* ---- what came of it ------------------------------------------------------------------------------------------------------ */

static int compare(const void* a, const void* b) {
    double x = *(const double*)a, y = *(const double*)b;
    bool x_last = isnan(x), y_last = isnan(y); /* a number that is none is the worst */
    return x_last || y_last ? x_last - y_last : (x > y) - (x < y);
}

bool ks_eval_summarise(ks_eval_summary* s, const ks_eval_result* r, const double* values, int step, ks_error* err) {
    size_t columns = (size_t)r->steps + 1, n = r->tasks;
    double* sorted = malloc(n * sizeof *sorted);
    if (!sorted) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", n);
    }
    *s = (ks_eval_summary){0};
    for (size_t i = 0; i < n; i++) {
        sorted[i] = values[i * columns + (size_t)step];
        s->mean += sorted[i] / (double)n;
    }
    double square = 0;
    for (size_t i = 0; i < n; i++) {
        square += (sorted[i] - s->mean) * (sorted[i] - s->mean);
    }
    s->error = n > 1 ? 1.96 * sqrt(square / (double)(n - 1) / (double)n) : NAN; /* one task says nothing of others */
    qsort(sorted, n, sizeof *sorted, compare);
    s->median = 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]);
    free(sorted);
    return true;
}

void ks_eval_print_interval(const ks_eval_summary* s, const char* half) {
    bool known = !isnan(s->error);
    printf(" %9s%*s", known ? "+-" : "", (int)strlen(half), known ? half : "-");
}

size_t ks_eval_count_diverged(const ks_eval_result* r, int step, double before) {
    size_t count = 0;
    for (size_t i = 0; i < r->tasks; i++) {
        count += ks_has_diverged(r->metric[i * ((size_t)r->steps + 1) + (size_t)step], before, step);
    }
    return count;
}

void ks_eval_step_text(char* text, size_t room, const ks_eval_session* session, const ks_eval_settings* s, int step) {
    bool factors = session->model->info.learned != KS_LEARNED_NONE;
    *text = 0;
    if (step > 0) {
        snprintf(text, room, factors ? "learned x%.4g" : "%.4g", s->lr[step - 1]);
    }
}

/* ---- evaluating ------------------------------------------------------------------------------------------------------------- */

bool ks_eval_run(ks_eval_result* result, const ks_eval_session* session, const void* problem_settings, size_t tasks,
                 const ks_eval_settings* s, ks_error* err) {
    const ks_cli_policy* p = session->model;
    ks_eval_model model = ks_opened_model(p);
    ks_problem* problem = ks_problem_beside(session->first, problem_settings, (ks_method)p->config.method, tasks, err);
    bool ok =
        problem && ks_evaluate(result, problem, &model, tasks, s, ks_eval_progress_of(session->options), NULL, err);
    if (problem) {
        p->kind->destroy(problem);
    }
    if (!ok) {
        ks_eval_progress_end(session->options);
    }
    return ok;
}
