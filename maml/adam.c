#include "maml/adam.h"

#include <math.h>

ks_adam_settings ks_adam_settings_default(void) {
    return (ks_adam_settings){.lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
}

size_t ks_adam_state_size(size_t n) {
    return 2 * n + 1;
}

/* corrected step sizes and roots, element by element; nothing aliases */
static void update(ks_real* restrict theta, ks_real* restrict m, ks_real* restrict v, double* restrict gradient,
                   size_t n, const ks_adam_settings* s, double t) {
    const double lr = s->lr / (1 - pow(s->beta1, t));
    const double root = 1 / sqrt(1 - pow(s->beta2, t));
    const double bound = s->clip > 0 ? s->clip : HUGE_VAL;
    const double b1 = s->beta1, b2 = s->beta2, epsilon = s->epsilon;
    for (size_t i = 0; i < n; i++) {
        double g = gradient[i] < -bound ? -bound : gradient[i];
        g = g > bound ? bound : g;
        double m1 = b1 * (double)m[i] + (1 - b1) * g;
        double v1 = b2 * (double)v[i] + (1 - b2) * g * g;
        gradient[i] = g;
        m[i] = (ks_real)m1;
        v[i] = (ks_real)v1;
        theta[i] = (ks_real)((double)theta[i] - lr * m1 / (sqrt(v1) * root + epsilon));
    }
}

bool ks_adam_step(ks_real* theta, ks_real* state, double* gradient, size_t n, const ks_adam_settings* s) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += fabs(gradient[i]);
    }
    if (!isfinite(sum)) {
        return false;
    }
    double t = (double)(state[2 * n] += 1);
    update(theta, state, state + n, gradient, n, s, t);
    return true;
}
