#include "fewshot/sinusoid_fit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct ks_sinusoid_fit {
    ks_sinusoid_fit_settings settings;
    ks_eval_model model;
    size_t num_params; /* P */
    size_t inputs;
    ks_problem* problem;
    ks_inner* inner;
    ks_policy_ws* ws;
    ks_rows query;       /* the problem's */
    ks_real* x;          /* (shots x inputs) */
    ks_real* y;          /* (shots) */
    ks_real* theta;      /* (max_steps+1 x P) */
    ks_real* grid;       /* (points x inputs) */
    ks_real* prediction; /* (max_steps+1 x points) */
    double* error;       /* (max_steps+1) */
};

/* ---- creation ------------------------------------------------------------------------------------------------------------- */

static bool allocate(ks_sinusoid_fit* f, ks_error* err) {
    const ks_sinusoid_fit_settings* s = &f->settings;
    size_t stages = (size_t)s->max_steps + 1, shots = (size_t)s->problem.shots;
    f->x = calloc(shots * f->inputs, sizeof *f->x);
    f->y = calloc(shots, sizeof *f->y);
    f->theta = calloc(stages * f->num_params, sizeof *f->theta);
    f->grid = calloc(s->points * f->inputs, sizeof *f->grid);
    f->prediction = calloc(stages * s->points, sizeof *f->prediction);
    f->error = calloc(stages, sizeof *f->error);
    return (f->x && f->y && f->theta && f->grid && f->prediction && f->error) ||
           ks_fail(err, KS_FAILED, "not enough memory for %zu gradient steps", stages - 1);
}

static bool init(ks_sinusoid_fit* f, ks_error* err) {
    const ks_policy* policy = f->model.policy;
    const ks_problem_sizes one = {.tasks = 1, .stages = 1, .threads = 1};
    f->num_params = ks_policy_num_params(policy);
    f->inputs = (size_t)ks_policy_get_settings(policy)->obs_dim;
    f->problem = ks_problem_sinusoid.create(&f->settings.problem, f->settings.method, 1, err);
    if (!f->problem || !ks_problem_sinusoid.prepare(f->problem, policy, &one, err) || !allocate(f, err)) {
        return false;
    }
    f->inner = ks_inner_create(policy, &f->model.sizes, 1, f->problem->max_rows, 1, err);
    f->ws = f->inner ? ks_policy_ws_create(policy, 0, err) : NULL;
    if (!f->ws) {
        return false;
    }
    ks_inner_set(f->inner, f->model.params + f->num_params);
    memcpy(f->theta, f->model.params, f->num_params * sizeof *f->theta);
    return true;
}

ks_sinusoid_fit* ks_sinusoid_fit_create(const ks_eval_model* model, const ks_sinusoid_fit_settings* settings,
                                        ks_error* err) {
    assert(settings->max_steps >= 0 && settings->points >= 2);
    ks_sinusoid_fit* f = calloc(1, sizeof *f);
    if (!f) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    f->settings = *settings;
    f->model = *model;
    if (!init(f, err)) {
        ks_sinusoid_fit_destroy(f);
        return NULL;
    }
    return f;
}

void ks_sinusoid_fit_destroy(ks_sinusoid_fit* f) {
    if (f) {
        if (f->problem) {
            ks_problem_sinusoid.destroy(f->problem);
        }
        ks_inner_destroy(f->inner);
        ks_policy_ws_destroy(f->ws);
        free(f->x);
        free(f->y);
        free(f->theta);
        free(f->grid);
        free(f->prediction);
        free(f->error);
        free(f);
    }
}

/* ---- the task ------------------------------------------------------------------------------------------------------------- */

/* Rows of the problem, that a step learns from or that are judged. */
static bool collect(ks_rows* rows, ks_sinusoid_fit* f, bool judges, ks_error* err) {
    ks_stage stage = {.iteration = KS_EVAL_ITERATION, .count = 1, .judges = judges, .theta = f->theta};
    ks_task_rows collected;
    if (!ks_problem_sinusoid.collect(f->problem, &stage, &collected, err)) {
        return false;
    }
    *rows = collected.rows;
    return true;
}

bool ks_sinusoid_fit_draw(ks_sinusoid_fit* f, uint64_t seed, size_t number, const ks_sinusoid* given, ks_error* err) {
    ks_draw draw = {.split = KS_SPLIT_TEST, .seed = seed, .iteration = KS_EVAL_ITERATION, .first = number, .count = 1};
    ks_rows support;
    ks_sinusoid_give(f->problem, given);
    if (!ks_problem_sinusoid.draw(f->problem, &draw, err) || !collect(&support, f, false, err) ||
        !collect(&f->query, f, true, err)) {
        return false;
    }
    memcpy(f->x, support.obs, support.n * f->inputs * sizeof *f->x);
    memcpy(f->y, support.act, support.n * sizeof *f->y);
    for (size_t p = 0; p < f->settings.points; p++) { /* what an oracle sees besides x is the same everywhere */
        memcpy(f->grid + p * f->inputs, f->x, f->inputs * sizeof *f->grid);
        f->grid[p * f->inputs] = (ks_real)ks_sinusoid_fit_x(f, p);
    }
    return true;
}

ks_sinusoid ks_sinusoid_fit_task(const ks_sinusoid_fit* f) {
    return ks_sinusoid_task(f->problem, 0);
}

size_t ks_sinusoid_fit_shots(const ks_sinusoid_fit* f) {
    return (size_t)f->settings.problem.shots;
}

ks_sinusoid_point ks_sinusoid_fit_example(const ks_sinusoid_fit* f, size_t i) {
    return (ks_sinusoid_point){(double)f->x[i * f->inputs], (double)f->y[i]};
}

void ks_sinusoid_fit_move(ks_sinusoid_fit* f, size_t i, ks_sinusoid_point to) {
    f->x[i * f->inputs] = (ks_real)to.x;
    f->y[i] = (ks_real)to.y;
}

/* ---- adaptation ----------------------------------------------------------------------------------------------------------- */

static void judge(ks_sinusoid_fit* f, int step) {
    const ks_real* theta = f->theta + (size_t)step * f->num_params;
    ks_group query = {.rows = f->query, .theta = theta};
    ks_derivatives_loss(ks_inner_derivatives(f->inner), &f->error[step], &query, 1);
    ks_policy_forward(f->model.policy, theta, f->settings.points, f->grid,
                      f->prediction + (size_t)step * f->settings.points, f->ws);
}

void ks_sinusoid_fit_adapt(ks_sinusoid_fit* f, int steps, const double* lr) {
    assert(steps >= 0 && steps <= f->settings.max_steps);
    judge(f, 0);
    for (int j = 0; j < steps; j++) {
        ks_real* theta = f->theta + (size_t)j * f->num_params;
        ks_group support = {.rows = {.n = ks_sinusoid_fit_shots(f), .obs = f->x, .act = f->y}, .theta = theta};
        ks_inner_step(theta + f->num_params, f->inner, &support, 1, j, lr[j], (ks_inner_trace){0});
        judge(f, j + 1);
    }
}

double ks_sinusoid_fit_x(const ks_sinusoid_fit* f, size_t point) {
    double share = (double)point / (double)(f->settings.points - 1);
    return KS_SINUSOID_X_MIN + (KS_SINUSOID_X_MAX - KS_SINUSOID_X_MIN) * share;
}

const ks_real* ks_sinusoid_fit_prediction(const ks_sinusoid_fit* f, int step) {
    return f->prediction + (size_t)step * f->settings.points;
}

double ks_sinusoid_fit_error(const ks_sinusoid_fit* f, int step) {
    return f->error[step];
}
