/* quantity.h: what can be read of a MuJoCo world, by the words that the field uses: joint_pos, base_lin_vel,
 * projected_gravity, …
 *
 * One table (quantity_table.c), one row a word: its shape, unit, what it is taken from in MuJoCo. Observations are
 * lists of quantities; rewards and terminations read them in expressions. A quantity is bound to a model once: names
 * become addresses. Reading one never allocates and never changes the world.
 *
 * Positions and velocities are in the world's frame where a row does not say otherwise. Several objects follow each
 * other in the order of the patterns that name them, and in the model's order within a pattern; none is there twice.
 *
 * Thread rule: a bound quantity is read-only; any number of threads may read it, each from its own world. */
#ifndef KS_ENVS_QUANTITY_H
#define KS_ENVS_QUANTITY_H

#include "base/error.h"

#include <mujoco/mujoco.h>
#include <stdbool.h>
#include <stddef.h>

/* A world as it is after a step (or a reset), with what the step was. Everything in d belongs to the present state. */
typedef struct ks_world {
    const mjModel*
        m; /* the world's own: the one that quantities were bound to, or a copy of it with other masses, gravity, … */
    const mjData* d;
    const double* action;        /* (act_dim) of the step just taken, clipped to ±1; zeros after a reset */
    const double* action_before; /* (act_dim) of the step before it; zeros after a reset */
    const double* root_before;   /* (3) place of the root body before the step, and after a reset where it is */
    int act_dim;
    double period; /* s, of an action */
    int steps;     /* taken in this episode */
} ks_world;

/* What must be computed after a step beyond positions, velocities and their sensors (mj_step1), so that a quantity
 * is current. */
typedef enum ks_quantity_need {
    KS_NEED_NOTHING = 0,
    KS_NEED_FORCES = 1, /* mj_forward, since accelerations, contact or actuator forces or their sensors are read */
    KS_NEED_RNE = 2,    /* mj_rnePostConstraint on top of it: cfrc_ext, cacc; KS_NEED_FORCES always stands beside it */
    KS_NEED_SUBTREE_VEL = 4, /* mj_subtreeVel */
} ks_quantity_need;

/* One row of the table, for documents, `kshot envs --terms` and error messages. */
typedef struct ks_quantity_kind {
    const char* name;    /* "joint_pos" */
    mjtObj of;           /* what its names are of; mjOBJ_UNKNOWN: it takes none */
    const char* without; /* what it is of without names: "all joints"; NULL: it must have some (or takes none) */
    const char* shape;   /* "nq of the joints: 1 a hinge or slide, 4 a ball, 7 a free joint" */
    const char* unit;    /* "rad, m" */
    const char* source;  /* "mjData.qpos" */
    const char* summary; /* one line */
    double usual;        /* roughly how much a number of it varies; ks_quantity_usual knows better */
    int needs;           /* of ks_quantity_need, or'ed; a sensor's depend on the sensor */
} ks_quantity_kind;

size_t ks_quantity_kind_count(void);
const ks_quantity_kind* ks_quantity_kind_at(size_t index);
/* NULL if there is none of that name. */
const ks_quantity_kind* ks_quantity_kind_find(const char* name);

typedef struct ks_quantity ks_quantity;

/* Binds `name` to the objects that `patterns` name ("knee", "leg_*": ks_mujoco_match). Of joints, "actuated" names
 * those that an actuator moves by itself or by a fixed tendon, unless a joint is called so. An object without what
 * the word reads (a joint without a range) is passed over where a pattern with * names it, and an error where its
 * own name does. `root` is the body that words with `base` mean, and that words of bodies mean without names.
 * Owned by the caller; the model must outlive it. Errors: KS_BAD_INPUT: a word that is none (the nearest one shown), an
 * object that the model does not have (the nearest shown, or what there is), names where none are taken, none where
 * some are needed; KS_FAILED (memory). */
ks_quantity* ks_quantity_create(const mjModel* m, int root, const char* name, const char* const* patterns,
                                int num_patterns, ks_error* err);
void ks_quantity_destroy(ks_quantity* quantity);

const ks_quantity_kind* ks_quantity_kind_of(const ks_quantity* quantity);
/* How many numbers it has, at least 1. */
int ks_quantity_size(const ks_quantity* quantity);
/* What must be computed for it, of ks_quantity_need. */
int ks_quantity_needs(const ks_quantity* quantity);
/* Writes roughly how much each of its numbers varies (size): obs_size of ks_env_def. */
void ks_quantity_usual(const ks_quantity* quantity, double* usual);
/* Writes its numbers (size). */
void ks_quantity_read(const ks_quantity* quantity, const ks_world* world, double* value);

#endif
