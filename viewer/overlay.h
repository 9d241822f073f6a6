/* overlay.h: what is drawn beside the actor: its task, and ways through the plane. Internal to this room.
 * Geoms are added to an mjvScene; where that is full, they are left out. Thread rule: as the scene's. */
#ifndef KS_VIEWER_OVERLAY_H
#define KS_VIEWER_OVERLAY_H

#include "viewer/scene.h"

enum { KS_OVERLAY_POINTS = 121 }; /* of a way, at most */

/* The task, by the goal of the environment's look: an arrow beside `at` (x and y of the actor, z of the floor), or a flag; `time`
 * moves what moves at a goal velocity. Sizes are those of an actor `size` metres long. */
void ks_overlay_task(mjvScene* scn, const ks_play* play, const double at[3], double time, double size);

/* Lines across the way of an actor that goes along x, near `at`, with their x in metres: that it moves shows against them. */
void ks_overlay_metres(mjvScene* scn, const double at[3], double size);

/* A flat dot on the floor. */
void ks_overlay_dot(mjvScene* scn, const double at[2], double ground, double radius, const float rgba[4]);

/* A way over the floor, whose height is `ground`, through `count` places: a tube of that radius (m), or with radius 0 a thin line. */
void ks_overlay_path(mjvScene* scn, double (*points)[2], size_t count, double ground, double radius,
                     const float rgba[4]);

#endif
