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

extern const ks_outer_kind ks_outer_reptile;
extern const ks_settings_rows ks_outer_reptile_rows; /* in a ks_outer_reptile_settings */

#endif
