#include "viewer/overlay.h"

#include <math.h>
#include <string.h>

static const float GOAL_RGBA[4] = {0.12f, 0.60f, 0.34f, 1};
static const float PALE_RGBA[4] = {0.12f, 0.60f, 0.34f, 0.55f};
static const float POLE_RGBA[4] = {0.25f, 0.28f, 0.32f, 1};

enum { MOST_PATH_PIECES = 120 };

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
    double y = at[1] - 0.6 * size, z = 0.05 * size;
    double from[3] = {at[0] - length / 2, y, z}, to[3] = {at[0] + length / 2, y, z};
    connect(scn, mjGEOM_ARROW, 0.035 * size, from, to, GOAL_RGBA);
}

/* a line on the floor that runs at the goal velocity, with posts, as in a race against the clock */
static void pacer(mjvScene* scn, double x, double size) {
    double half = 0.9 * size;
    add(scn, mjGEOM_BOX, (double[]){0.03 * size, half, 0.003}, (double[]){x, 0, 0.003}, PALE_RGBA);
    for (int side = -1; side <= 1; side += 2) {
        double height = 0.22 * size;
        add(scn, mjGEOM_CYLINDER, (double[]){0.018 * size, height, 0}, (double[]){x, side * half, height}, POLE_RGBA);
        add(scn, mjGEOM_SPHERE, (double[]){0.05 * size, 0, 0}, (double[]){x, side * half, 2 * height}, GOAL_RGBA);
    }
}

static void flag(mjvScene* scn, const double place[2], double size) {
    double height = 0.5 * size;
    double x = place[0], y = place[1];
    add(scn, mjGEOM_CYLINDER, (double[]){0.16 * size, 0.002 * size, 0}, (double[]){x, y, 0.004 * size}, PALE_RGBA);
    add(scn, mjGEOM_CYLINDER, (double[]){0.018 * size, height / 2, 0}, (double[]){x, y, height / 2}, POLE_RGBA);
    add(scn, mjGEOM_BOX, (double[]){0.13 * size, 0.008 * size, 0.085 * size},
        (double[]){x + 0.13 * size, y, height - 0.085 * size}, GOAL_RGBA);
}

void ks_overlay_task(mjvScene* scn, const ks_play* play, const double at[3], double time, double size) {
    const double* task = play->task;
    switch (ks_goal_kind_of(play->def)) {
        case KS_GOAL_DIRECTION:
            arrow(scn, at, (task[0] < 0 ? -0.9 : 0.9) * size, size);
            break;
        case KS_GOAL_VELOCITY:
            if (fabs(task[0]) > 0.02) {
                arrow(scn, at, 0.5 * task[0], size);
            }
            pacer(scn, task[0] * time, size);
            break;
        case KS_GOAL_PLACE:
            flag(scn, task, size);
            break;
        case KS_GOAL_OTHER:
            break;
    }
}

void ks_overlay_path(mjvScene* scn, const double* states, int nq, size_t last, double radius, const float rgba[4]) {
    double z = radius > 0 ? 0.3 * radius : 0.003;
    size_t stride = 1 + last / MOST_PATH_PIECES;
    for (size_t i = 0; i < last; i += stride) {
        size_t next = i + stride < last ? i + stride : last;
        const double *a = states + i * (size_t)nq, *b = states + next * (size_t)nq;
        double from[3] = {a[0], a[1], z}, to[3] = {b[0], b[1], z};
        if (radius > 0) {
            connect(scn, mjGEOM_CAPSULE, radius, from, to, rgba);
        } else {
            connect(scn, mjGEOM_LINE, 1.5, from, to, rgba);
        }
    }
}
