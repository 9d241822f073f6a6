/* A corridor of 11 cells with the prize at one end, which the agent does not see: one walk tells it where to go next
 * time. A small environment with discrete actions, to start your own from. docs/environments.md explains it. */
#include "envs/env.h"

#include <stdlib.h>

enum { LEFT, RIGHT, NUM_ACTIONS };
enum { END = 5 }; /* cells -5 … 5, the walk starts at 0 */

typedef struct corridor {
    int cell;
} corridor;

/* the task is one number: -1, the prize is on the left, or 1, on the right */
static void sample_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    (void)def;
    task[0] = noise.uniform[0] < 0.5 ? -1 : 1;
}

static void* create(const ks_env_def* def, const void* model, ks_error* err) {
    (void)model;
    corridor* c = calloc(1, sizeof *c);
    if (!c) {
        ks_fail(err, KS_FAILED, "%s: no memory for one more world", def->name);
    }
    return c;
}

static void reset(void* state, ks_env_noise noise, ks_real* obs) {
    (void)noise;
    corridor* c = state;
    c->cell = 0;
    obs[0] = 0;
}

/* rew = 1 at the prize, -1 at the other end, -.01 for every other step; both ends end the episode */
static ks_env_step_result step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    corridor* c = state;
    c->cell += (int)act[0] == RIGHT ? 1 : -1;
    obs[0] = (ks_real)c->cell / END;

    const bool at_end = abs(c->cell) == END;
    const bool at_prize = c->cell == END * (int)task[0];
    return (ks_env_step_result){.rew = at_prize ? 1 : at_end ? -1 : -0.01, .terminated = at_end};
}

static const ks_task_number PRIZE[] = {{"side", "", {-1, 1}, {-1, 1}, 2}}; /* from -1 to 1 in steps of 2 */

const ks_env_def ks_env_corridor = {.name = "corridor",
                                    .summary = "11 cells, walk to the end with the prize",
                                    .task_summary = "prize on the left (-1) or on the right (1)",
                                    .task_numbers = PRIZE,
                                    .obs_dim = 1,
                                    .num_actions = NUM_ACTIONS,
                                    .task_dim = 1,
                                    .horizon = 20,
                                    .task_uniforms = 1,
                                    .task_kinds = 2,
                                    .sample_task = sample_task,
                                    .create = create,
                                    .destroy = free,
                                    .reset = reset,
                                    .step = step};
