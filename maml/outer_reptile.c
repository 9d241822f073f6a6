#include "maml/outer_reptile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { OUTER_LOSS, DISTANCE };

typedef struct outer {
    const ks_outer_reptile_settings* settings;
    size_t num_params; /* Q */
    double* way;       /* (Q) mean of θ_k - θ; 0 for what is no part of θ */
} outer;

#define AT(member) offsetof(ks_outer_reptile_settings, member)
static const ks_setting ROWS[] = {
    {"reptile.step", KS_SETTING_DOUBLE, AT(step), 0, 1, 0.1,
     .help = "share of the way to the mean of the adapted parameters"},
    {"reptile.step_halving", KS_SETTING_DOUBLE, AT(step_halving), 0, 1e9, 0,
     .help = "iterations in which it halves, again and again; 0: it stays"},
};
const ks_settings_rows ks_outer_reptile_rows = {ROWS, sizeof ROWS / sizeof *ROWS};

static void set_default(void* settings) {
    *(ks_outer_reptile_settings*)settings = (ks_outer_reptile_settings){.step = 0.1};
}

double ks_outer_reptile_step(const ks_outer_reptile_settings* s, uint64_t iteration) {
    return s->step_halving > 0 ? s->step * exp2(-(double)iteration / s->step_halving) : s->step;
}

static ks_outer_needs needs(const void* settings) {
    (void)settings;
    return (ks_outer_needs){.curvature_fraction = 1};
}

static size_t state_size(size_t num_params) {
    (void)num_params;
    return 0;
}

static void destroy(void* object) {
    outer* o = object;
    if (o) {
        free(o->way);
        free(o);
    }
}

static void* create(const void* settings, size_t num_params, ks_error* err) {
    outer* o = calloc(1, sizeof *o);
    if (o) {
        *o = (outer){.settings = settings, .num_params = num_params};
        o->way = calloc(num_params, sizeof *o->way);
    }
    if (!o || !o->way) {
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
    (void)state;
    if (!ks_meta_loss(core, &report->column[OUTER_LOSS], &kl, err) || !ks_meta_way(core, o->way, err)) {
        return false;
    }
    double share = ks_outer_reptile_step(o->settings, iteration) * ks_meta_step_scale(core);
    for (size_t i = 0; i < o->num_params; i++) {
        square += o->way[i] * o->way[i];
    }
    report->column[DISTANCE] = sqrt(square);
    report->moved = isfinite(square);
    snprintf(report->why, sizeof report->why, "%s", report->moved ? "" : "the adapted parameters are not finite");
    for (size_t i = 0; report->moved && i < o->num_params; i++) {
        params[i] = (ks_real)((double)params[i] + share * o->way[i]);
    }
    return true;
}

const ks_outer_kind ks_outer_reptile = {
    .name = "reptile",
    .scaled = "reptile.step",
    .summary = "towards the mean of the adapted parameters, without second derivatives",
    .columns = {[OUTER_LOSS] = "outer_loss", "distance"},
    .needs_steps = true,
    .settings_size = sizeof(ks_outer_reptile_settings),
    .set_default = set_default,
    .needs = needs,
    .state_size = state_size,
    .create = create,
    .destroy = destroy,
    .step = step,
};

const double* ks_outer_reptile_way(const void* object) {
    return ((const outer*)object)->way;
}
