/* scenery.h: the world around the actor: floor, sky and light. Internal to this room.
 *
 * A model that brings a floor with a material, or a height field, stands on that, under its own sky if it has one. Else it stands on a
 * stage of this room's own: an endless floor under a bright sky; where the model has a floor without a material, the stage's lies in
 * its place. What else the model's world holds is drawn as it is. The light is always the stage's.
 *
 * Thread rule: as the scene's. */
#ifndef KS_VIEWER_SCENERY_H
#define KS_VIEWER_SCENERY_H

#include "viewer/assets.h"
#include "viewer/look.h"

typedef struct ks_scenery {
    const mjModel* actor_m; /* the environment's; NULL: there is none, and the stage brings one along */
    mjModel* stage_m;
    mjData* stage_d;
    ks_assets_shift shift; /* of the stage's geoms */
    ks_floor floor;        /* that the actor stands on; the stage's, unless it has its own */
    bool has_start;        /* a line across the stage's, where those that travel begin */
    bool is_plain;         /* the actor is of simple shapes without materials, which may have any colour */
} ks_scenery;

/* For a body that looks so (all of its fields filled in). actor_m may be NULL, and must outlive it.
 * Errors: KS_FAILED (memory). ks_scenery_free frees it, also after an error. */
bool ks_scenery_init(ks_scenery* scenery, const mjModel* actor_m, const ks_env_look* look, ks_error* err);
void ks_scenery_free(ks_scenery* scenery);

/* Uploads everything that the scene may show, with an off-screen buffer of that size and samples per pixel.
 * Errors: as ks_assets_join. */
bool ks_scenery_upload(mjrContext* context, ks_scenery* scenery, int width, int height, int samples, int font,
                       ks_error* err);

/* Begins a picture: the scene holds the world around the actor (which is in its place), its skins, the light and the camera. */
void ks_scenery_draw(mjvScene* scene, const ks_scenery* scenery, mjData* actor_d, const mjvOption* option,
                     mjvCamera* camera);

#endif
