/* The primitive in the double build: value, gradient, Hessian- and Fisher-vector products, ratio and KL against a slow
 * implementation and against central differences, over shapes, heads, activations and batch sizes; sampling and creation. */
#include "naive_policy.h"

enum { OBS = 4, ACT = 3, MAX_PARAMS = 11000 };
static const size_t ROWS[] = {1, 7, 101, 1037}; /* less than a block, odd, a block and one, more than ten blocks */
static const struct { int count, width[2]; } HIDDEN[] = {{0, {0}}, {1, {7}}, {2, {5, 3}}, {2, {100, 100}}};
static const double SCALE = 0.37; /* of sums, so that a forgotten one is seen */

#define LENGTH(array) (sizeof(array) / sizeof *(array))

typedef struct problem {
    arena memory;
    ks_policy* policy;
    ks_policy_ws* ws;
    size_t p;
    ks_real *theta, *old_theta; /* (P) */
    ks_real* v;                 /* (P) a direction of length 1 */
    ks_rows rows;
    ks_old_policy old;
} problem;

static ks_policy_settings shape(size_t hidden, ks_head head, ks_activation activation) {
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = OBS;
    s.act_dim = ACT;
    s.head = head;
    s.activation = activation;
    s.num_hidden = HIDDEN[hidden].count;
    memcpy(s.hidden, HIDDEN[hidden].width, sizeof HIDDEN[hidden].width);
    return s;
}

/* the distance to the nearest kink of ReLU: the least |z| of a hidden unit on this observation */
static double kink_distance(naive_pass* pass, const ks_policy_settings* s, const double complex* theta,
                            const ks_real* obs) {
    double least = INFINITY;
    naive_forward(pass, s, theta, obs);
    for (int l = 0; l < s->num_hidden; l++) {
        for (size_t i = 0; i < naive_width(s, l + 1); i++) {
            least = fmin(least, fabs(creal(pass->z[l][i])));
        }
    }
    return least;
}

/* draws the observations again that come near a kink of ReLU, so that differences do not cross one */
static void avoid_kinks(problem* p) {
    const ks_policy_settings* s = ks_policy_get_settings(p->policy);
    ks_real* obs = reals(&p->memory, p->rows.n * OBS);
    memcpy(obs, p->rows.obs, p->rows.n * OBS * sizeof *obs);
    p->rows.obs = obs;
    const double complex* theta = naive_theta(&p->memory, p->policy, p->theta, NULL);
    naive_pass* pass = arena_alloc(&p->memory, sizeof *pass);
    for (size_t r = 0; r < p->rows.n; r++) {
        for (uint32_t attempt = 0; kink_distance(pass, s, theta, obs + r * OBS) < 1e-3; attempt++) {
            double fresh[OBS];
            ks_stream_normal(fresh, OBS, ks_stream_make(6, KS_RNG_ACTION, 0, 0), 0, (uint32_t)r, attempt);
            for (size_t i = 0; i < OBS; i++) {
                obs[r * OBS + i] = (ks_real)fresh[i];
            }
        }
    }
}

static ks_real* random_theta(problem* p, uint32_t task) {
    double* uniform = arena_alloc(&p->memory, p->p * sizeof *uniform);
    ks_real* theta = normals(&p->memory, p->p, 0.2); /* for the biases, which start at 0 */
    ks_real* init = reals(&p->memory, p->p);
    ks_stream_uniform(uniform, p->p, ks_stream_make(7, KS_RNG_INIT, 0, 0), task, 0, 0);
    ks_policy_init(p->policy, init, uniform, -0.2);
    for (size_t i = 0; i < p->p; i++) {
        theta[i] = init[i] != 0 ? init[i] : theta[i];
    }
    for (size_t i = ks_policy_log_std_offset(p->policy); i < p->p; i++) {
        theta[i] -= (ks_real)(0.1 * (double)(i - ks_policy_log_std_offset(p->policy)));
    }
    return theta;
}

static problem problem_create(ks_policy_settings settings, size_t n) {
    problem p = {0};
    ks_error err = {0};
    p.policy = ks_policy_create(&settings, &err);
    p.ws = p.policy ? ks_policy_ws_create(p.policy, &err) : NULL;
    assert_non_null(p.ws);
    p.p = ks_policy_num_params(p.policy);
    assert_true(p.p <= MAX_PARAMS);
    p.theta = random_theta(&p, 1);
    p.v = normals(&p.memory, p.p, 1);
    p.old_theta = normals(&p.memory, p.p, 0.03);
    double norm = 0;
    for (size_t i = 0; i < p.p; i++) {
        p.old_theta[i] += p.theta[i];
        norm += (double)(p.v[i] * p.v[i]);
    }
    for (size_t i = 0; i < p.p; i++) {
        p.v[i] /= (ks_real)sqrt(norm);
    }
    p.rows = random_rows(&p.memory, p.policy, n);
    if (settings.activation == KS_RELU) {
        avoid_kinks(&p);
    }
    p.old = old_policy(&p.memory, p.policy, p.old_theta, p.rows, p.ws);
    return p;
}

static void problem_destroy(problem* p) {
    ks_policy_ws_destroy(p->ws);
    ks_policy_destroy(p->policy);
    arena_free(&p->memory);
}

/* ---- what the library says ----------------------------------------------------------------------------------------- */

/* a vector (P) that the library adds to: what it added, divided by SCALE */
static double* sum_begin(problem* p) {
    double* x = arena_alloc(&p->memory, p->p * sizeof *x);
    for (size_t i = 0; i < p->p; i++) {
        x[i] = 1;
    }
    return x;
}

static double* sum_end(const problem* p, double* x) {
    for (size_t i = 0; i < p->p; i++) {
        x[i] = (x[i] - 1) / SCALE;
    }
    return x;
}

typedef struct answers {
    double value, ratio, kl;
    double *grad, *tape_grad, *hvp, *fvp, *fisher_fvp;
} answers;

static ks_tape* record(problem* p, ks_tape_kind kind, double* grad) {
    ks_error err = {0};
    ks_tape* tape = ks_tape_create(p->policy, kind, p->rows.n, &err);
    assert_non_null(tape);
    ks_tape_record(tape, grad, p->theta, p->rows, SCALE, p->ws);
    return tape;
}

static answers ask(problem* p) {
    answers a = {.grad = sum_begin(p),
                 .tape_grad = sum_begin(p),
                 .hvp = sum_begin(p),
                 .fvp = sum_begin(p),
                 .fisher_fvp = sum_begin(p)};
    a.value = ks_policy_nll_grad(a.grad, p->policy, p->theta, p->rows, SCALE, p->ws);
    ks_policy_compare(&a.ratio, &a.kl, p->policy, p->theta, p->rows, p->old, p->ws);
    ks_tape* hessian = record(p, KS_TAPE_HESSIAN, a.tape_grad);
    ks_tape_hvp(a.hvp, hessian, p->v, p->ws);
    ks_tape_fvp(a.fvp, hessian, p->v, p->ws);
    ks_tape* fisher = record(p, KS_TAPE_FISHER, NULL);
    ks_tape_fvp(a.fisher_fvp, fisher, p->v, p->ws);
    ks_tape_destroy(hessian);
    ks_tape_destroy(fisher);
    double* const sums[] = {a.grad, a.tape_grad, a.hvp, a.fvp, a.fisher_fvp};
    for (size_t i = 0; i < LENGTH(sums); i++) {
        sum_end(p, sums[i]);
    }
    return a;
}

static void check(const problem* p, const char* what, const double* got, const double* want, size_t n,
                  double tolerance) {
    double error = relative_error(got, want, n);
    if (!(error < tolerance)) {
        const ks_policy_settings* s = ks_policy_get_settings(p->policy);
        fail_msg("%s off by %g: %d hidden of %d, head %d, activation %d, %zu rows", what, error, s->num_hidden,
                 s->hidden[0], (int)s->head, (int)s->activation, p->rows.n);
    }
}

static void check_against_naive(problem* p, const answers* a) {
    const double tolerance = 1e-9;
    naive_result n = naive_all(&p->memory, p->policy, p->theta, p->v, p->rows, p->old_theta);
    double value = ks_policy_nll(p->policy, p->theta, p->rows, p->ws);
    check(p, "value", &value, &n.nll, 1, tolerance);
    check(p, "value beside the gradient", &a->value, &n.nll, 1, tolerance);
    check(p, "ratio", &a->ratio, &n.ratio, 1, tolerance);
    check(p, "KL", &a->kl, &n.kl, 1, tolerance);
    check(p, "gradient", a->grad, n.grad, p->p, tolerance);
    check(p, "gradient of the tape", a->tape_grad, n.grad, p->p, tolerance);
    check(p, "Hessian-vector product", a->hvp, n.hvp, p->p, tolerance);
    check(p, "Fisher-vector product", a->fvp, n.fvp, p->p, tolerance);
    check(p, "Fisher-vector product, forward tape", a->fisher_fvp, n.fvp, p->p, tolerance);
}

/* ---- central differences --------------------------------------------------------------------------------------------- */

static const ks_real* moved(problem* p, ks_real* out, const double* direction, double h) {
    for (size_t i = 0; i < p->p; i++) {
        out[i] = (ks_real)((double)p->theta[i] + h * direction[i]);
    }
    return out;
}

static double value_difference(problem* p, ks_real* at, const double* direction) {
    const double h = 1e-5;
    double plus = ks_policy_nll(p->policy, moved(p, at, direction, h), p->rows, p->ws);
    double minus = ks_policy_nll(p->policy, moved(p, at, direction, -h), p->rows, p->ws);
    return (plus - minus) / (2 * h);
}

/* every entry of the gradient; of a large one, the derivatives along itself and along v */
static void check_gradient_differences(problem* p, const answers* a) {
    double* direction = arena_alloc(&p->memory, p->p * sizeof *direction);
    double* slow = arena_alloc(&p->memory, p->p * sizeof *slow);
    ks_real* at = reals(&p->memory, p->p);
    for (size_t i = 0; i < p->p; i++) {
        direction[i] = 0;
    }
    if (p->p < 256) {
        for (size_t i = 0; i < p->p; i++) {
            direction[i] = 1;
            slow[i] = value_difference(p, at, direction);
            direction[i] = 0;
        }
        check(p, "gradient by differences", a->grad, slow, p->p, 1e-6);
        return;
    }
    double norm = 0, along[2] = {0}, want[2] = {0};
    for (size_t i = 0; i < p->p; i++) {
        norm += a->grad[i] * a->grad[i];
    }
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < p->p; i++) {
            direction[i] = k ? (double)p->v[i] : a->grad[i] / sqrt(norm);
            along[k] += direction[i] * a->grad[i];
        }
        want[k] = value_difference(p, at, direction);
    }
    check(p, "gradient by differences", along, want, 2, 1e-6);
}

static void check_hessian_differences(problem* p, const answers* a) {
    const double h = 1e-5;
    double* v = arena_alloc(&p->memory, p->p * sizeof *v);
    double* plus = sum_begin(p);
    double* minus = sum_begin(p);
    ks_real* at = reals(&p->memory, p->p);
    for (size_t i = 0; i < p->p; i++) {
        v[i] = (double)p->v[i];
    }
    ks_policy_nll_grad(plus, p->policy, moved(p, at, v, h), p->rows, SCALE, p->ws);
    ks_policy_nll_grad(minus, p->policy, moved(p, at, v, -h), p->rows, SCALE, p->ws);
    for (size_t i = 0; i < p->p; i++) {
        plus[i] = (plus[i] - minus[i]) / (2 * h * SCALE);
    }
    check(p, "Hessian-vector product by differences", a->hvp, plus, p->p, 1e-6);
}

/* wᵀ F w is the second derivative of the KL along w at the old policy, where it and its slope are 0; w along F v, since along
 * most directions a few timesteps hardly change the policy */
static void check_fisher_differences(problem* p, const answers* a) {
    const double h = 1e-4;
    ks_old_policy here = old_policy(&p->memory, p->policy, p->theta, p->rows, p->ws);
    ks_real* at = reals(&p->memory, p->p);
    double* w = arena_alloc(&p->memory, p->p * sizeof *w);
    double norm = 0, quadratic = 0, plus, minus, zero, ratio;
    for (size_t i = 0; i < p->p; i++) {
        norm += a->fvp[i] * a->fvp[i];
    }
    for (size_t i = 0; i < p->p; i++) {
        w[i] = a->fvp[i] / sqrt(norm);
        at[i] = (ks_real)w[i];
    }
    ks_tape* tape = record(p, KS_TAPE_FISHER, NULL);
    double* product = sum_begin(p);
    ks_tape_fvp(product, tape, at, p->ws);
    sum_end(p, product);
    ks_tape_destroy(tape);
    for (size_t i = 0; i < p->p; i++) {
        quadratic += w[i] * product[i];
    }
    ks_policy_compare(&ratio, &plus, p->policy, moved(p, at, w, h), p->rows, here, p->ws);
    ks_policy_compare(&ratio, &minus, p->policy, moved(p, at, w, -h), p->rows, here, p->ws);
    ks_policy_compare(&ratio, &zero, p->policy, p->theta, p->rows, here, p->ws);
    assert_true(fabs(zero) < 1e-12 * (double)p->rows.n);
    double second = (plus + minus) / (h * h);
    check(p, "Fisher information by differences", &quadratic, &second, 1, 1e-6);
}

static void check_all(ks_policy_settings settings, size_t rows) {
    problem p = problem_create(settings, rows);
    answers a = ask(&p);
    check_against_naive(&p, &a);
    check_gradient_differences(&p, &a);
    check_hessian_differences(&p, &a);
    check_fisher_differences(&p, &a);
    problem_destroy(&p);
}

static void check_shapes(ks_head head, ks_activation activation) {
    for (size_t hidden = 0; hidden < LENGTH(HIDDEN); hidden++) {
        for (size_t n = 0; n < LENGTH(ROWS); n++) {
            check_all(shape(hidden, head, activation), ROWS[n]);
        }
    }
}

static void gaussian_relu(void** state) {
    (void)state;
    check_shapes(KS_GAUSSIAN, KS_RELU);
}
static void gaussian_tanh(void** state) {
    (void)state;
    check_shapes(KS_GAUSSIAN, KS_TANH);
}
static void categorical_relu(void** state) {
    (void)state;
    check_shapes(KS_CATEGORICAL, KS_RELU);
}
static void categorical_tanh(void** state) {
    (void)state;
    check_shapes(KS_CATEGORICAL, KS_TANH);
}

/* ---- the floor of the log-std ---------------------------------------------------------------------------------------- */

static void below_the_floor_derivatives_are_zero(void** state) {
    (void)state;
    ks_policy_settings settings = shape(2, KS_GAUSSIAN, KS_TANH);
    settings.log_std_min = -0.35; /* log-stds are -.2, -.3, -.4 */
    check_all(settings, 101);
    problem p = problem_create(settings, 101);
    answers a = ask(&p);
    size_t last = p.p - 1;
    const double* const sums[] = {a.grad, a.tape_grad, a.hvp, a.fvp, a.fisher_fvp};
    for (size_t i = 0; i < LENGTH(sums); i++) {
        assert_true(sums[i][last] == 0);
        assert_true(sums[i][last - 1] != 0);
    }
    problem_destroy(&p);
}

static void at_the_floor_derivatives_are_those_above_it(void** state) {
    (void)state;
    ks_policy_settings settings = shape(1, KS_GAUSSIAN, KS_TANH);
    problem free_p = problem_create(settings, 7);
    settings.log_std_min = (double)free_p.theta[free_p.p - 1];
    problem at_floor = problem_create(settings, 7);
    answers want = ask(&free_p);
    answers got = ask(&at_floor);
    assert_memory_equal(got.grad, want.grad, free_p.p * sizeof *got.grad);
    assert_memory_equal(got.hvp, want.hvp, free_p.p * sizeof *got.hvp);
    assert_memory_equal(got.fvp, want.fvp, free_p.p * sizeof *got.fvp);
    assert_true(got.grad[free_p.p - 1] != 0);
    problem_destroy(&free_p);
    problem_destroy(&at_floor);
}

/* ---- odds and ends of the interface ---------------------------------------------------------------------------------- */

static void a_tape_is_recorded_again(void** state) {
    (void)state;
    problem p = problem_create(shape(2, KS_GAUSSIAN, KS_TANH), 203);
    ks_error err = {0};
    ks_tape* tape = ks_tape_create(p.policy, KS_TAPE_HESSIAN, p.rows.n, &err);
    assert_non_null(tape);
    ks_rows fewer = p.rows;
    fewer.n = 102; /* the second record is shorter, and at other parameters */
    ks_tape_record(tape, NULL, p.old_theta, p.rows, 1, p.ws);
    ks_tape_record(tape, NULL, p.theta, fewer, SCALE, p.ws);
    double* hvp = sum_begin(&p);
    double* twice = sum_begin(&p);
    ks_tape_hvp(hvp, tape, p.v, p.ws);
    ks_tape_hvp(twice, tape, p.v, p.ws);
    assert_memory_equal(hvp, twice, p.p * sizeof *hvp); /* a product leaves the tape as it was */
    naive_result n = naive_all(&p.memory, p.policy, p.theta, p.v, fewer, p.old_theta);
    check(&p, "second record", sum_end(&p, hvp), n.hvp, p.p, 1e-9);
    ks_tape_destroy(tape);
    problem_destroy(&p);
}

static void no_rows_are_nothing(void** state) {
    (void)state;
    problem p = problem_create(shape(1, KS_GAUSSIAN, KS_RELU), 7);
    p.rows.n = 0;
    answers a = ask(&p);
    assert_true(a.value == 0 && a.ratio == 0 && a.kl == 0);
    for (size_t i = 0; i < p.p; i++) {
        assert_true(a.grad[i] == 0 && a.hvp[i] == 0 && a.fvp[i] == 0);
    }
    problem_destroy(&p);
}

/* a parameter that is not a number is not hidden by ReLU */
static void nan_is_passed_on(void** state) {
    (void)state;
    for (int activation = KS_RELU; activation <= KS_TANH; activation++) {
        problem p = problem_create(shape(1, KS_GAUSSIAN, (ks_activation)activation), 7);
        p.theta[0] = NAN;
        assert_true(isnan(ks_policy_nll(p.policy, p.theta, p.rows, p.ws)));
        answers a = ask(&p);
        double grad = 0, hvp = 0;
        for (size_t i = 0; i < p.p; i++) {
            grad += a.grad[i];
            hvp += a.hvp[i];
        }
        assert_true(isnan(a.value) && isnan(a.kl) && isnan(grad) && isnan(hvp));
        problem_destroy(&p);
    }
}

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
    ks_rows sampled = {n, p.rows.obs, act, p.rows.weight};
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
        cmocka_unit_test(gaussian_relu),
        cmocka_unit_test(gaussian_tanh),
        cmocka_unit_test(categorical_relu),
        cmocka_unit_test(categorical_tanh),
        cmocka_unit_test(below_the_floor_derivatives_are_zero),
        cmocka_unit_test(at_the_floor_derivatives_are_those_above_it),
        cmocka_unit_test(a_tape_is_recorded_again),
        cmocka_unit_test(no_rows_are_nothing),
        cmocka_unit_test(nan_is_passed_on),
        cmocka_unit_test(initial_parameters),
        cmocka_unit_test(gaussian_sampling),
        cmocka_unit_test(categorical_sampling),
        cmocka_unit_test(impossible_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
