/* look.h: how an environment is looked at: as it says itself, and where it says nothing, by the shape of its MuJoCo model.
 *
 * The shape is that of what stands in the world, in the model's first pose: the box around all geoms that bodies have and that are
 * to be seen, planes aside, and around skins and flexes. Terrain that belongs to the world itself does not count. Of what travels
 * only the followed body counts, with all that hangs together with it.
 *
 * Thread rule: pure functions. Nothing here draws: what needs no OpenGL may use it. */
#ifndef KS_VIEWER_LOOK_H
#define KS_VIEWER_LOOK_H

#include "envs/env.h"

#include <mujoco/mujoco.h>

/* Every field is filled in, body as well (0 only where nothing moves). m: the environment's, NULL if it has none. */
ks_env_look ks_look_of(const ks_env_def* def, const mjModel* m);

/* Lowest and highest x, y, z of the shape: of all bodies, or of those that hang together with `body`. */
void ks_look_box(mjtNum low[3], mjtNum high[3], const mjModel* m, int body);

/* The point of the floor to look at, beside what the camera follows: of what stays where it is, the middle of the shape. m may be
 * NULL. */
void ks_look_middle(double middle[3], const ks_env_look* look, const mjModel* m);

/* Whether a geom is of those that are shown: it has a colour, and is in one of the groups that MuJoCo's own viewers show. */
bool ks_look_is_seen(const mjModel* m, int geom);
/* Whether all that moves is of simple shapes without materials, which may have any colour. */
bool ks_look_is_plain(const mjModel* m);

/* The floor that a model stands on. */
typedef struct ks_floor {
    bool is_own;   /* it is to be seen as it is: a plane with a material, or a height field */
    int bare;      /* a level plane without a material, of which only the place matters; -1: none */
    double height; /* of the plane; where there is none, 0, or so low that nothing that hangs gets there */
} ks_floor;
ks_floor ks_look_floor(const mjModel* m);

/* Whether a joint moves a body. Those without stay, or are put somewhere by the environment alone (mocap). */
bool ks_look_moves(const mjModel* m, int body);
/* The first body that can move, or 0. */
int ks_look_first_body(const mjModel* m);
/* Whether that body, with all that hangs on it, can go far away: it has a free joint, or slides without an end. */
bool ks_look_travels(const mjModel* m, int body);

#endif
