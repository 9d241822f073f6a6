#include "page/world.h"

#include "envs/mujoco_load.h"
#include "viewer/look.h"
#include "viewer/models.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_SITES = 3 }; /* groups of sites, 0 to 2 */
static const double LEVEL = 0.999;

/* ---- which bodies --------------------------------------------------------------------------------------------------------- */

static bool is_shown_site(const mjModel* m, int site) {
    return m->site_group[site] < SHOWN_SITES && m->site_rgba[4 * site + 3] > 0;
}

static bool is_drawn(const mjModel* m, int body) {
    bool drawn = false;
    for (int g = 0; g < m->ngeom; g++) {
        drawn = drawn || (m->geom_bodyid[g] == body && ks_look_is_seen(m, g));
    }
    for (int s = 0; s < m->nsite; s++) {
        drawn = drawn || (m->site_bodyid[s] == body && is_shown_site(m, s));
    }
    return drawn;
}

static int index_of(const ks_world* w, int body) {
    for (int i = 0; i < w->count; i++) {
        if (w->bodies[i] == body) {
            return i;
        }
    }
    return -1;
}

static ks_env_look look_of(const ks_world* w) {
    ks_env_look look = ks_look_of(w->def, w->own ? NULL : w->m);
    look.body = look.body > 0 ? look.body : ks_look_first_body(w->m);
    return look;
}

static bool choose_bodies(ks_world* w, ks_error* err) {
    int followed = look_of(w).body;
    w->bodies = calloc((size_t)w->m->nbody, sizeof *w->bodies);
    if (!w->bodies) {
        return ks_fail(err, KS_FAILED, "not enough memory to show %s", w->def->name);
    }
    for (int b = 0; b < (int)w->m->nbody; b++) {
        if (b == followed || (ks_look_moves(w->m, b) && is_drawn(w->m, b))) {
            w->bodies[w->count++] = b;
        }
    }
    w->followed = index_of(w, followed);
    return true;
}

bool ks_world_init(ks_world* w, const ks_env_model* model, ks_error* err) {
    *w = (ks_world){.def = ks_env_model_def(model), .m = ks_env_model_mujoco(model)};
    if (!w->m) {
        w->m = w->own = ks_mujoco_compile(ks_model_point, err);
    }
    w->d = w->m ? ks_mujoco_make_data(w->m, err) : NULL;
    if (!w->d) {
        return false;
    }
    mj_kinematics(w->m, w->d);
    return choose_bodies(w, err);
}

void ks_world_free(ks_world* w) {
    mj_deleteData(w->d);
    mj_deleteModel(w->own);
    free(w->bodies);
}

/* ---- colours -------------------------------------------------------------------------------------------------------------- */

/* The mean colour of a texture, from 0 to 1. */
static void mean_color(double rgb[3], const mjModel* m, int texture) {
    size_t channels = (size_t)m->tex_nchannel[texture];
    size_t pixels = (size_t)m->tex_width[texture] * (size_t)m->tex_height[texture];
    const mjtByte* data = m->tex_data + m->tex_adr[texture];
    for (size_t c = 0; c < 3; c++) {
        double sum = 0;
        for (size_t i = 0; i < pixels; i++) {
            sum += data[i * channels + (channels >= 3 ? c : 0)];
        }
        rgb[c] = pixels > 0 ? sum / (255 * (double)pixels) : 1;
    }
}

static void tell_color(ks_json* json, cJSON* to, const mjModel* m, const float rgba[4], int material) {
    double color[4], mean[3];
    /* MuJoCo's own rule: a colour of its own goes before the material's */
    bool own = material < 0 || rgba[0] != 0.5f || rgba[1] != 0.5f || rgba[2] != 0.5f || rgba[3] != 1;
    const float* from = own ? rgba : m->mat_rgba + 4 * material;
    int texture = material >= 0 ? m->mat_texid[material * mjNTEXROLE + mjTEXROLE_RGB] : -1;
    for (int c = 0; c < 4; c++) {
        color[c] = (double)from[c];
    }
    if (texture >= 0) {
        mean_color(mean, m, texture);
        for (int c = 0; c < 3; c++) {
            color[c] *= mean[c];
        }
    }
    ks_json_numbers(json, to, "color", color, 4);
}

/* ---- shapes --------------------------------------------------------------------------------------------------------------- */

/* A geom or a site. */
typedef struct shape {
    int type, body, material, mesh;
    const mjtNum *size, *pos, *quat;
    const float* rgba;
} shape;

static const char* type_name(int type) {
    switch (type) {
        case mjGEOM_PLANE:
            return "plane";
        case mjGEOM_SPHERE:
            return "sphere";
        case mjGEOM_CAPSULE:
            return "capsule";
        case mjGEOM_ELLIPSOID:
            return "ellipsoid";
        case mjGEOM_CYLINDER:
            return "cylinder";
        case mjGEOM_BOX:
            return "box";
        case mjGEOM_MESH:
        case mjGEOM_HFIELD:
            return "mesh";
        default:
            return NULL;
    }
}

/* In the frame of its body if that is among the world's, else in the world's as it stands. */
static void tell_shape(ks_json* json, cJSON* list, const ks_world* w, const shape* s, int mesh) {
    int body = index_of(w, s->body);
    mjtNum pos[3], quat[4];
    mju_copy3(pos, s->pos);
    mju_copy4(quat, s->quat);
    if (body < 0) {
        mju_rotVecQuat(pos, s->pos, w->d->xquat + 4 * s->body);
        mju_addTo3(pos, w->d->xpos + 3 * s->body);
        mju_mulQuat(quat, w->d->xquat + 4 * s->body, s->quat);
    }
    cJSON* to = ks_json_object(json, list, NULL);
    ks_json_text(json, to, "type", type_name(s->type));
    ks_json_number(json, to, "body", body);
    ks_json_numbers(json, to, "size", s->size, 3);
    ks_json_numbers(json, to, "pos", pos, 3);
    ks_json_numbers(json, to, "quat", quat, 4);
    tell_color(json, to, w->m, s->rgba, s->material);
    if (mesh >= 0) {
        ks_json_number(json, to, "mesh", mesh);
    }
}

static bool is_floor(const shape* s) {
    mjtNum mat[9];
    mju_quat2Mat(mat, s->quat);
    return s->type == mjGEOM_PLANE && s->body == 0 && mat[8] > LEVEL;
}

/* ---- meshes --------------------------------------------------------------------------------------------------------------- */

static void tell_triangles(ks_json* json, cJSON* list, const double* points, size_t num_points, const int32_t* corners,
                           size_t num_triangles) {
    cJSON* to = ks_json_object(json, list, NULL);
    ks_json_points(json, to, "points", points, num_points);
    ks_json_bytes(json, to, "triangles", corners, 3 * num_triangles * sizeof *corners);
}

static void tell_mesh(ks_json* json, cJSON* list, const mjModel* m, int mesh) {
    size_t count = (size_t)m->mesh_vertnum[mesh];
    double* points = malloc((3 * count + 1) * sizeof *points);
    if (!points) {
        json->broken = true;
        return;
    }
    for (size_t i = 0; i < 3 * count; i++) {
        points[i] = (double)m->mesh_vert[3 * (size_t)m->mesh_vertadr[mesh] + i];
    }
    tell_triangles(json, list, points, count, (const int32_t*)m->mesh_face + 3 * (size_t)m->mesh_faceadr[mesh],
                   (size_t)m->mesh_facenum[mesh]);
    free(points);
}

/* Two triangles to every square between four heights. */
static void make_field(double* points, int32_t* corners, const mjModel* m, int field) {
    int rows = m->hfield_nrow[field], columns = m->hfield_ncol[field];
    const mjtNum* size = m->hfield_size + 4 * field;
    const float* heights = m->hfield_data + m->hfield_adr[field];
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++, points += 3) {
            points[0] = size[0] * (2.0 * c / (columns - 1) - 1);
            points[1] = size[1] * (2.0 * r / (rows - 1) - 1);
            points[2] = size[2] * (double)heights[r * columns + c];
        }
    }
    for (int r = 0; r + 1 < rows; r++) {
        for (int c = 0; c + 1 < columns; c++, corners += 6) {
            int32_t a = r * columns + c, b = a + 1, above = a + columns;
            memcpy(corners, (int32_t[]){a, b, above, b, above + 1, above}, 6 * sizeof *corners);
        }
    }
}

static void tell_field(ks_json* json, cJSON* list, const mjModel* m, int field) {
    size_t count = (size_t)m->hfield_nrow[field] * (size_t)m->hfield_ncol[field];
    size_t squares = (size_t)(m->hfield_nrow[field] - 1) * (size_t)(m->hfield_ncol[field] - 1);
    double* points = malloc((3 * count + 1) * sizeof *points);
    int32_t* corners = malloc((6 * squares + 1) * sizeof *corners);
    if (points && corners) {
        make_field(points, corners, m, field);
        tell_triangles(json, list, points, count, corners, 2 * squares);
    }
    json->broken = json->broken || !points || !corners;
    free(points);
    free(corners);
}

/* Where a shape's mesh stands among those that are told, which it joins; -1: it has none. told: first meshes, then fields. */
static int mesh_of(int* told, int* count, const mjModel* m, const shape* s) {
    int key = s->type == mjGEOM_MESH ? s->mesh : s->type == mjGEOM_HFIELD ? (int)m->nmesh + s->mesh : -1;
    if (key < 0) {
        return -1;
    }
    for (int i = 0; i < *count; i++) {
        if (told[i] == key) {
            return i;
        }
    }
    told[*count] = key;
    return (*count)++;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------ */

static shape geom_at(const mjModel* m, int g) {
    return (shape){.type = m->geom_type[g],
                   .body = m->geom_bodyid[g],
                   .material = m->geom_matid[g],
                   .mesh = m->geom_dataid[g],
                   .size = m->geom_size + 3 * g,
                   .pos = m->geom_pos + 3 * g,
                   .quat = m->geom_quat + 4 * g,
                   .rgba = m->geom_rgba + 4 * g};
}

static shape site_at(const mjModel* m, int s) {
    return (shape){.type = m->site_type[s],
                   .body = m->site_bodyid[s],
                   .material = m->site_matid[s],
                   .mesh = -1,
                   .size = m->site_size + 3 * s,
                   .pos = m->site_pos + 3 * s,
                   .quat = m->site_quat + 4 * s,
                   .rgba = m->site_rgba + 4 * s};
}

static void tell_look(ks_json* json, cJSON* world, const ks_world* w) {
    static const char* const GOALS[] = {[KS_GOAL_NONE] = "none",
                                        [KS_GOAL_DIRECTION] = "direction",
                                        [KS_GOAL_VELOCITY] = "velocity",
                                        [KS_GOAL_PLACE] = "place",
                                        [KS_GOAL_OTHER] = "other"};
    ks_env_look look = look_of(w);
    double middle[3];
    ks_look_middle(middle, &look, w->own ? NULL : w->m);
    cJSON* to = ks_json_object(json, world, "look");
    ks_json_number(json, to, "azimuth", look.azimuth);
    ks_json_number(json, to, "elevation", look.elevation);
    ks_json_number(json, to, "distance", look.distance);
    ks_json_number(json, to, "height", look.height);
    ks_json_number(json, to, "size", look.size);
    ks_json_numbers(json, to, "middle", middle, 3);
    ks_json_flag(json, to, "track", look.track);
    ks_json_flag(json, to, "planar", look.planar);
    ks_json_flag(json, to, "paths", look.paths);
    ks_json_number(json, to, "pathRadius", look.path_radius);
    ks_json_text(json, to, "goal", GOALS[ks_env_goal_of(w->def)]);
    ks_json_numbers(json, to, "goalNumbers", (double[]){look.goal_numbers[0], look.goal_numbers[1]}, 2);
    ks_json_number(json, to, "follows", w->followed);
}

/* Its floor: where it is, and how far it goes to each side (0: for ever). */
static void tell_floor(ks_json* json, cJSON* world, const ks_world* w) {
    ks_floor floor = w->own ? (ks_floor){.bare = -1} : ks_look_floor(w->m);
    bool field = false;
    for (int g = 0; g < (int)w->m->ngeom; g++) {
        field = field || (w->m->geom_type[g] == mjGEOM_HFIELD && w->m->geom_bodyid[g] == 0);
    }
    cJSON* to = ks_json_object(json, world, "floor");
    ks_json_number(json, to, "height", floor.height);
    ks_json_number(json, to, "half", w->own ? w->m->geom_size[0] : 0);
    ks_json_flag(json, to, "drawn", !field);
    ks_json_flag(json, to, "start", !w->own && look_of(w).track);
}

static void tell_shapes(ks_json* json, cJSON* world, const ks_world* w, int* told) {
    const mjModel* m = w->m;
    int count = 0;
    cJSON* list = ks_json_array(json, world, "geoms");
    for (int i = 0; i < (int)(m->ngeom + m->nsite); i++) {
        bool is_site = i >= (int)m->ngeom;
        shape s = is_site ? site_at(m, i - (int)m->ngeom) : geom_at(m, i);
        bool shown = is_site ? is_shown_site(m, i - (int)m->ngeom) : ks_look_is_seen(m, i);
        if (shown && type_name(s.type) && !is_floor(&s)) {
            tell_shape(json, list, w, &s, mesh_of(told, &count, m, &s));
        }
    }
    list = ks_json_array(json, world, "meshes");
    for (int i = 0; i < count; i++) {
        if (told[i] < (int)m->nmesh) {
            tell_mesh(json, list, m, told[i]);
        } else {
            tell_field(json, list, m, told[i] - (int)m->nmesh);
        }
    }
}

void ks_world_tell(ks_json* json, cJSON* to, const ks_world* w) {
    int* told = calloc((size_t)(w->m->nmesh + w->m->nhfield) + 1, sizeof *told);
    if (!told) {
        json->broken = true;
        return;
    }
    ks_json_number(json, to, "bodies", w->count);
    ks_json_flag(json, to, "plain", w->own || ks_look_is_plain(w->m));
    tell_look(json, to, w);
    tell_floor(json, to, w);
    tell_shapes(json, to, w, told);
    free(told);
}

/* ---- motion --------------------------------------------------------------------------------------------------------------- */

size_t ks_world_states(size_t count, size_t stride) {
    return (count - 1 + stride - 1) / stride + 1;
}

static void pose(ks_world* w, const double* state) {
    mju_copy(w->d->qpos, state, (int)w->m->nq);
    mj_kinematics(w->m, w->d);
}

/* One turn as 32767ths, with the sign that is nearer to the one before it (NULL: none is). */
static void tell_turn(int16_t turn[4], const int16_t* before, const mjtNum quat[4]) {
    double near = 0;
    for (int i = 0; before && i < 4; i++) {
        near += before[i] * quat[i];
    }
    for (int i = 0; i < 4; i++) {
        turn[i] = (int16_t)lround(32767 * fmax(-1, fmin(1, near < 0 ? -quat[i] : quat[i])));
    }
}

void ks_world_tell_motion(ks_json* json, cJSON* to, ks_world* w, const double* states, size_t count, size_t stride) {
    size_t bodies = (size_t)w->count, kept = ks_world_states(count, stride), nq = (size_t)w->m->nq;
    double* places = malloc((3 * kept * bodies + 1) * sizeof *places);
    int16_t* turns = malloc((4 * kept * bodies + 1) * sizeof *turns);
    for (size_t i = 0; places && turns && i < kept; i++) {
        size_t state = i * stride < count ? i * stride : count - 1;
        pose(w, states + state * nq);
        for (size_t b = 0; b < bodies; b++) {
            size_t at = i * bodies + b;
            mju_copy3(places + 3 * at, w->d->xpos + 3 * w->bodies[b]);
            tell_turn(turns + 4 * at, i > 0 ? turns + 4 * (at - bodies) : NULL, w->d->xquat + 4 * w->bodies[b]);
        }
    }
    if (places && turns) {
        ks_json_points(json, to, "places", places, kept * bodies);
        ks_json_bytes(json, to, "turns", turns, 4 * kept * bodies * sizeof *turns);
    }
    json->broken = json->broken || !places || !turns;
    free(places);
    free(turns);
}

void ks_world_tell_way(ks_json* json, cJSON* to, ks_world* w, const double* states, size_t count) {
    double* places = malloc((3 * count + 1) * sizeof *places);
    for (size_t i = 0; places && i < count; i++) {
        pose(w, states + i * (size_t)w->m->nq);
        mju_copy3(places + 3 * i, w->d->xpos + 3 * w->bodies[w->followed]);
    }
    if (places) {
        ks_json_points(json, to, "way", places, count);
    }
    json->broken = json->broken || !places;
    free(places);
}
