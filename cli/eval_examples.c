/* `eval` of models that learn from examples: how they do on other examples of the same task, after every gradient step. */
#include "base/atomic_file.h"
#include "base/text.h"
#include "cli/eval_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_TASKS = 600, DEFAULT_STEPS = 10, SEARCH_ERRORS = 600, SEARCH_ACCURACIES = 200, MAX_LR = 32 };

/* ---- errors of a regression ------------------------------------------------------------------------------------------------- */

typedef struct table {
    const ks_eval_session* session;
    const ks_eval_settings* settings;
    const ks_eval_result* result;
    const char* metric;
} table;

static bool print_table(const table* t, ks_error* err) {
    const ks_eval_result* r = t->result;
    double before = 0;
    ks_text_print(stdout, t->session->label);
    printf(" on %s, %zu task%s\n\n", t->session->model->kind->name, r->tasks, r->tasks == 1 ? "" : "s");
    printf("gradient steps    step size    mean %s    95 %% interval    median %s    diverged\n", t->metric, t->metric);
    for (int j = 0; j <= r->steps; j++) {
        ks_eval_summary s;
        char lr[32], half[32];
        if (!ks_eval_summarise(&s, r, r->metric, j, err)) {
            return false;
        }
        before = j == 0 ? s.mean : before;
        ks_eval_step_text(lr, sizeof lr, t->session, t->settings, j);
        printf("%14d %12s %11.4g", j, lr, s.mean);
        snprintf(half, sizeof half, "%8.3g", s.error);
        ks_eval_print_interval(&s, half);
        printf(" %13.4g %11zu\n", s.median, ks_eval_count_diverged(r, j, before));
    }
    return true;
}

static bool print_json(const table* t, ks_error* err) {
    const ks_cli_policy* p = t->session->model;
    cJSON* all = ks_eval_json_create(t->session->options, p, t->session->label, t->result);
    cJSON_AddNumberToObject(all, "shots", p->config.sinusoid.shots);
    cJSON_AddNumberToObject(all, "queries", p->config.sinusoid.queries);
    ks_eval_json_row row = {.label = t->session->label,
                            .result = t->result,
                            .lr = t->settings->lr,
                            .factors = p->info.learned != KS_LEARNED_NONE,
                            .diverges = true};
    if (!ks_eval_json_add(all, &row, err)) {
        cJSON_Delete(all);
        return false;
    }
    return ks_cli_print_json(all, err) == 0;
}

static bool write_csv(void* user, FILE* file) {
    const table* t = user;
    const ks_eval_result* r = t->result;
    fprintf(file, "label,env,task,goal,gradient_step,%s\n", t->metric);
    for (size_t i = 0; i < r->tasks; i++) {
        for (int j = 0; j <= r->steps; j++) {
            fprintf(file, "%s,%s,%zu,,%d,%.9g\n", t->session->label, t->session->model->kind->name, i, j,
                    r->metric[i * ((size_t)r->steps + 1) + (size_t)j]);
        }
    }
    return !ferror(file);
}

static bool evaluate_errors(const ks_eval_session* session, const ks_eval_settings* s, ks_error* err) {
    const ks_eval_options* o = session->options;
    ks_eval_result result;
    if (!ks_eval_run(&result, session, ks_config_problem_settings(&session->model->config), session->tasks, s, err)) {
        return false;
    }
    table t = {.session = session, .settings = s, .result = &result, .metric = session->model->kind->metric};
    bool ok = !o->output || ks_write_file(o->output, o->force, write_csv, &t, err);
    /* also where the CSV failed; and it comes second, so that a pipe that is closed does not lose the CSV */
    ok = (o->json ? print_json : print_table)(&t, err) && ok;
    ks_eval_result_free(&result);
    return ok;
}

/* ---- the step size ----------------------------------------------------------------------------------------------------------- */

static ks_split split_to_search(const ks_problem* problem) {
    return problem->has_validation ? KS_SPLIT_VALIDATION : KS_SPLIT_TEST;
}

/* Tasks to search on: of validation classes, where there are any; else others than those of any seed that can be typed. */
static ks_eval_settings search_settings(const ks_eval_session* session, const ks_eval_settings* s) {
    ks_eval_settings other = *s;
    other.seed = ks_search_seed(s->seed);
    other.split = split_to_search(session->first);
    return other;
}

/* How good a step size is: higher is better. The median of errors, since a few tasks that diverge decide a mean. */
static bool try_one(double* shown, double* good, const ks_eval_session* session, const ks_eval_settings* s,
                    size_t tasks, ks_error* err) {
    ks_eval_result result;
    ks_eval_summary after;
    if (!ks_eval_run(&result, session, ks_config_problem_settings(&session->model->config), tasks, s, err)) {
        return false;
    }
    bool ok = ks_eval_summarise(&after, &result, result.metric, s->steps, err);
    ks_eval_result_free(&result);
    *shown = session->first->accuracy ? after.mean : after.median;
    *good = isnan(*shown) ? -INFINITY : session->model->kind->higher_is_better ? *shown : -*shown;
    return ok;
}

static void print_search_head(FILE* out, const ks_eval_session* session, const ks_eval_settings* s, size_t tasks) {
    fprintf(out, "%s %s after %d gradient steps on %zu %s, by their size:\n\n",
            session->first->accuracy ? "mean" : "median", session->model->kind->metric, s->steps, tasks,
            s->split == KS_SPLIT_VALIDATION ? "tasks of validation classes" : "other tasks");
}

/* The step size that is best after all steps, on other tasks. */
static bool search(ks_eval_settings* s, const ks_eval_session* session, const char* text, ks_error* err) {
    static const double DEFAULT[] = {1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2};
    static const double OF_CLASSES[] = {1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};
    bool accuracy = session->first->accuracy;
    double lr[MAX_LR], shown[MAX_LR], best = -INFINITY;
    size_t count = accuracy ? sizeof OF_CLASSES / sizeof *lr : sizeof DEFAULT / sizeof *lr, chosen = 0;
    size_t tasks = accuracy ? SEARCH_ACCURACIES : SEARCH_ERRORS;
    if (strcmp(text, "default") == 0) {
        memcpy(lr, accuracy ? OF_CLASSES : DEFAULT, count * sizeof *lr);
    } else if (!ks_cli_numbers("--search-lr", text, MAX_LR, lr, &count, err)) {
        return false;
    }
    ks_eval_settings other = search_settings(session, s);
    FILE* told = ks_eval_told(session->options);
    if (told) {
        print_search_head(told, session, &other, tasks);
    }
    for (size_t i = 0; i < count; i++) {
        double good;
        for (int j = 0; j < KS_EVAL_MAX_STEPS; j++) {
            other.lr[j] = lr[i];
        }
        if (!try_one(&shown[i], &good, session, &other, tasks, err)) {
            return false;
        }
        if (told) {
            fprintf(told, "%27.4g %14.4g%s\n", lr[i], shown[i], i + 1 == count ? "\n" : "");
        }
        if (good > best) {
            best = good;
            chosen = i;
        }
    }
    for (int j = 0; best > -INFINITY && j < KS_EVAL_MAX_STEPS; j++) {
        s->lr[j] = lr[chosen];
    }
    return best > -INFINITY ||
           ks_fail(err, KS_FAILED, "--search-lr: with every one of these step sizes most tasks diverge");
}

/* ---- the command ------------------------------------------------------------------------------------------------------------- */

/* Options that are of other models. */
static bool check_options(const ks_eval_options* o, const ks_cli_policy* p, ks_error* err) {
    const char* policies = o->goals         ? "--goals"
                           : o->search_each ? "--search-each"
                                            : ks_cli_sampling_of_policies(&o->sampling);
    const char* images = o->norm >= 0 ? "--norm" : o->split >= 0 ? "--split" : o->nearest ? "--nearest" : NULL;
    if (policies) {
        return ks_fail(err, KS_BAD_INPUT, "%s is for policies, and %s is a model of problem: %s", policies, p->path,
                       p->kind->name);
    }
    return p->kind == &ks_problem_images || !images ||
           ks_fail(err, KS_BAD_INPUT, "%s is for models of images, and %s is of problem: %s", images, p->path,
                   p->kind->name);
}

static bool evaluate(ks_eval_session* session, ks_eval_settings* s, ks_error* err) {
    const ks_eval_options* o = session->options;
    if ((o->sampling.lr && !ks_cli_lr(o->sampling.lr, s->lr, err)) ||
        (o->search_lr && !search(s, session, o->search_lr, err))) {
        return false;
    }
    return (session->model->kind == &ks_problem_images ? ks_eval_classes : evaluate_errors)(session, s, err);
}

bool ks_eval_examples(const ks_eval_options* o, ks_cli_policy* p, ks_error* err) {
    ks_eval_session session = {.options = o, .model = p, .tasks = o->tasks ? (size_t)o->tasks : DEFAULT_TASKS};
    ks_eval_settings s = ks_eval_settings_default();
    s.steps = o->sampling.steps >= 0 ? (int)o->sampling.steps : DEFAULT_STEPS;
    s.split = o->split >= 0 && o->split != KS_SPLIT_SEARCH ? (ks_split)o->split : s.split;
    s.seed = (uint64_t)o->sampling.seed;
    s.threads = (int)o->sampling.threads;
    ks_examples_own_lr(s.lr, p);
    session.label = ks_eval_label(o, p, err);
    session.own_norm = p->config.images.norm;
    if (!session.label || !check_options(o, p, err) || !ks_eval_choose_norm(p, o->norm, err) ||
        !ks_problem_options_apply(&o->problem, p, err) || !ks_examples_take_head(p, s.seed, err)) {
        return false;
    }
    ks_config_set_threads(&p->config, s.threads);
    session.first = ks_examples_problem(p, 1, err);
    s.split = session.first && o->split == KS_SPLIT_SEARCH ? split_to_search(session.first) : s.split;
    bool ok =
        session.first && evaluate(&session, &s, err) && (!o->keep_lr || ks_cli_keep_lr(p, s.lr, ks_eval_told(o), err));
    if (session.first) {
        p->kind->destroy(session.first);
    }
    return ok;
}
