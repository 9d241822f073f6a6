/* outer_trpo.h: the paper's outer step for policies: TRPO on the meta-objective (Finn et al. 2017, appendix A.2; trpo.h), under a
 * limit of the mean KL divergence of the adapted policies. Section `trpo` of a config.
 * Thread rule: plain data. */
#ifndef KS_MAML_OUTER_TRPO_H
#define KS_MAML_OUTER_TRPO_H

#include "maml/outer.h"
#include "maml/trpo.h"

typedef struct ks_outer_trpo_settings {
    ks_trpo_settings step;     /* of every step; max_kl: of the first */
    double max_kl_halving;     /* iterations in which max_kl halves, again and again; 0: it stays */
    double kfac_damping;       /* of the preconditioner of CG (preconditioner.h); 0: there is none */
    double size_damping;       /* of learned step sizes (outer.h) */
    double curvature_fraction; /* share of each task's rows that the curvature is measured on */
} ks_outer_trpo_settings;

extern const ks_outer_kind ks_outer_trpo;
extern const ks_settings_rows ks_outer_trpo_rows; /* in a ks_outer_trpo_settings */

/* What the last step left, for audits; both live until the next step. */
const double* ks_outer_trpo_direction(const void* outer); /* (Q) CG's solution, unscaled */
const double* ks_outer_trpo_gradient(const void* outer);  /* (Q) */
const ks_trpo_result* ks_outer_trpo_result(const void* outer);
/* CG's directions (cg_iterations done x Q); NULL unless ks_outer_trpo_keep(outer) was called before. */
const ks_real* ks_outer_trpo_directions(const void* outer);
/* Errors: KS_FAILED (memory). */
bool ks_outer_trpo_keep(void* outer, ks_error* err);

/* δ of an iteration: max_kl · 2^(-iteration / max_kl_halving). */
double ks_outer_trpo_max_kl(const ks_outer_trpo_settings* settings, uint64_t iteration);

#endif
