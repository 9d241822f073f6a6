/* world_support.h: a world for whole meta-iterations of reinforcement learning: an environment, a policy, and what trains it by TRPO. */
#ifndef KS_TESTS_WORLD_SUPPORT_H
#define KS_TESTS_WORLD_SUPPORT_H

#include "base/rng.h"
#include "maml/maml.h"
#include "maml/outer_trpo.h"
#include "rl/rl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct world_settings {
    ks_method method;
    size_t tasks;
    ks_rl_settings rl;
    ks_outer_trpo_settings trpo;
    ks_maml_settings maml;
} world_settings;

typedef struct world {
    world_settings* settings;
    ks_env_model* model;
    ks_problem* problem;
    ks_policy* policy;
    ks_maml* maml;
    ks_real *theta, *cg_start; /* (p) */
    size_t p;                  /* Q: learned step sizes too */
} world;

static inline world_settings small_settings(void) {
    world_settings s = {
        .method = KS_MAML, .tasks = 5, .rl = ks_rl_settings_default(), .maml = ks_maml_settings_default()};
    s.rl.trajectories = 6;
    s.rl.horizon = 20;
    ks_outer_trpo.set_default(&s.trpo);
    s.maml.inner.steps = 1;
    s.maml.inner.lr = 0.5;
    return s;
}

/* The meta-training of a world; NULL and *err where it cannot be. *problem is the caller's, in any case. */
static inline ks_maml* make_maml(ks_problem** problem, const ks_env_model* model, const ks_policy* policy,
                                 world_settings* settings, ks_error* err) {
    *err = (ks_error){0};
    settings->maml.outer = &ks_outer_trpo;
    settings->maml.outer_settings = &settings->trpo;
    *problem = ks_rl_create(model, &settings->rl, settings->method, settings->tasks, err);
    return *problem ? ks_maml_create(*problem, policy, &settings->maml, err) : NULL;
}

static inline world world_create(const ks_env_def* def, world_settings settings) {
    ks_error err = {0};
    world w = {.model = ks_env_model_create(def, settings.method == KS_ORACLE, &err),
               .settings = malloc(sizeof settings)};
    assert_true(w.model && w.settings);
    *w.settings = settings;
    ks_policy_settings shape = ks_policy_settings_default();
    shape.obs_dim = ks_env_model_obs_dim(w.model);
    shape.act_dim = def->num_actions ? def->num_actions : def->act_dim;
    shape.head = def->num_actions ? KS_CATEGORICAL : KS_GAUSSIAN;
    shape.hidden[0] = shape.hidden[1] = 16;
    w.policy = ks_policy_create(&shape, &err);
    assert_non_null(w.policy);
    w.maml = make_maml(&w.problem, w.model, w.policy, w.settings, &err);
    if (!w.maml) {
        fail_msg("%s", err.text);
    }
    w.p = ks_maml_num_params(w.maml);
    size_t n = ks_policy_num_params(w.policy);
    double* uniform = malloc(n * sizeof *uniform);
    w.theta = malloc(w.p * sizeof *w.theta);
    w.cg_start = calloc(ks_maml_state_size(w.maml), sizeof *w.cg_start);
    assert_true(w.theta && w.cg_start && uniform);
    ks_stream_uniform(uniform, n, ks_stream_make(settings.maml.seed, KS_RNG_INIT, 0, 0), 0, 0, 0);
    ks_policy_init(w.policy, w.theta, uniform, 0);
    ks_maml_init_step_sizes(w.maml, w.theta);
    free(uniform);
    return w;
}

static inline world world_named(const char* env, world_settings settings) {
    ks_error err = {0};
    const ks_env_def* def = ks_env_find(env, &err);
    assert_non_null(def);
    return world_create(def, settings);
}

static inline void world_destroy(world* w) {
    ks_maml_destroy(w->maml);
    ks_rl_destroy(w->problem);
    ks_policy_destroy(w->policy);
    ks_env_model_destroy(w->model);
    free(w->theta);
    free(w->cg_start);
    free(w->settings);
}

static inline ks_maml_stats iterate(world* w, uint64_t iteration) {
    ks_maml_stats stats;
    ks_error err = {0};
    if (!ks_maml_iterate(w->maml, w->theta, w->cg_start, iteration, &stats, &err)) {
        fail_msg("%s", err.text);
    }
    return stats;
}

/* what TRPO did in the last iteration */
static inline const ks_trpo_result* trpo_of(const world* w) {
    return ks_outer_trpo_result(ks_maml_outer(w->maml));
}

#endif
