/* advantage.h: from rewards to advantages, per task, on the task's own batch.
 *
 *   R_t = Σ_i γ^i r_{t+i} within the trajectory, no bootstrap at the time limit
 *   features φ_t = [clip(o, ±10), clip(o, ±10)², t/100, (t/100)², (t/100)³, 1], t from 0
 *   w = (ΦᵀΦ + λI)⁻¹ ΦᵀR, λ = 1e-5, ten times more (up to 5 times) while the solution is not finite
 *   V = Φw, and 0 after the last timestep; A by GAE(γ, λ_gae) (Schulman et al. 2016), normalised to mean 0, std 1
 *
 * (linear feature baseline: Duan et al. 2016.) Thread rule: a workspace is used by one thread at a time. */
#ifndef KS_RL_ADVANTAGE_H
#define KS_RL_ADVANTAGE_H

#include "rl/batch.h"

typedef struct ks_advantage_settings {
    double gamma;      /* discount, default 0.99 */
    double gae_lambda; /* default 1.0 */
} ks_advantage_settings;
ks_advantage_settings ks_advantage_settings_default(void);

typedef struct ks_advantage_ws ks_advantage_ws;
/* For batches of up to max_rows rows. Owned by the caller. Errors: KS_FAILED (memory). */
ks_advantage_ws* ks_advantage_ws_create(size_t obs_dim, size_t max_rows, ks_error* err);
void ks_advantage_ws_destroy(ks_advantage_ws* ws);

/* Fills batch->adv. A baseline that cannot be solved for even with the largest ridge is taken as 0, and *baseline_failed
 * (may be NULL) says so. Advantages without variance become 0 (the std in the denominator has 1e-8 added). */
void ks_advantage_compute(ks_batch* batch, ks_advantage_settings settings, bool* baseline_failed, ks_advantage_ws* ws);

#endif
