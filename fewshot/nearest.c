#include "fewshot/nearest.h"

#include "base/parallel.h"
#include "maml/evaluate.h"
#include "policy/outputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS_AT_ONCE = 16 };

/* What one thread works on. */
typedef struct scratch {
    ks_policy_ws* ws;
    ks_real* support; /* (max_rows x numbers) features */
    ks_real* query;
} scratch;

typedef struct work {
    ks_problem* problem;
    const ks_nearest_model* model;
    ks_policy* features; /* NULL: inputs are compared */
    size_t numbers;      /* of a row that are compared */
    size_t at_once, first, count;
    ks_task_rows* support; /* (at_once) */
    ks_task_rows* query;   /* (at_once) */
    int threads;
    scratch* scratch; /* (threads) */
    double* accuracy; /* (all tasks) */
} work;

static void work_free(work* w) {
    for (int t = 0; w->scratch && t < w->threads; t++) {
        ks_policy_ws_destroy(w->scratch[t].ws);
        free(w->scratch[t].support);
        free(w->scratch[t].query);
    }
    free(w->scratch);
    free(w->support);
    free(w->query);
    ks_policy_destroy(w->features);
}

static bool work_init(work* w, ks_error* err) {
    size_t rows = w->problem->max_rows;
    w->numbers = (size_t)ks_policy_get_settings(w->model->policy)->obs_dim;
    if (!w->model->inputs) {
        w->features = ks_policy_without_last(w->model->policy, err);
        if (!w->features) {
            return false;
        }
        w->numbers = ks_policy_head_cols(w->features);
    }
    w->support = calloc(w->at_once, sizeof *w->support);
    w->query = calloc(w->at_once, sizeof *w->query);
    w->scratch = calloc((size_t)w->threads, sizeof *w->scratch);
    bool ok = w->support && w->query && w->scratch;
    for (int t = 0; ok && w->features && t < w->threads; t++) {
        scratch* s = &w->scratch[t];
        s->ws = ks_policy_ws_create(w->features, rows, err);
        s->support = malloc(rows * w->numbers * sizeof *s->support);
        s->query = malloc(rows * w->numbers * sizeof *s->query);
        ok = s->ws && s->support && s->query;
    }
    return ok || ks_fail(err, KS_FAILED, "not enough memory for features of %zu numbers", w->numbers);
}

/* The cosine of two rows; one that is 0 is like nothing. */
static double cosine(const ks_real* a, const ks_real* b, size_t n) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : -1;
}

/* What is compared of the rows: inputs, or the features, which go to `to`. */
static const ks_real* compared(ks_real* to, const work* w, const ks_rows* rows, ks_policy_ws* ws) {
    if (!w->features) {
        return rows->obs;
    }
    ks_policy_forward_rows(w->features, w->model->theta, *rows, to, ws);
    return to;
}

static void judge_task(void* user, size_t i, int thread) {
    const work* w = user;
    const scratch* s = &w->scratch[thread];
    const ks_rows *support = &w->support[i].rows, *query = &w->query[i].rows;
    const ks_real* known = compared(s->support, w, support, s->ws);
    const ks_real* asked = compared(s->query, w, query, s->ws);
    size_t n = w->numbers, hits = 0;
    for (size_t q = 0; q < query->n; q++) {
        size_t nearest = 0;
        double best = -INFINITY;
        for (size_t k = 0; k < support->n; k++) {
            double like = cosine(asked + q * n, known + k * n, n);
            nearest = like > best ? k : nearest;
            best = like > best ? like : best;
        }
        hits += support->act[nearest] == query->act[q];
    }
    w->accuracy[w->first + i] = (double)hits / (double)query->n;
}

static bool judge_some(work* w, ks_split split, uint64_t seed, ks_error* err) {
    ks_draw draw = {.split = split, .seed = seed, .iteration = KS_EVAL_ITERATION, .first = w->first, .count = w->count};
    ks_stage stage = {.seed = seed, .iteration = KS_EVAL_ITERATION, .first = w->first, .count = w->count};
    const ks_problem_kind* kind = w->problem->kind;
    if (!kind->draw(w->problem, &draw, err) || !kind->collect(w->problem, &stage, w->support, err)) {
        return false;
    }
    stage.judges = true;
    if (!kind->collect(w->problem, &stage, w->query, err)) {
        return false;
    }
    ks_parallel_for(w->threads, w->count, judge_task, w);
    return true;
}

bool ks_nearest(double* accuracy, ks_problem* problem, const ks_nearest_model* model, size_t count, ks_split split,
                uint64_t seed, int threads, ks_error* err) {
    work w = {.problem = problem,
              .model = model,
              .at_once = count < TASKS_AT_ONCE ? count : TASKS_AT_ONCE,
              .threads = threads,
              .accuracy = accuracy};
    ks_problem_sizes sizes = {.tasks = w.at_once, .stages = 1, .threads = threads};
    bool ok = problem->kind->prepare(problem, model->policy, &sizes, err) && work_init(&w, err);
    for (; ok && w.first < count; w.first += w.count) {
        w.count = count - w.first < w.at_once ? count - w.first : w.at_once;
        ok = judge_some(&w, split, seed, err);
    }
    work_free(&w);
    return ok;
}
