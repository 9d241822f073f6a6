#include "maml/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* tasks that are worked on side by side: bounds the memory, and changes no result */
enum { TASKS_AT_ONCE = 40, MANY_AT_ONCE = 1000, TASKS_BYTES = 64 << 20, MANY_BYTES = 16 << 20, TASK_TEXT = 160 };

ks_eval_settings ks_eval_settings_default(void) {
    ks_eval_settings settings = {.steps = 3, .split = KS_SPLIT_TEST, .seed = 1, .threads = 1};
    ks_eval_set_lr(&settings, 0.1);
    return settings;
}

void ks_eval_set_lr(ks_eval_settings* settings, double first) {
    settings->lr[0] = first;
    for (int j = 1; j < KS_EVAL_MAX_STEPS; j++) {
        settings->lr[j] = 0.5 * first;
    }
}

void ks_eval_result_free(ks_eval_result* result) {
    free(result->metric);
    free(result->length);
    free(result->loss);
    *result = (ks_eval_result){0};
}

typedef struct evaluation {
    const ks_eval_settings* settings;
    ks_problem* problem;
    const ks_eval_model* model;
    ks_eval_result* result;
    size_t at_once, num_params; /* P */
    size_t first, count;        /* tasks under way */
    ks_inner* inner;
    ks_real* theta;      /* (at_once x P) */
    ks_task_rows* rows;  /* (at_once) */
    ks_task_rows* query; /* (at_once) of given examples */
    ks_group* groups;    /* (at_once) */
    ks_group* judged;    /* (at_once) */
    double* loss;        /* (at_once) */
    double* accuracy;    /* (at_once) */
} evaluation;

static void evaluation_free(evaluation* e) {
    ks_inner_destroy(e->inner);
    free(e->theta);
    free(e->rows);
    free(e->query);
    free(e->groups);
    free(e->judged);
    free(e->loss);
    free(e->accuracy);
}

/* Few where rows are large, but enough for all threads. Many where a task is small: threads wait for each other after every step, and
 * where others use the cores, each wait can take milliseconds. */
static size_t tasks_at_once(const evaluation* e, size_t tasks) {
    enum { PER_PARAM = 8 }; /* numbers of a task for each parameter, roughly */
    size_t threads = (size_t)e->settings->threads;
    size_t row = (size_t)ks_policy_get_settings(e->model->policy)->obs_dim * sizeof(ks_real);
    size_t rows = row * e->problem->max_rows + 1;
    size_t fit = TASKS_BYTES / rows;
    size_t many = e->problem->sampled ? 0 : MANY_BYTES / (rows + PER_PARAM * e->num_params * sizeof(ks_real));
    size_t most = fit < TASKS_AT_ONCE    ? fit
                  : many < TASKS_AT_ONCE ? TASKS_AT_ONCE
                  : many < MANY_AT_ONCE  ? many
                                         : MANY_AT_ONCE;
    most = most < threads ? threads : most;
    return tasks < most ? tasks : most;
}

static bool evaluation_init(evaluation* e, size_t tasks, ks_error* err) {
    const ks_policy* policy = e->model->policy;
    e->num_params = ks_policy_num_params(policy);
    size_t n = tasks_at_once(e, tasks);
    int threads = e->settings->threads;
    e->at_once = n;
    if (!e->problem->kind->prepare(e->problem, policy, &(ks_problem_sizes){.tasks = n, .stages = 1, .threads = threads},
                                   err)) {
        return false;
    }
    e->inner = ks_inner_create(policy, &e->model->sizes, n, e->problem->max_rows, threads, err);
    if (!e->inner) {
        return false;
    }
    ks_inner_set(e->inner, e->model->params + e->num_params);
    e->theta = malloc(n * e->num_params * sizeof *e->theta);
    e->rows = calloc(n, sizeof *e->rows);
    e->query = calloc(n, sizeof *e->query);
    e->groups = calloc(n, sizeof *e->groups);
    e->judged = calloc(n, sizeof *e->judged);
    e->loss = calloc(n, sizeof *e->loss);
    e->accuracy = calloc(n, sizeof *e->accuracy);
    return (e->theta && e->rows && e->query && e->groups && e->judged && e->loss && e->accuracy) ||
           ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", n);
}

bool ks_eval_check(const ks_problem* problem, const ks_policy* policy, const ks_real* theta, const ks_task_rows* rows,
                   size_t task, size_t number, int step, double lr, ks_error* err) {
    if (ks_inner_works(policy, theta, rows)) {
        return true;
    }
    const ks_problem_kind* kind = problem->kind;
    char text[TASK_TEXT] = "";
    if (kind->task_text) {
        kind->task_text(problem, task, text, sizeof text);
    }
    return ks_fail(
        err, KS_BROKE_DOWN,
        "%s: the step size %g of gradient step %d is too large for task %zu (%s): the policy that it leads to "
        "breaks down at once, in numbers that are not finite%s",
        problem->name, lr, step, number, text, kind->breaks_in ? kind->breaks_in(problem) : "");
}

/* The loss of every task's θ, and its accuracy, on examples that it has not learned from. */
static bool judge_examples(evaluation* e, int j, ks_error* err) {
    ks_stage stage = {.seed = e->settings->seed,
                      .iteration = ks_eval_iteration(e->settings->split),
                      .first = e->first,
                      .count = e->count,
                      .index = j,
                      .judges = true,
                      .theta = e->theta};
    if (!e->problem->kind->collect(e->problem, &stage, e->query, err)) {
        return false;
    }
    for (size_t i = 0; i < e->count; i++) {
        e->judged[i] = (ks_group){.rows = e->query[i].rows, .theta = e->theta + i * e->num_params};
    }
    ks_derivatives_loss(ks_inner_derivatives(e->inner), e->loss, e->judged, e->count);
    ks_derivatives_accuracy(ks_inner_derivatives(e->inner), e->accuracy, e->judged, e->count);
    return true;
}

static double metric_of(const evaluation* e, size_t i) {
    return e->problem->sampled    ? e->rows[i].metric
           : e->problem->measures ? e->query[i].metric
           : e->problem->accuracy ? e->accuracy[i]
                                  : e->loss[i];
}

/* Whether task i of those under way still has a policy that works after j steps, more than none. Errors: KS_FAILED where it must. */
static bool check_step(bool* works, const evaluation* e, size_t i, int j, ks_error* err) {
    const ks_real* theta = e->theta + i * e->num_params;
    size_t number = e->first + i;
    if (!e->settings->may_break_down) {
        return ks_eval_check(e->problem, e->model->policy, theta, &e->rows[i], i, number, j, e->settings->lr[j - 1],
                             err);
    }
    *works = !isnan(e->result->metric[number * ((size_t)e->settings->steps + 1) + (size_t)j - 1]) &&
             ks_inner_works(e->model->policy, theta, &e->rows[i]);
    return true;
}

/* Notes what came of the tasks under way after j steps. */
static bool note_stage(void* user, int j, bool ok, ks_error* err) {
    evaluation* e = user;
    bool sampled = e->problem->sampled;
    if (!ok || (!sampled && !judge_examples(e, j, err))) {
        return false;
    }
    for (size_t i = 0; i < e->count; i++) {
        size_t number = e->first + i;
        size_t place = number * ((size_t)e->settings->steps + 1) + (size_t)j;
        bool works = true;
        if (sampled && j > 0 && !check_step(&works, e, i, j, err)) {
            return false;
        }
        e->result->metric[place] = works ? metric_of(e, i) : NAN;
        e->result->loss[place] = sampled ? 0 : e->loss[i];
        e->result->length[place] = e->rows[i].length;
        e->result->rejected += e->rows[i].rejected;
        e->result->env_steps += e->rows[i].steps;
    }
    return true;
}

static bool evaluate_some(evaluation* e, ks_error* err) {
    ks_draw draw = {.split = e->settings->split,
                    .seed = e->settings->seed,
                    .iteration = ks_eval_iteration(e->settings->split),
                    .first = e->first,
                    .count = e->count};
    ks_inner_loop loop = {
        .problem = e->problem,
        .inner = e->inner,
        .stage = {.seed = draw.seed,
                  .iteration = draw.iteration,
                  .first = draw.first,
                  .count = draw.count,
                  .deterministic = e->settings->deterministic},
        .steps = e->settings->steps,
        .lr = e->settings->lr,
        .theta = e->theta,
        .rows = e->rows,
        .groups = e->groups,
        .user = e,
        .on_stage = note_stage,
    };
    for (size_t i = 0; i < e->count; i++) {
        memcpy(e->theta + i * e->num_params, e->model->params, e->num_params * sizeof *e->theta);
    }
    if (!e->problem->kind->draw(e->problem, &draw, err) || !ks_inner_run(&loop, err)) {
        return false;
    }
    if (e->settings->adapted) {
        memcpy(e->settings->adapted + e->first * e->num_params, e->theta, e->count * e->num_params * sizeof *e->theta);
    }
    return true;
}

bool ks_evaluate(ks_eval_result* result, ks_problem* problem, const ks_eval_model* model, size_t count,
                 const ks_eval_settings* settings, ks_eval_progress progress, void* user, ks_error* err) {
    *result = (ks_eval_result){.tasks = count, .steps = settings->steps};
    if (count < 1 || settings->threads < 1 || settings->steps < 0 || settings->steps > KS_EVAL_MAX_STEPS) {
        return ks_fail(err, KS_BAD_INPUT, "an evaluation needs at least 1 task and thread, and 0 to %d gradient steps",
                       KS_EVAL_MAX_STEPS);
    }
    evaluation e = {.settings = settings, .problem = problem, .model = model, .result = result};
    size_t cells = count * ((size_t)settings->steps + 1);
    result->metric = calloc(cells, sizeof *result->metric);
    result->length = calloc(cells, sizeof *result->length);
    result->loss = calloc(cells, sizeof *result->loss);
    bool ok = (result->metric && result->length && result->loss) ||
              ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", count);
    ok = ok && evaluation_init(&e, count, err);
    for (; ok && e.first < count; e.first += e.count) {
        e.count = count - e.first < e.at_once ? count - e.first : e.at_once;
        ok = evaluate_some(&e, err);
        if (ok && progress) {
            progress(user, e.first + e.count, count);
        }
    }
    evaluation_free(&e);
    if (!ok) {
        ks_eval_result_free(result);
    }
    return ok;
}
