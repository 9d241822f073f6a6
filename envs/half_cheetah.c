/* Half-cheetah: run at a goal velocity, or in a goal direction (paper, section 5.3).
 *
 *   observation (20)  qpos[1:9], qvel[9], position of the centre of mass (gym: of the torso)
 *   velocity v        of the whole body's centre of mass along x (gym: of the root, by its way over one step)
 *   reward            vel: -|v - v*| - 0.05 ‖a‖²;  dir: d v - 0.05 ‖a‖² */
#include "envs/mujoco_env.h"

#include <math.h>

enum { NQ = 9, NV = 9, TORSO = 1 };
static const double CONTROL_COST = 0.05;
enum { MAX_GOAL_VELOCITY = 2 };

/* one variant of the family */
typedef struct variant {
    ks_mujoco_config physics;
    bool gym;
    bool direction; /* the task is ±1, not a velocity */
} variant;

static void sample_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    const variant* v = def->config;
    task[0] = v->direction ? (noise.uniform[0] < 0.5 ? -1 : 1) : MAX_GOAL_VELOCITY * noise.uniform[0];
}

static void* model_create(const ks_env_def* def, ks_error* err) {
    return ks_mujoco_model_create(&((const variant*)def->config)->physics, err);
}

static void* create(const ks_env_def* def, const void* model, ks_error* err) {
    (void)def;
    return ks_mujoco_state_create(model, err);
}

/* the physics is the first member of its variant */
static const variant* variant_of(const ks_mujoco_state* s) {
    return (const variant*)(const void*)s->config;
}

static void observe(const ks_mujoco_state* s, ks_real* obs) {
    const mjData* d = s->d;
    for (int i = 1; i < NQ; i++) {
        *obs++ = (ks_real)d->qpos[i];
    }
    for (int i = 0; i < NV; i++) {
        *obs++ = (ks_real)d->qvel[i];
    }
    const mjtNum* center = variant_of(s)->gym ? d->xpos + 3 * TORSO : d->subtree_com + 3 * TORSO;
    for (int i = 0; i < 3; i++) {
        *obs++ = (ks_real)center[i];
    }
}

static void obs_size(const ks_env_def* def, double* size) {
    (void)def;
    ks_mujoco_size(&size, NQ - 1, KS_SIZE_POSE);
    ks_mujoco_size(&size, 2, KS_SIZE_SPEED);
    ks_mujoco_size(&size, NV - 2, KS_SIZE_TURN);
    ks_mujoco_size(&size, 2, KS_SIZE_TRAVEL);
    ks_mujoco_size(&size, 1, KS_SIZE_POSE);
}

static void reset(void* state, ks_env_noise noise, ks_real* obs) {
    ks_mujoco_reset(state, noise);
    observe(state, obs);
}

static double reward(const void* state, const double* task) {
    const ks_mujoco_state* s = state;
    double gain = variant_of(s)->direction ? task[0] * s->velocity : -fabs(s->velocity - task[0]);
    return gain - s->control_cost;
}

static ks_env_step_result step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    ks_mujoco_state* s = state;
    double before = s->d->qpos[0];
    double control;
    if (!ks_mujoco_step(s, act, &control)) {
        return (ks_env_step_result){.terminated = true, .unstable = true};
    }
    observe(s, obs);
    s->velocity = variant_of(s)->gym ? (s->d->qpos[0] - before) / (s->config->frame_skip * s->m->opt.timestep)
                                     : ks_mujoco_forward_velocity(s, TORSO);
    s->control_cost = CONTROL_COST * control;
    return (ks_env_step_result){.rew = reward(s, task)};
}

static const ks_task_number GOAL_VELOCITY[] = {{"velocity", "m/s", {0, MAX_GOAL_VELOCITY}, {-1000, 1000}, 0}};
static const ks_task_number DIRECTION[] = {{"direction", "", {-1, 1}, {-1, 1}, 2}};

#define VARIANT(is_gym, is_direction)                                                                        \
    {                                                                                                        \
        .physics = {.model = "half_cheetah.xml", .frame_skip = (is_gym) ? 5 : 1, .uniform_start = (is_gym)}, \
        .gym = (is_gym), .direction = (is_direction),                                                        \
    }
static const variant VEL = VARIANT(false, false);
static const variant DIR = VARIANT(false, true);
static const variant GYM_VEL = VARIANT(true, false);
static const variant GYM_DIR = VARIANT(true, true);

/* the paper's, appendix A.2, and the evaluation data published with it */
static const ks_env_protocol VEL_PROTOCOL = {20, 0.02, 0.1, 0.5};
static const ks_env_protocol DIR_PROTOCOL = {20, 0.2, 0.5, 0.5};

/* from the side, and a little above */
#define LOOK(shown)                                                                                                  \
    {                                                                                                                \
        .azimuth = 90, .elevation = -11, .distance = 2.75, .height = 0.52, .size = 1, .track = true, .planar = true, \
        .goal = (shown)                                                                                              \
    }
static const ks_env_look VEL_LOOK = LOOK(KS_GOAL_VELOCITY);
static const ks_env_look DIR_LOOK = LOOK(KS_GOAL_DIRECTION);

#define HALF_CHEETAH(symbol, env_name, env_summary, tasks, numbers, kinds, is_gym, env_variant) \
    extern const ks_env_def symbol;                                                             \
    const ks_env_def symbol = {                                                                 \
        .name = env_name,                                                                       \
        .summary = env_summary,                                                                 \
        .task_summary = tasks,                                                                  \
        .task_numbers = numbers,                                                                \
        .obs_dim = 20,                                                                          \
        .act_dim = 6,                                                                           \
        .task_dim = 1,                                                                          \
        .horizon = 200,                                                                         \
        .protocol = (kinds) ? &DIR_PROTOCOL : &VEL_PROTOCOL,                                    \
        .look = (kinds) ? &DIR_LOOK : &VEL_LOOK,                                                \
        .dt = (is_gym) ? 0.05 : 0.01,                                                           \
        .task_uniforms = 1,                                                                     \
        .task_kinds = kinds,                                                                    \
        .reset_uniforms = (is_gym) ? NQ : 0,                                                    \
        .reset_normals = (is_gym) ? NV : NQ + NV,                                               \
        .sample_task = sample_task,                                                             \
        .model_create = model_create,                                                           \
        .model_destroy = ks_mujoco_model_destroy,                                               \
        .create = create,                                                                       \
        .destroy = ks_mujoco_state_destroy,                                                     \
        .reset = reset,                                                                         \
        .obs_size = obs_size,                                                                   \
        .step = step,                                                                           \
        .reward = reward,                                                                       \
        .nq = NQ,                                                                               \
        .nv = NV,                                                                               \
        .get_physics = ks_mujoco_get_physics,                                                   \
        .mujoco_model = ks_mujoco_get_model,                                                    \
        .mujoco_data = ks_mujoco_get_data,                                                      \
        .config = &(env_variant),                                                               \
    };

HALF_CHEETAH(ks_env_half_cheetah_vel, "half-cheetah-vel", "a half-cheetah runs at a goal velocity",
             "goal velocity ~ U[0, 2] m/s", GOAL_VELOCITY, 0, false, VEL)
HALF_CHEETAH(ks_env_half_cheetah_dir, "half-cheetah-dir", "a half-cheetah runs forward or backward",
             "direction -1 or 1, equally likely", DIRECTION, 2, false, DIR)
HALF_CHEETAH(ks_env_gym_half_cheetah_vel, "gym/half-cheetah-vel", "the same on Gymnasium's physics",
             "goal velocity ~ U[0, 2] m/s", GOAL_VELOCITY, 0, true, GYM_VEL)
HALF_CHEETAH(ks_env_gym_half_cheetah_dir, "gym/half-cheetah-dir", "the same on Gymnasium's physics",
             "direction -1 or 1, equally likely", DIRECTION, 2, true, GYM_DIR)
