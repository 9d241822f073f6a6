/* Whole meta-iterations on real environments: the same for any number of threads, sane when bad luck strikes, and refused where
 * sizes do not fit. */
#include "world_support.h"

enum { SURROGATE_BEFORE, SURROGATE_AFTER }; /* columns of outer_trpo.h */
enum { MAX_SIZES = 2048 };

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
    static const ks_method METHODS[] = {KS_MAML, KS_MAML, KS_PRETRAIN, KS_ORACLE, KS_MAML};
    for (size_t e = 0; e < sizeof ENVS / sizeof *ENVS; e++) {
        for (size_t m = 0; m < sizeof METHODS / sizeof *METHODS; m++) {
            world_settings settings = small_settings();
            settings.method = METHODS[m];
            settings.maml.inner.steps = 2;
            settings.trpo.curvature_fraction = m == 1 ? 0.25 : 1;
            settings.trpo.step.cg_warm_start = m == 1 ? 0.95 : 0;
            settings.trpo.kfac_damping = m == 1 ? 0 : 0.01;
            settings.rl.sweep = m == 1 ? 0.5 : 0;
            settings.maml.inner.learned = m == 4 ? KS_LEARNED_PARAMETER : KS_LEARNED_NONE;
            settings.maml.inner.per_step = m == 4;
            world first = world_named(ENVS[e], settings);
            ks_maml_stats a = iterate(&first, 0);
            iterate(&first, 1);
            for (int threads = 2; threads <= 3; threads++) {
                settings.maml.threads = threads;
                world other = world_named(ENVS[e], settings);
                ks_maml_stats b = iterate(&other, 0);
                iterate(&other, 1);
                assert_memory_equal(first.theta, other.theta, first.p * sizeof *first.theta);
                assert_memory_equal(a.metric, b.metric, (size_t)a.stages * sizeof *a.metric);
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
        world_settings settings = small_settings();
        settings.trpo.step.cg_warm_start = warm ? 0.95 : 0;
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
        world_settings settings = small_settings();
        settings.maml.inner.steps = k;
        world w = world_named("point", settings);
        ks_maml_stats s = iterate(&w, 0);
        assert_int_equal(s.stages, k + 1);
        assert_int_equal(trpo_of(&w)->verdict, KS_TRPO_ACCEPTED);
        assert_true(s.outer.moved && s.outer.column[SURROGATE_AFTER] < s.outer.column[SURROGATE_BEFORE]);
        assert_true(trpo_of(&w)->kl > 0 && trpo_of(&w)->kl <= settings.trpo.step.max_kl);
        assert_true(s.env_steps <= (size_t)(k + 1) * 5 * 6 * 20 && s.env_steps > 0);
        assert_true(fabs(s.mean_std - 1) < 1e-6);
        world_destroy(&w);
    }
}

/* step sizes that are learned move with θ, and no further than the limit of the constraint */
static void test_learned_step_sizes(void** state) {
    (void)state;
    for (int learned = KS_LEARNED_ONE; learned <= KS_LEARNED_PARAMETER; learned++) {
        world_settings settings = small_settings();
        settings.maml.inner.steps = 2;
        settings.maml.inner.learned = learned;
        settings.maml.inner.per_step = true;
        world w = world_named("point", settings);
        const size_t n = ks_policy_num_params(w.policy);
        assert_true(w.p > n);
        ks_real before[MAX_SIZES];
        assert_true(w.p - n <= MAX_SIZES);
        memcpy(before, w.theta + n, (w.p - n) * sizeof *before);
        ks_maml_stats s = iterate(&w, 0);
        assert_true(s.outer.moved && s.outer.column[SURROGATE_AFTER] < s.outer.column[SURROGATE_BEFORE]);
        assert_true(trpo_of(&w)->kl <= settings.trpo.step.max_kl);
        assert_memory_not_equal(before, w.theta + n, (w.p - n) * sizeof *before);
        assert_true(all_finite(w.theta, w.p));
        world_destroy(&w);
    }
}

/* where nothing adapts, no step size is learned, whatever the settings say */
static void test_without_adaptation_no_step_size_is_learned(void** state) {
    (void)state;
    world_settings settings = small_settings();
    settings.method = KS_PRETRAIN;
    world plain = world_named("point", settings);
    settings.maml.inner.learned = KS_LEARNED_PARAMETER;
    settings.maml.inner.per_step = true;
    settings.maml.inner.steps = 3;
    world w = world_named("point", settings);
    assert_int_equal(w.p, ks_policy_num_params(w.policy));
    iterate(&plain, 0);
    iterate(&w, 0);
    assert_memory_equal(plain.theta, w.theta, w.p * sizeof *w.theta);
    world_destroy(&plain);
    world_destroy(&w);
}

/* a limit that halves is at every iteration what that number, set, would have been */
static void test_max_kl_halves(void** state) {
    (void)state;
    world_settings halving = small_settings();
    halving.trpo.max_kl_halving = 4;
    world_settings fixed = small_settings();
    fixed.trpo.step.max_kl = halving.trpo.step.max_kl / 8;
    world a = world_named("point", halving);
    world b = world_named("point", fixed);
    iterate(&a, 12);
    iterate(&b, 12);
    assert_memory_equal(a.theta, b.theta, a.p * sizeof *a.theta);
    assert_true(trpo_of(&a)->kl > 0.1 * fixed.trpo.step.max_kl && trpo_of(&a)->kl <= fixed.trpo.step.max_kl);
    world_destroy(&a);
    world_destroy(&b);
}

/* the inner steps' batches have one λ, the last stage's another: every batch's advantages are those of its own */
static void test_trpo_has_its_own_lambda(void** state) {
    (void)state;
    world_settings split = small_settings();
    split.rl.gae_lambda = 0.3;
    split.rl.trpo_gae_lambda = 0.9;
    world_settings low = small_settings();
    low.rl.gae_lambda = 0.3;
    world_settings high = small_settings();
    high.rl.gae_lambda = 0.9;
    world w[3] = {world_named("point", split), world_named("point", low), world_named("point", high)};
    const ks_batch* batch[3][2];
    for (int i = 0; i < 3; i++) {
        iterate(&w[i], 0);
        for (int j = 0; j < 2; j++) {
            batch[i][j] = ks_rl_batch(w[i].problem, j, 0);
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
    assert_true(ks_rl_advantage(&split.rl, false).gae_lambda == 0.3 &&
                ks_rl_advantage(&split.rl, true).gae_lambda == 0.9);
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
        world_settings settings = small_settings();
        settings.rl.sweep = WEIGHTS[i];
        w[i] = world_named("point", settings);
        iterate(&w[i], 0);
    }
    const double* g[3] = {ks_outer_trpo_gradient(ks_maml_outer(w[0].maml)),
                          ks_outer_trpo_gradient(ks_maml_outer(w[1].maml)),
                          ks_outer_trpo_gradient(ks_maml_outer(w[2].maml))};
    double size = 0;
    for (size_t p = 0; p < w[0].p; p++) {
        size = fmax(size, fabs(g[1][p] - g[0][p]));
        assert_true(fabs(g[2][p] - g[0][p] - 3 * (g[1][p] - g[0][p])) < 1e-9);
    }
    assert_true(size > 1e-3);
    const ks_batch* with = ks_rl_batch(w[1].problem, 0, 2);
    const ks_batch* without = ks_rl_batch(w[0].problem, 0, 2);
    assert_memory_equal(with->obs, without->obs, 2 * without->rows * sizeof(ks_real));
    assert_memory_equal(with->adv, without->adv, without->rows * sizeof(ks_real));
    assert_memory_not_equal(with->adv, with->sweep_adv, with->rows * sizeof(ks_real));
    assert_null(ks_rl_batch(w[1].problem, 1, 2)->sweep_adv);
    for (int i = 0; i < 3; i++) {
        world_destroy(&w[i]);
    }
    world_settings settings = small_settings();
    settings.rl.sweep = 1;
    settings.method = KS_PRETRAIN;
    w[0] = world_named("point", settings);
    assert_true(w[0].problem->extra == 0);
    world_destroy(&w[0]);
    ks_error err = {0};
    ks_env_model* plain = ks_env_model_create(&BAD_LUCK, false, &err);
    assert_non_null(plain);
    assert_null(ks_rl_create(plain, &settings.rl, KS_MAML, 5, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, "bad-luck: no sweep (inner.sweep)"));
    settings.rl.sweep = -1;
    assert_null(ks_rl_create(plain, &settings.rl, KS_MAML, 5, &err));
    assert_non_null(strstr(err.text, "sweep"));
    ks_env_model_destroy(plain);
}

static void test_a_failed_line_search_keeps_the_parameters(void** state) {
    (void)state;
    world_settings settings = small_settings();
    settings.trpo.step.max_kl = 1e9; /* any candidate fits the constraint, and none lowers the loss */
    settings.trpo.step.backtrack_steps = 2;
    settings.trpo.step.backtrack_ratio = 0.99;
    world w = world_named("point", settings);
    ks_real* before = malloc(w.p * sizeof *before);
    assert_non_null(before);
    memcpy(before, w.theta, w.p * sizeof *before);
    iterate(&w, 0);
    assert_int_equal(trpo_of(&w)->verdict, KS_TRPO_NO_CANDIDATE);
    assert_memory_equal(before, w.theta, w.p * sizeof *before);
    free(before);
    world_destroy(&w);
}

/* ---- bad luck --------------------------------------------------------------------------------------------------- */

static void test_bad_luck(void** state) {
    (void)state;
    /* every episode one step long, no variance in the advantages, constant features */
    world_settings settings = small_settings();
    world w = world_create(&BAD_LUCK, settings);
    ks_maml_stats s = iterate(&w, 0);
    assert_int_equal(s.env_steps, 2 * 5 * 6);
    assert_true(s.metric[0] == 1 && s.metric[1] == 1);
    assert_true(trpo_of(&w)->verdict == KS_TRPO_BAD_GRADIENT || trpo_of(&w)->verdict == KS_TRPO_NO_CANDIDATE);
    assert_true(all_finite(w.theta, w.p));
    world_destroy(&w);

    /* and only one trajectory per task */
    settings.rl.trajectories = 1;
    w = world_create(&BAD_LUCK, settings);
    iterate(&w, 0);
    assert_true(all_finite(w.theta, w.p));
    world_destroy(&w);
    w = world_named("point", settings);
    s = iterate(&w, 0);
    assert_true(all_finite(w.theta, w.p));
    assert_true(isfinite(s.outer.column[SURROGATE_AFTER]));
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
static uint64_t iteration_of_highest_last(const ks_env_def* def, const world_settings* s, double* threshold) {
    for (uint64_t iteration = 0;; iteration++) {
        double task[16], most = 0;
        assert_true(s->tasks <= 16);
        ks_draw_tasks(task, def, s->maml.seed, iteration, 0, s->tasks);
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
    world_settings settings = small_settings();
    settings.maml.inner.steps = inner_steps;
    settings.trpo.kfac_damping = kfac_damping;
    settings.maml.inner.first_order = first_order;
    settings.trpo.curvature_fraction = fraction;
    settings.rl.sweep = 0.5;
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
    const ks_trpo_result *trpo_a = trpo_of(&with), *trpo_b = trpo_of(&without);
    assert_int_equal(trpo_a->verdict, trpo_b->verdict);
    assert_true(first_order || trpo_b->verdict == KS_TRPO_ACCEPTED);
    if (kfac_damping > 0) { /* whose sums are cut by the number of tasks */
        double apart = 0, step = 0;
        for (size_t p = 0; p < with.p; p++) {
            apart = fmax(apart, fabs((double)(with.theta[p] - without.theta[p])));
            step = fmax(step, fabs((double)(with.theta[p] - before[p])));
        }
        assert_true(apart < 1e-3 * step);
    } else {
        assert_memory_equal(with.theta, without.theta, with.p * sizeof *with.theta);
        assert_true(trpo_a->kl == trpo_b->kl && trpo_a->cg_residual == trpo_b->cg_residual);
        assert_memory_equal(a.outer.column, b.outer.column, sizeof a.outer.column);
    }
    assert_memory_equal(a.metric, b.metric, (size_t)a.stages * sizeof *a.metric);
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
    world_settings settings = small_settings();
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
        world_settings settings = small_settings();
        settings.maml.inner.lr = SIZES[i];
        settings.trpo.step.cg_warm_start = 0.9;
        world w = world_named("point", settings);
        ks_real* before = malloc(w.p * sizeof *before);
        assert_non_null(before);
        memcpy(before, w.theta, w.p * sizeof *before);
        ks_maml_stats stats;
        ks_error err = {0};
        assert_false(ks_maml_iterate(w.maml, w.theta, w.cg_start, 0, &stats, &err));
        assert_int_equal(err.code, KS_BROKE_DOWN);
        assert_non_null(strstr(err.text, "step size"));
        assert_non_null(strstr(err.text, i == 0 ? "inner.lr: 1e+30" : "inner.lr: 1e+300"));
        assert_null(strstr(err.text, "physics"));
        assert_memory_equal(before, w.theta, w.p * sizeof *before);
        free(before);
        world_destroy(&w);
    }
}

static void check_refused(const world* w, const ks_env_model* model, world_settings settings, const char* says) {
    ks_error err;
    ks_problem* problem;
    assert_null(make_maml(&problem, model, w->policy, &settings, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    if (!strstr(err.text, says)) {
        fail_msg("says: %s\nnot: %s", err.text, says);
    }
    ks_rl_destroy(problem);
}

static void test_settings_out_of_range(void** state) {
    (void)state;
    ks_error err = {0};
    world w = world_named("point", small_settings());
    world_settings settings = small_settings();
    settings.trpo.curvature_fraction = 0;
    check_refused(&w, w.model, settings, "curvature fraction");
    settings = small_settings();
    settings.maml.inner.steps = KS_MAX_INNER_STEPS + 1;
    check_refused(&w, w.model, settings, "inner steps must be 0 to");
    settings = small_settings();
    settings.rl.trajectories = 0;
    check_refused(&w, w.model, settings, "trajectories");
    ks_env_model* ant = ks_env_model_create(ks_env_find("ant-vel", &err), false, &err);
    assert_non_null(ant);
    check_refused(&w, ant, small_settings(), "125");
    ks_env_model_destroy(ant);
    world_destroy(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_iterations_have_no_memory),
        cmocka_unit_test(test_an_accepted_step_keeps_its_promises),
        cmocka_unit_test(test_learned_step_sizes),
        cmocka_unit_test(test_without_adaptation_no_step_size_is_learned),
        cmocka_unit_test(test_max_kl_halves),
        cmocka_unit_test(test_trpo_has_its_own_lambda),
        cmocka_unit_test(test_the_sweep),
        cmocka_unit_test(test_a_failed_line_search_keeps_the_parameters),
        cmocka_unit_test(test_bad_luck),
        cmocka_unit_test(test_an_exploding_task_is_left_out),
        cmocka_unit_test(test_a_task_without_finite_curvature_is_left_out),
        cmocka_unit_test(test_a_task_is_left_out_once),
        cmocka_unit_test(test_if_all_tasks_explode_the_step_is_too_large),
        cmocka_unit_test(test_settings_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
