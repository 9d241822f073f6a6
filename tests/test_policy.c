/* The primitive in the double build: value, gradient, Hessian- and Fisher-vector products, ratio and KL against a slow
 * implementation and against central differences, over shapes, heads, losses, activations and batch sizes. */
#include "policy_problem.h"

static const size_t ROWS[] = {1, 7, 101, 1037}; /* less than a block, odd, a block and one, more than ten blocks */
static const double SCALE = 0.37;               /* of sums, so that a forgotten one is seen */

/* ---- what the library says ----------------------------------------------------------------------------------------- */

/* a vector (P) for the library to set, and what it set it to, divided by SCALE */
static double* sum_begin(problem* p) {
    double* x = arena_alloc(&p->memory, p->p * sizeof *x);
    for (size_t i = 0; i < p->p; i++) {
        x[i] = 1;
    }
    return x;
}

static double* sum_end(const problem* p, double* x) {
    for (size_t i = 0; i < p->p; i++) {
        x[i] /= SCALE;
    }
    return x;
}

typedef struct answers {
    double value, ratio, kl;
    double *grad, *tape_grad, *hvp, *fvp;
} answers;

static ks_tape* record(problem* p, ks_tape_kind kind, double* grad) {
    ks_error err = {0};
    ks_tape* tape = ks_tape_create(p->policy, kind, p->rows.n, &err);
    assert_non_null(tape);
    ks_tape_record(tape, grad, p->theta, p->rows, SCALE, p->ws);
    return tape;
}

static answers ask(problem* p) {
    answers a = {.grad = sum_begin(p), .tape_grad = sum_begin(p), .hvp = sum_begin(p), .fvp = sum_begin(p)};
    a.value = ks_policy_nll_grad(a.grad, p->policy, p->theta, p->rows, SCALE, p->ws);
    ks_policy_compare(&a.ratio, &a.kl, p->policy, p->theta, p->rows, p->old, p->ws);
    ks_tape* hessian = record(p, KS_TAPE_HESSIAN, a.tape_grad);
    ks_tape_hvp(a.hvp, hessian, p->v, p->ws);
    ks_tape* fisher = record(p, KS_TAPE_FISHER, NULL);
    ks_tape_fvp(a.fvp, fisher, p->v, p->ws);
    ks_tape_destroy(hessian);
    ks_tape_destroy(fisher);
    double* const sums[] = {a.grad, a.tape_grad, a.hvp, a.fvp};
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

static void check_problem(problem* p) {
    answers a = ask(p);
    check_against_naive(p, &a);
    check_gradient_differences(p, &a);
    check_hessian_differences(p, &a);
    check_fisher_differences(p, &a);
}

static void check_all(ks_policy_settings settings, size_t rows) {
    problem p = problem_create(settings, rows);
    check_problem(&p);
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

static void squared_error_relu(void** state) {
    (void)state;
    check_shapes(KS_SQUARED_ERROR, KS_RELU);
}
static void squared_error_tanh(void** state) {
    (void)state;
    check_shapes(KS_SQUARED_ERROR, KS_TANH);
}

static void absent_weights_are_one(void** state) {
    (void)state;
    for (int head = KS_GAUSSIAN; head <= KS_SQUARED_ERROR; head++) {
        problem p = problem_create(shape(2, (ks_head)head, KS_TANH), 101);
        p.rows.weight = NULL;
        check_problem(&p);
        problem_destroy(&p);
    }
}

/* ---- losses with a ratio --------------------------------------------------------------------------------------------- */

/* rows that were sampled by the old policy, none of them where a small step crosses the edge of the clip */
static void sampled_by_the_old(problem* p, ks_loss loss) {
    const double margin = 0.01;
    ks_real* logp = reals(&p->memory, p->rows.n);
    double* now = arena_alloc(&p->memory, p->rows.n * sizeof *now);
    naive_logp(now, p->policy, naive_theta(&p->memory, p->policy, p->theta, NULL), p->rows);
    for (size_t i = 0; i < p->rows.n; i++) {
        double old = (double)p->old.logp[i];
        while (fabs(fabs(exp(now[i] - old) - 1) - 0.1) < margin) {
            old += 5 * margin;
        }
        logp[i] = (ks_real)old;
    }
    p->rows.loss = loss;
    p->rows.logp = p->old.logp = logp;
    p->rows.clip = 0.1;
}

static void check_loss(ks_loss loss) {
    for (int head = KS_GAUSSIAN; head <= KS_CATEGORICAL; head++) {
        for (int activation = KS_RELU; activation <= KS_TANH; activation++) {
            for (size_t n = 0; n < LENGTH(ROWS); n++) {
                ks_policy_settings settings = shape(n % 3, (ks_head)head, (ks_activation)activation);
                settings.log_std_min = -0.35; /* log-stds are -.2, -.3, -.4 */
                problem p = problem_create(settings, ROWS[n]);
                sampled_by_the_old(&p, loss);
                answers a = ask(&p);
                naive_result want = naive_all(&p.memory, p.policy, p.theta, p.v, p.rows, p.theta);
                double value = ks_policy_nll(p.policy, p.theta, p.rows, p.ws);
                check(&p, "value", &value, &want.nll, 1, 1e-9);
                check(&p, "value beside the gradient", &a.value, &want.nll, 1, 1e-9);
                double surrogate = -want.nll; /* rows were sampled by the policy that they are compared with */
                check(&p, "surrogate", &a.ratio, &surrogate, 1, 1e-9);
                check(&p, "gradient", a.grad, want.grad, p.p, 1e-9);
                check(&p, "gradient of the tape", a.tape_grad, want.grad, p.p, 1e-9);
                check(&p, "Hessian-vector product", a.hvp, want.hvp, p.p, 1e-9);
                check(&p, "Fisher-vector product", a.fvp, want.fvp, p.p, 1e-9);
                check_gradient_differences(&p, &a);
                check_hessian_differences(&p, &a);
                problem_destroy(&p);
            }
        }
    }
}

static void ratio_loss(void** state) {
    (void)state;
    check_loss(KS_LOSS_RATIO);
}
static void clipped_loss(void** state) {
    (void)state;
    check_loss(KS_LOSS_CLIPPED);
}

/* where nothing has moved, all losses have the same gradient, and the value of a ratio is the sum of the weights */
static void losses_agree_at_the_policy_that_sampled(void** state) {
    (void)state;
    for (int head = KS_GAUSSIAN; head <= KS_CATEGORICAL; head++) {
        problem p = problem_create(shape(2, (ks_head)head, KS_TANH), 101);
        double sum = 0;
        for (size_t i = 0; i < p.rows.n; i++) {
            sum += (double)p.rows.weight[i];
        }
        answers score = ask(&p);
        p.rows.logp = old_policy(&p.memory, p.policy, p.theta, p.rows, p.ws).logp;
        p.rows.clip = 0.2;
        for (int loss = KS_LOSS_RATIO; loss <= KS_LOSS_CLIPPED; loss++) {
            p.rows.loss = (ks_loss)loss;
            answers ratio = ask(&p);
            check(&p, "gradient at ratio 1", ratio.grad, score.grad, p.p, 1e-12);
            assert_true(relative_error(ratio.hvp, score.hvp, p.p) > 0.01); /* the Hessians differ */
            assert_true(fabs(ratio.value + sum) < 1e-10);
        }
        problem_destroy(&p);
    }
}

/* actions that have become likelier than the clip allows, and are good, or less likely, and are bad */
static void clipped_rows_have_no_derivatives(void** state) {
    (void)state;
    for (int side = -1; side <= 1; side += 2) {
        problem p = problem_create(shape(2, KS_GAUSSIAN, KS_TANH), 101);
        ks_real* weight = reals(&p.memory, p.rows.n);
        ks_real* logp = reals(&p.memory, p.rows.n);
        const ks_real* now = old_policy(&p.memory, p.policy, p.theta, p.rows, p.ws).logp;
        for (size_t i = 0; i < p.rows.n; i++) {
            weight[i] = (ks_real)side;
            logp[i] = now[i] - (ks_real)(0.5 * side);
        }
        p.rows.weight = weight;
        p.rows.logp = logp;
        p.rows.loss = KS_LOSS_CLIPPED;
        p.rows.clip = 0.2;
        answers a = ask(&p);
        for (size_t i = 0; i < p.p; i++) {
            assert_true(a.grad[i] == 0 && a.hvp[i] == 0 && a.fvp[i] != 0);
        }
        assert_true(fabs(a.value + side * (1 + 0.2 * side) * (double)p.rows.n) < 1e-10);
        problem_destroy(&p);
    }
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
    const double* const sums[] = {a.grad, a.tape_grad, a.hvp, a.fvp};
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaussian_relu),
        cmocka_unit_test(gaussian_tanh),
        cmocka_unit_test(categorical_relu),
        cmocka_unit_test(categorical_tanh),
        cmocka_unit_test(squared_error_relu),
        cmocka_unit_test(squared_error_tanh),
        cmocka_unit_test(absent_weights_are_one),
        cmocka_unit_test(ratio_loss),
        cmocka_unit_test(clipped_loss),
        cmocka_unit_test(losses_agree_at_the_policy_that_sampled),
        cmocka_unit_test(clipped_rows_have_no_derivatives),
        cmocka_unit_test(below_the_floor_derivatives_are_zero),
        cmocka_unit_test(at_the_floor_derivatives_are_those_above_it),
        cmocka_unit_test(a_tape_is_recorded_again),
        cmocka_unit_test(no_rows_are_nothing),
        cmocka_unit_test(nan_is_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
