/* audit.h: one meta-iteration, written down in full (docs/files.md), so that another implementation can redo every number. What is
 * in the file is the problem's, which knows what its rows are. Thread rule: as maml.h. */
#ifndef KS_MAML_AUDIT_H
#define KS_MAML_AUDIT_H

#include "base/safetensors.h"
#include "maml/adam.h"
#include "maml/maml.h"

/* The last iteration of `maml`. */
struct ks_audit {
    const char* path;
    bool overwrite; /* without it, nothing that exists is replaced */
    ks_maml* maml;
    const ks_real *params, *params_new; /* (Q) that it started with, and those after it */
    const ks_real* state;               /* (ks_maml_state_size) that it started with */
    int64_t iteration;
    const ks_maml_stats* stats;
};

/* What is to be called before that iteration. Errors: KS_FAILED (memory). */
bool ks_audit_prepare(ks_maml* maml, ks_error* err);
/* Errors: KS_FAILED (also if a task was left out), KS_BAD_INPUT (an outer step that the file format does not know). */
bool ks_audit_save(const ks_audit* audit, ks_error* err);

/* What the outer step reports in that column of progress.csv, which it must have. */
double ks_audit_column(const ks_audit* audit, const char* name);

/* ---- parts of such a file that are alike for all problems: each adds tensors or metadata; errors as the writer's ---------- */

/* adapts (P, U8): which parameters the inner steps change. Where step sizes are learned also alpha and alpha_new (P, or k x P
 * with inner.per_step), those before and after, and alpha_gradient likewise: the derivative by log α, of a number that several
 * parameters share the total, at each of them. gradient (Q): the meta-gradient; NULL: the outer step takes none, and there is
 * no alpha_gradient. Nothing is added where all parameters have one given step size, or where there is no inner step. */
void ks_audit_add_step_sizes(ks_tensor_writer* writer, const ks_audit* audit, const double* gradient);

/* adam.m, adam.v (P): Adam's moments, with which a state begins. Where step sizes are learned also adam.alpha_m, adam.alpha_v,
 * in the shape of alpha. */
void ks_audit_add_moments(ks_tensor_writer* writer, const ks_audit* audit);

/* outer_lr (lr, scaled by ks_meta_step_scale), adam_beta1, adam_beta2, adam_epsilon, and adam_steps: those taken before. */
void ks_audit_add_adam_meta(ks_tensor_writer* writer, const ks_audit* audit, const ks_adam_settings* adam, double lr);

/* Of Reptile's outer step, which takes no gradient: outer, outer_lr (its share ε of the way), outer_loss and distance, and the tensor
 * way (P): the mean over tasks of θ_k - θ. */
void ks_audit_add_reptile(ks_tensor_writer* writer, const ks_audit* audit);

#endif
