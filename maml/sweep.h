/* sweep.h: what the policy before adaptation learns for itself, so that its rollouts tell the tasks apart.
 *
 * An inner step can only learn from what D_i0 shows. Where a policy runs at 0.7 ± 0.2 m/s, all tasks that want more than that
 * earn the same rewards but for a constant, which the baseline takes away: after the step they all run alike. MAML does not
 * mend that, since with the batches fixed nothing rewards the policy for what it tries before the step. So the steps of D_i0
 * are also rewarded for the tasks of ks_sweep_task (rl/rollout.h), which go through the whole distribution within an episode:
 *
 *   loss of the sweep = weight · mean over tasks of -mean over D_i0 of  π_θ/π_old · A_sweep
 *
 * It is added to the outer loss. No environment step is taken for it.
 * Thread rule: one call at a time per object. Nothing is allocated after creation. */
#ifndef KS_MAML_SWEEP_H
#define KS_MAML_SWEEP_H

#include "policy/derivatives.h"
#include "rl/batch.h"

typedef struct ks_sweep ks_sweep;

/* For `groups` tasks. Owned by the caller. Errors: KS_FAILED (memory). */
ks_sweep* ks_sweep_create(const ks_policy* policy, size_t groups, double weight, ks_error* err);
void ks_sweep_destroy(ks_sweep* sweep);

/* Takes the batches D_i0 (groups), with sweep_adv, as rows and with the policy that sampled them (a task without rows counts for
 * nothing); all must stay as they are while the functions below are used. */
void ks_sweep_set(ks_sweep* sweep, const ks_group* stage, ks_batch* const* batch);
/* u (groups x P) += gradient of every task's loss of the sweep at θ, at which the batches were sampled. */
void ks_sweep_add_gradient(double* u, ks_sweep* sweep, ks_derivatives* derivatives);
/* loss (groups) += every task's loss of the sweep at theta (P), any. */
void ks_sweep_add_loss(double* loss, ks_sweep* sweep, ks_derivatives* derivatives, const ks_real* theta);

#endif
