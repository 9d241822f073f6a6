/* What changes of a model's dynamics do to the physics: weight, slopes, friction, motors that are weak or lost; and
 * the copies of a model that are changed. */
#include "dynamics_support.h"

#include <stdlib.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
enum { FACTOR = KS_DYNAMICS_FACTOR, VALUE = KS_DYNAMICS_VALUE, ADDED = KS_DYNAMICS_ADDED };

/* ---- weight, slopes, friction ------------------------------------------------------------------------------------ */

/* the force of the floor on the box, upwards, after it has come to rest */
static double floor_force(const mjModel* m, mjData* d) {
    mj_resetData(m, d);
    for (int t = 0; t < 1000; t++) {
        mj_step(m, d);
    }
    double sum = 0;
    for (int i = 0; i < d->ncon; i++) {
        double force[6];
        mj_contactForce(m, d, i, force);
        sum += force[0];
    }
    return sum;
}

static void the_floor_carries_the_weight(void** state) {
    (void)state;
    static const struct {
        const char* word;
        int mode;
        double number, force;
    } CASES[] = {{"mass", FACTOR, 1, 2 * 9.81},
                 {"payload", ADDED, 3, 5 * 9.81},
                 {"mass", VALUE, 7, 7 * 9.81},
                 {"mass", FACTOR, 0.5, 1 * 9.81},
                 {"gravity", VALUE, -1.62, 2 * 1.62},
                 {"gravity", FACTOR, 2, 4 * 9.81},
                 {"slope", VALUE, 20, 2 * 9.81 * 0.9396926207859084}};
    bench b = open_bench(BOX);
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        apply(&b, CASES[i].word, NULL, (ks_dynamics_mode)CASES[i].mode, CASES[i].number);
        assert_true(fabs(floor_force(b.copy, b.d) / CASES[i].force - 1) < 1e-3);
    }
    close_bench(&b);
}

static void assert_gravity(const mjModel* m, double x, double y, double z) {
    const double expected[3] = {x, y, z};
    for (int i = 0; i < 3; i++) {
        assert_true(fabs(m->opt.gravity[i] - expected[i]) < 1e-14);
    }
}

static void slopes_tilt_gravity(void** state) {
    (void)state;
    const double along = -9.81 * 0.5;
    const double down = -9.81 * sqrt(0.75);
    bench b = open_bench(BOX);
    apply(&b, "slope", NULL, KS_DYNAMICS_VALUE, 30);
    assert_gravity(b.copy, along, 0, down);
    apply(&b, "slope", NULL, KS_DYNAMICS_VALUE, -30);
    assert_gravity(b.copy, -along, 0, down);
    ks_dynamics* changes[] = {bind(&b, "slope_direction", NULL, KS_DYNAMICS_VALUE),
                              bind(&b, "slope", NULL, KS_DYNAMICS_VALUE)}; /* whatever the order */
    ks_dynamics_apply(b.copy, b.d, b.original, changes, 2, (double[]){90, 30});
    assert_gravity(b.copy, 0, along, down);
    ks_dynamics_apply(b.copy, b.d, b.original, changes, 2, (double[]){180, 30});
    assert_gravity(b.copy, -along, 0, down);
    ks_dynamics_destroy(changes[0]);
    ks_dynamics_destroy(changes[1]);
    close_bench(&b);
}

/* tan 26.6 degrees is 0.5 */
static void a_slope_makes_it_slide(void** state) {
    (void)state;
    bench b = open_bench(BOX);
    static const struct {
        double slope, direction, friction;
        int axis; /* along which it slides down; -1: it stays */
    } CASES[] = {{20, 0, 0.5, -1}, {35, 0, 0.5, 0}, {35, 90, 0.5, 1}, {35, 0, 0.9, -1}, {20, 90, 0.2, 1}};
    ks_dynamics* changes[] = {bind(&b, "slope", NULL, KS_DYNAMICS_VALUE),
                              bind(&b, "slope_direction", NULL, KS_DYNAMICS_VALUE),
                              bind(&b, "friction", NULL, KS_DYNAMICS_VALUE)};
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        ks_dynamics_apply(b.copy, b.d, b.original, changes, 3,
                          (double[]){CASES[i].slope, CASES[i].direction, CASES[i].friction});
        mj_resetData(b.copy, b.d);
        for (int t = 0; t < 500; t++) {
            mj_step(b.copy, b.d);
        }
        for (int axis = 0; axis < 2; axis++) {
            double angle = CASES[i].slope * 3.14159265358979323846 / 180;
            double way = 0.5 * 9.81 * (sin(angle) - CASES[i].friction * cos(angle)); /* in a second */
            if (axis == CASES[i].axis) {
                assert_true(fabs(b.d->qpos[axis] / -way - 1) < 0.05);
            } else {
                assert_true(fabs(b.d->qpos[axis]) < 0.01);
            }
        }
    }
    for (int i = 0; i < 3; i++) {
        ks_dynamics_destroy(changes[i]);
    }
    close_bench(&b);
}

static void friction_of_nothing_is_mujocos_least(void** state) {
    (void)state;
    bench b = open_bench(BOX);
    apply(&b, "friction", NULL, KS_DYNAMICS_VALUE, 0);
    mj_step(b.copy, b.d);
    assert_true(b.d->ncon > 0 && b.d->contact[0].friction[0] == mjMINMU);
    close_bench(&b);
}

/* ---- motors ------------------------------------------------------------------------------------------------------ */

/* a state in which every actuator of the toy gives a force, some of them at their limits */
static void pose(const mjModel* m, mjData* d, uint64_t* random) {
    mj_resetData(m, d);
    for (int i = 7; i < 13; i++) {
        d->qpos[i] += 0.2 * (uniform(random) - 0.5);
    }
    mj_normalizeQuat(m, d->qpos);
    for (int i = 0; i < m->nv; i++) {
        d->qvel[i] = uniform(random) - 0.5;
    }
    for (int i = 0; i < m->nu; i++) {
        d->ctrl[i] = 0.2 + 3 * uniform(random);
    }
    for (int i = 0; i < m->na; i++) {
        d->act[i] = 0.2 + 0.6 * uniform(random);
    }
    mj_forward(m, d);
}

static void strength_scales_every_force(void** state) {
    (void)state;
    bench b = open_bench(TOY);
    mjData* plain = mj_makeData(b.original);
    ks_dynamics* c = bind(&b, "motor_strength", NULL, KS_DYNAMICS_FACTOR);
    for (int trial = 0; trial < 50; trial++) {
        double factor = trial / 20.0;
        ks_dynamics_apply(b.copy, b.d, b.original, &c, 1, &factor);
        uint64_t random = (uint64_t)trial + 1;
        pose(b.original, plain, &random);
        random = (uint64_t)trial + 1;
        pose(b.copy, b.d, &random);
        for (int k = 0; k < ks_dynamics_object_count(c); k++) {
            int actuator = motor(b.original, ks_dynamics_object_at(c, k));
            for (int o = 0; o < b.original->actuator_outnum[actuator]; o++) {
                int out = b.original->actuator_outadr[actuator] + o;
                double expected = factor * plain->actuator_force[out];
                assert_true(plain->actuator_force[out] != 0);
                assert_true(fabs(b.d->actuator_force[out] - expected) <= 1e-12 * (1 + fabs(expected)));
            }
        }
        int hip =
            dof(b.original, "hip"); /* its own force is limited to 15, the joint's to 12, the muscle's is little */
        assert_true(fabs(plain->qfrc_actuator[hip]) <= 12 && fabs(b.d->qfrc_actuator[hip]) <= 12 * factor + 1e-12);
    }
    ks_dynamics_destroy(c);
    mj_deleteData(plain);
    close_bench(&b);
}

static void a_lost_motor_gives_no_force(void** state) {
    (void)state;
    bench b = open_bench(TOY);
    ks_dynamics* c = bind(&b, "lost_motor", NULL, KS_DYNAMICS_VALUE);
    const int count = ks_dynamics_object_count(c);
    assert_int_equal(count, b.original->nactuator);
    mjData* plain = mj_makeData(b.original);
    for (int which = -1; which < count; which++) {
        double number = which;
        ks_dynamics_apply(b.copy, b.d, b.original, &c, 1, &number);
        uint64_t random = 8;
        pose(b.copy, b.d, &random);
        random = 8;
        pose(b.original, plain, &random);
        for (int a = 0; a < count; a++) {
            for (int o = 0; o < b.copy->actuator_outnum[a]; o++) {
                double force = b.d->actuator_force[b.copy->actuator_outadr[a] + o];
                double before = plain->actuator_force[b.copy->actuator_outadr[a] + o];
                if (before == 0 || force != (a == which ? 0 : before)) {
                    fail_msg("%s %d %g %g", mj_id2name(b.copy, mjOBJ_ACTUATOR, a), which, before, force);
                }
            }
        }
    }
    mj_deleteData(plain);
    ks_dynamics_destroy(c);
    close_bench(&b);
}

/* ---- copies ------------------------------------------------------------------------------------------------------ */

static void copies_share_what_does_not_change(void** state) {
    (void)state;
    for (int model = 0; model < MODELS; model++) {
        bench b = open_bench(model_text(model));
        mjModel* whole = mj_copyModel(NULL, b.original);
        mjModel* before = mj_copyModel(NULL, b.original);
        mjData* d = mj_makeData(whole);
        assert_same(b.copy, b.original, "a fresh copy");
        assert_ptr_equal(b.copy->names, b.original->names);
        assert_ptr_equal(b.copy->mesh_vert, b.original->mesh_vert);
        assert_ptr_not_equal(b.copy->body_mass, b.original->body_mass);
        ks_dynamics* c = bind(&b, "mass", NULL, KS_DYNAMICS_FACTOR);
        double factor = 1.4;
        ks_dynamics_apply(b.copy, b.d, b.original, &c, 1, &factor);
        ks_dynamics_apply(whole, d, b.original, &c, 1, &factor);
        mj_resetData(b.copy, b.d);
        mj_resetData(whole, d);
        for (int t = 0; t < 200; t++) {
            for (int i = 0; i < whole->nu; i++) {
                d->ctrl[i] = b.d->ctrl[i] = sin(0.1 * t + i);
            }
            mj_step(b.copy, b.d);
            mj_step(whole, d);
        }
        assert_memory_equal(b.d->qpos, d->qpos, (size_t)whole->nq * sizeof(double));
        assert_memory_equal(b.d->qvel, d->qvel, (size_t)whole->nv * sizeof(double));
        assert_same(b.original, before, "the original");
        ks_dynamics_destroy(c);
        mj_deleteData(d);
        mj_deleteModel(before);
        mj_deleteModel(whole);
        close_bench(&b);
    }
}

#ifndef __SANITIZE_ADDRESS__
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

static void applying_does_not_allocate(void** state) {
    (void)state;
    every* all = malloc(sizeof *all);
    for (int model = 0; model < MODELS; model++) {
        bench b = open_bench(model_text(model));
        bind_every(all, &b, false);
        uint64_t random = 6;
        draw_numbers(all, &random);
        const long before = allocations;
        assert_true(before > 0);
        for (int i = 0; i < 20; i++) {
            ks_dynamics_apply(b.copy, b.d, b.original, all->changes, all->count, all->numbers);
        }
        assert_int_equal(allocations, before);
        destroy_every(all);
        close_bench(&b);
    }
    free(all);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_floor_carries_the_weight),
        cmocka_unit_test(slopes_tilt_gravity),
        cmocka_unit_test(a_slope_makes_it_slide),
        cmocka_unit_test(friction_of_nothing_is_mujocos_least),
        cmocka_unit_test(strength_scales_every_force),
        cmocka_unit_test(a_lost_motor_gives_no_force),
        cmocka_unit_test(copies_share_what_does_not_change),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(applying_does_not_allocate),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
