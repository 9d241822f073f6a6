#include "viewer/look.h"

#include <math.h>

static const double UPRIGHT = 0.999; /* z of the normal of what is level */
static const double SUNKEN = 0.02;   /* how deep feet may stand in a floor that is not there, in lengths of the body */
enum { SHOWN_GROUPS = 3 }; /* of geoms, 0 to 2: those that MuJoCo's own viewers show unless they are told otherwise */

/* as multiples of the longest side of the box */
static const double DISTANCE = 2.6, PLANAR_DISTANCE = 2.3, PATH_RADIUS = 0.015;

/* ---- the shape ------------------------------------------------------------------------------------------------------------ */

/* From a body's frame into the world's, in the pose that the model's file gives. */
static void to_world(mjtNum pos[3], mjtNum quat[4], const mjModel* m, int body) {
    for (int b = body; b > 0; b = m->body_parentid[b]) {
        mjtNum turned[3], both[4];
        mju_rotVecQuat(turned, pos, m->body_quat + 4 * b);
        mju_add3(pos, turned, m->body_pos + 3 * b);
        mju_mulQuat(both, m->body_quat + 4 * b, quat);
        mju_copy4(quat, both);
    }
}

static void add_point(mjtNum low[3], mjtNum high[3], const mjtNum point[3]) {
    for (int i = 0; i < 3; i++) {
        low[i] = fmin(low[i], point[i]);
        high[i] = fmax(high[i], point[i]);
    }
}

static void add_geom(mjtNum low[3], mjtNum high[3], const mjModel* m, int geom) {
    const mjtNum* box = m->geom_aabb + 6 * geom; /* its middle and half sides in the geom's own frame */
    mjtNum middle[3], quat[4], mat[9];
    mju_rotVecQuat(middle, box, m->geom_quat + 4 * geom);
    mju_addTo3(middle, m->geom_pos + 3 * geom);
    mju_copy4(quat, m->geom_quat + 4 * geom);
    to_world(middle, quat, m, m->geom_bodyid[geom]);
    mju_quat2Mat(mat, quat);
    for (int i = 0; i < 3; i++) {
        double half = 0;
        for (int j = 0; j < 3; j++) {
            half += fabs(mat[3 * i + j]) * box[3 + j];
        }
        low[i] = fmin(low[i], middle[i] - half);
        high[i] = fmax(high[i], middle[i] + half);
    }
}

bool ks_look_is_seen(const mjModel* m, int geom) {
    int material = m->geom_matid[geom];
    return m->geom_group[geom] < SHOWN_GROUPS && m->geom_rgba[4 * geom + 3] > 0 &&
           (material < 0 || m->mat_rgba[4 * material + 3] > 0);
}

/* What has no geoms: skins as they are bound, and the vertices of flexes. */
static void add_soft(mjtNum low[3], mjtNum high[3], const mjModel* m) {
    for (mjtSize v = 0; v < m->nskinvert; v++) {
        mjtNum point[3];
        mju_f2n(point, m->skin_vert + 3 * v, 3);
        add_point(low, high, point);
    }
    for (mjtSize v = 0; v < m->nflexvert; v++) {
        mjtNum point[3], quat[4] = {1, 0, 0, 0};
        mju_copy3(point, m->flex_vert + 3 * v);
        to_world(point, quat, m, m->flex_vertbodyid[v] > 0 ? m->flex_vertbodyid[v] : 0);
        add_point(low, high, point);
    }
}

void ks_look_box(mjtNum low[3], mjtNum high[3], const mjModel* m, int body) {
    for (int i = 0; i < 3; i++) {
        low[i] = INFINITY;
        high[i] = -INFINITY;
    }
    for (int g = 0; g < m->ngeom; g++) {
        int of = m->geom_bodyid[g];
        bool counts = of > 0 && (body == 0 || m->body_rootid[of] == m->body_rootid[body]);
        if (counts && m->geom_type[g] != mjGEOM_PLANE && ks_look_is_seen(m, g)) {
            add_geom(low, high, m, g);
        }
    }
    add_soft(low, high, m);
    if (!(low[0] <= high[0])) { /* nothing is seen of bodies */
        for (int i = 0; i < 3; i++) {
            low[i] = m->stat.center[i] - m->stat.extent / 2;
            high[i] = m->stat.center[i] + m->stat.extent / 2;
        }
    }
}

void ks_look_middle(double middle[3], const ks_env_look* look, const mjModel* m) {
    middle[0] = middle[1] = middle[2] = 0;
    if (m && !look->track) { /* it need not stand at the origin */
        mjtNum low[3], high[3];
        ks_look_box(low, high, m, 0);
        middle[0] = (low[0] + high[0]) / 2;
        middle[1] = (low[1] + high[1]) / 2;
    }
}

static double longest(const mjtNum low[3], const mjtNum high[3]) {
    return fmax(fmax(high[0] - low[0], high[1] - low[1]), fmax(high[2] - low[2], 1e-3));
}

/* ---- the floor -------------------------------------------------------------------------------------------------------------- */

static bool is_level(const mjModel* m, int geom) {
    mjtNum mat[9];
    mju_quat2Mat(mat, m->geom_quat + 4 * geom);
    return m->geom_type[geom] == mjGEOM_PLANE && mat[8] > UPRIGHT;
}

ks_floor ks_look_floor(const mjModel* m) {
    ks_floor floor = {.bare = -1};
    for (int g = 0; g < m->ngeom && !floor.is_own && m->geom_bodyid[g] == 0; g++) {
        bool level = is_level(m, g);
        floor.is_own = m->geom_type[g] == mjGEOM_HFIELD || (level && m->geom_matid[g] >= 0);
        if (floor.is_own || (level && floor.bare < 0)) {
            floor.height = level ? m->geom_pos[3 * g + 2] : 0;
            floor.bare = floor.is_own ? -1 : g;
        }
    }
    if (!floor.is_own && floor.bare < 0) {
        mjtNum low[3], high[3];
        ks_look_box(low, high, m, 0);
        double size = longest(low, high);
        floor.height = low[2] < -SUNKEN * size ? low[2] - size : 0;
    }
    return floor;
}

/* ---- what may have any colour ------------------------------------------------------------------------------------------------ */

bool ks_look_is_plain(const mjModel* m) {
    bool plain = m->nskin == 0 && m->nflex == 0;
    for (mjtSize g = 0; g < m->ngeom; g++) {
        plain = plain &&
                !(ks_look_moves(m, m->geom_bodyid[g]) && (m->geom_type[g] == mjGEOM_MESH || m->geom_matid[g] >= 0));
    }
    return plain;
}

/* ---- how it moves --------------------------------------------------------------------------------------------------------- */

bool ks_look_moves(const mjModel* m, int body) {
    for (int b = body; b > 0; b = m->body_parentid[b]) {
        if (m->body_jntnum[b] > 0) {
            return true;
        }
    }
    return false;
}

int ks_look_first_body(const mjModel* m) {
    for (int b = 1; b < m->nbody; b++) {
        if (ks_look_moves(m, b)) {
            return b;
        }
    }
    return 0;
}

/* The joints between a body and the world. */
typedef struct root {
    bool is_free, endless;
    bool along_x, along_z; /* a slide */
    bool else_where;       /* a joint that leads out of the x-z plane */
} root;

static void add_joint(root* r, const mjModel* m, int joint) {
    mjtNum axis[3];
    int type = m->jnt_type[joint];
    mju_rotVecQuat(axis, m->jnt_axis + 3 * joint, m->body_quat + 4 * m->jnt_bodyid[joint]);
    bool slides = type == mjJNT_SLIDE;
    bool x = slides && fabs(axis[0]) > 0.99, z = slides && fabs(axis[2]) > 0.99;
    bool turns = type == mjJNT_HINGE && fabs(axis[1]) > 0.99;
    r->is_free = r->is_free || type == mjJNT_FREE;
    r->endless = r->endless || (slides && !m->jnt_limited[joint]);
    r->along_x = r->along_x || x;
    r->along_z = r->along_z || z;
    r->else_where = r->else_where || !(x || z || turns);
}

static root root_of(const mjModel* m, int body) {
    root r = {0};
    for (int b = body; b > 0; b = m->body_parentid[b]) {
        for (int j = 0; j < m->body_jntnum[b]; j++) {
            add_joint(&r, m, m->body_jntadr[b] + j);
        }
    }
    return r;
}

bool ks_look_travels(const mjModel* m, int body) {
    root r = root_of(m, body);
    return r.is_free || r.endless;
}

/* ---- the look --------------------------------------------------------------------------------------------------------------- */

/* The camera that a shape asks for. */
static void place_camera(ks_env_look* l, const mjModel* m, const mjtNum low[3], const mjtNum high[3]) {
    root r = root_of(m, l->body);
    bool turned = l->azimuth != 0 || l->elevation != 0;
    l->track = l->track || (!l->still && (r.is_free || r.endless));
    l->planar = l->planar || (r.along_x && r.along_z && !r.else_where);
    l->distance = longest(low, high) * (l->planar ? PLANAR_DISTANCE : DISTANCE);
    l->height = l->height != 0 ? l->height : (low[2] + high[2]) / 2 - ks_look_floor(m).height;
    if (!turned) {
        l->azimuth = l->planar ? 90 : l->track ? 72 : 130;
        l->elevation = l->planar ? -11 : -25;
    }
}

ks_env_look ks_look_of(const ks_env_def* def, const mjModel* m) {
    ks_env_look l = def->look ? *def->look : (ks_env_look){0};
    if (m) {
        mjtNum low[3], high[3];
        l.body = l.body > 0 && l.body < m->nbody ? l.body : ks_look_first_body(m);
        ks_look_box(low, high, m, l.track || (!l.still && ks_look_travels(m, l.body)) ? l.body : 0);
        l.size = l.size > 0 ? l.size : longest(low, high);
        if (!(l.distance > 0)) {
            place_camera(&l, m, low, high);
        }
    }
    l.size = l.size > 0 ? l.size : 1;
    l.distance = l.distance > 0 ? l.distance : DISTANCE * l.size;
    l.path_radius = l.path_radius > 0 ? l.path_radius : PATH_RADIUS * l.size;
    return l;
}
