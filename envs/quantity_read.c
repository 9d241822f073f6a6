/* The quantities that are no copies of an array of mjData's. */
#include "base/elementary_double.h"
#include "envs/quantity_rows.h"

#include <math.h>

/* ---- episodes and joints ----------------------------------------------------------------------------------------- */

void ks_read_time(const ks_quantity* q, const ks_world* w, double* value) {
    (void)q;
    *value = w->steps * w->period;
}

void ks_read_joint_pos_rel(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        int joint = q->ids[i];
        int type = w->m->jnt_type[joint];
        const mjtNum* now = w->d->qpos + w->m->jnt_qposadr[joint];
        const mjtNum* rest = w->m->qpos0 + w->m->jnt_qposadr[joint];
        if (type == mjJNT_FREE) {
            mju_sub3(value, now, rest);
            value += 3;
            now += 3;
            rest += 3;
        }
        if (type == mjJNT_FREE || type == mjJNT_BALL) {
            mju_subQuat(value, now, rest);
            value += 3;
        } else {
            *value++ = *now - *rest;
        }
    }
}

void ks_read_joint_normalized(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        const mjtNum* range = w->m->jnt_range + 2 * q->ids[i];
        double x = w->d->qpos[w->m->jnt_qposadr[q->ids[i]]];
        value[i] = 2 * (x - 0.5 * (range[0] + range[1])) / (range[1] - range[0]);
    }
}

void ks_read_joint_lower(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        value[i] = w->m->jnt_range[2 * q->ids[i]];
    }
}

void ks_read_joint_upper(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        value[i] = w->m->jnt_range[2 * q->ids[i] + 1];
    }
}

/* ---- velocities -------------------------------------------------------------------------------------------------- */

/* cvel is (ω, v) of a body, v that of its points as they pass through the centre of mass of the whole tree. */
static void point_velocity(double v[3], const ks_world* w, int body, const mjtNum at[3]) {
    const mjtNum* velocity = w->d->cvel + 6 * body;
    const mjtNum* center = w->d->subtree_com + 3 * w->m->body_rootid[body];
    double x = at[0] - center[0];
    double y = at[1] - center[1];
    double z = at[2] - center[2];
    v[0] = velocity[3] + velocity[1] * z - velocity[2] * y;
    v[1] = velocity[4] + velocity[2] * x - velocity[0] * z;
    v[2] = velocity[5] + velocity[0] * y - velocity[1] * x;
}

static void body_velocity(double v[3], const ks_world* w, int body) {
    point_velocity(v, w, body, w->d->xpos + 3 * body);
}

void ks_read_body_lin_vel(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        body_velocity(value + 3 * i, w, q->ids[i]);
    }
}

void ks_read_body_ang_vel(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        mju_copy3(value + 3 * i, w->d->cvel + 6 * q->ids[i]);
    }
}

void ks_read_geom_lin_vel(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        int geom = q->ids[i];
        point_velocity(value + 3 * i, w, w->m->geom_bodyid[geom], w->d->geom_xpos + 3 * geom);
    }
}

void ks_read_site_lin_vel(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        int site = q->ids[i];
        point_velocity(value + 3 * i, w, w->m->site_bodyid[site], w->d->site_xpos + 3 * site);
    }
}

void ks_read_site_ang_vel(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        mju_copy3(value + 3 * i, w->d->cvel + 6 * w->m->site_bodyid[q->ids[i]]);
    }
}

/* MuJoCo's accelerations are those that an accelerometer feels: the world itself has that of -gravity. */
void ks_read_body_lin_acc(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        mjtNum acceleration[6];
        mj_objectAcceleration(w->m, w->d, mjOBJ_XBODY, q->ids[i], acceleration, 0);
        mju_sub3(value + 3 * i, acceleration + 3, w->d->cacc + 3);
    }
}

/* Σ m v / Σ m over the bodies of a tree, which follow each other. Along x these are the operations of
 * ks_mujoco_forward_velocity in their order, and so its bytes. */
static void tree_velocity(double v[3], const ks_world* w, int top) {
    const mjModel* m = w->m;
    double x = 0, y = 0, z = 0;
    for (int b = top; b < m->nbody && (b == top || m->body_parentid[b] >= top); b++) {
        double velocity[3];
        point_velocity(velocity, w, b, w->d->xipos + 3 * b);
        x += m->body_mass[b] * velocity[0];
        y += m->body_mass[b] * velocity[1];
        z += m->body_mass[b] * velocity[2];
    }
    v[0] = x / m->body_subtreemass[top];
    v[1] = y / m->body_subtreemass[top];
    v[2] = z / m->body_subtreemass[top];
}

void ks_read_com_lin_vel(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        tree_velocity(value + 3 * i, w, q->ids[i]);
    }
}

/* ---- how a body stands ------------------------------------------------------------------------------------------- */

void ks_read_projected_gravity(const ks_quantity* q, const ks_world* w, double* value) {
    const mjtNum* gravity = w->m->opt.gravity;
    double g = mju_norm3(gravity);
    mjtNum down[3] = {0, 0, -1};
    for (int k = 0; k < 3 && g > 0; k++) {
        down[k] = gravity[k] / g;
    }
    for (int i = 0; i < q->num_ids; i++) {
        mju_mulMatTVec3(value + 3 * i, w->d->xmat + 9 * q->ids[i], down);
    }
}

void ks_read_upright(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        value[i] = w->d->xmat[9 * q->ids[i] + 8];
    }
}

void ks_read_heading(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        const mjtNum* mat = w->d->xmat + 9 * q->ids[i];
        value[i] = ks_double_atan2(mat[3], mat[0]);
    }
}

void ks_read_base_height(const ks_quantity* q, const ks_world* w, double* value) {
    *value = w->d->xpos[3 * q->ids[0] + 2];
}

void ks_read_base_rpy(const ks_quantity* q, const ks_world* w, double* value) {
    const mjtNum* mat = w->d->xmat + 9 * q->ids[0];
    value[0] = ks_double_atan2(mat[7], mat[8]);
    value[1] = ks_double_atan2(-mat[6], sqrt(mat[7] * mat[7] + mat[8] * mat[8]));
    value[2] = ks_double_atan2(mat[3], mat[0]);
}

void ks_read_base_lin_vel(const ks_quantity* q, const ks_world* w, double* value) {
    double v[3];
    body_velocity(v, w, q->ids[0]);
    mju_mulMatTVec3(value, w->d->xmat + 9 * q->ids[0], v);
}

void ks_read_base_ang_vel(const ks_quantity* q, const ks_world* w, double* value) {
    mju_mulMatTVec3(value, w->d->xmat + 9 * q->ids[0], w->d->cvel + 6 * q->ids[0]);
}

/* Ahead, to the left and up, with the root's heading and neither roll nor pitch. */
void ks_read_base_lin_vel_yaw(const ks_quantity* q, const ks_world* w, double* value) {
    const mjtNum* mat = w->d->xmat + 9 * q->ids[0];
    double length = sqrt(mat[0] * mat[0] + mat[3] * mat[3]);
    double c = length > 0 ? mat[0] / length : 1;
    double s = length > 0 ? mat[3] / length : 0;
    double v[3];
    body_velocity(v, w, q->ids[0]);
    value[0] = c * v[0] + s * v[1];
    value[1] = c * v[1] - s * v[0];
    value[2] = v[2];
}

void ks_read_root_progress_vel(const ks_quantity* q, const ks_world* w, double* value) {
    for (int k = 0; k < 3; k++) {
        value[k] = (w->d->xpos[3 * q->ids[0] + k] - w->root_before[k]) / w->period;
    }
}

/* ---- contacts ---------------------------------------------------------------------------------------------------- */

void ks_read_body_contact_force(const ks_quantity* q, const ks_world* w, double* value) {
    for (int i = 0; i < q->num_ids; i++) {
        mju_copy3(value + 3 * i, w->d->cfrc_ext + 6 * q->ids[i] + 3);
    }
}

void ks_read_contact(const ks_quantity* q, const ks_world* w, double* value) {
    mju_zero(value, q->size);
    for (int i = 0; i < w->d->ncon; i++) {
        const mjContact* contact = w->d->contact + i;
        for (int side = 0; side < 2 && contact->exclude == 0; side++) {
            int geom = contact->geom[side]; /* -1: a flex */
            if (geom >= 0 && q->slot[geom] >= 0) {
                value[q->slot[geom]] = 1;
            }
        }
    }
}

void ks_read_geom_slip(const ks_quantity* q, const ks_world* w, double* value) {
    ks_read_contact(q, w, value);
    for (int i = 0; i < q->num_ids; i++) {
        int geom = q->ids[i];
        if (value[i] > 0) {
            double v[3];
            point_velocity(v, w, w->m->geom_bodyid[geom], w->d->geom_xpos + 3 * geom);
            value[i] = sqrt(v[0] * v[0] + v[1] * v[1]);
        }
    }
}
