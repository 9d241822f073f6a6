/* The derivatives of meta-learning, in the double build, against central differences: the meta-gradient through 1, 2 and 3
 * inner steps, and the curvature of the constraint, on several shapes, both heads, both activations, uneven batches. What learned
 * step sizes add is tested in test_step_sizes_exact.c. */
#include "maml_support.h"

static void test_meta_gradient(void** state) {
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        for (int k = 1; k <= MAX_K; k++) {
            check_meta_gradient(plain(shape(s, KS_GAUSSIAN, KS_RELU), k));
            check_meta_gradient(plain(shape(s, KS_GAUSSIAN, KS_TANH), k));
            check_meta_gradient(plain(shape(s, KS_CATEGORICAL, KS_RELU), k));
            check_meta_gradient(plain(shape(s, KS_CATEGORICAL, KS_TANH), k));
            check_meta_gradient(plain(shape(s, KS_SQUARED_ERROR, KS_RELU), k));
            check_meta_gradient(plain(shape(s, KS_SQUARED_ERROR, KS_TANH), k));
        }
    }
}

static void test_meta_gradient_at_the_log_std_floor(void** state) {
    (void)state;
    ks_policy_settings settings = shape(2, KS_GAUSSIAN, KS_TANH);
    settings.log_std_min = -0.25; /* the second dimension starts below it */
    for (int k = 1; k <= MAX_K; k++) {
        check_meta_gradient(plain(settings, k));
    }
}

static void test_curvature(void** state) {
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        for (int k = 0; k <= MAX_K; k++) {
            check_curvature(plain(shape(s, KS_GAUSSIAN, KS_RELU), k));
            check_curvature(plain(shape(s, KS_GAUSSIAN, KS_TANH), k));
            check_curvature(plain(shape(s, KS_CATEGORICAL, KS_TANH), k));
        }
    }
}

/* with a share of the timesteps: the meta-gradient does not change, and J and F are those of the chosen rows */
static void test_curvature_fraction(void** state) {
    (void)state;
    problem all, some;
    problem_settings settings = plain(shape(2, KS_GAUSSIAN, KS_TANH), 2);
    problem_create(&all, settings);
    settings.fraction = 0.1;
    problem_create(&some, settings);
    double a[MAX_Q], b[MAX_Q];
    meta_gradient(a, &all);
    meta_gradient(b, &some);
    assert_true(relative_error(b, a, all.p) < 1e-12);
    const ks_real* direction = normals(&all.memory, all.p, 1);
    curvature_product(a, &all, direction);
    curvature_product(b, &some, direction);
    double error = relative_error(b, a, all.p);
    assert_true(error > 1e-6 && error < 1.5); /* an estimate, neither the same nor nonsense */
    double dot = 0;
    for (size_t i = 0; i < all.p; i++) {
        dot += b[i] * (double)direction[i];
    }
    assert_true(dot > 0);
    problem_destroy(&all);
    problem_destroy(&some);
}

static void test_first_order(void** state) {
    (void)state;
    problem p, second;
    problem_settings settings = plain(shape(2, KS_GAUSSIAN, KS_TANH), 2);
    problem_create(&second, settings);
    settings.first_order = true;
    problem_create(&p, settings);
    double first[MAX_Q], gradients[GROUPS * MAX_Q], mean[MAX_Q];
    meta_gradient(first, &p);
    ks_derivatives_gradient(p.derivatives, gradients, p.stage + 2 * GROUPS, GROUPS);
    mean_of_tasks(mean, &p, gradients, NULL);
    assert_true(relative_error(first, mean, p.p) < 1e-14);
    /* and it is not the second-order one, or the option would do nothing */
    meta_gradient(mean, &second);
    assert_true(relative_error(first, mean, p.p) > 1e-3);
    problem_destroy(&second);
    problem_destroy(&p);
}

static void test_threads_do_not_matter(void** state) {
    (void)state;
    double first[MAX_Q], other[MAX_Q];
    for (int learned = KS_LEARNED_NONE; learned <= KS_LEARNED_PARAMETER; learned++) {
        for (int threads = 1; threads <= 3; threads++) {
            problem p;
            problem_settings settings = plain(shape(2, KS_GAUSSIAN, KS_RELU), 2);
            settings.fraction = 0.5;
            settings.threads = threads;
            settings.learned = learned;
            problem_create(&p, settings);
            double* out = threads == 1 ? first : other;
            curvature_product(out, &p, p.params);
            if (threads > 1) {
                assert_memory_equal(first, other, p.q * sizeof *first);
            }
            problem_destroy(&p);
        }
    }
}

/* what an inner step leaves behind, tapes and all, is what recording anew finds: without curvature nothing is recorded again */
static void test_tapes_that_the_steps_left(void** state) {
    (void)state;
    for (int k = 1; k <= MAX_K; k++) {
        ks_error err = {0};
        problem p;
        problem_create(&p, plain(shape(2, KS_SQUARED_ERROR, KS_TANH), k));
        double want[MAX_Q], got[MAX_Q], u[GROUPS * MAX_Q];
        meta_gradient(want, &p);
        ks_jacobian* jacobian = ks_jacobian_create(
            p.policy, p.inner,
            (ks_jacobian_sizes){.groups = GROUPS, .max_rows = MAX_ROWS, .inner_steps = k, .fraction = 1}, &err);
        assert_non_null(jacobian);
        double loss[GROUPS], gradient[GROUPS * MAX_Q], direct[GROUPS];
        ks_real* next = reals(&p.memory, GROUPS * p.p);
        for (int j = 0; j < k; j++) {
            const ks_group* at = p.stage + (size_t)j * GROUPS;
            ks_inner_trace trace = {.gradient = gradient, .loss = loss, .tapes = ks_jacobian_tapes(jacobian, j)};
            assert_non_null(trace.tapes);
            ks_inner_step(next, p.inner, at, GROUPS, j, LR, trace);
            ks_derivatives_loss(p.derivatives, direct, at, GROUPS);
            assert_true(relative_error(loss, direct, GROUPS) < 1e-13);
            assert_true(relative_error(gradient, p.gradients + (size_t)j * GROUPS * p.p, GROUPS * p.p) < 1e-13);
        }
        assert_null(ks_jacobian_tapes(jacobian, k)); /* which is for F alone */
        ks_jacobian_record(jacobian, p.stage, GROUPS, p.gradients, true, ks_stream_make(3, KS_RNG_CURVATURE, 0, 0));
        ks_derivatives_gradient(p.derivatives, u, p.stage + (size_t)k * GROUPS, GROUPS);
        ks_jacobian_pull_back(u, NULL, jacobian);
        mean_of_tasks(got, &p, u, NULL);
        assert_true(relative_error(got, want, p.p) < 1e-13);
        ks_jacobian_destroy(jacobian);
        problem_destroy(&p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meta_gradient),
        cmocka_unit_test(test_meta_gradient_at_the_log_std_floor),
        cmocka_unit_test(test_curvature),
        cmocka_unit_test(test_curvature_fraction),
        cmocka_unit_test(test_first_order),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_tapes_that_the_steps_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
