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
#include <stdint.h>

enum {
    KS_TASK_MAX = 64, /* most numbers that a task may have, and most normals that it may be drawn from, */
    KS_TASK_DRAWS = 2 * KS_TASK_MAX, /* and most uniforms */
    KS_TASK_TEXT = 160               /* room for what is said of one of its numbers */
};

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

/* What the numbers of a task mean in a picture, and so which marker shows them. */
typedef enum ks_env_goal {
    KS_GOAL_NONE,      /* nothing of the kind */
    KS_GOAL_DIRECTION, /* along x: 1 forward, -1 backward */
    KS_GOAL_VELOCITY,  /* along x */
    KS_GOAL_PLACE,     /* on the floor: two numbers */
    KS_GOAL_OTHER      /* something that has no marker */
} ks_env_goal;

/* How an environment looks best. Lengths in m, angles in degrees. What is 0 of distance and size follows from the shape of the MuJoCo
 * model, and without a distance so does the camera: height, track (unless still), planar, and azimuth and elevation if both are 0. */
typedef struct ks_env_look {
    double azimuth, elevation, distance;
    double height; /* of the point looked at, above the floor */
    double size;   /* length of the body, which markers are scaled by */
    bool track;    /* the camera goes with the body */
    bool still;    /* it stays where it is, without track, even if the body can go far away */
    bool planar;   /* it moves in the x-z plane: the second number of its position is a height, not y */
    bool paths;    /* ways of trajectories are drawn, not their bodies. Without physics, the first two numbers of an
                            observation are the place, and a world starts without noise and steps without any */
    double path_radius;  /* of such a way */
    ks_env_goal goal;    /* what the marker shows, */
    int goal_numbers[2]; /* of which numbers of the task (x and y of a place) */
    int body;            /* of MuJoCo's, that is followed; 0: the first that moves */
} ks_env_look;

typedef struct ks_env_def ks_env_def;
struct ks_env_def {
    const char* name;                   /* as in configs: "half-cheetah-vel" */
    const char* path;                   /* the file that it came from (absolute); NULL: it ships */
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
    const ks_env_look* look;         /* NULL: by the shape of the MuJoCo model; without one there is nothing to draw */

    int task_uniforms;  /* how many uniforms sample_task reads, at most KS_TASK_DRAWS */
    int task_kinds;     /* 0: a continuum of tasks; n: n distinct ones, chosen by n equal intervals of uniform[0] */
    int reset_uniforms; /* how many uniforms and normals reset reads; of random steps, too (step_noise.h) */
    int reset_normals;

    /* Draws a task (task_dim) from the training distribution. It may read up to KS_TASK_MAX normals. */
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

    /* Makes the world one of that task before it is reset, where tasks differ in more than rewards (masses, friction); NULL: they
     * do not. Never allocates. */
    void (*set_task)(void* state, const double* task);

    /* What the step just taken is worth for `task`, whatever task it was taken for: step's own rew if that is the one. NULL if the
     * environment does not say (inner.sweep then cannot be used). */
    double (*reward)(const void* state, const double* task);

    /* Roughly how much each number of an observation (obs_dim) varies, in its own unit, while the body does what it is for;
     * where training starts from may depend on it (policy.scale_inputs). NULL: 1 everywhere. */
    void (*obs_size)(const ks_env_def* def, double* size);

    /* Physics state for rollout files and for drawing; nq = nv = 0 and NULL where there is none (then the observation is it). */
    int nq, nv;
    void (*get_physics)(const void* state, double* qpos, double* qvel);
    /* The shared mjModel (struct mjModel_ of MuJoCo; a world whose task changes dynamics steps a copy of it, which its mjData fits) and the instance's mjData, for the viewer and the tests; may be NULL. */
    const void* (*mujoco_model)(const void* model);
    void* (*mujoco_data)(void* state);

    /* Frees the def itself, which was opened from a file. NULL: it lives for ever. */
    void (*close)(const ks_env_def* def);

    const void* config; /* constants of this variant, known to its own file */
};

/* ---- plug-ins -------------------------------------------------------------------------------------------- */

/* What a shared library exports, as `ks_env_plugin`, to be an environment: where its def is, and what it was compiled against. */
struct ks_env_plugin {
    uint32_t magic;
    uint32_t version;   /* of what this header says */
    uint32_t real_size; /* of ks_real */
    uint32_t def_size;  /* of ks_env_def, */
    uint32_t rest_size; /* and of all else that a def and its functions speak of */
    const ks_env_def* def;
};

/* The version goes up with every change that sizes do not tell: of an order, of what a field means, of what a function is called for. */
enum { KS_ENV_PLUGIN_MAGIC = 0x6b73656e, KS_ENV_PLUGIN_VERSION = 1 };
#define KS_ENV_PLUGIN_REST                                                                                            \
    (uint32_t)(sizeof(ks_task_number) + sizeof(ks_env_noise) + sizeof(ks_env_step_result) + sizeof(ks_env_protocol) + \
               sizeof(ks_env_look) + sizeof(ks_error))

/* In one file of a plug-in, once, outside of functions; docs/environments.md. `definition` is the ks_env_def itself. */
#define KS_ENV_PLUGIN(definition)                                                                        \
    __attribute__((visibility("default"))) extern const struct ks_env_plugin ks_env_plugin;              \
    const struct ks_env_plugin ks_env_plugin = {KS_ENV_PLUGIN_MAGIC,       KS_ENV_PLUGIN_VERSION,        \
                                                (uint32_t)sizeof(ks_real), (uint32_t)sizeof(ks_env_def), \
                                                KS_ENV_PLUGIN_REST,        &(definition)}

/* ---- registry -------------------------------------------------------------------------------------------- */

/* The environments that ship, in the order shown to people: those written in C, and those that are files within the program. */
size_t ks_env_names(void);
const char* ks_env_name(size_t index);
/* Errors: KS_BAD_INPUT naming the nearest name that exists. */
bool ks_env_exists(const char* name, ks_error* err);

/* Those written in C. Never NULL; lives for ever. */
size_t ks_env_count(void);
const ks_env_def* ks_env_at(size_t index);
/* One of them by name. Errors: KS_BAD_INPUT as ks_env_exists. */
const ks_env_def* ks_env_find(const char* name, ks_error* err);

/* By name, or from a file where `reference` begins with / or . or ends in .yaml, .yml or .so; a path that is not absolute is taken from
 * `folder` (NULL: the working directory). To be closed once nothing uses it any more.
 * Errors: KS_BAD_INPUT that names the file and line. */
const ks_env_def* ks_env_open(const char* reference, const char* folder, ks_error* err);
/* NULL: no-op. */
void ks_env_close(const ks_env_def* def);
/* Whether a reference is the path of a file, and no name. */
bool ks_env_is_path(const char* reference);
/* The file that it came from: an absolute path; "" for those that ship. */
const char* ks_env_file(const ks_env_def* def);
/* Whether two are the same environment, though they may have been opened twice. */
bool ks_env_is_same(const ks_env_def* a, const ks_env_def* b);

/* ---- tasks ----------------------------------------------------------------------------------------------- */

/* Whether the environment knows a task (task_dim), which may be any. Errors: KS_BAD_INPUT that names the number and what it may
 * be. */
bool ks_env_check_task(const ks_env_def* def, const double* task, ks_error* err);
/* Whether training could draw it; if not, and text is not NULL, what is outside of what: "velocity 5 is outside of the training
 * range, 0 to 2 m/s". */
bool ks_env_task_is_trained(const ks_env_def* def, const double* task, char text[KS_TASK_TEXT]);
/* What number i of a task may be: "-1000 to 1000 m/s", "-1 or 1". Needs task_numbers. */
void ks_env_known_text(char text[KS_TASK_TEXT], const ks_env_def* def, int i);

/* What its tasks are about: the look's goal; KS_GOAL_NONE if it has no look. */
ks_env_goal ks_env_goal_of(const ks_env_def* def);
/* Whether its world is a point in the plane whose ways can be drawn (paths in its look), without physics. */
bool ks_env_is_plane(const ks_env_def* def);

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
