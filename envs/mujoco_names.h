/* mujoco_names.h: the objects of a MuJoCo model by their names, as users write them: "torso", "leg_*".
 *
 * Thread rule: pure functions. */
#ifndef KS_ENVS_MUJOCO_NAMES_H
#define KS_ENVS_MUJOCO_NAMES_H

#include "base/error.h"

#include <mujoco/mujoco.h>
#include <stdbool.h>

/* Writes the ids (room for `most`) of the objects (mjOBJ_BODY, …) that a pattern names, in the model's order, and how many. A pattern
 * is a name, or has *, ? or [] as fnmatch has it; "#3" is the fourth object, for models without names. The world is no body that a
 * pattern with a * names. Errors: KS_BAD_INPUT that shows the nearest name; more than `most`. */
bool ks_mujoco_match(int* ids, int most, int* count, const mjModel* m, mjtObj type, const char* pattern, ks_error* err);

/* "joint", "body" … as users say it. */
const char* ks_mujoco_object_word(mjtObj type);
/* How many of them a model has. */
int ks_mujoco_object_count(const mjModel* m, mjtObj type);
/* The object's name; of an actuator without one, that of the joint that it moves; or "#3" written into text. */
const char* ks_mujoco_object_name(char text[16], const mjModel* m, mjtObj type, int id);

#endif
