/* The derivatives of meta-learning, in the double build, against central differences: the meta-gradient through 1, 2 and 3
 * inner steps, and the curvature of the constraint, on several shapes, both heads, both activations, uneven batches. */
#include "maml/adapt.h"
#include "maml/curvature.h"
#include "policy_support.h"

#include <stdio.h>
#include <string.h>

enum { GROUPS = 3, MAX_K = 3, MAX_STAGES = MAX_K + 1, MAX_ROWS = 1037 };
static const size_t ROWS[MAX_STAGES][GROUPS] = {{7, MAX_ROWS, 1}, {101, 3, 12}, {1, 40, 9}, {13, 205, 2}};
static const double LR = 0.3;

/* a meta-learning problem with fixed batches of random numbers */
typedef struct problem {
    ks_policy* policy;
    ks_derivatives* derivatives;
    ks_curvature* curvature;
    int k;
    size_t p;
    ks_real* theta;       /* (P) */
    ks_real* stage_theta; /* (k+1 x GROUPS x P) */
    ks_group stage[MAX_STAGES * GROUPS];
    ks_old_policy old[GROUPS];
    arena memory;
} problem;

/* adapts theta on the fixed batches: out (GROUPS x P) are the post-update parameters; trace (k+1 x GROUPS x P) may be NULL */
static void adapt(const problem* p, ks_real* out, const ks_real* theta, ks_real* trace) {
    double* gradient = malloc(GROUPS * p->p * sizeof *gradient);
    assert_non_null(gradient);
    for (size_t g = 0; g < GROUPS; g++) {
        memcpy(out + g * p->p, theta, p->p * sizeof *theta);
    }
    for (int j = 0; j <= p->k; j++) {
        ks_group groups[GROUPS];
        for (size_t g = 0; g < GROUPS; g++) {
            groups[g] = p->stage[(size_t)j * GROUPS + g];
            groups[g].theta = out + g * p->p;
        }
        if (trace) {
            memcpy(trace + (size_t)j * GROUPS * p->p, out, GROUPS * p->p * sizeof *out);
        }
        if (j < p->k) {
            ks_derivatives_gradient(p->derivatives, gradient, groups, GROUPS);
            for (size_t i = 0; i < GROUPS * p->p; i++) {
                out[i] = (ks_real)((double)out[i] - LR * gradient[i]);
            }
        }
    }
    free(gradient);
}

static double outer_loss(const problem* p, const ks_real* theta, double* kl) {
    ks_real* adapted = malloc(GROUPS * p->p * sizeof *adapted);
    assert_non_null(adapted);
    adapt(p, adapted, theta, NULL);
    ks_group groups[GROUPS];
    double loss[GROUPS], kls[GROUPS], sum = 0;
    for (size_t g = 0; g < GROUPS; g++) {
        groups[g] = p->stage[(size_t)p->k * GROUPS + g];
        groups[g].theta = adapted + g * p->p;
    }
    ks_derivatives_compare(p->derivatives, loss, kls, groups, p->old, GROUPS);
    *kl = 0;
    for (size_t g = 0; g < GROUPS; g++) {
        sum += loss[g] / GROUPS;
        *kl += kls[g] / GROUPS;
    }
    free(adapted);
    return sum;
}

static void problem_create(problem* p, ks_policy_settings settings, int k, bool first_order, double fraction,
                           int threads) {
    ks_error err = {0};
    *p = (problem){.k = k};
    p->policy = ks_policy_create(&settings, &err);
    assert_non_null(p->policy);
    p->p = ks_policy_num_params(p->policy);
    p->derivatives = ks_derivatives_create(p->policy, GROUPS, MAX_ROWS, threads, &err);
    assert_non_null(p->derivatives);
    ks_curvature_sizes sizes = {.groups = GROUPS,
                                .max_rows = MAX_ROWS,
                                .inner_steps = k,
                                .inner_lr = LR,
                                .first_order = first_order,
                                .fraction = fraction};
    p->curvature = ks_curvature_create(p->policy, p->derivatives, sizes, &err);
    assert_non_null(p->curvature);

    p->theta = normals(&p->memory, p->p, 0.6);
    size_t log_std = ks_policy_log_std_offset(p->policy);
    for (size_t i = log_std; i < p->p; i++) {
        p->theta[i] = (ks_real)(-0.2 - 0.1 * (double)(i - log_std));
    }
    p->stage_theta = reals(&p->memory, (size_t)(k + 1) * GROUPS * p->p);
    for (size_t j = 0; j <= (size_t)k; j++) {
        for (size_t g = 0; g < GROUPS; g++) {
            p->stage[j * GROUPS + g] = (ks_group){.rows = random_rows(&p->memory, p->policy, ROWS[j][g]),
                                                  .theta = p->stage_theta + (j * GROUPS + g) * p->p};
        }
    }
    ks_real* adapted = reals(&p->memory, GROUPS * p->p);
    adapt(p, adapted, p->theta, p->stage_theta);
    ks_policy_ws* ws = ks_policy_ws_create(p->policy, &err);
    assert_non_null(ws);
    for (size_t g = 0; g < GROUPS; g++) {
        const ks_group* last = &p->stage[(size_t)k * GROUPS + g];
        p->old[g] = old_policy(&p->memory, p->policy, last->theta, last->rows, ws);
    }
    ks_policy_ws_destroy(ws);
    ks_curvature_record(p->curvature, p->stage, ks_stream_make(3, KS_RNG_CURVATURE, 0, 0));
}

static void problem_destroy(problem* p) {
    arena_free(&p->memory);
    ks_curvature_destroy(p->curvature);
    ks_derivatives_destroy(p->derivatives);
    ks_policy_destroy(p->policy);
}

/* mean over tasks of Jᵀ ∇ outer loss */
static void meta_gradient(problem* p, double* out) {
    double* u = malloc(GROUPS * p->p * sizeof *u);
    assert_non_null(u);
    ks_derivatives_gradient(p->derivatives, u, p->stage + (size_t)p->k * GROUPS, GROUPS);
    ks_curvature_pull_back(u, p->curvature);
    for (size_t i = 0; i < p->p; i++) {
        out[i] = (u[i] + u[p->p + i] + u[2 * p->p + i]) / GROUPS;
    }
    free(u);
}

static ks_policy_settings shape(int index, ks_head head, ks_activation activation) {
    static const int HIDDEN[][3] = {{0}, {1}, {5, 4}, {3, 6, 2}};
    static const int COUNT[] = {0, 1, 2, 3};
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = 3;
    s.act_dim = 2 + (head == KS_CATEGORICAL);
    s.head = head;
    s.activation = activation;
    s.num_hidden = COUNT[index];
    memcpy(s.hidden, HIDDEN[index], sizeof HIDDEN[index]);
    return s;
}
enum { SHAPES = 4 };

static void check_meta_gradient(ks_policy_settings settings, int k) {
    problem p;
    problem_create(&p, settings, k, false, 1, 2);
    double exact[256], difference[256], kl;
    assert_true(p.p <= 256);
    meta_gradient(&p, exact);
    for (size_t i = 0; i < p.p; i++) {
        /* small enough to stay on one side of the kinks of ReLU, which the batches hardly come near */
        const double h = 1e-6;
        ks_real old = p.theta[i];
        p.theta[i] = (ks_real)((double)old + h);
        double plus = outer_loss(&p, p.theta, &kl);
        p.theta[i] = (ks_real)((double)old - h);
        double minus = outer_loss(&p, p.theta, &kl);
        p.theta[i] = old;
        difference[i] = (plus - minus) / (2 * h);
    }
    double error = relative_error(difference, exact, p.p);
    if (!(error < 1e-6)) {
        fail_msg("meta-gradient off by %g: %d hidden, head %d, activation %d, k %d", error, settings.num_hidden,
                 (int)settings.head, (int)settings.activation, k);
    }
    problem_destroy(&p);
}

static void test_meta_gradient(void** state) {
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        for (int k = 1; k <= MAX_K; k++) {
            check_meta_gradient(shape(s, KS_GAUSSIAN, KS_RELU), k);
            check_meta_gradient(shape(s, KS_GAUSSIAN, KS_TANH), k);
            check_meta_gradient(shape(s, KS_CATEGORICAL, KS_RELU), k);
            check_meta_gradient(shape(s, KS_CATEGORICAL, KS_TANH), k);
        }
    }
}

static void test_meta_gradient_at_the_log_std_floor(void** state) {
    (void)state;
    ks_policy_settings settings = shape(2, KS_GAUSSIAN, KS_TANH);
    settings.log_std_min = -0.25; /* the second dimension starts below it */
    for (int k = 1; k <= MAX_K; k++) {
        check_meta_gradient(settings, k);
    }
}

/* the mean over tasks of the curvature's products with a direction */
static void curvature_product(double* out, problem* p, const ks_real* direction) {
    static double product[GROUPS * 256];
    ks_curvature_product(product, p->curvature, direction);
    for (size_t i = 0; i < p->p; i++) {
        out[i] = 0;
        for (size_t g = 0; g < GROUPS; g++) {
            out[i] += product[g * p->p + i] / GROUPS;
        }
    }
}

/* Jᵀ F J p with a dense J from central differences of the adapted parameters */
static void check_curvature(ks_policy_settings settings, int k) {
    problem p;
    problem_create(&p, settings, k, false, 1, 2);
    size_t n = p.p;
    ks_error err = {0};
    ks_tapes* fisher = ks_tapes_create(p.policy, KS_TAPE_FISHER, GROUPS, MAX_ROWS, &err);
    assert_non_null(fisher);
    ks_tapes_record(fisher, NULL, p.derivatives, p.stage + (size_t)k * GROUPS, GROUPS);
    double* jacobian = malloc(GROUPS * n * n * sizeof *jacobian); /* [group][row][column] */
    ks_real* plus = malloc(GROUPS * n * sizeof *plus);
    ks_real* minus = malloc(GROUPS * n * sizeof *minus);
    double* product = malloc(GROUPS * n * sizeof *product);
    assert_true(jacobian && plus && minus && product);
    for (size_t c = 0; c < n; c++) {
        const double h = 1e-6;
        ks_real old = p.theta[c];
        p.theta[c] = (ks_real)((double)old + h);
        adapt(&p, plus, p.theta, NULL);
        p.theta[c] = (ks_real)((double)old - h);
        adapt(&p, minus, p.theta, NULL);
        p.theta[c] = old;
        for (size_t i = 0; i < GROUPS * n; i++) {
            jacobian[i * n + c] = ((double)plus[i] - (double)minus[i]) / (2 * h);
        }
    }
    const ks_real* direction = normals(&p.memory, n, 1);
    for (size_t i = 0; i < GROUPS * n; i++) {
        double sum = 0;
        for (size_t c = 0; c < n; c++) {
            sum += jacobian[i * n + c] * (double)direction[c];
        }
        plus[i] = (ks_real)sum;
    }
    ks_tapes_fvp(product, fisher, plus, p.derivatives);
    double slow[256] = {0}, fast[256];
    for (size_t i = 0; i < GROUPS * n; i++) {
        for (size_t c = 0; c < n; c++) {
            slow[c] += jacobian[i * n + c] * product[i] / GROUPS;
        }
    }
    curvature_product(fast, &p, direction);
    double error = relative_error(fast, slow, n);
    if (!(error < 1e-6)) {
        fail_msg("curvature off by %g: %d hidden, head %d, activation %d, k %d", error, settings.num_hidden,
                 (int)settings.head, (int)settings.activation, k);
    }
    /* and it is the second derivative of the constraint along the direction */
    double quadratic = 0, kl_plus, kl_minus;
    const double t = 1e-4;
    ks_real* moved = reals(&p.memory, n);
    for (size_t i = 0; i < n; i++) {
        quadratic += fast[i] * (double)direction[i];
        moved[i] = (ks_real)((double)p.theta[i] + t * (double)direction[i]);
    }
    outer_loss(&p, moved, &kl_plus);
    for (size_t i = 0; i < n; i++) {
        moved[i] = (ks_real)((double)p.theta[i] - t * (double)direction[i]);
    }
    outer_loss(&p, moved, &kl_minus);
    if (settings.activation == KS_TANH || settings.num_hidden == 0) { /* ReLU has kinks within 1e-4 */
        assert_true(fabs((kl_plus + kl_minus) / (t * t) - quadratic) < 1e-3 * fabs(quadratic));
    }
    free(jacobian);
    free(plus);
    free(minus);
    free(product);
    ks_tapes_destroy(fisher);
    problem_destroy(&p);
}

static void test_curvature(void** state) {
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        for (int k = 0; k <= MAX_K; k++) {
            check_curvature(shape(s, KS_GAUSSIAN, KS_RELU), k);
            check_curvature(shape(s, KS_GAUSSIAN, KS_TANH), k);
            check_curvature(shape(s, KS_CATEGORICAL, KS_TANH), k);
        }
    }
}

/* with a share of the timesteps: the meta-gradient does not change, and J and F are those of the chosen rows */
static void test_curvature_fraction(void** state) {
    (void)state;
    ks_policy_settings settings = shape(2, KS_GAUSSIAN, KS_TANH);
    problem all, some;
    problem_create(&all, settings, 2, false, 1, 2);
    problem_create(&some, settings, 2, false, 0.1, 2);
    double a[256], b[256];
    meta_gradient(&all, a);
    meta_gradient(&some, b);
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
    problem p;
    problem_create(&p, shape(2, KS_GAUSSIAN, KS_TANH), 2, true, 1, 1);
    double exact[256], plain[3 * 256], mean[256];
    meta_gradient(&p, exact);
    ks_derivatives_gradient(p.derivatives, plain, p.stage + 2 * GROUPS, GROUPS);
    for (size_t i = 0; i < p.p; i++) {
        mean[i] = (plain[i] + plain[p.p + i] + plain[2 * p.p + i]) / GROUPS;
    }
    assert_true(relative_error(exact, mean, p.p) < 1e-14);
    /* and it is not the second-order one, or the option would do nothing */
    problem second;
    problem_create(&second, shape(2, KS_GAUSSIAN, KS_TANH), 2, false, 1, 1);
    meta_gradient(&second, mean);
    assert_true(relative_error(exact, mean, p.p) > 1e-3);
    problem_destroy(&second);
    problem_destroy(&p);
}

static void test_threads_do_not_matter(void** state) {
    (void)state;
    double first[256], other[256];
    for (int threads = 1; threads <= 3; threads++) {
        problem p;
        problem_create(&p, shape(2, KS_GAUSSIAN, KS_RELU), 2, false, 0.5, threads);
        double* out = threads == 1 ? first : other;
        curvature_product(out, &p, p.theta);
        if (threads > 1) {
            assert_memory_equal(first, other, p.p * sizeof *first);
        }
        problem_destroy(&p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meta_gradient), cmocka_unit_test(test_meta_gradient_at_the_log_std_floor),
        cmocka_unit_test(test_curvature),     cmocka_unit_test(test_curvature_fraction),
        cmocka_unit_test(test_first_order),   cmocka_unit_test(test_threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
