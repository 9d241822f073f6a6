#include "viewer/scene.h"

#include "envs/mujoco_load.h"
#include "viewer/models.h"
#include "viewer/overlay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_GEOMS = 6000, ROOT_BODY = 1 };

/* of a pane, as a multiple of its height */
static const double WIDTH_WANTED = 1.15;

/* How a family of environments looks best. */
typedef struct look {
    const char* family;
    double azimuth, elevation, distance;
    double height; /* of the point looked at, above the floor */
    double size;   /* length of the actor, m */
    bool track;    /* the camera goes with the actor */
    bool planar;   /* the second number of a position is a height, not y */
    bool paths;    /* ways of the trajectories are drawn, not their bodies */
    double path_radius;
} look;

static const look LOOKS[] = {
    {"half-cheetah", 90, -11, 2.75, 0.52, 1.0, true, true, false, 0.012},
    {"ant", 72, -30, 4.6, 0.25, 1.3, true, false, false, 0.02},
    {"point", 90, -55, 2.75, -0.03, 0.42, false, false, true, 0.007},
    {"", 90, -20, 4, 0.4, 1, true, false, false, 0.02}, /* whatever else has a MuJoCo model */
};

static const float COLORS[KS_PLAY_MAX_STEPS + 1][3] = {
    {0.47f, 0.52f, 0.58f}, {0.95f, 0.61f, 0.18f}, {0.88f, 0.36f, 0.26f}, {0.60f, 0.30f, 0.62f}, {0.24f, 0.42f, 0.75f},
    {0.16f, 0.60f, 0.66f}, {0.45f, 0.62f, 0.24f}, {0.72f, 0.58f, 0.20f}, {0.62f, 0.42f, 0.30f}, {0.30f, 0.30f, 0.34f},
};

struct ks_scene {
    const look* look;
    int nq;
    mjModel* stage_m;
    mjData* stage_d;
    const mjModel* actor_m; /* the environment's; for point the stage itself */
    mjData* actor_d;
    mjvScene scn;
    mjvOption option;
    mjrContext con;
    bool has_context;
    mjtNum* qpos; /* (nq) between two states */
    mjtNum* qvel; /* (nv) from one to the other */
};

static const look* look_of(const ks_env_def* def) {
    const char* name = strncmp(def->name, "gym/", 4) == 0 ? def->name + 4 : def->name;
    const look* found = LOOKS;
    while (strncmp(name, found->family, strlen(found->family)) != 0) {
        found++; /* the last one's family begins every name */
    }
    return found;
}

ks_view ks_view_default(const ks_env_def* def) {
    const look* l = look_of(def);
    return (ks_view){.azimuth = l->azimuth,
                     .elevation = l->elevation,
                     .distance = l->distance,
                     .shadows = true,

                     .ghosts = l->paths ? KS_PLAY_GHOSTS : 4};
}

ks_goal_kind ks_goal_kind_of(const ks_env_def* def) {
    return def->task_dim == 2                           ? KS_GOAL_PLACE
           : def->task_dim == 1 && def->task_kinds == 2 ? KS_GOAL_DIRECTION
           : def->task_dim == 1 && def->task_kinds == 0 ? KS_GOAL_VELOCITY
                                                        : KS_GOAL_OTHER;
}

void ks_scene_color(float rgb[3], int steps) {
    memcpy(rgb, COLORS[steps % (KS_PLAY_MAX_STEPS + 1)], 3 * sizeof *rgb);
}

/* ---- creation ------------------------------------------------------------------------------------------------------------ */

static bool load_models(ks_scene* s, const ks_env_model* model, ks_error* err) {
    const ks_env_def* def = ks_env_model_def(model);
    s->look = look_of(def);
    s->actor_m = ks_env_model_mujoco(model);
    s->stage_m = ks_mujoco_compile(s->actor_m ? ks_model_stage : ks_model_point, err);
    if (!s->stage_m) {
        return false;
    }
    s->actor_m = s->actor_m ? s->actor_m : s->stage_m;
    s->nq = (int)s->actor_m->nq;
    s->stage_d = ks_mujoco_make_data(s->stage_m, err);
    s->actor_d = s->stage_d ? ks_mujoco_make_data(s->actor_m, err) : NULL;
    if (!s->actor_d) {
        return false;
    }
    s->qpos = calloc((size_t)s->actor_m->nq + 1, sizeof *s->qpos);
    s->qvel = calloc((size_t)s->actor_m->nv + 1, sizeof *s->qvel);
    if (!s->qpos || !s->qvel) {
        return ks_fail(err, KS_FAILED, "not enough memory to draw %s", def->name);
    }
    mj_forward(s->stage_m, s->stage_d); /* where the stage's own geoms and lights are */
    return true;
}

ks_scene* ks_scene_create(const ks_env_model* model, const ks_scene_settings* settings, ks_error* err) {
    ks_scene* s = calloc(1, sizeof *s);
    if (!s) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    mjv_defaultScene(&s->scn);
    mjr_defaultContext(&s->con);
    mjv_defaultOption(&s->option);
    if (!load_models(s, model, err)) {
        ks_scene_destroy(s);
        return NULL;
    }
    if (settings->width > 0) {
        s->stage_m->vis.global.offwidth = settings->width;
        s->stage_m->vis.global.offheight = settings->height;
        s->stage_m->vis.quality.offsamples = settings->samples;
    } else { /* nothing is drawn there */
        s->stage_m->vis.global.offwidth = s->stage_m->vis.global.offheight = 16;
    }
    mjv_makeScene(s->stage_m, &s->scn, MAX_GEOMS);
    mjr_makeContext(s->stage_m, &s->con, settings->font);
    s->has_context = true;
    mjr_setBuffer(settings->width > 0 ? mjFB_OFFSCREEN : mjFB_WINDOW, &s->con);
    if (settings->width > 0 && s->con.currentBuffer != mjFB_OFFSCREEN) {
        ks_fail(err, KS_FAILED, "OpenGL has no off-screen buffer of %d x %d pixels", settings->width, settings->height);
        ks_scene_destroy(s);
        return NULL;
    }
    return s;
}

void ks_scene_destroy(ks_scene* s) {
    if (!s) {
        return;
    }
    if (s->has_context) {
        mjr_freeContext(&s->con);
    }
    mjv_freeScene(&s->scn);
    mj_deleteData(s->actor_d);
    mj_deleteData(s->stage_d);
    mj_deleteModel(s->stage_m);
    free(s->qpos);
    free(s->qvel);
    free(s);
}

mjrContext* ks_scene_context(ks_scene* s) {
    return &s->con;
}

const mjModel* ks_scene_stage(const ks_scene* s) {
    return s->stage_m;
}

/* ---- where things are -------------------------------------------------------------------------------------------------------- */

/* The last state at or before `time`, and how far it is to the next. */
static size_t state_at(double* fraction, double time, double dt, size_t length) {
    double at = time / dt;
    if (!(at > 0)) {
        at = 0;
    }
    if (at >= (double)length) {
        *fraction = 0;
        return length;
    }
    *fraction = at - floor(at);
    return (size_t)at;
}

/* Puts the actor where the act has it at that time; *state is the last one passed. */
static void place_actor(ks_scene* s, const ks_act* act, double time, double dt, size_t* state) {
    double fraction;
    size_t i = *state = state_at(&fraction, time, dt, act->length);
    const double* q = act->qpos + i * (size_t)s->nq;
    mju_copy(s->qpos, q, s->nq);
    if (fraction > 0) { /* along the way that also turns are made on */
        mj_differentiatePos(s->actor_m, s->qvel, 1, q, q + s->nq);
        mj_integratePos(s->actor_m, s->qpos, s->qvel, fraction);
    }
    mju_copy(s->actor_d->qpos, s->qpos, s->nq);
    mj_kinematics(s->actor_m, s->actor_d);
}

/* Needs the actor in its place. */
static void aim(ks_scene* s, mjvCamera* camera, const ks_view* view, mjrRect where) {
    const mjtNum* root = s->actor_d->xpos + 3 * ROOT_BODY;
    mjv_defaultCamera(camera);
    camera->type = mjCAMERA_FREE;
    camera->azimuth = view->azimuth;
    camera->elevation = view->elevation;
    /* the field of view is that of the height: in a narrow pane the actor would not fit */
    camera->distance = view->distance * fmax(1, WIDTH_WANTED * where.height / where.width);
    for (int i = 0; i < 3; i++) {
        camera->lookat[i] = view->offset[i] + (i == 2 ? s->look->height : s->look->track ? root[i] : 0);
    }
}

/* ---- drawing ------------------------------------------------------------------------------------------------------------------ */

/* The actor where it is, in shades of a colour. */
static void add_actor(ks_scene* s, const float rgb[3], float alpha) {
    int first = s->scn.ngeom;
    mjv_addGeoms(s->actor_m, s->actor_d, &s->option, NULL, mjCAT_DYNAMIC, &s->scn);
    for (int i = first; i < s->scn.ngeom; i++) {
        mjvGeom* geom = &s->scn.geoms[i];
        float shade = 0.45f + 0.65f * geom->rgba[0]; /* limbs are darker than the torso in the models, too */
        for (int c = 0; c < 3; c++) {
            geom->rgba[c] = fminf(1, rgb[c] * shade);
        }
        geom->rgba[3] = alpha;
        geom->matid = geom->texid = -1; /* the context knows the stage's textures only */
        geom->specular = 0.35f;
        geom->shininess = 0.6f;
        geom->castshadow = alpha >= 1;
    }
}

/* What was sampled: bodies, or ways through the plane. */
static void add_ghosts(ks_scene* s, const ks_act* act, double time, double dt, const ks_view* view,
                       const float rgb[3]) {
    size_t count = act->num_ghosts < (size_t)view->ghosts ? act->num_ghosts : (size_t)view->ghosts;
    const float line[4] = {rgb[0], rgb[1], rgb[2], 0.42f};
    for (size_t g = 0; g < count; g++) {
        double fraction;
        size_t first = act->ghost_start[g], last = act->ghost_start[g + 1] - first - 1;
        size_t i = state_at(&fraction, time, dt, last);
        const double* q = act->ghost_qpos + first * (size_t)s->nq;
        if (s->look->paths) {
            ks_overlay_path(&s->scn, q, s->nq, i, 0, line);
        } else {
            mju_copy(s->actor_d->qpos, q + i * (size_t)s->nq, s->nq);
            mj_kinematics(s->actor_m, s->actor_d);
            int from = s->scn.ngeom;
            add_actor(s, rgb, s->look->planar ? 0.22f : 0.10f);
            for (int k = from; s->look->planar && k < s->scn.ngeom; k++) { /* each on a track of its own, behind */
                s->scn.geoms[k].pos[1] += 0.5f * (float)(g + 1) + 0.3f;
            }
        }
    }
}

/* the sun goes with the camera, since shadows are made around it only */
static void move_sun(ks_scene* s, const mjvCamera* camera) {
    for (int i = 0; i < s->scn.nlight; i++) {
        mjvLight* light = &s->scn.lights[i];
        if (!light->headlight) {
            light->pos[0] += (float)camera->lookat[0];
            light->pos[1] += (float)camera->lookat[1];
        }
    }
}

void ks_scene_draw(ks_scene* s, mjrRect where, const ks_play* play, int row, int step, double time,
                   const ks_view* view) {
    const ks_act* act = &play->acts[row][step];
    const float* rgb = COLORS[step % (KS_PLAY_MAX_STEPS + 1)];
    mjvCamera camera;
    size_t state;
    place_actor(s, act, time, play->dt, &state);
    aim(s, &camera, view, where);
    mjtNum root[3];
    mju_copy3(root, s->actor_d->xpos + 3 * ROOT_BODY);

    mjv_updateScene(s->stage_m, s->stage_d, &s->option, NULL, &camera, mjCAT_STATIC, &s->scn);
    move_sun(s, &camera);
    add_actor(s, rgb, 1);
    if (!s->look->planar) {
        const float way[4] = {rgb[0], rgb[1], rgb[2], 1};
        ks_overlay_path(&s->scn, act->qpos, s->nq, state, s->look->path_radius, way);
    }
    root[2] = s->look->height;
    ks_overlay_task(&s->scn, play, root, fmin(time, (double)act->length * play->dt), s->look->size);
    add_ghosts(s, act, time, play->dt, view, rgb);
    s->scn.flags[mjRND_SHADOW] = view->shadows;
    s->scn.flags[mjRND_REFLECTION] = view->reflections;
    s->scn.flags[mjRND_HAZE] = 1;
    s->scn.flags[mjRND_SKYBOX] = 1;
    mjr_render(where, &s->scn, &s->con);
}

bool ks_scene_pick(double place[2], ks_scene* s, mjrRect where, const ks_play* play, int row, int step, double time,
                   const ks_view* view, double x, double y) {
    mjvCamera camera;
    size_t state;
    place_actor(s, &play->acts[row][step], time, play->dt, &state);
    aim(s, &camera, view, where);
    mjv_updateCamera(s->stage_m, s->stage_d, &camera, &s->scn);
    mjvGLCamera gl = mjv_averageCamera(&s->scn.camera[0], &s->scn.camera[1]);
    double half = 0.5 * (double)(gl.frustum_top - gl.frustum_bottom) / (double)gl.frustum_near;
    double up = (2 * (y - where.bottom) / where.height - 1) * half;
    double right = (2 * (x - where.left) / where.width - 1) * half * where.width / where.height;
    double ray[3], side[3], forward[3], top[3];
    for (int i = 0; i < 3; i++) {
        forward[i] = (double)gl.forward[i];
        top[i] = (double)gl.up[i];
    }
    mju_cross(side, forward, top);
    for (int i = 0; i < 3; i++) {
        ray[i] = forward[i] + right * side[i] + up * top[i];
    }
    if (ray[2] > -1e-6) {
        return false;
    }
    double reach = -(double)gl.pos[2] / ray[2];
    place[0] = (double)gl.pos[0] + reach * ray[0];
    place[1] = (double)gl.pos[1] + reach * ray[1];
    return true;
}
