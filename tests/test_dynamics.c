/* What differs between tasks in a model: every word beside the change of fields made by hand, what must then be so in
 * the physics, and that numbers alone decide: not what was applied before, nor in what state the world is. */
#include "dynamics_support.h"

#include <stdio.h>
#include <stdlib.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
enum { FACTOR = KS_DYNAMICS_FACTOR, VALUE = KS_DYNAMICS_VALUE, ADDED = KS_DYNAMICS_ADDED };

/* ---- every word by hand ------------------------------------------------------------------------------------------ */

static void scale(double* x, int n, double factor) {
    for (int i = 0; i < n; i++) {
        x[i] *= factor;
    }
}

/* by its index and not its name: the toy, the half-cheetah, the ant */
enum { IN_TOY, IN_CHEETAH, IN_ANT };

typedef struct by_hand {
    int line;
    int model;
    const char *word, *object; /* NULL: all that it is for */
    int mode;
    double number;
    void (*edit)(mjModel* m, double x);
} by_hand;

/* what a test of the table changes is one line each */
#define EDIT(name, ...)                      \
    static void name(mjModel* m, double x) { \
        (void)m;                             \
        (void)x;                             \
        __VA_ARGS__;                         \
    }

/* clang-format off */
EDIT(nothing)
EDIT(mass_factor, m->body_mass[body(m, "arm")] *= x; scale(m->body_inertia + 3 * body(m, "arm"), 3, x))
EDIT(mass_value, scale(m->body_inertia + 3 * body(m, "arm"), 3, x / m->body_mass[body(m, "arm")]);
                 m->body_mass[body(m, "arm")] = x)
EDIT(mass_added, double* mass = &m->body_mass[body(m, "ball")];
                 scale(m->body_inertia + 3 * body(m, "ball"), 3, (*mass + x) / *mass); *mass += x)
EDIT(mass_all, scale(m->body_mass + 1, (int)m->nbody - 1, x); scale(m->body_inertia + 3, 3 * ((int)m->nbody - 1), x))
EDIT(mass_only, m->body_mass[body(m, "torso")] *= x)
EDIT(inertia, scale(m->body_inertia + 3 * body(m, "torso"), 3, x))
EDIT(inertia_x, m->body_inertia[3 * body(m, "hand") + 0] *= x)
EDIT(inertia_y, m->body_inertia[3 * body(m, "hand") + 1] *= x)
EDIT(inertia_z, m->body_inertia[3 * body(m, "hand") + 2] *= x)
EDIT(com_x, m->body_ipos[3 * body(m, "free") + 0] += x)
EDIT(com_y, m->body_ipos[3 * body(m, "torso") + 1] += x)
EDIT(com_z, m->body_ipos[3 * body(m, "torso") + 2] += x)
EDIT(payload_root, m->body_mass[1] += x)
EDIT(payload_hand, m->body_mass[body(m, "hand")] += x)
EDIT(friction_ball, m->geom_friction[3 * geom(m, "ball")] = x)
EDIT(friction_all, for (int i = 0; i < m->ngeom; i++) m->geom_friction[3 * i] *= x)
EDIT(torsional, m->geom_friction[3 * geom(m, "ball") + 1] *= x)
EDIT(rolling, m->geom_friction[3 * geom(m, "ball") + 2] = x)
EDIT(damping_hip, m->dof_damping[dof(m, "hip")] *= x; scale(m->dof_dampingpoly + mjNPOLY * dof(m, "hip"), mjNPOLY, x))
EDIT(damping_value, m->dof_damping[dof(m, "hip")] = x)
EDIT(damping_ball, mju_fill(m->dof_damping + dof(m, "shoulder"), x, 3))
EDIT(damping_all, scale(m->dof_damping + 3, 6, x))
EDIT(damping_set, mju_fill(m->dof_damping + 3, x, 6))
EDIT(armature_added, m->dof_armature[dof(m, "hip")] += x)
EDIT(armature_root, mju_fill(m->dof_armature + dof(m, "root"), x, 6))
EDIT(armature_all, scale(m->dof_armature + 3, 6, x))
EDIT(stiffness, scale(m->jnt_stiffness, (int)m->njnt, x))
EDIT(stiffness_value, m->jnt_stiffness[joint(m, "hip")] = x)
EDIT(frictionloss, m->dof_frictionloss[dof(m, "slide")] *= x)
EDIT(frictionloss_new, m->dof_frictionloss[dof(m, "hip")] = x)
EDIT(tendon_stiff, m->tendon_stiffness[0] *= x; scale(m->tendon_stiffnesspoly, mjNPOLY, x))
EDIT(tendon_stiff_new, m->tendon_stiffness[tendon(m, "both")] = x)
EDIT(tendon_damp, m->tendon_damping[tendon(m, "string")] = x)
EDIT(gear_value, gear(m, "elbow")[0] = x)
EDIT(gear_all, scale(m->actuator_gear, 6 * (int)m->nout, x); scale(m->actuator_lengthrange, 2 * (int)m->nout, x))
EDIT(gear_muscle, scale(gear(m, "muscle"), 6, x);
                  scale(m->actuator_lengthrange + 2 * m->actuator_outadr[motor(m, "muscle")], 2, x))
EDIT(gear_site, scale(gear(m, "thrust"), 6, x))
EDIT(strength_motor, gain(m, "elbow")[0] *= x)
EDIT(strength_position, gain(m, "hip")[0] *= x; scale(bias(m, "hip"), 3, x); scale(limits(m, "hip"), 2, x);
                        scale(m->jnt_actfrcrange + 2 * joint(m, "hip"), 2, x))
EDIT(strength_shared, gain(m, "slide")[0] *= x; bias(m, "slide")[2] *= x)
EDIT(strength_tendon, gain(m, "pull")[0] *= x; scale(m->tendon_actfrcrange + 2 * tendon(m, "string"), 2, x))
EDIT(strength_muscle, gain(m, "muscle")[3] *= x; bias(m, "muscle")[3] *= x)
EDIT(strength_damper, gain(m, "damper")[2] *= x)
EDIT(strength_all, for (int i = 0; i < m->nu; i++) m->actuator_gainprm[mjNGAIN * i] *= x)
EDIT(kp_factor, gain(m, "hip")[0] *= x; bias(m, "hip")[1] *= x)
EDIT(kp_value, gain(m, "hip")[0] = x; bias(m, "hip")[1] = -x)
EDIT(kp_pid, bias(m, "pid")[1] = -x)
EDIT(kp_turn, gain(m, "turn")[0] *= x; bias(m, "turn")[1] *= x)
EDIT(kv_position, bias(m, "hip")[2] *= x)
EDIT(kv_velocity, gain(m, "slide")[0] = x; bias(m, "slide")[2] = -x)
EDIT(kv_new, bias(m, "integrated")[2] = -x)
EDIT(kv_turn, bias(m, "turn")[2] *= x)
EDIT(limit_all, scale(limits(m, "hip"), 2, x); scale(limits(m, "turn"), 2, x);
                scale(m->jnt_actfrcrange + 2 * joint(m, "hip"), 2, x); scale(m->tendon_actfrcrange, 2, x))
EDIT(lost, m->actuator_forcelimited[motor(m, "ankle_1")] = 1; mju_zero(limits(m, "ankle_1"), 2))
EDIT(gravity_factor, scale(m->opt.gravity, 3, x))
EDIT(gravity_value, m->opt.gravity[2] = x)
EDIT(wind_x, m->opt.wind[0] = x)
EDIT(wind_y, m->opt.wind[1] = x)
EDIT(density, m->opt.density = x)
EDIT(density_factor, m->opt.density *= x)
EDIT(viscosity, m->opt.viscosity = x)
/* clang-format on */

#define T __LINE__, IN_TOY
#define C __LINE__, IN_CHEETAH
#define Q __LINE__, IN_ANT
static const by_hand BY_HAND[] = {
    {T, "mass", "arm", FACTOR, 1.7, mass_factor},
    {T, "mass", "arm", VALUE, 2.5, mass_value},
    {T, "mass", "ball", ADDED, 0.4, mass_added},
    {C, "mass", NULL, FACTOR, 0.3, mass_all},
    {Q, "mass", NULL, FACTOR, 3.3, mass_all},
    {C, "mass_only", "torso", FACTOR, 2, mass_only},
    {Q, "inertia", "torso", FACTOR, 2, inertia},
    {T, "inertia_x", "hand", FACTOR, 3, inertia_x},
    {T, "inertia_y", "hand", FACTOR, 3, inertia_y},
    {T, "inertia_z", "hand", FACTOR, 3, inertia_z},
    {T, "com_x", "free", ADDED, 0.02, com_x},
    {Q, "com_y", "torso", ADDED, -0.05, com_y},
    {C, "com_z", "torso", ADDED, 0.05, com_z},
    {C, "payload", NULL, ADDED, 4, payload_root},
    {T, "payload", "hand", ADDED, 0.2, payload_hand},
    {T, "friction", "ball", VALUE, 0.2, friction_ball},
    {Q, "friction", NULL, FACTOR, 0.5, friction_all},
    {T, "friction_torsional", "ball", FACTOR, 2, torsional},
    {T, "friction_rolling", "ball", VALUE, 0.01, rolling},
    {T, "damping", "hip", FACTOR, 2, damping_hip},
    {T, "damping", "hip", VALUE, 3, damping_value},
    {T, "damping", "shoulder", VALUE, 3, damping_ball},
    {C, "damping", NULL, FACTOR, 0.4, damping_all},
    {C, "damping", NULL, VALUE, 2, damping_set},
    {T, "armature", "hip", ADDED, 0.3, armature_added},
    {T, "armature", "root", VALUE, 0.3, armature_root},
    {C, "armature", NULL, FACTOR, 2, armature_all},
    {C, "stiffness", NULL, FACTOR, 0.5, stiffness},
    {T, "stiffness", "hip", VALUE, 5, stiffness_value},
    {T, "frictionloss", "slide", FACTOR, 4, frictionloss},
    {T, "frictionloss", "hip", VALUE, 0.7, frictionloss_new},
    {T, "tendon_stiffness", NULL, FACTOR, 0.7, tendon_stiff},
    {T, "tendon_stiffness", "both", VALUE, 0.7, tendon_stiff_new},
    {T, "tendon_damping", "string", VALUE, 0.7, tendon_damp},
    {T, "gear", "elbow", VALUE, -5, gear_value},
    {Q, "gear", NULL, FACTOR, 0.5, gear_all},
    {T, "gear", "muscle", FACTOR, 0.5, gear_muscle},
    {T, "gear", "thrust", FACTOR, 0.5, gear_site},
    {T, "motor_strength", "elbow", FACTOR, 0.5, strength_motor},
    {T, "motor_strength", "hip", FACTOR, 0.5, strength_position},
    {T, "motor_strength", "slide", FACTOR, 0.5, strength_shared},
    {T, "motor_strength", "pull", FACTOR, 0.5, strength_tendon},
    {T, "motor_strength", "muscle", FACTOR, 0.5, strength_muscle},
    {T, "motor_strength", "damper", FACTOR, 0.5, strength_damper},
    {C, "motor_strength", NULL, FACTOR, 0, strength_all},
    {T, "motor_gain", "hip", FACTOR, 2, kp_factor},
    {T, "motor_gain", "hip", VALUE, 20, kp_value},
    {T, "motor_gain", "pid", VALUE, 20, kp_pid},
    {T, "motor_gain", "turn", FACTOR, 2, kp_turn},
    {T, "motor_damping", "hip", FACTOR, 2, kv_position},
    {T, "motor_damping", "slide", VALUE, 3, kv_velocity},
    {T, "motor_damping", "integrated", VALUE, 3, kv_new},
    {T, "motor_damping", "turn", FACTOR, 3, kv_turn},
    {T, "motor_limit", NULL, FACTOR, 0.5, limit_all},
    {Q, "lost_motor", NULL, VALUE, 3, lost},
    {Q, "lost_motor", "ankle_*", VALUE, 1, lost},
    {Q, "lost_motor", NULL, VALUE, -1, nothing},
    {C, "gravity", NULL, FACTOR, 0.5, gravity_factor},
    {C, "gravity", NULL, VALUE, -3.7, gravity_value},
    {C, "slope", NULL, VALUE, 0, nothing},
    {C, "slope_direction", NULL, VALUE, 50, nothing},
    {T, "wind_x", NULL, VALUE, 5, wind_x},
    {T, "wind_y", NULL, VALUE, 5, wind_y},
    {C, "density", NULL, VALUE, 1000, density},
    {T, "density", NULL, FACTOR, 2, density_factor},
    {T, "viscosity", NULL, VALUE, 0.5, viscosity},
};

static void every_word_by_hand(void** state) {
    (void)state;
    bool tried[100] = {false};
    for (int model = 0; model < 3; model++) {
        bench b = open_bench(model_text(model));
        for (size_t i = 0; i < LENGTH(BY_HAND); i++) {
            const by_hand* t = &BY_HAND[i];
            if (t->model != model) {
                continue;
            }
            char what[64];
            snprintf(what, sizeof what, "line %d, %s", t->line, t->word);
            mjModel* expected = mj_copyModel(NULL, b.original);
            t->edit(expected, t->number);
            assert_true((difference(expected, b.original) == NULL) == (t->edit == nothing));
            mjData* d = mj_makeData(expected);
            mj_setConst(expected, d);
            apply(&b, t->word, t->object, (ks_dynamics_mode)t->mode, t->number);
            assert_same(b.copy, expected, what);
            mj_deleteData(d);
            mj_deleteModel(expected);
            for (size_t k = 0; k < ks_dynamics_kind_count(); k++) {
                tried[k] = tried[k] || strcmp(ks_dynamics_kind_at(k)->name, t->word) == 0;
            }
        }
        close_bench(&b);
    }
    for (size_t k = 0; k < ks_dynamics_kind_count(); k++) {
        assert_true(tried[k]);
    }
}

/* ---- numbers alone decide ---------------------------------------------------------------------------------------- */

static void numbers_that_change_nothing(void** state) {
    (void)state;
    every* all = malloc(sizeof *all);
    for (int model = 0; model < MODELS; model++) {
        for (int each = 0; each < 2; each++) {
            bench b = open_bench(model_text(model));
            bind_every(all, &b, each);
            int count = 0;
            int numbers = 0;
            for (int i = 0; i < all->count; i++) { /* values are not neutral, but for those that are none */
                const char* name = ks_dynamics_kind_of(all->changes[i])->name;
                bool lost = strcmp(name, "lost_motor") == 0;
                bool slope = strncmp(name, "slope", 5) == 0;
                if (all->modes[i] == KS_DYNAMICS_VALUE && !lost && !slope) {
                    ks_dynamics_destroy(all->changes[i]);
                    continue;
                }
                for (int k = 0; k < ks_dynamics_count(all->changes[i]); k++) {
                    all->numbers[numbers++] = lost ? -1 : all->modes[i] == KS_DYNAMICS_FACTOR ? 1 : 0;
                }
                all->changes[count++] = all->changes[i];
            }
            all->count = count;
            assert_true(count >= 5);
            for (int again = 0; again < 2; again++) {
                ks_dynamics_apply(b.copy, b.d, b.original, all->changes, count, all->numbers);
                assert_same(b.copy, b.original, "neutral numbers");
                ks_dynamics_apply(b.copy, b.d, b.original, NULL, 0, NULL);
                assert_same(b.copy, b.original, "no changes");
                apply(&b, "mass", NULL, KS_DYNAMICS_FACTOR, 1.3); /* and so after others */
                assert_non_null(difference(b.copy, b.original));
            }
            destroy_every(all);
            close_bench(&b);
        }
    }
    free(all);
}

/* a state that is no state: what a broken world leaves behind */
static void spoil(const mjModel* m, mjData* d) {
    mju_fill(d->qpos, (double)NAN, (int)m->nq);
    mju_fill(d->qvel, (double)NAN, (int)m->nv);
    mju_fill(d->ctrl, (double)NAN, (int)m->nu);
    mju_fill(d->xpos, (double)NAN, 3 * (int)m->nbody);
    mju_fill(d->subtree_com, (double)NAN, 3 * (int)m->nbody);
}

static void the_past_does_not_matter(void** state) {
    (void)state;
    every* all = malloc(sizeof *all);
    uint64_t random = 4;
    for (int model = 0; model < MODELS; model++) {
        bench b = open_bench(model_text(model));
        bench fresh = open_bench(model_text(model));
        mjModel* whole = mj_copyModel(NULL, b.original);
        bind_every(all, &b, false);
        for (int i = 0; i < 10; i++) {
            draw_numbers(all, &random);
            ks_dynamics_apply(b.copy, b.d, b.original, all->changes, all->count, all->numbers);
            /* in a world that has moved and then broken, which has contacts in its memory */
            mj_resetData(b.copy, b.d);
            for (int t = 0; t < 300; t++) {
                mj_step(b.copy, b.d);
            }
            spoil(b.copy, b.d);
            draw_numbers(all, &random);
            ks_dynamics_apply(b.copy, b.d, b.original, all->changes, all->count, all->numbers);
            ks_dynamics_apply(fresh.copy, fresh.d, b.original, all->changes, all->count, all->numbers);
            ks_dynamics_apply(whole, fresh.d, b.original, all->changes, all->count, all->numbers);
            assert_same(b.copy, fresh.copy, "after others");
            assert_same(b.copy, whole, "in mj_copyModel's");
            ks_dynamics_free_model(fresh.copy);
            fresh.copy = ks_dynamics_copy_model(b.original, NULL);
        }
        ks_dynamics_apply(b.copy, b.d, b.original, NULL, 0, NULL);
        assert_same(b.copy, b.original, "back");
        destroy_every(all);
        mj_deleteModel(whole);
        close_bench(&fresh);
        close_bench(&b);
    }
    free(all);
}

/* The table's order, not the list's: a payload on top of a mass that was scaled. */
static void the_order_does_not_matter(void** state) {
    (void)state;
    bench b = open_bench(TOY);
    ks_dynamics* changes[] = {bind(&b, "payload", "hand", KS_DYNAMICS_ADDED),
                              bind(&b, "mass", NULL, KS_DYNAMICS_FACTOR), bind(&b, "mass", "hand", KS_DYNAMICS_ADDED)};
    ks_dynamics* turned[] = {changes[1], changes[2], changes[0]};
    ks_dynamics_apply(b.copy, b.d, b.original, changes, 3, (double[]){0.25, 2, 0.5});
    assert_true(b.copy->body_mass[body(b.copy, "hand")] == 0.5 * 2 + 0.5 + 0.25);
    mjModel* first = mj_copyModel(NULL, b.copy);
    ks_dynamics_apply(b.copy, b.d, b.original, turned, 3, (double[]){2, 0.5, 0.25});
    assert_same(b.copy, first, "another order");
    mj_deleteModel(first);
    for (int i = 0; i < 3; i++) {
        ks_dynamics_destroy(changes[i]);
    }
    close_bench(&b);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static void assert_finite(const double* x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        assert_true(isfinite(x[i]));
    }
}

/* the constants of a model are numbers, and the world still takes a step or says that it cannot */
static void assert_sound(const mjModel* m, mjData* d) {
    assert_finite(m->body_invweight0, 2 * (size_t)m->nbody);
    assert_finite(m->dof_invweight0, (size_t)m->nv);
    assert_finite(m->dof_M0, (size_t)m->nv);
    assert_finite(m->actuator_acc0, (size_t)m->nout);
    for (int i = 0; i < m->nv; i++) {
        assert_true(m->dof_M0[i] > 0 && m->dof_invweight0[i] > 0);
    }
    mj_resetData(m, d);
    mj_step(m, d);
}

static double limit_of(const ks_dynamics* c, int end) {
    double limits_of[2];
    ks_dynamics_limits(limits_of, c);
    return limits_of[end];
}

static void limits_are_what_mujoco_takes(void** state) {
    (void)state;
    every* all = malloc(sizeof *all);
    for (int model = 0; model < MODELS; model++) {
        bench b = open_bench(model_text(model));
        bind_every(all, &b, false);
        for (int end = 0; end < 2; end++) {
            for (int i = 0; i < all->count; i++) {
                all->numbers[i] = limit_of(all->changes[i], end);
                ks_dynamics_apply(b.copy, b.d, b.original, &all->changes[i], 1, &all->numbers[i]);
                assert_sound(b.copy, b.d);
            }
            ks_dynamics_apply(b.copy, b.d, b.original, all->changes, all->count, all->numbers); /* all at once */
            assert_sound(b.copy, b.d);
        }
        uint64_t random = 11; /* the lowest here, the highest there */
        for (int trial = 0; trial < 200; trial++) {
            for (int i = 0; i < all->count; i++) {
                all->numbers[i] = limit_of(all->changes[i], uniform(&random) < 0.5);
            }
            ks_dynamics_apply(b.copy, b.d, b.original, all->changes, all->count, all->numbers);
            assert_sound(b.copy, b.d);
        }
        destroy_every(all);
        close_bench(&b);
    }
    free(all);
}

static void numbers_are_held_against_the_limits(void** state) {
    (void)state;
    bench b = open_bench(TOY);
    static const struct {
        const char *word, *object;
        int mode;
        double low, high;
        const char* says; /* NULL: they are fine */
    } CASES[] = {
        {"mass", NULL, FACTOR, 0.5, 2, NULL},
        {"mass", NULL, FACTOR, 0, 2, "mass: a factor may be from 0.001 to 1000, not 0"},
        {"mass", "arm", VALUE, -1, 2, "mass: a value may be from 1e-06 to 1e+06 kg, not -1"},
        {"payload", NULL, ADDED, 0, 1e7, "payload: a number added may be from 0 to 1e+06 kg, not 1e+07"},
        {"friction", NULL, VALUE, -0.1, 1, "not -0.1"},
        {"gravity", NULL, VALUE, -12, -7, NULL},
        {"gravity", NULL, VALUE, 7, 12, "gravity: a value may be from -1000 to 0 m/s², not 12"},
        {"lost_motor", "*i*", VALUE, -1, 6, NULL}, /* hip slide pid pid_ff integrated cylinder stick */
        {"lost_motor", "*i*", VALUE, -1, 7, "lost_motor: a value may be from -1 to 6, not 7"},
        {"slope", NULL, VALUE, (double)NAN, 1, "not nan"},
    };
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        ks_error err = {0};
        ks_dynamics* c = bind(&b, CASES[i].word, CASES[i].object, (ks_dynamics_mode)CASES[i].mode);
        assert_int_equal(ks_dynamics_check(c, CASES[i].low, CASES[i].high, &err), CASES[i].says == NULL);
        if (CASES[i].says && !strstr(err.text, CASES[i].says)) {
            fail_msg("%s", err.text);
        }
        ks_dynamics_destroy(c);
    }
    close_bench(&b);
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static void objects(void** state) {
    (void)state;
    static const struct {
        int model;
        const char* word;
        int num_patterns;
        const char* patterns[3];
        int mode;
        const char* names; /* with `each`, in order */
    } CASES[] = {
        {IN_CHEETAH, "mass", 0, {NULL}, FACTOR, "torso bthigh bshin bfoot fthigh fshin ffoot "},
        {IN_CHEETAH, "damping", 0, {NULL}, FACTOR, "bthigh bshin bfoot fthigh fshin ffoot "},
        {IN_CHEETAH, "damping", 2, {"f*", "bfoot"}, VALUE, "fthigh fshin ffoot bfoot "},
        {IN_CHEETAH, "damping", 2, {"?foot", "b*"}, VALUE, "bfoot ffoot bthigh bshin "}, /* bfoot once */
        {IN_CHEETAH, "damping", 1, {"root*"}, VALUE, "rootx rootz rooty "}, /* named: even where there is none */
        {IN_CHEETAH, "friction", 0, {NULL}, FACTOR, "floor torso head bthigh bshin bfoot fthigh fshin ffoot "},
        {IN_CHEETAH, "gear", 1, {"*shin"}, FACTOR, "bshin fshin "},
        {IN_TOY, "mass", 1, {"*"}, VALUE, "base arm hand leg ball free "}, /* the post does not move */
        {IN_TOY, "com_x", 0, {NULL}, ADDED, "base arm hand leg free "},    /* the ball is simple */
        {IN_TOY, "friction", 1, {"*"}, VALUE, "floor base wedge arm hand leg ball free post "},
        {IN_TOY, "payload", 0, {NULL}, ADDED, "base "},
        {IN_TOY, "motor_gain", 0, {NULL}, VALUE, "hip turn pid pid_ff integrated "},
        {IN_TOY, "motor_damping", 0, {NULL}, VALUE, "hip slide turn pid pid_ff "},
        {IN_TOY, "motor_limit", 0, {NULL}, FACTOR, "hip pull turn "},
        {IN_TOY,
         "motor_strength",
         0,
         {NULL},
         FACTOR,
         "hip elbow slide pull muscle turn pid integrated damper cylinder thrust stick "},
        {IN_TOY, "frictionloss", 0, {NULL}, FACTOR, "elbow slide "},
    };
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        bench b = open_bench(model_text(CASES[i].model));
        ks_error err = {0};
        ks_dynamics* c = ks_dynamics_create(b.original, b.root, CASES[i].word, CASES[i].patterns, CASES[i].num_patterns,
                                            (ks_dynamics_mode)CASES[i].mode, true, &err);
        if (!c) {
            fail_msg("%s", err.text);
        }
        char names[256] = "";
        assert_int_equal(ks_dynamics_count(c), ks_dynamics_object_count(c));
        for (int k = 0; k < ks_dynamics_count(c); k++) {
            assert_string_equal(ks_dynamics_object(c, k), ks_dynamics_object_at(c, k));
            strcat(strcat(names, ks_dynamics_object(c, k)), " ");
        }
        assert_string_equal(names, CASES[i].names);
        ks_dynamics_destroy(c);
        close_bench(&b);
    }
}

/* each number changes its own object */
static void each_has_its_own(void** state) {
    (void)state;
    bench b = open_bench(model_text(IN_CHEETAH));
    ks_dynamics* mass = ks_dynamics_create(b.original, 1, "mass", NULL, 0, KS_DYNAMICS_FACTOR, true, NULL);
    ks_dynamics* damping = ks_dynamics_create(b.original, 1, "damping", NULL, 0, KS_DYNAMICS_FACTOR, true, NULL);
    ks_dynamics* gravity = bind(&b, "gravity", NULL, KS_DYNAMICS_VALUE);
    ks_dynamics* changes[] = {mass, gravity, damping};
    double numbers[7 + 1 + 6];
    assert_int_equal(ks_dynamics_count(mass) + ks_dynamics_count(gravity) + ks_dynamics_count(damping), 14);
    for (int i = 0; i < 14; i++) {
        numbers[i] = 1 + i;
    }
    numbers[7] = -5;
    ks_dynamics_apply(b.copy, b.d, b.original, changes, 3, numbers);
    for (int i = 0; i < 7; i++) {
        assert_true(b.copy->body_mass[1 + i] == b.original->body_mass[1 + i] * (1 + i));
        assert_true(b.copy->body_inertia[3 * (1 + i)] == b.original->body_inertia[3 * (1 + i)] * (1 + i));
    }
    assert_true(b.copy->opt.gravity[2] == -5);
    for (int i = 0; i < 6; i++) {
        assert_true(b.copy->dof_damping[3 + i] == b.original->dof_damping[3 + i] * (9 + i));
    }
    assert_string_equal(ks_dynamics_object(gravity, 0), "");
    assert_int_equal(ks_dynamics_object_count(gravity), 0);
    assert_string_equal(ks_dynamics_unit(gravity), "m/s²");
    assert_string_equal(ks_dynamics_unit(mass), "");
    for (int i = 0; i < 3; i++) {
        ks_dynamics_destroy(changes[i]);
    }
    close_bench(&b);
}

/* The environments with random parameters that PEARL and ProMP were tried on scale each mass, each moment of inertia,
 * each damping and each of a geom's three frictions by a factor of its own. */
static void random_parameters_can_be_said(void** state) {
    (void)state;
    bench b = open_bench(model_text(IN_CHEETAH));
    static const struct {
        const char* word;
        int numbers;
    } WORDS[] = {{"mass_only", 7}, {"inertia_x", 7}, {"inertia_y", 7},          {"inertia_z", 7},
                 {"damping", 6},   {"friction", 9},  {"friction_torsional", 9}, {"friction_rolling", 9}};
    for (size_t i = 0; i < LENGTH(WORDS); i++) {
        ks_dynamics* c = ks_dynamics_create(b.original, 1, WORDS[i].word, NULL, 0, KS_DYNAMICS_FACTOR, true, NULL);
        assert_int_equal(ks_dynamics_count(c), WORDS[i].numbers);
        assert_true(ks_dynamics_check(c, pow(1.5, -3), pow(1.5, 3), NULL));
        ks_dynamics_destroy(c);
    }
    close_bench(&b);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static void what_cannot_be_bound(void** state) {
    (void)state;
    static const struct {
        const char *word, *object;
        int mode;
        bool each;
        const char* says;
    } WRONG[] = {
        {"masses", NULL, FACTOR, false, "there is no word \"masses\" for dynamics; the nearest is \"mass\""},
        {"mass", "torso2", FACTOR, false, "mass: there is no body \"torso2\"; the nearest is"},
        {"mass", "nothing*", FACTOR, false, "mass: there is no body \"nothing*\""},
        {"mass", "post", FACTOR, false, "mass cannot be changed: the body \"post\" does not move"},
        {"mass", "world", FACTOR, false, "the body \"world\" does not move"},
        {"mass", "pos[t]", FACTOR, false, "mass: there is no body to change: each of them does not move"},
        {"com_x", "ball", ADDED, false, "the body \"ball\" is a simple body to MuJoCo; write simple=\"false\""},
        {"com_x", "base", FACTOR, false, "com_x takes added, not factor"},
        {"friction", NULL, ADDED, false, "friction takes factor or value, not added"},
        {"friction", "ghost", FACTOR, false, "the geom \"ghost\" touches nothing"},
        {"damping", "root", FACTOR, false, "damping cannot be changed: the joint \"root\" has no damping"},
        {"stiffness", "hip", FACTOR, false, "the joint \"hip\" has no stiffness"},
        {"frictionloss", "hip", FACTOR, false, "the joint \"hip\" has no frictionloss"},
        {"armature", "slide", FACTOR, false, "the joint \"slide\" has no armature"},
        {"tendon_damping", "both", FACTOR, false, "the tendon \"both\" has no damping"},
        {"gear", "stick", FACTOR, false, "the actuator \"stick\" has no gear"},
        {"gear", "turn", FACTOR, false, "the actuator \"turn\" has no gear"},
        {"gear", "thrust", VALUE, false, "has a gear of several numbers"},
        {"gear", "muscle", VALUE, false, "is a muscle"},
        {"motor_strength", "dc", FACTOR, false, "the actuator \"dc\" is a DC motor"},
        {"motor_strength", "pid_ff", FACTOR, false, "adds its input ff as it is"},
        {"motor_gain", "elbow", FACTOR, false, "the actuator \"elbow\" is no position servo"},
        {"motor_gain", "slide", FACTOR, false, "the actuator \"slide\" is no position servo"},
        {"motor_damping", "elbow", VALUE, false, "the actuator \"elbow\" is no servo"},
        {"motor_damping", "integrated", FACTOR, false, "the actuator \"integrated\" has no kv"},
        {"motor_limit", "elbow", FACTOR, false, "the actuator \"elbow\" has no limit"},
        {"lost_motor", NULL, VALUE, true, "lost_motor is one number that says which; it takes no each"},
        {"gravity", "base", VALUE, false, "gravity is one number for the whole world"},
        {"gravity", NULL, VALUE, true, "gravity is one number for the whole world"},
        {"viscosity", NULL, FACTOR, false, "viscosity cannot be changed by a factor: it is 0 in this model"},
    };
    bench b = open_bench(TOY);
    for (size_t i = 0; i < LENGTH(WRONG); i++) {
        ks_error err = {0};
        ks_dynamics* c = ks_dynamics_create(b.original, 1, WRONG[i].word, &WRONG[i].object, WRONG[i].object ? 1 : 0,
                                            (ks_dynamics_mode)WRONG[i].mode, WRONG[i].each, &err);
        assert_null(c);
        assert_int_equal(err.code, KS_BAD_INPUT);
        if (!strstr(err.text, WRONG[i].says)) {
            fail_msg("%s", err.text);
        }
    }
    close_bench(&b);
    ks_error err = {0};
    bench box = open_bench(BOX);
    assert_null(ks_dynamics_create(box.original, 1, "damping", NULL, 0, KS_DYNAMICS_FACTOR, false, &err));
    assert_non_null(strstr(err.text, "damping: there is no joint to change: each of them has no damping"));
    assert_null(ks_dynamics_create(box.original, 1, "gear", NULL, 0, KS_DYNAMICS_FACTOR, false, &err));
    assert_non_null(strstr(err.text, "gear: there is no actuator to change"));
    close_bench(&box);
}

static void the_table_is_in_order(void** state) {
    (void)state;
    for (size_t k = 0; k < ks_dynamics_kind_count(); k++) {
        const ks_dynamics_kind* kind = ks_dynamics_kind_at(k);
        assert_true(*kind->name && *kind->source && *kind->summary && kind->modes > 0);
        for (int mode = 0; mode < KS_DYNAMICS_MODES; mode++) {
            assert_true(*ks_dynamics_mode_word((ks_dynamics_mode)mode));
            assert_true(!(kind->modes & (1 << mode)) || kind->lowest[mode] < kind->highest[mode]);
        }
        for (size_t i = 0; i < k; i++) {
            assert_string_not_equal(kind->name, ks_dynamics_kind_at(i)->name);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_by_hand),
        cmocka_unit_test(numbers_that_change_nothing),
        cmocka_unit_test(the_past_does_not_matter),
        cmocka_unit_test(the_order_does_not_matter),
        cmocka_unit_test(limits_are_what_mujoco_takes),
        cmocka_unit_test(numbers_are_held_against_the_limits),
        cmocka_unit_test(objects),
        cmocka_unit_test(each_has_its_own),
        cmocka_unit_test(random_parameters_can_be_said),
        cmocka_unit_test(what_cannot_be_bound),
        cmocka_unit_test(the_table_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
