/* world.h: the bodies of a MuJoCo model as a page draws them: shapes, where they sit on which body, their colours, and how bodies
 * moved. Internal to this room.
 *
 * Of the model, geoms and sites are told that MuJoCo's own viewers show; skins, flexes and tendons are not. A level plane of the world
 * is the page's floor. Textures become their mean colour.
 *
 * Thread rule: one call at a time per object. */
#ifndef KS_PAGE_WORLD_H
#define KS_PAGE_WORLD_H

#include "envs/env.h"
#include "page/json.h"

#include <mujoco/mujoco.h>

typedef struct ks_world {
    const ks_env_def* def;
    const mjModel* m; /* the environment's; of a plane, where a ball stands for what moves, `own` */
    mjModel* own;
    mjData* d;
    int* bodies;         /* (count) those that move and are drawn, and the one that is followed */
    int count, followed; /* an index into bodies */
} ks_world;

/* model must outlive it. ks_world_free frees it, also after an error. Errors: KS_FAILED (memory). */
bool ks_world_init(ks_world* world, const ks_env_model* model, ks_error* err);
void ks_world_free(ks_world* world);

/* "look", "floor", "geoms" and "meshes" of an object. */
void ks_world_tell(ks_json* json, cJSON* to, const ks_world* world);

/* How its bodies moved: of states (count x nq) every stride-th and the last, per state and body a place and a turn, into "low", "high",
 * "places" (uint16: states x bodies x 3) and "turns" (int16: states x bodies x 4, of 32767ths; one turn to the next the short way). */
void ks_world_tell_motion(ks_json* json, cJSON* to, ks_world* world, const double* states, size_t count, size_t stride);

/* The way of what is followed over the floor: "low", "high", "way" (uint16: states x 3). */
void ks_world_tell_way(ks_json* json, cJSON* to, ks_world* world, const double* states, size_t count);

/* States that are told of count ones. */
size_t ks_world_states(size_t count, size_t stride);

#endif
