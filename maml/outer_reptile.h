/* outer_reptile.h: Reptile's outer step (Nichol, Achiam and Schulman 2018), for comparison: towards where the inner steps lead,
 *   θ ← θ + ε · mean over tasks of (θ_ik - θ) ,
 * without a derivative through them; the rows of stage k are sampled or given, and not used. Section `reptile` of a config.
 * Thread rule: plain data. */
#ifndef KS_MAML_OUTER_REPTILE_H
#define KS_MAML_OUTER_REPTILE_H

#include "maml/outer.h"

typedef struct ks_outer_reptile_settings {
    double step;         /* ε of the first iteration */
    double step_halving; /* iterations in which it halves, again and again; 0: it stays */
} ks_outer_reptile_settings;

/* ε of an iteration: step · 2^(-iteration / step_halving). */
double ks_outer_reptile_step(const ks_outer_reptile_settings* settings, uint64_t iteration);

extern const ks_outer_kind ks_outer_reptile;
extern const ks_settings_rows ks_outer_reptile_rows; /* in a ks_outer_reptile_settings */

/* (Q) mean over tasks of θ_k - θ in the last step, 0 for learned step sizes; lives until the next. */
const double* ks_outer_reptile_way(const void* outer);

#endif
