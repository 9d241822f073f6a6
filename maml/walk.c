#include "maml/walk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ks_walk {
    ks_problem* problem;
    const ks_eval_model* model;
    ks_stage stage; /* index: steps taken */
    size_t num_params;
    ks_inner* inner;
    ks_real *theta, *next; /* (tasks x P) every task's parameters now, and after a step that is tried */
    ks_task_rows *rows, *tried;
    ks_group* groups; /* (tasks) of rows; */
    bool collected;   /* they are there */
};

void ks_walk_destroy(ks_walk* w) {
    if (w) {
        ks_inner_destroy(w->inner);
        free(w->theta);
        free(w->next);
        free(w->rows);
        free(w->tried);
        free(w->groups);
        free(w);
    }
}

static bool init(ks_walk* w, int threads, ks_error* err) {
    const ks_policy* policy = w->model->policy;
    size_t tasks = w->stage.count, p = w->num_params;
    /* two stages: what is learned from stays while what comes of it is looked at */
    ks_problem_sizes sizes = {.tasks = tasks, .stages = 2, .threads = threads};
    if (!w->problem->kind->prepare(w->problem, policy, &sizes, err)) {
        return false;
    }
    w->inner = ks_inner_create(policy, &w->model->sizes, tasks, w->problem->max_rows, threads, err);
    if (!w->inner) {
        return false;
    }
    ks_inner_set(w->inner, w->model->params + p);
    w->theta = malloc(tasks * p * sizeof *w->theta);
    w->next = malloc(tasks * p * sizeof *w->next);
    w->rows = calloc(tasks, sizeof *w->rows);
    w->tried = calloc(tasks, sizeof *w->tried);
    w->groups = calloc(tasks, sizeof *w->groups);
    if (!w->theta || !w->next || !w->rows || !w->tried || !w->groups) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", tasks);
    }
    for (size_t i = 0; i < tasks; i++) {
        memcpy(w->theta + i * p, w->model->params, p * sizeof *w->theta);
    }
    return true;
}

ks_walk* ks_walk_create(ks_problem* problem, const ks_eval_model* model, size_t tasks, const ks_eval_settings* s,
                        ks_error* err) {
    ks_walk* w = calloc(1, sizeof *w);
    if (!w) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    w->problem = problem;
    w->model = model;
    w->num_params = ks_policy_num_params(model->policy);
    w->stage = (ks_stage){.seed = s->seed, .iteration = ks_eval_iteration(s->split), .count = tasks};
    ks_draw draw = {.split = s->split, .seed = s->seed, .iteration = w->stage.iteration, .count = tasks};
    if (!init(w, s->threads, err) || !problem->kind->draw(problem, &draw, err)) {
        ks_walk_destroy(w);
        return NULL;
    }
    return w;
}

/* The rows of all tasks after so many steps. */
static bool collect(ks_walk* w, ks_task_rows* rows, const ks_real* theta, int steps, bool judges, ks_error* err) {
    ks_stage stage = w->stage;
    stage.index = steps;
    stage.judges = judges;
    stage.theta = theta;
    return w->problem->kind->collect(w->problem, &stage, rows, err);
}

/* next (tasks x P): θ after a step of this size. */
static bool step(ks_real* next, ks_walk* w, double lr, ks_error* err) {
    if (!w->collected && !collect(w, w->rows, w->theta, w->stage.index, false, err)) {
        return false;
    }
    w->collected = true;
    for (size_t i = 0; i < w->stage.count; i++) {
        w->groups[i] = (ks_group){.rows = w->rows[i].rows, .theta = w->theta + i * w->num_params};
    }
    ks_inner_step(next, w->inner, w->groups, w->stage.count, w->stage.index, lr, (ks_inner_trace){0});
    return true;
}

bool ks_walk_try(double* metric, ks_walk* w, double lr, ks_error* err) {
    if (!step(w->next, w, lr, err) || !collect(w, w->tried, w->next, w->stage.index + 1, true, err)) {
        return false;
    }
    bool works = true;
    for (size_t i = 0; i < w->stage.count; i++) {
        works = works && ks_inner_works(w->model->policy, w->next + i * w->num_params, &w->tried[i]);
    }
    for (size_t i = 0; i < w->stage.count; i++) {
        metric[i] = works ? w->tried[i].metric : NAN;
    }
    return true;
}

bool ks_walk_take(ks_walk* w, double lr, ks_error* err) {
    if (!step(w->theta, w, lr, err)) {
        return false;
    }
    w->stage.index++;
    w->collected = false;
    return true;
}
