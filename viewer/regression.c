#include "viewer/regression.h"

#include "base/clock.h"
#include "base/number.h"

#include <math.h>

bool ks_regression_check(const ks_regression* r, ks_error* err) {
    size_t shots = ks_sinusoid_fit_shots(r->learners[0].fit);
    for (int i = 1; i < r->count; i++) {
        size_t other = ks_sinusoid_fit_shots(r->learners[i].fit);
        if (other != shots) {
            return ks_fail(err, KS_BAD_INPUT,
                           "models that learn from %zu and from %zu examples: -s sinusoid.shots=%zu shows all with "
                           "as many",
                           shots, other, shots);
        }
    }
    return true;
}

bool ks_regression_draw(ks_regression* r, ks_error* err) {
    for (int i = 0; i < r->count; i++) {
        if (!ks_sinusoid_fit_draw(r->learners[i].fit, r->seed, r->number, r->given, err)) {
            return false;
        }
    }
    return true;
}

void ks_regression_move(ks_regression* r, size_t example, ks_sinusoid_point to) {
    for (int i = 0; i < r->count; i++) {
        ks_sinusoid_fit_move(r->learners[i].fit, example, to);
    }
}

void ks_regression_adapt(ks_regression* r) {
    double start = ks_clock(), lr[KS_EVAL_MAX_STEPS];
    for (int i = 0; i < r->count; i++) {
        for (int j = 0; j < r->steps; j++) {
            lr[j] = r->lr_factor * r->learners[i].lr[j];
        }
        ks_sinusoid_fit_adapt(r->learners[i].fit, r->steps, lr);
    }
    r->seconds = ks_clock() - start;
}

ks_sinusoid ks_regression_task(const ks_regression* r) {
    return ks_sinusoid_fit_task(r->learners[0].fit);
}

void ks_regression_text(char* out, size_t room, const ks_regression* r) {
    ks_sinusoid task = ks_regression_task(r);
    ks_snprintf(out, room, "%.2f sin(x %c %.2f)", task.amplitude, task.phase < 0 ? '+' : '-', fabs(task.phase));
}
