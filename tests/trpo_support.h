/* trpo_support.h: a made-up problem for the trust-region step, what can go wrong with it, and one step of it. */
#ifndef KS_TESTS_TRPO_SUPPORT_H
#define KS_TESTS_TRPO_SUPPORT_H

#include "maml/trpo.h"

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

static inline double quadratic(size_t n, double m[MAX_N][MAX_N], const double* x) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            sum += x[i] * m[i][j] * x[j];
        }
    }
    return sum;
}

static inline double loss_at(problem* p, const ks_real* theta) {
    double x[MAX_N], linear = 0;
    for (size_t i = 0; i < p->n; i++) {
        x[i] = (double)theta[i];
        linear += p->b[i] * x[i];
    }
    return quadratic(p->n, p->a, x) / 2 - linear;
}

static inline bool curvature(void* user, double* out, const ks_real* direction, ks_error* err) {
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

static inline bool evaluate(void* user, double* loss, double* kl, const ks_real* theta, ks_error* err) {
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

static inline void on_direction(void* user, int iteration, const ks_real* direction) {
    problem* p = user;
    assert_int_equal(iteration, p->directions);
    memcpy(p->direction[p->directions++], direction, p->n * sizeof *direction);
}

static inline void precondition(void* user, double* out, const double* r) {
    problem* p = user;
    for (size_t i = 0; i < p->n; i++) {
        out[i] = 0;
        for (size_t j = 0; j < p->n; j++) {
            out[i] += p->m[i][j] * r[j];
        }
    }
}

/* A and C symmetric positive definite, with eigenvalues from about .5 to 40 */
static inline void make_problem(problem* p, size_t n) {
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

static inline ks_trpo_settings exact_settings(const problem* p) {
    ks_trpo_settings s = ks_trpo_settings_default();
    s.cg_iterations = 3 * (int)p->n;
    s.cg_tolerance = 1e-24;
    return s;
}

/* one step from p->start */
static inline outcome step_with(problem* p, ks_trpo_settings settings, const double* gradient) {
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

static inline outcome step(problem* p, ks_trpo_settings settings) {
    return step_with(p, settings, NULL);
}

static inline void check_untouched(const problem* p, const outcome* o) {
    assert_memory_equal(o->theta, p->start, p->n * sizeof *p->start);
}

/* ‖g - (C + damping) d‖ / ‖g‖ */
static inline double residual(const problem* p, const outcome* o, double damping) {
    double product[MAX_N];
    for (size_t i = 0; i < p->n; i++) {
        product[i] = damping * o->direction[i];
        for (size_t j = 0; j < p->n; j++) {
            product[i] += p->c[i][j] * o->direction[j];
        }
    }
    return relative_error(product, o->gradient, p->n);
}

#endif
