#include "viewer/scene.h"

#include "envs/mujoco_load.h"
#include "viewer/colors.h"
#include "viewer/extent.h"
#include "viewer/overlay.h"
#include "viewer/scenery.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL = 4 };         /* timesteps that are seen of the ways of ghosts */
enum { MAX_GEOMS = 6000 }; /* beside those of the actor and its ghosts */

/* of a pane, as a multiple of its height */
static const double WIDTH_WANTED = 1.15;
static const double SEEN = 0.94; /* of half its height: nothing touches the edge */
static const double RADIANS = 3.14159265358979323846 / 180;

struct ks_scene {
    ks_env_look look;
    bool is_plane; /* a world without physics: two numbers are a place */
    int nq;
    ks_scenery scenery;
    const mjModel* actor_m; /* the environment's; of a plane the stage itself, where a ball stands for it */
    mjData* actor_d;
    mjvScene scn;
    mjvOption option;
    mjrContext con;
    bool has_context;
    mjtNum* qpos; /* (nq) between two states */
    mjtNum* qvel; /* (nv) from one to the other */
};

ks_view ks_view_default(const ks_env_model* model) {
    const mjModel* m = ks_env_model_mujoco(model);
    ks_env_look l = ks_look_of(ks_env_model_def(model), m);
    ks_view view = {.azimuth = l.azimuth,
                    .elevation = l.elevation,
                    .distance = l.distance,
                    .shadows = true,
                    .ghosts = l.paths ? KS_PLAY_GHOSTS : 4};
    ks_look_middle(view.offset, &l, m);
    return view;
}

/* ---- creation ------------------------------------------------------------------------------------------------------------ */

static bool load_models(ks_scene* s, const ks_env_model* model, ks_error* err) {
    const ks_env_def* def = ks_env_model_def(model);
    const mjModel* m = ks_env_model_mujoco(model);
    s->is_plane = !m;
    s->look = ks_look_of(def, m);
    if (!ks_scenery_init(&s->scenery, m, &s->look, err)) {
        return false;
    }
    s->actor_m = m ? m : s->scenery.stage_m;
    s->look.body = m ? s->look.body : ks_look_first_body(s->actor_m);
    s->nq = (int)s->actor_m->nq;
    s->actor_d = ks_mujoco_make_data(s->actor_m, err);
    if (!s->actor_d) {
        return false;
    }
    s->qpos = calloc((size_t)s->actor_m->nq + 1, sizeof *s->qpos);
    s->qvel = calloc((size_t)s->actor_m->nv + 1, sizeof *s->qvel);
    return (s->qpos && s->qvel) || ks_fail(err, KS_FAILED, "not enough memory to draw %s", def->name);
}

/* What would need more than positions, and is not drawn. */
static void set_option(mjvOption* option) {
    mjv_defaultOption(option);
    option->flags[mjVIS_RANGEFINDER] = option->flags[mjVIS_CONSTRAINT] = 0;
}

/* Draws into a window, or off screen. */
static bool open_context(ks_scene* s, const ks_scene_settings* settings, ks_error* err) {
    bool off_screen = settings->width > 0;
    int width = off_screen ? settings->width : 16, height = off_screen ? settings->height : 16;
    int geoms = MAX_GEOMS + (KS_PLAY_GHOSTS + 1) * (int)(s->actor_m->ngeom + s->actor_m->nsite);
    mjv_makeScene(s->actor_m, &s->scn, geoms);
    if (!ks_scenery_upload(&s->con, &s->scenery, width, height, settings->samples, settings->font, err)) {
        return false;
    }
    s->has_context = true;
    mjr_setBuffer(off_screen ? mjFB_OFFSCREEN : mjFB_WINDOW, &s->con);
    return !off_screen || s->con.currentBuffer == mjFB_OFFSCREEN ||
           ks_fail(err, KS_FAILED, "OpenGL has no off-screen buffer of %d x %d pixels", width, height);
}

ks_scene* ks_scene_create(const ks_env_model* model, const ks_scene_settings* settings, ks_error* err) {
    ks_scene* s = calloc(1, sizeof *s);
    if (!s) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    mjv_defaultScene(&s->scn);
    mjr_defaultContext(&s->con);
    set_option(&s->option);
    if (!load_models(s, model, err) || !open_context(s, settings, err)) {
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
    ks_scenery_free(&s->scenery);
    free(s->qpos);
    free(s->qvel);
    free(s);
}

mjrContext* ks_scene_context(ks_scene* s) {
    return &s->con;
}

const mjModel* ks_scene_stage(const ks_scene* s) {
    return s->scenery.stage_m;
}

const ks_env_look* ks_scene_look(const ks_scene* s) {
    return &s->look;
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

/* Puts the actor into a position. */
static void pose(ks_scene* s, const double* qpos) {
    mju_copy(s->actor_d->qpos, qpos, s->nq);
    mj_kinematics(s->actor_m, s->actor_d);
    if (s->actor_m->ntendon > 0 || s->actor_m->nflex > 0) {
        mj_comPos(s->actor_m, s->actor_d);
        mj_flex(s->actor_m, s->actor_d);
        mj_tendon(s->actor_m, s->actor_d);
    }
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
    pose(s, s->qpos);
}

static const mjtNum* followed(const ks_scene* s) {
    return s->actor_d->xpos + 3 * s->look.body;
}

void ks_scene_place(double place[3], ks_scene* s, const ks_play* play, int row, int step, double time) {
    size_t state;
    place_actor(s, &play->acts[row][step], time, play->dt, &state);
    mju_copy3(place, followed(s));
}

/* What keeps the highest point of a play in the picture. With the camera as it is at first, what is looked at moves up by half of
 * what is missing, and the camera back for the rest. top: as in ks_play. */
typedef struct room {
    double up;     /* m, of the point looked at */
    double factor; /* of the distance */
} room;

/* How high above the point looked at a place may lie to be seen, a margin aside, for every metre of the camera's distance. */
static double seen_above(const ks_scene* s) {
    double half = tan(RADIANS * s->scenery.stage_m->vis.global.fovy / 2) * SEEN;
    double tilt = -RADIANS * s->look.elevation;
    return half / (cos(tilt) + half * sin(tilt));
}

static room room_for(const ks_scene* s, double top, double narrow) {
    double above = seen_above(s) * s->look.distance * narrow;
    if (!(top > above)) {
        return (room){0, 1};
    }
    double up = (top - above) / 2;
    return (room){up, (top - up) / above};
}

/* Needs the actor in its place. */
static void aim(ks_scene* s, mjvCamera* camera, const ks_play* play, const ks_view* view, mjrRect where) {
    /* the field of view is that of the height: in a narrow pane the actor would not fit */
    double narrow = fmax(1, WIDTH_WANTED * where.height / where.width);
    room r = room_for(s, play->top, narrow);
    double height = ks_extent_height(&s->look, s->scenery.floor.height, followed(s)[2]) + r.up;
    mjv_defaultCamera(camera);
    camera->type = mjCAMERA_FREE;
    camera->azimuth = view->azimuth;
    camera->elevation = view->elevation;
    camera->distance = view->distance * narrow * r.factor;
    for (int i = 0; i < 3; i++) {
        camera->lookat[i] = view->offset[i] + (i == 2 ? height : s->look.track ? followed(s)[i] : 0);
    }
}

/* ---- drawing ------------------------------------------------------------------------------------------------------------------ */

/* In shades of a colour. */
static void tint(mjvGeom* geom, const float rgb[3], float alpha) {
    /* limbs are darker than the torso in the models, too */
    float shade = 0.45f + 0.65f * fmaxf(geom->rgba[0], fmaxf(geom->rgba[1], geom->rgba[2]));
    for (int c = 0; c < 3; c++) {
        geom->rgba[c] = fminf(1, rgb[c] * shade);
    }
    geom->rgba[3] = alpha;
    geom->matid = geom->texid = -1;
    geom->specular = 0.35f;
    geom->shininess = 0.6f;
    geom->castshadow = alpha >= 1;
}

/* A rail, or the foot of an arm: MuJoCo calls static only what belongs to the world itself. */
static bool stays(const mjModel* m, const mjvGeom* geom) {
    int body = geom->objtype == mjOBJ_GEOM   ? m->geom_bodyid[geom->objid]
               : geom->objtype == mjOBJ_SITE ? m->site_bodyid[geom->objid]
                                             : -1;
    return body >= 0 && !ks_look_moves(m, body);
}

/* The actor where it is. */
static void add_actor(ks_scene* s, const float rgb[3]) {
    int first = s->scn.ngeom;
    mjv_addGeoms(s->actor_m, s->actor_d, &s->option, NULL, mjCAT_DYNAMIC, &s->scn);
    for (int i = first; s->scenery.is_plain && i < s->scn.ngeom; i++) {
        if (!stays(s->actor_m, &s->scn.geoms[i])) {
            tint(&s->scn.geoms[i], rgb, 1);
        }
    }
}

/* One more, pale, where it is; set off to the side. Skins are none of it, since a scene has each of them once, nor what stays. */
static void add_ghost(ks_scene* s, const float rgb[3], float alpha, double aside) {
    int first = s->scn.ngeom, kept = first;
    mjv_addGeoms(s->actor_m, s->actor_d, &s->option, NULL, mjCAT_DYNAMIC, &s->scn);
    for (int i = first; i < s->scn.ngeom; i++) {
        mjvGeom* geom = &s->scn.geoms[i];
        if (geom->objtype != mjOBJ_SKIN && geom->objtype != mjOBJ_FLEX && !stays(s->actor_m, geom)) {
            tint(geom, rgb, alpha);
            geom->pos[1] += (float)aside;
            s->scn.geoms[kept++] = *geom;
        }
    }
    s->scn.ngeom = kept;
}

/* The way of the followed body from state 0 to `last`: a tube on the floor, or with radius 0 a thin line. Moves the actor. */
static void add_way(ks_scene* s, const double* states, size_t last, double radius, const float rgba[4]) {
    double points[KS_OVERLAY_POINTS][2];
    size_t stride = 1 + last / (KS_OVERLAY_POINTS - 1), count = 0;
    for (size_t i = 0; last > 0 && i < last + stride; i += stride) {
        const double* q = states + (i < last ? i : last) * (size_t)s->nq;
        if (!s->is_plane) {
            pose(s, q);
        }
        mju_copy(points[count++], s->is_plane ? q : followed(s), 2);
    }
    ks_overlay_path(&s->scn, points, count, s->scenery.floor.height, radius, rgba);
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
        if (s->look.paths) { /* whole ways would be a tangle */
            size_t from = i > TAIL ? i - TAIL : 0;
            add_way(s, q + from * (size_t)s->nq, i - from, 0, line);
            ks_overlay_dot(&s->scn, q + i * (size_t)s->nq, s->scenery.floor.height, 2 * s->look.path_radius, line);
        } else if (s->look.planar) { /* each on a track of its own, behind */
            pose(s, q + i * (size_t)s->nq);
            add_ghost(s, rgb, 0.22f, s->look.size * (0.5 * (double)(g + 1) + 0.3));
        } else {
            pose(s, q + i * (size_t)s->nq);
            add_ghost(s, rgb, 0.10f, 0);
        }
    }
}

/* The state that a world is in, with all that acts on it. */
static void copy_world(ks_scene* s, const mjData* world) {
    const mjModel* m = s->actor_m;
    mju_copy(s->actor_d->qpos, world->qpos, (int)m->nq);
    mju_copy(s->actor_d->qvel, world->qvel, (int)m->nv);
    mju_copy(s->actor_d->act, world->act, (int)m->na);
    mju_copy(s->actor_d->ctrl, world->ctrl, (int)m->nu);
    mju_copy(s->actor_d->xfrc_applied, world->xfrc_applied, 6 * (int)m->nbody);
    mj_forward(m, s->actor_d);
}

/* Joints, contacts, and what is pulled at. Needs the actor in its place; may move it by less than a timestep. */
static void add_marks(ks_scene* s, const ks_act* act, int row, int step, const ks_view* view) {
    mjvOption option = s->option;
    bool here = view->perturb && view->perturb_row == row && view->perturb_step == step;
    bool forces = view->forces && act->world;
    if (s->is_plane || !(view->joints || view->contacts || forces || here)) {
        return;
    }
    if (forces) {
        copy_world(s, act->world);
    } else if (view->contacts) {
        mj_collision(s->actor_m, s->actor_d);
    }
    option.flags[mjVIS_JOINT] = view->joints;
    option.flags[mjVIS_CONTACTPOINT] = view->contacts;
    option.flags[mjVIS_CONTACTFORCE] = forces;
    option.flags[mjVIS_SELECT] = here;
    mjv_addGeoms(s->actor_m, s->actor_d, &option, here ? view->perturb : NULL, mjCAT_DECOR, &s->scn);
    s->actor_d->ncon = 0; /* those of another place */
}

void ks_scene_draw(ks_scene* s, mjrRect where, const ks_play* play, int row, int step, double time,
                   const ks_view* view) {
    const ks_act* act = &play->acts[row][step];
    float rgb[3];
    mjvCamera camera;
    size_t state;
    ks_step_color(rgb, step);
    place_actor(s, act, time, play->dt, &state);
    aim(s, &camera, play, view, where);
    mjtNum at[3] = {followed(s)[0], followed(s)[1], s->scenery.floor.height};
    ks_scenery_draw(&s->scn, &s->scenery, s->actor_d, &s->option, &camera);
    add_actor(s, rgb);
    add_marks(s, act, row, step, view);
    if (s->look.paths || (s->look.track && !s->look.planar)) {
        const float way[4] = {rgb[0], rgb[1], rgb[2], 1};
        add_way(s, act->qpos, state, s->look.path_radius, way);
    }
    if (s->look.planar && s->look.track) {
        ks_overlay_metres(&s->scn, at, s->look.size);
    }
    ks_overlay_task(&s->scn, play, at, fmin(time, (double)act->length * play->dt), s->look.size);
    add_ghosts(s, act, time, play->dt, view, rgb);
    s->scn.flags[mjRND_SHADOW] = view->shadows;
    s->scn.flags[mjRND_REFLECTION] = view->reflections;
    s->scn.flags[mjRND_HAZE] = 1;
    s->scn.flags[mjRND_SKYBOX] = 1;
    mjr_render(where, &s->scn, &s->con);
}

const mjvScene* ks_scene_aim(ks_scene* s, mjrRect where, const ks_play* play, int row, int step, double time,
                             const ks_view* view) {
    mjvCamera camera;
    size_t state;
    place_actor(s, &play->acts[row][step], time, play->dt, &state);
    aim(s, &camera, play, view, where);
    mjv_updateCamera(s->scenery.stage_m, s->scenery.stage_d, &camera, &s->scn);
    return &s->scn;
}

int ks_scene_select(double local[3], ks_scene* s, mjrRect where, const ks_play* play, int row, int step, double time,
                    const ks_view* view, double x, double y) {
    mjtNum point[3];
    int geom, flex, skin;
    if (s->is_plane) {
        return 0;
    }
    ks_scene_aim(s, where, play, row, step, time, view);
    int body = mjv_select(s->actor_m, s->actor_d, &s->option, (mjtNum)where.width / where.height,
                          (x - where.left) / where.width, (y - where.bottom) / where.height, &s->scn, point, &geom,
                          &flex, &skin);
    if (body <= 0) {
        return 0;
    }
    mju_subFrom3(point, s->actor_d->xpos + 3 * body);
    mju_mulMatTVec3(local, s->actor_d->xmat + 9 * body, point);
    return body;
}

bool ks_scene_pick(double place[2], ks_scene* s, mjrRect where, const ks_play* play, int row, int step, double time,
                   const ks_view* view, double x, double y) {
    ks_scene_aim(s, where, play, row, step, time, view);
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
    double reach = (s->scenery.floor.height - (double)gl.pos[2]) / ray[2];
    place[0] = (double)gl.pos[0] + reach * ray[0];
    place[1] = (double)gl.pos[1] + reach * ray[1];
    return true;
}
