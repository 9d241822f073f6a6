#include "cli/predictions.h"

enum { POINTS = 201 };

/* The gradient steps that a picture shows: 0, 1, and the last. Returns how many. */
static int stages_shown(int stages[KS_PREDICTIONS_MAX_STAGES], int steps) {
    int count = 0;
    stages[count++] = 0;
    if (steps > 0) {
        stages[count++] = 1;
    }
    if (steps > 1) {
        stages[count++] = steps;
    }
    return count;
}

static bool keep(ks_predictions* p, const ks_sinusoid_fit* fit, int steps, ks_error* err) {
    int stages[KS_PREDICTIONS_MAX_STAGES];
    int shown = stages_shown(stages, steps);
    ks_sinusoid task = ks_sinusoid_fit_task(fit);
    if (!ks_predictions_create(p, POINTS, ks_sinusoid_fit_shots(fit), shown, err)) {
        return false;
    }
    for (size_t i = 0; i < p->points; i++) {
        p->x[i] = ks_sinusoid_fit_x(fit, i);
        p->truth[i] = ks_sinusoid_at(task, p->x[i]);
    }
    for (size_t i = 0; i < p->examples; i++) {
        ks_sinusoid_point at = ks_sinusoid_fit_example(fit, i);
        p->example_x[i] = at.x;
        p->example_y[i] = at.y;
    }
    for (int k = 0; k < shown; k++) {
        const ks_real* y = ks_sinusoid_fit_prediction(fit, stages[k]);
        p->steps[k] = stages[k];
        for (size_t i = 0; i < p->points; i++) {
            p->y[(size_t)k * p->points + i] = (double)y[i];
        }
    }
    return true;
}

bool ks_predict(ks_predictions* predictions, const ks_cli_policy* model, const ks_prediction_options* o,
                ks_error* err) {
    double lr[KS_EVAL_MAX_STEPS];
    ks_sinusoid given;
    ks_examples_own_lr(lr, model);
    if ((o->lr && !ks_cli_lr(o->lr, lr, err)) || (o->task && !ks_examples_curve(&given, o->task, err))) {
        return false;
    }
    ks_sinusoid_fit* fit = ks_examples_fit(model, o->steps, POINTS, err);
    bool ok = fit && ks_sinusoid_fit_draw(fit, (uint64_t)o->seed, 0, o->task ? &given : NULL, err);
    if (ok) {
        ks_sinusoid_fit_adapt(fit, o->steps, lr);
        ok = keep(predictions, fit, o->steps, err);
    }
    ks_sinusoid_fit_destroy(fit);
    return ok;
}
