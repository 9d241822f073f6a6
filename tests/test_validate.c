/* What a policy in training is validated by is an evaluation like any other, on tasks and with noise of its own. */
#include "maml/evaluate.h"
#include "rl/rl_evaluate.h"
#include "run/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS = 43, STEPS = 2, DIM = 2 }; /* more tasks than are worked on at once */

typedef struct world {
    ks_config config;
    ks_setup setup;
    ks_real* params;
} world;

static world* world_create(int method, double lr) {
    static const char* const SETTINGS[] = {
        "env=point",           "tasks=3",        "trajectories=6", "horizon=20",
        "policy.hidden=[8]",   "inner.steps=2",  "inner.sweep=1",  "validate_every=5",
        "validation_tasks=43", "gae_lambda=0.9", "seed=4"};
    ks_error err = {0};
    world* w = calloc(1, sizeof *w);
    assert_non_null(w);
    ks_config_default(&w->config);
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
        if (!ks_config_set(&w->config, SETTINGS[i], &err)) {
            fail_msg("%s", err.text);
        }
    }
    w->config.method = method;
    w->config.inner.lr = lr;
    if (!ks_setup_create(&w->setup, &w->config, 1, (ks_team){0}, &err)) {
        fail_msg("%s", err.text);
    }
    w->params = calloc(w->setup.num_params, sizeof *w->params);
    assert_non_null(w->params);
    assert_true(ks_setup_initial(w->params, NULL, &w->setup, &w->config, &err));
    return w;
}

static void world_destroy(world* w) {
    ks_setup_free(&w->setup);
    free(w->params);
    free(w);
}

static ks_validation validate(const world* w, int threads) {
    ks_error err = {0};
    ks_validation v;
    if (!ks_validate(&v, &w->config, &w->setup, w->params, threads, &err)) {
        fail_msg("%s", err.text);
    }
    return v;
}

/* What `kshot eval` does, on validation tasks of the config's seed: mean return after `steps` steps, and environment steps in all. */
static double evaluate(uint64_t* env_steps, const world* w, int steps, ks_split split) {
    const ks_env_model* model = ks_rl_model(w->setup.problem);
    double tasks[TASKS * DIM], sum = 0;
    ks_draw_validation_tasks(tasks, ks_env_model_def(model), 4, 0, TASKS);
    ks_rl_eval_settings s = ks_rl_eval_settings_default();
    s.trajectories = 6;
    s.horizon = 20;
    s.advantage.gae_lambda = 0.9;
    s.eval.steps = steps;
    s.eval.seed = 4;
    s.eval.split = split;
    s.eval.lr[0] = s.eval.lr[1] = w->config.inner.lr;
    ks_eval_model policy = {
        .policy = w->setup.policy, .params = w->params, .sizes = ks_inner_step_sizes(&w->config.inner)};
    ks_eval_result r;
    ks_error err = {0};
    if (!ks_rl_evaluate(&r, model, &policy, tasks, TASKS, &s, NULL, NULL, NULL, &err)) {
        fail_msg("%s", err.text);
    }
    for (size_t i = 0; i < TASKS; i++) {
        sum += r.metric[i * (size_t)(steps + 1) + (size_t)steps] / TASKS;
    }
    *env_steps = r.env_steps;
    ks_eval_result_free(&r);
    return sum;
}

static void test_it_is_an_evaluation(void** state) {
    (void)state;
    for (int method = KS_MAML; method <= KS_ORACLE; method++) {
        world* w = world_create(method, 0.3);
        int steps = method == KS_MAML ? STEPS : 0; /* who is not trained to adapt is not asked to */
        uint64_t env_steps, others;
        ks_validation v = validate(w, 1), again = validate(w, 1), three = validate(w, 3);
        double wanted = evaluate(&env_steps, w, steps, KS_SPLIT_VALIDATION);
        assert_true(v.metric == wanted && v.broken == 0);
        assert_true(v.env_steps == env_steps);
        assert_true(env_steps > 0 && env_steps <= (uint64_t)TASKS * 6 * 20 * (uint64_t)(steps + 1));
        assert_true(again.metric == v.metric && three.metric == v.metric && three.env_steps == v.env_steps);
        assert_true(evaluate(&others, w, steps, KS_SPLIT_TEST) != wanted); /* the same tasks, but other noise */
        world_destroy(w);
    }
}

static bool has_task(const double* tasks, size_t count, const double* task) {
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        found = found || memcmp(tasks + i * DIM, task, DIM * sizeof *task) == 0;
    }
    return found;
}

/* Neither the seeds that can be typed, nor the one that step sizes are searched with, nor training have them. */
static void test_the_tasks_are_others(void** state) {
    (void)state;
    world* w = world_create(KS_MAML, 0.3);
    const ks_env_def* def = ks_env_model_def(ks_rl_model(w->setup.problem));
    double ours[TASKS * DIM], other[TASKS * DIM];
    ks_draw_validation_tasks(ours, def, 4, 0, TASKS);
    for (uint64_t n = 0; n < 60; n++) {
        uint64_t seed = n % 20;
        if (n < 40) {
            ks_draw_held_out_tasks(other, def, n < 20 ? seed : ~seed, 0, TASKS);
        } else {
            ks_draw_tasks(other, def, 4, seed, 0, TASKS);
        }
        for (size_t i = 0; i < TASKS; i++) {
            assert_false(has_task(ours, TASKS, other + i * DIM));
        }
    }
    ks_draw_validation_tasks(other, def, 4, 7, 3);
    assert_memory_equal(other, ours + (size_t)7 * DIM, (size_t)3 * DIM * sizeof *other);
    world_destroy(w);
}

/* Steps that are too long end no training: nothing is validated then. */
static void test_a_step_that_is_too_long(void** state) {
    (void)state;
    world* w = world_create(KS_MAML, 1e30);
    ks_validation v = validate(w, 2);
    assert_true(isnan(v.metric) && v.broken == TASKS && v.env_steps > 0);
    world_destroy(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_an_evaluation),
        cmocka_unit_test(test_the_tasks_are_others),
        cmocka_unit_test(test_a_step_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
