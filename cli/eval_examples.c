/* `eval` of models that learn from examples: the error on other examples of the same task, after every gradient step. */
#include "base/atomic_file.h"
#include "base/text.h"
#include "cli/eval.h"
#include "cli/terminal.h"
#include "figures/results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_TASKS = 600, DEFAULT_STEPS = 10, SEARCH_TASKS = 600, MAX_LR = 32 };

/* ---- what came of it ------------------------------------------------------------------------------------------------------ */

typedef struct summary {
    double mean, error, median; /* error: half of a 95 % interval of the mean */
    size_t diverged;
} summary;

static int compare(const void* a, const void* b) {
    double x = *(const double*)a, y = *(const double*)b;
    bool x_last = isnan(x), y_last = isnan(y); /* a number that is none is the worst */
    return x_last || y_last ? x_last - y_last : (x > y) - (x < y);
}

static bool summarise(summary* s, const ks_eval_result* r, size_t step, double before, ks_error* err) {
    size_t columns = (size_t)r->steps + 1, n = r->tasks;
    double* sorted = malloc(n * sizeof *sorted);
    if (!sorted) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", n);
    }
    *s = (summary){0};
    for (size_t i = 0; i < n; i++) {
        sorted[i] = r->metric[i * columns + step];
        s->mean += sorted[i] / (double)n;
        s->diverged += ks_has_diverged(sorted[i], before, (int)step);
    }
    double square = 0;
    for (size_t i = 0; i < n; i++) {
        square += (sorted[i] - s->mean) * (sorted[i] - s->mean);
    }
    s->error = n > 1 ? 1.96 * sqrt(square / (double)(n - 1) / (double)n) : 0;
    qsort(sorted, n, sizeof *sorted, compare);
    s->median = 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]);
    free(sorted);
    return true;
}

static double mean_before(const ks_eval_result* r) {
    double sum = 0;
    for (size_t i = 0; i < r->tasks; i++) {
        sum += r->metric[i * ((size_t)r->steps + 1)];
    }
    return sum / (double)r->tasks;
}

typedef struct table {
    const ks_eval_result* result;
    const char *label, *problem, *metric;
    const ks_eval_settings* settings;
    bool factors; /* step sizes are factors of learned ones */
} table;

static bool print_table(const table* t, ks_error* err) {
    const ks_eval_result* r = t->result;
    double before = mean_before(r);
    ks_text_print(stdout, t->label);
    printf(" on %s, %zu tasks\n\n", t->problem, r->tasks);
    printf("gradient steps    step size    mean %s    95 %% interval    median %s    diverged\n", t->metric, t->metric);
    for (size_t j = 0; j <= (size_t)r->steps; j++) {
        summary s;
        char lr[32] = "";
        if (!summarise(&s, r, j, before, err)) {
            return false;
        }
        if (j > 0) {
            snprintf(lr, sizeof lr, t->factors ? "learned x%.4g" : "%.4g", t->settings->lr[j - 1]);
        }
        printf("%14zu %12s %11.4g %9s%8.3g %13.4g %11zu\n", j, lr, s.mean, "+-", s.error, s.median, s.diverged);
    }
    return true;
}

static bool write_csv(void* user, FILE* file) {
    const table* t = user;
    const ks_eval_result* r = t->result;
    fprintf(file, "label,env,task,goal,gradient_step,%s\n", t->metric);
    for (size_t i = 0; i < r->tasks; i++) {
        for (int j = 0; j <= r->steps; j++) {
            fprintf(file, "%s,%s,%zu,,%d,%.9g\n", t->label, t->problem, i, j,
                    r->metric[i * ((size_t)r->steps + 1) + (size_t)j]);
        }
    }
    return !ferror(file);
}

/* ---- evaluating ------------------------------------------------------------------------------------------------------------- */

static bool evaluate(ks_eval_result* result, const ks_cli_policy* p, size_t tasks, const ks_eval_settings* s,
                     ks_error* err) {
    bool live = ks_cli_live(stderr);
    ks_eval_model model = ks_cli_policy_model(p);
    ks_problem* problem =
        p->kind->create(ks_config_problem_settings(&p->config), (ks_method)p->config.method, tasks, err);
    bool ok = problem && ks_evaluate(result, problem, &model, tasks, s, live ? ks_eval_progress_line : NULL, NULL, err);
    if (problem) {
        p->kind->destroy(problem);
    }
    return ok;
}

/* The step size with the best median after all steps, on other tasks than those of any seed that can be typed; the median, since a
 * few tasks that diverge decide a mean. */
static bool search(ks_eval_settings* s, const ks_cli_policy* p, const char* text, ks_error* err) {
    static const double DEFAULT[] = {1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2};
    double lr[MAX_LR], best = INFINITY, chosen = 0;
    size_t count = sizeof DEFAULT / sizeof *DEFAULT;
    if (strcmp(text, "default") == 0) {
        memcpy(lr, DEFAULT, sizeof DEFAULT);
    } else if (!ks_cli_numbers("--search-lr", text, MAX_LR, lr, &count, err)) {
        return false;
    }
    ks_eval_settings other = *s;
    other.seed = ~s->seed;
    printf("median %s after %d gradient steps on %d other tasks, by their size:\n\n", p->kind->metric, s->steps,
           SEARCH_TASKS);
    for (size_t i = 0; i < count; i++) {
        ks_eval_result result;
        summary after;
        for (int j = 0; j < KS_EVAL_MAX_STEPS; j++) {
            other.lr[j] = lr[i];
        }
        if (!evaluate(&result, p, SEARCH_TASKS, &other, err)) {
            return false;
        }
        bool ok = summarise(&after, &result, (size_t)s->steps, mean_before(&result), err);
        ks_eval_result_free(&result);
        if (!ok) {
            return false;
        }
        printf("%27.4g %14.4g\n", lr[i], after.median);
        if (after.median < best) {
            best = after.median;
            chosen = lr[i];
        }
    }
    printf("\n");
    for (int j = 0; best < INFINITY && j < KS_EVAL_MAX_STEPS; j++) {
        s->lr[j] = chosen;
    }
    return best < INFINITY ||
           ks_fail(err, KS_FAILED, "--search-lr: with every one of these step sizes most tasks diverge");
}

/* Options that are of policies. */
static bool check_options(const ks_eval_options* o, const ks_cli_policy* p, ks_error* err) {
    const ks_cli_sampling* s = &o->sampling;
    const char* option = o->goals            ? "--goals"
                         : s->trajectories   ? "--trajectories"
                         : s->horizon        ? "--horizon"
                         : s->has_gae_lambda ? "--gae-lambda"
                                             : NULL;
    return !option || ks_fail(err, KS_BAD_INPUT, "%s is for policies, and %s is a model of problem: %s", option,
                              p->path, p->kind->name);
}

bool ks_eval_examples(const ks_eval_options* o, ks_cli_policy* p, ks_error* err) {
    ks_eval_settings s = ks_eval_settings_default();
    s.steps = o->sampling.steps >= 0 ? (int)o->sampling.steps : DEFAULT_STEPS;
    s.seed = (uint64_t)o->sampling.seed;
    s.threads = (int)o->sampling.threads;
    ks_examples_own_lr(s.lr, p);
    const char* label = ks_eval_label(o, p, err);
    ks_eval_result result;
    if (!label || !check_options(o, p, err) || !ks_problem_options_apply(&o->problem, p, err) ||
        (o->sampling.lr && !ks_cli_lr(o->sampling.lr, s.lr, err)) ||
        (o->search_lr && !search(&s, p, o->search_lr, err)) ||
        !evaluate(&result, p, o->tasks ? (size_t)o->tasks : DEFAULT_TASKS, &s, err)) {
        return false;
    }
    table t = {.result = &result,
               .label = label,
               .problem = p->kind->name,
               .metric = p->kind->metric,
               .settings = &s,
               .factors = p->info.learned != KS_LEARNED_NONE};
    bool ok = !o->output || ks_write_file(o->output, o->force, write_csv, &t, err);
    ok = print_table(&t, err) && ok; /* in any case; and if nobody reads it, the file is there */
    ok = ok && (!o->keep_lr || ks_cli_keep_lr(p, s.lr, err));
    ks_eval_result_free(&result);
    return ok;
}
