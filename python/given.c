#include "python/given.h"

#include <math.h>
#include <stdlib.h>

enum { SUPPORT, QUERY, SETS };

typedef struct given {
    ks_problem base;
    ks_given_settings settings;
    ks_rows* rows[SETS]; /* (tasks) */
} given;

extern const ks_problem_kind ks_problem_given;

static void destroy(ks_problem* problem) {
    given* g = (given*)problem;
    if (g) {
        free(g->rows[SUPPORT]);
        free(g->rows[QUERY]);
        free(g);
    }
}

ks_problem* ks_given_create(const ks_given_settings* settings, size_t tasks, ks_error* err) {
    given* g = calloc(1, sizeof *g);
    if (g) {
        g->rows[SUPPORT] = calloc(tasks, sizeof **g->rows);
        g->rows[QUERY] = calloc(tasks, sizeof **g->rows);
    }
    if (!g || !g->rows[SUPPORT] || !g->rows[QUERY]) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", tasks);
        destroy(g ? &g->base : NULL);
        return NULL;
    }
    g->settings = *settings;
    g->base = (ks_problem){.kind = &ks_problem_given,
                           .name = KS_GIVEN,
                           .tasks = tasks,
                           .max_rows = settings->max_rows,
                           .adapts = true,
                           .accuracy = settings->classes};
    return &g->base;
}

size_t ks_given_longest(const ks_api_examples* e) {
    int64_t longest = 0;
    for (size_t i = 0; i < e->tasks; i++) {
        longest = e->rows[i] > longest ? e->rows[i] : longest;
    }
    return (size_t)longest;
}

static bool check_rows(const given* g, const ks_rows* r, size_t task, ks_error* err) {
    const ks_given_settings* s = &g->settings;
    size_t columns = s->classes ? 1 : (size_t)s->outputs;
    for (size_t i = 0; i < r->n * (size_t)s->inputs; i++) {
        if (!isfinite(r->obs[i])) {
            return ks_fail(err, KS_BAD_INPUT, "x of task %zu has a number that is not finite", task);
        }
    }
    for (size_t i = 0; i < r->n * columns; i++) {
        float y = r->act[i];
        if (!isfinite(y)) {
            return ks_fail(err, KS_BAD_INPUT, "y of task %zu has a number that is not finite", task);
        }
        if (s->classes && !(y >= 0 && y < (float)s->outputs && y == floorf(y))) {
            return ks_fail(err, KS_BAD_INPUT, "y of task %zu has %g, which is no class: they are 0 to %d", task,
                           (double)y, s->outputs - 1);
        }
    }
    return true;
}

bool ks_given_set(ks_problem* problem, const ks_api_examples* support, const ks_api_examples* query, ks_error* err) {
    given* g = (given*)problem;
    const ks_api_examples* sets[SETS] = {support, query};
    size_t columns = g->settings.classes ? 1 : (size_t)g->settings.outputs;
    for (int s = 0; s < SETS; s++) {
        size_t first = 0;
        if (sets[s]->tasks != problem->tasks) {
            return ks_fail(err, KS_BAD_INPUT, "%zu tasks are needed, not %zu", problem->tasks, sets[s]->tasks);
        }
        for (size_t i = 0; i < sets[s]->tasks; i++) {
            int64_t n = sets[s]->rows[i];
            if (n < 1 || (size_t)n > problem->max_rows) {
                return ks_fail(err, KS_BAD_INPUT, "task %zu has %lld examples, which must be 1 to %zu", i, (long long)n,
                               problem->max_rows);
            }
            g->rows[s][i] = (ks_rows){.n = (size_t)n,
                                      .obs = sets[s]->x + first * (size_t)g->settings.inputs,
                                      .act = sets[s]->y + first * columns};
            if (!check_rows(g, &g->rows[s][i], i, err)) {
                return false;
            }
            first += (size_t)n;
        }
    }
    return true;
}

static void shape(const ks_problem* problem, ks_policy_settings* s) {
    const ks_given_settings* g = &((const given*)problem)->settings;
    s->obs_dim = g->inputs;
    s->act_dim = g->outputs;
    s->head = g->classes ? KS_CATEGORICAL : KS_SQUARED_ERROR;
}

static bool prepare(ks_problem* problem, const ks_policy* policy, const ks_problem_sizes* sizes, ks_error* err) {
    (void)problem, (void)policy, (void)sizes, (void)err;
    return true;
}

static bool draw(ks_problem* problem, const ks_draw* d, ks_error* err) {
    (void)problem, (void)d, (void)err;
    return true;
}

static bool collect(ks_problem* problem, const ks_stage* stage, ks_task_rows* rows, ks_error* err) {
    const given* g = (const given*)problem;
    (void)err;
    for (size_t i = 0; i < stage->count; i++) {
        rows[i] = (ks_task_rows){.rows = g->rows[stage->judges ? QUERY : SUPPORT][stage->first + i]};
    }
    return true;
}

const ks_problem_kind ks_problem_given = {.name = KS_GIVEN,
                                          .summary = "examples in arrays",
                                          .metric = "mse",
                                          .settings_size = sizeof(ks_given_settings),
                                          .outer = "adam",
                                          .destroy = destroy,
                                          .shape = shape,
                                          .prepare = prepare,
                                          .draw = draw,
                                          .collect = collect};
