/* overlay.h: what is drawn beside the actor: its task, and ways through the plane. Internal to this room.
 * Geoms are added to an mjvScene; where that is full, they are left out. Thread rule: as the scene's. */
#ifndef KS_VIEWER_OVERLAY_H
#define KS_VIEWER_OVERLAY_H

#include "viewer/scene.h"

/* The task: an arrow beside `at` (x, y, z of the actor's root) or a flag; `time` moves what moves at a goal velocity. Sizes are
 * those of an actor `size` metres long. */
void ks_overlay_task(mjvScene* scn, const ks_play* play, const double at[3], double time, double size);

/* A way through the plane from state 0 to `last`, x and y being the first two numbers of each state (nq numbers long), as a
 * line just above the floor: a tube of that radius (m), or with radius 0 a thin line. */
void ks_overlay_path(mjvScene* scn, const double* states, int nq, size_t last, double radius, const float rgba[4]);

#endif
