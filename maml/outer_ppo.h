/* outer_ppo.h: ProMP's outer step for policies (Rothfuss et al. 2019, algorithm 1), which takes several small steps on the same rows.
 * Section `ppo` of a config. In every epoch:
 *   adapt anew from the parameters as they are now, on the recorded rows of stages 0 … k-1
 *   g = gradient, through the inner steps, of mean over tasks of -mean min(r A, clip(r, 1 ± ε) A),  r = π_θk / π that sampled stage k
 *   one Adam update (adam.h), whose means go on from iteration to iteration
 *
 * Two ends come early: the mean KL divergence of the adapted policies is above max_kl, where the update that led there stays; and
 * an update leads to numbers that are not finite, which is taken back. Without penalties of the KL.
 * Thread rule: plain data. */
#ifndef KS_MAML_OUTER_PPO_H
#define KS_MAML_OUTER_PPO_H

#include "maml/adam.h"
#include "maml/outer.h"

typedef struct ks_outer_ppo_settings {
    ks_adam_settings adam; /* without clipping of the gradient */
    int epochs;            /* updates on the same rows, at most */
    double clip;           /* ε, in (0, 1) */
    double max_kl;         /* no further epoch where the KL divergence is above it, nats; 0: no limit */
} ks_outer_ppo_settings;

extern const ks_outer_kind ks_outer_ppo;
extern const ks_settings_rows ks_outer_ppo_rows; /* in a ks_outer_ppo_settings */

/* (Q) the gradient of the last step's first epoch, which is the meta-gradient that TRPO takes; lives until the next. */
const double* ks_outer_ppo_gradient(const void* outer);
/* For audits, of the epochs that the last step took (epochs x Q): gradients, and parameters after each; both live until the next step,
 * and are NULL unless ks_outer_ppo_keep(outer) was called before. */
const double* ks_outer_ppo_gradients(const void* outer);
const ks_real* ks_outer_ppo_path(const void* outer);
/* Errors: KS_FAILED (memory). */
bool ks_outer_ppo_keep(void* outer, ks_error* err);

#endif
