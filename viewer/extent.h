/* extent.h: how much room actors need in a picture. Internal to this room. Thread rule: the scratch is used by one thread at a
 * time. */
#ifndef KS_VIEWER_EXTENT_H
#define KS_VIEWER_EXTENT_H

#include "envs/env.h"

#include <mujoco/mujoco.h>

/* Height (m) of the point that the camera looks at, while the followed body's frame is at height z: it stays the same, as long as
 * the body does not rise or fall by more than its own length. floor: height of what it stands on. */
double ks_extent_height(const ks_env_look* look, double floor, double z);

/* How far (m) the highest point of the followed body, with all that hangs together with it, comes to lie above that height in any
 * of the positions ((count x nq)). look: every field filled in. */
double ks_extent_top(const mjModel* m, mjData* scratch, const ks_env_look* look, double floor, const double* qpos,
                     size_t count);

#endif
