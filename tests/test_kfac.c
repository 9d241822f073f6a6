/* K-FAC in the double build: the factors and the solution against dense matrices built one timestep at a time; that the factors
 * are those of the Fisher information; and the mean over tasks, in parts and on any number of threads. */
#include "policy/kfac.h"

#include "maml/preconditioner.h"
#include "naive_policy.h"

enum { OBS = 4, ACT = 3 };
#define LENGTH(array) (sizeof(array) / sizeof *(array))

typedef struct problem {
    arena memory;
    ks_policy* policy;
    ks_policy_ws* ws;
    ks_kfac* kfac;
    size_t p, size;
    ks_real* theta;
    ks_rows rows;
    double* factors;
} problem;

static ks_policy_settings shape(int num_hidden, ks_head head, ks_activation activation) {
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = OBS;
    s.act_dim = ACT;
    s.head = head;
    s.activation = activation;
    s.num_hidden = num_hidden;
    s.hidden[0] = 7;
    s.hidden[1] = 5;
    return s;
}

static problem problem_create(ks_policy_settings settings, size_t n) {
    problem p = {0};
    ks_error err = {0};
    p.policy = ks_policy_create(&settings, &err);
    assert_non_null(p.policy);
    p.ws = ks_policy_ws_create(p.policy, 0, &err);
    p.kfac = ks_kfac_create(p.policy, &err);
    assert_true(p.ws && p.kfac);
    p.p = ks_policy_num_params(p.policy);
    p.size = ks_kfac_size(p.policy);
    p.theta = normals(&p.memory, p.p, 0.4);
    p.rows = random_rows(&p.memory, p.policy, n);
    p.factors = arena_alloc(&p.memory, p.size * sizeof *p.factors);
    memset(p.factors, 0, p.size * sizeof *p.factors);
    return p;
}

static void problem_destroy(problem* p) {
    ks_kfac_destroy(p->kfac);
    ks_policy_ws_destroy(p->ws);
    ks_policy_destroy(p->policy);
    arena_free(&p->memory);
}

/* X (in+1 x in+1) and D (out x out) of layer l, which starts at `at` in θ: δ is the gradient of its bias */
static void naive_factors(problem* p, int l, size_t at, double* x_factor, double* d_factor) {
    const ks_policy_settings* s = ks_policy_get_settings(p->policy);
    size_t in = naive_width(s, l), out = naive_width(s, l + 1);
    double complex* grad = arena_alloc(&p->memory, p->p * sizeof *grad);
    const double complex* theta = naive_theta(&p->memory, p->policy, p->theta, NULL);
    naive_pass* pass = arena_alloc(&p->memory, sizeof *pass);
    memset(x_factor, 0, (in + 1) * (in + 1) * sizeof(double));
    memset(d_factor, 0, out * out * sizeof(double));
    const ks_real one = 1;
    for (size_t r = 0; r < p->rows.n; r++) {
        ks_rows row = {.n = 1,
                       .obs = p->rows.obs + r * OBS,
                       .act = p->rows.act + r * ks_policy_act_cols(p->policy),
                       .weight = &one};
        naive_sum(grad, p->policy, theta, row, NULL);
        naive_forward(pass, s, theta, row.obs);
        double x[NAIVE_WIDTH + 1];
        for (size_t i = 0; i <= in; i++) {
            x[i] = i < in ? creal(pass->x[l][i]) : 1;
        }
        for (size_t i = 0; i <= in; i++) {
            for (size_t j = 0; j <= in; j++) {
                x_factor[i * (in + 1) + j] += x[i] * x[j] / (double)p->rows.n;
            }
        }
        for (size_t i = 0; i < out; i++) {
            for (size_t j = 0; j < out; j++) {
                d_factor[i * out + j] +=
                    creal(grad[at + in * out + i]) * creal(grad[at + in * out + j]) / (double)p->rows.n;
            }
        }
    }
}

/* ((X ⊗ D) + damping I) applied to the layer's part of v, by the definition */
static void naive_product(double* out, const double* v, size_t in, size_t cols, const double* x, const double* d,
                          double damping) {
    for (size_t o = 0; o < cols; o++) {
        for (size_t i = 0; i <= in; i++) {
            double* y = i < in ? &out[o * in + i] : &out[in * cols + o];
            *y = damping * (i < in ? v[o * in + i] : v[in * cols + o]);
            for (size_t q = 0; q < cols; q++) {
                for (size_t j = 0; j <= in; j++) {
                    *y += d[o * cols + q] * x[i * (in + 1) + j] * (j < in ? v[q * in + j] : v[in * cols + q]);
                }
            }
        }
    }
}

static void check(ks_policy_settings settings, size_t n, double damping) {
    ks_error err = {0};
    problem p = problem_create(settings, n);
    const ks_real* direction = normals(&p.memory, p.p, 1);
    double v[128], solution[128], back[128];
    assert_true(p.p <= LENGTH(v));
    for (size_t i = 0; i < p.p; i++) {
        v[i] = (double)direction[i];
    }
    ks_kfac_factors(p.factors, p.kfac, p.theta, p.rows, 1.0 / (double)n, p.ws);
    assert_true(ks_kfac_invert(p.kfac, p.factors, damping, &err));
    ks_kfac_solve(solution, p.kfac, v);
    size_t at = 0, factor = 0;
    for (int l = 0; l <= settings.num_hidden; l++) {
        size_t in = naive_width(&settings, l), out = naive_width(&settings, l + 1);
        double x[64], d[64];
        naive_factors(&p, l, at, x, d);
        assert_true(relative_error(p.factors + factor, x, (in + 1) * (in + 1)) < 1e-12);
        factor += (in + 1) * (in + 1);
        assert_true(relative_error(p.factors + factor, d, out * out) < 1e-12);
        factor += out * out;
        naive_product(back + at, solution + at, in, out, x, d, damping);
        at += (in + 1) * out;
    }
    assert_int_equal(factor, p.size);
    for (; at < p.p; at++) {
        back[at] = (2 + damping) * solution[at];
    }
    assert_true(relative_error(back, v, p.p) < 1e-9);
    problem_destroy(&p);
}

static void solves_the_dense_system(void** state) {
    (void)state;
    static const size_t ROWS[] = {1, 7, 101, 237};
    for (int hidden = 0; hidden <= 2; hidden++) {
        for (size_t r = 0; r < LENGTH(ROWS); r++) {
            for (int head = 0; head < 2; head++) {
                ks_head h = head ? KS_CATEGORICAL : KS_GAUSSIAN;
                check(shape(hidden, h, KS_RELU), ROWS[r], 1e-3);
                check(shape(hidden, h, KS_TANH), ROWS[r], 0.5);
            }
        }
    }
}

/* Of a linear policy the approximation is exact in the mean (Gaussian: the deltas do not depend on the inputs). With actions that
 * the policy drew, its inverse takes a product of the exact Fisher information back, but for what chance leaves. */
static void is_the_fisher_information(void** state) {
    (void)state;
    ks_error err = {0};
    enum { ROWS = 20000 };
    problem p = problem_create(shape(0, KS_GAUSSIAN, KS_RELU), ROWS);
    ks_real* head = reals(&p.memory, ROWS * ACT);
    ks_real* act = reals(&p.memory, ROWS * ACT);
    ks_real* logp = reals(&p.memory, ROWS);
    ks_policy_forward(p.policy, p.theta, ROWS, p.rows.obs, head, p.ws);
    ks_policy_sample(p.policy, p.theta, ROWS, head, normals(&p.memory, (size_t)ROWS * ACT, 1), act, logp);
    p.rows.act = act;
    const ks_real* direction = normals(&p.memory, p.p, 1);
    double v[128], product[128] = {0}, back[128];
    ks_tape* tape = ks_tape_create(p.policy, KS_TAPE_FISHER, ROWS, &err);
    assert_non_null(tape);
    ks_tape_record(tape, NULL, p.theta, p.rows, 1.0 / ROWS, p.ws);
    ks_tape_fvp(product, tape, direction, p.ws);
    ks_tape_destroy(tape);
    for (size_t i = 0; i < p.p; i++) {
        v[i] = (double)direction[i];
    }
    ks_kfac_factors(p.factors, p.kfac, p.theta, p.rows, 1.0 / ROWS, p.ws);
    assert_true(ks_kfac_invert(p.kfac, p.factors, 1e-9, &err));
    ks_kfac_solve(back, p.kfac, product);
    assert_true(relative_error(back, v, p.p) < 0.03);
    problem_destroy(&p);
}

/* tasks of different length, one of them empty: the mean of what each has alone, whatever the parts and the threads */
static void tasks_are_averaged(void** state) {
    (void)state;
    ks_error err = {0};
    problem p = problem_create(shape(2, KS_GAUSSIAN, KS_TANH), 250);
    enum { TASKS = 3 };
    ks_group groups[TASKS];
    static const size_t N[TASKS] = {250, 0, 33};
    double v[128], expected[128], out[128], first[128];
    double* mean = arena_alloc(&p.memory, p.size * sizeof *mean);
    memset(mean, 0, p.size * sizeof *mean);
    for (size_t t = 0; t < TASKS; t++) {
        groups[t] = (ks_group){.rows = p.rows, .theta = normals(&p.memory, p.p, 0.3)};
        groups[t].rows.n = N[t];
        if (N[t]) {
            ks_kfac_factors(mean, p.kfac, groups[t].theta, groups[t].rows, 1.0 / (double)N[t] / TASKS, p.ws);
        }
    }
    for (size_t i = 0; i < p.p; i++) {
        v[i] = (double)p.theta[i];
    }
    assert_true(ks_kfac_invert(p.kfac, mean, 0.01, &err));
    ks_kfac_solve(expected, p.kfac, v);
    for (int threads = 1; threads <= 3; threads++) {
        ks_preconditioner* c = ks_preconditioner_create(p.policy, TASKS, TASKS, threads, &err);
        assert_non_null(c);
        assert_int_equal(ks_preconditioner_size(c), p.size);
        for (int again = 0; again < 2; again++) {
            assert_true(ks_preconditioner_set(c, ks_preconditioner_factors(c, groups), TASKS, 0.01, &err));
        }
        double flop = ks_preconditioner_take_flop(c);
        assert_true(fabs(flop - 2 * 283 * ks_kfac_flop(p.policy)) < 1e-6 * flop);
        assert_true(ks_preconditioner_take_flop(c) == 0);
        ks_preconditioner_solve(out, c, v);
        assert_true(relative_error(out, expected, p.p) < 1e-10);
        if (threads == 1) {
            memcpy(first, out, sizeof first);
        }
        assert_memory_equal(out, first, p.p * sizeof *out);
        ks_preconditioner_destroy(c);
    }
    problem_destroy(&p);
}

static void nan_is_refused(void** state) {
    (void)state;
    ks_error err = {0};
    problem p = problem_create(shape(1, KS_GAUSSIAN, KS_TANH), 5);
    p.factors[3] = NAN;
    assert_false(ks_kfac_invert(p.kfac, p.factors, 0.1, &err));
    assert_non_null(strstr(err.text, "not finite"));
    problem_destroy(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solves_the_dense_system),
        cmocka_unit_test(is_the_fisher_information),
        cmocka_unit_test(tasks_are_averaged),
        cmocka_unit_test(nan_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
