/* Learned step sizes, in the double build: the meta-gradient with respect to θ and to a = log α, and the curvature Jᵀ F J over both,
 * against central differences, for every kind of them, with every mask; and where they lie in memory. */
#include "maml_support.h"

static const int LEARNED[] = {KS_LEARNED_NONE, KS_LEARNED_ONE, KS_LEARNED_TENSOR, KS_LEARNED_PARAMETER};
static const int ADAPTS[] = {KS_ADAPTS_ALL, KS_ADAPTS_HEAD, KS_ADAPTS_BODY};

/* every kind of step sizes of a shape, k and order; a mask without a learned size counts as one */
static void check_all_kinds(ks_policy_settings policy, int k, bool first_order, void (*check)(problem_settings)) {
    for (size_t l = 0; l < 4; l++) {
        for (size_t a = 0; a < 3; a++) {
            for (int per_step = 0; per_step <= (LEARNED[l] != KS_LEARNED_NONE && k > 1); per_step++) {
                problem_settings s = plain(policy, k);
                s.first_order = first_order;
                s.learned = LEARNED[l];
                s.adapts = ADAPTS[a];
                s.per_step = per_step;
                s.most_rows = 40; /* as many are tested without learned sizes (test_maml.c) */
                check(s);
            }
        }
    }
}

static void test_meta_gradient(void** state) {
    (void)state;
    for (int k = 1; k <= MAX_K; k++) {
        check_all_kinds(shape(2, KS_GAUSSIAN, KS_TANH), k, false, check_meta_gradient);
        check_all_kinds(shape(1, KS_CATEGORICAL, KS_RELU), k, false, check_meta_gradient);
        check_all_kinds(shape(2, KS_SQUARED_ERROR, KS_RELU), k, false, check_meta_gradient);
        check_all_kinds(shape(0, KS_SQUARED_ERROR, KS_TANH), k, false, check_meta_gradient);
    }
}

static void test_first_order_meta_gradient(void** state) {
    (void)state;
    for (int k = 1; k <= MAX_K; k++) {
        check_all_kinds(shape(2, KS_GAUSSIAN, KS_TANH), k, true, check_meta_gradient);
        check_all_kinds(shape(2, KS_SQUARED_ERROR, KS_RELU), k, true, check_meta_gradient);
    }
}

static void test_curvature(void** state) {
    (void)state;
    for (int k = 1; k <= MAX_K; k++) {
        check_all_kinds(shape(2, KS_GAUSSIAN, KS_TANH), k, false, check_curvature);
        check_all_kinds(shape(1, KS_CATEGORICAL, KS_TANH), k, false, check_curvature);
        check_all_kinds(shape(2, KS_GAUSSIAN, KS_RELU), k, true, check_curvature);
    }
}

/* with a share of the rows, J is that of the share, and da/dα still of all: the meta-gradient does not change */
static void test_fraction(void** state) {
    (void)state;
    double all[MAX_Q], some[MAX_Q];
    problem p;
    problem_settings s = plain(shape(2, KS_GAUSSIAN, KS_TANH), 2);
    s.learned = KS_LEARNED_TENSOR;
    problem_create(&p, s);
    meta_gradient(all, &p);
    problem_destroy(&p);
    s.fraction = 0.1;
    problem_create(&p, s);
    meta_gradient(some, &p);
    assert_true(relative_error(some, all, p.q) < 1e-12);
    const ks_real* direction = normals(&p.memory, p.q, 1);
    double dot = 0;
    curvature_product(some, &p, direction);
    for (size_t i = 0; i < p.q; i++) {
        dot += some[i] * (double)direction[i];
    }
    assert_true(dot > 0); /* positive semi-definite, as CG needs it */
    problem_destroy(&p);
}

/* ---- where they lie ---------------------------------------------------------------------------------------------- */

static ks_policy* make_policy(ks_head head) {
    ks_error err = {0};
    ks_policy_settings settings = shape(2, head, KS_TANH);
    ks_policy* policy = ks_policy_create(&settings, &err);
    assert_non_null(policy);
    return policy;
}

static void test_layout(void** state) {
    (void)state;
    ks_policy* policy = make_policy(KS_GAUSSIAN);
    const size_t p = ks_policy_num_params(policy), tensors = ks_policy_num_tensors(policy);
    const size_t sets[] = {0, 1, tensors, p};
    assert_int_equal(tensors, 7); /* three layers of a weight and a bias, log-std */
    for (size_t l = 0; l < 4; l++) {
        ks_step_sizes s = {.lr = 0.25, .steps = 3, .learned = LEARNED[l]};
        assert_int_equal(ks_step_sizes_set(&s, policy), sets[l]);
        assert_int_equal(ks_step_sizes_count(&s, policy), sets[l]);
        assert_int_equal(ks_step_sizes_start(&s, policy, 2), 0);
        assert_true(ks_step_sizes_own(&s) == (l == 0 ? 0.25 : 1));
        assert_true(ks_step_sizes_are_plain(&s, policy) == (l == 0));
        s.per_step = true;
        assert_int_equal(ks_step_sizes_set(&s, policy), sets[l]);
        assert_int_equal(ks_step_sizes_count(&s, policy), 3 * sets[l]);
        for (int j = 0; j < 6; j++) { /* what comes after the last one that was trained takes its sizes */
            assert_int_equal(ks_step_sizes_start(&s, policy, j), (size_t)(j < 3 ? j : 2) * sets[l]);
        }
        s.steps = 1;
        assert_int_equal(ks_step_sizes_count(&s, policy), sets[l]);
    }
    ks_step_sizes masked = {.lr = 0.25, .steps = 1, .adapts = KS_ADAPTS_HEAD};
    assert_false(ks_step_sizes_are_plain(&masked, policy));
    ks_policy_destroy(policy);
}

static void test_alpha(void** state) {
    (void)state;
    problem p;
    double alpha[MAX_Q], want[MAX_Q];
    for (int head = KS_GAUSSIAN; head <= KS_SQUARED_ERROR; head++) {
        for (size_t l = 0; l < 4; l++) {
            for (size_t a = 0; a < 3; a++) {
                problem_settings s = plain(shape(2, (ks_head)head, KS_TANH), 3);
                s.learned = LEARNED[l];
                s.adapts = ADAPTS[a];
                s.per_step = l > 0;
                problem_create(&p, s);
                const ks_step_sizes* sizes = ks_inner_sizes(p.inner);
                for (int j = 0; j < 5; j++) {
                    slow_alpha(want, &p, p.params, j < 3 ? j : 2);
                    /* a factor of learned ones, else the size itself */
                    double other = l == 0 ? 2 * LR : 2;
                    ks_step_sizes_alpha(alpha, sizes, p.policy, p.params + p.p, j, other);
                    for (size_t i = 0; i < p.p; i++) {
                        assert_true(fabs(alpha[i] - 2 * want[i]) <= 1e-15);
                    }
                }
                problem_destroy(&p);
            }
        }
    }
}

/* learning starts at lr, and the map says which number a parameter shares */
static void test_start_and_map(void** state) {
    (void)state;
    ks_policy* policy = make_policy(KS_GAUSSIAN);
    const size_t p = ks_policy_num_params(policy);
    size_t of[MAX_Q];
    ks_real a[3 * MAX_Q];
    for (size_t l = 0; l < 4; l++) {
        ks_step_sizes s = {.lr = 0.25, .steps = 3, .learned = LEARNED[l], .per_step = l > 0};
        a[ks_step_sizes_count(&s, policy)] = 77;
        ks_step_sizes_init(a, &s, policy);
        assert_true(a[ks_step_sizes_count(&s, policy)] == 77);
        for (size_t i = 0; i < ks_step_sizes_count(&s, policy); i++) {
            assert_true(fabs((double)a[i] - log(0.25)) < 1e-15);
        }
        ks_step_sizes_map(of, &s, policy);
        for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
            ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
            for (size_t i = tensor.offset; i < tensor.offset + tensor.count; i++) {
                assert_int_equal(of[i], l < 2 ? 0 : l == 2 ? t : i);
            }
        }
        assert_true(of[p - 1] < (l == 0 ? 1 : ks_step_sizes_set(&s, policy)));
    }
    ks_policy_destroy(policy);
}

/* a step of another size than its own takes that factor, and one behind the last is as long as the last */
static void test_steps_of_other_sizes(void** state) {
    (void)state;
    problem p;
    problem_settings s = plain(shape(2, KS_SQUARED_ERROR, KS_TANH), 2);
    s.learned = KS_LEARNED_PARAMETER;
    s.per_step = true;
    problem_create(&p, s);
    size_t all = GROUPS * p.p;
    ks_real* next = reals(&p.memory, all);
    double alpha[MAX_Q];
    for (int j = 0; j < 4; j++) {
        const double factor = j == 1 ? 1 : 0.5;
        ks_inner_step(next, p.inner, p.stage, GROUPS, j, factor, (ks_inner_trace){0});
        slow_alpha(alpha, &p, p.params, j < 2 ? j : 1);
        for (size_t i = 0; i < all; i++) {
            double want = (double)p.stage[i / p.p].theta[i % p.p] - factor * alpha[i % p.p] * p.gradients[i];
            assert_true(fabs((double)next[i] - want) < 1e-12);
        }
    }
    problem_destroy(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meta_gradient), cmocka_unit_test(test_first_order_meta_gradient),
        cmocka_unit_test(test_curvature),     cmocka_unit_test(test_fraction),
        cmocka_unit_test(test_layout),        cmocka_unit_test(test_alpha),
        cmocka_unit_test(test_start_and_map), cmocka_unit_test(test_steps_of_other_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
