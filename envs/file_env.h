/* file_env.h: an environment that is a file: a page of YAML that names a MuJoCo model and says what is observed, rewarded and drawn at
 * random (docs/robots.md). Internal to this room; ks_env_open opens them.
 *
 * Opening one compiles the model and binds every name, so that whatever can be wrong is told then, with file and line. Stepping reads
 * addresses and evaluates what was parsed; it allocates nothing.
 *
 *   file_read.c     the file as a whole: model, timing, actions, start, look, protocol
 *   file_terms.c    observations, rewards, terminations
 *   file_task.c     what tasks differ in: numbers, and dynamics
 *   file_yaml.c     keys, numbers and names of a YAML tree
 *   file_env.c      the environment: reset, step, reward
 *
 * Thread rule: a def is read-only once it is open. */
#ifndef KS_ENVS_FILE_ENV_H
#define KS_ENVS_FILE_ENV_H

#include "base/path.h"
#include "envs/distribution.h"
#include "envs/dynamics.h"
#include "envs/env.h"
#include "envs/expression.h"
#include "envs/quantity.h"
#include "envs/stable.h"

/* Opens the file of that absolute path, or one that ships. To be closed with ks_env_close. Errors: KS_BAD_INPUT that names file and line,
 * KS_FAILED (memory). */
const ks_env_def* ks_file_env_open(const char* path, ks_error* err);
const ks_env_def* ks_file_env_open_shipped(const ks_stable_file* file, ks_error* err);

enum {
    KS_FILE_NAME = 64,      /* letters of names */
    KS_FILE_TERMS = 256,    /* observations, rewards, terminations, actions, changes: each at most */
    KS_FILE_OBS_MAX = 4096, /* numbers of an observation */
};

/* One number of the action: ctrl = center + scale * a. */
typedef struct ks_file_action {
    int actuator, control; /* the actuator, and which number of mjData.ctrl it is */
    double center, scale;
    bool limited;
    double low, high; /* of ctrl, if it is limited */
} ks_file_action;

/* scale * clip(value, low, high), of a quantity or an expression. */
typedef struct ks_file_observation {
    char name[KS_FILE_NAME];
    ks_quantity* quantity;
    ks_expression* expression;
    int size;
    double low, high, scale;
    double usual; /* roughly how much it varies, before it is scaled; 0: as the quantity says */
} ks_file_observation;

/* Of rewards and terminations. */
typedef struct ks_file_term {
    char name[KS_FILE_NAME];
    double weight; /* of rewards */
    ks_expression* expression;
} ks_file_term;

/* Noise of a start state. */
typedef struct ks_file_noise {
    double size;  /* standard deviation, or half of the range */
    bool uniform; /* U(±size), not N(0, size²) */
} ks_file_noise;

typedef struct ks_file_env {
    ks_env_def def; /* the first member: a def is a file env by its `close` */
    char name[KS_FILE_NAME], summary[160], task_summary[KS_TASK_TEXT], path[KS_PATH_ROOM];
    mjModel* m;
    int root, frame_skip;
    double period; /* s */
    int needs;     /* of ks_quantity_need */

    ks_file_action* actions; /* (def.act_dim) */
    double* rest;            /* (nu) ctrl at action 0 */
    ks_file_observation* observations;
    int num_observations;
    ks_file_term *rewards, *ends;
    int num_rewards, num_ends;
    /* what expressions read: name's handle h is the task's number h, then action, last_action, and quantities[h - KS_TASK_MAX - 2] */
    ks_quantity** quantities;
    int num_quantities, room_quantities;

    int keyframe;  /* that an episode starts from; -1: none */
    double* start; /* (nq) */
    ks_file_noise position_noise, velocity_noise;

    ks_task_number numbers[KS_TASK_MAX];
    char number_names[KS_TASK_MAX][KS_FILE_NAME], number_units[KS_TASK_MAX][16];
    ks_distribution draws[KS_TASK_MAX]; /* (def.task_dim) */
    ks_dynamics** dynamics;
    int num_dynamics, first_dynamic; /* number of the task that is the changes' first */

    ks_env_look look;
    ks_env_protocol protocol;
} ks_file_env;

/* The file env that a def is, or NULL. */
const ks_file_env* ks_file_env_of(const ks_env_def* def);

/* Fills in the def once everything is read (file_env.c). */
void ks_file_env_finish(ks_file_env* env);
/* Frees it with all that it has; NULL: no-op. */
void ks_file_env_free(ks_file_env* env);

#endif
