/* derivatives.h: the derivatives of many tasks' losses at once, on all cores.
 *
 * A group is one task's rows with the parameters that they are looked at with. Every result is a mean over the group's rows:
 *   L_i(θ_i) = -mean_n w_n log π_θi(a_n|s_n), or the mean of the loss that the rows name (ks_loss)
 * The work is cut into chunks of rows; where a group has several, each one's sum is kept apart and added in order, so that
 * results are the same bit for bit for any number of threads.
 *
 * Vectors per group stand one after the other: (groups x P).
 * Thread rule: one call at a time per object; it uses its own threads inside. Only the create functions allocate. */
#ifndef KS_POLICY_DERIVATIVES_H
#define KS_POLICY_DERIVATIVES_H

#include "policy/policy.h"

typedef struct ks_group {
    ks_rows rows;         /* n may be 0: then all its results are 0 */
    const ks_real* theta; /* (P) */
} ks_group;

typedef struct ks_derivatives ks_derivatives;

/* For up to max_groups groups of up to max_rows rows. policy must outlive it. Errors: KS_FAILED (memory). */
ks_derivatives* ks_derivatives_create(const ks_policy* policy, size_t max_groups, size_t max_rows, int threads,
                                      ks_error* err);
void ks_derivatives_destroy(ks_derivatives* derivatives);

/* Floating-point operations of all calls since the last time that this was asked (policy.h says what is counted). */
double ks_derivatives_take_flop(ks_derivatives* derivatives);

/* loss (groups) = L_i(θ_i). */
void ks_derivatives_loss(ks_derivatives* derivatives, double* loss, const ks_group* groups, size_t count);

/* accuracy (groups): for a categorical head, the share of rows whose likeliest action is the one that they have, of the groups that
 * a loss was last asked of: by the call before this one, and with the same groups. */
void ks_derivatives_accuracy(ks_derivatives* derivatives, double* accuracy, const ks_group* groups, size_t count);

/* out (groups x P) = ∇L_i(θ_i), and loss (groups) = L_i(θ_i), unless it is NULL, in the same pass. */
void ks_derivatives_loss_and_gradient(ks_derivatives* derivatives, double* loss, double* out, const ks_group* groups,
                                      size_t count);
/* The gradient alone. */
void ks_derivatives_gradient(ks_derivatives* derivatives, double* out, const ks_group* groups, size_t count);

/* out (groups x P) = H_i v_i, H_i the Hessian of L_i at θ_i; v (groups x P). For one product; several want tapes. */
void ks_derivatives_hvp(ks_derivatives* derivatives, double* out, const ks_group* groups, size_t count,
                        const ks_real* v);

/* loss (groups) = -mean w π_θi/π_old, clipped as ks_policy_compare says, kl (groups) = mean KL(π_old ‖ π_θi); old (groups). */
void ks_derivatives_compare(ks_derivatives* derivatives, double* loss, double* kl, const ks_group* groups,
                            const ks_old_policy* old, size_t count);

/* ---- many products at the same θ_i ---------------------------------------------------------------------------- */

/* One tape per chunk of every group. */
typedef struct ks_tapes ks_tapes;
ks_tapes* ks_tapes_create(const ks_policy* policy, ks_tape_kind kind, size_t max_groups, size_t max_rows,
                          ks_error* err);
void ks_tapes_destroy(ks_tapes* tapes);

/* Records every group; rows and θ must stay as they are while the tapes are used. loss and gradient: as those of
 * ks_derivatives_loss_and_gradient; each may be NULL, and must be for KS_TAPE_FISHER. */
void ks_tapes_record(ks_tapes* tapes, double* loss, double* gradient, ks_derivatives* derivatives,
                     const ks_group* groups, size_t count);
/* out (groups x P) = H_i v_i, or F_i v_i, with F_i the Hessian of the mean KL(π_θi ‖ ·) at θ_i; v (groups x P). */
void ks_tapes_hvp(double* out, const ks_tapes* tapes, const ks_real* v, ks_derivatives* derivatives);
void ks_tapes_fvp(double* out, const ks_tapes* tapes, const ks_real* v, ks_derivatives* derivatives);

/* The size of a gradient step along each parameter. */
typedef struct ks_step_size {
    const double* alpha; /* (P), or NULL: lr along all of them */
    double lr;
} ks_step_size;

/* u (groups x P) ← u_i - H_i (α ∘ u_i): derivatives at the end of a gradient step become those at its start. */
void ks_tapes_pull_back(double* u, const ks_tapes* tapes, ks_step_size size, ks_derivatives* derivatives);

/* One gradient step of every group, and what it leaves behind. */
typedef struct ks_gradient_step {
    const ks_group* groups; /* (count) */
    size_t count;
    ks_step_size size;
    ks_real* next;    /* (count x P) θ_i - α ∘ ∇L_i(θ_i); may be the groups' own θ, unless tapes are left */
    double* gradient; /* (count x P) ∇L_i(θ_i), or NULL */
    double* loss;     /* (count) L_i(θ_i), or NULL */
    ks_tapes* tapes;  /* recorded at θ_i, or NULL */
} ks_gradient_step;
void ks_derivatives_step(ks_derivatives* derivatives, const ks_gradient_step* step);

#endif
