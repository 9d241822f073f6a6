/* A boat on a river that is to reach a buoy that it does not see: an environment of continuous actions as a plug-in, which kshot loads
 * by its path. Where the buoy is and how fast the river flows is the task. docs/environments.md explains it.
 *
 *     cc -shared -fPIC -O2 -I PREFIX/include/kshot plugin.c -o libboat.so
 *     kshot train my.yaml -s env=./libboat.so */
#include "envs/env.h"

#include <math.h>
#include <stdlib.h>

enum { BUOY_X, BUOY_Y, CURRENT, NUM_TASK };

typedef struct boat {
    double place[2], velocity[2];
    double current; /* of the river, along x */
} boat;

static const double PERIOD = 0.1; /* s */

static void sample_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    (void)def;
    task[BUOY_X] = 4 * noise.uniform[0] - 2;
    task[BUOY_Y] = 4 * noise.uniform[1] - 2;
    task[CURRENT] = 0.5 * noise.uniform[2];
}

static void* create(const ks_env_def* def, const void* model, ks_error* err) {
    (void)model;
    boat* b = calloc(1, sizeof *b);
    if (!b) {
        ks_fail(err, KS_FAILED, "%s: no memory for one more world", def->name);
    }
    return b;
}

/* tasks differ in more than rewards: the world is told before it is reset */
static void set_task(void* state, const double* task) {
    boat* b = state;
    b->current = task[CURRENT];
}

static void observe(const boat* b, ks_real* obs) {
    for (int i = 0; i < 2; i++) {
        obs[i] = (ks_real)b->place[i];
        obs[2 + i] = (ks_real)b->velocity[i];
    }
}

static void reset(void* state, ks_env_noise noise, ks_real* obs) {
    boat* b = state;
    for (int i = 0; i < 2; i++) {
        b->place[i] = 0.1 * noise.normal[i];
        b->velocity[i] = 0;
    }
    observe(b, obs);
}

/* rew = -distance to the buoy */
static double reward(const void* state, const double* task) {
    const boat* b = state;
    return -hypot(b->place[0] - task[BUOY_X], b->place[1] - task[BUOY_Y]);
}

/* the motors push by 4 m/s² at most; the water brakes what moves through it */
static ks_env_step_result step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    boat* b = state;
    for (int i = 0; i < 2; i++) {
        double water = i == 0 ? b->current : 0;
        double push = 4 * fmax(-1, fmin(1, (double)act[i]));
        b->velocity[i] += PERIOD * (push - 2 * (b->velocity[i] - water));
        b->place[i] += PERIOD * b->velocity[i];
    }
    observe(b, obs);
    return (ks_env_step_result){.rew = reward(b, task)};
}

static const ks_task_number NUMBERS[NUM_TASK] = {
    {"buoy x", "m", {-2, 2}, {-100, 100}, 0},
    {"buoy y", "m", {-2, 2}, {-100, 100}, 0},
    {"current", "m/s", {0, 0.5}, {-5, 5}, 0},
};

static const ks_env_def BOAT = {
    .name = "boat",
    .summary = "a boat on a river, sail to a buoy",
    .task_summary = "buoy ~ U[-2, 2]^2 m, current ~ U[0, 0.5] m/s",
    .task_numbers = NUMBERS,
    .obs_dim = 4,
    .act_dim = 2,
    .task_dim = NUM_TASK,
    .horizon = 50,
    .dt = 0.1,
    .task_uniforms = 3,
    .reset_normals = 2,
    .sample_task = sample_task,
    .create = create,
    .destroy = free,
    .reset = reset,
    .step = step,
    .set_task = set_task,
    .reward = reward,
};

KS_ENV_PLUGIN(BOAT);
