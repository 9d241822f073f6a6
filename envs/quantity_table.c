/* The table of quantities. To add a word, add its row; one that is no copy of an array of mjData's needs a function,
 * too (quantity_read.c). */
#include "envs/mujoco_env.h"
#include "envs/quantity_rows.h"

#include <math.h>

/* ---- where an object's numbers stand ----------------------------------------------------------------------------- */

static const int POSITIONS[] = {[mjJNT_FREE] = 7, [mjJNT_BALL] = 4, [mjJNT_SLIDE] = 1, [mjJNT_HINGE] = 1};
static const int VELOCITIES[] = {[mjJNT_FREE] = 6, [mjJNT_BALL] = 3, [mjJNT_SLIDE] = 1, [mjJNT_HINGE] = 1};

static ks_span joint_positions(const mjModel* m, int id) {
    return (ks_span){m->jnt_qposadr[id], POSITIONS[m->jnt_type[id]]};
}

static ks_span joint_velocities(const mjModel* m, int id) {
    return (ks_span){m->jnt_dofadr[id], VELOCITIES[m->jnt_type[id]]};
}

static ks_span every_position(const mjModel* m, int id) {
    (void)id;
    return (ks_span){0, (int)m->nq};
}

static ks_span every_velocity(const mjModel* m, int id) {
    (void)id;
    return (ks_span){0, (int)m->nv};
}

static ks_span controls(const mjModel* m, int id) {
    return (ks_span){m->actuator_ctrladr[id], m->actuator_ctrlnum[id]};
}

static ks_span outputs(const mjModel* m, int id) {
    return (ks_span){m->actuator_outadr[id], m->actuator_outnum[id]};
}

static ks_span activations(const mjModel* m, int id) {
    return (ks_span){m->actuator_actadr[id], m->actuator_actnum[id]};
}

static ks_span readings(const mjModel* m, int id) {
    return (ks_span){m->sensor_adr[id], m->sensor_dim[id]};
}

#define SPAN_OF(name, width)                        \
    static ks_span name(const mjModel* m, int id) { \
        (void)m;                                    \
        return (ks_span){(width)*id, width};        \
    }
SPAN_OF(one, 1)
SPAN_OF(three, 3)
SPAN_OF(four, 4)
SPAN_OF(six, 6)
SPAN_OF(nine, 9)
SPAN_OF(ten, 10)

/* ---- which objects a word makes sense for ------------------------------------------------------------------------ */

static bool has_range(const mjModel* m, int joint) {
    bool scalar = m->jnt_type[joint] == mjJNT_HINGE || m->jnt_type[joint] == mjJNT_SLIDE;
    return scalar && m->jnt_limited[joint] && m->jnt_range[2 * joint] < m->jnt_range[2 * joint + 1];
}

static bool has_activation(const mjModel* m, int actuator) {
    return m->actuator_actnum[actuator] > 0;
}

static bool has_mass(const mjModel* m, int body) {
    return m->body_subtreemass[body] > 0;
}

/* ---- how much numbers vary --------------------------------------------------------------------------------------- */

static void fill(double* size, int count, double each) {
    ks_mujoco_size(&size, count, each);
}

/* Whether a joint lets the robot travel along the ground: a slide that leads somewhere from the world and has no
 * end. */
static bool travels(const mjModel* m, int joint) {
    return m->jnt_type[joint] == mjJNT_SLIDE && !m->jnt_limited[joint] && m->body_parentid[m->jnt_bodyid[joint]] == 0 &&
           fabs(m->jnt_axis[3 * joint + 2]) < 0.5;
}

static void usual_joint_position(const mjModel* m, int joint, double* size) {
    bool is_free = m->jnt_type[joint] == mjJNT_FREE;
    fill(size, POSITIONS[m->jnt_type[joint]], KS_SIZE_POSE);
    fill(size, is_free ? 2 : travels(m, joint), KS_SIZE_TRAVEL);
}

static void usual_joint_change(const mjModel* m, int joint, double* size) {
    bool is_free = m->jnt_type[joint] == mjJNT_FREE;
    fill(size, VELOCITIES[m->jnt_type[joint]], KS_SIZE_POSE);
    fill(size, is_free ? 2 : travels(m, joint), KS_SIZE_TRAVEL);
}

static void usual_joint_velocity(const mjModel* m, int joint, double* size) {
    int type = m->jnt_type[joint];
    fill(size, VELOCITIES[type], KS_SIZE_TURN);
    fill(size, type == mjJNT_FREE ? 3 : type == mjJNT_SLIDE, KS_SIZE_SPEED);
}

static void usual_qpos(const mjModel* m, int id, double* size) {
    (void)id;
    for (int joint = 0; joint < m->njnt; joint++) {
        usual_joint_position(m, joint, size + m->jnt_qposadr[joint]);
    }
}

static void usual_qvel(const mjModel* m, int id, double* size) {
    (void)id;
    for (int joint = 0; joint < m->njnt; joint++) {
        usual_joint_velocity(m, joint, size + m->jnt_dofadr[joint]);
    }
}

/* along the ground, and up */
static void usual_place(const mjModel* m, int id, double* size) {
    (void)m;
    (void)id;
    fill(size, 2, KS_SIZE_TRAVEL);
    fill(size + 2, 1, KS_SIZE_POSE);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

#define DATA(member) offsetof(mjData, member)
#define ALL_JOINTS .of = mjOBJ_JOINT, .without = "all joints"
#define ROOT_BODY .of = mjOBJ_BODY, .without = "the root body"
#define ALL_BODIES .of = mjOBJ_BODY, .without = "all bodies, the world first"
#define ALL_ACTUATORS .of = mjOBJ_ACTUATOR, .without = "all actuators"
#define ALL_TENDONS .of = mjOBJ_TENDON, .without = "all tendons"
#define LIMITED_JOINTS .of = mjOBJ_JOINT, .without = "all hinges and slides with a range"
#define OF_NQ "nq of the joints: 1 a hinge or slide, 4 a ball, 7 a free joint"
#define OF_NV "nv of the joints: 1 a hinge or slide, 3 a ball, 6 a free joint"
#define RANGE .fits = has_range, .trait = "with a range"

const ks_quantity_row ks_quantity_rows[] = {
    /* ---- the state and the joints */
    {.kind = {"qpos", .of = mjOBJ_UNKNOWN, .shape = "nq", .unit = "rad, m", .source = "mjData.qpos",
              .summary = "positions of all joints, in the order of the model", .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_MODEL,
     .span = every_position,
     .array = DATA(qpos),
     .usual = usual_qpos},
    {.kind = {"qvel", .of = mjOBJ_UNKNOWN, .shape = "nv", .unit = "rad/s, m/s", .source = "mjData.qvel",
              .summary = "velocities of all joints, in the order of the model", .usual = KS_SIZE_TURN},
     .scope = KS_SCOPE_MODEL,
     .span = every_velocity,
     .array = DATA(qvel),
     .usual = usual_qvel},
    {.kind = {"time", .of = mjOBJ_UNKNOWN, .shape = "1", .unit = "s", .source = "steps x period",
              .summary = "time since the episode began", .usual = 1},
     .scope = KS_SCOPE_MODEL,
     .span = one,
     .read = ks_read_time},
    {.kind = {"joint_pos", ALL_JOINTS, .shape = OF_NQ, .unit = "rad, m", .source = "mjData.qpos",
              .summary = "positions of joints; a free one is x, y, z and a quaternion", .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ALL,
     .span = joint_positions,
     .array = DATA(qpos),
     .usual = usual_joint_position},
    {.kind = {"joint_pos_rel", ALL_JOINTS, .shape = OF_NV, .unit = "rad, m", .source = "mjData.qpos, mjModel.qpos0",
              .summary =
                  "how far joints are from the rest position of the model; of balls and free joints a rotation vector",
              .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ALL,
     .span = joint_velocities,
     .read = ks_read_joint_pos_rel,
     .usual = usual_joint_change},
    {.kind = {"joint_pos_limit_normalized", LIMITED_JOINTS, .shape = "1", .unit = "",
              .source = "mjData.qpos, mjModel.jnt_range",
              .summary = "where joints are in their ranges: -1 at the lower end, 1 at the upper", .usual = 0.5},
     .scope = KS_SCOPE_ALL,
     RANGE,
     .span = one,
     .read = ks_read_joint_normalized},
    {.kind = {"joint_lower_limit", LIMITED_JOINTS, .shape = "1", .unit = "rad, m", .source = "mjModel.jnt_range",
              .summary = "lower ends of the ranges of joints", .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ALL,
     RANGE,
     .span = one,
     .read = ks_read_joint_lower},
    {.kind = {"joint_upper_limit", LIMITED_JOINTS, .shape = "1", .unit = "rad, m", .source = "mjModel.jnt_range",
              .summary = "upper ends of the ranges of joints", .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ALL,
     RANGE,
     .span = one,
     .read = ks_read_joint_upper},
    {.kind = {"joint_vel", ALL_JOINTS, .shape = OF_NV, .unit = "rad/s, m/s", .source = "mjData.qvel",
              .summary = "velocities of joints; of a free one that of its place in the frame of the world, and its "
                         "rotation in its own",
              .usual = KS_SIZE_TURN},
     .scope = KS_SCOPE_ALL,
     .span = joint_velocities,
     .array = DATA(qvel),
     .usual = usual_joint_velocity},
    {.kind = {"joint_acc", ALL_JOINTS, .shape = OF_NV, .unit = "rad/s^2, m/s^2", .source = "mjData.qacc",
              .summary = "accelerations of joints", .usual = 100, .needs = KS_NEED_FORCES},
     .scope = KS_SCOPE_ALL,
     .span = joint_velocities,
     .array = DATA(qacc)},
    {.kind = {"joint_torque", ALL_JOINTS, .shape = OF_NV, .unit = "N m, N", .source = "mjData.qfrc_actuator",
              .summary = "what actuators exert at joints", .usual = 10, .needs = KS_NEED_FORCES},
     .scope = KS_SCOPE_ALL,
     .span = joint_velocities,
     .array = DATA(qfrc_actuator)},
    {.kind = {"joint_constraint_force", ALL_JOINTS, .shape = OF_NV, .unit = "N m, N",
              .source = "mjData.qfrc_constraint",
              .summary = "what contacts, limits and other constraints exert at joints", .usual = 10,
              .needs = KS_NEED_FORCES},
     .scope = KS_SCOPE_ALL,
     .span = joint_velocities,
     .array = DATA(qfrc_constraint)},
    /* ---- the root body */
    {.kind = {"base_pos", .of = mjOBJ_UNKNOWN, .shape = "3", .unit = "m", .source = "mjData.xpos",
              .summary = "where the origin of the root body is", .usual = KS_SIZE_TRAVEL},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .array = DATA(xpos),
     .usual = usual_place},
    {.kind = {"base_height", .of = mjOBJ_UNKNOWN, .shape = "1", .unit = "m", .source = "mjData.xpos",
              .summary = "how high the origin of the root body is: its z", .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ROOT,
     .span = one,
     .read = ks_read_base_height},
    {.kind = {"base_quat", .of = mjOBJ_UNKNOWN, .shape = "4", .unit = "", .source = "mjData.xquat",
              .summary = "how the root body is turned: a quaternion w, x, y, z", .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ROOT,
     .span = four,
     .array = DATA(xquat)},
    {.kind = {"base_rpy", .of = mjOBJ_UNKNOWN, .shape = "3", .unit = "rad", .source = "mjData.xmat",
              .summary = "roll, pitch and yaw of the root body: turned about x, then y, then z of the world",
              .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_base_rpy},
    {.kind = {"base_lin_vel", .of = mjOBJ_UNKNOWN, .shape = "3", .unit = "m/s", .source = "mjData.cvel",
              .summary = "velocity of the origin of the root body, in its own frame", .usual = KS_SIZE_SPEED},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_base_lin_vel},
    {.kind = {"base_ang_vel", .of = mjOBJ_UNKNOWN, .shape = "3", .unit = "rad/s", .source = "mjData.cvel",
              .summary = "angular velocity of the root body, in its own frame", .usual = KS_SIZE_TURN},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_base_ang_vel},
    {.kind = {"base_lin_vel_w", .of = mjOBJ_UNKNOWN, .shape = "3", .unit = "m/s", .source = "mjData.cvel",
              .summary = "velocity of the origin of the root body, in the frame of the world", .usual = KS_SIZE_SPEED},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_body_lin_vel},
    {.kind = {"base_ang_vel_w", .of = mjOBJ_UNKNOWN, .shape = "3", .unit = "rad/s", .source = "mjData.cvel",
              .summary = "angular velocity of the root body, in the frame of the world", .usual = KS_SIZE_TURN},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_body_ang_vel},
    {.kind = {"base_lin_vel_yaw", .of = mjOBJ_UNKNOWN, .shape = "3", .unit = "m/s", .source = "mjData.cvel",
              .summary =
                  "velocity of the origin of the root body: ahead, to its left, and up, with its heading but level",
              .usual = KS_SIZE_SPEED},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_base_lin_vel_yaw},
    {.kind = {"root_progress_vel", .of = mjOBJ_UNKNOWN, .shape = "3", .unit = "m/s", .source = "mjData.xpos",
              .summary = "way of the origin of the root body over the step, by its time", .usual = KS_SIZE_SPEED},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_root_progress_vel},
    /* ---- bodies */
    {.kind = {"projected_gravity", ROOT_BODY, .shape = "3", .unit = "", .source = "mjOption.gravity, mjData.xmat",
              .summary = "direction of gravity in the frame of a body: 0, 0, -1 where it stands upright",
              .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_projected_gravity},
    {.kind = {"upright", ROOT_BODY, .shape = "1", .unit = "", .source = "mjData.xmat",
              .summary = "how upright a body stands: z of its z axis, 1 upright, 0 lying, -1 on its head",
              .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ROOT,
     .span = one,
     .read = ks_read_upright},
    {.kind = {"heading", ROOT_BODY, .shape = "1", .unit = "rad", .source = "mjData.xmat",
              .summary = "where the x axis of a body points, seen from above: 0 along x, pi/2 along y", .usual = 1},
     .scope = KS_SCOPE_ROOT,
     .span = one,
     .read = ks_read_heading},
    {.kind = {"body_pos", ROOT_BODY, .shape = "3", .unit = "m", .source = "mjData.xpos",
              .summary = "where the origin of a body is", .usual = KS_SIZE_TRAVEL},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .array = DATA(xpos),
     .usual = usual_place},
    {.kind = {"body_quat", ROOT_BODY, .shape = "4", .unit = "", .source = "mjData.xquat",
              .summary = "how a body is turned: a quaternion w, x, y, z", .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ROOT,
     .span = four,
     .array = DATA(xquat)},
    {.kind = {"body_mat", ROOT_BODY, .shape = "9", .unit = "", .source = "mjData.xmat",
              .summary = "how a body is turned: a matrix, row by row", .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ROOT,
     .span = nine,
     .array = DATA(xmat)},
    {.kind = {"body_lin_vel", ROOT_BODY, .shape = "3", .unit = "m/s", .source = "mjData.cvel",
              .summary = "velocity of the origin of a body", .usual = KS_SIZE_SPEED},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_body_lin_vel},
    {.kind = {"body_ang_vel", ROOT_BODY, .shape = "3", .unit = "rad/s", .source = "mjData.cvel",
              .summary = "angular velocity of a body", .usual = KS_SIZE_TURN},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_body_ang_vel},
    {.kind = {"body_lin_acc", ROOT_BODY, .shape = "3", .unit = "m/s^2", .source = "mjData.cacc",
              .summary = "acceleration of the origin of a body: -9.81 along z in free fall", .usual = 10,
              .needs = KS_NEED_FORCES | KS_NEED_RNE},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_body_lin_acc},
    {.kind = {"body_com_pos", ROOT_BODY, .shape = "3", .unit = "m", .source = "mjData.xipos",
              .summary = "where the centre of mass of a body alone is", .usual = KS_SIZE_TRAVEL},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .array = DATA(xipos),
     .usual = usual_place},
    {.kind = {"com_pos", ROOT_BODY, .shape = "3", .unit = "m", .source = "mjData.subtree_com",
              .summary = "where the centre of mass of a body with all that hangs on it is", .usual = KS_SIZE_TRAVEL},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .array = DATA(subtree_com),
     .usual = usual_place},
    {.kind = {"com_lin_vel", ROOT_BODY, .shape = "3", .unit = "m/s", .source = "mjData.cvel, mjModel.body_mass",
              .summary = "velocity of the centre of mass of a body with all that hangs on it", .usual = KS_SIZE_SPEED},
     .scope = KS_SCOPE_ROOT,
     .fits = has_mass,
     .trait = "with mass",
     .span = three,
     .read = ks_read_com_lin_vel},
    {.kind = {"angular_momentum", ROOT_BODY, .shape = "3", .unit = "kg m^2/s", .source = "mjData.subtree_angmom",
              .summary = "angular momentum of a body with all that hangs on it, about their centre of mass", .usual = 1,
              .needs = KS_NEED_SUBTREE_VEL},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .array = DATA(subtree_angmom)},
    {.kind = {"body_contact", ROOT_BODY, .shape = "1", .unit = "", .source = "mjData.contact",
              .summary = "1 where a geom of a body touches something, else 0", .usual = 1},
     .scope = KS_SCOPE_ROOT,
     .span = one,
     .read = ks_read_contact},
    {.kind = {"body_contact_force", ROOT_BODY, .shape = "3", .unit = "N", .source = "mjData.cfrc_ext",
              .summary = "what contacts exert on a body; forces of connect and weld constraints, of spatial tendons "
                         "and from outside are in it",
              .usual = 10, .needs = KS_NEED_FORCES | KS_NEED_RNE},
     .scope = KS_SCOPE_ROOT,
     .span = three,
     .read = ks_read_body_contact_force},
    {.kind = {"contact_forces", ALL_BODIES, .shape = "6", .unit = "N m, N", .source = "mjData.cfrc_ext",
              .summary = "torque about the centre of mass of the whole robot, and force, on a body: as "
                         "body_contact_force, and as Gymnasium observes them",
              .usual = 10, .needs = KS_NEED_FORCES | KS_NEED_RNE},
     .scope = KS_SCOPE_ALL,
     .span = six,
     .array = DATA(cfrc_ext)},
    {.kind = {"cinert", ALL_BODIES, .shape = "10", .unit = "kg m^2, kg m, kg", .source = "mjData.cinert",
              .summary = "inertia and mass about the centre of mass of the whole robot, as Gymnasium observes it",
              .usual = 1},
     .scope = KS_SCOPE_ALL,
     .span = ten,
     .array = DATA(cinert)},
    {.kind = {"cvel", ALL_BODIES, .shape = "6", .unit = "rad/s, m/s", .source = "mjData.cvel",
              .summary =
                  "angular and linear velocity about the centre of mass of the whole robot, as Gymnasium observes it",
              .usual = KS_SIZE_TURN},
     .scope = KS_SCOPE_ALL,
     .span = six,
     .array = DATA(cvel)},
    /* ---- geoms and sites */
    {.kind = {"geom_pos", .of = mjOBJ_GEOM, .shape = "3", .unit = "m", .source = "mjData.geom_xpos",
              .summary = "where the centre of a geom is", .usual = KS_SIZE_TRAVEL},
     .scope = KS_SCOPE_NAMED,
     .span = three,
     .array = DATA(geom_xpos),
     .usual = usual_place},
    {.kind = {"geom_lin_vel", .of = mjOBJ_GEOM, .shape = "3", .unit = "m/s", .source = "mjData.cvel",
              .summary = "velocity of the centre of a geom", .usual = KS_SIZE_SPEED},
     .scope = KS_SCOPE_NAMED,
     .span = three,
     .read = ks_read_geom_lin_vel},
    {.kind = {"geom_contact", .of = mjOBJ_GEOM, .shape = "1", .unit = "", .source = "mjData.contact",
              .summary = "1 where a geom touches something, else 0", .usual = 1},
     .scope = KS_SCOPE_NAMED,
     .span = one,
     .read = ks_read_contact},
    {.kind = {"geom_slip", .of = mjOBJ_GEOM, .shape = "1", .unit = "m/s", .source = "mjData.contact, cvel",
              .summary = "how fast the centre of a geom moves along the ground while it touches something, else 0",
              .usual = KS_SIZE_SPEED},
     .scope = KS_SCOPE_NAMED,
     .span = one,
     .read = ks_read_geom_slip},
    {.kind = {"site_pos", .of = mjOBJ_SITE, .shape = "3", .unit = "m", .source = "mjData.site_xpos",
              .summary = "where a site is", .usual = KS_SIZE_TRAVEL},
     .scope = KS_SCOPE_NAMED,
     .span = three,
     .array = DATA(site_xpos),
     .usual = usual_place},
    {.kind = {"site_mat", .of = mjOBJ_SITE, .shape = "9", .unit = "", .source = "mjData.site_xmat",
              .summary = "how a site is turned: a matrix, row by row", .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_NAMED,
     .span = nine,
     .array = DATA(site_xmat)},
    {.kind = {"site_lin_vel", .of = mjOBJ_SITE, .shape = "3", .unit = "m/s", .source = "mjData.cvel",
              .summary = "velocity of a site", .usual = KS_SIZE_SPEED},
     .scope = KS_SCOPE_NAMED,
     .span = three,
     .read = ks_read_site_lin_vel},
    {.kind = {"site_ang_vel", .of = mjOBJ_SITE, .shape = "3", .unit = "rad/s", .source = "mjData.cvel",
              .summary = "angular velocity of a site", .usual = KS_SIZE_TURN},
     .scope = KS_SCOPE_NAMED,
     .span = three,
     .read = ks_read_site_ang_vel},
    /* ---- actuators, tendons and sensors */
    {.kind = {"ctrl", ALL_ACTUATORS, .shape = "controls of the actuators: most have 1", .unit = "by the actuator",
              .source = "mjData.ctrl", .summary = "what actuators are told", .usual = 1},
     .scope = KS_SCOPE_ALL,
     .span = controls,
     .array = DATA(ctrl)},
    {.kind = {"actuator_force", ALL_ACTUATORS, .shape = "outputs of the actuators: most have 1", .unit = "N, N m",
              .source = "mjData.actuator_force", .summary = "what actuators exert", .usual = 10,
              .needs = KS_NEED_FORCES},
     .scope = KS_SCOPE_ALL,
     .span = outputs,
     .array = DATA(actuator_force)},
    {.kind = {"actuator_length", ALL_ACTUATORS, .shape = "outputs of the actuators: most have 1", .unit = "rad, m",
              .source = "mjData.actuator_length", .summary = "positions of actuators: of the joint times the gear",
              .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ALL,
     .span = outputs,
     .array = DATA(actuator_length)},
    {.kind = {"actuator_vel", ALL_ACTUATORS, .shape = "outputs of the actuators: most have 1", .unit = "rad/s, m/s",
              .source = "mjData.actuator_velocity",
              .summary = "velocities of actuators, so that with the force they give the power", .usual = KS_SIZE_TURN},
     .scope = KS_SCOPE_ALL,
     .span = outputs,
     .array = DATA(actuator_velocity)},
    {.kind = {"activation", .of = mjOBJ_ACTUATOR, .without = "all actuators with an activation",
              .shape = "activations of the actuators", .unit = "by the actuator", .source = "mjData.act",
              .summary = "how far muscles and other actuators with a state of their own are on", .usual = 0.5},
     .scope = KS_SCOPE_ALL,
     .fits = has_activation,
     .trait = "with an activation",
     .span = activations,
     .array = DATA(act)},
    {.kind = {"tendon_length", ALL_TENDONS, .shape = "1", .unit = "m, rad", .source = "mjData.ten_length",
              .summary = "lengths of tendons", .usual = KS_SIZE_POSE},
     .scope = KS_SCOPE_ALL,
     .span = one,
     .array = DATA(ten_length)},
    {.kind = {"tendon_vel", ALL_TENDONS, .shape = "1", .unit = "m/s, rad/s", .source = "mjData.ten_velocity",
              .summary = "how fast tendons get longer", .usual = KS_SIZE_SPEED},
     .scope = KS_SCOPE_ALL,
     .span = one,
     .array = DATA(ten_velocity)},
    {.kind = {"sensor", .of = mjOBJ_SENSOR, .without = "all sensors", .shape = "dim of the sensors",
              .unit = "by the sensor", .source = "mjData.sensordata", .summary = "readings of sensors", .usual = 1},
     .scope = KS_SCOPE_ALL,
     .span = readings,
     .array = DATA(sensordata)},
};
const size_t ks_quantity_num_rows = sizeof ks_quantity_rows / sizeof *ks_quantity_rows;
