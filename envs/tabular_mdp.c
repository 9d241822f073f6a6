/* Random Markov decision processes of 10 states and 5 actions (Duan et al. 2016, RL²): the mean rewards are
 * normal, N(1, 1), the transition probabilities uniform over all there are, Dirichlet(1), and what is paid has unit variance.
 *
 * A task is 51 numbers: the 50 mean rewards, and one that the 500 transition probabilities are drawn from. So a task can be typed,
 * kept and given again, rewards can be chosen by hand, and the oracle sees all that pays, though not what leads where. */
#include "envs/env.h"
#include "envs/step_noise.h"

#include <math.h>
#include <stdlib.h>

enum { STATES = 10, ACTIONS = 5, MEANS = STATES * ACTIONS, TRANSITIONS = MEANS, TASK };
_Static_assert(TASK <= (int)KS_TASK_MAX, "a task must hold all mean rewards");

/* The normal distribution is cut off at so many standard deviations, once in 1.7 million numbers, so that tasks have a range. */
enum { CUT = 5 };

typedef struct mdp {
    double drawn;                          /* the number that the following was drawn from; NAN: none yet */
    double below[STATES][ACTIONS][STATES]; /* the probability to come to this state or one before it */
    int state;
    ks_step_noise noise;
} mdp;

static void* create(const ks_env_def* def, const void* model, ks_error* err) {
    (void)model;
    mdp* m = calloc(1, sizeof *m);
    if (!m) {
        ks_fail(err, KS_FAILED, "%s: no memory for one more world", def->name);
        return NULL;
    }
    m->drawn = NAN;
    return m;
}

/* Exponentially distributed numbers, divided by their sum, are Dirichlet(1). */
static void draw_row(double below[STATES], ks_stream stream, uint32_t row) {
    double sum = 0;
    ks_stream_uniform(below, STATES, stream, row, 0, 0);
    for (int i = 0; i < STATES; i++) {
        sum -= log(below[i]);
        below[i] = sum;
    }
    for (int i = 0; i < STATES; i++) {
        below[i] /= sum;
    }
}

static void set_task(void* state, const double* task) {
    mdp* m = state;
    if (m->drawn == task[TRANSITIONS]) {
        return;
    }
    m->drawn = task[TRANSITIONS];
    uint64_t bits = (uint64_t)(m->drawn * 0x1p53);
    const ks_stream stream = {{(uint32_t)bits, (uint32_t)(bits >> 32)}};
    for (int s = 0; s < STATES; s++) {
        for (int a = 0; a < ACTIONS; a++) {
            draw_row(m->below[s][a], stream, (uint32_t)(s * ACTIONS + a));
        }
    }
}

static void observe(const mdp* m, ks_real* obs) {
    for (int i = 0; i < STATES; i++) {
        obs[i] = i == m->state;
    }
}

static void reset(void* state, ks_env_noise noise, ks_real* obs) {
    mdp* m = state;
    m->state = 0;
    m->noise = ks_step_noise_start(noise.uniform);
    observe(m, obs);
}

static ks_env_step_result step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    mdp* m = state;
    int action = (int)act[0];
    const double* below = m->below[m->state][action];
    double rew = task[m->state * ACTIONS + action] + ks_step_noise_normal(&m->noise);
    double luck = ks_step_noise_uniform(&m->noise);
    m->state = 0;
    while (m->state < STATES - 1 && luck >= below[m->state]) {
        m->state++;
    }
    observe(m, obs);
    return (ks_env_step_result){.rew = rew};
}

static void sample_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    (void)def;
    for (int i = 0; i < MEANS; i++) {
        task[i] = 1 + fmax(-CUT, fmin(CUT, noise.normal[i]));
    }
    task[TRANSITIONS] = noise.uniform[0];
}

/* r(s,a): the mean reward of an action in a state */
#define MEAN(s, a) \
    { "r(" #s "," #a ")", "", {1 - CUT, 1 + CUT}, {-1000, 1000}, 0 }
#define OF_STATE(s) MEAN(s, 0), MEAN(s, 1), MEAN(s, 2), MEAN(s, 3), MEAN(s, 4)
static const ks_task_number NUMBERS[TASK] = {OF_STATE(0),
                                             OF_STATE(1),
                                             OF_STATE(2),
                                             OF_STATE(3),
                                             OF_STATE(4),
                                             OF_STATE(5),
                                             OF_STATE(6),
                                             OF_STATE(7),
                                             OF_STATE(8),
                                             OF_STATE(9),
                                             {"transitions", "", {0, 1}, {0, 1}, 0}};

extern const ks_env_def ks_env_mdp;
const ks_env_def ks_env_mdp = {.name = "mdp",
                               .summary = "a random Markov decision process of 10 states",
                               .task_summary = "rewards N(1, 1), moves Dirichlet(1)",
                               .task_numbers = NUMBERS,
                               .obs_dim = STATES,
                               .num_actions = ACTIONS,
                               .task_dim = TASK,
                               .horizon = 10,
                               .task_uniforms = 1,
                               .reset_uniforms = KS_STEP_NOISE_UNIFORMS,
                               .sample_task = sample_task,
                               .create = create,
                               .destroy = free,
                               .reset = reset,
                               .step = step,
                               .set_task = set_task};
