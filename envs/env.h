/* env.h: what an environment is, and the registry of those that ship.
 *
 * An environment is a pure function of (state, action), plus noise that is handed to it: it draws no random numbers.
 * Three levels:
 *   ks_env_def    what there is to know before anything is loaded: name, sizes, task space, functions. Constant.
 *   ks_env_model  what all instances share (for MuJoCo: the compiled mjModel). Read-only after creation.
 *   ks_env        one instance: the state of one world, with the task that it is set to.
 *
 * Thread rule: a def and a model may be used by any number of threads at once; an instance by one at a time.
 * To add an environment: one file with a ks_env_def, one line in envs/registry.c (docs/environments.md). */
#ifndef KS_ENVS_ENV_H
#define KS_ENVS_ENV_H

#include "base/error.h"
#include "base/real.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    KS_TASK_MAX = 8,
    KS_TASK_TEXT = 160
}; /* most numbers that a task may have; room for what is said of one of them */

/* One number of a task: what it is, and what it may be. */
typedef struct ks_task_number {
    const char* name;  /* "velocity" */
    const char* unit;  /* "m/s"; "" if it has none */
    double trained[2]; /* lowest and highest of the training distribution */
    double known[2];   /* what the environment can be asked for at all: such tasks make sense, and rewards stay exact */
    double step;       /* 0: anything between; else only known[0], known[0] + step, … */
} ks_task_number;

/* Random numbers for one call, drawn by the caller. An environment reads only as many as its def asks for. */
typedef struct ks_env_noise {
    const double* uniform; /* in (0, 1), independent */
    const double* normal;  /* mean 0, std 1, independent */
} ks_env_noise;

/* What a step did, beside the new observation. */
typedef struct ks_env_step_result {
    double rew;
    bool terminated; /* the environment ended the episode with this step (which is rewarded) */
    bool unstable; /* the physics broke down (MuJoCo's own warnings, or a state that is not finite): the trajectory ends
                        BEFORE this step, whose rew and observation mean nothing */
} ks_env_step_result;

/* How policies are tested on it by those who published it: the first step size of policies that were not meta-trained, and what
 * becomes of later ones. */
typedef struct ks_env_protocol {
    int trajectories;  /* per task and gradient step */
    double pretrained; /* first step size of pretrained policies, */
    double random;     /* and of untrained ones; meta-trained ones have their own */
    double later;      /* factor of every later step */
} ks_env_protocol;

typedef struct ks_env_def ks_env_def;
struct ks_env_def {
    const char* name;                   /* as in configs: "half-cheetah-vel" */
    const char* summary;                /* one line for `kshot envs` */
    const char* task_summary;           /* the task distribution, for people: "goal velocity ~ U[0, 2] m/s" */
    const ks_task_number* task_numbers; /* (task_dim), for ks_env_check_task; NULL: any that single precision holds */

    int obs_dim;
    int act_dim;     /* continuous actions in [-1, 1] per dimension; the environment clips. 0 if num_actions > 0 */
    int num_actions; /* discrete actions 0 … num_actions-1. 0 if act_dim > 0 */
    int task_dim;    /* 1 … KS_TASK_MAX */
    int horizon;     /* usual number of steps of an episode */
    double dt;       /* seconds of simulated time per step, 0 if it has no time */
    const ks_env_protocol* protocol; /* NULL: nobody has published any */

    int task_uniforms;  /* how many uniforms sample_task reads */
    int task_kinds;     /* 0: a continuum of tasks; n: n distinct ones, chosen by n equal intervals of uniform[0] */
    int reset_uniforms; /* how many uniforms and normals reset reads */
    int reset_normals;

    /* Draws a task (task_dim) from the training distribution. */
    void (*sample_task)(const ks_env_def* def, double* task, ks_env_noise noise);

    /* What instances share, from `config`. NULL functions mean: nothing is shared. */
    void* (*model_create)(const ks_env_def* def, ks_error* err);
    void (*model_destroy)(void* model);

    /* One instance. Nothing but create may allocate. */
    void* (*create)(const ks_env_def* def, const void* model, ks_error* err);
    void (*destroy)(void* state);
    /* Starts an episode and writes the first observation (obs_dim). */
    void (*reset)(void* state, ks_env_noise noise, ks_real* obs);
    /* Takes an action (act_dim numbers, or one: the action's index) and writes the NEW state's observation. */
    ks_env_step_result (*step)(void* state, const double* task, const ks_real* act, ks_real* obs);

    /* What the step just taken is worth for `task`, whatever task it was taken for: step's own rew if that is the one. NULL if the
     * environment does not say (inner.sweep then cannot be used). */
    double (*reward)(const void* state, const double* task);

    /* Roughly how much each number of an observation (obs_dim) varies, in its own unit, while the body does what it is for;
     * where training starts from may depend on it (policy.scale_inputs). NULL: 1 everywhere. */
    void (*obs_size)(double* size);

    /* Physics state for rollout files and for drawing; nq = nv = 0 and NULL where there is none (then the observation is it). */
    int nq, nv;
    void (*get_physics)(const void* state, double* qpos, double* qvel);
    /* The shared mjModel (struct mjModel_ of MuJoCo) and the instance's mjData, for the viewer and the tests; may be NULL. */
    const void* (*mujoco_model)(const void* model);
    void* (*mujoco_data)(void* state);

    const void* config; /* constants of this variant, known to its own file */
};

/* ---- registry -------------------------------------------------------------------------------------------- */

/* The environments that ship, in the order shown to people. Never NULL; lives for ever. */
size_t ks_env_count(void);
const ks_env_def* ks_env_at(size_t index);
/* By name. Errors: KS_BAD_INPUT naming the nearest name that exists. */
const ks_env_def* ks_env_find(const char* name, ks_error* err);

/* ---- tasks ----------------------------------------------------------------------------------------------- */

/* Whether the environment knows a task (task_dim), which may be any. Errors: KS_BAD_INPUT that names the number and what it may
 * be. */
bool ks_env_check_task(const ks_env_def* def, const double* task, ks_error* err);
/* Whether training could draw it; if not, and text is not NULL, what is outside of what: "velocity 5 is outside of the training
 * range, 0 to 2 m/s". */
bool ks_env_task_is_trained(const ks_env_def* def, const double* task, char text[KS_TASK_TEXT]);
/* What number i of a task may be: "-1000 to 1000 m/s", "-1 or 1". Needs task_numbers. */
void ks_env_known_text(char text[KS_TASK_TEXT], const ks_env_def* def, int i);

/* ---- models and instances -------------------------------------------------------------------------------- */

typedef struct ks_env_model ks_env_model;
typedef struct ks_env ks_env;

/* Loads what instances share. With `append_task` the task's numbers stand at the end of every observation (for the oracle).
 * Owned by the caller; must outlive its instances. Errors: KS_FAILED. */
ks_env_model* ks_env_model_create(const ks_env_def* def, bool append_task, ks_error* err);
void ks_env_model_destroy(ks_env_model* model);

const ks_env_def* ks_env_model_def(const ks_env_model* model);
/* Length of an observation, the appended task included. */
int ks_env_model_obs_dim(const ks_env_model* model);
/* The def's obs_size, for all ks_env_model_obs_dim() numbers; an appended task's are 1. */
void ks_env_model_obs_size(const ks_env_model* model, double* size);
/* struct mjModel_*, or NULL if the environment has no MuJoCo model. Lives as long as the model. */
const void* ks_env_model_mujoco(const ks_env_model* model);

/* A new world. Owned by the caller. Errors: KS_FAILED (memory). */
ks_env* ks_env_create(const ks_env_model* model, ks_error* err);
void ks_env_destroy(ks_env* env);

/* The task (task_dim) that steps are rewarded for, copied. To be called before the first reset; holds until the next call. */
void ks_env_set_task(ks_env* env, const double* task);
/* Starts an episode; obs gets ks_env_model_obs_dim() numbers. */
void ks_env_reset(ks_env* env, ks_env_noise noise, ks_real* obs);
/* One step. An action that is not finite, or no index of one, counts as unstable and does not touch the physics. */
ks_env_step_result ks_env_step(ks_env* env, const ks_real* act, ks_real* obs);
/* What the step just taken, a stable one, is worth for another task (task_dim). Needs the def's reward. */
double ks_env_reward(const ks_env* env, const double* task);
/* qpos (nq) and qvel (nv) as they are now. No-op if the environment has none. */
void ks_env_get_physics(const ks_env* env, double* qpos, double* qvel);
/* struct mjData_*, or NULL. Lives as long as the instance. Changing it changes the world. */
void* ks_env_mujoco_data(ks_env* env);

#endif
