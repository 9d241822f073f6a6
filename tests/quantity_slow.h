/* quantity_slow.h: every quantity a second time, one object after the other, by the plainest means: MuJoCo's own
 * functions, loops over everything, quaternions in place of matrices. And worlds in which there is something of each
 * kind to read. */
#ifndef KS_TESTS_QUANTITY_SLOW_H
#define KS_TESTS_QUANTITY_SLOW_H

#include "envs/quantity.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* A robot with every kind of joint, site, tendon and actuator, that stands beside a ball and a wall; its actuators
 * are told ten numbers, and exert eight. The sensors are apart, since some of them have MuJoCo compute what
 * quantities must ask for themselves. */
#define SLOW_ROBOT                                                                                                   \
    "<option timestep='.002'/><compiler angle='radian'/><size memory='200K'/>"                                       \
    "<worldbody><geom name='floor' type='plane' size='9 9 1'/>"                                                      \
    "<site name='hook' pos='.3 .2 2'/>"                                                                              \
    "<body name='ball' pos='1.2 0 .2'><freejoint name='ball'/><geom name='ball' size='.2' mass='.4'/></body>"        \
    "<body name='trunk' pos='0 0 .8' quat='.9 .1 .3 .2'><freejoint name='root'/>"                                    \
    "<geom name='trunk' type='box' size='.2 .1 .05' pos='.03 .01 .02' mass='3'/><site name='imu' pos='.1 0 .05' "    \
    "euler='.3 .2 .1'/>"                                                                                             \
    "<body name='arm' pos='.2 0 0'><joint name='shoulder' type='ball' damping='.1'/>"                                \
    "<geom name='arm' type='capsule' size='.03' fromto='0 0 0 .3 0 .1' mass='.5'/>"                                  \
    "<body name='hand' pos='.3 0 .1'><joint name='wrist' type='slide' axis='1 0 0' range='-.1 .2' limited='true' "   \
    "stiffness='30' "                                                                                                \
    "damping='1'/><geom name='hand' size='.05' mass='.2'/><site name='palm' pos='.05 0 0'/></body></body>"           \
    "<body name='leg' pos='-.15 0 -.05'><joint name='hip' axis='0 1 0' range='-1 1.2' limited='true' damping='.5'/>" \
    "<geom name='leg' type='capsule' size='.04' fromto='0 0 0 0 .05 -.3' mass='.8'/>"                                \
    "<body name='foot' pos='0 .05 -.35'><joint name='ankle' axis='0 1 0' damping='.2'/><joint name='toe' axis='1 0 " \
    "0' damping='.2'/>"                                                                                              \
    "<geom name='foot' size='.06' mass='.3' margin='.05' gap='.02'/><site name='sole' pos='0 0 -.05' type='sphere' " \
    "size='.08'/></body></body>"                                                                                     \
    "<body name='weightless' pos='0 0 .1'/></body>"                                                                  \
    "<body name='post' pos='0 3 0'><joint name='swing' type='hinge' axis='1 0 0' pos='0 0 1'/>"                      \
    "<geom name='post' type='capsule' size='.02' fromto='0 0 0 .1 .2 .9' mass='1'/></body></worldbody>"              \
    "<tendon><fixed name='coupling'><joint joint='ankle' coef='1'/><joint joint='toe' coef='-.5'/></fixed>"          \
    "<spatial name='string' stiffness='20' damping='1' springlength='.5'><site site='hook'/><site "                  \
    "site='palm'/></spatial></tendon>"                                                                               \
    "<actuator><motor name='hip' joint='hip' gear='20' ctrlrange='-1 1'/>"                                           \
    "<pid name='wrist' joint='wrist' kp='40' kv='2' ki='5'/>"                                                        \
    "<orientation name='shoulder' joint='shoulder' kp='3' kv='.1'/>"                                                 \
    "<muscle name='string' tendon='string' lengthrange='.2 3'/>"                                                     \
    "<motor name='coupling' tendon='coupling'/>"                                                                     \
    "<general name='slow' joint='swing' dyntype='filter' dynprm='.1' gainprm='2'/></actuator>"

#define SLOW_SENSORS                                                                                            \
    "<sensor><framepos name='pos' objtype='xbody' objname='hand'/><jointpos name='hip' joint='hip'/>"           \
    "<ballquat name='turn' joint='shoulder'/><clock name='clock'/>"                                             \
    "<contact name='found' geom1='foot' data='found pos' num='2'/>"                                             \
    "<gyro name='gyro' site='imu'/><velocimeter name='speed' site='imu'/>"                                      \
    "<framelinvel name='palm' objtype='site' objname='palm'/>"                                                  \
    "<subtreelinvel name='momentum' body='trunk'/><subtreeangmom name='spin' body='trunk'/>"                    \
    "<accelerometer name='felt' site='imu'/><touch name='touch' site='sole'/><force name='force' site='palm'/>" \
    "<framelinacc name='acc' objtype='body' objname='foot'/><actuatorfrc name='push' actuator='wrist'/>"        \
    "<contact name='load' geom1='foot' data='force' reduce='netforce'/>"                                        \
    "<gyro name='late' site='imu' nsample='4' delay='.006'/></sensor>"

/* ---- one object -------------------------------------------------------------------------------------------------- */

typedef struct slow_world {
    const ks_world* w;
    const mjModel* m;
    mjData* d; /* the same state after mj_forward, mj_rnePostConstraint and mj_subtreeVel */
    int root;
} slow_world;

/* Writes the numbers of an object and returns how many there are. */
typedef int slow_reader(const slow_world* s, int id, double* v);

static inline int slow_nq(int type) {
    return type == mjJNT_FREE ? 7 : type == mjJNT_BALL ? 4 : 1;
}

static inline int slow_dofs(const mjModel* m, const mjtNum* array, int joint, double* v) {
    int n = 0;
    for (int i = 0; i < m->nv; i++) {
        if (m->dof_jntid[i] == joint) {
            v[n++] = array[i];
        }
    }
    return n;
}

static inline int slow_copy(const mjtNum* array, int id, int n, double* v) {
    for (int i = 0; i < n; i++) {
        v[i] = array[n * id + i];
    }
    return n;
}

/* object velocity (rot:lin), or its half */
static inline int slow_velocity(const slow_world* s, int type, int id, int local, int half, double* v) {
    mjtNum velocity[6];
    mj_objectVelocity(s->m, s->d, type, id, velocity, local);
    memcpy(v, velocity + 3 * half, 3 * sizeof *v);
    return 3;
}

static inline void slow_axis(const slow_world* s, int body, double x, double y, double z, double v[3]) {
    const mjtNum axis[3] = {x, y, z};
    mju_rotVecQuat(v, axis, s->d->xquat + 4 * body);
}

static inline int slow_is_below(const mjModel* m, int body, int top) {
    while (body > 0 && body != top) {
        body = m->body_parentid[body];
    }
    return body == top;
}

#define SLOW(word) static int slow_##word(const slow_world* s, int id, double* v)
#define UNUSED (void)s, (void)id

SLOW(qpos) {
    UNUSED;
    return slow_copy(s->d->qpos, 0, (int)s->m->nq, v);
}
SLOW(qvel) {
    UNUSED;
    return slow_copy(s->d->qvel, 0, (int)s->m->nv, v);
}
SLOW(time) {
    UNUSED;
    *v = s->w->steps * s->w->period;
    return 1;
}
SLOW(joint_pos) {
    int at = 0;
    for (int j = 0; j < id; j++) {
        at += slow_nq(s->m->jnt_type[j]);
    }
    memcpy(v, s->d->qpos + at, (size_t)slow_nq(s->m->jnt_type[id]) * sizeof *v);
    return slow_nq(s->m->jnt_type[id]);
}
SLOW(joint_pos_rel) {
    mjtNum change[64];
    mj_differentiatePos(s->m, change, 1, s->m->qpos0, s->d->qpos);
    return slow_dofs(s->m, change, id, v);
}
SLOW(joint_pos_limit_normalized) {
    double low = s->m->jnt_range[2 * id], high = s->m->jnt_range[2 * id + 1];
    slow_joint_pos(s, id, v);
    *v = -1 + 2 * (*v - low) / (high - low);
    return 1;
}
SLOW(joint_lower_limit) {
    *v = s->m->jnt_range[2 * id];
    return 1;
}
SLOW(joint_upper_limit) {
    *v = s->m->jnt_range[2 * id + 1];
    return 1;
}
SLOW(joint_vel) {
    return slow_dofs(s->m, s->d->qvel, id, v);
}
SLOW(joint_acc) {
    return slow_dofs(s->m, s->d->qacc, id, v);
}
SLOW(joint_torque) {
    return slow_dofs(s->m, s->d->qfrc_actuator, id, v);
}
SLOW(joint_constraint_force) {
    return slow_dofs(s->m, s->d->qfrc_constraint, id, v);
}
SLOW(base_pos) {
    UNUSED;
    return slow_copy(s->d->xpos, s->root, 3, v);
}
SLOW(base_height) {
    UNUSED;
    *v = s->d->xpos[3 * s->root + 2];
    return 1;
}
SLOW(base_quat) {
    UNUSED;
    return slow_copy(s->d->xquat, s->root, 4, v);
}
SLOW(base_rpy) {
    UNUSED;
    const mjtNum* q = s->d->xquat + 4 * s->root;
    v[0] = atan2(2 * (q[0] * q[1] + q[2] * q[3]), 1 - 2 * (q[1] * q[1] + q[2] * q[2]));
    v[1] = asin(2 * (q[0] * q[2] - q[3] * q[1]));
    v[2] = atan2(2 * (q[0] * q[3] + q[1] * q[2]), 1 - 2 * (q[2] * q[2] + q[3] * q[3]));
    return 3;
}
SLOW(base_lin_vel) {
    UNUSED;
    return slow_velocity(s, mjOBJ_XBODY, s->root, 1, 1, v);
}
SLOW(base_ang_vel) {
    UNUSED;
    return slow_velocity(s, mjOBJ_XBODY, s->root, 1, 0, v);
}
SLOW(base_lin_vel_w) {
    UNUSED;
    return slow_velocity(s, mjOBJ_XBODY, s->root, 0, 1, v);
}
SLOW(base_ang_vel_w) {
    UNUSED;
    return slow_velocity(s, mjOBJ_XBODY, s->root, 0, 0, v);
}
SLOW(heading) {
    double x[3];
    slow_axis(s, id, 1, 0, 0, x);
    *v = atan2(x[1], x[0]);
    return 1;
}
SLOW(base_lin_vel_yaw) {
    UNUSED;
    double yaw, w[3];
    slow_heading(s, s->root, &yaw);
    slow_velocity(s, mjOBJ_XBODY, s->root, 0, 1, w);
    const mjtNum back[4] = {cos(yaw / 2), 0, 0, -sin(yaw / 2)};
    mju_rotVecQuat(v, w, back);
    return 3;
}
SLOW(root_progress_vel) {
    UNUSED;
    for (int i = 0; i < 3; i++) {
        v[i] = (s->d->xpos[3 * s->root + i] - s->w->root_before[i]) / s->w->period;
    }
    return 3;
}
SLOW(projected_gravity) {
    mjtNum back[4], down[3];
    mju_copy3(down, s->m->opt.gravity);
    mju_normalize3(down);
    mju_negQuat(back, s->d->xquat + 4 * id);
    mju_rotVecQuat(v, down, back);
    return 3;
}
SLOW(upright) {
    double z[3];
    slow_axis(s, id, 0, 0, 1, z);
    *v = z[2];
    return 1;
}
SLOW(body_pos) {
    return slow_copy(s->d->xpos, id, 3, v);
}
SLOW(body_quat) {
    return slow_copy(s->d->xquat, id, 4, v);
}
SLOW(body_mat) {
    mju_quat2Mat(v, s->d->xquat + 4 * id);
    return 9;
}
SLOW(body_lin_vel) {
    return slow_velocity(s, mjOBJ_XBODY, id, 0, 1, v);
}
SLOW(body_ang_vel) {
    return slow_velocity(s, mjOBJ_XBODY, id, 0, 0, v);
}
SLOW(body_lin_acc) {
    mjtNum felt[6];
    mj_objectAcceleration(s->m, s->d, mjOBJ_XBODY, id, felt, 0);
    mju_add3(v, felt + 3, s->m->opt.gravity);
    return 3;
}
SLOW(body_com_pos) {
    mju_rotVecQuat(v, s->m->body_ipos + 3 * id, s->d->xquat + 4 * id);
    mju_addTo3(v, s->d->xpos + 3 * id);
    return 3;
}
SLOW(com_pos) {
    double mass = 0;
    mju_zero3(v);
    for (int b = 0; b < s->m->nbody; b++) {
        if (slow_is_below(s->m, b, id)) {
            mju_addToScl3(v, s->d->xipos + 3 * b, s->m->body_mass[b]);
            mass += s->m->body_mass[b];
        }
    }
    if (mass > 0) {
        mju_scl3(v, v, 1 / mass);
    } else {
        mju_copy3(v, s->d->xipos + 3 * id);
    }
    return 3;
}
SLOW(com_lin_vel) {
    return slow_copy(s->d->subtree_linvel, id, 3, v);
}
SLOW(angular_momentum) {
    double center[3], drift[3];
    slow_com_pos(s, id, center);
    slow_com_lin_vel(s, id, drift);
    mju_zero3(v);
    for (int b = 0; b < s->m->nbody; b++) {
        mjtNum velocity[6], arm[3], orbit[3], spin[3];
        if (!slow_is_below(s->m, b, id)) {
            continue;
        }
        mj_objectVelocity(s->m, s->d, mjOBJ_BODY, b, velocity, 1); /* in the frame of the inertia */
        for (int i = 0; i < 3; i++) {
            velocity[i] *= s->m->body_inertia[3 * b + i];
        }
        mju_mulMatVec3(spin, s->d->ximat + 9 * b, velocity);
        mju_sub3(arm, s->d->xipos + 3 * b, center);
        mj_objectVelocity(s->m, s->d, mjOBJ_BODY, b, velocity, 0);
        mju_subFrom3(velocity + 3, drift);
        mju_scl3(velocity + 3, velocity + 3, s->m->body_mass[b]);
        mju_cross(orbit, arm, velocity + 3);
        mju_addTo3(v, spin);
        mju_addTo3(v, orbit);
    }
    return 3;
}
SLOW(geom_contact) {
    *v = 0;
    for (int i = 0; i < s->d->ncon; i++) {
        const mjContact* c = s->d->contact + i;
        if (c->efc_address >= 0 && (c->geom[0] == id || c->geom[1] == id)) {
            *v = 1;
        }
    }
    return 1;
}
SLOW(body_contact) {
    *v = 0;
    for (int g = 0; g < s->m->ngeom; g++) {
        double touches;
        slow_geom_contact(s, g, &touches);
        if (s->m->geom_bodyid[g] == id && touches > 0) {
            *v = 1;
        }
    }
    return 1;
}
SLOW(contact_forces) {
    return slow_copy(s->d->cfrc_ext, id, 6, v);
}
SLOW(body_contact_force) {
    double all[6];
    slow_contact_forces(s, id, all);
    memcpy(v, all + 3, 3 * sizeof *v);
    return 3;
}
SLOW(cinert) {
    return slow_copy(s->d->cinert, id, 10, v);
}
SLOW(cvel) {
    return slow_copy(s->d->cvel, id, 6, v);
}
SLOW(geom_pos) {
    return slow_copy(s->d->geom_xpos, id, 3, v);
}
SLOW(geom_lin_vel) {
    return slow_velocity(s, mjOBJ_GEOM, id, 0, 1, v);
}
SLOW(geom_slip) {
    double velocity[3], touches;
    slow_geom_lin_vel(s, id, velocity);
    slow_geom_contact(s, id, &touches);
    *v = touches > 0 ? hypot(velocity[0], velocity[1]) : 0;
    return 1;
}
SLOW(site_pos) {
    return slow_copy(s->d->site_xpos, id, 3, v);
}
SLOW(site_mat) {
    return slow_copy(s->d->site_xmat, id, 9, v);
}
SLOW(site_lin_vel) {
    return slow_velocity(s, mjOBJ_SITE, id, 0, 1, v);
}
SLOW(site_ang_vel) {
    return slow_velocity(s, mjOBJ_SITE, id, 0, 0, v);
}
static int slow_outputs(const slow_world* s, const mjtNum* array, int id, double* v) {
    int at = 0;
    for (int a = 0; a < id; a++) {
        at += s->m->actuator_outnum[a];
    }
    memcpy(v, array + at, (size_t)s->m->actuator_outnum[id] * sizeof *v);
    return s->m->actuator_outnum[id];
}
SLOW(ctrl) {
    int at = 0;
    for (int a = 0; a < id; a++) {
        at += s->m->actuator_ctrlnum[a];
    }
    memcpy(v, s->d->ctrl + at, (size_t)s->m->actuator_ctrlnum[id] * sizeof *v);
    return s->m->actuator_ctrlnum[id];
}
SLOW(actuator_force) {
    return slow_outputs(s, s->d->actuator_force, id, v);
}
SLOW(actuator_length) {
    return slow_outputs(s, s->d->actuator_length, id, v);
}
SLOW(actuator_vel) {
    return slow_outputs(s, s->d->actuator_velocity, id, v);
}
SLOW(activation) {
    int at = 0;
    for (int a = 0; a < id; a++) {
        at += s->m->actuator_actnum[a];
    }
    memcpy(v, s->d->act + at, (size_t)s->m->actuator_actnum[id] * sizeof *v);
    return s->m->actuator_actnum[id];
}
SLOW(tendon_length) {
    return slow_copy(s->d->ten_length, id, 1, v);
}
SLOW(tendon_vel) {
    return slow_copy(s->d->ten_velocity, id, 1, v);
}
SLOW(sensor) {
    int at = 0;
    for (int i = 0; i < id; i++) {
        at += s->m->sensor_dim[i];
    }
    memcpy(v, s->d->sensordata + at, (size_t)s->m->sensor_dim[id] * sizeof *v);
    return s->m->sensor_dim[id];
}

/* which objects a word is of without names */
typedef enum slow_default { NEEDS_NAMES, ONE_THING, THE_ROOT, EVERY, EVERY_LIMITED, EVERY_ACTIVE } slow_default;

typedef struct slow_word {
    const char* name;
    slow_reader* read;
    slow_default without;
} slow_word;

#define ROW(word, without) \
    { #word, slow_##word, without }
static const slow_word SLOW_WORDS[] = {
    ROW(qpos, ONE_THING),
    ROW(qvel, ONE_THING),
    ROW(time, ONE_THING),
    ROW(joint_pos, EVERY),
    ROW(joint_pos_rel, EVERY),
    ROW(joint_pos_limit_normalized, EVERY_LIMITED),
    ROW(joint_lower_limit, EVERY_LIMITED),
    ROW(joint_upper_limit, EVERY_LIMITED),
    ROW(joint_vel, EVERY),
    ROW(joint_acc, EVERY),
    ROW(joint_torque, EVERY),
    ROW(joint_constraint_force, EVERY),
    ROW(base_pos, ONE_THING),
    ROW(base_height, ONE_THING),
    ROW(base_quat, ONE_THING),
    ROW(base_rpy, ONE_THING),
    ROW(base_lin_vel, ONE_THING),
    ROW(base_ang_vel, ONE_THING),
    ROW(base_lin_vel_w, ONE_THING),
    ROW(base_ang_vel_w, ONE_THING),
    ROW(base_lin_vel_yaw, ONE_THING),
    ROW(root_progress_vel, ONE_THING),
    ROW(projected_gravity, THE_ROOT),
    ROW(upright, THE_ROOT),
    ROW(heading, THE_ROOT),
    ROW(body_pos, THE_ROOT),
    ROW(body_quat, THE_ROOT),
    ROW(body_mat, THE_ROOT),
    ROW(body_lin_vel, THE_ROOT),
    ROW(body_ang_vel, THE_ROOT),
    ROW(body_lin_acc, THE_ROOT),
    ROW(body_com_pos, THE_ROOT),
    ROW(com_pos, THE_ROOT),
    ROW(com_lin_vel, THE_ROOT),
    ROW(angular_momentum, THE_ROOT),
    ROW(body_contact, THE_ROOT),
    ROW(body_contact_force, THE_ROOT),
    ROW(contact_forces, EVERY),
    ROW(cinert, EVERY),
    ROW(cvel, EVERY),
    ROW(geom_pos, NEEDS_NAMES),
    ROW(geom_lin_vel, NEEDS_NAMES),
    ROW(geom_contact, NEEDS_NAMES),
    ROW(geom_slip, NEEDS_NAMES),
    ROW(site_pos, NEEDS_NAMES),
    ROW(site_mat, NEEDS_NAMES),
    ROW(site_lin_vel, NEEDS_NAMES),
    ROW(site_ang_vel, NEEDS_NAMES),
    ROW(ctrl, EVERY),
    ROW(actuator_force, EVERY),
    ROW(actuator_length, EVERY),
    ROW(actuator_vel, EVERY),
    ROW(activation, EVERY_ACTIVE),
    ROW(tendon_length, EVERY),
    ROW(tendon_vel, EVERY),
    ROW(sensor, EVERY),
};
#undef ROW
enum { NUM_SLOW_WORDS = sizeof SLOW_WORDS / sizeof *SLOW_WORDS };

#endif
