/* toy_problem.h: a meta-learning problem of fixed random rows, which any θ has sampled: only their log-probabilities follow from it. And
 * an outer step that lets a test ask the core (maml/outer.h). For tests in the double build. */
#ifndef KS_TESTS_TOY_PROBLEM_H
#define KS_TESTS_TOY_PROBLEM_H

#include "maml/maml.h"
#include "policy_support.h"

#include <string.h>

enum { TOY_TASKS = 3, TOY_STAGES = 4, TOY_ROWS = 120 };

typedef struct toy {
    ks_problem base;
    arena memory;
    ks_policy* policy;
    ks_policy_ws* ws;
    ks_loss inner_loss;
    double outcome[TOY_TASKS]; /* metric of a task after adaptation, but for the number of steps */
    double broken;             /* added to the last stage's first weight of task 1: NAN breaks it */
    ks_rows rows[TOY_STAGES][TOY_TASKS];
    ks_real* head[TOY_STAGES][TOY_TASKS];
    ks_real* logp[TOY_STAGES][TOY_TASKS];
    ks_real* weight[TOY_STAGES][TOY_TASKS];
    ks_real* extra[TOY_TASKS];
} toy;

static inline bool toy_prepare(ks_problem* problem, const ks_policy* policy, const ks_problem_sizes* sizes,
                               ks_error* err) {
    (void)problem;
    (void)policy;
    (void)sizes;
    (void)err;
    return true;
}

static inline bool toy_draw(ks_problem* problem, const ks_draw* draw, ks_error* err) {
    (void)problem;
    (void)draw;
    (void)err;
    return true;
}

static inline bool toy_collect(ks_problem* problem, const ks_stage* stage, ks_task_rows* out, ks_error* err) {
    toy* t = (toy*)problem;
    const ks_real minus_one = -1;
    size_t obs_dim = (size_t)ks_policy_get_settings(t->policy)->obs_dim, cols = ks_policy_act_cols(t->policy);
    (void)err;
    for (size_t i = 0; i < stage->count; i++) {
        const ks_real* theta = stage->theta + i * ks_policy_num_params(t->policy);
        ks_rows rows = t->rows[stage->index][i];
        ks_real* logp = t->logp[stage->index][i];
        ks_policy_forward(t->policy, theta, rows.n, rows.obs, t->head[stage->index][i], t->ws);
        for (size_t n = 0; n < rows.n; n++) {
            ks_rows one = {.n = 1, .obs = rows.obs + n * obs_dim, .act = rows.act + n * cols, .weight = &minus_one};
            logp[n] = (ks_real)ks_policy_nll(t->policy, theta, one, t->ws);
        }
        rows.logp = logp;
        rows.loss = stage->judges ? KS_LOSS_SCORE : t->inner_loss;
        out[i] = (ks_task_rows){.rows = rows,
                                .head = t->head[stage->index][i],
                                .extra = stage->index == 0 ? t->extra[i] : NULL,
                                .metric = t->outcome[i] - stage->index,
                                .steps = rows.n};
    }
    if (stage->judges) {
        t->weight[stage->index][1][0] += (ks_real)t->broken;
    }
    return true;
}

static const ks_problem_kind TOY = {.name = "toy",
                                    .metric = "return",
                                    .higher_is_better = true,
                                    .prepare = toy_prepare,
                                    .draw = toy_draw,
                                    .collect = toy_collect};

static inline void toy_open(toy* t, ks_head head) {
    static const size_t COUNT[TOY_TASKS] = {7, TOY_ROWS, 31};
    ks_error err = {0};
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = 3;
    s.act_dim = 2 + (head == KS_CATEGORICAL);
    s.head = head;
    s.activation = KS_TANH;
    s.num_hidden = 1;
    s.hidden[0] = 4;
    *t = (toy){
        .base =
            {.kind = &TOY, .name = "toy", .tasks = TOY_TASKS, .max_rows = TOY_ROWS, .adapts = true, .sampled = true},
        .outcome = {0, 3, 12}};
    t->policy = ks_policy_create(&s, &err);
    t->ws = ks_policy_ws_create(t->policy, 0, &err);
    assert_non_null(t->ws);
    for (size_t j = 0; j < TOY_STAGES; j++) {
        for (size_t i = 0; i < TOY_TASKS; i++) {
            t->rows[j][i] = random_rows(&t->memory, t->policy, COUNT[(i + j) % TOY_TASKS]);
            t->weight[j][i] = normals(&t->memory, TOY_ROWS, 1);
            t->rows[j][i].weight = t->weight[j][i];
            t->head[j][i] = reals(&t->memory, TOY_ROWS * ks_policy_head_cols(t->policy));
            t->logp[j][i] = reals(&t->memory, TOY_ROWS);
            t->extra[i] = normals(&t->memory, TOY_ROWS, 1);
        }
    }
}

static inline void toy_close(toy* t) {
    ks_policy_ws_destroy(t->ws);
    ks_policy_destroy(t->policy);
    arena_free(&t->memory);
}

/* ---- an iteration --------------------------------------------------------------------------------------------------------- */

/* Parameters, and what the outer step remembers. */
typedef struct toy_run {
    ks_maml* maml;
    size_t q;
    ks_real *params, *state;
    ks_maml_stats stats;
    bool ok;
    ks_error err;
} toy_run;

static inline ks_maml_settings toy_settings(int k) {
    ks_maml_settings s = ks_maml_settings_default();
    s.inner.steps = k;
    s.inner.lr = 0.3;
    return s;
}

/* One iteration from parameters that are the same each time; the run is the caller's (toy_finish). */
static inline toy_run toy_iterate(toy* t, const ks_maml_settings* settings) {
    toy_run r = {0};
    r.maml = ks_maml_create(&t->base, t->policy, settings, &r.err);
    if (!r.maml) {
        fail_msg("%s", r.err.text);
    }
    size_t p = ks_policy_num_params(t->policy);
    r.q = ks_maml_num_params(r.maml);
    uint32_t draws = t->memory.draws;
    t->memory.draws = 1000;
    r.params = normals(&t->memory, r.q, 0.5);
    t->memory.draws = draws;
    for (size_t i = ks_policy_log_std_offset(t->policy); i < p; i++) {
        r.params[i] = (ks_real)-0.3;
    }
    ks_maml_init_step_sizes(r.maml, r.params);
    r.state = reals(&t->memory, ks_maml_state_size(r.maml));
    memset(r.state, 0, ks_maml_state_size(r.maml) * sizeof *r.state);
    r.ok = ks_maml_iterate(r.maml, r.params, r.state, 0, &r.stats, &r.err);
    return r;
}

static inline void toy_finish(toy_run* r) {
    ks_maml_destroy(r->maml);
}

/* ---- an outer step that asks ------------------------------------------------------------------------------------------------ */

typedef struct probe {
    ks_outer_needs needs;
    size_t q;
    /* what it does in place of a step */
    void (*ask)(struct probe* probe, struct ks_maml* core, const ks_real* params);
    void* user;
    bool left_out; /* by ask: the core has left out a task, and is to begin anew */
} probe;

static inline ks_outer_needs probe_needs(const void* settings) {
    return ((const probe*)settings)->needs;
}

static inline size_t probe_state_size(size_t num_params) {
    (void)num_params;
    return 1;
}

static inline void* probe_create(const void* settings, size_t num_params, ks_error* err) {
    (void)err;
    probe* p = malloc(sizeof *p);
    assert_non_null(p);
    *p = *(const probe*)settings;
    p->q = num_params;
    return p;
}

static inline bool probe_step(void* outer, struct ks_maml* core, ks_real* params, ks_real* state, uint64_t iteration,
                              ks_outer_report* report, ks_error* err) {
    probe* p = outer;
    (void)state;
    (void)iteration;
    (void)report;
    (void)err;
    p->left_out = false;
    p->ask(p, core, params);
    return !p->left_out;
}

static const ks_outer_kind PROBE = {.name = "probe",
                                    .needs = probe_needs,
                                    .state_size = probe_state_size,
                                    .create = probe_create,
                                    .destroy = free,
                                    .step = probe_step};

/* out (Q) = gradient of the outer loss at params, by central differences of what ks_meta_try says */
static inline void probe_difference(double* out, struct ks_maml* core, const ks_real* params, size_t q) {
    const double h = 1e-6;
    ks_error err = {0};
    ks_real* at = malloc(q * sizeof *at);
    assert_non_null(at);
    memcpy(at, params, q * sizeof *at);
    for (size_t i = 0; i < q; i++) {
        double plus, minus, kl;
        at[i] = (ks_real)((double)params[i] + h);
        assert_true(ks_meta_try(core, &plus, &kl, at, &err));
        at[i] = (ks_real)((double)params[i] - h);
        assert_true(ks_meta_try(core, &minus, &kl, at, &err));
        at[i] = params[i];
        out[i] = (plus - minus) / (2 * h);
    }
    free(at);
}

#endif
