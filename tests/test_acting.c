/* How policies begin and act, in the double build: initial parameters, sampling, and shapes that are refused. */
#include "policy_problem.h"

static void initial_parameters(void** state) {
    (void)state;
    problem p = problem_create(shape(2, KS_GAUSSIAN, KS_RELU), 1);
    double* uniform = arena_alloc(&p.memory, p.p * sizeof *uniform);
    ks_stream_uniform(uniform, p.p, ks_stream_make(7, KS_RNG_INIT, 0, 0), 9, 0, 0);
    ks_policy_init(p.policy, p.theta, uniform, -1.5);
    size_t next = 0;
    for (size_t t = 0; t < ks_policy_num_tensors(p.policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(p.policy, t);
        assert_int_equal(tensor.offset, next);
        double limit = tensor.ndim == 2 ? sqrt(6.0 / (double)(tensor.shape[0] + tensor.shape[1])) : 0;
        bool log_std = strcmp(tensor.name, "log_std") == 0;
        for (size_t i = next; i < next + tensor.count; i++) {
            double want = log_std ? -1.5 : limit * (2 * uniform[i] - 1);
            assert_true(fabs((double)p.theta[i] - want) < 1e-15);
        }
        next += tensor.count;
    }
    assert_int_equal(next, p.p);
    assert_int_equal(next, OBS * 5 + 5 + 5 * 3 + 3 + 3 * ACT + ACT + ACT);
    assert_string_equal(ks_policy_tensor_at(p.policy, 3).name, "mlp.1.bias");
    problem_destroy(&p);
}

/* weights cut off at two sigma have the moments of that distribution, and each is where its uniform number says */
static void truncated_normal_parameters(void** state) {
    (void)state;
    problem p = problem_create(shape(3, KS_SQUARED_ERROR, KS_RELU), 1);
    const double sigma = 0.01;
    double* uniform = arena_alloc(&p.memory, p.p * sizeof *uniform);
    ks_stream_uniform(uniform, p.p, ks_stream_make(7, KS_RNG_INIT, 0, 0), 9, 0, 0);
    const double corner[] = {1e-12, 0.5, 1 - 1e-12, 0.25};
    memcpy(uniform, corner, sizeof corner);
    ks_policy_init_truncated_normal(p.policy, p.theta, uniform, sigma, 0);
    assert_true(fabs((double)p.theta[0] + 2 * sigma) < 1e-10 && p.theta[1] == 0);
    assert_true(fabs((double)p.theta[2] - 2 * sigma) < 1e-10);
    double square = 0, count = 0;
    for (size_t t = 0; t < ks_policy_num_tensors(p.policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(p.policy, t);
        for (size_t i = tensor.offset; i < tensor.offset + tensor.count; i++) {
            double x = (double)p.theta[i] / sigma;
            if (tensor.ndim == 1) {
                assert_true(x == 0);
                continue;
            }
            /* Φ(x) = Φ(-2) + u (Φ(2) - Φ(-2)) */
            double want = erfc(sqrt(2)) / 2 + uniform[i] * erf(sqrt(2));
            assert_true(fabs(erfc(-x / sqrt(2)) / 2 - want) < 1e-12);
            square += x * x;
            count++;
        }
    }
    assert_true(fabs(square / count - 0.773741) < 0.03); /* 1 - 4 φ(2) / erf(√2) */
    problem_destroy(&p);
}

static void gaussian_sampling(void** state) {
    (void)state;
    ks_policy_settings settings = shape(1, KS_GAUSSIAN, KS_TANH);
    settings.log_std_min = -0.35;
    problem p = problem_create(settings, 101);
    size_t n = p.rows.n;
    const ks_real* noise = normals(&p.memory, n * ACT, 1);
    ks_real* head = reals(&p.memory, n * ACT);
    ks_real* act = reals(&p.memory, n * ACT);
    ks_real* logp = reals(&p.memory, n);
    double* want = arena_alloc(&p.memory, n * sizeof *want);
    ks_policy_forward(p.policy, p.theta, n, p.rows.obs, head, p.ws);
    ks_policy_sample(p.policy, p.theta, n, head, noise, act, logp);
    ks_rows sampled = {.n = n, .obs = p.rows.obs, .act = act};
    naive_logp(want, p.policy, naive_theta(&p.memory, p.policy, p.theta, NULL), sampled);
    const double log_std[ACT] = {-0.2, -0.3, -0.35};
    for (size_t i = 0; i < n * ACT; i++) {
        double action = (double)head[i] + exp(log_std[i % ACT]) * (double)noise[i];
        assert_true(fabs((double)act[i] - action) < 1e-12);
    }
    for (size_t i = 0; i < n; i++) {
        assert_true(fabs((double)logp[i] - want[i]) < 1e-10);
    }
    ks_policy_sample(p.policy, p.theta, n, head, NULL, act, logp);
    assert_memory_equal(act, head, n * ACT * sizeof *act);
    problem_destroy(&p);
}

static void categorical_sampling(void** state) {
    (void)state;
    problem p = problem_create(shape(1, KS_CATEGORICAL, KS_TANH), 1);
    const ks_real logits[2 * ACT] = {1000, (ks_real)(1000 + log(2.0)), (ks_real)(1000 + log(5.0)), 3, -1e4, 2};
    enum { DRAWS = 64 };
    for (int i = 0; i < DRAWS; i++) { /* probabilities 1/8, 2/8, 5/8; and e/(1+e), 0, 1/(1+e) */
        ks_real u[2] = {(ks_real)((i + 0.5) / DRAWS), (ks_real)((i + 0.5) / DRAWS)};
        ks_real act[2], logp[2];
        ks_policy_sample(p.policy, p.theta, 2, logits, u, act, logp);
        int first = i < DRAWS / 8 ? 0 : i < DRAWS * 3 / 8 ? 1 : 2;
        int second = (double)u[1] < 1 / (1 + exp(-1)) ? 0 : 2;
        assert_int_equal((int)act[0], first);
        assert_int_equal((int)act[1], second);
        const double probability[] = {0.125, 0.25, 0.625};
        assert_true(fabs((double)logp[0] - log(probability[first])) < 1e-10);
    }
    ks_real act[2], logp[2];
    ks_policy_sample(p.policy, p.theta, 2, logits, NULL, act, logp);
    assert_true(act[0] == 2 && act[1] == 0);
    problem_destroy(&p);
}

static void squared_error_sampling(void** state) {
    (void)state;
    problem p = problem_create(shape(1, KS_SQUARED_ERROR, KS_TANH), 2);
    const ks_real head[2 * ACT] = {1, 2, 3, -4, 5, -6};
    ks_real act[2 * ACT], logp[2];
    assert_int_equal(ks_policy_noise_cols(p.policy), 0);
    ks_policy_sample(p.policy, p.theta, 2, head, NULL, act, logp);
    assert_memory_equal(act, head, sizeof head);
    assert_true(logp[0] == 0 && logp[1] == 0);
    assert_int_equal(ks_policy_log_std_offset(p.policy), p.p); /* no log-std in θ */
    problem_destroy(&p);
}

static void impossible_shapes_are_refused(void** state) {
    (void)state;
    const ks_policy_settings good = shape(2, KS_GAUSSIAN, KS_RELU);
    ks_policy_settings bad[] = {good, good, good, good, good, good};
    bad[0].obs_dim = 0;
    bad[1].act_dim = -1;
    bad[2].hidden[1] = 0;
    bad[3].hidden[0] = KS_MAX_WIDTH + 1;
    bad[4].num_hidden = KS_MAX_HIDDEN + 1;
    bad[5].num_hidden = -1;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        ks_error err = {0};
        assert_null(ks_policy_create(&bad[i], &err));
        assert_int_equal(err.code, KS_BAD_INPUT);
        assert_true(strlen(err.text) > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initial_parameters),     cmocka_unit_test(truncated_normal_parameters),
        cmocka_unit_test(gaussian_sampling),      cmocka_unit_test(categorical_sampling),
        cmocka_unit_test(squared_error_sampling), cmocka_unit_test(impossible_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
