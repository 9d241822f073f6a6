/* The primitive in the float build, on timesteps that half-cheetah really gave: value, gradient, Hessian- and Fisher-vector
 * products, ratio and KL agree with a slow computation in double to 1e-3. */
#include "naive_policy.h"
#include "rl/advantage.h"
#include "rl/rollout.h"

enum { TRAJECTORIES = 4, HORIZON = 100 };

typedef struct problem {
    arena memory;
    ks_env_model* model;
    ks_policy* policy;
    ks_policy_ws* ws;
    ks_batch* batch;
    size_t p;
    ks_real *theta, *new_theta; /* (P) that sampled, and one near it */
    const ks_real* v;           /* (P) */
} problem;

static void sample(problem* p) {
    ks_error err = {0};
    ks_sampler* sampler = ks_sampler_create(p->model, p->policy, 1, &err);
    assert_non_null(sampler);
    ks_batch_sizes sizes = ks_sampler_batch_sizes(sampler, TRAJECTORIES, HORIZON, false);
    p->batch = ks_batch_create(&sizes, &err);
    assert_non_null(p->batch);
    const double goal = 1.5;
    ks_rollout_request request = {
        .batch = p->batch, .trajectories = TRAJECTORIES, .theta = p->theta, .task = &goal, .task_index = 3};
    assert_true(ks_sampler_run(sampler, &request, 1, (ks_rollout_noise){.seed = 1}, &err));
    ks_sampler_destroy(sampler);
    ks_advantage_ws* ws = ks_advantage_ws_create(sizes.obs_dim, p->batch->rows, &err);
    assert_non_null(ws);
    bool failed = true;
    ks_advantage_compute(p->batch, ks_advantage_settings_default(), &failed, ws);
    assert_false(failed);
    ks_advantage_ws_destroy(ws);
    for (size_t i = 0; i < p->batch->rows; i++) {
        p->batch->adv[i] += 1; /* so that the sums of value and ratio do not cancel */
    }
}

static problem problem_create(ks_activation activation) {
    problem p = {0};
    ks_error err = {0};
    p.model = ks_env_model_create(ks_env_find("half-cheetah-vel", &err), false, &err);
    assert_non_null(p.model);
    ks_policy_settings settings = ks_policy_settings_default();
    settings.obs_dim = ks_env_model_obs_dim(p.model);
    settings.act_dim = ks_env_model_def(p.model)->act_dim;
    settings.activation = activation;
    p.policy = ks_policy_create(&settings, &err);
    p.ws = p.policy ? ks_policy_ws_create(p.policy, 0, &err) : NULL;
    assert_non_null(p.ws);
    p.p = ks_policy_num_params(p.policy);
    p.theta = reals(&p.memory, p.p);
    double* uniform = arena_alloc(&p.memory, p.p * sizeof *uniform);
    ks_stream_uniform(uniform, p.p, ks_stream_make(1, KS_RNG_INIT, 0, 0), 0, 0, 0);
    ks_policy_init(p.policy, p.theta, uniform, -0.5);
    p.v = normals(&p.memory, p.p, 1);
    p.new_theta = normals(&p.memory, p.p, 0.01);
    for (size_t i = 0; i < p.p; i++) {
        p.new_theta[i] += p.theta[i];
    }
    sample(&p);
    return p;
}

static void problem_destroy(problem* p) {
    ks_batch_destroy(p->batch);
    ks_policy_ws_destroy(p->ws);
    ks_policy_destroy(p->policy);
    ks_env_model_destroy(p->model);
    arena_free(&p->memory);
}

static void check(const char* what, const double* got, const double* want, size_t n) {
    double error = relative_error(got, want, n);
    print_message("%-22s off by %.1e\n", what, error);
    if (!(error < 1e-3)) {
        fail_msg("%s off by %g", what, error);
    }
}

static double* zeros(problem* p) {
    double* x = arena_alloc(&p->memory, p->p * sizeof *x);
    memset(x, 0, p->p * sizeof *x);
    return x;
}

static void check_batch(ks_activation activation) {
    problem p = problem_create(activation);
    const ks_batch* b = p.batch;
    assert_int_equal(b->rows, TRAJECTORIES * HORIZON);
    ks_rows rows = {.n = b->rows, .obs = b->obs, .act = b->act, .weight = b->adv};
    ks_old_policy old = {.logp = b->logp, .head = b->head, .theta = p.theta};
    ks_error err = {0};

    double *grad = zeros(&p), *hvp = zeros(&p), *fvp = zeros(&p), ratio, kl;
    double value = ks_policy_nll_grad(grad, p.policy, p.new_theta, rows, 1, p.ws);
    ks_policy_compare(&ratio, &kl, p.policy, p.new_theta, rows, old, p.ws);
    ks_tape* tape = ks_tape_create(p.policy, KS_TAPE_HESSIAN, rows.n, &err);
    assert_non_null(tape);
    ks_tape_record(tape, NULL, p.new_theta, rows, 1, p.ws);
    ks_tape_hvp(hvp, tape, p.v, p.ws);
    ks_tape_destroy(tape);
    tape = ks_tape_create(p.policy, KS_TAPE_FISHER, rows.n, &err);
    assert_non_null(tape);
    ks_tape_record(tape, NULL, p.new_theta, rows, 1, p.ws);
    ks_tape_fvp(fvp, tape, p.v, p.ws);
    ks_tape_destroy(tape);

    naive_result slow = naive_all(&p.memory, p.policy, p.new_theta, p.v, rows, p.theta);
    check("value", &value, &slow.nll, 1);
    check("ratio", &ratio, &slow.ratio, 1);
    check("KL", &kl, &slow.kl, 1);
    check("gradient", grad, slow.grad, p.p);
    check("Hessian-vector product", hvp, slow.hvp, p.p);
    check("Fisher-vector product", fvp, slow.fvp, p.p);

    /* and what the sampler wrote down */
    double* want = arena_alloc(&p.memory, rows.n * sizeof *want);
    double* logp = arena_alloc(&p.memory, rows.n * sizeof *logp);
    naive_logp(want, p.policy, naive_theta(&p.memory, p.policy, p.theta, NULL), rows);
    for (size_t i = 0; i < rows.n; i++) {
        logp[i] = (double)b->logp[i];
    }
    check("sampled logp", logp, want, rows.n);
    problem_destroy(&p);
}

static void relu(void** state) {
    (void)state;
    check_batch(KS_RELU);
}

static void hyperbolic_tangent(void** state) {
    (void)state;
    check_batch(KS_TANH);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(relu), cmocka_unit_test(hyperbolic_tangent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
