/* A walk through four rooms to a cell that is not shown. Size, start, actions, rewards and goals are those of GridNavi (Zintgraf et
 * al. 2020, VariBAD); the walls are our own. */
#include "envs/env.h"

#include <stdlib.h>

enum { SIDE = 5, CELLS = SIDE * SIDE };
enum { STAY, UP, RIGHT, DOWN, LEFT, NUM_ACTIONS };
static const int DX[NUM_ACTIONS] = {[RIGHT] = 1, [LEFT] = -1};
static const int DY[NUM_ACTIONS] = {[UP] = 1, [DOWN] = -1};

/* Cells are at odd lines and letters, what is between two of them in the middle. The walk starts at the lower left, (0, 0). */
enum { LINE = 2 * SIDE + 2 };
static const char MAP[] =
    "+-+-+-+-+-+\n"
    "|. .|. . .|\n"
    "+ + + + + +\n"
    "|. .|. . .|\n"
    "+ +-+-+ +-+\n"
    "|. . . . .|\n"
    "+ + +-+ +-+\n"
    "|. .|. . .|\n"
    "+ + + + + +\n"
    "|. .|. . .|\n"
    "+-+-+-+-+-+\n";
_Static_assert(sizeof MAP == LINE * (LINE - 1) + 1, "the map has another size");

typedef struct grid {
    int x, y; /* y is upward */
} grid;

static void* create(const ks_env_def* def, const void* model, ks_error* err) {
    (void)model;
    grid* g = calloc(1, sizeof *g);
    if (!g) {
        ks_fail(err, KS_FAILED, "%s: no memory for one more world", def->name);
    }
    return g;
}

static void observe(const grid* g, ks_real* obs) {
    for (int i = 0; i < CELLS; i++) {
        obs[i] = i == g->y * SIDE + g->x;
    }
}

static void reset(void* state, ks_env_noise noise, ks_real* obs) {
    (void)noise;
    grid* g = state;
    *g = (grid){0, 0};
    observe(g, obs);
}

/* 1 for every step that ends at the goal, -.1 for every other */
static double reward(const void* state, const double* task) {
    const grid* g = state;
    return g->x == (int)task[0] && g->y == (int)task[1] ? 1 : -0.1;
}

static ks_env_step_result step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    grid* g = state;
    int dx = DX[(int)act[0]], dy = DY[(int)act[0]];
    const char* here = MAP + (2 * (SIDE - 1 - g->y) + 1) * LINE + 2 * g->x + 1;
    if (here[dx - dy * LINE] == ' ') {
        g->x += dx;
        g->y += dy;
    }
    observe(g, obs);
    return (ks_env_step_result){.rew = reward(g, task)};
}

/* Any cell but the start and the three around it, which nobody has to look for. */
enum { NEAR = 2, GOALS = CELLS - NEAR * NEAR };

static void sample_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    (void)def;
    int left = (int)(noise.uniform[0] * GOALS);
    for (int i = 0; i < CELLS; i++) {
        int x = i % SIDE, y = i / SIDE;
        if ((x >= NEAR || y >= NEAR) && left-- == 0) {
            task[0] = x;
            task[1] = y;
        }
    }
}

static const ks_task_number GOAL[] = {{"goal x", "", {0, SIDE - 1}, {0, SIDE - 1}, 1},
                                      {"goal y", "", {0, SIDE - 1}, {0, SIDE - 1}, 1}};

extern const ks_env_def ks_env_grid;
const ks_env_def ks_env_grid = {.name = "grid",
                                .summary = "four rooms of 5 x 5 cells, walk to a cell",
                                .task_summary = "goal cell, one of 21, equally likely",
                                .task_numbers = GOAL,
                                .obs_dim = CELLS,
                                .num_actions = NUM_ACTIONS,
                                .task_dim = 2,
                                .horizon = 15,
                                .task_uniforms = 1,
                                .task_kinds = GOALS,
                                .sample_task = sample_task,
                                .create = create,
                                .destroy = free,
                                .reset = reset,
                                .step = step,
                                .reward = reward};
