/* The bodies of envs/stable: they weigh and move as they should, stand where they start, and stay sound under random actions; and the
 * files of the folder belong together. */
#include "env_support.h"

#include "envs/mujoco_load.h"
#include "envs/stable.h"

#include <mujoco/mujoco.h>
#include <stdlib.h>
#include <string.h>

/* What each must be. Masses, time steps and gears are Gymnasium's, but for the quadruped, which is our own. */
typedef struct body {
    const char* file;
    double mass, timestep;
    mjtIntegrator integrator;
    int nq, nv;
    int nu;
    double gear[17];   /* of motors; 0: it holds a position */
    int frame_skip;    /* that its families have */
    int most_contacts; /* that random actions may lead to */
    bool floor_only;   /* its parts pass through each other */
} body;

static const body BODIES[] = {
    {"hopper.xml", 15.820013405927003, 0.002, mjINT_RK4, 6, 6, 3, {200, 200, 200, false}, 4, 8, false},
    {"walker2d.xml", 23.67713663255508, 0.002, mjINT_RK4, 9, 9, 6, {100, 100, 100, 100, 100, 100}, 4, 12, true},
    {"swimmer.xml", 106.81415022205297, 0.01, mjINT_RK4, 5, 5, 2, {150, 150, false}, 4, 0, false},
    {"reacher.xml", 0.07539822368615504, 0.01, mjINT_RK4, 2, 2, 2, {200, 200, false}, 2, 0, false},
    {"cart_pole.xml", 15.490567153329286, 0.02, mjINT_RK4, 2, 2, 1, {100}, 2, 0, false},
    {"humanoid.xml",
     42.11603049212989,
     0.003,
     mjINT_RK4,
     24,
     23,
     17,
     {100, 100, 100, 100, 100, 300, 200, 100, 100, 300, 200, 25, 25, 25, 25, 25, 25},
     5,
     24,
     false},
    {"quadruped.xml", 12.17, 0.004, mjINT_IMPLICITFAST, 19, 18, 12, {0}, 5, 20, true},
};
enum { NUM_BODIES = sizeof BODIES / sizeof BODIES[0] };

static mjModel* compile(const char* file) {
    ks_error err = {0};
    const ks_stable_file* found = ks_stable_find(file);
    assert_non_null(found);
    mjModel* m = ks_mujoco_compile(found->text, &err);
    assert_non_null(m);
    m->opt.disableflags |= mjDSBL_AUTORESET; /* as environments have it */
    return m;
}

static void reset(const mjModel* m, mjData* d) {
    if (m->nkey) {
        mj_resetDataKeyframe(m, d, 0);
    } else {
        mj_resetData(m, d);
    }
}

static void assert_no_warnings(const mjData* d) {
    for (int i = 0; i < mjNWARNING; i++) {
        assert_int_equal(d->warning[i].number, 0);
    }
}

/* ---- what they are ------------------------------------------------------------------------------------------------ */

static void bodies_are_as_published(void** unused) {
    (void)unused;
    for (int b = 0; b < NUM_BODIES; b++) {
        const body* want = &BODIES[b];
        mjModel* m = compile(want->file);
        assert_true(fabs(mj_getTotalmass(m) - want->mass) < 1e-9);
        assert_true(m->opt.timestep == want->timestep);
        assert_int_equal(m->opt.integrator, want->integrator);
        assert_int_equal(m->nq, want->nq);
        assert_int_equal(m->nv, want->nv);
        assert_int_equal(m->nu, want->nu);
        for (int i = 0; i < m->nu; i++) {
            assert_true(m->actuator_ctrllimited[i]);
            assert_int_equal(m->actuator_biastype[i], want->gear[i] > 0 ? mjBIAS_NONE : mjBIAS_AFFINE);
            assert_true(m->actuator_gear[6 * i] == (want->gear[i] > 0 ? want->gear[i] : 1));
            assert_non_null(mj_id2name(m, mjOBJ_ACTUATOR, i));
        }
        assert_true(m->body_dofnum[1] > 0); /* the first body moves: it is the one that is followed */
        for (int i = 0; i < m->njnt; i++) {
            assert_non_null(mj_id2name(m, mjOBJ_JOINT, i));
        }
        mj_deleteModel(m);
    }
}

/* every body of the folder is in the list above */
static void no_body_is_untested(void** unused) {
    (void)unused;
    int bodies = 0;
    for (size_t i = 0; i < ks_stable_files_count; i++) {
        const char* name = ks_stable_files[i].name;
        bodies += strstr(name, ".xml") != NULL && strncmp(name, "ant", 3) != 0 && strncmp(name, "half_", 5) != 0;
    }
    assert_int_equal(bodies, NUM_BODIES);
}

/* ---- where they start ------------------------------------------------------------------------------------------------ */

/* nothing is inside of the floor or of another part, nothing beyond its range */
static void starts_are_sound(void** unused) {
    (void)unused;
    for (int b = 0; b < NUM_BODIES; b++) {
        mjModel* m = compile(BODIES[b].file);
        mjData* d = mj_makeData(m);
        reset(m, d);
        mj_forward(m, d);
        for (int i = 0; i < d->ncon; i++) {
            assert_true(d->contact[i].dist > -0.001);
        }
        for (int i = 0; i < m->njnt; i++) {
            double q = d->qpos[m->jnt_qposadr[i]];
            /* the knees of the humanoid are straight, 2 degrees from where they may be: so they are in Gymnasium's */
            double slack = strstr(mj_id2name(m, mjOBJ_JOINT, i), "knee") ? 0.035 : 0;
            assert_true(!m->jnt_limited[i] ||
                        (q >= m->jnt_range[2 * i] - slack && q <= m->jnt_range[2 * i + 1] + slack));
        }
        mj_deleteData(d);
        mj_deleteModel(m);
    }
}

static void quadruped_stands(void** unused) {
    (void)unused;
    mjModel* m = compile("quadruped.xml");
    mjData* d = mj_makeData(m);
    assert_int_equal(mj_name2id(m, mjOBJ_KEY, "home"), 0);
    reset(m, d);
    /* what it starts with is what it is drawn with, and what its motors hold */
    for (int i = 0; i < m->nq; i++) {
        assert_true(fabs(m->key_qpos[i] - m->qpos0[i]) < 1e-12);
    }
    for (int i = 0; i < m->nu; i++) {
        assert_true(d->ctrl[i] == d->qpos[m->jnt_qposadr[m->actuator_trnid[2 * i]]]);
    }
    for (int t = 0; t < 2500; t++) {
        mj_step(m, d);
        assert_true(d->qpos[2] > 0.28 && d->qpos[2] < 0.32);
        assert_true(d->xmat[9 + 8] > 0.999);
    }
    for (int i = 0; i < m->nv; i++) {
        assert_true(fabs(d->qvel[i]) < 0.01);
    }
    double weight = 0;
    for (int i = 0; i < 4; i++) { /* all four feet carry */
        static const char* const feet[] = {"FL_touch", "FR_touch", "RL_touch", "RR_touch"};
        double force = d->sensordata[m->sensor_adr[mj_name2id(m, mjOBJ_SENSOR, feet[i])]];
        assert_true(force > 15);
        weight += force;
    }
    assert_true(fabs(weight / 9.81 - 12.17) < 0.1);
    for (int i = 0; i < m->nu; i++) { /* with little of what its motors have */
        assert_true(fabs(d->actuator_force[i]) < 0.25 * m->actuator_forcerange[2 * i + 1]);
    }
    mj_deleteData(d);
    mj_deleteModel(m);
}

/* ---- what they bear ---------------------------------------------------------------------------------------------------- */

/* an action anywhere in the range or at an end of it */
static void act_at_random(const mjModel* m, mjData* d, bool ends, uint64_t* random) {
    for (int i = 0; i < m->nu; i++) {
        double a = uniform(random);
        a = ends ? (a < 0.5 ? 0 : 1) : a;
        d->ctrl[i] = m->actuator_ctrlrange[2 * i] * (1 - a) + m->actuator_ctrlrange[2 * i + 1] * a;
    }
}

static void check_contacts(const body* want, const mjModel* m, const mjData* d) {
    int floor = mj_name2id(m, mjOBJ_GEOM, "floor");
    assert_true(floor >= 0);
    assert_in_range(d->ncon, 0, want->most_contacts);
    for (int i = 0; i < d->ncon; i++) {
        assert_true(!want->floor_only || d->contact[i].geom[0] == floor || d->contact[i].geom[1] == floor);
    }
}

static void random_actions_break_nothing(void** unused) {
    (void)unused;
    for (int b = 0; b < NUM_BODIES; b++) {
        mjModel* m = compile(BODIES[b].file);
        mjData* d = mj_makeData(m);
        uint64_t random = 88172645463325252u;
        for (int run = 0; run < 4; run++) {
            bool ends = run % 2 == 1;
            reset(m, d);
            for (int t = 0; t < 1000; t++) {
                if (!ends || t % 10 == 0) {
                    act_at_random(m, d, ends, &random);
                }
                for (int k = 0; k < BODIES[b].frame_skip; k++) {
                    mj_step(m, d);
                    check_contacts(&BODIES[b], m, d);
                }
                for (int i = 0; i < m->nv; i++) {
                    assert_true(fabs(d->qvel[i]) < 300);
                }
            }
            assert_no_warnings(d);
        }
        mj_deleteData(d);
        mj_deleteModel(m);
    }
}

/* the arena is small on purpose: it must hold the most that can happen, every geom on the floor and every limit hit */
static void arenas_are_large_enough(void** unused) {
    (void)unused;
    for (int b = 0; b < NUM_BODIES; b++) {
        mjModel* m = compile(BODIES[b].file);
        mjData* d = mj_makeData(m);
        for (double sink = 0; sink < 1.5; sink += 0.1) {
            reset(m, d);
            for (int i = 0; i < m->njnt; i++) {
                d->qpos[m->jnt_qposadr[i]] -= m->jnt_limited[i] ? 2 : 0;
            }
            if (m->nq > 5) { /* whatever can fall */
                d->qpos[m->jnt_type[0] == mjJNT_FREE ? 2 : 1] -= sink;
            }
            mj_step(m, d);
            assert_no_warnings(d);
        }
        assert_true(d->maxuse_arena > 0 && (double)d->maxuse_arena < 0.75 * (double)d->narena);
        assert_true(d->narena <= 512 * 1024);
        mj_deleteData(d);
        mj_deleteModel(m);
    }
}

/* ---- files -------------------------------------------------------------------------------------------------------------------- */

static bool ends_in(const char* text, const char* end) {
    return strlen(text) > strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* every family names a model that is there */
static void families_have_bodies(void** unused) {
    (void)unused;
    int families = 0;
    for (size_t i = 0; i < ks_stable_files_count; i++) {
        const ks_stable_file* file = &ks_stable_files[i];
        assert_int_equal(strlen((const char*)file->text), file->size);
        assert_ptr_equal(ks_stable_find(file->name), file);
        if (!ends_in(file->name, ".yaml")) {
            continue;
        }
        const char* model = strstr((const char*)file->text, "\nmodel: ");
        assert_non_null(model);
        char path[64];
        size_t length = strcspn(model + 8, "\n");
        assert_true(length < sizeof path);
        memcpy(path, model + 8, length);
        path[length] = 0;
        assert_non_null(ks_stable_find(path));
        families++;
    }
    assert_true(families >= 16);
    assert_null(ks_stable_find("hopper"));
    assert_null(ks_stable_find("models/"));
}

/* Every family can be opened by its name, and random actions break it on none of its tasks, however masses and motors differ. */
static void families_run(void** unused) {
    (void)unused;
    enum { MOST_ACT = 17, TASKS = 12, STEPS = 100 };
    for (size_t i = 0; i < ks_stable_files_count; i++) {
        char name[64];
        size_t length = strlen(ks_stable_files[i].name);
        if (!ends_in(ks_stable_files[i].name, ".yaml")) {
            continue;
        }
        memcpy(name, ks_stable_files[i].name, length);
        name[length - strlen(".yaml")] = 0;
        ks_error err = {0};
        const ks_env_def* def = ks_env_open(name, NULL, &err);
        assert_non_null(def);
        assert_string_equal(def->name, name);
        assert_in_range(def->act_dim, 1, MOST_ACT);
        assert_in_range(def->obs_dim, 1, MAX_OBS);
        assert_in_range(def->reset_normals + def->reset_uniforms, 1, MAX_NOISE);
        fixture f = open_def(def, false);
        for (int k = 0; k < TASKS; k++) {
            noise_buffer buffer;
            ks_real obs[MAX_OBS], act[MOST_ACT];
            def->sample_task(def, f.task, draw_noise(&buffer, &f.random));
            assert_true(ks_env_check_task(def, f.task, &err));
            ks_env_set_task(f.env, f.task);
            bool again = true;
            for (int t = 0; t < STEPS; t++) {
                if (again) {
                    start(&f, obs);
                }
                draw_action(act, def->act_dim, &f.random);
                ks_env_step_result result = ks_env_step(f.env, act, obs);
                assert_false(result.unstable);
                assert_true(isfinite(result.rew));
                for (int n = 0; n < def->obs_dim; n++) {
                    assert_true(fabs((double)obs[n]) < 1e4);
                }
                again = result.terminated;
            }
        }
        close_env(&f);
        ks_env_close(def);
    }
}

/* the same noise, actions and task for two environments: everything that comes of them is the same bytes */
static void assert_twins(const char* ours, const char* theirs) {
    ks_error err = {0};
    const ks_env_def* file = ks_env_open(ours, NULL, &err);
    assert_non_null(file);
    fixture a = open_def(file, false);
    fixture b = open_env(theirs);
    const ks_env_def* def = a.def;
    assert_int_equal(def->obs_dim, b.def->obs_dim);
    assert_int_equal(def->act_dim, b.def->act_dim);
    assert_int_equal(def->task_dim, b.def->task_dim);
    assert_int_equal(def->horizon, b.def->horizon);
    assert_int_equal(def->task_kinds, b.def->task_kinds);
    assert_int_equal(def->task_uniforms, b.def->task_uniforms);
    assert_int_equal(def->reset_uniforms, b.def->reset_uniforms);
    assert_int_equal(def->reset_normals, b.def->reset_normals);
    assert_true(def->dt == b.def->dt);
    assert_memory_equal(def->protocol, b.def->protocol, sizeof *def->protocol);
    double size_a[MAX_OBS], size_b[MAX_OBS];
    ks_env_model_obs_size(a.model, size_a);
    ks_env_model_obs_size(b.model, size_b);
    assert_memory_equal(size_a, size_b, (size_t)def->obs_dim * sizeof *size_a);

    int ended = 0;
    bool again = true;
    for (int t = 0; t < 2000; t++) {
        ks_real obs_a[MAX_OBS], obs_b[MAX_OBS], act_a[MAX_ACT], act_b[MAX_ACT];
        if (again || t % 200 == 0) {
            noise_buffer buffer;
            def->sample_task(def, a.task, draw_noise(&buffer, &a.random));
            b.def->sample_task(b.def, b.task, draw_noise(&buffer, &b.random));
            assert_true(a.task[0] == b.task[0]);
            ks_env_set_task(a.env, a.task);
            ks_env_set_task(b.env, b.task);
            start(&a, obs_a);
            start(&b, obs_b);
            assert_memory_equal(obs_a, obs_b, (size_t)def->obs_dim * sizeof *obs_a);
        }
        draw_action(act_a, def->act_dim, &a.random);
        draw_action(act_b, def->act_dim, &b.random);
        ks_env_step_result ra = ks_env_step(a.env, act_a, obs_a);
        ks_env_step_result rb = ks_env_step(b.env, act_b, obs_b);
        assert_memory_equal(obs_a, obs_b, (size_t)def->obs_dim * sizeof *obs_a);
        assert_memory_equal(&ra.rew, &rb.rew, sizeof ra.rew);
        assert_int_equal(ra.terminated, rb.terminated);
        const double other[] = {-1};
        assert_true(ks_env_reward(a.env, other) == ks_env_reward(b.env, other));
        again = ra.terminated;
        ended += again;
    }
    assert_true(strncmp(ours, "ant", 3) != 0 || ended > 0);
    close_env(&a);
    close_env(&b);
    ks_env_close(file);
}

static void files_are_what_is_in_c(void** unused) {
    (void)unused;
    assert_twins("half-cheetah-vel-file", "half-cheetah-vel");
    assert_twins("ant-dir-file", "ant-dir");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_as_published),
        cmocka_unit_test(no_body_is_untested),
        cmocka_unit_test(starts_are_sound),
        cmocka_unit_test(quadruped_stands),
        cmocka_unit_test(random_actions_break_nothing),
        cmocka_unit_test(arenas_are_large_enough),
        cmocka_unit_test(families_have_bodies),
        cmocka_unit_test(families_run),
        cmocka_unit_test(files_are_what_is_in_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
