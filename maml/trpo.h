/* trpo.h: one trust-region step (Schulman et al. 2015) over callbacks. It knows no policy and no task.
 *
 * Minimises a loss whose gradient g is given, under a constraint kl <= max_kl:
 *   d  solves (C + damping I) d = g by conjugate gradient, C the curvature of the constraint at θ
 *   candidates θ - ratio^i · sqrt(2 max_kl / dᵀ(C + damping I)d) · d; the first whose loss falls and whose kl fits is taken
 * CG's vectors and dot products are double; the direction handed to the curvature callback is rounded to ks_real first,
 * so that the recorded p is exactly the one that was used.
 *
 * Thread rule: one call at a time per object. Callbacks are called from the caller's thread. */
#ifndef KS_MAML_TRPO_H
#define KS_MAML_TRPO_H

#include "base/error.h"
#include "base/real.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ks_trpo_settings {
    double max_kl;       /* δ, default 0.01 */
    int cg_iterations;   /* default 10 */
    double cg_damping;   /* default 1e-5 */
    double cg_tolerance; /* CG ends when the squared residual falls below it, default 1e-10 */
    /* CG starts from this share of the last accepted step's d instead of from 0, which is the default and the original
     * algorithm's (Martens 2010, "Deep learning via Hessian-free optimization", section 4.5). */
    double cg_warm_start;
    double backtrack_ratio; /* default 0.8 */
    int backtrack_steps;    /* candidates at most, default 15 */
} ks_trpo_settings;
ks_trpo_settings ks_trpo_settings_default(void);

/* The problem, as the caller sees it. */
typedef struct ks_trpo_problem {
    size_t n;   /* length of θ */
    void* user; /* handed to the callbacks */
    /* out (n) = C p, without damping. */
    bool (*curvature)(void* user, double* out, const ks_real* p, ks_error* err);
    /* Loss and kl of a candidate. */
    bool (*evaluate)(void* user, double* loss, double* kl, const ks_real* theta, ks_error* err);
    /* out (n) = M⁻¹ r, M symmetric, positive definite and near C + damping I: CG is preconditioned with it. May be NULL: M = I. */
    void (*precondition)(void* user, double* out, const double* r);
    /* Is told each CG direction before it is used (for audits); may be NULL. */
    void (*on_direction)(void* user, int iteration, const ks_real* p);
    /* (n) what cg_warm_start needs from step to step: zeros before the first, then d as the step leaves it there, zeros if it was
     * not accepted. May be NULL where cg_warm_start is 0; is not touched then. Costs one product more where it is not zeros. */
    ks_real* cg_start;
} ks_trpo_problem;

typedef enum ks_trpo_verdict {
    KS_TRPO_ACCEPTED,
    KS_TRPO_NO_CANDIDATE,  /* the line search failed: no candidate lowers the loss within the constraint */
    KS_TRPO_BAD_GRADIENT,  /* the gradient is zero or not finite */
    KS_TRPO_BAD_CURVATURE, /* CG met p·Cp <= 0 or a number that is not finite before it had a usable direction */
} ks_trpo_verdict;
/* "accepted", "line search failed", … */
const char* ks_trpo_verdict_text(ks_trpo_verdict verdict);

typedef struct ks_trpo_result {
    ks_trpo_verdict verdict;
    double loss_after;  /* of the accepted, else of the last candidate (loss_before if there was none) */
    double kl;          /* likewise */
    int backtracks;     /* how often the full step was shortened */
    int cg_iterations;  /* done */
    double cg_residual; /* ‖g - (C + damping I)d‖ / ‖g‖ by CG's own recurrence */
    double step_scale;  /* sqrt(2 max_kl / dᵀ(C + damping I)d), 0 if there was no direction */
} ks_trpo_result;

typedef struct ks_trpo ks_trpo;
/* Scratch for θ of length n. Owned by the caller. Errors: KS_FAILED (memory). */
ks_trpo* ks_trpo_create(size_t n, ks_error* err);
void ks_trpo_destroy(ks_trpo* trpo);

/* One step: theta (n) is replaced if a candidate is accepted and otherwise not touched, whatever happens.
 * gradient (n), loss_before: at theta. Returns false only if a callback did. */
bool ks_trpo_step(ks_trpo* trpo, ks_real* theta, const double* gradient, double loss_before,
                  const ks_trpo_problem* problem, const ks_trpo_settings* settings, ks_trpo_result* result,
                  ks_error* err);

/* The CG solution of the last step, unscaled (n). Lives until the next step. */
const double* ks_trpo_direction(const ks_trpo* trpo);

#endif
