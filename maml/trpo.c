#include "maml/trpo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ks_trpo {
    size_t n;
    double* direction;  /* (n) d */
    double* residual;   /* (n) r = g - (C + damping I) d */
    double* z;          /* (n) M⁻¹ r, or r itself without a preconditioner */
    double* search;     /* (n) p, as rounded to ks_real */
    double* product;    /* (n) (C + damping I) p */
    ks_real* p;         /* (n) p as the callback gets it */
    ks_real* candidate; /* (n) */
};

ks_trpo_settings ks_trpo_settings_default(void) {
    return (ks_trpo_settings){
        .max_kl = 0.01,
        .cg_iterations = 10,
        .cg_damping = 1e-5,
        .cg_tolerance = 1e-10,
        .cg_warm_start = 0,
        .backtrack_ratio = 0.8,
        .backtrack_steps = 15,
    };
}

const char* ks_trpo_verdict_text(ks_trpo_verdict verdict) {
    switch (verdict) {
        case KS_TRPO_ACCEPTED:
            return "accepted";
        case KS_TRPO_NO_CANDIDATE:
            return "line search failed: no candidate lowers the loss within the constraint";
        case KS_TRPO_BAD_GRADIENT:
            return "the gradient is zero or not finite";
        case KS_TRPO_BAD_CURVATURE:
            return "the curvature is not positive along the gradient, or not finite";
    }
    return "unknown";
}

ks_trpo* ks_trpo_create(size_t n, ks_error* err) {
    ks_trpo* t = calloc(1, sizeof *t);
    if (t) {
        t->n = n;
        t->direction = calloc(n, sizeof(double));
        t->residual = malloc(n * sizeof(double));
        t->z = malloc(n * sizeof(double));
        t->search = malloc(n * sizeof(double));
        t->product = malloc(n * sizeof(double));
        t->p = malloc(n * sizeof(ks_real));
        t->candidate = malloc(n * sizeof(ks_real));
    }
    if (!t || !t->direction || !t->residual || !t->z || !t->search || !t->product || !t->p || !t->candidate) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", n);
        ks_trpo_destroy(t);
        return NULL;
    }
    return t;
}

void ks_trpo_destroy(ks_trpo* t) {
    if (t) {
        free(t->direction);
        free(t->residual);
        free(t->z);
        free(t->search);
        free(t->product);
        free(t->p);
        free(t->candidate);
        free(t);
    }
}

const double* ks_trpo_direction(const ks_trpo* t) {
    return t->direction;
}

static double dot(const double* a, const double* b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* product = (C + damping I) p */
static bool multiply(ks_trpo* t, const ks_trpo_problem* problem, const ks_trpo_settings* s, ks_error* err) {
    if (!problem->curvature(problem->user, t->product, t->p, err)) {
        return false;
    }
    for (size_t j = 0; j < t->n; j++) {
        t->product[j] += s->cg_damping * (double)t->p[j];
    }
    return true;
}

/* Where CG starts: d and r. A share of the last step's d, or 0 if there is none or the curvature along it is no good. It is taken even
 * where ½dᵀ(C + damping I)d - gᵀd is above 0, which is what noise in g makes of it: CG mends that within an iteration or two, and
 * along the directions that it does not come to, the mean of many steps' d is better than 0. False only if the callback failed. */
static bool start_cg(ks_trpo* t, const double* gradient, const ks_trpo_problem* problem, const ks_trpo_settings* s,
                     ks_error* err) {
    size_t n = t->n;
    memset(t->direction, 0, n * sizeof(double));
    memcpy(t->residual, gradient, n * sizeof(double));
    double length = 0;
    for (size_t j = 0; s->cg_warm_start > 0 && j < n; j++) {
        t->p[j] = (ks_real)(s->cg_warm_start * (double)problem->cg_start[j]);
        length += (double)t->p[j] * (double)t->p[j];
    }
    if (!(length > 0)) {
        return true;
    }
    if (!multiply(t, problem, s, err)) {
        return false;
    }
    double curvature = 0;
    for (size_t j = 0; j < n; j++) {
        curvature += (double)t->p[j] * t->product[j];
    }
    if (!(curvature > 0) || !isfinite(curvature)) {
        return true;
    }
    for (size_t j = 0; j < n; j++) {
        t->direction[j] = (double)t->p[j];
        t->residual[j] -= t->product[j];
    }
    return true;
}

/* z = M⁻¹ r; returns r·z, which is rr without a preconditioner */
static double precondition(ks_trpo* t, const ks_trpo_problem* problem) {
    if (problem->precondition) {
        problem->precondition(problem->user, t->z, t->residual);
    } else {
        memcpy(t->z, t->residual, t->n * sizeof *t->z);
    }
    return dot(t->residual, t->z, t->n);
}

/* Conjugate gradient (Hestenes and Stiefel 1952), preconditioned (Saad 2003, algorithm 9.1). Leaves d and r. False only if the callback failed. */
static bool conjugate_gradient(ks_trpo* t, const double* gradient, const ks_trpo_problem* problem,
                               const ks_trpo_settings* s, ks_trpo_result* result, ks_error* err) {
    size_t n = t->n;
    if (!start_cg(t, gradient, problem, s, err)) {
        return false;
    }
    double rr = dot(t->residual, t->residual, n);
    double rz = precondition(t, problem);
    memcpy(t->search, t->z, n * sizeof(double));
    const double gg = dot(gradient, gradient, n);
    for (int i = 0; i < s->cg_iterations; i++) {
        for (size_t j = 0; j < n; j++) {
            t->p[j] = (ks_real)t->search[j];
            t->search[j] = (double)t->p[j];
        }
        if (problem->on_direction) {
            problem->on_direction(problem->user, i, t->p);
        }
        if (!multiply(t, problem, s, err)) {
            return false;
        }
        result->cg_iterations = i + 1;
        double curvature = dot(t->search, t->product, n);
        /* along such a p the quadratic has no minimum: what has been found so far is still a descent direction */
        if (!(curvature > 0) || !isfinite(curvature)) {
            break;
        }
        double step = rz / curvature;
        for (size_t j = 0; j < n; j++) {
            t->direction[j] += step * t->search[j];
            t->residual[j] -= step * t->product[j];
        }
        rr = dot(t->residual, t->residual, n);
        if (rr < s->cg_tolerance || !isfinite(rr)) {
            break;
        }
        double rz_next = precondition(t, problem);
        double beta = rz_next / rz;
        rz = rz_next;
        for (size_t j = 0; j < n; j++) {
            t->search[j] = t->z[j] + beta * t->search[j];
        }
    }
    result->cg_residual = sqrt(rr / gg);
    return true;
}

/* Shortens the step until the loss falls within the constraint. False only if the callback failed. */
static bool line_search(ks_trpo* t, ks_real* theta, double loss_before, const ks_trpo_problem* problem,
                        const ks_trpo_settings* s, ks_trpo_result* result, ks_error* err) {
    double scale = result->step_scale;
    for (int i = 0; i < s->backtrack_steps; i++, scale *= s->backtrack_ratio) {
        for (size_t j = 0; j < t->n; j++) {
            t->candidate[j] = (ks_real)((double)theta[j] - scale * t->direction[j]);
        }
        if (!problem->evaluate(problem->user, &result->loss_after, &result->kl, t->candidate, err)) {
            return false;
        }
        result->backtracks = i;
        /* written so that not-a-number is refused */
        if (result->loss_after < loss_before && result->kl <= s->max_kl) {
            memcpy(theta, t->candidate, t->n * sizeof *theta);
            result->verdict = KS_TRPO_ACCEPTED;
            return true;
        }
    }
    result->verdict = KS_TRPO_NO_CANDIDATE;
    return true;
}

static bool step(ks_trpo* t, ks_real* theta, const double* gradient, double loss_before, const ks_trpo_problem* problem,
                 const ks_trpo_settings* settings, ks_trpo_result* result, ks_error* err) {
    *result = (ks_trpo_result){.verdict = KS_TRPO_BAD_GRADIENT, .loss_after = loss_before};
    double gg = dot(gradient, gradient, t->n);
    if (!(gg > 0) || !isfinite(gg)) {
        memset(t->direction, 0, t->n * sizeof(double));
        return true;
    }
    if (!conjugate_gradient(t, gradient, problem, settings, result, err)) {
        return false;
    }
    /* dᵀ(C + damping I)d, with (C + damping I)d = g - r by CG's recurrence */
    double curvature = dot(t->direction, gradient, t->n) - dot(t->direction, t->residual, t->n);
    result->step_scale = sqrt(2 * settings->max_kl / curvature);
    if (!(curvature > 0) || !isfinite(result->step_scale)) {
        result->step_scale = 0;
        result->verdict = KS_TRPO_BAD_CURVATURE;
        return true;
    }
    return line_search(t, theta, loss_before, problem, settings, result, err);
}

bool ks_trpo_step(ks_trpo* t, ks_real* theta, const double* gradient, double loss_before,
                  const ks_trpo_problem* problem, const ks_trpo_settings* settings, ks_trpo_result* result,
                  ks_error* err) {
    if (!step(t, theta, gradient, loss_before, problem, settings, result, err)) {
        return false;
    }
    for (size_t j = 0; settings->cg_warm_start > 0 && j < t->n; j++) {
        problem->cg_start[j] = result->verdict == KS_TRPO_ACCEPTED ? (ks_real)t->direction[j] : 0;
    }
    return true;
}
