#include "viewer/scenery.h"

#include "envs/mujoco_load.h"
#include "viewer/models.h"

#include <math.h>
#include <string.h>

/* ---- what a model brings ---------------------------------------------------------------------------------------------- */

static bool has_sky(const mjModel* m) {
    for (mjtSize t = 0; t < m->ntex; t++) {
        if (m->tex_type[t] == mjTEXTURE_SKYBOX) {
            return true;
        }
    }
    return false;
}

/* ---- the stage ---------------------------------------------------------------------------------------------------------- */

/* Made for bodies of about a metre: for others it grows or shrinks, by powers of two, so that most look alike. */
static void set_size(mjModel* m, double size) {
    double scale = exp2(round(log2(size)));
    m->stat.extent *= scale;
    for (mjtSize i = 0; i < 2 * m->nmat; i++) {
        m->mat_texrepeat[i] /= (float)scale;
    }
    for (mjtSize i = 0; i < 3 * m->nlight; i++) {
        m->light_pos[i] *= scale;
    }
    for (mjtSize i = 0; i < 3 * m->ngeom; i++) {
        m->geom_size[i] *= scale;
    }
}

bool ks_scenery_init(ks_scenery* s, const mjModel* actor_m, const ks_env_look* look, ks_error* err) {
    *s = (ks_scenery){.actor_m = actor_m, .has_start = look->track};
    s->floor = actor_m ? ks_look_floor(actor_m) : (ks_floor){.bare = -1};
    s->is_plain = !actor_m || ks_look_is_plain(actor_m);
    s->stage_m = ks_mujoco_compile(actor_m ? ks_model_stage : ks_model_point, err);
    if (!s->stage_m) {
        return false;
    }
    if (actor_m) {
        set_size(s->stage_m, look->size);
    }
    if (actor_m && has_sky(actor_m)) {
        s->stage_m->vis.map.haze = actor_m->vis.map.haze;
        memcpy(s->stage_m->vis.rgba.haze, actor_m->vis.rgba.haze, sizeof s->stage_m->vis.rgba.haze);
    }
    s->stage_d = ks_mujoco_make_data(s->stage_m, err);
    if (!s->stage_d) {
        return false;
    }
    mj_forward(s->stage_m, s->stage_d); /* where its geoms and lights are */
    for (mjtSize g = 0; actor_m && g < s->stage_m->ngeom; g++) {
        s->stage_d->geom_xpos[3 * g + 2] += s->floor.height;
    }
    for (mjtSize i = 0; actor_m && i < s->stage_m->nlight; i++) {
        s->stage_d->light_xpos[3 * i + 2] += s->floor.height;
    }
    return true;
}

void ks_scenery_free(ks_scenery* s) {
    mj_deleteData(s->stage_d);
    mj_deleteModel(s->stage_m);
}

bool ks_scenery_upload(mjrContext* context, ks_scenery* s, int width, int height, int samples, int font,
                       ks_error* err) {
    mjModel both;
    bool ok = true;
    s->stage_m->vis.global.offwidth = width;
    s->stage_m->vis.global.offheight = height;
    s->stage_m->vis.quality.offsamples = samples;
    if (s->actor_m) {
        ok = ks_assets_join(&both, &s->shift, s->actor_m, s->stage_m, err);
    }
    if (ok) {
        mjr_makeContext(s->actor_m ? &both : s->stage_m, context, font);
    }
    if (s->actor_m) {
        ks_assets_free(&both);
    }
    return ok;
}

/* ---- a picture ------------------------------------------------------------------------------------------------------------ */

/* The light goes with the camera, since shadows are made around it only. */
static void move_sun(mjvScene* scene, const mjvCamera* camera) {
    for (int i = 0; i < scene->nlight; i++) {
        mjvLight* light = &scene->lights[i];
        if (!light->headlight) {
            light->pos[0] += (float)camera->lookat[0];
            light->pos[1] += (float)camera->lookat[1];
        }
    }
}

/* Takes away the geoms from `first` on that were made of that geom of a model. */
static void drop(mjvScene* scene, int first, int geom) {
    for (int i = scene->ngeom - 1; i >= first; i--) {
        if (scene->geoms[i].objtype == mjOBJ_GEOM && scene->geoms[i].objid == geom) {
            scene->geoms[i] = scene->geoms[--scene->ngeom];
        }
    }
}

static void add_stage(mjvScene* scene, const ks_scenery* s, const mjvOption* option) {
    int first = scene->ngeom;
    if (s->floor.is_own) {
        return;
    }
    mjv_addGeoms(s->stage_m, s->stage_d, option, NULL, mjCAT_STATIC, scene);
    for (int i = first; i < scene->ngeom; i++) {
        ks_assets_move(&scene->geoms[i], &s->shift);
    }
    if (s->actor_m && !s->has_start) {
        drop(scene, first, mj_name2id(s->stage_m, mjOBJ_GEOM, "start"));
    }
}

void ks_scenery_draw(mjvScene* scene, const ks_scenery* s, mjData* actor_d, const mjvOption* option,
                     mjvCamera* camera) {
    scene->ngeom = 0;
    if (s->actor_m) { /* this also brings skins and flexes to where the actor has them */
        mjv_updateScene(s->actor_m, actor_d, option, NULL, camera, mjCAT_STATIC, scene);
        drop(scene, 0, s->floor.bare);
        for (int i = 0; i < scene->ngeom; i++) { /* a floor that casts shadows has specks of them on itself */
            scene->geoms[i].castshadow = scene->geoms[i].castshadow && scene->geoms[i].type != mjGEOM_PLANE;
        }
    }
    mjv_updateCamera(s->stage_m, s->stage_d, camera, scene); /* before geoms, whose endless planes lie below it */
    add_stage(scene, s, option);
    mjv_makeLights(s->stage_m, s->stage_d, scene);
    move_sun(scene, camera);
}
