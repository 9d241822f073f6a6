/* mujoco_env.h: what all MuJoCo environments share: loading, start noise, stepping, instability. Internal to this room.
 *
 * After a reset and after every step, everything that an observation or a reward reads belongs to the new state, with ctrl
 * still holding the action just taken: positions and velocities, subtree_com, and
 * (with contact_forces) cfrc_ext, which MuJoCo leaves stale unless mj_rnePostConstraint is called.
 *
 * Thread rule: a ks_mujoco_model is read-only; a ks_mujoco_state is used by one thread at a time. Creating a model installs a
 * log handler for the whole process, which drops MuJoCo's warnings; a program that wants its own installs it afterwards. */
#ifndef KS_ENVS_MUJOCO_ENV_H
#define KS_ENVS_MUJOCO_ENV_H

#include "envs/env.h"
#include "envs/quantity.h"

#include <mujoco/mujoco.h>

/* What a task family says of its physics. */
typedef struct ks_mujoco_config {
    const char* model;       /* a body of envs/models or envs/stable: "ant.xml" */
    int frame_skip;          /* physics steps per environment step */
    const double* init_qpos; /* (nq) start position before noise; NULL: the model's own */
    bool contact_forces;     /* cfrc_ext is read */
    bool uniform_start;      /* start position noise U(±0.1) instead of N(0, 0.01²) */
} ks_mujoco_config;

typedef struct ks_mujoco_model {
    mjModel* m;
    const ks_mujoco_config* config;
} ks_mujoco_model;

typedef struct ks_mujoco_state {
    const mjModel* m;
    mjData* d;
    const ks_mujoco_config* config;
    double velocity, control_cost, contact_cost; /* of the step just taken, kept by the environment for `reward` */
} ks_mujoco_state;

/* Errors: KS_FAILED with MuJoCo's message. */
ks_mujoco_model* ks_mujoco_model_create(const ks_mujoco_config* config, ks_error* err);
void ks_mujoco_model_destroy(void* model);
ks_mujoco_state* ks_mujoco_state_create(const ks_mujoco_model* model, ks_error* err);
void ks_mujoco_state_destroy(void* state);

/* qpos = start + noise (quaternions normalised), qvel = N(0, 0.1²). Reads nq uniforms and nv normals with uniform_start, else
 * nq + nv normals, position first. */
void ks_mujoco_reset(ks_mujoco_state* state, ks_env_noise noise);

/* Physics steps with d->ctrl as it is, after which what `needs` (of ks_quantity_need) says belongs to the new state. It must be called in a
 * state that mj_forward or the function itself left behind. False if the physics broke down: a warning of MuJoCo's, or a state or
 * acceleration that is not finite or beyond mjMAXVAL. */
bool ks_mujoco_advance(const mjModel* m, mjData* d, int frame_skip, int needs);
/* What `needs` asks for on top of mj_forward. */
void ks_mujoco_derive(const mjModel* m, mjData* d, int needs);

/* One environment step: action (nu numbers in [-1, 1], clipped) spread over each motor's control range, frame_skip times.
 * False if the physics broke down, as ks_mujoco_advance.
 * *cost (may be NULL) = ‖a‖² of the clipped action. */
bool ks_mujoco_step(ks_mujoco_state* state, const ks_real* act, double* cost);

/* Velocity along x (m/s) of the centre of mass of the tree of bodies whose root is `root`: subtree_linvel of mj_subtreeVel,
 * without the angular momenta, which take most of that function's time. */
double ks_mujoco_forward_velocity(const ks_mujoco_state* state, int root);

/* Rough sizes of what a legged robot of half a metre to a metre observes (obs_size of its ks_env_def). */
#define KS_SIZE_TRAVEL 3.0 /* m, along the ground within an episode */
#define KS_SIZE_POSE 0.25  /* m, rad: height, joint angles, quaternions and rotation matrices */
#define KS_SIZE_SPEED 0.7  /* m/s */
#define KS_SIZE_TURN 4.0   /* rad/s, joints and torso */
/* Writes size `count` times from *at on, and moves *at behind. */
void ks_mujoco_size(double** at, int count, double size);

/* For ks_env_def. */
void ks_mujoco_get_physics(const void* state, double* qpos, double* qvel);
const void* ks_mujoco_get_model(const void* model);
void* ks_mujoco_get_data(void* state);

#endif
