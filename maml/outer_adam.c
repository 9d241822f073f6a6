#include "maml/outer_adam.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTER_LOSS, GRADIENT_NORM };

typedef struct outer {
    const ks_outer_adam_settings* settings;
    size_t num_params; /* Q */
    double* gradient;  /* (Q) */
    double* clipped;   /* (Q) */
} outer;

#define AT(member) offsetof(ks_outer_adam_settings, member)
static const ks_setting ROWS[] = {
    {"adam.lr", KS_SETTING_DOUBLE, AT(step.lr), 0, 1e3, 1e-3, .help = "step size"},
    {"adam.lr_halving", KS_SETTING_DOUBLE, AT(lr_halving), 0, 1e9, 0,
     .help = "iterations in which it halves, again and again; 0: it stays, as in the paper"},
    {"adam.beta1", KS_SETTING_DOUBLE, AT(step.beta1), 0, 0.999999, 0.9, .help = "decay of the mean of gradients"},
    {"adam.beta2", KS_SETTING_DOUBLE, AT(step.beta2), 0, 0.9999999, 0.999,
     .help = "decay of the mean of their squares"},
    {"adam.epsilon", KS_SETTING_DOUBLE, AT(step.epsilon), 1e-30, 1, 1e-8, .help = "added to the root of that mean"},
    {"adam.clip", KS_SETTING_DOUBLE, AT(step.clip), 0, 1e9, 0,
     .help = "bound of each element of the meta-gradient; 0: none"},
};
const ks_settings_rows ks_outer_adam_rows = {ROWS, sizeof ROWS / sizeof *ROWS};

static void set_default(void* settings) {
    *(ks_outer_adam_settings*)settings = (ks_outer_adam_settings){.step = ks_adam_settings_default()};
}

double ks_outer_adam_lr(const ks_outer_adam_settings* s, uint64_t iteration) {
    return s->lr_halving > 0 ? s->step.lr * exp2(-(double)iteration / s->lr_halving) : s->step.lr;
}

static ks_outer_needs needs(const void* settings) {
    (void)settings;
    return (ks_outer_needs){.curvature_fraction = 1};
}

static void destroy(void* object) {
    outer* o = object;
    if (o) {
        free(o->gradient);
        free(o->clipped);
        free(o);
    }
}

static void* create(const void* settings, size_t num_params, ks_error* err) {
    outer* o = calloc(1, sizeof *o);
    if (o) {
        *o = (outer){.settings = settings, .num_params = num_params};
        o->gradient = calloc(num_params, sizeof *o->gradient);
        o->clipped = calloc(num_params, sizeof *o->clipped);
    }
    if (!o || !o->gradient || !o->clipped) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", num_params);
        destroy(o);
        return NULL;
    }
    return o;
}

static bool step(void* object, struct ks_maml* core, ks_real* params, ks_real* state, uint64_t iteration,
                 ks_outer_report* report, ks_error* err) {
    outer* o = object;
    double kl, square = 0;
    ks_adam_settings settings = o->settings->step;
    settings.lr = ks_outer_adam_lr(o->settings, iteration) * ks_meta_step_scale(core);
    if (!ks_meta_gradient(core, o->gradient, err) || !ks_meta_loss(core, &report->column[OUTER_LOSS], &kl, err)) {
        return false;
    }
    for (size_t i = 0; i < o->num_params; i++) {
        square += o->gradient[i] * o->gradient[i];
    }
    memcpy(o->clipped, o->gradient, o->num_params * sizeof *o->clipped);
    report->column[GRADIENT_NORM] = sqrt(square);
    report->moved = ks_adam_step(params, state, o->clipped, o->num_params, &settings);
    snprintf(report->why, sizeof report->why, "%s", report->moved ? "" : "the meta-gradient is not finite");
    return true;
}

const ks_outer_kind ks_outer_adam = {
    .name = "adam",
    .scaled = "adam.lr",
    .summary = "one Adam update along the meta-gradient, as in the paper's supervised experiments",
    .columns = {[OUTER_LOSS] = "outer_loss", "gradient_norm"},
    .settings_size = sizeof(ks_outer_adam_settings),
    .set_default = set_default,
    .needs = needs,
    .state_size = ks_adam_state_size,
    .create = create,
    .destroy = destroy,
    .step = step,
};

const double* ks_outer_adam_gradient(const void* object) {
    return ((const outer*)object)->gradient;
}
