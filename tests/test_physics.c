/* The physics is MuJoCo's: split stepping gives mj_step's numbers, the models weigh and move as they should, and what breaks
 * is reported. Plain, slow definitions stand here beside the fast ones of envs/. */
#include "env_support.h"

#include <mujoco/mujoco.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char* const physical[] = {
    "half-cheetah-vel",     "half-cheetah-dir",     "ant-vel",     "ant-dir",     "ant-goal",
    "gym/half-cheetah-vel", "gym/half-cheetah-dir", "gym/ant-vel", "gym/ant-dir", "gym/ant-goal"};
enum { PHYSICAL = sizeof physical / sizeof physical[0] };

static bool is_gym(const ks_env_def* def) {
    return strncmp(def->name, "gym/", 4) == 0;
}

static bool is_ant(const ks_env_def* def) {
    return strstr(def->name, "ant-") != NULL;
}

/* ---- split stepping -------------------------------------------------------------------------------------- */

/* the controls that an action stands for, up to rounding; then taken over as they are, since the states are compared bit for bit */
static void check_controls(const mjModel* m, const mjData* ours, const ks_real* act) {
    for (int i = 0; i < m->nu; i++) {
        const double low = m->actuator_ctrlrange[2 * i];
        const double high = m->actuator_ctrlrange[2 * i + 1];
        const double a = fmax(-1, fmin(1, (double)act[i]));
        assert_true(fabs(ours->ctrl[i] - (low + (a + 1) / 2 * (high - low))) <= 1e-15 * (high - low));
    }
}

/* the plain way: mj_step, and on a copy everything that belongs to the new state */
static void step_plainly(const mjModel* m, mjData* d, mjData* seen, const double* ctrl, int frame_skip) {
    mju_copy(d->ctrl, ctrl, (int)m->nu);
    for (int i = 0; i < frame_skip; i++) {
        mj_step(m, d);
    }
    mj_copyData(seen, m, d);
    mj_forward(m, seen);
    mj_subtreeVel(m, seen);
    mj_rnePostConstraint(m, seen);
}

/* rewards by definition; the velocity of the centre of mass from the bodies' own velocities and masses */
static double slow_com_velocity(const mjModel* m, mjData* seen) {
    double momentum = 0;
    double mass = 0;
    for (int b = 1; b < m->nbody; b++) {
        double v[6]; /* rotation, then translation of the body's centre of mass, in world axes */
        mj_objectVelocity(m, seen, mjOBJ_BODY, b, v, 0);
        momentum += m->body_mass[b] * v[3];
        mass += m->body_mass[b];
    }
    return momentum / mass;
}

static double slow_reward(const ks_env_def* def, const mjModel* m, mjData* seen, double x_before, const double* task,
                          const ks_real* act) {
    const bool gym = is_gym(def);
    const double v = gym ? (seen->qpos[0] - x_before) / 0.05 : slow_com_velocity(m, seen);
    double squares = 0;
    double forces = 0;
    for (int i = 0; i < m->nu; i++) {
        const double a = fmax(-1, fmin(1, (double)act[i]));
        squares += a * a;
    }
    for (int i = 0; i < 6 * m->nbody; i++) {
        const double force = fmax(-1, fmin(1, seen->cfrc_ext[i]));
        forces += force * force;
    }
    const bool velocity = strstr(def->name, "-vel") != NULL;
    if (!is_ant(def)) {
        return (velocity ? -fabs(v - task[0]) : task[0] * v) - 0.05 * squares;
    }
    const double alive = 0.05 - 0.005 * squares - 0.0005 * forces;
    if (strstr(def->name, "-goal")) {
        double com[3] = {0};
        for (int b = 1; b < m->nbody; b++) {
            mju_addToScl3(com, seen->xipos + 3 * b, m->body_mass[b] / mj_getTotalmass(m));
        }
        const double* p = gym ? seen->qpos : com;
        return 4 - fabs(p[0] - task[0]) - fabs(p[1] - task[1]) + alive;
    }
    return (velocity ? 1 - fabs(v - task[0]) : task[0] * v) + alive;
}

static void check_obs(const ks_env_def* def, const mjModel* m, const mjData* seen, const ks_real* obs) {
    const double* place = (is_gym(def) ? seen->xpos : seen->subtree_com) + 3;
    const int skip = is_ant(def) ? 0 : 1;
    int n = 0;
    for (int i = skip; i < m->nq; i++) {
        assert_true(obs[n++] == (ks_real)seen->qpos[i]);
    }
    for (int i = 0; i < m->nv; i++) {
        assert_true(obs[n++] == (ks_real)seen->qvel[i]);
    }
    for (int i = 0; is_ant(def) && i < 6 * m->nbody; i++) {
        assert_true(obs[n++] == (ks_real)fmax(-1, fmin(1, seen->cfrc_ext[i])));
    }
    for (int i = 0; is_ant(def) && i < 9; i++) {
        assert_true(obs[n++] == (ks_real)seen->xmat[9 + i]);
    }
    for (int i = 0; i < 3; i++) {
        assert_true(obs[n++] == (ks_real)place[i]);
    }
    assert_int_equal(n, def->obs_dim);
}

static void split_stepping_is_mj_step(void** unused) {
    (void)unused;
    for (int e = 0; e < PHYSICAL; e++) {
        fixture f = open_env(physical[e]);
        const mjModel* m = ks_env_model_mujoco(f.model);
        mjData* ours = ks_env_mujoco_data(f.env);
        mjData* plain = mj_makeData(m);
        mjData* seen = mj_makeData(m);
        ks_real obs[MAX_OBS];
        ks_real act[MAX_ACT];
        bool again = true;

        for (int t = 0; t < 1000; t++) {
            if (again || t % 200 == 0) {
                start(&f, obs);
                mj_resetData(m, plain);
                mju_copy(plain->qpos, ours->qpos, (int)m->nq);
                mju_copy(plain->qvel, ours->qvel, (int)m->nv);
            }
            draw_action(act, f.def->act_dim, &f.random);
            const double x = plain->qpos[0];
            const ks_env_step_result result = ks_env_step(f.env, act, obs);
            check_controls(m, ours, act);
            step_plainly(m, plain, seen, ours->ctrl, is_gym(f.def) ? 5 : 1);

            assert_false(result.unstable);
            assert_memory_equal(ours->qpos, plain->qpos, (size_t)m->nq * sizeof(double));
            assert_memory_equal(ours->qvel, plain->qvel, (size_t)m->nv * sizeof(double));
            check_obs(f.def, m, seen, obs);
            assert_true(fabs(result.rew - slow_reward(f.def, m, seen, x, f.task, act)) < 1e-9);
            again = result.terminated;
        }
        mj_deleteData(plain);
        mj_deleteData(seen);
        close_env(&f);
    }
}

/* the first observation: forward and contact forces with ctrl 0 */
static void first_observation(void** unused) {
    (void)unused;
    for (int e = 0; e < PHYSICAL; e++) {
        fixture f = open_env(physical[e]);
        const mjModel* m = ks_env_model_mujoco(f.model);
        const mjData* ours = ks_env_mujoco_data(f.env);
        mjData* seen = mj_makeData(m);
        ks_real obs[MAX_OBS];
        ks_real act[MAX_ACT];

        start(&f, obs);
        draw_action(act, f.def->act_dim, &f.random);
        ks_env_step(f.env, act, obs);
        start(&f, obs);
        mju_copy(seen->qpos, ours->qpos, (int)m->nq);
        mju_copy(seen->qvel, ours->qvel, (int)m->nv);
        mj_forward(m, seen);
        mj_rnePostConstraint(m, seen);
        check_obs(f.def, m, seen, obs);
        mj_deleteData(seen);
        close_env(&f);
    }
}

/* ---- models ---------------------------------------------------------------------------------------------- */

static void check_names(const mjModel* m, int type, int first, const char* const* names, int count) {
    for (int i = 0; i < count; i++) {
        assert_string_equal(mj_id2name(m, type, first + i), names[i]);
    }
}

static void half_cheetah_model(void** unused) {
    (void)unused;
    static const char* const joints[] = {"rootx", "rootz",  "rooty", "bthigh", "bshin",
                                         "bfoot", "fthigh", "fshin", "ffoot"};
    static const double gear[] = {120, 90, 60, 120, 60, 30};
    static const double stiffness[] = {0, 0, 0, 240, 180, 120, 180, 120, 60};
    static const double damping[] = {0, 0, 0, 6, 4.5, 3, 4.5, 3, 1.5};
    fixture f = open_env("half-cheetah-vel");
    const mjModel* m = ks_env_model_mujoco(f.model);

    assert_true(fabs(mj_getTotalmass(m) - 14) < 1e-9);
    assert_true(m->opt.timestep == 0.01 && m->opt.integrator == mjINT_EULER);
    check_names(m, mjOBJ_JOINT, 0, joints, 9);
    check_names(m, mjOBJ_ACTUATOR, 0, joints + 3, 6);
    for (int i = 0; i < m->nv; i++) {
        assert_true(m->jnt_stiffness[i] == stiffness[i]);
        assert_true(m->dof_damping[i] == damping[i]);
        assert_true(m->dof_armature[i] == (i < 3 ? 0 : 0.1));
        assert_true(m->jnt_limited[i] == (i >= 3));
    }
    for (int i = 0; i < m->nu; i++) {
        assert_true(m->actuator_gear[6 * i] == gear[i]);
        assert_int_equal(m->actuator_trnid[2 * i], i + 3);
    }
    close_env(&f);
}

static void ant_models(void** unused) {
    (void)unused;
    static const char* const joints[] = {"root",  "hip_1",   "ankle_1", "hip_2",  "ankle_2",
                                         "hip_3", "ankle_3", "hip_4",   "ankle_4"};
    static const char* const motors[] = {"hip_4", "ankle_4", "hip_1", "ankle_1",
                                         "hip_2", "ankle_2", "hip_3", "ankle_3"};
    for (int gym = 0; gym < 2; gym++) {
        fixture f = open_env(gym ? "gym/ant-vel" : "ant-vel");
        const mjModel* m = ks_env_model_mujoco(f.model);
        assert_true(fabs(mj_getTotalmass(m) - 0.911) < 5e-4);
        assert_true(m->opt.timestep == (gym ? 0.01 : 0.02) && m->opt.integrator == mjINT_RK4);
        assert_int_equal(m->nbody, 14);
        check_names(m, mjOBJ_JOINT, 0, joints, 9);
        check_names(m, mjOBJ_ACTUATOR, 0, motors, 8);
        for (int i = 0; i < m->nu; i++) {
            assert_true(m->actuator_gear[6 * i] == (gym ? 150 : 1));
            assert_true(m->actuator_ctrlrange[2 * i + 1] == (gym ? 1 : 150));
            assert_string_equal(mj_id2name(m, mjOBJ_JOINT, m->actuator_trnid[2 * i]), motors[i]);
        }
        for (int i = 0; i < m->nv; i++) {
            assert_true(m->dof_damping[i] == (i < 6 ? 0 : 1) && m->dof_armature[i] == (i < 6 ? 0 : 1));
        }
        for (int g = 0; g < m->ngeom; g++) {
            const bool floor = m->geom_type[g] == mjGEOM_PLANE;
            assert_true(m->geom_margin[g] == (floor && !gym ? 0 : 0.01));
            assert_true(m->geom_solimp[mjNIMP * g] == (gym ? 0.9 : 0.8));
            assert_int_equal(m->geom_conaffinity[g], floor);
        }
        close_env(&f);
    }
}

static void start_states(void** unused) {
    (void)unused;
    static const double standing[] = {0, 0, 0.55, 1, 0, 0, 0, 0, 1, 0, -1, 0, -1, 0, 1};
    static const double uniform_half[MAX_NOISE] = {0.75, 0.25};
    static const double normal[MAX_NOISE] = {1, -1, 0, 0, 0, 0, 0, 0, 0, 2};
    for (int e = 0; e < PHYSICAL; e++) {
        fixture f = open_env(physical[e]);
        const mjModel* m = ks_env_model_mujoco(f.model);
        const bool gym = is_gym(f.def);
        double half[MAX_NOISE];
        double qpos[MAX_Q];
        double qvel[MAX_Q];
        ks_real obs[MAX_OBS];
        for (int i = 0; i < MAX_NOISE; i++) {
            half[i] = uniform_half[i] > 0 ? uniform_half[i] : 0.5;
        }
        ks_env_reset(f.env, (ks_env_noise){.uniform = half, .normal = normal}, obs);
        ks_env_get_physics(f.env, qpos, qvel);
        for (int i = 0; i < m->nq; i++) {
            const double init = is_ant(f.def) && !gym ? standing[i] : m->qpos0[i];
            const double shift = gym ? 0.2 * (half[i] - 0.5) : 0.01 * normal[i];
            assert_true(fabs(qpos[i] - init - shift) < 1e-15);
        }
        for (int i = 0; i < m->nv; i++) {
            assert_true(qvel[i] == 0.1 * normal[gym ? i : m->nq + i]);
        }
        assert_int_equal(f.def->reset_normals, gym ? m->nv : m->nq + m->nv);
        assert_int_equal(f.def->reset_uniforms, gym ? m->nq : 0);
        if (is_ant(f.def)) { /* noise on the quaternion as well, but its norm stays 1 */
            start(&f, obs);
            ks_env_get_physics(f.env, qpos, qvel);
            assert_true(fabs(mju_norm(qpos + 3, 4) - 1) < 1e-14 && qpos[4] != 0);
        }
        close_env(&f);
    }
}

/* falling and tumbling without friction, contacts and motors, RK4 keeps the energy: to the fifth order in the timestep or so */
static double energy_drift(const mjModel* original, double timestep) {
    mjModel* m = mj_copyModel(NULL, original);
    mjData* d = mj_makeData(m);
    uint64_t random = 7;
    m->opt.timestep = timestep;
    m->opt.integrator = mjINT_RK4;
    m->opt.disableflags |= mjDSBL_CONSTRAINT | mjDSBL_ACTUATION;
    m->opt.enableflags |= mjENBL_ENERGY;
    mju_zero(m->dof_damping, (int)m->nv);
    mj_resetData(m, d);
    for (int i = 0; i < m->nv; i++) {
        d->qvel[i] = 2 * uniform(&random) - 1;
    }
    mj_forward(m, d);
    const double before = d->energy[0] + d->energy[1];
    for (int t = 0; t < (int)(0.5 / timestep + 0.5); t++) {
        mj_step(m, d);
    }
    mj_forward(m, d);
    const double after = d->energy[0] + d->energy[1];
    mj_deleteData(d);
    mj_deleteModel(m);
    return fabs(after - before) / fabs(before);
}

static void energy_is_kept(void** unused) {
    (void)unused;
    static const char* const models[] = {"half-cheetah-vel", "ant-vel", "gym/ant-vel"};
    for (int e = 0; e < 3; e++) {
        fixture f = open_env(models[e]);
        const mjModel* m = ks_env_model_mujoco(f.model);
        const double coarse = energy_drift(m, 0.01);
        const double fine = energy_drift(m, 0.005);
        assert_true(coarse < 1e-4);
        assert_true(fine < coarse / 8 || fine < 1e-12);
        close_env(&f);
    }
}

/* the arena is small on purpose: it must hold the most that can happen, every geom on the floor and every limit hit */
static void arena_is_large_enough(void** unused) {
    (void)unused;
    static const char* const models[] = {"half-cheetah-vel", "ant-vel", "gym/ant-vel"};
    for (int e = 0; e < 3; e++) {
        fixture f = open_env(models[e]);
        const mjModel* m = ks_env_model_mujoco(f.model);
        mjData* d = ks_env_mujoco_data(f.env);
        for (double sink = 0; sink < 1.5; sink += 0.1) {
            mj_resetData(m, d);
            d->qpos[e == 0 ? 1 : 2] -= sink;
            for (int i = 0; i < m->njnt; i++) {
                d->qpos[m->jnt_qposadr[i]] -= m->jnt_limited[i] ? 2 : 0;
            }
            mj_step(m, d);
            assert_int_equal(d->warning[mjWARN_CONTACTFULL].number + d->warning[mjWARN_CNSTRFULL].number, 0);
        }
        assert_true(d->maxuse_efc > 50);
        assert_true(d->maxuse_arena > 0 && (double)d->maxuse_arena < 0.75 * (double)d->narena);
        close_env(&f);
    }
}

/* ---- what ends a trajectory ------------------------------------------------------------------------------- */

static void ant_ends_when_it_leaves_its_height(void** unused) {
    (void)unused;
    static const double heights[] = {0.15, 0.55, 0.9, 1.1};
    int low = 0;
    int high = 0;
    for (int e = 0; e < PHYSICAL; e++) {
        fixture f = open_env(physical[e]);
        mjData* d = ks_env_mujoco_data(f.env);
        ks_real obs[MAX_OBS];
        const ks_real act[MAX_ACT] = {0};
        for (int c = 0; c < 4; c++) {
            start(&f, obs);
            if (is_ant(f.def)) {
                d->qpos[2] = heights[c];
                mju_zero(d->qvel, f.def->nv);
            }
            const ks_env_step_result result = ks_env_step(f.env, act, obs);
            const double z = d->qpos[2]; /* of the new state: the floor pushes, gravity pulls */
            assert_false(result.unstable);
            assert_true(isfinite(result.rew));
            assert_int_equal(result.terminated, is_ant(f.def) && (z < 0.2 || z > 1));
            assert_false(result.terminated && (c == 1 || c == 2));
            low += result.terminated && c == 0;
            high += result.terminated && c == 3;
        }
        close_env(&f);
    }
    assert_true(low >= 3);     /* the paper's ants at least */
    assert_int_equal(high, 6); /* all ants */
}

/* runs `body`, which must not assert, in an empty directory with stdout and stderr in a file; true if it wrote nothing */
static bool is_silent(void (*body)(fixture*, int*), fixture* f, int* failures) {
    char dir[] = "/tmp/test_physics_XXXXXX";
    char home[4096];
    assert_non_null(getcwd(home, sizeof home));
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chdir(dir), 0);
    fflush(NULL);
    FILE* file = tmpfile();
    assert_non_null(file);
    const int out = dup(1);
    const int err = dup(2);
    dup2(fileno(file), 1);
    dup2(fileno(file), 2);
    body(f, failures);
    fflush(NULL);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    fseek(file, 0, SEEK_END);
    const bool nothing_printed = ftell(file) == 0;
    fclose(file);
    const bool no_log = access("MUJOCO_LOG.TXT", F_OK) != 0;
    remove("MUJOCO_LOG.TXT");
    assert_int_equal(chdir(home), 0);
    return rmdir(dir) == 0 && nothing_printed && no_log;
}

/* breaks velocities and positions in three ways each; failures counts the steps that said something else than they should */
static void break_world(fixture* f, int* failures) {
    const double bad[] = {(double)NAN, (double)INFINITY, 1e20};
    mjData* d = ks_env_mujoco_data(f->env);
    ks_real obs[MAX_OBS];
    const ks_real act[MAX_ACT] = {0};
    for (int c = 0; c < 6; c++) {
        start(f, obs);
        *failures += ks_env_step(f->env, act, obs).unstable;
        const double time = d->time;
        (c < 3 ? d->qvel : d->qpos)[f->def->nv - 1] = bad[c % 3];
        *failures += !ks_env_step(f->env, act, obs).unstable;
        *failures += !(d->time > time); /* MuJoCo's own reset would have set it to 0 */
        start(f, obs);                  /* and a reset makes it whole */
        *failures += ks_env_step(f->env, act, obs).unstable;
    }
}

static void broken_physics_is_reported_quietly(void** unused) {
    (void)unused;
    for (int e = 0; e < PHYSICAL; e++) {
        fixture f = open_env(physical[e]);
        int failures = 0;
        assert_true(is_silent(break_world, &f, &failures));
        assert_int_equal(failures, 0);
        close_env(&f);
    }
}

/* MuJoCo's own reset would hide a broken state in the middle of a long step */
static void models_do_not_reset_themselves(void** unused) {
    (void)unused;
    for (int e = 0; e < PHYSICAL; e++) {
        fixture f = open_env(physical[e]);
        assert_true(((const mjModel*)ks_env_model_mujoco(f.model))->opt.disableflags & mjDSBL_AUTORESET);
        close_env(&f);
    }
}

/* ---- instances ------------------------------------------------------------------------------------------- */

#ifndef __SANITIZE_ADDRESS__
/* counts what MuJoCo and the library ask of the heap; the C library's own functions do the work */
static _Thread_local long allocations;
extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_memalign(size_t, size_t);
void* malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}

static void stepping_does_not_allocate(void** unused) {
    (void)unused;
    for (int e = 0; e < PHYSICAL; e++) {
        const long none = allocations;
        fixture f = open_env(physical[e]);
        assert_true(allocations > none);
        ks_real obs[MAX_OBS];
        ks_real act[MAX_ACT];
        start(&f, obs);
        const long before = allocations;
        for (int t = 0; t < 100; t++) {
            draw_action(act, f.def->act_dim, &f.random);
            if (ks_env_step(f.env, act, obs).terminated) {
                start(&f, obs);
            }
        }
        assert_int_equal(allocations, before);
        close_env(&f);
    }
}
#endif

typedef struct walk {
    const ks_env_model* model;
    const double* task;
    double returned;
    ks_real obs[MAX_OBS];
} walk;

static void* run_walk(void* argument) {
    walk* w = argument;
    const ks_env_def* def = ks_env_model_def(w->model);
    ks_env* env = ks_env_create(w->model, NULL);
    noise_buffer buffer;
    uint64_t random = 5;
    ks_real act[MAX_ACT];
    w->returned = 0;
    ks_env_set_task(env, w->task);
    for (int t = 0; t < 600; t++) {
        if (t % 100 == 0) {
            ks_env_reset(env, draw_noise(&buffer, &random), w->obs);
        }
        draw_action(act, def->act_dim, &random);
        w->returned += ks_env_step(env, act, w->obs).rew;
    }
    ks_env_destroy(env);
    return NULL;
}

static void worlds_of_one_model_are_independent(void** unused) {
    (void)unused;
    for (int e = 0; e < PHYSICAL; e++) {
        fixture f = open_env(physical[e]);
        walk walks[3];
        pthread_t threads[2];
        for (int i = 0; i < 3; i++) {
            walks[i] = (walk){.model = f.model, .task = f.task};
        }
        for (int i = 0; i < 2; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, run_walk, &walks[i]), 0);
        }
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
        }
        run_walk(&walks[2]);
        for (int i = 0; i < 2; i++) {
            assert_true(walks[i].returned == walks[2].returned);
            assert_memory_equal(walks[i].obs, walks[2].obs, (size_t)f.def->obs_dim * sizeof(ks_real));
        }
        close_env(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_stepping_is_mj_step),
        cmocka_unit_test(first_observation),
        cmocka_unit_test(half_cheetah_model),
        cmocka_unit_test(ant_models),
        cmocka_unit_test(start_states),
        cmocka_unit_test(energy_is_kept),
        cmocka_unit_test(arena_is_large_enough),
        cmocka_unit_test(ant_ends_when_it_leaves_its_height),
        cmocka_unit_test(broken_physics_is_reported_quietly),
        cmocka_unit_test(models_do_not_reset_themselves),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(stepping_does_not_allocate),
#endif
        cmocka_unit_test(worlds_of_one_model_are_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
