/* dynamics.h: what of a MuJoCo model may differ between tasks: masses, friction, damping, motors, gravity, …
 *
 * One table (dynamics_words.c), one row a word. A change is bound to a model once: names become addresses. It is
 * applied to a copy of the model that one world owns, from the numbers of its task; what follows from changed fields
 * (mj_setConst: total masses, inverse weights that contacts are scaled with) is computed anew. Applying starts from
 * the original's values every time: the same numbers give the same bytes, and numbers that change nothing (factors of
 * 1) give the original's bytes.
 *
 * Changes are made in the table's order, whatever order they are listed in, so that a payload comes on top of a mass
 * that was scaled and a slope tilts the gravity that was set. Two changes of one word are made in the order listed.
 *
 * Not among the words: sizes of geoms and lengths of bodies, since a MuJoCo model does not keep what its masses,
 * places and meshes were made from; the timestep, which is the environment's; joint and control ranges, which actions
 * and rewards are defined by.
 *
 * Thread rule: a bound change is read-only; a copy of the model belongs to one thread at a time. */
#ifndef KS_ENVS_DYNAMICS_H
#define KS_ENVS_DYNAMICS_H

#include "base/error.h"

#include <mujoco/mujoco.h>
#include <stdbool.h>
#include <stddef.h>

/* How a task's number acts on a field. Which of them a word takes, its row says. */
typedef enum ks_dynamics_mode {
    KS_DYNAMICS_FACTOR, /* new = what it was x number */
    KS_DYNAMICS_VALUE,  /* new = number, in the field's unit */
    KS_DYNAMICS_ADDED   /* new = what it was + number */
} ks_dynamics_mode;

enum { KS_DYNAMICS_MODES = KS_DYNAMICS_ADDED + 1 };

/* One row of the table, for documents, `kshot envs --terms` and error messages. */
typedef struct ks_dynamics_kind {
    const char* name;                  /* "mass" */
    mjtObj of;                         /* what its names are of; mjOBJ_UNKNOWN: of nothing (gravity, slope) */
    const char* unit;                  /* of what is set or added: "kg"; "" if it has none */
    const char* source;                /* "mjModel.body_mass, body_inertia" */
    const char* summary;               /* one line */
    int modes;                         /* bit (1 << mode) for each that it takes */
    double lowest[KS_DYNAMICS_MODES];  /* by mode: the numbers that make sense, */
    double highest[KS_DYNAMICS_MODES]; /* both included */
} ks_dynamics_kind;

size_t ks_dynamics_kind_count(void);
const ks_dynamics_kind* ks_dynamics_kind_at(size_t index);
/* "factor", "value", "added". */
const char* ks_dynamics_mode_word(ks_dynamics_mode mode);

/* ---- changes bound to a model ------------------------------------------------------------------------------------ */

typedef struct ks_dynamics ks_dynamics;

/* Binds the word `name` to the objects that `patterns` name (ks_mujoco_match; none: all that it makes sense for and
 * that have some of it: bodies that move and have mass, joints that have damping). Of what a pattern with * ? or [
 * names, objects that cannot be changed so are passed over; an object that two patterns name is changed once. With
 * `each` every object has a number of its own; else one number serves all. `root` is the robot's root body, which a
 * payload is put on if no body is named. Owned by the caller; the model must outlive it, compiled and as it was
 * compiled. Errors: KS_BAD_INPUT: a word that is none (the nearest one shown), an object that is not there or cannot
 * be changed so (a joint without damping by a factor), a mode that the word does not take, names or `each` for a word
 * that is of nothing, more than KS_TASK_MAX numbers; KS_FAILED: memory. */
ks_dynamics* ks_dynamics_create(const mjModel* m, int root, const char* name, const char* const* patterns,
                                int num_patterns, ks_dynamics_mode mode, bool each, ks_error* err);
void ks_dynamics_destroy(ks_dynamics* change);

const ks_dynamics_kind* ks_dynamics_kind_of(const ks_dynamics* change);
/* How many numbers of a task it takes: 1, or with `each` as many as there are objects. */
int ks_dynamics_count(const ks_dynamics* change);
/* The object that number i changes: "torso"; "" where one number serves all. Lives as long as the change. */
const char* ks_dynamics_object(const ks_dynamics* change, int i);
/* The objects that it changes, whoever's number: how many, and the name of one of them. */
int ks_dynamics_object_count(const ks_dynamics* change);
const char* ks_dynamics_object_at(const ks_dynamics* change, int k);
/* The unit of its numbers: the kind's, or "" for a factor. */
const char* ks_dynamics_unit(const ks_dynamics* change);
/* What its numbers may be, for ks_task_number.known: both included. Returns the step: 0: anything between; 1: whole
 * numbers only. */
double ks_dynamics_limits(double limits[2], const ks_dynamics* change);
/* Whether numbers from lowest to highest (of a distribution) are within the limits. Errors: KS_BAD_INPUT that says
 * what they may be. */
bool ks_dynamics_check(const ks_dynamics* change, double lowest, double highest, ks_error* err);

/* ---- applying them ----------------------------------------------------------------------------------------------- */

/* A copy of a compiled model whose dynamics may be changed. It has memory of its own for what changes can touch and
 * shares the rest (meshes, textures, names) with the original, which must outlive it. Any function of MuJoCo's takes
 * it but mj_deleteModel. Owned by the caller. Errors: KS_FAILED: memory. */
mjModel* ks_dynamics_copy_model(const mjModel* original, ks_error* err);
void ks_dynamics_free_model(mjModel* copy);

/* Sets m, a copy of `original` (ks_dynamics_copy_model or mj_copyModel), to what the numbers say: those of all changes,
 * one change after the other. They must be within the limits. d, made for m, is scratch space: its state is lost, and it
 * is to be reset (mj_resetData). Never allocates, never fails. It takes about as long as a physics step where something
 * differs that mj_setConst reads (masses, inertia, armature, gear, tendons), else less than a microsecond. */
void ks_dynamics_apply(mjModel* m, mjData* d, const mjModel* original, ks_dynamics* const* changes, int num_changes,
                       const double* numbers);

#endif
