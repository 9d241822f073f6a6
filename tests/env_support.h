/* env_support.h: what the tests of the environments share: a small generator, random noise and actions. */
#ifndef KS_TESTS_ENV_SUPPORT_H
#define KS_TESTS_ENV_SUPPORT_H

#include "envs/env.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MAX_OBS = 160, MAX_ACT = 8, MAX_Q = 16, MAX_NOISE = 64 };

/* xorshift64*: any state but 0 */
static inline double uniform(uint64_t* state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return ((double)(*state * UINT64_C(2685821657736338717) >> 11) + 0.5) * 0x1p-53;
}

typedef struct noise_buffer {
    double uniform[MAX_NOISE];
    double normal[MAX_NOISE];
} noise_buffer;

static inline ks_env_noise draw_noise(noise_buffer* buffer, uint64_t* state) {
    for (int i = 0; i < MAX_NOISE; i++) {
        buffer->uniform[i] = uniform(state);
        buffer->normal[i] = sqrt(-2 * log(uniform(state))) * cos(6.283185307179586 * uniform(state));
    }
    return (ks_env_noise){.uniform = buffer->uniform, .normal = buffer->normal};
}

/* a random action, out of [-1, 1] now and then so that clipping matters */
static inline void draw_action(ks_real* act, int n, uint64_t* state) {
    for (int i = 0; i < n; i++) {
        act[i] = (ks_real)(2.6 * uniform(state) - 1.3);
    }
}

/* the same of either kind of actions */
static inline void draw_any_action(ks_real* act, const ks_env_def* def, uint64_t* state) {
    if (def->num_actions > 0) {
        act[0] = (ks_real)(int)(def->num_actions * uniform(state));
    } else {
        draw_action(act, def->act_dim, state);
    }
}

/* an environment with its model, one world and a task drawn for it */
typedef struct fixture {
    const ks_env_def* def;
    ks_env_model* model;
    ks_env* env;
    double task[KS_TASK_MAX];
    uint64_t random;
} fixture;

static inline fixture open_def(const ks_env_def* def, bool append_task) {
    fixture f = {.def = def, .random = 88172645463325252u};
    ks_error err = {0};
    noise_buffer buffer;
    f.model = ks_env_model_create(def, append_task, &err);
    assert_non_null(f.model);
    f.env = ks_env_create(f.model, &err);
    assert_non_null(f.env);
    def->sample_task(def, f.task, draw_noise(&buffer, &f.random));
    ks_env_set_task(f.env, f.task);
    return f;
}

static inline fixture open_env(const char* name) {
    const ks_env_def* def = ks_env_find(name, NULL);
    assert_non_null(def);
    return open_def(def, false);
}

static inline void close_env(fixture* f) {
    ks_env_destroy(f->env);
    ks_env_model_destroy(f->model);
}

static inline void start(fixture* f, ks_real* obs) {
    noise_buffer buffer;
    ks_env_reset(f->env, draw_noise(&buffer, &f->random), obs);
}

#endif
