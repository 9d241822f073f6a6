/* Whole meta-iterations and evaluations on real environments: the same for any number of threads, sane when bad luck strikes,
 * and improving when repeated. */
#include "maml/evaluate.h"
#include "maml/maml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct world {
    ks_env_model* model;
    ks_policy* policy;
    ks_maml* maml;
    ks_real *theta, *cg_start;
    size_t p;
} world;

static ks_maml_settings small_settings(void) {
    ks_maml_settings s = ks_maml_settings_default();
    s.tasks = 5;
    s.trajectories = 6;
    s.horizon = 20;
    s.inner_steps = 1;
    s.inner_lr = 0.5;
    return s;
}

static world world_create(const ks_env_def* def, ks_maml_settings settings) {
    ks_error err = {0};
    world w = {.model = ks_env_model_create(def, settings.method == KS_ORACLE, &err)};
    assert_non_null(w.model);
    ks_policy_settings shape = ks_policy_settings_default();
    shape.obs_dim = ks_env_model_obs_dim(w.model);
    shape.act_dim = def->num_actions ? def->num_actions : def->act_dim;
    shape.head = def->num_actions ? KS_CATEGORICAL : KS_GAUSSIAN;
    shape.hidden[0] = shape.hidden[1] = 16;
    w.policy = ks_policy_create(&shape, &err);
    assert_non_null(w.policy);
    w.p = ks_policy_num_params(w.policy);
    w.theta = malloc(w.p * sizeof *w.theta);
    double* uniform = malloc(w.p * sizeof *uniform);
    w.cg_start = calloc(w.p, sizeof *w.cg_start);
    assert_true(w.theta && w.cg_start && uniform);
    ks_stream_uniform(uniform, w.p, ks_stream_make(settings.seed, KS_RNG_INIT, 0, 0), 0, 0, 0);
    ks_policy_init(w.policy, w.theta, uniform, 0);
    free(uniform);
    w.maml = ks_maml_create(w.model, w.policy, &settings, &err);
    if (!w.maml) {
        fail_msg("%s", err.text);
    }
    return w;
}

static world world_named(const char* env, ks_maml_settings settings) {
    ks_error err = {0};
    const ks_env_def* def = ks_env_find(env, &err);
    assert_non_null(def);
    return world_create(def, settings);
}

static void world_destroy(world* w) {
    ks_maml_destroy(w->maml);
    ks_policy_destroy(w->policy);
    ks_env_model_destroy(w->model);
    free(w->theta);
    free(w->cg_start);
}

static ks_maml_stats iterate(world* w, uint64_t iteration) {
    ks_maml_stats stats;
    ks_error err = {0};
    if (!ks_maml_iterate(w->maml, w->theta, w->cg_start, iteration, &stats, &err)) {
        fail_msg("%s", err.text);
    }
    return stats;
}

static bool all_finite(const ks_real* x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!isfinite((double)x[i])) {
            return false;
        }
    }
    return true;
}

/* ---- an environment of bad luck ---------------------------------------------------------------------------------- */

static void bad_luck_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    (void)def;
    task[0] = noise.uniform[0];
}
static void* bad_luck_create(const ks_env_def* def, const void* model, ks_error* err) {
    (void)model;
    (void)err;
    const ks_env_def** state = malloc(sizeof *state);
    assert_non_null(state);
    *state = def;
    return state;
}
static void bad_luck_reset(void* state, ks_env_noise noise, ks_real* obs) {
    (void)state;
    (void)noise;
    obs[0] = 1;
}
/* rewards that say nothing, and an end after the first step */
static ks_env_step_result bad_luck_step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    (void)state;
    (void)task;
    (void)act;
    obs[0] = 1;
    return (ks_env_step_result){.rew = 1, .terminated = true};
}
static const ks_env_def BAD_LUCK = {
    .name = "bad-luck",
    .summary = "ends at once",
    .task_summary = "none",
    .obs_dim = 1,
    .act_dim = 1,
    .task_dim = 1,
    .horizon = 20,
    .task_uniforms = 1,
    .sample_task = bad_luck_task,
    .create = bad_luck_create,
    .destroy = free,
    .reset = bad_luck_reset,
    .step = bad_luck_step,
};

/* ---- iterations ----------------------------------------------------------------------------------------------------- */

static void test_threads_do_not_matter(void** state) {
    (void)state;
    static const char* const ENVS[] = {"point", "half-cheetah-vel", "ant-vel"};
    static const ks_method METHODS[] = {KS_MAML, KS_MAML, KS_PRETRAIN, KS_ORACLE};
    for (size_t e = 0; e < sizeof ENVS / sizeof *ENVS; e++) {
        for (size_t m = 0; m < sizeof METHODS / sizeof *METHODS; m++) {
            ks_maml_settings settings = small_settings();
            settings.method = METHODS[m];
            settings.inner_steps = 2;
            settings.curvature_fraction = m == 1 ? 0.25 : 1;
            settings.trpo.cg_warm_start = m == 1 ? 0.95 : 0;
            settings.kfac_damping = m == 1 ? 0 : 0.01;
            settings.sweep = m == 1 ? 0.5 : 0;
            world first = world_named(ENVS[e], settings);
            ks_maml_stats a = iterate(&first, 0);
            iterate(&first, 1);
            for (int threads = 2; threads <= 3; threads++) {
                settings.threads = threads;
                world other = world_named(ENVS[e], settings);
                ks_maml_stats b = iterate(&other, 0);
                iterate(&other, 1);
                assert_memory_equal(first.theta, other.theta, first.p * sizeof *first.theta);
                assert_memory_equal(a.mean_return, b.mean_return, (size_t)a.stages * sizeof *a.mean_return);
                world_destroy(&other);
            }
            world_destroy(&first);
        }
    }
}

/* an iteration depends on nothing but the settings, its arguments and its number: what resuming stands on */
static void test_iterations_have_no_memory(void** state) {
    (void)state;
    for (int warm = 0; warm < 2; warm++) {
        ks_maml_settings settings = small_settings();
        settings.trpo.cg_warm_start = warm ? 0.95 : 0;
        world a = world_named("point", settings);
        iterate(&a, 0);
        world b = world_named("point", settings);
        memcpy(b.theta, a.theta, a.p * sizeof *a.theta);
        memcpy(b.cg_start, a.cg_start, a.p * sizeof *a.cg_start);
        iterate(&a, 1);
        iterate(&b, 1);
        assert_memory_equal(a.theta, b.theta, a.p * sizeof *a.theta);
        assert_memory_equal(a.cg_start, b.cg_start, a.p * sizeof *a.cg_start);
        world_destroy(&a);
        world_destroy(&b);
    }
}

static void test_an_accepted_step_keeps_its_promises(void** state) {
    (void)state;
    for (int k = 0; k <= 3; k++) {
        ks_maml_settings settings = small_settings();
        settings.inner_steps = k;
        world w = world_named("point", settings);
        ks_maml_stats s = iterate(&w, 0);
        assert_int_equal(s.stages, k + 1);
        assert_int_equal(s.trpo.verdict, KS_TRPO_ACCEPTED);
        assert_true(s.surrogate_after < s.surrogate_before);
        assert_true(s.trpo.kl > 0 && s.trpo.kl <= settings.trpo.max_kl);
        assert_true(s.env_steps <= (size_t)(k + 1) * 5 * 6 * 20 && s.env_steps > 0);
        assert_true(fabs(s.mean_std - 1) < 1e-6);
        world_destroy(&w);
    }
}

/* a limit that halves is at every iteration what that number, set, would have been */
static void test_max_kl_halves(void** state) {
    (void)state;
    ks_maml_settings halving = small_settings();
    halving.max_kl_halving = 4;
    ks_maml_settings fixed = small_settings();
    fixed.trpo.max_kl = halving.trpo.max_kl / 8;
    world a = world_named("point", halving);
    world b = world_named("point", fixed);
    ks_maml_stats s = iterate(&a, 12);
    iterate(&b, 12);
    assert_memory_equal(a.theta, b.theta, a.p * sizeof *a.theta);
    assert_true(s.trpo.kl > 0.1 * fixed.trpo.max_kl && s.trpo.kl <= fixed.trpo.max_kl);
    world_destroy(&a);
    world_destroy(&b);
}

/* the inner steps' batches have one λ, the last stage's another: every batch's advantages are those of its own */
static void test_trpo_has_its_own_lambda(void** state) {
    (void)state;
    ks_maml_settings split = small_settings();
    split.advantage.gae_lambda = 0.3;
    split.trpo_gae_lambda = 0.9;
    ks_maml_settings low = small_settings();
    low.advantage.gae_lambda = 0.3;
    ks_maml_settings high = small_settings();
    high.advantage.gae_lambda = 0.9;
    world w[3] = {world_named("point", split), world_named("point", low), world_named("point", high)};
    const ks_batch* batch[3][2];
    for (int i = 0; i < 3; i++) {
        iterate(&w[i], 0);
        for (int j = 0; j < 2; j++) {
            batch[i][j] = ks_maml_batch(w[i].maml, j, 0);
        }
    }
    size_t bytes = batch[0][0]->rows * sizeof(ks_real);
    assert_memory_equal(batch[0][0]->adv, batch[1][0]->adv, bytes);
    assert_memory_not_equal(batch[0][0]->adv, batch[2][0]->adv, bytes);
    /* the last stage: sampled by the same policy as with the low λ, judged with the high one */
    assert_int_equal(batch[0][1]->rows, batch[1][1]->rows);
    bytes = batch[0][1]->rows * sizeof(ks_real);
    assert_memory_equal(batch[0][1]->obs, batch[1][1]->obs, 2 * bytes);
    assert_memory_not_equal(batch[0][1]->adv, batch[1][1]->adv, bytes);
    assert_true(ks_maml_advantage(&split, 0).gae_lambda == 0.3 && ks_maml_advantage(&split, 1).gae_lambda == 0.9);
    for (int i = 0; i < 3; i++) {
        world_destroy(&w[i]);
    }
}

/* the sweep changes nothing of what is sampled; the meta-gradient gets its share in proportion to the weight; it is ignored where
 * there is no adaptation; and an environment that cannot say what a step is worth for other tasks is refused */
static void test_the_sweep(void** state) {
    (void)state;
    static const double WEIGHTS[] = {0, 1, 3};
    world w[3];
    for (int i = 0; i < 3; i++) {
        ks_maml_settings settings = small_settings();
        settings.sweep = WEIGHTS[i];
        w[i] = world_named("point", settings);
        iterate(&w[i], 0);
    }
    const double* g[3] = {ks_maml_meta_gradient(w[0].maml), ks_maml_meta_gradient(w[1].maml),
                          ks_maml_meta_gradient(w[2].maml)};
    double size = 0;
    for (size_t p = 0; p < w[0].p; p++) {
        size = fmax(size, fabs(g[1][p] - g[0][p]));
        assert_true(fabs(g[2][p] - g[0][p] - 3 * (g[1][p] - g[0][p])) < 1e-9);
    }
    assert_true(size > 1e-3);
    const ks_batch* with = ks_maml_batch(w[1].maml, 0, 2);
    const ks_batch* without = ks_maml_batch(w[0].maml, 0, 2);
    assert_memory_equal(with->obs, without->obs, 2 * without->rows * sizeof(ks_real));
    assert_memory_equal(with->adv, without->adv, without->rows * sizeof(ks_real));
    assert_memory_not_equal(with->adv, with->sweep_adv, with->rows * sizeof(ks_real));
    assert_null(ks_maml_batch(w[1].maml, 1, 2)->sweep_adv);
    for (int i = 0; i < 3; i++) {
        world_destroy(&w[i]);
    }
    ks_maml_settings settings = small_settings();
    settings.sweep = 1;
    assert_true(ks_maml_sweep(&settings) == 1);
    settings.method = KS_PRETRAIN;
    assert_true(ks_maml_sweep(&settings) == 0);
    settings.method = KS_MAML;
    world plain = world_create(&BAD_LUCK, small_settings());
    ks_error err = {0};
    assert_null(ks_maml_create(plain.model, plain.policy, &settings, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, "bad-luck: no sweep (inner.sweep)"));
    settings.sweep = -1;
    assert_null(ks_maml_create(plain.model, plain.policy, &settings, &err));
    assert_non_null(strstr(err.text, "sweep"));
    world_destroy(&plain);
}

static void test_a_failed_line_search_keeps_the_parameters(void** state) {
    (void)state;
    ks_maml_settings settings = small_settings();
    settings.trpo.max_kl = 1e9; /* any candidate fits the constraint, and none lowers the loss */
    settings.trpo.backtrack_steps = 2;
    settings.trpo.backtrack_ratio = 0.99;
    world w = world_named("point", settings);
    ks_real* before = malloc(w.p * sizeof *before);
    assert_non_null(before);
    memcpy(before, w.theta, w.p * sizeof *before);
    ks_maml_stats s = iterate(&w, 0);
    assert_int_equal(s.trpo.verdict, KS_TRPO_NO_CANDIDATE);
    assert_memory_equal(before, w.theta, w.p * sizeof *before);
    free(before);
    world_destroy(&w);
}

/* ---- bad luck --------------------------------------------------------------------------------------------------- */

static void test_bad_luck(void** state) {
    (void)state;
    /* every episode one step long, no variance in the advantages, constant features */
    ks_maml_settings settings = small_settings();
    world w = world_create(&BAD_LUCK, settings);
    ks_maml_stats s = iterate(&w, 0);
    assert_int_equal(s.env_steps, 2 * 5 * 6);
    assert_true(s.mean_return[0] == 1 && s.mean_return[1] == 1);
    assert_true(s.trpo.verdict == KS_TRPO_BAD_GRADIENT || s.trpo.verdict == KS_TRPO_NO_CANDIDATE);
    assert_true(all_finite(w.theta, w.p));
    world_destroy(&w);

    /* and only one trajectory per task */
    settings.trajectories = 1;
    w = world_create(&BAD_LUCK, settings);
    iterate(&w, 0);
    assert_true(all_finite(w.theta, w.p));
    world_destroy(&w);
    w = world_named("point", settings);
    s = iterate(&w, 0);
    assert_true(all_finite(w.theta, w.p));
    assert_true(isfinite(s.surrogate_after));
    world_destroy(&w);
}

/* ---- steps that are too long --------------------------------------------------------------------------------------- */

/* A line where, on tasks above a threshold, observations are `scale` times what they are elsewhere. With a thousand, what is learned
 * there is a policy whose first action is beyond what this world takes. With 1e20 it samples well, and only products of observations
 * are beyond single precision: those of the curvature. */
typedef struct slope {
    double threshold, scale, most; /* most: size of a first action */
} hill;
typedef struct edge {
    const hill* slope; /* the def's */
    double x;
    int steps;
} edge;

static const hill EXPLODES = {.threshold = 2, .scale = 1e3, .most = 50};
static const hill OVERFLOWS = {.threshold = 2, .scale = 1e20, .most = INFINITY};

static void* edge_create(const ks_env_def* def, const void* model, ks_error* err) {
    (void)model;
    (void)err;
    edge* e = calloc(1, sizeof *e);
    assert_non_null(e);
    e->slope = def->config;
    return e;
}
static void edge_reset(void* state, ks_env_noise noise, ks_real* obs) {
    (void)noise;
    edge* e = state;
    e->x = e->steps = 0;
    obs[0] = 1;
}
static ks_env_step_result edge_step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    edge* e = state;
    bool steep = task[0] > e->slope->threshold;
    bool broken = steep && e->steps == 0 && fabs((double)act[0]) > e->slope->most;
    e->steps++;
    e->x += 0.1 * fmax(-1, fmin(1, (double)act[0]));
    obs[0] = (ks_real)((1 + fabs(e->x)) * (steep ? e->slope->scale : 1));
    return (ks_env_step_result){.rew = -fabs(e->x - task[0]), .unstable = broken};
}
static double edge_reward(const void* state, const double* task) {
    return -fabs(((const edge*)state)->x - task[0]);
}
static ks_env_def edge_def(const hill* slope) {
    ks_env_def def = BAD_LUCK;
    def.name = "edge";
    def.create = edge_create;
    def.reset = edge_reset;
    def.step = edge_step;
    def.reward = edge_reward;
    def.config = slope;
    return def;
}

/* the iteration whose last task has the highest number of all: where it explodes, those before it are the iteration that is left */
static uint64_t iteration_of_highest_last(const ks_env_def* def, const ks_maml_settings* s, double* threshold) {
    for (uint64_t iteration = 0;; iteration++) {
        double task[16], most = 0;
        assert_true(s->tasks <= 16);
        ks_draw_tasks(task, def, s->seed, iteration, 0, s->tasks);
        for (size_t i = 0; i + 1 < s->tasks; i++) {
            most = fmax(most, task[i]);
        }
        if (task[s->tasks - 1] > most + 0.01) {
            *threshold = most;
            return iteration;
        }
    }
}

static void check_left_out(hill slope, int inner_steps, double kfac_damping, bool first_order, double fraction) {
    ks_env_def def = edge_def(&slope);
    ks_maml_settings settings = small_settings();
    settings.inner_steps = inner_steps;
    settings.kfac_damping = kfac_damping;
    settings.first_order = first_order;
    settings.curvature_fraction = fraction;
    settings.sweep = 0.5;
    uint64_t iteration = iteration_of_highest_last(&def, &settings, &slope.threshold);
    world with = world_create(&def, settings);
    settings.tasks--;
    world without = world_create(&def, settings);
    ks_real before[1024];
    assert_true(with.p <= 1024);
    memcpy(before, with.theta, with.p * sizeof *before);
    ks_maml_stats a = iterate(&with, iteration);
    ks_maml_stats b = iterate(&without, iteration);
    assert_int_equal(a.left_out, 1);
    assert_int_equal(a.named[0], settings.tasks);
    assert_int_equal(b.left_out, 0);
    assert_int_equal(b.rejected, 0);
    assert_int_equal(a.rejected, isfinite(slope.most) ? inner_steps * 6 : 0);
    assert_true(a.env_steps > b.env_steps); /* they were taken */
    assert_int_equal(a.trpo.verdict, b.trpo.verdict);
    assert_true(first_order || b.trpo.verdict == KS_TRPO_ACCEPTED);
    if (kfac_damping > 0) { /* whose sums are cut by the number of tasks */
        double apart = 0, step = 0;
        for (size_t p = 0; p < with.p; p++) {
            apart = fmax(apart, fabs((double)(with.theta[p] - without.theta[p])));
            step = fmax(step, fabs((double)(with.theta[p] - before[p])));
        }
        assert_true(apart < 1e-3 * step);
    } else {
        assert_memory_equal(with.theta, without.theta, with.p * sizeof *with.theta);
        assert_true(a.trpo.kl == b.trpo.kl && a.surrogate_before == b.surrogate_before);
        assert_true(a.surrogate_after == b.surrogate_after && a.trpo.cg_residual == b.trpo.cg_residual);
    }
    assert_memory_equal(a.mean_return, b.mean_return, (size_t)a.stages * sizeof *a.mean_return);
    world_destroy(&with);
    world_destroy(&without);
}

static void test_an_exploding_task_is_left_out(void** state) {
    (void)state;
    check_left_out(EXPLODES, 1, 0, false, 1);
    check_left_out(EXPLODES, 2, 0, false, 0.3);
    check_left_out(EXPLODES, 1, 0, true, 1);
    check_left_out(EXPLODES, 1, 0.01, false, 1);
}

/* what is found out as late as in the update, too */
static void test_a_task_without_finite_curvature_is_left_out(void** state) {
    (void)state;
    check_left_out(OVERFLOWS, 1, 0, false, 1);
    check_left_out(OVERFLOWS, 2, 0, false, 0.3);
    check_left_out(OVERFLOWS, 1, 0.01, false, 1);
}

/* and the next iteration counts all tasks again */
static void test_a_task_is_left_out_once(void** state) {
    (void)state;
    hill slope = EXPLODES;
    ks_env_def def = edge_def(&slope);
    ks_maml_settings settings = small_settings();
    uint64_t iteration = iteration_of_highest_last(&def, &settings, &slope.threshold);
    world w = world_create(&def, settings);
    world fresh = world_create(&def, settings);
    assert_int_equal(iterate(&w, iteration).left_out, 1);
    memcpy(fresh.theta, w.theta, w.p * sizeof *w.theta);
    slope.threshold = 2;
    assert_int_equal(iterate(&w, iteration + 1).left_out, 0);
    iterate(&fresh, iteration + 1);
    assert_memory_equal(w.theta, fresh.theta, w.p * sizeof *w.theta);
    world_destroy(&w);
    world_destroy(&fresh);
}

static void test_if_all_tasks_explode_the_step_is_too_large(void** state) {
    (void)state;
    static const double SIZES[] = {1e30, 1e300};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        ks_maml_settings settings = small_settings();
        settings.inner_lr = SIZES[i];
        settings.trpo.cg_warm_start = 0.9;
        world w = world_named("point", settings);
        ks_real* before = malloc(w.p * sizeof *before);
        assert_non_null(before);
        memcpy(before, w.theta, w.p * sizeof *before);
        ks_maml_stats stats;
        ks_error err = {0};
        assert_false(ks_maml_iterate(w.maml, w.theta, w.cg_start, 0, &stats, &err));
        assert_int_equal(err.code, KS_FAILED);
        assert_non_null(strstr(err.text, "step size"));
        assert_non_null(strstr(err.text, i == 0 ? "inner.lr: 1e+30" : "inner.lr: 1e+300"));
        assert_null(strstr(err.text, "physics"));
        assert_memory_equal(before, w.theta, w.p * sizeof *before);
        free(before);
        world_destroy(&w);
    }
}

/* ---- learning and evaluation -------------------------------------------------------------------------------------- */

static double mean_return_after(const ks_eval_result* r, int step) {
    double sum = 0;
    for (size_t i = 0; i < r->tasks; i++) {
        sum += r->mean_return[i * (size_t)(r->steps + 1) + (size_t)step];
    }
    return sum / (double)r->tasks;
}

static ks_eval_result evaluate(const world* w, int threads, size_t tasks) {
    double task[100];
    assert_true(tasks * (size_t)ks_env_model_def(w->model)->task_dim <= 100);
    ks_draw_held_out_tasks(task, ks_env_model_def(w->model), 1, tasks);
    ks_eval_settings settings = ks_eval_settings_default();
    settings.trajectories = 10;
    settings.horizon = 40;
    settings.steps = 2;
    settings.threads = threads;
    ks_eval_set_lr(&settings, 0.5);
    ks_eval_result result;
    ks_error err = {0};
    if (!ks_evaluate(&result, w->model, w->policy, w->theta, task, tasks, &settings, NULL, NULL, NULL, &err)) {
        fail_msg("%s", err.text);
    }
    return result;
}

static void test_evaluation(void** state) {
    (void)state;
    world w = world_named("point", small_settings());
    ks_eval_result one = evaluate(&w, 1, 43); /* more than are worked on at once */
    ks_eval_result three = evaluate(&w, 3, 43);
    ks_eval_result few = evaluate(&w, 1, 5);
    size_t cells = 43 * 3;
    assert_memory_equal(one.mean_return, three.mean_return, cells * sizeof *one.mean_return);
    assert_memory_equal(one.mean_length, three.mean_length, cells * sizeof *one.mean_length);
    /* a task's numbers do not depend on the others, but for the rounding of blocks of another size */
    for (size_t i = 0; i < 5 * 3; i++) {
        assert_true(fabs(one.mean_return[i] - few.mean_return[i]) < 1e-2);
    }
    ks_eval_result_free(&one);
    ks_eval_result_free(&three);
    ks_eval_result_free(&few);
    world_destroy(&w);
}

/* a step that is too long for a task: which, on which task, how long */
static void test_evaluation_names_the_step(void** state) {
    (void)state;
    world w = world_named("point", small_settings());
    const double task[4] = {0.125, -0.5, 0.25, 0.25};
    ks_eval_settings settings = ks_eval_settings_default();
    settings.trajectories = 4;
    settings.horizon = 10;
    settings.lr[0] = 0.1;
    settings.lr[1] = 1e30;
    ks_eval_result result;
    ks_error err = {0};
    assert_false(ks_evaluate(&result, w.model, w.policy, w.theta, task, 2, &settings, NULL, NULL, NULL, &err));
    assert_int_equal(err.code, KS_FAILED);
    assert_non_null(
        strstr(err.text, "point: the step size 1e+30 of gradient step 2 is too large for task 0 (0.125 -0.5)"));
    assert_null(strstr(err.text, "physics"));
    w.theta[0] = (ks_real)NAN; /* which no step is to blame for */
    err = (ks_error){0};
    assert_false(ks_evaluate(&result, w.model, w.policy, w.theta, task, 2, &settings, NULL, NULL, NULL, &err));
    assert_null(strstr(err.text, "step size"));
    world_destroy(&w);
}

static void test_meta_training_learns(void** state) {
    (void)state;
    ks_maml_settings settings = small_settings();
    settings.tasks = 10;
    settings.trajectories = 10;
    settings.horizon = 40;
    settings.threads = 2;
    world w = world_named("point", settings);
    ks_eval_result before = evaluate(&w, 2, 20);
    for (uint64_t i = 0; i < 15; i++) {
        iterate(&w, i);
    }
    ks_eval_result after = evaluate(&w, 2, 20);
    print_message("point, 15 iterations: return after one gradient step %.2f -> %.2f\n", mean_return_after(&before, 1),
                  mean_return_after(&after, 1));
    assert_true(mean_return_after(&after, 1) > mean_return_after(&before, 1) + 3);
    assert_true(mean_return_after(&after, 1) > mean_return_after(&after, 0) + 1);
    ks_eval_result_free(&before);
    ks_eval_result_free(&after);
    world_destroy(&w);
}

static void test_settings_out_of_range(void** state) {
    (void)state;
    world w = world_named("point", small_settings());
    ks_error err = {0};
    ks_maml_settings settings = small_settings();
    settings.curvature_fraction = 0;
    assert_null(ks_maml_create(w.model, w.policy, &settings, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    settings = small_settings();
    settings.inner_steps = KS_MAX_INNER_STEPS + 1;
    assert_null(ks_maml_create(w.model, w.policy, &settings, &err));
    ks_env_model* ant = ks_env_model_create(ks_env_find("ant-vel", &err), false, &err);
    assert_non_null(ant);
    settings = small_settings();
    err = (ks_error){0};
    assert_null(ks_maml_create(ant, w.policy, &settings, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, "125"));
    ks_env_model_destroy(ant);
    world_destroy(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_iterations_have_no_memory),
        cmocka_unit_test(test_an_accepted_step_keeps_its_promises),
        cmocka_unit_test(test_max_kl_halves),
        cmocka_unit_test(test_trpo_has_its_own_lambda),
        cmocka_unit_test(test_the_sweep),
        cmocka_unit_test(test_a_failed_line_search_keeps_the_parameters),
        cmocka_unit_test(test_bad_luck),
        cmocka_unit_test(test_an_exploding_task_is_left_out),
        cmocka_unit_test(test_a_task_without_finite_curvature_is_left_out),
        cmocka_unit_test(test_a_task_is_left_out_once),
        cmocka_unit_test(test_if_all_tasks_explode_the_step_is_too_large),
        cmocka_unit_test(test_evaluation),
        cmocka_unit_test(test_evaluation_names_the_step),
        cmocka_unit_test(test_meta_training_learns),
        cmocka_unit_test(test_settings_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
