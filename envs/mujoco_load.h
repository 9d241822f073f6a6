/* mujoco_load.h: models of MuJoCo's from their text, and worlds (mjData) of them, with errors as ours.
 *
 * Thread rule: distinct objects are independent. Compiling a model installs a log handler for the whole process, which drops
 * MuJoCo's warnings; a program that wants its own installs it afterwards. */
#ifndef KS_ENVS_MUJOCO_LOAD_H
#define KS_ENVS_MUJOCO_LOAD_H

#include "base/error.h"

#include <mujoco/mujoco.h>

/* The model of a MJCF text that ends with a zero byte; the caller's (mj_deleteModel). Errors: KS_FAILED with MuJoCo's message. But
 * where MuJoCo's compiler lacks memory, it calls abort (an exception of C++ that cannot be caught from here). */
mjModel* ks_mujoco_compile(const unsigned char* xml, ks_error* err);

/* The same of a file, MJCF or URDF, with its includes, meshes and textures. Errors: KS_BAD_INPUT with the path and MuJoCo's message. */
mjModel* ks_mujoco_load_file(const char* path, ks_error* err);

/* A world; the caller's (mj_deleteData). Errors: KS_FAILED (memory). */
mjData* ks_mujoco_make_data(const mjModel* m, ks_error* err);

/* Does some work of MuJoCo's, as mj_step. False if MuJoCo gave up in the middle of it, for which the memory of a world whose model asks
 * for little (<size memory>) is the usual reason; then the world must be reset before it is used. Not within another. */
bool ks_mujoco_try(void (*work)(void* of), void* of);

#endif
