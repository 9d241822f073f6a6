/* scene.h: one pane of the picture: a stage, an actor at a moment of an act, what its task is, and where it has been.
 *
 * Drawn by MuJoCo's abstract visualizer and OpenGL renderer into whatever OpenGL context is current: a window's or an
 * off-screen one. The stage (floor, sky, light) is a model of this room's own; what the environment's model has is put on it, so that
 * physics files need not know how they look (scenery.h). Actors of simple shapes are in the colour of their gradient steps; those
 * with meshes, materials or skins are in their own colours, and only their ghosts are not.
 *
 * Thread rule: everything here belongs to the thread that the OpenGL context is current in. */
#ifndef KS_VIEWER_SCENE_H
#define KS_VIEWER_SCENE_H

#include "viewer/look.h"
#include "viewer/play.h"

#include <mujoco/mujoco.h>

/* How all panes are looked at. */
typedef struct ks_view {
    double azimuth, elevation; /* degrees */
    double distance;           /* m */
    double offset[3]; /* m, of the point looked at from the actor (or, where nothing is tracked, from the origin) */
    bool shadows, reflections; /* in software OpenGL the two take most of the time */
    int ghosts;                /* sampled trajectories shown beside the actor, at most */
    bool joints, contacts;     /* are marked; contact points follow from positions alone, */
    bool forces;               /* contact forces do not: they are drawn of acts that have a world */
    const mjvPerturb*
        perturb; /* what is selected and pulled at, of the act (perturb_row, perturb_step); NULL: nothing */
    int perturb_row, perturb_step;
} ks_view;
ks_view ks_view_default(const ks_env_model* model);

typedef struct ks_scene_settings {
    int width, height; /* of the off-screen buffer in pixels; 0: the window's buffer is drawn into */
    int samples;       /* per pixel, off screen */
    int font;          /* mjtFontScale */
} ks_scene_settings;

typedef struct ks_scene ks_scene;

/* Uploads everything to the current OpenGL context. model must outlive it. Errors: KS_FAILED. */
ks_scene* ks_scene_create(const ks_env_model* model, const ks_scene_settings* settings, ks_error* err);
/* The same OpenGL context must be current. */
void ks_scene_destroy(ks_scene* scene);

/* For texts, figures and panels. Lives as long as the scene. */
mjrContext* ks_scene_context(ks_scene* scene);
/* The model of the stage, which mouse movements are scaled with. */
const mjModel* ks_scene_stage(const ks_scene* scene);
/* How the environment looks, every field filled in. */
const ks_env_look* ks_scene_look(const ks_scene* scene);

/* Where the followed body is at a time of an act. */
void ks_scene_place(double place[3], ks_scene* scene, const ks_play* play, int row, int step, double time);

/* Draws act (row, step) at `time` (simulated seconds) into the rectangle (pixels). */
void ks_scene_draw(ks_scene* scene, mjrRect where, const ks_play* play, int row, int step, double time,
                   const ks_view* view);

/* Points the camera as ks_scene_draw does, for MuJoCo's functions that move what is selected. Good until the next draw. */
const mjvScene* ks_scene_aim(ks_scene* scene, mjrRect where, const ks_play* play, int row, int step, double time,
                             const ks_view* view);
/* The body of the actor that is seen at the pixel (x, y) of the rectangle, and the place on it in its own frame; 0: none. */
int ks_scene_select(double local[3], ks_scene* scene, mjrRect where, const ks_play* play, int row, int step,
                    double time, const ks_view* view, double x, double y);

/* Where on the floor the pixel (x, y) of the rectangle is, with the act at that time; false: nowhere (the sky). */
bool ks_scene_pick(double place[2], ks_scene* scene, mjrRect where, const ks_play* play, int row, int step, double time,
                   const ks_view* view, double x, double y);

#endif
