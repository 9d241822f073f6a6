#include "maml/outer_trpo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SURROGATE_BEFORE, SURROGATE_AFTER, KL, ACCEPTED, BACKTRACKS, CG_RESIDUAL };

typedef struct outer {
    const ks_outer_trpo_settings* settings;
    size_t num_params; /* Q */
    ks_trpo* trpo;
    ks_trpo_result result;
    double* gradient;    /* (Q) */
    ks_real* directions; /* (cg_iterations x Q), or NULL */
} outer;

/* ---- settings ------------------------------------------------------------------------------------------------------------- */

#define AT(member) offsetof(ks_outer_trpo_settings, member)
static const ks_setting ROWS[] = {
    {"trpo.max_kl", KS_SETTING_DOUBLE, AT(step.max_kl), 1e-12, 1e6, 0.01,
     .help = "mean KL divergence of the adapted policies per meta-update at most, nats"},
    {"trpo.max_kl_halving", KS_SETTING_DOUBLE, AT(max_kl_halving), 0, 1e9, 0,
     .help = "iterations in which max_kl halves, again and again; 0: it stays, as in the paper"},
    {"trpo.cg_iterations", KS_SETTING_INT, AT(step.cg_iterations), 1, 10000, 10,
     .help = "of conjugate gradient, at most"},
    {"trpo.cg_damping", KS_SETTING_DOUBLE, AT(step.cg_damping), 0, 1e6, 1e-5,
     .help = "added to the curvature's diagonal"},
    {"trpo.cg_warm_start", KS_SETTING_DOUBLE, AT(step.cg_warm_start), 0, 1, 0,
     .help = "conjugate gradient starts from this share of the last step's solution; 0: from 0, as in the paper"},
    {"trpo.kfac_damping", KS_SETTING_DOUBLE, AT(kfac_damping), 0, 1e6, 0,
     .help = "conjugate gradient is preconditioned by K-FAC with this damping; 0: not at all, as in the paper"},
    {"trpo.size_damping", KS_SETTING_DOUBLE, AT(size_damping), 0, 1e6, 10,
     .help = "how hard learned step sizes are to move (inner.learned), in units of their gradient"},
    {"trpo.backtrack_ratio", KS_SETTING_DOUBLE, AT(step.backtrack_ratio), 1e-6, 0.999999, 0.8,
     .help = "factor from one candidate of the line search to the next"},
    {"trpo.backtrack_steps", KS_SETTING_INT, AT(step.backtrack_steps), 1, 1000, 15, .help = "candidates at most"},
    {"trpo.curvature_fraction", KS_SETTING_DOUBLE, AT(curvature_fraction), 1e-6, 1, 1,
     .help = "share of each task's timesteps that the curvature is measured on"},
};
const ks_settings_rows ks_outer_trpo_rows = {ROWS, sizeof ROWS / sizeof *ROWS};

static void set_default(void* settings) {
    ks_outer_trpo_settings* s = settings;
    *s = (ks_outer_trpo_settings){.step = ks_trpo_settings_default()};
    ks_settings_rows_default(&ks_outer_trpo_rows, s);
}

double ks_outer_trpo_max_kl(const ks_outer_trpo_settings* s, uint64_t iteration) {
    return s->max_kl_halving > 0 ? s->step.max_kl * exp2(-(double)iteration / s->max_kl_halving) : s->step.max_kl;
}

static bool check(const void* settings, ks_error* err) {
    const ks_outer_trpo_settings* s = settings;
    if (!(s->step.cg_warm_start >= 0 && s->step.cg_warm_start <= 1)) {
        return ks_fail(err, KS_BAD_INPUT, "the share that conjugate gradient starts from must be from 0 to 1, not %g",
                       s->step.cg_warm_start);
    }
    if (!(s->max_kl_halving >= 0 && isfinite(s->max_kl_halving))) {
        return ks_fail(err, KS_BAD_INPUT, "max_kl halves in a number of iterations above 0, or 0 for never, not %g",
                       s->max_kl_halving);
    }
    if (!(s->kfac_damping >= 0 && isfinite(s->kfac_damping))) {
        return ks_fail(err, KS_BAD_INPUT, "the preconditioner's damping must be above 0, or 0 for none, not %g",
                       s->kfac_damping);
    }
    if (!(s->curvature_fraction > 0 && s->curvature_fraction <= 1)) {
        return ks_fail(err, KS_BAD_INPUT, "the curvature fraction must be above 0 and at most 1, not %g",
                       s->curvature_fraction);
    }
    return true;
}

static ks_outer_needs needs(const void* settings) {
    const ks_outer_trpo_settings* s = settings;
    return (ks_outer_needs){.curvature = true,
                            .curvature_fraction = s->curvature_fraction,
                            .kfac_damping = s->kfac_damping,
                            .size_damping = s->size_damping};
}

/* where conjugate gradient may start (trpo.h) */
static size_t state_size(size_t num_params) {
    return num_params;
}

/* ---- creation ------------------------------------------------------------------------------------------------------------- */

static void destroy(void* object) {
    outer* o = object;
    if (o) {
        ks_trpo_destroy(o->trpo);
        free(o->gradient);
        free(o->directions);
        free(o);
    }
}

static void* create(const void* settings, size_t num_params, ks_error* err) {
    outer* o = calloc(1, sizeof *o);
    if (o) {
        o->settings = settings;
        o->num_params = num_params;
        o->gradient = calloc(num_params, sizeof *o->gradient);
        o->trpo = o->gradient ? ks_trpo_create(num_params, err) : NULL;
    }
    if (!o || !o->trpo) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", num_params);
        destroy(o);
        return NULL;
    }
    return o;
}

/* ---- the step ------------------------------------------------------------------------------------------------------------- */

typedef struct step_context {
    outer* o;
    struct ks_maml* core;
} step_context;

static bool curvature(void* user, double* out, const ks_real* p, ks_error* err) {
    return ks_meta_curvature(((step_context*)user)->core, out, p, err);
}

static void precondition(void* user, double* out, const double* r) {
    ks_meta_precondition(((step_context*)user)->core, out, r);
}

static bool evaluate(void* user, double* loss, double* kl, const ks_real* params, ks_error* err) {
    return ks_meta_try(((step_context*)user)->core, loss, kl, params, err);
}

static void keep_direction(void* user, int iteration, const ks_real* p) {
    outer* o = ((step_context*)user)->o;
    if (o->directions) {
        memcpy(o->directions + (size_t)iteration * o->num_params, p, o->num_params * sizeof *p);
    }
}

static bool step(void* object, struct ks_maml* core, ks_real* params, ks_real* state, uint64_t iteration,
                 ks_outer_report* report, ks_error* err) {
    outer* o = object;
    double before, kl;
    if (!ks_meta_loss(core, &before, &kl, err) || !ks_meta_prepare_curvature(core, iteration, err) ||
        !ks_meta_gradient(core, o->gradient, err)) {
        return false;
    }
    step_context context = {o, core};
    ks_trpo_problem problem = {
        .n = o->num_params,
        .user = &context,
        .curvature = curvature,
        .precondition = o->settings->kfac_damping > 0 ? precondition : NULL,
        .evaluate = evaluate,
        .on_direction = keep_direction,
        .cg_start = state,
    };
    ks_trpo_settings settings = o->settings->step;
    settings.max_kl = ks_outer_trpo_max_kl(o->settings, iteration) * ks_meta_step_scale(core);
    if (!ks_trpo_step(o->trpo, params, o->gradient, before, &problem, &settings, &o->result, err)) {
        return false;
    }
    report->moved = o->result.verdict == KS_TRPO_ACCEPTED;
    snprintf(report->why, sizeof report->why, "%s", ks_trpo_verdict_text(o->result.verdict));
    report->column[SURROGATE_BEFORE] = before;
    report->column[SURROGATE_AFTER] = o->result.loss_after;
    report->column[KL] = o->result.kl;
    report->column[ACCEPTED] = report->moved;
    report->column[BACKTRACKS] = o->result.backtracks;
    report->column[CG_RESIDUAL] = o->result.cg_residual;
    return true;
}

const ks_outer_kind ks_outer_trpo = {
    .name = "trpo",
    .scaled = "trpo.max_kl",
    .summary = "a trust-region step under a limit of the adapted policies' KL divergence, as in the paper",
    .columns =
        {[SURROGATE_BEFORE] = "surrogate_before", "surrogate_after", "kl", "accepted", "backtracks", "cg_residual"},
    .policies_only = true,
    .settings_size = sizeof(ks_outer_trpo_settings),
    .set_default = set_default,
    .check = check,
    .needs = needs,
    .state_size = state_size,
    .create = create,
    .destroy = destroy,
    .step = step,
};

/* ---- for audits ----------------------------------------------------------------------------------------------------------- */

const double* ks_outer_trpo_direction(const void* object) {
    return ks_trpo_direction(((const outer*)object)->trpo);
}

const double* ks_outer_trpo_gradient(const void* object) {
    return ((const outer*)object)->gradient;
}

const ks_trpo_result* ks_outer_trpo_result(const void* object) {
    return &((const outer*)object)->result;
}

const ks_real* ks_outer_trpo_directions(const void* object) {
    return ((const outer*)object)->directions;
}

bool ks_outer_trpo_keep(void* object, ks_error* err) {
    outer* o = object;
    size_t count = (size_t)o->settings->step.cg_iterations * o->num_params;
    free(o->directions);
    o->directions = malloc((count ? count : 1) * sizeof *o->directions);
    return o->directions ||
           ks_fail(err, KS_FAILED, "not enough memory for %d CG directions", o->settings->step.cg_iterations);
}
