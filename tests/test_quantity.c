/* What is read of a MuJoCo world: every word against its slow definition (quantity_slow.h), on worlds that were
 * computed no further than the word asks for. */
#include "envs/env.h"
#include "envs/mujoco_env.h"
#include "envs/mujoco_load.h"
#include "envs/mujoco_names.h"
#include "envs/stable.h"
#include "quantity_slow.h"

#include <stdlib.h>

enum { MOST = 512 };
static const double PERIOD = 0.02;

/* ---- worlds ------------------------------------------------------------------------------------------------------ */

static const char* const MODELS[] = {
    "<mujoco model='robot'>" SLOW_ROBOT "</mujoco>",
    "<mujoco model='robot with sensors'>" SLOW_ROBOT SLOW_SENSORS "</mujoco>",
    "half_cheetah.xml",
    "ant.xml",
};
enum { NUM_MODELS = sizeof MODELS / sizeof *MODELS };

/* a model, and two worlds of it in the same state: `d` computed as far as somebody asked for, `fresh` with
 * everything */
typedef struct scene {
    mjModel* m;
    mjData *d, *fresh, *scratch;
    int root;
    double before[3];
    ks_world world;
    slow_world slow;
} scene;

static mjModel* compile(const char* xml) {
    ks_error err = {0};
    mjModel* m = ks_mujoco_compile((const unsigned char*)xml, &err);
    if (!m) {
        fail_msg("%s", err.text);
    }
    return m;
}

/* a text, or the file of a body that ships */
static void open_scene(scene* s, const char* model) {
    const ks_stable_file* file = ks_stable_find(model);
    memset(s, 0, sizeof *s);
    s->m = compile(file ? (const char*)file->text : model);
    s->d = mj_makeData(s->m);
    s->fresh = mj_makeData(s->m);
    s->scratch = mj_makeData(s->m);
    s->root = mj_name2id(s->m, mjOBJ_BODY, "trunk") > 0 ? mj_name2id(s->m, mjOBJ_BODY, "trunk") : 1;
    s->world = (ks_world){.m = s->m, .d = s->d, .root_before = s->before, .period = PERIOD};
    s->slow = (slow_world){.w = &s->world, .m = s->m, .d = s->fresh, .root = s->root};
    mj_forward(s->m, s->d);
}

static void close_scene(scene* s) {
    mj_deleteData(s->d);
    mj_deleteData(s->fresh);
    mj_deleteData(s->scratch);
    mj_deleteModel(s->m);
}

/* an action of ten steps with controls that swing; what is derived from the state is stale afterwards */
static void act(scene* s) {
    mju_copy3(s->before, s->d->xpos + 3 * s->root);
    s->world.steps++;
    for (int i = 0; i < s->m->nu; i++) {
        s->d->ctrl[i] = 0.6 * sin(0.7 * s->world.steps * (i + 1)) * (s->m->actuator_ctrllimited[i] ? 1 : 0.5);
    }
    for (int t = 0; t < 10; t++) {
        mj_step(s->m, s->d);
    }
    mj_copyData(s->fresh, s->m, s->d);
    mj_forward(s->m, s->fresh);
    mj_rnePostConstraint(s->m, s->fresh);
    mj_subtreeVel(s->m, s->fresh);
}

static void derive(const mjModel* m, mjData* d, int needs) {
    if (needs & KS_NEED_FORCES) {
        mj_forward(m, d);
    } else {
        mj_step1(m, d);
    }
    if (needs & KS_NEED_RNE) {
        mj_rnePostConstraint(m, d);
    }
    if (needs & KS_NEED_SUBTREE_VEL) {
        mj_subtreeVel(m, d);
    }
}

static ks_quantity* bind(const scene* s, const char* word, const char* const* patterns, int count) {
    ks_error err = {0};
    ks_quantity* q = ks_quantity_create(s->m, s->root, word, patterns, count, &err);
    if (!q) {
        fail_msg("%s", err.text);
    }
    return q;
}

/* ---- words against their slow definitions ------------------------------------------------------------------------ */

static const slow_word* slow_of(const char* name) {
    for (int i = 0; i < NUM_SLOW_WORDS; i++) {
        if (strcmp(SLOW_WORDS[i].name, name) == 0) {
            return &SLOW_WORDS[i];
        }
    }
    fail_msg("%s has no slow definition", name);
    return NULL;
}

static void check_numbers(const char* word, const double* got, const double* want, int count) {
    for (int i = 0; i < count; i++) {
        if (!(fabs(got[i] - want[i]) <= 1e-11 * (1 + fabs(want[i])))) {
            fail_msg("%s: number %d is %.17g, not %.17g", word, i, got[i], want[i]);
        }
    }
}

static bool takes_part(const scene* s, const ks_quantity_kind* kind, const slow_word* slow, int id) {
    if (slow->without == EVERY_LIMITED) {
        return s->m->jnt_limited[id] && (s->m->jnt_type[id] == mjJNT_HINGE || s->m->jnt_type[id] == mjJNT_SLIDE);
    }
    if (slow->without == EVERY_ACTIVE) {
        return s->m->actuator_actadr[id] >= 0;
    }
    double mass[3] = {0};
    for (int b = 0; b < s->m->nbody; b++) {
        mass[0] += slow_is_below(s->m, b, id) ? s->m->body_mass[b] : 0;
    }
    return strcmp(kind->name, "com_lin_vel") != 0 || mass[0] > 0;
}

/* Reads q of a copy of the world that was computed no further than q asks for, and compares it with its slow
 * definition for the objects (NULL: what the word is of without names). */
static void check(scene* s, const ks_quantity* q, const int* ids, int num_ids) {
    const ks_quantity_kind* kind = ks_quantity_kind_of(q);
    double got[MOST], want[MOST];
    int count = 0;
    mjData* d = mj_copyData(s->scratch, s->m, s->d);
    ks_world world = s->world;
    world.d = d;
    derive(s->m, d, ks_quantity_needs(q));
    for (int i = 0; i < num_ids; i++) {
        count += slow_of(kind->name)->read(&s->slow, ids[i], want + count);
    }
    assert_int_equal(ks_quantity_size(q), count);
    ks_quantity_read(q, &world, got);
    check_numbers(kind->name, got, want, count);
}

/* the objects that a word makes sense for */
static int all_of(const scene* s, const ks_quantity_kind* kind, const slow_word* slow, int ids[MOST]) {
    int count = 0;
    for (int id = 0; id < ks_mujoco_object_count(s->m, kind->of); id++) {
        if (takes_part(s, kind, slow, id)) {
            ids[count++] = id;
        }
    }
    return count;
}

static void check_named(scene* s, const ks_quantity_kind* kind, const int* ids, int count) {
    static char text[MOST][16];
    const char* names[MOST];
    for (int i = 0; i < count; i++) {
        names[i] = ks_mujoco_object_name(text[i], s->m, kind->of, ids[i]);
    }
    ks_quantity* q = bind(s, kind->name, names, count);
    check(s, q, ids, count);
    ks_quantity_destroy(q);
}

static void check_without_names(scene* s, const ks_quantity_kind* kind, const slow_word* slow, const int* all,
                                int num_all) {
    bool is_one = slow->without == ONE_THING || slow->without == THE_ROOT;
    if (slow->without != NEEDS_NAMES) {
        ks_quantity* q = bind(s, kind->name, NULL, 0);
        check(s, q, is_one ? &s->root : all, is_one ? 1 : num_all);
        ks_quantity_destroy(q);
    }
}

/* without names, each object by its name, and all of them backwards */
static void check_word(scene* s, const ks_quantity_kind* kind) {
    const slow_word* slow = slow_of(kind->name);
    int all[MOST], backwards[MOST];
    int count = all_of(s, kind, slow, all);
    if (count == 0 && kind->of != mjOBJ_UNKNOWN) {
        return;
    }
    check_without_names(s, kind, slow, all, count);
    for (int i = 0; i < count; i++) {
        check_named(s, kind, &all[i], 1);
        backwards[i] = all[count - 1 - i];
    }
    if (count > 0) {
        check_named(s, kind, backwards, count);
    }
}

static void every_word_is_what_it_says(void** unused) {
    (void)unused;
    assert_int_equal(ks_quantity_kind_count(), NUM_SLOW_WORDS);
    for (int i = 0; i < NUM_MODELS; i++) {
        scene s;
        open_scene(&s, MODELS[i]);
        for (int t = 0; t < 40; t++) {
            act(&s);
            for (size_t k = 0; t % 8 == 0 && k < ks_quantity_kind_count(); k++) {
                check_word(&s, ks_quantity_kind_at(k));
            }
        }
        close_scene(&s);
    }
}

/* ---- needs ------------------------------------------------------------------------------------------------------- */

static bool is_current(const scene* s, const ks_quantity* q, int needs) {
    double got[MOST], want[MOST];
    mjData* d = mj_copyData(s->scratch, s->m, s->d);
    ks_world world = s->world;
    derive(s->m, d, needs);
    world.d = d;
    ks_quantity_read(q, &world, got);
    world.d = s->fresh;
    ks_quantity_read(q, &world, want);
    return memcmp(got, want, (size_t)ks_quantity_size(q) * sizeof *got) == 0;
}

/* What a word needs suffices, and nothing of it can be left out. */
static void check_needs(const scene* s, const char* word, const char* const* names, int count) {
    ks_quantity* q = bind(s, word, names, count);
    int needs = ks_quantity_needs(q);
    assert_true(is_current(s, q, needs));
    for (int need = KS_NEED_FORCES; need <= KS_NEED_SUBTREE_VEL; need *= 2) {
        if ((needs & need) && is_current(s, q, needs & ~need)) {
            fail_msg("%s%s%s: it does not need %d of %d", word, count ? " " : "", count ? names[0] : "", need, needs);
        }
    }
    ks_quantity_destroy(q);
}

static void words_need_what_they_say(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s, MODELS[0]);
    for (int t = 0; t < 33; t++) {
        act(&s);
    }
    for (size_t k = 0; k < ks_quantity_kind_count(); k++) {
        const ks_quantity_kind* kind = ks_quantity_kind_at(k);
        const char* every = "*";
        bool named = kind->of != mjOBJ_UNKNOWN && kind->of != mjOBJ_SENSOR;
        if (kind->of != mjOBJ_SENSOR) {
            check_needs(&s, kind->name, &every, named);
        }
    }
    close_scene(&s);
}

static void sensors_need_what_their_stage_does(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s, MODELS[1]);
    int touch = s.m->sensor_adr[mj_name2id(s.m, mjOBJ_SENSOR, "touch")];
    for (int t = 0; t < 33 || s.d->sensordata[touch] == 0; t++) {
        act(&s); /* until a foot is on the ground */
    }
    int counts[8] = {0};
    for (int i = 0; i < s.m->nsensor; i++) {
        const char* name = mj_id2name(s.m, mjOBJ_SENSOR, i);
        check_needs(&s, "sensor", &name, 1);
        ks_quantity* q = bind(&s, "sensor", &name, 1);
        counts[ks_quantity_needs(q)]++;
        ks_quantity_destroy(q);
    }
    assert_int_equal(counts[KS_NEED_NOTHING], 11);
    assert_int_equal(counts[KS_NEED_FORCES], 6);
    ks_quantity* all = bind(&s, "sensor", NULL, 0);
    assert_int_equal(ks_quantity_needs(all), KS_NEED_FORCES);
    assert_int_equal(ks_quantity_size(all), s.m->nsensordata);
    ks_quantity_destroy(all);
    close_scene(&s);
}

/* A sensor that reports late gives what it measured then: three physics steps ago. */
static void late_sensors(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s, MODELS[1]);
    const char* name = "late";
    const char* now = "gyro";
    ks_quantity* late = bind(&s, "sensor", &name, 1);
    ks_quantity* gyro = bind(&s, "sensor", &now, 1);
    double past[20][3], value[3];
    for (int t = 0; t < 20; t++) {
        mj_step(s.m, s.d); /* sensors are those of the state before it */
        ks_quantity_read(gyro, &s.world, past[t]);
        ks_quantity_read(late, &s.world, value);
        if (t > 5) {
            assert_memory_equal(value, past[t - 3], sizeof value);
        }
    }
    ks_quantity_destroy(late);
    ks_quantity_destroy(gyro);
    close_scene(&s);
}

/* ---- where the exact value is known ------------------------------------------------------------------------------ */

static void read_of(const scene* s, const char* word, const char* name, double* value) {
    ks_quantity* q = bind(s, word, &name, name ? 1 : 0);
    ks_quantity_read(q, &s->world, value);
    ks_quantity_destroy(q);
}

/* the bytes of the environments that are written in C */
static void speed_along_x_is_the_environments(void** unused) {
    (void)unused;
    for (int i = 2; i < NUM_MODELS; i++) {
        scene s;
        open_scene(&s, MODELS[i]);
        for (int t = 0; t < 100; t++) {
            act(&s);
            mj_step1(s.m, s.d);
            const ks_mujoco_state state = {.m = s.m, .d = s.d};
            double v[3];
            read_of(&s, "com_lin_vel", "torso", v);
            assert_true(v[0] == ks_mujoco_forward_velocity(&state, 1));
        }
        close_scene(&s);
    }
}

static void what_the_environments_observe(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s, MODELS[3]);
    for (int t = 0; t < 30; t++) {
        act(&s);
    }
    derive(s.m, s.d, KS_NEED_FORCES | KS_NEED_RNE);
    double value[MOST];
    ks_quantity* q = bind(&s, "contact_forces", NULL, 0);
    assert_int_equal(ks_quantity_size(q), 14 * 6);
    ks_quantity_read(q, &s.world, value);
    assert_memory_equal(value, s.d->cfrc_ext, 14 * 6 * sizeof *value); /* the world's row first */
    assert_true(mju_norm(value, 6) == 0 && mju_norm(value + 6, 13 * 6) > 0);
    ks_quantity_destroy(q);
    const char* every = "*";
    q = bind(&s, "contact_forces", &every, 1);
    assert_int_equal(ks_quantity_size(q), 13 * 6); /* a pattern does not name the world */
    ks_quantity_destroy(q);
    close_scene(&s);
}

/* Forces on bodies are the sums of those of their contacts. */
static void contact_forces_add_up(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s, MODELS[3]);
    int touching = 0;
    for (int t = 0; t < 40; t++) {
        act(&s);
        double want[64][3] = {{0}}, got[3], touches;
        derive(s.m, s.d, KS_NEED_FORCES | KS_NEED_RNE);
        for (int i = 0; i < s.d->ncon; i++) {
            mjtNum local[6], force[3];
            const mjContact* c = s.d->contact + i;
            mj_contactForce(s.m, s.d, i, local);
            mju_mulMatTVec3(force, c->frame, local); /* from the first geom on the second */
            mju_subFrom3(want[s.m->geom_bodyid[c->geom[0]]], force);
            mju_addTo3(want[s.m->geom_bodyid[c->geom[1]]], force);
        }
        for (int b = 1; b < s.m->nbody; b++) {
            const char* name = mj_id2name(s.m, mjOBJ_BODY, b);
            read_of(&s, "body_contact_force", name, got);
            check_numbers("body_contact_force", got, want[b], 3);
            read_of(&s, "body_contact", name, &touches);
            assert_true(touches > 0 || mju_norm3(got) == 0);
            touching += touches > 0;
        }
    }
    assert_true(touching > 20);
    close_scene(&s);
}

/* dropped, a ball's acceleration is gravity's; what it touches, it touches as soon as it lies there */
static void a_ball_falls(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s,
               "<mujoco><worldbody><geom name='floor' type='plane' size='1 1 1'/><body name='ball' pos='0 0 .5'>"
               "<freejoint/><geom name='ball' size='.1' mass='1'/></body></worldbody></mujoco>");
    double acceleration[3], touches, force[3];
    const double falling[3] = {0, 0, -9.81};
    act(&s);
    derive(s.m, s.d, KS_NEED_FORCES | KS_NEED_RNE);
    read_of(&s, "body_lin_acc", NULL, acceleration);
    check_numbers("body_lin_acc", acceleration, falling, 3);
    read_of(&s, "geom_contact", "ball", &touches);
    assert_true(touches == 0);
    for (int t = 0; t < 200; t++) {
        act(&s);
    }
    derive(s.m, s.d, KS_NEED_FORCES | KS_NEED_RNE);
    read_of(&s, "body_lin_acc", NULL, acceleration);
    assert_true(mju_norm3(acceleration) < 1e-3);
    read_of(&s, "body_contact_force", NULL, force);
    assert_true(fabs(force[2] - 9.81) < 1e-3);
    read_of(&s, "geom_contact", "ball", &touches);
    assert_true(touches == 1);
    read_of(&s, "geom_contact", "floor", &touches);
    assert_true(touches == 1);
    close_scene(&s);
}

/* accelerations are how velocities change: no constraint, no rounding to speak of */
static void acceleration_is_the_change_of_velocity(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s,
               "<mujoco><option timestep='1e-6'/><worldbody><body><joint axis='0 1 0'/><geom size='.1' pos='.5 0 0'/>"
               "<body name='end' pos='1 0 0'><joint axis='1 1 0'/><geom size='.1' pos='.3 .2 0'/>"
               "<body name='tip' pos='.3 .3 .3'/></body></body></worldbody></mujoco>");
    s.d->qvel[0] = 3;
    s.d->qvel[1] = -5;
    double before[3], after[3], acceleration[3];
    derive(s.m, s.d, KS_NEED_FORCES | KS_NEED_RNE);
    read_of(&s, "body_lin_acc", "tip", acceleration);
    read_of(&s, "body_lin_vel", "tip", before);
    mj_step(s.m, s.d);
    derive(s.m, s.d, KS_NEED_NOTHING);
    read_of(&s, "body_lin_vel", "tip", after);
    for (int i = 0; i < 3; i++) {
        assert_true(fabs((after[i] - before[i]) / 1e-6 - acceleration[i]) < 1e-3 * (1 + fabs(acceleration[i])));
    }
    close_scene(&s);
}

static void gravity_as_the_body_feels_it(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s, MODELS[0]);
    mjModel* tilted = mj_copyModel(NULL, s.m);
    const double slope[3] = {3, 0, -4}, rest[4] = {1, 0, 0, 0};
    double value[3];
    mju_copy(s.d->qpos + 10, rest, 4); /* behind the ball's seven numbers, and the place of the root */
    mj_forward(s.m, s.d);
    read_of(&s, "projected_gravity", NULL, value);
    assert_true(value[0] == 0 && value[1] == 0 && value[2] == -1); /* exactly */
    mju_copy3(tilted->opt.gravity, slope);
    s.world.m = tilted;
    read_of(&s, "projected_gravity", NULL, value);
    assert_true(fabs(value[0] - 0.6) < 1e-15 && value[1] == 0 && fabs(value[2] + 0.8) < 1e-15);
    mju_zero3(tilted->opt.gravity);
    read_of(&s, "projected_gravity", NULL, value);
    assert_true(value[2] == -1); /* no gravity: down is down */
    mj_deleteModel(tilted);
    close_scene(&s);
}

/* What follows from masses is read of the world's own model. */
static void masses_are_the_worlds(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s, MODELS[3]);
    ks_quantity* q = bind(&s, "com_lin_vel", NULL, 0);
    mjModel* heavy = mj_copyModel(NULL, s.m);
    heavy->body_mass[4] *= 7;
    mj_setConst(heavy, s.d);
    s.world.m = heavy;
    for (int i = 0; i < heavy->nv; i++) {
        s.d->qvel[i] = 0.1 * i - 0.3;
    }
    mj_forward(heavy, s.d);
    mj_subtreeVel(heavy, s.d);
    double value[3];
    ks_quantity_read(q, &s.world, value);
    check_numbers("com_lin_vel", value, s.d->subtree_linvel + 3, 3);
    mj_deleteModel(heavy);
    ks_quantity_destroy(q);
    close_scene(&s);
}

/* ---- how much numbers vary --------------------------------------------------------------------------------------- */

static double* add_usual(const scene* s, double* size, const char* word, const char* const* names, int count) {
    ks_quantity* q = bind(s, word, names, count);
    ks_quantity_usual(q, size);
    size += ks_quantity_size(q);
    ks_quantity_destroy(q);
    return size;
}

static void usual_sizes_are_the_environments(void** unused) {
    (void)unused;
    double want[MOST], got[MOST];
    scene s;
    open_scene(&s, MODELS[2]);
    const ks_env_def* def = ks_env_find("half-cheetah-vel", NULL);
    const char* const joints[] = {"root[zy]", "[bf]*"};
    double* end = add_usual(&s, got, "joint_pos", joints, 2);
    end = add_usual(&s, end, "qvel", NULL, 0);
    end = add_usual(&s, end, "com_pos", NULL, 0);
    assert_int_equal(end - got, def->obs_dim);
    def->obs_size(def, want);
    assert_memory_equal(got, want, (size_t)def->obs_dim * sizeof *got);
    close_scene(&s);

    open_scene(&s, MODELS[3]);
    def = ks_env_find("ant-vel", NULL);
    def->obs_size(def, want);
    end = add_usual(&s, got, "qpos", NULL, 0);
    end = add_usual(&s, end, "joint_vel", NULL, 0);
    assert_memory_equal(got, want, 29 * sizeof *got); /* contact forces are clipped there */
    end = add_usual(&s, got, "body_mat", NULL, 0);
    end = add_usual(&s, end, "com_pos", NULL, 0);
    assert_memory_equal(got, want + 29 + 84, 12 * sizeof *got);
    assert_int_equal(end - got, 12);
    close_scene(&s);
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static void check_order(const scene* s, const char* const* patterns, int count, const char* const* want, int num_want) {
    ks_quantity* q = bind(s, "joint_vel", patterns, count);
    double got[MOST];
    assert_int_equal(ks_quantity_size(q), num_want);
    ks_quantity_read(q, &s->world, got);
    for (int i = 0; i < num_want; i++) {
        int joint = mj_name2id(s->m, mjOBJ_JOINT, want[i]);
        assert_true(got[i] == s->d->qvel[s->m->jnt_dofadr[joint]]);
    }
    ks_quantity_destroy(q);
}

#define LIST(...) (const char* const[]){__VA_ARGS__}, sizeof((const char* const[]){__VA_ARGS__}) / sizeof(const char*)

static void objects_follow_their_patterns(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s, MODELS[3]);
    for (int i = 0; i < s.m->nv; i++) {
        s.d->qvel[i] = i;
    }
    check_order(&s, LIST("ankle_*", "hip_1"), LIST("ankle_1", "ankle_2", "ankle_3", "ankle_4", "hip_1"));
    check_order(&s, LIST("hip_3", "hip_[12]"), LIST("hip_3", "hip_1", "hip_2"));
    /* what is there is not repeated */
    check_order(&s, LIST("hip_4", "hip_*", "hip_4"), LIST("hip_4", "hip_1", "hip_2", "hip_3"));
    /* in the order of the joints, and not of the actuators, which begin with leg 4 */
    check_order(&s, LIST("actuated"),
                LIST("hip_1", "ankle_1", "hip_2", "ankle_2", "hip_3", "ankle_3", "hip_4", "ankle_4"));
    close_scene(&s);
}

static void actuated_joints(void** unused) {
    (void)unused;
    scene s;
    const char* actuated = "actuated";
    open_scene(&s, MODELS[0]); /* three for the shoulder, and wrist, hip, ankle, toe and swing */
    ks_quantity* q = bind(&s, "joint_vel", &actuated, 1);
    assert_int_equal(ks_quantity_size(q), 8);
    ks_quantity_destroy(q);
    q = bind(&s, "joint_pos_limit_normalized", &actuated, 1);
    assert_int_equal(ks_quantity_size(q), 2); /* of these, those with a range */
    ks_quantity_destroy(q);
    close_scene(&s);
    open_scene(&s, "<mujoco><worldbody><body><joint name='actuated'/><geom size='.1'/></body></worldbody></mujoco>");
    q = bind(&s, "joint_vel", &actuated, 1); /* a name comes first */
    assert_int_equal(ks_quantity_size(q), 1);
    ks_quantity_destroy(q);
    close_scene(&s);
}

static void expect_error(const scene* s, const char* word, const char* const* patterns, int count, const char* text) {
    ks_error err = {0};
    assert_null(ks_quantity_create(s->m, s->root, word, patterns, count, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_string_equal(err.text, text);
}

static void what_cannot_be_bound(void** unused) {
    (void)unused;
    scene s;
    open_scene(&s, MODELS[3]);
    expect_error(&s, "jont_pos", NULL, 0, "there is no quantity \"jont_pos\"; the nearest is \"joint_pos\"");
    expect_error(&s, "joint_pos", LIST("hip_1", "hip_5"),
                 "joint_pos: there is no joint \"hip_5\"; the nearest is \"hip_1\"");
    expect_error(&s, "base_height", LIST("torso"), "base_height: it takes no names");
    expect_error(&s, "geom_contact", NULL, 0, "geom_contact: it needs the name of a geom");
    expect_error(&s, "sensor", NULL, 0, "sensor: the model has no sensor");
    expect_error(&s, "sensor", LIST("touch"), "sensor: there is no sensor \"touch\": the model has none");
    expect_error(&s, "activation", NULL, 0, "activation: there is no actuator with an activation among them");
    expect_error(&s, "joint_lower_limit", LIST("root"), "joint_lower_limit: \"root\" is no joint with a range");
    expect_error(&s, "joint_lower_limit", LIST("roo?"), "joint_lower_limit: there is no joint with a range among them");
    expect_error(&s, "body_pos", LIST(""), "body_pos: there is no body \"\"; the nearest is \"world\"");
    close_scene(&s);
    open_scene(&s, MODELS[0]);
    expect_error(&s, "com_lin_vel", LIST("weightless"), "com_lin_vel: \"weightless\" is no body with mass");
    close_scene(&s);
    open_scene(&s, "<mujoco><worldbody><body name='a'><geom size='.1'/></body></worldbody></mujoco>");
    expect_error(&s, "qpos", NULL, 0, "qpos: the model has none");
    expect_error(&s, "joint_pos", NULL, 0, "joint_pos: the model has no joint");
    expect_error(&s, "joint_vel", LIST("actuated"),
                 "joint_vel: no joint is moved by an actuator alone: name the joints that are meant");
    close_scene(&s);
}

static void the_table_is_whole(void** unused) {
    (void)unused;
    for (size_t i = 0; i < ks_quantity_kind_count(); i++) {
        const ks_quantity_kind* kind = ks_quantity_kind_at(i);
        assert_ptr_equal(ks_quantity_kind_find(kind->name), kind); /* no name twice */
        assert_true(kind->shape && *kind->shape && kind->unit && kind->source && *kind->source && *kind->summary);
        assert_true(kind->usual > 0);
        assert_true(!(kind->needs & KS_NEED_RNE) || (kind->needs & KS_NEED_FORCES));
        assert_true(kind->of != mjOBJ_UNKNOWN || !kind->without);
    }
    assert_null(ks_quantity_kind_find("action"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_what_it_says),
        cmocka_unit_test(words_need_what_they_say),
        cmocka_unit_test(sensors_need_what_their_stage_does),
        cmocka_unit_test(late_sensors),
        cmocka_unit_test(speed_along_x_is_the_environments),
        cmocka_unit_test(what_the_environments_observe),
        cmocka_unit_test(contact_forces_add_up),
        cmocka_unit_test(a_ball_falls),
        cmocka_unit_test(acceleration_is_the_change_of_velocity),
        cmocka_unit_test(gravity_as_the_body_feels_it),
        cmocka_unit_test(masses_are_the_worlds),
        cmocka_unit_test(usual_sizes_are_the_environments),
        cmocka_unit_test(objects_follow_their_patterns),
        cmocka_unit_test(actuated_joints),
        cmocka_unit_test(what_cannot_be_bound),
        cmocka_unit_test(the_table_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
