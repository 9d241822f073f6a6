/* The parameters that a run starts from: drawn from its seed, and with policy.scale_inputs of a policy to which no observation
 * is loud. */
#include "rl/rollout.h"
#include "run/initial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HORIZON = 200, TRAJECTORIES = 20, HIDDEN = 8 };

typedef struct world {
    ks_config config;
    ks_problem* problem;
    const ks_env_model* model; /* the problem's */
    ks_policy* policy;
    size_t obs_dim, p;
} world;

static world world_create(const char* env, int method) {
    ks_error err = {0};
    world w = {0};
    ks_config_default(&w.config);
    snprintf(w.config.rl.env, sizeof w.config.rl.env, "%s", env);
    w.config.method = method;
    w.config.policy.num_hidden = 1;
    w.config.policy.hidden[0] = HIDDEN;
    w.problem = ks_problem_rl.create(&w.config.rl, (ks_method)method, 1, &err);
    assert_non_null(w.problem);
    w.model = ks_rl_model(w.problem);
    ks_policy_settings settings;
    assert_true(ks_config_policy(&settings, &w.config, w.problem, &err));
    w.policy = ks_policy_create(&settings, &err);
    assert_non_null(w.policy);
    w.obs_dim = (size_t)ks_env_model_obs_dim(w.model);
    w.p = ks_policy_num_params(w.policy);
    return w;
}

static void world_destroy(world* w) {
    ks_policy_destroy(w->policy);
    ks_rl_destroy(w->problem);
}

static ks_real* initial(const world* w, bool scale_inputs) {
    ks_error err = {0};
    ks_config config = w->config;
    config.policy.scale_inputs = scale_inputs;
    ks_real* theta = malloc(w->p * sizeof *theta);
    assert_non_null(theta);
    assert_true(ks_initial_theta(theta, &config, w->problem, w->policy, &err));
    return theta;
}

/* every weight of the first layer, one by one, and nothing else */
static void check_scaled(const char* env, int method) {
    world w = world_create(env, method);
    ks_real* plain = initial(&w, false);
    ks_real* scaled = initial(&w, true);
    double* size = malloc(w.obs_dim * sizeof *size);
    assert_non_null(size);
    ks_env_model_obs_size(w.model, size);
    for (size_t i = 0; i < w.obs_dim; i++) {
        assert_true(size[i] > 0 && isfinite(size[i]));
        for (size_t j = 0; j < HIDDEN; j++) {
            double expected = (double)plain[j * w.obs_dim + i] / size[i];
            assert_true(fabs((double)scaled[j * w.obs_dim + i] - expected) <= 1e-6 * fabs(expected));
        }
    }
    size_t rest = HIDDEN * w.obs_dim;
    assert_memory_equal(plain + rest, scaled + rest, (w.p - rest) * sizeof *plain);
    free(size);
    free(plain);
    free(scaled);
    world_destroy(&w);
}

static void test_first_layer_only(void** state) {
    (void)state;
    for (size_t i = 0; i < ks_env_count(); i++) {
        check_scaled(ks_env_at(i)->name, KS_MAML);
        check_scaled(ks_env_at(i)->name, KS_ORACLE);
    }
}

/* a policy on o that was scaled does what the plain one does on o / size */
static void test_same_function_of_scaled_observations(void** state) {
    (void)state;
    ks_error err = {0};
    world w = world_create("half-cheetah-vel", KS_MAML);
    ks_real* plain = initial(&w, false);
    ks_real* scaled = initial(&w, true);
    ks_policy_ws* ws = ks_policy_ws_create(w.policy, 0, &err);
    assert_non_null(ws);
    double size[20];
    ks_real obs[20], small[20], expected[6], head[6];
    assert_int_equal(w.obs_dim, 20);
    ks_env_model_obs_size(w.model, size);
    for (int i = 0; i < 20; i++) {
        obs[i] = (ks_real)sin(1 + 3 * i);
        small[i] = (ks_real)((double)obs[i] / size[i]);
    }
    ks_policy_forward(w.policy, plain, 1, small, expected, ws);
    ks_policy_forward(w.policy, scaled, 1, obs, head, ws);
    for (int i = 0; i < 6; i++) {
        assert_true(fabs((double)(head[i] - expected[i])) < 1e-5);
    }
    ks_policy_ws_destroy(ws);
    free(plain);
    free(scaled);
    world_destroy(&w);
}

/* What an environment calls rough sizes is about what an untrained policy meets: nothing that it observes varies by more than
 * three of them, and what varies at all, by more than a thirtieth (contact forces are mostly 0: a hundredth). */
static void check_sizes(const char* env) {
    ks_error err = {0};
    world w = world_create(env, KS_MAML);
    ks_real* theta = initial(&w, false);
    ks_sampler* sampler = ks_sampler_create(w.model, w.policy, 1, &err);
    assert_non_null(sampler);
    ks_batch_sizes sizes = ks_sampler_batch_sizes(sampler, TRAJECTORIES, HORIZON, false);
    ks_batch* batch = ks_batch_create(&sizes, &err);
    double* size = malloc(w.obs_dim * sizeof *size);
    assert_true(batch && size);
    double task[KS_TASK_MAX];
    ks_draw_tasks(task, ks_env_model_def(w.model), 1, 0, 0, 1);
    ks_rollout_request request = {.batch = batch, .trajectories = TRAJECTORIES, .theta = theta, .task = task};
    assert_true(ks_sampler_run(sampler, &request, 1, (ks_rollout_noise){.seed = 1}, &err));
    ks_env_model_obs_size(w.model, size);
    for (size_t i = 0; i < w.obs_dim; i++) {
        double sum = 0;
        double squares = 0;
        for (size_t t = 0; t < batch->rows; t++) {
            double x = (double)batch->obs[t * w.obs_dim + i] / size[i];
            sum += x;
            squares += x * x;
        }
        double mean = sum / (double)batch->rows;
        double std = sqrt(fmax(0, squares / (double)batch->rows - mean * mean));
        if (std > 3 || (std > 1e-3 && std < (size[i] == 1 ? 0.01 : 1.0 / 30))) {
            fail_msg("%s: observation %zu varies by %g of the size %g given for it", env, i, std, size[i]);
        }
    }
    free(size);
    free(theta);
    ks_batch_destroy(batch);
    ks_sampler_destroy(sampler);
    world_destroy(&w);
}

static void test_sizes_are_true(void** state) {
    (void)state;
    for (size_t i = 0; i < ks_env_count(); i++) {
        if (ks_env_at(i)->obs_size) {
            check_sizes(ks_env_at(i)->name);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_layer_only),
        cmocka_unit_test(test_same_function_of_scaled_observations),
        cmocka_unit_test(test_sizes_are_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
