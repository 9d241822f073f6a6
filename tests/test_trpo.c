/* The trust-region step over made-up problems, in the double build: conjugate gradient solves, ends early, and survives
 * negative curvature and numbers that are none; the line search takes what it promises to take, and nothing else. */
#include "rl/trpo.h"

#include "policy_support.h"

#include <float.h>
#include <string.h>

enum { MAX_N = 40, MAX_CALLS = 64 };
#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* Loss ½ θᵀAθ - bᵀθ, kl ½ (θ - θ₀)ᵀC(θ - θ₀), and what is to go wrong. */
typedef struct problem {
    size_t n;
    double a[MAX_N][MAX_N], b[MAX_N], c[MAX_N][MAX_N];
    ks_real start[MAX_N], cg_start[MAX_N];
    bool warm;              /* the first product is the one that CG's start needs, and no direction */
    double m[MAX_N][MAX_N]; /* M⁻¹ of the preconditioner */
    bool preconditioned;

    int curvature_fails, evaluate_fails, curvature_nan;  /* in this call, from 1; 0: never */
    double forced_loss[MAX_CALLS], forced_kl[MAX_CALLS]; /* of each candidate, if `forced` */
    bool forced;

    int curvatures, evaluations, directions; /* calls */
    ks_real direction[MAX_CALLS][MAX_N];     /* as on_direction was told */
    ks_real candidate[MAX_CALLS][MAX_N];
} problem;

static double quadratic(size_t n, double m[MAX_N][MAX_N], const double* x) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            sum += x[i] * m[i][j] * x[j];
        }
    }
    return sum;
}

static double loss_at(problem* p, const ks_real* theta) {
    double x[MAX_N], linear = 0;
    for (size_t i = 0; i < p->n; i++) {
        x[i] = (double)theta[i];
        linear += p->b[i] * x[i];
    }
    return quadratic(p->n, p->a, x) / 2 - linear;
}

static bool curvature(void* user, double* out, const ks_real* direction, ks_error* err) {
    problem* p = user;
    p->curvatures++;
    int told = p->curvatures - 1 - p->warm;
    if (told >= 0) {
        assert_memory_equal(direction, p->direction[told], p->n * sizeof *direction);
    }
    if (p->curvatures == p->curvature_fails) {
        return ks_fail(err, KS_FAILED, "curvature failed");
    }
    for (size_t i = 0; i < p->n; i++) {
        out[i] = p->curvatures == p->curvature_nan ? NAN : 0;
        for (size_t j = 0; j < p->n; j++) {
            out[i] += p->c[i][j] * (double)direction[j];
        }
    }
    return true;
}

static bool evaluate(void* user, double* loss, double* kl, const ks_real* theta, ks_error* err) {
    problem* p = user;
    double step[MAX_N];
    memcpy(p->candidate[p->evaluations], theta, p->n * sizeof *theta);
    p->evaluations++;
    if (p->evaluations == p->evaluate_fails) {
        return ks_fail(err, KS_FAILED, "evaluation failed");
    }
    for (size_t i = 0; i < p->n; i++) {
        step[i] = (double)(theta[i] - p->start[i]);
    }
    *loss = p->forced ? p->forced_loss[p->evaluations - 1] : loss_at(p, theta);
    *kl = p->forced ? p->forced_kl[p->evaluations - 1] : quadratic(p->n, p->c, step) / 2;
    return true;
}

static void on_direction(void* user, int iteration, const ks_real* direction) {
    problem* p = user;
    assert_int_equal(iteration, p->directions);
    memcpy(p->direction[p->directions++], direction, p->n * sizeof *direction);
}

static void precondition(void* user, double* out, const double* r) {
    problem* p = user;
    for (size_t i = 0; i < p->n; i++) {
        out[i] = 0;
        for (size_t j = 0; j < p->n; j++) {
            out[i] += p->m[i][j] * r[j];
        }
    }
}

/* A and C symmetric positive definite, with eigenvalues from about .5 to 40 */
static void make_problem(problem* p, size_t n) {
    memset(p, 0, sizeof *p);
    p->n = n;
    arena memory = {0};
    const ks_real *ra = normals(&memory, n * n, 1), *rc = normals(&memory, n * n, 1), *rb = normals(&memory, 2 * n, 1);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            p->a[i][j] = p->c[i][j] = i == j ? 0.5 : 0;
            for (size_t k = 0; k < n; k++) {
                p->a[i][j] += (double)(ra[i * n + k] * ra[j * n + k]) / 4;
                p->c[i][j] += (double)(rc[i * n + k] * rc[j * n + k]) / 4;
            }
        }
        p->b[i] = (double)rb[i];
        p->start[i] = rb[n + i];
    }
    arena_free(&memory);
}

typedef struct outcome {
    bool ok;
    ks_real theta[MAX_N];
    double gradient[MAX_N], direction[MAX_N], loss_before;
    ks_trpo_result result;
    ks_error err;
} outcome;

static ks_trpo_settings exact_settings(const problem* p) {
    ks_trpo_settings s = ks_trpo_settings_default();
    s.cg_iterations = 3 * (int)p->n;
    s.cg_tolerance = 1e-24;
    return s;
}

/* one step from p->start */
static outcome step_with(problem* p, ks_trpo_settings settings, const double* gradient) {
    outcome o = {.loss_before = loss_at(p, p->start)};
    for (size_t i = 0; i < p->n; i++) {
        o.theta[i] = p->start[i];
        o.gradient[i] = -p->b[i];
        for (size_t j = 0; j < p->n; j++) {
            o.gradient[i] += p->a[i][j] * (double)p->start[j];
        }
    }
    if (gradient) {
        memcpy(o.gradient, gradient, p->n * sizeof *gradient);
    }
    ks_trpo* trpo = ks_trpo_create(p->n, &o.err);
    assert_non_null(trpo);
    const ks_trpo_problem callbacks = {
        .n = p->n,
        .user = p,
        .curvature = curvature,
        .evaluate = evaluate,
        .on_direction = on_direction,
        .cg_start = p->cg_start,
        .precondition = p->preconditioned ? precondition : NULL,
    };
    o.ok = ks_trpo_step(trpo, o.theta, o.gradient, o.loss_before, &callbacks, &settings, &o.result, &o.err);
    memcpy(o.direction, ks_trpo_direction(trpo), p->n * sizeof(double));
    ks_trpo_destroy(trpo);
    return o;
}

static outcome step(problem* p, ks_trpo_settings settings) {
    return step_with(p, settings, NULL);
}

static void check_untouched(const problem* p, const outcome* o) {
    assert_memory_equal(o->theta, p->start, p->n * sizeof *p->start);
}

/* ‖g - (C + damping) d‖ / ‖g‖ */
static double residual(const problem* p, const outcome* o, double damping) {
    double product[MAX_N];
    for (size_t i = 0; i < p->n; i++) {
        product[i] = damping * o->direction[i];
        for (size_t j = 0; j < p->n; j++) {
            product[i] += p->c[i][j] * o->direction[j];
        }
    }
    return relative_error(product, o->gradient, p->n);
}

/* ---- conjugate gradient ----------------------------------------------------------------------------------------------- */

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

/* ---- the line search ------------------------------------------------------------------------------------------------------ */

/* loss and constraint both quadratic with C = A: the full step goes to the edge of the trust region, straight at the minimum */
static void a_problem_with_a_known_answer(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 8);
    memcpy(p.c, p.a, sizeof p.c);
    ks_trpo_settings settings = exact_settings(&p);
    settings.cg_damping = 0;
    double minimum[MAX_N] = {0}, distance[MAX_N];
    settings.max_kl = 1e-3;
    outcome o = step(&p, settings);
    assert_int_equal(o.result.verdict, KS_TRPO_ACCEPTED);
    for (size_t i = 0; i < p.n; i++) { /* d = A⁻¹g = θ₀ - minimum */
        minimum[i] = (double)p.start[i] - o.direction[i];
        distance[i] = o.direction[i];
    }
    double slope = 0; /* of the loss at that minimum */
    for (size_t i = 0; i < p.n; i++) {
        double g = -p.b[i];
        for (size_t j = 0; j < p.n; j++) {
            g += p.a[i][j] * minimum[j];
        }
        slope = fmax(slope, fabs(g));
    }
    assert_true(slope < 1e-9);
    double scale = sqrt(2 * settings.max_kl / quadratic(p.n, p.c, distance));
    assert_true(fabs(o.result.step_scale / scale - 1) < 1e-9);
    /* kl may exceed its limit by a rounding error: then the second candidate was taken */
    double factor = scale * pow(settings.backtrack_ratio, o.result.backtracks);
    assert_true(o.result.backtracks <= 1);
    for (size_t i = 0; i < p.n; i++) {
        assert_true(fabs((double)o.theta[i] - ((double)p.start[i] - factor * distance[i])) < 1e-9);
    }
    assert_true(fabs(o.result.kl / (settings.max_kl * factor * factor / scale / scale) - 1) < 1e-9);
    assert_true(o.result.kl <= settings.max_kl && o.result.loss_after < o.loss_before);
    assert_true(o.result.loss_after == loss_at(&p, o.theta));
}

/* many steps find the minimum, and no step breaks its promises */
static void repeated_steps_descend(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 10);
    double first = loss_at(&p, p.start), last = first;
    int accepted = 0;
    for (int i = 0; i < 300; i++) {
        p.curvatures = p.directions = p.evaluations = 0;
        ks_trpo_settings settings = ks_trpo_settings_default();
        settings.backtrack_steps = 40;
        outcome o = step(&p, settings);
        assert_true(o.ok);
        if (o.result.verdict != KS_TRPO_ACCEPTED) {
            check_untouched(&p, &o);
            break;
        }
        accepted++;
        assert_true(o.result.loss_after < last && o.result.kl <= settings.max_kl);
        memcpy(p.start, o.theta, sizeof p.start);
        last = o.result.loss_after;
    }
    double minimum = 0, x[MAX_N]; /* -½ bᵀA⁻¹b, by CG with C = A and the gradient b */
    memcpy(p.c, p.a, sizeof p.c);
    p.curvatures = p.directions = p.evaluations = 0;
    ks_trpo_settings settings = exact_settings(&p);
    settings.cg_damping = 0;
    memcpy(x, step_with(&p, settings, p.b).direction, sizeof x);
    for (size_t i = 0; i < p.n; i++) {
        minimum -= p.b[i] * x[i] / 2;
    }
    assert_true(accepted > 5);
    assert_true(last - minimum < 1e-3 * (first - minimum));
}

/* candidates whose loss and kl are given: which one is taken? */
static void check_search(const double loss[4], const double kl[4], int taken) {
    problem p;
    make_problem(&p, 5);
    ks_trpo_settings settings = exact_settings(&p);
    settings.backtrack_steps = 4;
    settings.backtrack_ratio = 0.5;
    settings.max_kl = 0.01;
    p.forced = true;
    for (int i = 0; i < 4; i++) {
        p.forced_loss[i] = loss_at(&p, p.start) + loss[i];
        p.forced_kl[i] = kl[i];
    }
    outcome o = step(&p, settings);
    assert_true(o.ok);
    int last = taken < 0 ? 3 : taken;
    assert_int_equal(p.evaluations, last + 1);
    assert_int_equal(o.result.backtracks, last);
    assert_true(isnan(kl[last]) ? isnan(o.result.kl) : o.result.kl == kl[last]);
    assert_true(isnan(loss[last]) ? isnan(o.result.loss_after) : o.result.loss_after == p.forced_loss[last]);
    assert_int_equal(o.result.verdict, taken < 0 ? KS_TRPO_NO_CANDIDATE : KS_TRPO_ACCEPTED);
    for (int c = 0; c <= last; c++) { /* each half as long as the one before */
        for (size_t i = 0; i < p.n; i++) {
            double want = (double)p.start[i] - o.result.step_scale * pow(0.5, c) * o.direction[i];
            assert_true(fabs((double)p.candidate[c][i] - want) < 1e-12);
        }
    }
    if (taken < 0) {
        check_untouched(&p, &o);
    } else {
        assert_memory_equal(o.theta, p.candidate[taken], p.n * sizeof *o.theta);
    }
}

static void takes_the_first_that_fits(void** state) {
    (void)state;
    check_search((double[]){-1, -1, -1, -1}, (double[]){0.01, 0, 0, 0}, 0);          /* kl = max_kl is allowed */
    check_search((double[]){-1, -1, -1, -1}, (double[]){0.0100001, 0.005, 0, 0}, 1); /* more is not */
    check_search((double[]){1, 0, -1e-9, -1}, (double[]){0, 0, 0, 0}, 2);            /* the same loss is not enough */
    check_search((double[]){-5, 1, 1, -1e-9}, (double[]){1, 0, 0, 0.01}, 3);         /* the last one counts, too */
    check_search((double[]){NAN, -1, -1, -1}, (double[]){0, NAN, 0.001, 0}, 2);      /* no number is no fit */
    check_search((double[]){-INFINITY, -1, 0, 0}, (double[]){INFINITY, 0.001, 0, 0},
                 1); /* as with an exploding ratio */
}

static void takes_none_if_none_fits(void** state) {
    (void)state;
    check_search((double[]){1, 1, 1, 1}, (double[]){0, 0, 0, 0}, -1);
    check_search((double[]){-1, -1, -1, -1}, (double[]){1, 1, 1, 0.011}, -1);
    check_search((double[]){NAN, NAN, NAN, NAN}, (double[]){0, 0, 0, 0}, -1);
    check_search((double[]){-1, -1, -1, -1}, (double[]){NAN, NAN, NAN, NAN}, -1);
}

static void a_failing_callback_ends_the_step(void** state) {
    (void)state;
    for (int which = 0; which < 2; which++) {
        for (int call = 1; call <= 3; call++) {
            problem p;
            make_problem(&p, 5);
            p.forced = true; /* candidates that do not fit, until the failure */
            p.forced_kl[0] = p.forced_kl[1] = 1;
            *(which ? &p.evaluate_fails : &p.curvature_fails) = call;
            outcome o = step(&p, ks_trpo_settings_default());
            assert_false(o.ok);
            assert_int_equal(o.err.code, KS_FAILED);
            assert_string_equal(o.err.text, which ? "evaluation failed" : "curvature failed");
            check_untouched(&p, &o);
            assert_int_equal(which ? p.evaluations : p.curvatures, call);
        }
    }
}

static void verdicts_have_texts(void** state) {
    (void)state;
    assert_string_equal(ks_trpo_verdict_text(KS_TRPO_ACCEPTED), "accepted");
    for (int v = KS_TRPO_ACCEPTED; v <= KS_TRPO_BAD_CURVATURE; v++) {
        for (int w = KS_TRPO_ACCEPTED; w < v; w++) {
            assert_string_not_equal(ks_trpo_verdict_text((ks_trpo_verdict)v), ks_trpo_verdict_text((ks_trpo_verdict)w));
        }
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
        cmocka_unit_test(a_problem_with_a_known_answer),
        cmocka_unit_test(repeated_steps_descend),
        cmocka_unit_test(takes_the_first_that_fits),
        cmocka_unit_test(takes_none_if_none_fits),
        cmocka_unit_test(a_failing_callback_ends_the_step),
        cmocka_unit_test(verdicts_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
