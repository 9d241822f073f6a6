/* preconditioner.h: the K-FAC preconditioner of an iteration's conjugate gradient (policy/kfac.h).
 *
 * The curvature of the constraint is the mean over tasks of Jᵀ F J (jacobian.h). The preconditioner leaves J out, which is
 * near the identity in most directions, and takes F, of all tasks' post-update policies together, layer by layer as X ⊗ D.
 * That is too coarse to step along, and good enough for CG to need a few iterations for what takes it dozens without.
 *
 * Thread rule: one call at a time per object; it uses its own threads inside. Only create allocates. */
#ifndef KS_MAML_PRECONDITIONER_H
#define KS_MAML_PRECONDITIONER_H

#include "policy/derivatives.h"

typedef struct ks_preconditioner ks_preconditioner;

/* For `groups` tasks here, of `tasks` of all processes together. policy must outlive it. Errors: KS_FAILED (memory). */
ks_preconditioner* ks_preconditioner_create(const ks_policy* policy, size_t groups, size_t tasks, int threads,
                                            ks_error* err);
void ks_preconditioner_destroy(ks_preconditioner* preconditioner);

/* Numbers in one task's factors. */
size_t ks_preconditioner_size(const ks_preconditioner* preconditioner);

/* The factors (groups x size) of every group's rows at its own θ, which must be the one that drew their actions. Lives until
 * the next call. */
const double* ks_preconditioner_factors(ks_preconditioner* preconditioner, const ks_group* groups);

/* Floating-point operations of its matrix products since this was last asked. */
double ks_preconditioner_take_flop(ks_preconditioner* preconditioner);

/* Takes the mean of all tasks' factors (tasks x size) for the solutions that follow, over `counted` tasks: those of the others are
 * 0. */
bool ks_preconditioner_set(ks_preconditioner* preconditioner, const double* factors, size_t counted, double damping,
                           ks_error* err);

/* out (P) = the diagonal of F, so approximated. */
void ks_preconditioner_diagonal(double* out, const ks_preconditioner* preconditioner);
/* out (P) = (F + damping I)⁻¹ v, F so approximated. */
void ks_preconditioner_solve(double* out, ks_preconditioner* preconditioner, const double* v);

#endif
