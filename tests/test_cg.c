/* Conjugate gradient in the trust-region step, over made-up problems, in the double build: it solves, warm and preconditioned too, ends
 * early, and survives negative curvature and numbers that are none. */
#include "trpo_support.h"

static void solves_the_system(void** state) {
    (void)state;
    static const size_t SIZES[] = {1, 2, 7, MAX_N};
    for (size_t s = 0; s < LENGTH(SIZES); s++) {
        problem p;
        make_problem(&p, SIZES[s]);
        for (int damped = 0; damped < 2; damped++) {
            p.curvatures = p.directions = p.evaluations = 0;
            ks_trpo_settings settings = exact_settings(&p);
            settings.cg_damping = damped ? 0.3 : 0;
            settings.cg_iterations = MAX_CALLS;
            outcome o = step(&p, settings);
            assert_true(o.ok);
            assert_true(residual(&p, &o, settings.cg_damping) < 1e-10);
            assert_true(residual(&p, &o, 0.3 - settings.cg_damping) > 1e-4); /* the other damping's it is not */
            assert_true(o.result.cg_residual < 1e-10);
            assert_true(o.result.cg_iterations <= (int)(p.n + p.n / 2)); /* n, but for rounding */
            assert_int_equal(o.result.cg_iterations, p.curvatures);
            assert_int_equal(p.directions, p.curvatures);
        }
    }
}

/* each direction is conjugate to all before; n of them would solve it, fewer leave the residual that is reported */
static void directions_are_conjugate(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 12);
    ks_trpo_settings settings = exact_settings(&p);
    settings.cg_iterations = 5;
    settings.cg_damping = 0.01;
    outcome o = step(&p, settings);
    assert_int_equal(o.result.cg_iterations, 5);
    double reported = residual(&p, &o, 0.01);
    assert_true(reported > 1e-6 && fabs(o.result.cg_residual - reported) < 1e-10);
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < i; j++) {
            double product = 0, squares[2] = {0};
            for (size_t r = 0; r < p.n; r++) {
                for (size_t c = 0; c < p.n; c++) {
                    double m = p.c[r][c] + (r == c ? 0.01 : 0);
                    product += (double)p.direction[i][r] * m * (double)p.direction[j][c];
                }
                squares[0] += (double)(p.direction[i][r] * p.direction[i][r]);
                squares[1] += (double)(p.direction[j][r] * p.direction[j][r]);
            }
            assert_true(fabs(product) < 1e-9 * sqrt(squares[0] * squares[1]));
        }
    }
}

/* CG from x is CG from 0 on what x leaves of the gradient; what an accepted step leaves behind is its solution */
static void starts_from_the_last_solution(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 12);
    ks_trpo_settings settings = exact_settings(&p);
    settings.cg_iterations = 4;
    settings.cg_damping = 0.01;
    settings.cg_warm_start = 0.5;
    outcome cold = step(&p, settings); /* from 0: nothing is there yet */
    assert_int_equal(cold.result.verdict, KS_TRPO_ACCEPTED);
    double left[MAX_N];
    for (size_t i = 0; i < p.n; i++) {
        assert_true(p.cg_start[i] == (ks_real)cold.direction[i]);
        left[i] = cold.gradient[i] - 0.5 * 0.01 * cold.direction[i];
        for (size_t j = 0; j < p.n; j++) {
            left[i] -= 0.5 * p.c[i][j] * cold.direction[j];
        }
    }
    problem rest = p, again = p;
    memset(rest.cg_start, 0, sizeof rest.cg_start);
    rest.curvatures = rest.directions = rest.evaluations = again.curvatures = again.directions = again.evaluations = 0;
    again.warm = true;
    outcome o = step_with(&rest, settings, left);
    outcome warm = step(&again, settings);
    assert_int_equal(again.curvatures, 5);
    assert_int_equal(again.directions, 4);
    for (size_t i = 0; i < p.n; i++) {
        o.direction[i] += 0.5 * cold.direction[i];
    }
    assert_true(relative_error(warm.direction, o.direction, p.n) < 1e-9);
    assert_true(warm.result.cg_residual < cold.result.cg_residual);
    assert_true(fabs(warm.result.cg_residual - residual(&again, &warm, 0.01)) < 1e-9);
}

/* CG with the preconditioner M = L Lᵀ is plain CG on L⁻¹ C L⁻ᵀ y = L⁻¹ g with d = L⁻ᵀ y; here L⁻¹ is lower triangular */
static void preconditioning_is_a_change_of_variables(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 12);
    problem changed = p;
    double l[MAX_N][MAX_N], half[MAX_N][MAX_N], gradient[MAX_N] = {0}, d[MAX_N] = {0};
    for (size_t i = 0; i < p.n; i++) {
        for (size_t j = 0; j < p.n; j++) {
            l[i][j] = j > i ? 0 : i == j ? 1 / sqrt(p.c[i][i]) : 0.1 * p.a[i][j] / (double)p.n;
        }
    }
    ks_trpo_settings settings = exact_settings(&p);
    settings.cg_iterations = 4;
    settings.cg_damping = 0;
    outcome plain = step(&p, settings);
    for (size_t i = 0; i < p.n; i++) {
        for (size_t j = 0; j < p.n; j++) {
            half[i][j] = p.m[i][j] = 0;
            for (size_t k = 0; k < p.n; k++) {
                half[i][j] += l[i][k] * p.c[k][j];
                p.m[i][j] += l[k][i] * l[k][j];
            }
        }
    }
    for (size_t i = 0; i < p.n; i++) {
        for (size_t j = 0; j < p.n; j++) {
            gradient[i] += l[i][j] * plain.gradient[j];
            changed.c[i][j] = 0;
            for (size_t k = 0; k < p.n; k++) {
                changed.c[i][j] += half[i][k] * l[j][k];
            }
        }
    }
    p.preconditioned = true;
    p.curvatures = p.directions = p.evaluations = 0;
    outcome preconditioned = step(&p, settings);
    outcome y = step_with(&changed, settings, gradient);
    for (size_t i = 0; i < p.n; i++) {
        for (size_t j = 0; j < p.n; j++) {
            d[i] += l[j][i] * y.direction[j];
        }
    }
    assert_true(relative_error(preconditioned.direction, d, p.n) < 1e-10);
    assert_true(relative_error(preconditioned.direction, plain.direction, p.n) > 1e-3);
    assert_true(fabs(preconditioned.result.cg_residual - residual(&p, &preconditioned, 0)) < 1e-10);
}

/* with M = C + damping I the first iteration solves the system, from wherever it starts */
static void the_right_preconditioner_solves_at_once(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 2);
    ks_trpo_settings settings = exact_settings(&p);
    settings.cg_iterations = 1;
    settings.cg_damping = 0.3;
    settings.cg_warm_start = 0.5;
    double a = p.c[0][0] + 0.3, b = p.c[0][1], c = p.c[1][1] + 0.3, determinant = a * c - b * b;
    p.m[0][0] = c / determinant;
    p.m[0][1] = p.m[1][0] = -b / determinant;
    p.m[1][1] = a / determinant;
    outcome plain = step(&p, settings);
    assert_true(plain.result.cg_residual > 1e-3);
    p.preconditioned = p.warm = true;
    p.curvatures = p.directions = p.evaluations = 0;
    outcome o = step(&p, settings);
    assert_int_equal(p.curvatures, 2);
    assert_true(o.result.cg_residual < 1e-10);
    assert_true(residual(&p, &o, 0.3) < 1e-10);
}

/* one that is no number, or along which the curvature is none, is as good as none; a refused step is not remembered */
static void bad_starts_are_not_used(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 12);
    ks_trpo_settings settings = exact_settings(&p);
    settings.cg_iterations = 3;
    outcome cold = step(&p, settings);
    for (int bad = 0; bad < 2; bad++) {
        problem q = p;
        q.curvatures = q.directions = q.evaluations = 0;
        settings.cg_warm_start = 1;
        for (size_t i = 0; i < p.n; i++) {
            q.cg_start[i] = (ks_real)cold.direction[i];
        }
        if (bad == 0) {
            q.cg_start[3] = (ks_real)NAN;
        } else {
            q.curvature_nan = 1;
        }
        q.warm = bad == 1; /* the other is not even multiplied */
        outcome o = step(&q, settings);
        assert_memory_equal(o.direction, cold.direction, p.n * sizeof *o.direction);
        assert_memory_equal(o.theta, cold.theta, p.n * sizeof *o.theta);
    }
    problem refused = p;
    refused.curvatures = refused.directions = refused.evaluations = 0;
    refused.forced = true;
    for (int i = 0; i < MAX_CALLS; i++) {
        refused.forced_loss[i] = 1e9;
    }
    memcpy(refused.cg_start, cold.theta, p.n * sizeof *cold.theta);
    settings.cg_warm_start = 1e-9;
    refused.warm = true;
    outcome o = step(&refused, settings);
    assert_int_equal(o.result.verdict, KS_TRPO_NO_CANDIDATE);
    for (size_t i = 0; i < p.n; i++) {
        assert_true(refused.cg_start[i] == 0);
    }
}

static void ends_early_at_a_small_residual(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 20);
    double squares = 0;
    for (size_t i = 0; i < p.n; i++) { /* three different eigenvalues: three iterations */
        for (size_t j = 0; j < p.n; j++) {
            p.c[i][j] = i == j ? (double)(1 + i % 3) : 0;
        }
    }
    ks_trpo_settings settings = ks_trpo_settings_default();
    settings.cg_damping = 0;
    outcome o = step(&p, settings);
    assert_int_equal(o.result.cg_iterations, 3);
    for (size_t i = 0; i < p.n; i++) {
        squares += o.gradient[i] * o.gradient[i];
        assert_true(fabs(o.direction[i] - o.gradient[i] / p.c[i][i]) < 1e-6);
    }
    /* the tolerance is one of the squared residual, not of the relative one */
    double small[MAX_N];
    for (size_t i = 0; i < p.n; i++) {
        small[i] = 1e-5 / sqrt(squares) * o.gradient[i];
    }
    p.curvatures = p.directions = p.evaluations = 0;
    assert_int_equal(step_with(&p, settings, small).result.cg_iterations, 1);
    p.curvatures = p.directions = p.evaluations = 0;
    settings.cg_tolerance = 0;
    settings.cg_iterations = 2;
    assert_int_equal(step(&p, settings).result.cg_iterations, 2);
}

static void bad_gradients(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 4);
    const double gradients[][4] = {{0, 0, 0, 0}, {1, NAN, 0, 0}, {0, 0, INFINITY, 1}, {1e200, 0, 0, 0}};
    for (size_t i = 0; i < LENGTH(gradients); i++) {
        outcome o = step_with(&p, exact_settings(&p), gradients[i]);
        assert_true(o.ok);
        assert_int_equal(o.result.verdict, KS_TRPO_BAD_GRADIENT);
        check_untouched(&p, &o);
        assert_int_equal(p.curvatures + p.evaluations, 0);
        assert_true(o.result.loss_after == o.loss_before && o.result.kl == 0 && o.result.step_scale == 0);
        for (size_t j = 0; j < p.n; j++) {
            assert_true(o.direction[j] == 0);
        }
    }
}

/* along the very first direction: there is nothing to go along */
static void bad_curvature_at_once(void** state) {
    (void)state;
    const double factors[] = {-1, 0, NAN, INFINITY, -INFINITY};
    for (size_t f = 0; f < LENGTH(factors); f++) {
        problem p;
        make_problem(&p, 6);
        for (size_t i = 0; i < p.n; i++) {
            for (size_t j = 0; j < p.n; j++) {
                p.c[i][j] = i == j ? factors[f] : 0;
            }
        }
        ks_trpo_settings settings = ks_trpo_settings_default();
        settings.cg_damping = 0;
        outcome o = step(&p, settings);
        assert_true(o.ok);
        assert_int_equal(o.result.verdict, KS_TRPO_BAD_CURVATURE);
        check_untouched(&p, &o);
        assert_int_equal(p.evaluations, 0);
        assert_int_equal(o.result.cg_iterations, 1);
        assert_true(o.result.loss_after == o.loss_before && o.result.step_scale == 0);
    }
}

/* damping makes a slightly negative curvature usable */
static void damping_is_added(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 6);
    for (size_t i = 0; i < p.n; i++) {
        for (size_t j = 0; j < p.n; j++) {
            p.c[i][j] = i == j ? -0.25 : 0;
        }
    }
    ks_trpo_settings settings = ks_trpo_settings_default();
    settings.cg_damping = 0.75;
    outcome o = step(&p, settings);
    assert_int_equal(o.result.cg_iterations, 1);
    for (size_t i = 0; i < p.n; i++) {
        assert_true(fabs(o.direction[i] - 2 * o.gradient[i]) < 1e-12);
    }
}

/* later on: what was found before is used */
static void bad_curvature_later(void** state) {
    (void)state;
    for (int nan = 0; nan < 2; nan++) {
        problem p;
        make_problem(&p, 6);
        if (nan) {
            p.curvature_nan = 3;
        } else { /* one negative eigenvalue, along which the gradient is small, so that CG is some way before it meets it */
            for (size_t i = 0; i < p.n; i++) {
                for (size_t j = 0; j < p.n; j++) {
                    p.c[i][j] = i != j ? 0 : i == 0 ? -1 : (double)i;
                }
            }
        }
        const double gradient[] = {0.1, 1, 1, 1, 1, 1};
        ks_trpo_settings settings = exact_settings(&p);
        p.forced = true;
        p.forced_loss[0] = loss_at(&p, p.start) - 1;
        outcome o = step_with(&p, settings, gradient);
        assert_true(o.ok);
        assert_int_equal(o.result.verdict, KS_TRPO_ACCEPTED);
        int usable = o.result.cg_iterations - 1;
        assert_true(usable >= 1 && o.result.cg_iterations < settings.cg_iterations);
        assert_true(!nan || usable == 2);
        /* the same as if CG had been told to end there */
        problem again = p;
        again.curvatures = again.directions = again.evaluations = again.curvature_nan = 0;
        settings.cg_iterations = usable;
        outcome fewer = step_with(&again, settings, gradient);
        assert_memory_equal(o.direction, fewer.direction, p.n * sizeof(double));
        assert_memory_equal(o.theta, fewer.theta, p.n * sizeof *o.theta);
        assert_true(isfinite(o.result.cg_residual) && isfinite(o.result.step_scale));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solves_the_system),
        cmocka_unit_test(directions_are_conjugate),
        cmocka_unit_test(starts_from_the_last_solution),
        cmocka_unit_test(bad_starts_are_not_used),
        cmocka_unit_test(preconditioning_is_a_change_of_variables),
        cmocka_unit_test(the_right_preconditioner_solves_at_once),
        cmocka_unit_test(ends_early_at_a_small_residual),
        cmocka_unit_test(bad_gradients),
        cmocka_unit_test(bad_curvature_at_once),
        cmocka_unit_test(damping_is_added),
        cmocka_unit_test(bad_curvature_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
