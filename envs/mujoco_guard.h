/* mujoco_guard.h: a look through a model's text before MuJoCo reads it, since some texts make it work for minutes, wait for ever or end
 * the program: thousands of bodies, macros that expand to millions of things, pictures of gigabytes, models that contain themselves,
 * pipes in the place of meshes. What is no XML at all, or no model, is left to MuJoCo, which says so.
 *
 * Thread rule: pure, but for reading files. */
#ifndef KS_ENVS_MUJOCO_GUARD_H
#define KS_ENVS_MUJOCO_GUARD_H

#include "base/error.h"

/* Looks through the file, and all that it includes or attaches. *files: how many there are. Errors: KS_BAD_INPUT that names
 * file, line and what would be right; KS_FAILED (memory). */
bool ks_mujoco_guard(const char* path, int* files, ks_error* err);

#endif
