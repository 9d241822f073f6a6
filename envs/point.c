/* Point navigation: a point in the plane walks to a goal that it does not see. */
#include "envs/env.h"

#include <math.h>
#include <stdlib.h>

typedef struct point {
    double s[2]; /* position */
} point;

static void* create(const ks_env_def* def, const void* model, ks_error* err) {
    (void)model;
    point* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "%s: no memory for one more world", def->name);
    }
    return p;
}

static void observe(const point* p, ks_real* obs) {
    obs[0] = (ks_real)p->s[0];
    obs[1] = (ks_real)p->s[1];
}

static void reset(void* state, ks_env_noise noise, ks_real* obs) {
    (void)noise;
    point* p = state;
    *p = (point){{0, 0}};
    observe(p, obs);
}

static double reward(const void* state, const double* task) {
    const point* p = state;
    const double dx = p->s[0] - task[0];
    const double dy = p->s[1] - task[1];
    return -sqrt(dx * dx + dy * dy);
}

/* s <- s + .1 clip(a, ±1);  rew = -‖s - g‖;  ends within .01 of the goal in both coordinates */
static ks_env_step_result step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    point* p = state;
    for (int i = 0; i < 2; i++) {
        p->s[i] += 0.1 * fmax(-1, fmin(1, (double)act[i]));
    }
    observe(p, obs);
    return (ks_env_step_result){
        .rew = reward(p, task),
        .terminated = fabs(p->s[0] - task[0]) < 0.01 && fabs(p->s[1] - task[1]) < 0.01,
    };
}

static void sample_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    (void)def;
    task[0] = noise.uniform[0] - 0.5;
    task[1] = noise.uniform[1] - 0.5;
}

static const ks_task_number GOAL[] = {{"goal x", "", {-0.5, 0.5}, {-1000, 1000}, 0},
                                      {"goal y", "", {-0.5, 0.5}, {-1000, 1000}, 0}};

static const ks_env_protocol PROTOCOL = {40, 0.5, 0.5, 0.5}; /* the paper's, appendix A.2 */

/* on a board, from above */
static const ks_env_look LOOK = {.azimuth = 90,
                                 .elevation = -55,
                                 .distance = 2.75,
                                 .height = -0.03,
                                 .size = 0.42,
                                 .paths = true,
                                 .path_radius = 0.007,
                                 .goal = KS_GOAL_PLACE,
                                 .goal_numbers = {0, 1}};

const ks_env_def ks_env_point = {.name = "point",
                                 .summary = "a point in the plane, walk to a goal",
                                 .task_summary = "goal (x, y) ~ U[-0.5, 0.5]^2",
                                 .task_numbers = GOAL,
                                 .obs_dim = 2,
                                 .act_dim = 2,
                                 .task_dim = 2,
                                 .horizon = 100,
                                 .protocol = &PROTOCOL,
                                 .look = &LOOK,
                                 .task_uniforms = 2,
                                 .sample_task = sample_task,
                                 .create = create,
                                 .destroy = free,
                                 .reset = reset,
                                 .step = step,
                                 .reward = reward};
