/* jacobian.h: how adapted parameters move when what they were adapted from does: J = dθ_k/dθ, and dθ_k/da for learned step sizes
 * α = exp(a).
 *
 * With the rows fixed, the inner steps θ_j+1 = θ_j - α_j ∘ g_j, g_j = ∇L_j(θ_j), have the Jacobians J_j = I - diag(α_j) H_j, H_j
 * the Hessian of the task's inner loss at θ_j, and J = J_k-1 … J_0. From u_k = ∇ outer loss at θ_k:
 *   u_j = u_j+1 - H_j (α_j ∘ u_j+1)        dL/da_j = -α_j ∘ g_j ∘ u_j+1, summed over the parameters (and steps) that share a number
 * The mean KL of the adapted policies has at the old parameters no gradient, so that its exact Hessian there is the mean over
 * tasks of Jᵀ F J, F the Fisher information of the adapted policy. First-order: every H is 0.
 *
 * Thread rule: one call at a time per object; it uses its own threads inside. Only create allocates. */
#ifndef KS_MAML_JACOBIAN_H
#define KS_MAML_JACOBIAN_H

#include "base/rng.h"
#include "maml/inner.h"

typedef struct ks_jacobian ks_jacobian;

typedef struct ks_jacobian_sizes {
    size_t groups;    /* M: tasks worked on here */
    size_t max_rows;  /* of a group at most */
    size_t first;     /* number of the first of them in the random stream */
    int inner_steps;  /* k */
    bool first_order; /* every H counts as 0 */
    bool curvature;   /* ks_jacobian_product is wanted, too */
    double fraction;  /* share of each group's rows that the curvature is measured on, in (0, 1] */
} ks_jacobian_sizes;

/* policy and inner must outlive it. Errors: KS_FAILED (memory). */
ks_jacobian* ks_jacobian_create(const ks_policy* policy, ks_inner* inner, ks_jacobian_sizes sizes, ks_error* err);
void ks_jacobian_destroy(ks_jacobian* jacobian);

/* What inner step `stage` is to leave behind for it, where that saves doing it again: tapes; NULL: nothing. */
ks_tapes* ks_jacobian_tapes(ks_jacobian* jacobian, int stage);

/* Takes the stages of an iteration: groups (k+1 x M), of each stage the first `count`, stage j at its own θ_j with its own rows,
 * and the gradients of the inner steps (k x M x P), which are read only where step sizes are learned. `recorded`: the inner steps have left their tapes behind.
 * With a fraction below 1, the stream says which rows the curvature counts: one drawn from each of equally long stretches. Rows,
 * θ and gradients must stay as they are. */
void ks_jacobian_record(ks_jacobian* jacobian, const ks_group* groups, size_t count, const double* gradients,
                        bool recorded, ks_stream stream);

/* u (M x P), the gradient of each task's outer loss at θ_k, becomes that at θ: Jᵀu, always on all rows. da (M x count of step
 * sizes) = the gradient with respect to a = log α; not touched where none are learned. */
void ks_jacobian_pull_back(double* u, double* da, ks_jacobian* jacobian);

/* The same through one inner step, the last one first: u at θ_stage+1 becomes u at θ_stage. */
void ks_jacobian_pull_back_step(double* u, double* da, ks_jacobian* jacobian, int stage);

/* da (M x count): the curvature of a, roughly: Σ over the parameters that share a number of f ∘ (α_j ∘ g_j)², f (P) the diagonal of F.
 * For a preconditioner. */
void ks_jacobian_size_curvature(double* da, const ks_jacobian* jacobian, const double* f);

/* The curvature Jᵀ F J p of each task, on the chosen share of the rows: u (M x P) and da (M x count). p (Q): a direction of θ,
 * then of a. */
void ks_jacobian_product(double* u, double* da, ks_jacobian* jacobian, const ks_real* p);

#endif
