/* Ant: walk at a goal velocity, in a goal direction (paper, section 5.3), or to a goal position.
 *
 *   observation (125)  qpos[15], qvel[14], contact forces cfrc_ext clipped to ±1 (14 bodies x 6, the world's row first),
 *                      the torso's rotation matrix (9, row-major), position of the centre of mass (gym: of the torso)
 *   velocity v         of the whole body's centre of mass along x (gym: of the torso, by its way over one step)
 *   reward             vel: 1 - |v - v*|;  dir: d v;  goal: 4 - ‖p - g‖₁, p the centre of mass (gym: the torso);
 *                      each + 0.05 for living - 0.005 ‖a‖² - 0.0005 ‖clipped cfrc_ext‖²
 *   ends               unless 0.2 <= z <= 1 and the state is finite */
#include "envs/mujoco_env.h"

#include <math.h>

enum { NQ = 15, NV = 14, BODIES = 14, FORCES = 6 * BODIES, TORSO = 1 };
static const double CONTROL_COST = 0.005;
static const double CONTACT_COST = 0.0005;
static const double MAX_FORCE = 1;
static const double ALIVE = 0.05;
static const double MIN_HEIGHT = 0.2;
static const double MAX_HEIGHT = 1;
enum { MAX_GOAL_VELOCITY = 3, MAX_GOAL_POSITION = 3 };

typedef enum task_kind { GOAL_VELOCITY, DIRECTION, GOAL_POSITION } task_kind;

/* one variant of the family */
typedef struct variant {
    ks_mujoco_config physics;
    bool gym;
    task_kind kind;
} variant;

/* standing on bent legs, in the order hip, ankle of legs 1 to 4 */
static const double STANDING[NQ] = {0, 0, 0.55, 1, 0, 0, 0, 0, 1, 0, -1, 0, -1, 0, 1};

static void sample_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    switch (((const variant*)def->config)->kind) {
        case GOAL_VELOCITY:
            task[0] = MAX_GOAL_VELOCITY * noise.uniform[0];
            break;
        case DIRECTION:
            task[0] = noise.uniform[0] < 0.5 ? -1 : 1;
            break;
        case GOAL_POSITION:
            task[0] = MAX_GOAL_POSITION * (2 * noise.uniform[0] - 1);
            task[1] = MAX_GOAL_POSITION * (2 * noise.uniform[1] - 1);
            break;
    }
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

static const mjtNum* center(const ks_mujoco_state* s) {
    return variant_of(s)->gym ? s->d->xpos + 3 * TORSO : s->d->subtree_com + 3 * TORSO;
}

static double clipped_force(const mjData* d, int i) {
    return fmax(-MAX_FORCE, fmin(MAX_FORCE, d->cfrc_ext[i]));
}

static void observe(const ks_mujoco_state* s, ks_real* obs) {
    const mjData* d = s->d;
    for (int i = 0; i < NQ; i++) {
        *obs++ = (ks_real)d->qpos[i];
    }
    for (int i = 0; i < NV; i++) {
        *obs++ = (ks_real)d->qvel[i];
    }
    for (int i = 0; i < FORCES; i++) {
        *obs++ = (ks_real)clipped_force(d, i);
    }
    for (int i = 0; i < 9; i++) {
        *obs++ = (ks_real)d->xmat[9 * TORSO + i];
    }
    for (int i = 0; i < 3; i++) {
        *obs++ = (ks_real)center(s)[i];
    }
}

static void obs_size(const ks_env_def* def, double* size) {
    (void)def;
    ks_mujoco_size(&size, 2, KS_SIZE_TRAVEL);
    ks_mujoco_size(&size, NQ - 2, KS_SIZE_POSE);
    ks_mujoco_size(&size, 3, KS_SIZE_SPEED);
    ks_mujoco_size(&size, NV - 3, KS_SIZE_TURN);
    ks_mujoco_size(&size, FORCES, MAX_FORCE);
    ks_mujoco_size(&size, 9, KS_SIZE_POSE);
    ks_mujoco_size(&size, 2, KS_SIZE_TRAVEL);
    ks_mujoco_size(&size, 1, KS_SIZE_POSE);
}

static void reset(void* state, ks_env_noise noise, ks_real* obs) {
    ks_mujoco_reset(state, noise);
    observe(state, obs);
}

static double gain(const ks_mujoco_state* s, const double* task) {
    switch (variant_of(s)->kind) {
        case GOAL_VELOCITY:
            return 1 - fabs(s->velocity - task[0]);
        case DIRECTION:
            return task[0] * s->velocity;
        case GOAL_POSITION:
            return 4 - fabs(center(s)[0] - task[0]) - fabs(center(s)[1] - task[1]);
    }
    return 0;
}

static double reward(const void* state, const double* task) {
    const ks_mujoco_state* s = state;
    return gain(s, task) + ALIVE - s->control_cost - s->contact_cost;
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
    double contact = 0;
    for (int i = 0; i < FORCES; i++) {
        contact += clipped_force(s->d, i) * clipped_force(s->d, i);
    }
    s->control_cost = CONTROL_COST * control;
    s->contact_cost = CONTACT_COST * contact;
    double z = s->d->qpos[2];
    return (ks_env_step_result){
        .rew = reward(s, task),
        .terminated = !(z >= MIN_HEIGHT && z <= MAX_HEIGHT),
    };
}

static const ks_task_number VELOCITIES[] = {{"velocity", "m/s", {0, MAX_GOAL_VELOCITY}, {-1000, 1000}, 0}};
static const ks_task_number DIRECTIONS[] = {{"direction", "", {-1, 1}, {-1, 1}, 2}};
static const ks_task_number POSITIONS[] = {
    {"goal x", "m", {-MAX_GOAL_POSITION, MAX_GOAL_POSITION}, {-1000, 1000}, 0},
    {"goal y", "m", {-MAX_GOAL_POSITION, MAX_GOAL_POSITION}, {-1000, 1000}, 0},
};

#define PAPER_PHYSICS \
    { .model = "ant.xml", .frame_skip = 1, .init_qpos = STANDING, .contact_forces = true }
#define GYM_PHYSICS \
    { .model = "ant_gym.xml", .frame_skip = 5, .contact_forces = true, .uniform_start = true }
static const variant VEL = {PAPER_PHYSICS, false, GOAL_VELOCITY};
static const variant DIR = {PAPER_PHYSICS, false, DIRECTION};
static const variant GOAL = {PAPER_PHYSICS, false, GOAL_POSITION};
static const variant GYM_VEL = {GYM_PHYSICS, true, GOAL_VELOCITY};
static const variant GYM_DIR = {GYM_PHYSICS, true, DIRECTION};
static const variant GYM_GOAL = {GYM_PHYSICS, true, GOAL_POSITION};

/* the paper's, appendix A.2, and the evaluation data published with it; ant-goal, which is not in it, as ant-vel */
static const ks_env_protocol VEL_PROTOCOL = {20, 0.2, 1.0, 0.5};
static const ks_env_protocol DIR_PROTOCOL = {40, 0.2, 1.0, 0.01};

/* from in front, to its right, and above */
#define LOOK(shown)                                                                                   \
    {                                                                                                 \
        .azimuth = 72, .elevation = -30, .distance = 4.6, .height = 0.25, .size = 1.3, .track = true, \
        .path_radius = 0.02, .goal = (shown), .goal_numbers[1] = 1                                    \
    }
static const ks_env_look VEL_LOOK = LOOK(KS_GOAL_VELOCITY);
static const ks_env_look DIR_LOOK = LOOK(KS_GOAL_DIRECTION);
static const ks_env_look GOAL_LOOK = LOOK(KS_GOAL_PLACE);

#define ANT(symbol, env_name, env_summary, tasks, numbers, kinds, looks, is_gym, env_variant) \
    extern const ks_env_def symbol;                                                           \
    const ks_env_def symbol = {                                                               \
        .name = env_name,                                                                     \
        .summary = env_summary,                                                               \
        .task_summary = tasks,                                                                \
        .task_numbers = numbers,                                                              \
        .obs_dim = 125,                                                                       \
        .act_dim = 8,                                                                         \
        .task_dim = sizeof(numbers) / sizeof *(numbers),                                      \
        .horizon = 200,                                                                       \
        .protocol = (kinds) ? &DIR_PROTOCOL : &VEL_PROTOCOL,                                  \
        .look = &(looks),                                                                     \
        .dt = (is_gym) ? 0.05 : 0.02,                                                         \
        .task_uniforms = sizeof(numbers) / sizeof *(numbers),                                 \
        .task_kinds = kinds,                                                                  \
        .reset_uniforms = (is_gym) ? NQ : 0,                                                  \
        .reset_normals = (is_gym) ? NV : NQ + NV,                                             \
        .sample_task = sample_task,                                                           \
        .model_create = model_create,                                                         \
        .model_destroy = ks_mujoco_model_destroy,                                             \
        .create = create,                                                                     \
        .destroy = ks_mujoco_state_destroy,                                                   \
        .reset = reset,                                                                       \
        .obs_size = obs_size,                                                                 \
        .step = step,                                                                         \
        .reward = reward,                                                                     \
        .nq = NQ,                                                                             \
        .nv = NV,                                                                             \
        .get_physics = ks_mujoco_get_physics,                                                 \
        .mujoco_model = ks_mujoco_get_model,                                                  \
        .mujoco_data = ks_mujoco_get_data,                                                    \
        .config = &(env_variant),                                                             \
    };

ANT(ks_env_ant_vel, "ant-vel", "an ant walks at a goal velocity", "goal velocity ~ U[0, 3] m/s", VELOCITIES, 0,
    VEL_LOOK, false, VEL)
ANT(ks_env_ant_dir, "ant-dir", "an ant walks forward or backward", "direction -1 or 1, equally likely", DIRECTIONS, 2,
    DIR_LOOK, false, DIR)
ANT(ks_env_ant_goal, "ant-goal", "an ant walks to a goal", "goal x, y ~ U[-3, 3]^2 m", POSITIONS, 0, GOAL_LOOK, false,
    GOAL)
ANT(ks_env_gym_ant_vel, "gym/ant-vel", "the same on Gymnasium's physics", "goal velocity ~ U[0, 3] m/s", VELOCITIES, 0,
    VEL_LOOK, true, GYM_VEL)
ANT(ks_env_gym_ant_dir, "gym/ant-dir", "the same on Gymnasium's physics", "direction -1 or 1, equally likely",
    DIRECTIONS, 2, DIR_LOOK, true, GYM_DIR)
ANT(ks_env_gym_ant_goal, "gym/ant-goal", "the same on Gymnasium's physics", "goal x, y ~ U[-3, 3]^2 m", POSITIONS, 0,
    GOAL_LOOK, true, GYM_GOAL)
