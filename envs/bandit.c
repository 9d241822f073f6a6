/* Bernoulli bandits: k arms, each of which pays 1 or nothing. What the arms are worth is the task (Duan et al. 2016, RL²). */
#include "envs/env.h"
#include "envs/step_noise.h"

#include <stdlib.h>

typedef struct bandit {
    ks_step_noise noise;
    int arm;     /* pulled last */
    double luck; /* in (0, 1): it pays if this is below its probability */
} bandit;

static void* create(const ks_env_def* def, const void* model, ks_error* err) {
    (void)model;
    bandit* b = calloc(1, sizeof *b);
    if (!b) {
        ks_fail(err, KS_FAILED, "%s: no memory for one more world", def->name);
    }
    return b;
}

/* There is nothing to see: whoever would do better has to change. */
static void observe(ks_real* obs) {
    obs[0] = 1;
}

static void reset(void* state, ks_env_noise noise, ks_real* obs) {
    bandit* b = state;
    *b = (bandit){.noise = ks_step_noise_start(noise.uniform)};
    observe(obs);
}

static double reward(const void* state, const double* task) {
    const bandit* b = state;
    return b->luck < task[b->arm];
}

static ks_env_step_result step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    bandit* b = state;
    b->arm = (int)act[0];
    b->luck = ks_step_noise_uniform(&b->noise);
    observe(obs);
    return (ks_env_step_result){.rew = reward(b, task)};
}

static void sample_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    for (int i = 0; i < def->task_dim; i++) {
        task[i] = noise.uniform[i];
    }
}

/* The probability that an arm pays. Variants have the first so many of these. */
#define PAYS(name) \
    { name, "", {0, 1}, {0, 1}, 0 }
static const ks_task_number ARMS[] = {PAYS("p1"), PAYS("p2"), PAYS("p3"), PAYS("p4"), PAYS("p5"),
                                      PAYS("p6"), PAYS("p7"), PAYS("p8"), PAYS("p9"), PAYS("p10")};

#define BANDIT(symbol, k)                                                                                         \
    _Static_assert((k) <= sizeof ARMS / sizeof *ARMS && (k) <= KS_TASK_MAX, "more arms than a task has numbers"); \
    extern const ks_env_def symbol;                                                                               \
    const ks_env_def symbol = {                                                                                   \
        .name = "bandit-" #k,                                                                                     \
        .summary = "pull one of " #k " arms, which pay 1 or 0",                                                   \
        .task_summary = "each pays with p ~ U[0, 1]",                                                             \
        .task_numbers = ARMS,                                                                                     \
        .obs_dim = 1,                                                                                             \
        .num_actions = k,                                                                                         \
        .task_dim = k,                                                                                            \
        .horizon = 10,                                                                                            \
        .task_uniforms = k,                                                                                       \
        .reset_uniforms = KS_STEP_NOISE_UNIFORMS,                                                                 \
        .sample_task = sample_task,                                                                               \
        .create = create,                                                                                         \
        .destroy = free,                                                                                          \
        .reset = reset,                                                                                           \
        .step = step,                                                                                             \
        .reward = reward,                                                                                         \
    };

BANDIT(ks_env_bandit_2, 2)
BANDIT(ks_env_bandit_5, 5)
BANDIT(ks_env_bandit_10, 10)
