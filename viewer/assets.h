/* assets.h: what MuJoCo's renderer takes from a model, of two models in one. Internal to this room.
 *
 * mjr_makeContext uploads the meshes, height fields, skins, planes, textures and materials of one model, and a scene may only hold geoms
 * that refer to these. A stage and an actor are two models. Their union has the numbers of the first as they are; geoms of the
 * second are renumbered.
 *
 * Thread rule: pure functions. */
#ifndef KS_VIEWER_ASSETS_H
#define KS_VIEWER_ASSETS_H

#include "base/error.h"

#include <mujoco/mujoco.h>
#include <stdbool.h>

/* Where the second's things stand in the union. */
typedef struct ks_assets_shift {
    int planes, materials, textures; /* of the first */
} ks_assets_shift;

/* Makes *both of all that `first` has, with the geoms, textures and materials of `second` behind its own, and the second's ways of
 * drawing (vis, stat). The second has no meshes, height fields or skins. Good for mjr_makeContext alone; both models must outlive it.
 * Errors: KS_FAILED (memory), KS_BAD_INPUT (more than the renderer has room for). ks_assets_free frees it, also after an error. */
bool ks_assets_join(mjModel* both, ks_assets_shift* shift, const mjModel* first, const mjModel* second, ks_error* err);
void ks_assets_free(mjModel* both);

/* Renumbers a geom that mjv_addGeoms made of the second model. */
void ks_assets_move(mjvGeom* geom, const ks_assets_shift* shift);

#endif
