#include "viewer/overlay.h"

#include "base/number.h"
#include "base/ticks.h"

#include <math.h>
#include <string.h>

static const float GOAL_RGBA[4] = {0.12f, 0.60f, 0.34f, 1};
static const float PALE_RGBA[4] = {0.12f, 0.60f, 0.34f, 0.55f};
static const float LINE_RGBA[4] = {0.97f, 0.97f, 0.97f, 1};
static const float POLE_RGBA[4] = {0.25f, 0.28f, 0.32f, 1};

/* How far to either side of an actor there are lines, in lengths of it. */
static const double METRES_SEEN = 6;

/* The next free geom, or NULL. */
static mjvGeom* add(mjvScene* scn, int type, const double size[3], const double pos[3], const float rgba[4]) {
    if (scn->ngeom >= scn->maxgeom) {
        return NULL;
    }
    mjvGeom* geom = &scn->geoms[scn->ngeom++];
    mjv_initGeom(geom, type, size, pos, NULL, rgba);
    geom->category = mjCAT_DECOR;
    geom->castshadow = 0;
    return geom;
}

static void connect(mjvScene* scn, int type, double width, const double from[3], const double to[3],
                    const float rgba[4]) {
    mjvGeom* geom = add(scn, type, NULL, NULL, rgba);
    if (geom) {
        mjv_connector(geom, type, width, from, to);
    }
}

/* along x, near the floor between actor and camera, where no leg hides it */
static void arrow(mjvScene* scn, const double at[3], double length, double size) {
    double y = at[1] - 0.6 * size, z = at[2] + 0.05 * size;
    double from[3] = {at[0] - length / 2, y, z}, to[3] = {at[0] + length / 2, y, z};
    connect(scn, mjGEOM_ARROW, 0.035 * size, from, to, GOAL_RGBA);
}

/* a line on the floor that runs at the goal velocity, with posts, as in a race against the clock */
static void pacer(mjvScene* scn, double x, double ground, double size) {
    double half = 0.9 * size;
    add(scn, mjGEOM_BOX, (double[]){0.03 * size, half, 0.003}, (double[]){x, 0, ground + 0.003}, PALE_RGBA);
    for (int side = -1; side <= 1; side += 2) {
        double height = 0.22 * size;
        add(scn, mjGEOM_CYLINDER, (double[]){0.018 * size, height, 0}, (double[]){x, side * half, ground + height},
            POLE_RGBA);
        add(scn, mjGEOM_SPHERE, (double[]){0.05 * size, 0, 0}, (double[]){x, side * half, ground + 2 * height},
            GOAL_RGBA);
    }
}

static void flag(mjvScene* scn, double x, double y, double ground, double size) {
    double height = 0.5 * size;
    add(scn, mjGEOM_CYLINDER, (double[]){0.16 * size, 0.002 * size, 0}, (double[]){x, y, ground + 0.004 * size},
        PALE_RGBA);
    add(scn, mjGEOM_CYLINDER, (double[]){0.018 * size, height / 2, 0}, (double[]){x, y, ground + height / 2},
        POLE_RGBA);
    add(scn, mjGEOM_BOX, (double[]){0.13 * size, 0.008 * size, 0.085 * size},
        (double[]){x + 0.13 * size, y, ground + height - 0.085 * size}, GOAL_RGBA);
}

void ks_overlay_task(mjvScene* scn, const ks_play* play, const double at[3], double time, double size) {
    ks_env_goal goal = ks_env_goal_of(play->def);
    const int* numbers = goal == KS_GOAL_NONE ? (const int[]){0, 0} : play->def->look->goal_numbers;
    double x = play->task[numbers[0]], y = play->task[numbers[1]];
    switch (goal) {
        case KS_GOAL_DIRECTION:
            arrow(scn, at, (x < 0 ? -0.9 : 0.9) * size, size);
            break;
        case KS_GOAL_VELOCITY:
            if (fabs(x) > 0.02) {
                arrow(scn, at, 0.5 * x, size);
            }
            pacer(scn, x * time, at[2], size);
            break;
        case KS_GOAL_PLACE:
            flag(scn, x, y, at[2], size);
            break;
        case KS_GOAL_NONE:
        case KS_GOAL_OTHER:
            break;
    }
}

void ks_overlay_metres(mjvScene* scn, const double at[3], double size) {
    double step = ks_tick_step(size, 1), near = -1.15 * size, far = 0.55 * size;
    double first = ceil((at[0] - METRES_SEEN * size) / step), last = floor((at[0] + METRES_SEEN * size) / step);
    for (double i = first; i <= last; i++) {
        double x = i * step + 0.0; /* no -0 */
        add(scn, mjGEOM_BOX, (double[]){0.012 * size, (far - near) / 2, 0.0015 * size},
            (double[]){x, (near + far) / 2, at[2] + 0.002 * size}, LINE_RGBA);
        mjvGeom* label = add(scn, mjGEOM_LABEL, NULL, (double[]){x + 0.03 * size, near, at[2]}, LINE_RGBA);
        if (label) {
            ks_snprintf(label->label, sizeof label->label, "%g m", x);
        }
    }
}

void ks_overlay_path(mjvScene* scn, double (*points)[2], size_t count, double ground, double radius,
                     const float rgba[4]) {
    double z = ground + (radius > 0 ? 0.3 * radius : 0.003);
    for (size_t i = 0; i + 1 < count; i++) {
        const double *a = points[i], *b = points[i + 1];
        double from[3] = {a[0], a[1], z}, to[3] = {b[0], b[1], z};
        if (radius > 0) {
            connect(scn, mjGEOM_CAPSULE, radius, from, to, rgba);
        } else {
            connect(scn, mjGEOM_LINE, 1.5, from, to, rgba);
        }
    }
}

void ks_overlay_dot(mjvScene* scn, const double at[2], double ground, double radius, const float rgba[4]) {
    add(scn, mjGEOM_CYLINDER, (double[]){radius, 0.001, 0}, (double[]){at[0], at[1], ground + 0.004}, rgba);
}
