/* outer.h: outer steps: how the parameters move, once all tasks have been adapted to.
 *
 * A kind of outer step is one ks_outer_kind, in a file of its own, and one row of the list in run/kinds.h. What it needs of the
 * tasks it asks the core for, by the ks_meta functions below. `params` (Q) are θ, then the learned step sizes.
 *
 * Thread rule: as maml.h. Nothing is allocated after creation. */
#ifndef KS_MAML_OUTER_H
#define KS_MAML_OUTER_H

#include "base/settings.h"
#include "policy/policy.h"

#include <stdint.h>

struct ks_maml;

enum { KS_OUTER_MAX_COLUMNS = 8, KS_OUTER_TEXT = 128 };

/* What a step did, for people and for progress.csv. */
typedef struct ks_outer_report {
    double column[KS_OUTER_MAX_COLUMNS]; /* values of the kind's columns */
    bool moved;                          /* whether the parameters did */
    char why[KS_OUTER_TEXT];             /* if not */
} ks_outer_report;

/* What the core is to be ready for. */
typedef struct ks_outer_needs {
    bool curvature;            /* ks_meta_curvature */
    double curvature_fraction; /* share of each task's rows that it is measured on */
    double kfac_damping;       /* above 0: ks_meta_precondition, with this damping */
    double
        size_damping; /* of learned step sizes' curvature, in units of their gradients' root mean square over tasks */
    bool moves;       /* ks_meta_move */
    double clip;      /* ε: ratios of the outer loss are clipped to 1 ± ε, where rows are sampled; 0: not at all */
} ks_outer_needs;

typedef struct ks_outer_kind {
    const char* name;                          /* "trpo" */
    const char* summary;                       /* one line for people */
    const char* columns[KS_OUTER_MAX_COLUMNS]; /* of progress.csv; NULL ends */
    const char* scaled;                        /* the setting that the step scale halves: "trpo.max_kl" */
    bool needs_steps;                          /* without inner steps it has nothing to go by */
    bool policies_only;                        /* it compares with the policies that sampled: for problems that act */
    size_t settings_size;
    void (*set_default)(void* settings);
    /* What no row of settings can say. Errors: KS_BAD_INPUT naming the key. */
    bool (*check)(const void* settings, ks_error* err);
    ks_outer_needs (*needs)(const void* settings);
    /* Numbers that a run remembers from step to step, for Q parameters: zeros before the first. */
    size_t (*state_size)(size_t num_params);

    /* Scratch for Q parameters; settings must outlive it. Errors: KS_FAILED (memory). */
    void* (*create)(const void* settings, size_t num_params, ks_error* err);
    void (*destroy)(void* outer);
    /* One step: params and state (state_size) are replaced, or stay as they are. False if the core failed, and then both are
     * untouched. */
    bool (*step)(void* outer, struct ks_maml* core, ks_real* params, ks_real* state, uint64_t iteration,
                 ks_outer_report* report, ks_error* err);
} ks_outer_kind;

/* ---- what the core answers. False: it failed, or a task turned out to be broken and the step begins anew without it --------- */

/* Of rows that were sampled, the outer loss is -mean A r, r = π_θk / π that sampled them, clipped as the needs say.
 * A step begins anew at the sampled parameters alone. Where the core has moved to, numbers that are not finite are handed out. */

/* What an outer step's size, or the limit of its KL divergence, is to be multiplied by (ks_maml_set_step_scale). */
double ks_meta_step_scale(const struct ks_maml* core);
/* Outer loss and mean KL (0 where nothing is sampled), at the parameters where the core is. */
bool ks_meta_loss(struct ks_maml* core, double* loss, double* kl, ks_error* err);
/* out (Q) = gradient of the outer loss with respect to all parameters, through the inner steps, there. */
bool ks_meta_gradient(struct ks_maml* core, double* out, ks_error* err);
/* out (Q) = mean over tasks of θ_k - θ; 0 for learned step sizes. */
bool ks_meta_way(struct ks_maml* core, double* out, ks_error* err);
/* Prepares curvature products at the sampled parameters. */
bool ks_meta_prepare_curvature(struct ks_maml* core, uint64_t iteration, ks_error* err);
/* out (Q) = (Hessian of the mean KL of the adapted policies) p (Q); of learned step sizes a with size_damping · rms_c p_c more,
 * rms_c the root mean square over tasks of dL/da_c in the last ks_meta_gradient. Their own curvature is near 0, since small steps
 * of a policy hardly show in the KL divergence, and noise would move them far: so they move by their gradient's ratio of mean to
 * rms, whatever its unit. */
bool ks_meta_curvature(struct ks_maml* core, double* out, const ks_real* p, ks_error* err);
/* out (Q) = an approximation of (Fisher information + damping)⁻¹ r (preconditioner.h). */
void ks_meta_precondition(struct ks_maml* core, double* out, const double* r);
/* Loss and KL of other parameters (Q), adapted anew on the rows there are: the loss after the last step alone, whatever
 * inner.loss_of_all says. The core stays where it is. */
bool ks_meta_try(struct ks_maml* core, double* loss, double* kl, const ks_real* params, ks_error* err);
/* Takes the core to other parameters (Q): adapted anew on the rows there are. */
bool ks_meta_move(struct ks_maml* core, const ks_real* params, ks_error* err);

#endif
