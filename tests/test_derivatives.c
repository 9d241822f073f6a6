/* The derivatives of many groups at once, in the double build: means over each group's rows, groups of no, few and many rows,
 * the same bytes on any number of threads and for a group alone or among others; and a step of MAML made of them. */
#include "naive_policy.h"
#include "policy/derivatives.h"

enum { GROUPS = 4, MAX_ROWS = 4500 };
static const size_t ROWS[GROUPS] = {0, 10, 2000, MAX_ROWS}; /* of which the last has more than one chunk */

typedef struct problem {
    arena memory;
    ks_policy* policy;
    ks_policy_ws* ws;
    ks_derivatives* derivatives;
    size_t p;
    ks_real *theta, *v; /* (GROUPS x P) */
    ks_group group[GROUPS];
} problem;

static problem problem_create(ks_head head, ks_activation activation, int threads) {
    problem p = {0};
    ks_error err = {0};
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = 3;
    s.act_dim = 2;
    s.head = head;
    s.activation = activation;
    s.hidden[0] = 8;
    s.hidden[1] = 5;
    p.policy = ks_policy_create(&s, &err);
    p.ws = ks_policy_ws_create(p.policy, 0, &err);
    p.derivatives = ks_derivatives_create(p.policy, GROUPS, MAX_ROWS, threads, &err);
    assert_non_null(p.ws);
    assert_non_null(p.derivatives);
    p.p = ks_policy_num_params(p.policy);
    p.theta = normals(&p.memory, GROUPS * p.p, 0.3);
    p.v = normals(&p.memory, GROUPS * p.p, 1);
    for (size_t g = 0; g < GROUPS; g++) {
        p.group[g] = (ks_group){random_rows(&p.memory, p.policy, ROWS[g]), p.theta + g * p.p};
        if (head == KS_SQUARED_ERROR) {
            p.group[g].rows.weight = NULL;
        } else if (head == KS_CATEGORICAL) {
            p.group[g].rows.loss = KS_LOSS_RATIO;
            p.group[g].rows.logp = normals(&p.memory, ROWS[g], 0.3);
        }
    }
    return p;
}

static void problem_destroy(problem* p) {
    ks_derivatives_destroy(p->derivatives);
    ks_policy_ws_destroy(p->ws);
    ks_policy_destroy(p->policy);
    arena_free(&p->memory);
}

static const int HEADS[] = {KS_GAUSSIAN, KS_CATEGORICAL, KS_SQUARED_ERROR};

static void loss_is_the_mean(void** state) {
    (void)state;
    for (size_t h = 0; h < 3; h++) {
        problem p = problem_create((ks_head)HEADS[h], KS_RELU, 2);
        double loss[GROUPS];
        ks_derivatives_loss(p.derivatives, loss, p.group, GROUPS);
        assert_true(loss[0] == 0);
        for (size_t g = 1; g < GROUPS; g++) {
            double complex* grad = arena_alloc(&p.memory, p.p * sizeof *grad);
            const double complex* theta = naive_theta(&p.memory, p.policy, p.group[g].theta, NULL);
            double want = creal(naive_sum(grad, p.policy, theta, p.group[g].rows, NULL)) / (double)ROWS[g];
            assert_true(fabs(loss[g] - want) < 1e-10 * fabs(want));
        }
        problem_destroy(&p);
    }
}

/* everything that a group has, from what was in memory before: gradient, product, product on tapes, its Fisher's */
enum { RESULTS = 5 };

static double* ask(problem* p, const ks_group* groups, const ks_real* v, size_t count) {
    ks_error err = {0};
    size_t size = count * p->p;
    double* all = arena_alloc(&p->memory, RESULTS * size * sizeof *all);
    for (size_t i = 0; i < RESULTS * size; i++) {
        all[i] = NAN;
    }
    double losses[GROUPS], loss[GROUPS];
    ks_derivatives_loss_and_gradient(p->derivatives, losses, all, groups, count);
    ks_derivatives_loss(p->derivatives, loss, groups, count);
    for (size_t g = 0; g < count; g++) {
        assert_true(fabs(losses[g] - loss[g]) <= 1e-12 * fabs(loss[g]));
    }
    ks_derivatives_hvp(p->derivatives, all + size, groups, count, v);
    ks_tapes* tapes = ks_tapes_create(p->policy, KS_TAPE_HESSIAN, count, MAX_ROWS, &err);
    assert_non_null(tapes);
    ks_tapes_record(tapes, NULL, all + 2 * size, p->derivatives, groups, count);
    ks_tapes_hvp(all + 3 * size, tapes, v, p->derivatives);
    ks_tapes_destroy(tapes);
    tapes = ks_tapes_create(p->policy, KS_TAPE_FISHER, count, MAX_ROWS, &err);
    assert_non_null(tapes);
    ks_tapes_record(tapes, NULL, NULL, p->derivatives, groups, count);
    ks_tapes_fvp(all + 4 * size, tapes, v, p->derivatives);
    ks_tapes_destroy(tapes);
    assert_memory_equal(all + size, all + 3 * size, size * sizeof *all);
    return all;
}

static void groups_have_the_derivatives_of_their_means(void** state) {
    (void)state;
    for (size_t h = 0; h < 3; h++) {
        problem p = problem_create((ks_head)HEADS[h], KS_RELU, 2);
        const double* all = ask(&p, p.group, p.v, GROUPS);
        for (size_t g = 0; g < GROUPS; g++) {
            naive_result want =
                naive_all(&p.memory, p.policy, p.group[g].theta, p.v + g * p.p, p.group[g].rows, p.group[g].theta);
            const double* const vectors[] = {want.grad, want.hvp, want.grad, want.hvp, want.fvp};
            for (size_t k = 0; k < RESULTS; k++) {
                const double* got = all + (k * GROUPS + g) * p.p;
                for (size_t i = 0; i < p.p; i++) {
                    double mean = ROWS[g] ? vectors[k][i] / (double)ROWS[g] : 0;
                    assert_true(fabs(got[i] - mean) < 1e-9 * (1 + fabs(mean)));
                }
            }
        }
        problem_destroy(&p);
    }
}

static void threads_and_neighbours_change_no_bit(void** state) {
    (void)state;
    problem p = problem_create(KS_GAUSSIAN, KS_RELU, 1);
    problem q = problem_create(KS_GAUSSIAN, KS_RELU, 3);
    const double* together = ask(&p, p.group, p.v, GROUPS);
    assert_memory_equal(ask(&q, q.group, q.v, GROUPS), together, RESULTS * GROUPS * p.p * sizeof *together);
    for (size_t g = 0; g < GROUPS; g++) {
        const double* alone = ask(&q, q.group + g, q.v + g * p.p, 1);
        for (size_t k = 0; k < RESULTS; k++) {
            assert_memory_equal(alone + k * p.p, together + (k * GROUPS + g) * p.p, p.p * sizeof *alone);
        }
    }
    problem_destroy(&p);
    problem_destroy(&q);
}

/* ---- one step of MAML, for every pair of an inner and an outer loss ---------------------------------------------------- */

static const double ALPHA = 0.1;

/* L_outer(θ - α ∇L_inner(θ)) of every group, and in adapted (GROUPS x P) the parameters after the step */
static void adapted_loss(double loss[GROUPS], ks_real* adapted, problem* p, const ks_group* inner,
                         const ks_group* outer) {
    double* gradient = arena_alloc(&p->memory, GROUPS * p->p * sizeof *gradient);
    ks_group after[GROUPS];
    ks_derivatives_gradient(p->derivatives, gradient, inner, GROUPS);
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t i = g * p->p; i < (g + 1) * p->p; i++) {
            adapted[i] = (ks_real)((double)inner[g].theta[i - g * p->p] - ALPHA * gradient[i]);
        }
        after[g] = (ks_group){outer[g].rows, adapted + g * p->p};
    }
    ks_derivatives_loss(p->derivatives, loss, after, GROUPS);
}

/* loss of every group with its θ moved along v */
static void moved_loss(double loss[GROUPS], problem* p, const ks_group* inner, const ks_group* outer, double h) {
    ks_real* theta = reals(&p->memory, 2 * GROUPS * p->p);
    ks_group at[GROUPS];
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t i = g * p->p; i < (g + 1) * p->p; i++) {
            theta[i] = (ks_real)((double)p->theta[i] + h * (double)p->v[i]);
        }
        at[g] = (ks_group){inner[g].rows, theta + g * p->p};
    }
    adapted_loss(loss, theta + GROUPS * p->p, p, at, outer);
}

static void check_maml(problem* p, const ks_group* inner, const ks_group* outer) {
    const double h = 1e-6;
    ks_error err = {0};
    ks_group after[GROUPS];
    ks_real* adapted = reals(&p->memory, GROUPS * p->p);
    ks_real* u = reals(&p->memory, GROUPS * p->p);
    double* outer_gradient = arena_alloc(&p->memory, GROUPS * p->p * sizeof *outer_gradient);
    double* product = arena_alloc(&p->memory, GROUPS * p->p * sizeof *product);
    double loss[GROUPS], plus[GROUPS], minus[GROUPS];
    adapted_loss(loss, adapted, p, inner, outer);
    for (size_t g = 0; g < GROUPS; g++) {
        after[g] = (ks_group){outer[g].rows, adapted + g * p->p};
    }
    ks_derivatives_loss_and_gradient(p->derivatives, plus, outer_gradient, after, GROUPS);
    for (size_t i = 0; i < GROUPS * p->p; i++) {
        u[i] = (ks_real)outer_gradient[i];
    }
    ks_tapes* tapes = ks_tapes_create(p->policy, KS_TAPE_HESSIAN, GROUPS, MAX_ROWS, &err);
    assert_non_null(tapes);
    ks_tapes_record(tapes, NULL, NULL, p->derivatives, inner, GROUPS);
    ks_tapes_hvp(product, tapes, u, p->derivatives);
    ks_tapes_destroy(tapes);
    moved_loss(plus, p, inner, outer, h);
    moved_loss(minus, p, inner, outer, -h);
    for (size_t g = 0; g < GROUPS; g++) {
        double slope = 0;
        for (size_t i = g * p->p; i < (g + 1) * p->p; i++) {
            slope += (outer_gradient[i] - ALPHA * product[i]) * (double)p->v[i];
        }
        double want = (plus[g] - minus[g]) / (2 * h);
        assert_true(fabs(slope - want) <= 1e-6 * fabs(want));
    }
}

static void maml_through_every_loss(void** state) {
    (void)state;
    for (int head = KS_GAUSSIAN; head <= KS_CATEGORICAL; head++) {
        for (int pair = 0; pair < 9; pair++) {
            problem p = problem_create((ks_head)head, KS_TANH, 2);
            ks_group inner[GROUPS], outer[GROUPS];
            for (size_t g = 0; g < GROUPS; g++) {
                inner[g] = outer[g] = p.group[g];
                outer[g].rows = random_rows(&p.memory, p.policy, ROWS[g]);
                ks_rows* const rows[] = {&inner[g].rows, &outer[g].rows};
                for (int i = 0; i < 2; i++) {
                    rows[i]->loss = (ks_loss)(i ? pair / 3 : pair % 3);
                    rows[i]->logp = old_policy(&p.memory, p.policy, p.group[g].theta, *rows[i], p.ws).logp;
                    rows[i]->clip = 0.05;
                }
            }
            check_maml(&p, inner, outer);
            problem_destroy(&p);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_is_the_mean),
        cmocka_unit_test(groups_have_the_derivatives_of_their_means),
        cmocka_unit_test(threads_and_neighbours_change_no_bit),
        cmocka_unit_test(maml_through_every_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
