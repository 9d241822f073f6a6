/* What may be changed of a model: first how each word is bound to an object, then the table. What is safe to change,
 * and what follows from it, is in MuJoCo's manual, chapter Simulation, "mjModel changes". */
#include "envs/dynamics_words.h"

#include "base/elementary_double.h"

#include <math.h>

static void add_signed(const ks_binding* b, ks_field field, int at, double sign) {
    ks_dynamics* change = b->change;
    int number = change->each ? change->num_objects : 0; /* how many are bound so far */
    change->cells[change->num_cells++] = (ks_cell){.field = field, .at = at, .number = number, .sign = sign};
}

static void add_cells(const ks_binding* b, ks_field field, int at, int count) {
    for (int i = 0; i < count; i++) {
        add_signed(b, field, at + i, 1);
    }
}

static bool all_zero(const double* x, int count) {
    for (int i = 0; i < count; i++) {
        if (x[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool is_factor(const ks_binding* b) {
    return b->change->mode == KS_DYNAMICS_FACTOR;
}

/* Whether what is zero is left alone: a factor would change nothing, and what was not named has none on purpose. */
static bool passes_over(const ks_binding* b, bool is_zero) {
    return is_zero && (is_factor(b) || !b->asked);
}

/* ---- bodies ------------------------------------------------------------------------------------------------------ */

enum { ALL = 3 }; /* axes, beside 0, 1, 2 for one of them */

/* NULL if a body moves and has mass; also binds `mass`, which has an act of its own */
static const char* bind_mass(const ks_binding* b) {
    return b->m->body_treeid[b->id] < 0 ? "does not move" : b->m->body_mass[b->id] > 0 ? NULL : "has no mass";
}

/* the inertia as of a body of the same shape and another density */
static void act_mass(const ks_dynamics* change, mjModel* m, const double* numbers) {
    for (int k = 0; k < change->num_objects; k++) {
        int body = change->objects[k].id;
        double number = numbers[change->each ? k : 0];
        double old = m->body_mass[body];
        double ratio = number;
        if (change->mode == KS_DYNAMICS_FACTOR) {
            m->body_mass[body] = old * number;
        } else {
            m->body_mass[body] = change->mode == KS_DYNAMICS_VALUE ? number : old + number;
            ratio = m->body_mass[body] / old;
        }
        for (int i = 0; i < 3; i++) {
            m->body_inertia[3 * body + i] *= ratio;
        }
    }
}

/* The inertia stays: for a payload that is a lump where the centre of mass is. */
static const char* bind_mass_only(const ks_binding* b) {
    add_cells(b, KS_FIELD_body_mass, b->id, 1);
    return bind_mass(b);
}

static const char* bind_inertia(const ks_binding* b) {
    int at = 3 * b->id + (b->which == ALL ? 0 : b->which);
    int count = b->which == ALL ? 3 : 1;
    add_cells(b, KS_FIELD_body_inertia, at, count);
    const char* why = bind_mass(b);
    return why ? why : all_zero(b->m->body_inertia + at, count) ? "has no inertia" : NULL;
}

/* mj_setConst fails if the centre of mass of a simple body, whose mass matrix is diagonal, leaves the body's origin. */
static const char* bind_com(const ks_binding* b) {
    add_cells(b, KS_FIELD_body_ipos, 3 * b->id + b->which, 1);
    const char* why = bind_mass(b);
    return why                        ? why
           : b->m->body_simple[b->id] ? "is a simple body to MuJoCo; write simple=\"false\" in its <body>"
                                      : NULL;
}

/* ---- geoms ------------------------------------------------------------------------------------------------------- */

static const char* bind_friction(const ks_binding* b) {
    int at = 3 * b->id + b->which;
    if (b->m->geom_contype[b->id] == 0 && b->m->geom_conaffinity[b->id] == 0) {
        return "touches nothing";
    }
    add_cells(b, KS_FIELD_geom_friction, at, 1);
    return is_factor(b) && b->m->geom_friction[at] == 0 ? "has no such friction" : NULL;
}

/* ---- joints and tendons ------------------------------------------------------------------------------------------ */

/* count coefficients from `at`; false if they are to be passed over */
static bool bind_coefficients(const ks_binding* b, ks_field field, const double* linear, int at, int count) {
    add_cells(b, field, at, count);
    return !passes_over(b, all_zero(linear + at, count));
}

/* The same with those of higher powers (mjNPOLY each), which only a factor changes. */
static bool bind_polynomial(const ks_binding* b, ks_field field, const double* linear, ks_field powers,
                            const double* higher, int at, int count) {
    bool any = !all_zero(higher + mjNPOLY * at, mjNPOLY * count);
    if (is_factor(b)) {
        add_cells(b, powers, mjNPOLY * at, mjNPOLY * count);
    }
    return bind_coefficients(b, field, linear, at, count) || any;
}

static int dofs_of(const mjModel* m, int joint) {
    return m->jnt_type[joint] == mjJNT_FREE ? 6 : m->jnt_type[joint] == mjJNT_BALL ? 3 : 1;
}

static const char* bind_damping(const ks_binding* b) {
    const mjModel* m = b->m;
    bool bound = bind_polynomial(b, KS_FIELD_dof_damping, m->dof_damping, KS_FIELD_dof_dampingpoly, m->dof_dampingpoly,
                                 m->jnt_dofadr[b->id], dofs_of(m, b->id));
    return bound ? NULL : "has no damping";
}

static const char* bind_armature(const ks_binding* b) {
    const mjModel* m = b->m;
    bool bound = bind_coefficients(b, KS_FIELD_dof_armature, m->dof_armature, m->jnt_dofadr[b->id], dofs_of(m, b->id));
    return bound ? NULL : "has no armature";
}

static const char* bind_frictionloss(const ks_binding* b) {
    const mjModel* m = b->m;
    bool bound =
        bind_coefficients(b, KS_FIELD_dof_frictionloss, m->dof_frictionloss, m->jnt_dofadr[b->id], dofs_of(m, b->id));
    return bound ? NULL : "has no frictionloss";
}

static const char* bind_stiffness(const ks_binding* b) {
    const mjModel* m = b->m;
    bool bound = bind_polynomial(b, KS_FIELD_jnt_stiffness, m->jnt_stiffness, KS_FIELD_jnt_stiffnesspoly,
                                 m->jnt_stiffnesspoly, b->id, 1);
    return bound ? NULL : "has no stiffness";
}

static const char* bind_tendon_stiffness(const ks_binding* b) {
    const mjModel* m = b->m;
    bool bound = bind_polynomial(b, KS_FIELD_tendon_stiffness, m->tendon_stiffness, KS_FIELD_tendon_stiffnesspoly,
                                 m->tendon_stiffnesspoly, b->id, 1);
    return bound ? NULL : "has no stiffness";
}

static const char* bind_tendon_damping(const ks_binding* b) {
    const mjModel* m = b->m;
    bool bound = bind_polynomial(b, KS_FIELD_tendon_damping, m->tendon_damping, KS_FIELD_tendon_dampingpoly,
                                 m->tendon_dampingpoly, b->id, 1);
    return bound ? NULL : "has no damping";
}

/* ---- motors ------------------------------------------------------------------------------------------------------ */

static bool on_joint(const mjModel* m, int actuator) {
    return m->actuator_trntype[actuator] == mjTRN_JOINT || m->actuator_trntype[actuator] == mjTRN_JOINTINPARENT;
}

static bool on_tendon(const mjModel* m, int actuator) {
    return m->actuator_trntype[actuator] == mjTRN_TENDON;
}

/* whether it is the only one on its joint or tendon */
static bool alone(const mjModel* m, int actuator) {
    for (int a = 0; a < m->nactuator; a++) {
        bool alike = (on_joint(m, a) && on_joint(m, actuator)) || (on_tendon(m, a) && on_tendon(m, actuator));
        if (a != actuator && alike && m->actuator_trnid[2 * a] == m->actuator_trnid[2 * actuator]) {
            return false;
        }
    }
    return true;
}

/* The limits of its force: its own, and that of the joint or tendon that it alone is on. False if there are none. */
static bool add_limits(const ks_binding* b) {
    const mjModel* m = b->m;
    int target = m->actuator_trnid[2 * b->id];
    bool own = m->actuator_forcelimited[b->id];
    bool of_joint = on_joint(m, b->id) && m->jnt_actfrclimited[target] && alone(m, b->id);
    bool of_tendon = on_tendon(m, b->id) && m->tendon_actfrclimited[target] && alone(m, b->id);
    add_cells(b, KS_FIELD_actuator_forcerange, 2 * b->id, own ? 2 : 0);
    add_cells(b, KS_FIELD_jnt_actfrcrange, 2 * target, of_joint ? 2 : 0);
    add_cells(b, KS_FIELD_tendon_actfrcrange, 2 * target, of_tendon ? 2 : 0);
    return own || of_joint || of_tendon;
}

static const char* bind_limit(const ks_binding* b) {
    return add_limits(b) ? NULL : "has no limit of its force";
}

/* a muscle's peak force, or what it is computed from: force < 0 means scale / acc0 */
static int peak_of_muscle(const double* prm) {
    return prm[2] < 0 ? 3 : 2;
}

/* false if its force has no simple scale */
static bool add_gain(const ks_binding* b) {
    const int at = mjNGAIN * b->id;
    switch (b->m->actuator_gaintype[b->id]) {
        case mjGAIN_FIXED:
        case mjGAIN_SO3:
        case mjGAIN_PID: /* ki; the bias has kp and kv */
            add_cells(b, KS_FIELD_actuator_gainprm, at, 1);
            return true;
        case mjGAIN_AFFINE:
            add_cells(b, KS_FIELD_actuator_gainprm, at, 3);
            return true;
        case mjGAIN_MUSCLE:
            add_cells(b, KS_FIELD_actuator_gainprm, at + peak_of_muscle(b->m->actuator_gainprm + at), 1);
            return true;
        default:
            return false;
    }
}

static bool add_bias(const ks_binding* b) {
    const int at = mjNBIAS * b->id;
    switch (b->m->actuator_biastype[b->id]) {
        case mjBIAS_NONE:
            return true;
        case mjBIAS_AFFINE:
        case mjBIAS_SO3:
            add_cells(b, KS_FIELD_actuator_biasprm, at, 3);
            return true;
        case mjBIAS_MUSCLE:
            add_cells(b, KS_FIELD_actuator_biasprm, at + peak_of_muscle(b->m->actuator_biasprm + at), 1);
            return true;
        default:
            return false;
    }
}

/* Everything that its force is a sum of, and its limits, so that at every state and control it is the number times
 * what it was. */
static const char* bind_strength(const ks_binding* b) {
    bool is_pid = b->m->actuator_gaintype[b->id] == mjGAIN_PID;
    if (is_pid && (b->m->actuator_ctrlspec[b->id] & mjINPUT_FF)) {
        return "adds its input ff as it is, which no gain scales";
    }
    if (!add_gain(b) || !add_bias(b)) {
        return "is a DC motor or a user's own, whose force has no simple scale";
    }
    add_limits(b);
    return NULL;
}

/* Adds the feedback gain biasprm[which] (-kp or -kv), with the gain of the setpoint where that is the same number:
 * force = kp u - kp x. A PID multiplies its setpoints by kp and kv of the bias; its gainprm is ki. */
static void add_feedback(const ks_binding* b) {
    const double* gain = b->m->actuator_gainprm + mjNGAIN * b->id;
    const double* bias = b->m->actuator_biasprm + mjNBIAS * b->id;
    bool of_setpoint = b->which == 1 || bias[1] == 0; /* a position servo's, or a velocity servo's */
    bool is_pid = b->m->actuator_gaintype[b->id] == mjGAIN_PID;
    add_signed(b, KS_FIELD_actuator_biasprm, mjNBIAS * b->id + b->which, -1);
    if (!is_pid && of_setpoint && gain[0] == -bias[b->which]) {
        add_signed(b, KS_FIELD_actuator_gainprm, mjNGAIN * b->id, 1);
    }
}

static const char* bind_feedback(const ks_binding* b) {
    int gain = b->m->actuator_gaintype[b->id];
    int bias = b->m->actuator_biastype[b->id];
    double now = b->m->actuator_biasprm[mjNBIAS * b->id + b->which];
    bool is_servo = bias == mjBIAS_SO3 || (bias == mjBIAS_AFFINE && (gain == mjGAIN_FIXED || gain == mjGAIN_PID));
    if (!is_servo || (b->which == 1 && now == 0)) {
        return b->which == 1 ? "is no position servo" : "is no servo";
    }
    if (passes_over(b, now == 0)) {
        return "has no kv";
    }
    add_feedback(b);
    return NULL;
}

static bool has_one_axis(const mjModel* m, int actuator) {
    int type = m->actuator_trntype[actuator];
    int joint = on_joint(m, actuator) ? m->jnt_type[m->actuator_trnid[2 * actuator]] : -1;
    return joint == mjJNT_HINGE || joint == mjJNT_SLIDE || type == mjTRN_TENDON || type == mjTRN_SLIDERCRANK;
}

/* A muscle's range of lengths is of lengths with gear, and mj_setConst does not compute it anew. */
static const char* bind_gear(const ks_binding* b) {
    const int out = b->m->actuator_outadr[b->id];
    if (b->m->actuator_trntype[b->id] == mjTRN_BODY || b->m->actuator_outnum[b->id] != 1) {
        return "has no gear";
    }
    if (is_factor(b)) {
        add_cells(b, KS_FIELD_actuator_gear, 6 * out, 6);
        add_cells(b, KS_FIELD_actuator_lengthrange, 2 * out, 2);
        return NULL;
    }
    if (b->m->actuator_gaintype[b->id] == mjGAIN_MUSCLE) {
        return "is a muscle, whose gear only a factor changes";
    }
    add_cells(b, KS_FIELD_actuator_gear, 6 * out, 1);
    return has_one_axis(b->m, b->id) ? NULL : "has a gear of several numbers, which only a factor changes";
}

static const char* bind_lost(const ks_binding* b) {
    b->change->picks = true;
    return NULL;
}

/* A limit of 0 makes the force of every type of actuator 0, and takes what depends on velocity out of implicit
 * integration. What an actuator passively adds to its joint (damping, armature) stays. */
static void act_lost(const ks_dynamics* change, mjModel* m, const double* numbers) {
    int which = (int)floor(numbers[0] + 0.5);
    if (which >= 0 && which < change->num_objects) {
        int actuator = change->objects[which].id;
        m->actuator_forcelimited[actuator] = 1;
        mju_zero(m->actuator_forcerange + 2 * actuator, 2);
    }
}

/* ---- the world --------------------------------------------------------------------------------------------------- */

static const char* bind_gravity(const ks_binding* b) {
    add_cells(b, KS_FIELD_gravity, is_factor(b) ? 0 : 2, is_factor(b) ? 3 : 1);
    return is_factor(b) && all_zero(b->m->opt.gravity, 3) ? "is 0 in this model" : NULL;
}

static const char* bind_wind(const ks_binding* b) {
    add_cells(b, KS_FIELD_wind, b->which, 1);
    return NULL;
}

static const char* bind_density(const ks_binding* b) {
    add_cells(b, KS_FIELD_density, 0, 1);
    return is_factor(b) && b->m->opt.density == 0 ? "is 0 in this model" : NULL;
}

static const char* bind_viscosity(const ks_binding* b) {
    add_cells(b, KS_FIELD_viscosity, 0, 1);
    return is_factor(b) && b->m->opt.viscosity == 0 ? "is 0 in this model" : NULL;
}

static const char* bind_slope(const ks_binding* b) {
    (void)b;
    return NULL;
}

/* Sine and cosine of an angle in degrees; whole quarter turns are exact. */
static void sine_cosine(double* sine, double* cosine, double degrees) {
    double quarters = floor(degrees / 90 + 0.5);
    double x = (degrees - 90 * quarters) * (3.14159265358979323846 / 180);
    int quarter = (int)(quarters - 4 * floor(quarters / 4));
    double s = ks_double_sin(x), c = ks_double_cos(x);
    double a = quarter & 1 ? c : s, b = quarter & 1 ? s : c;
    *sine = quarter & 2 ? -a : a;
    *cosine = (quarter + 1) & 2 ? -b : b;
}

/* Turns gravity, in place of the ground, from axis j towards axis i. */
static void turn_gravity(mjModel* m, int i, int j, double degrees) {
    double* g = m->opt.gravity;
    double sine, cosine;
    sine_cosine(&sine, &cosine, degrees);
    double turned = cosine * g[i] + sine * g[j];
    g[j] = cosine * g[j] - sine * g[i];
    g[i] = turned;
}

static void act_slope(const ks_dynamics* change, mjModel* m, const double* numbers) {
    (void)change;
    turn_gravity(m, 0, 2, numbers[0]);
}

static void act_slope_direction(const ks_dynamics* change, mjModel* m, const double* numbers) {
    (void)change;
    turn_gravity(m, 1, 0, numbers[0]);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

enum { F = 1 << KS_DYNAMICS_FACTOR, V = 1 << KS_DYNAMICS_VALUE, A = 1 << KS_DYNAMICS_ADDED };

/* Limits by mode: factor, value, added; the lowest, then the highest. What moves must have mass and inertia. */
#define HEAVY          \
    {1e-3, 1e-6, 0}, { \
        1e3, 1e6, 1e6  \
    }
#define SOME          \
    {0, 0, 0}, {      \
        1e3, 1e6, 1e6 \
    }
#define WITHIN(limit)          \
    {0, -(limit), -(limit)}, { \
        0, (limit), (limit)    \
    }

/* clang-format off */
const ks_dynamics_word ks_dynamics_words[] = {
    {{"mass", mjOBJ_BODY, "kg", "body_mass, body_inertia",
      "mass of bodies; their inertia goes along", F | V | A, HEAVY}, bind_mass, 0, act_mass},
    {{"mass_only", mjOBJ_BODY, "kg", "body_mass",
      "mass of bodies whose inertia stays as it is", F | V, HEAVY}, bind_mass_only, 0, NULL},
    {{"inertia", mjOBJ_BODY, "", "body_inertia",
      "inertia of bodies about all their axes", F, HEAVY}, bind_inertia, ALL, NULL},
    {{"inertia_x", mjOBJ_BODY, "", "body_inertia[0]",
      "inertia about a body's first principal axis", F, HEAVY}, bind_inertia, 0, NULL},
    {{"inertia_y", mjOBJ_BODY, "", "body_inertia[1]",
      "inertia about a body's second principal axis", F, HEAVY}, bind_inertia, 1, NULL},
    {{"inertia_z", mjOBJ_BODY, "", "body_inertia[2]",
      "inertia about a body's third principal axis", F, HEAVY}, bind_inertia, 2, NULL},
    {{"com_x", mjOBJ_BODY, "m", "body_ipos[0]",
      "shift of a body's center of mass along its x", A, WITHIN(10)}, bind_com, 0, NULL},
    {{"com_y", mjOBJ_BODY, "m", "body_ipos[1]",
      "shift of a body's center of mass along its y", A, WITHIN(10)}, bind_com, 1, NULL},
    {{"com_z", mjOBJ_BODY, "m", "body_ipos[2]",
      "shift of a body's center of mass along its z", A, WITHIN(10)}, bind_com, 2, NULL},
    {{"payload", mjOBJ_BODY, "kg", "body_mass",
      "a lump at the center of mass of a body; the root's if none is named", A, SOME}, bind_mass_only, 0, NULL},

    {{"friction", mjOBJ_GEOM, "", "geom_friction[0]",
      "sliding friction of geoms; where two touch, the larger one counts", F | V, SOME}, bind_friction, 0, NULL},
    {{"friction_torsional", mjOBJ_GEOM, "m", "geom_friction[1]",
      "friction against turning on the spot, where condim is 4 or 6", F | V, SOME}, bind_friction, 1, NULL},
    {{"friction_rolling", mjOBJ_GEOM, "m", "geom_friction[2]",
      "friction against rolling, where condim is 6", F | V, SOME}, bind_friction, 2, NULL},

    {{"damping", mjOBJ_JOINT, "N s/m, N m s/rad", "dof_damping",
      "damping of joints", F | V, SOME}, bind_damping, 0, NULL},
    {{"armature", mjOBJ_JOINT, "kg, kg m²", "dof_armature",
      "inertia of joints that comes from what turns in their motors", F | V | A, SOME}, bind_armature, 0, NULL},
    {{"stiffness", mjOBJ_JOINT, "N/m, N m/rad", "jnt_stiffness",
      "stiffness of the springs in joints", F | V, SOME}, bind_stiffness, 0, NULL},
    {{"frictionloss", mjOBJ_JOINT, "N, N m", "dof_frictionloss",
      "dry friction of joints", F | V, SOME}, bind_frictionloss, 0, NULL},
    {{"tendon_stiffness", mjOBJ_TENDON, "N/m", "tendon_stiffness",
      "stiffness of tendons", F | V, SOME}, bind_tendon_stiffness, 0, NULL},
    {{"tendon_damping", mjOBJ_TENDON, "N s/m", "tendon_damping",
      "damping of tendons", F | V, SOME}, bind_tendon_damping, 0, NULL},

    {{"gear", mjOBJ_ACTUATOR, "", "actuator_gear",
      "gear of actuators: more force and less way, or less and more", F | V, {1e-3, -1e6, 0}, {1e3, 1e6, 0}},
     bind_gear, 0, NULL},
    {{"motor_strength", mjOBJ_ACTUATOR, "", "actuator_gainprm, biasprm, forcerange",
      "force of actuators, and its limits, at every state and control", F, SOME}, bind_strength, 0, NULL},
    {{"motor_gain", mjOBJ_ACTUATOR, "N/m, N m/rad", "actuator_gainprm, biasprm[1]",
      "kp of position servos; the limits of their force stay", F | V, SOME}, bind_feedback, 1, NULL},
    {{"motor_damping", mjOBJ_ACTUATOR, "N s/m, N m s/rad", "actuator_gainprm, biasprm[2]",
      "kv of position and velocity servos", F | V, SOME}, bind_feedback, 2, NULL},
    {{"motor_limit", mjOBJ_ACTUATOR, "", "actuator_forcerange",
      "limits of the force of actuators", F, SOME}, bind_limit, 0, NULL},
    {{"lost_motor", mjOBJ_ACTUATOR, "", "actuator_forcelimited, forcerange",
      "which of the actuators, from 0 on, gives no force; -1: none", V, WITHIN(1e6)}, bind_lost, 0, act_lost},

    {{"gravity", mjOBJ_UNKNOWN, "m/s²", "opt.gravity",
      "gravity along z, negative as it pulls down; a factor scales all of it", F | V, {0, -1e3, 0}, {1e3, 0, 0}},
     bind_gravity, 0, NULL},
    {{"slope", mjOBJ_UNKNOWN, "degrees", "opt.gravity",
      "slope of the ground, uphill along x: gravity is tilted instead", V, WITHIN(89)}, bind_slope, 0, act_slope},
    {{"slope_direction", mjOBJ_UNKNOWN, "degrees", "opt.gravity",
      "where a slope goes uphill, from x towards y", V, WITHIN(360)}, bind_slope, 0, act_slope_direction},
    {{"wind_x", mjOBJ_UNKNOWN, "m/s", "opt.wind[0]",
      "wind along x, which pushes where there is density or viscosity", V, WITHIN(1e3)}, bind_wind, 0, NULL},
    {{"wind_y", mjOBJ_UNKNOWN, "m/s", "opt.wind[1]",
      "wind along y, which pushes where there is density or viscosity", V, WITHIN(1e3)}, bind_wind, 1, NULL},
    {{"density", mjOBJ_UNKNOWN, "kg/m³", "opt.density",
      "density of the medium: air 1.2, water 1000", F | V, SOME}, bind_density, 0, NULL},
    {{"viscosity", mjOBJ_UNKNOWN, "kg/(m s)", "opt.viscosity",
      "viscosity of the medium: air 2e-5, water 1e-3", F | V, SOME}, bind_viscosity, 0, NULL},
};
/* clang-format on */

const size_t ks_dynamics_num_words = sizeof ks_dynamics_words / sizeof ks_dynamics_words[0];
