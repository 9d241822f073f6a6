/* adam.h: Adam (Kingma and Ba 2015, algorithm 1), with the gradient's elements clipped first.
 *   g = clip(g, ±clip);  m ← β1 m + (1-β1) g;  v ← β2 v + (1-β2) g²;  θ ← θ - lr · (m/(1-β1^t)) / (sqrt(v/(1-β2^t)) + ε)
 * Thread rule: pure functions of their arguments. */
#ifndef KS_MAML_ADAM_H
#define KS_MAML_ADAM_H

#include "base/error.h"
#include "base/real.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ks_adam_settings {
    double lr;      /* step size */
    double beta1;   /* decay of the mean of gradients */
    double beta2;   /* decay of the mean of their squares */
    double epsilon; /* added to the root */
    double clip;    /* bound of each element of the gradient; 0: none */
} ks_adam_settings;
ks_adam_settings ks_adam_settings_default(void); /* 0.001, 0.9, 0.999, 1e-8, 0 */

/* m, then v (n each), then t: how many steps were taken. */
size_t ks_adam_state_size(size_t n);

/* One step: theta and state are replaced. gradient (n) is clipped in place. False, and nothing is touched, if the gradient is not
 * finite. */
bool ks_adam_step(ks_real* theta, ks_real* state, double* gradient, size_t n, const ks_adam_settings* settings);

#endif
