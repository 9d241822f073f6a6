#include "viewer/extent.h"

#include "viewer/look.h"

#include <math.h>

enum { STRIDE = 3 }; /* positions from one that is looked at to the next */

double ks_extent_height(const ks_env_look* look, double floor, double z) {
    double usual = floor + look->height;
    double above = z - usual;
    return usual + (look->track ? above - fmax(-look->size, fmin(look->size, above)) : 0);
}

/* Height of the top of the box around a geom. */
static double geom_top(const mjModel* m, const mjData* d, int geom) {
    const mjtNum *box = m->geom_aabb + 6 * geom, *row = d->geom_xmat + 9 * geom + 6;
    double z = d->geom_xpos[3 * geom + 2];
    for (int i = 0; i < 3; i++) {
        z += row[i] * box[i] + fabs(row[i]) * box[3 + i];
    }
    return z;
}

double ks_extent_top(const mjModel* m, mjData* d, const ks_env_look* look, double floor, const double* qpos,
                     size_t count) {
    double top = 0;
    for (size_t i = 0; i < count; i += STRIDE) {
        mju_copy(d->qpos, qpos + i * (size_t)m->nq, (int)m->nq);
        mj_kinematics(m, d);
        double looked_at = ks_extent_height(look, floor, d->xpos[3 * look->body + 2]);
        for (int g = 0; g < m->ngeom; g++) {
            int body = m->geom_bodyid[g];
            if (body > 0 && m->body_rootid[body] == m->body_rootid[look->body] && m->geom_type[g] != mjGEOM_PLANE &&
                ks_look_is_seen(m, g)) {
                top = fmax(top, geom_top(m, d, g) - looked_at);
            }
        }
    }
    return top;
}
