/* curvature.h: how the post-update policies move when θ moves, and the curvature of the constraint that follows.
 *
 * With the batches fixed, the inner steps θ_j+1 = θ_j - α ∇L_j(θ_j) have the Jacobian J = (I - αH_k-1) … (I - αH_0), H_j the
 * Hessian of the task's inner loss at θ_j. The mean KL of the post-update policies has at the old θ no gradient, so that its
 * exact Hessian there is the mean over tasks of Jᵀ F J, F the Fisher information of the post-update policy. First-order: J = I.
 *
 * Thread rule: one call at a time per object; it uses its own threads inside. Only create allocates. */
#ifndef KS_MAML_CURVATURE_H
#define KS_MAML_CURVATURE_H

#include "base/rng.h"
#include "policy/derivatives.h"

typedef struct ks_curvature ks_curvature;

typedef struct ks_curvature_sizes {
    size_t groups;    /* M: tasks worked on here */
    size_t max_rows;  /* timesteps of a group at most */
    size_t first;     /* number of the first of them in the random stream */
    int inner_steps;  /* k */
    double inner_lr;  /* α */
    bool first_order; /* J = I */
    double fraction;  /* share of each group's timesteps that the curvature is measured on, in (0, 1] */
} ks_curvature_sizes;

/* policy and derivatives must outlive it. Errors: KS_FAILED (memory). */
ks_curvature* ks_curvature_create(const ks_policy* policy, ks_derivatives* derivatives, ks_curvature_sizes sizes,
                                  ks_error* err);
void ks_curvature_destroy(ks_curvature* curvature);

/* Takes the stages of an iteration: groups (k+1 x M), stage j at its own θ_j with its own batch. With a fraction below 1, the
 * stream says which timesteps count: one drawn from each of equally long stretches. Rows and θ must stay as they are. */
void ks_curvature_record(ks_curvature* curvature, const ks_group* groups, ks_stream stream);

/* u (M x P) ← Jᵀu of each task, always on all timesteps: u_j = u_j+1 - H_j (α u_j+1). */
void ks_curvature_pull_back(double* u, ks_curvature* curvature);

/* out (M x P) = Jᵀ F J p of each task, on the chosen share of the timesteps. */
void ks_curvature_product(double* out, ks_curvature* curvature, const ks_real* p);

#endif
