#include "maml/outer_ppo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SURROGATE_BEFORE, SURROGATE_AFTER, KL, EPOCHS, GRADIENT_NORM };

/* parameters, and what Adam remembers with them */
typedef struct place {
    ks_real* params; /* (Q) */
    ks_real* state;  /* (ks_adam_state_size) */
} place;

typedef struct outer {
    const ks_outer_ppo_settings* settings;
    size_t num_params; /* Q */
    double* first;     /* (Q) gradient of the first epoch */
    double* gradient;  /* (Q) */
    place now, next;   /* after the epochs that are done, and after one more */
    double* gradients; /* (epochs x Q) of every epoch, or NULL */
    ks_real* path;     /* (epochs x Q) where it led, or NULL */
} outer;

/* ---- settings ------------------------------------------------------------------------------------------------------------- */

#define AT(member) offsetof(ks_outer_ppo_settings, member)
static const ks_setting ROWS[] = {
    {"ppo.epochs", KS_SETTING_INT, AT(epochs), 1, 1000, 5,
     .help = "updates on the same rows, each after adapting anew"},
    {"ppo.clip", KS_SETTING_DOUBLE, AT(clip), 1e-6, 0.999999, 0.3,
     .help = "how far the ratio of probabilities to the policies that acted counts, from 1"},
    {"ppo.lr", KS_SETTING_DOUBLE, AT(adam.lr), 0, 1e3, 1e-3, .help = "step size of an update"},
    {"ppo.beta1", KS_SETTING_DOUBLE, AT(adam.beta1), 0, 0.999999, 0.9, .help = "decay of the mean of gradients"},
    {"ppo.beta2", KS_SETTING_DOUBLE, AT(adam.beta2), 0, 0.9999999, 0.999, .help = "decay of the mean of their squares"},
    {"ppo.epsilon", KS_SETTING_DOUBLE, AT(adam.epsilon), 1e-30, 1, 1e-8, .help = "added to the root of that mean"},
    {"ppo.max_kl", KS_SETTING_DOUBLE, AT(max_kl), 0, 1e6, 0,
     .help = "no further update once the mean KL divergence of the adapted policies is above it, nats; 0: no limit"},
};
const ks_settings_rows ks_outer_ppo_rows = {ROWS, sizeof ROWS / sizeof *ROWS};

static void set_default(void* settings) {
    ks_outer_ppo_settings* s = settings;
    *s = (ks_outer_ppo_settings){.adam = ks_adam_settings_default()};
    ks_settings_rows_default(&ks_outer_ppo_rows, s);
}

static bool check(const void* settings, ks_error* err) {
    const ks_outer_ppo_settings* s = settings;
    if (s->epochs < 1) {
        return ks_fail(err, KS_BAD_INPUT, "ppo.epochs must be at least 1, not %d", s->epochs);
    }
    if (!(s->clip > 0 && s->clip < 1)) {
        return ks_fail(err, KS_BAD_INPUT, "ppo.clip must be above 0 and below 1, not %g", s->clip);
    }
    return (s->max_kl >= 0 && isfinite(s->max_kl)) ||
           ks_fail(err, KS_BAD_INPUT, "ppo.max_kl must be above 0, or 0 for no limit, not %g", s->max_kl);
}

static ks_outer_needs needs(const void* settings) {
    return (ks_outer_needs){
        .curvature_fraction = 1, .moves = true, .clip = ((const ks_outer_ppo_settings*)settings)->clip};
}

/* ---- creation ------------------------------------------------------------------------------------------------------------- */

static void destroy(void* object) {
    outer* o = object;
    if (o) {
        free(o->first);
        free(o->gradient);
        free(o->now.params);
        free(o->now.state);
        free(o->next.params);
        free(o->next.state);
        free(o->gradients);
        free(o->path);
        free(o);
    }
}

static bool create_place(place* p, size_t num_params) {
    p->params = calloc(num_params, sizeof *p->params);
    p->state = calloc(ks_adam_state_size(num_params), sizeof *p->state);
    return p->params && p->state;
}

static void* create(const void* settings, size_t num_params, ks_error* err) {
    outer* o = calloc(1, sizeof *o);
    bool ok = o != NULL;
    if (ok) {
        *o = (outer){.settings = settings, .num_params = num_params};
        o->first = calloc(num_params, sizeof *o->first);
        o->gradient = calloc(num_params, sizeof *o->gradient);
        ok = o->first && o->gradient && create_place(&o->now, num_params) && create_place(&o->next, num_params);
    }
    if (!ok) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", num_params);
        destroy(o);
        return NULL;
    }
    return o;
}

/* ---- the step ------------------------------------------------------------------------------------------------------------- */

static void copy_place(place to, place from, size_t num_params) {
    memcpy(to.params, from.params, num_params * sizeof *to.params);
    memcpy(to.state, from.state, ks_adam_state_size(num_params) * sizeof *to.state);
}

static double length(const double* x, size_t n) {
    double square = 0;
    for (size_t i = 0; i < n; i++) {
        square += x[i] * x[i];
    }
    return sqrt(square);
}

/* One epoch, from o->now to o->next, where the core goes, too; *why: what was wrong with it, else "". False if the core failed. */
static bool take_epoch(outer* o, struct ks_maml* core, double* loss, double* kl, const char** why, ks_error* err) {
    ks_adam_settings adam = o->settings->adam;
    adam.lr *= ks_meta_step_scale(core);
    *why = "";
    copy_place(o->next, o->now, o->num_params);
    if (!ks_meta_gradient(core, o->gradient, err)) {
        return false;
    }
    if (!ks_adam_step(o->next.params, o->next.state, o->gradient, o->num_params, &adam)) {
        *why = "the meta-gradient is not finite";
        return true;
    }
    if (!ks_meta_move(core, o->next.params, err) || !ks_meta_loss(core, loss, kl, err)) {
        return false;
    }
    if (!isfinite(*loss) || !isfinite(*kl)) {
        *why = "the policies that it leads to break down in numbers that are not finite; ppo.lr is too large";
    }
    return true;
}

/* for audits */
static void keep_epoch(outer* o, int epoch) {
    size_t n = o->num_params;
    if (epoch == 0) {
        memcpy(o->first, o->gradient, n * sizeof *o->first);
    }
    if (o->path) {
        memcpy(o->gradients + (size_t)epoch * n, o->gradient, n * sizeof *o->gradients);
        memcpy(o->path + (size_t)epoch * n, o->next.params, n * sizeof *o->path);
    }
}

static bool step(void* object, struct ks_maml* core, ks_real* params, ks_real* state, uint64_t iteration,
                 ks_outer_report* report, ks_error* err) {
    outer* o = object;
    const ks_outer_ppo_settings* s = o->settings;
    double before, loss, kl, kl_reached = 0;
    const char* why = "";
    int epochs = 0;
    (void)iteration;
    if (!ks_meta_loss(core, &before, &kl, err)) {
        return false;
    }
    double reached = before;
    copy_place(o->now, (place){params, state}, o->num_params);
    do {
        if (!take_epoch(o, core, &loss, &kl, &why, err)) {
            return false;
        }
        keep_epoch(o, epochs);
        if (!*why) {
            place done = o->next;
            o->next = o->now;
            o->now = done;
            reached = loss;
            kl_reached = kl;
            epochs++;
        }
    } while (!*why && epochs < s->epochs && !(s->max_kl > 0 && kl > s->max_kl));
    copy_place((place){params, state}, o->now, o->num_params);
    report->moved = epochs > 0;
    snprintf(report->why, sizeof report->why, "%s", report->moved ? "" : why);
    report->column[SURROGATE_BEFORE] = before;
    report->column[SURROGATE_AFTER] = reached;
    report->column[KL] = kl_reached;
    report->column[EPOCHS] = epochs;
    report->column[GRADIENT_NORM] = length(o->first, o->num_params);
    return true;
}

const ks_outer_kind ks_outer_ppo = {
    .name = "ppo",
    .scaled = "ppo.lr",
    .summary = "several Adam updates on the same rows, with clipped ratios and adapting anew: ProMP's",
    .columns = {[SURROGATE_BEFORE] = "surrogate_before", "surrogate_after", "kl", "epochs", "gradient_norm"},
    .policies_only = true,
    .settings_size = sizeof(ks_outer_ppo_settings),
    .set_default = set_default,
    .check = check,
    .needs = needs,
    .state_size = ks_adam_state_size,
    .create = create,
    .destroy = destroy,
    .step = step,
};

const double* ks_outer_ppo_gradient(const void* object) {
    return ((const outer*)object)->first;
}

const double* ks_outer_ppo_gradients(const void* object) {
    return ((const outer*)object)->gradients;
}

const ks_real* ks_outer_ppo_path(const void* object) {
    return ((const outer*)object)->path;
}

bool ks_outer_ppo_keep(void* object, ks_error* err) {
    outer* o = object;
    size_t count = (size_t)o->settings->epochs * o->num_params;
    free(o->gradients);
    free(o->path);
    o->gradients = malloc(count * sizeof *o->gradients);
    o->path = malloc(count * sizeof *o->path);
    return (o->gradients && o->path) ||
           ks_fail(err, KS_FAILED, "not enough memory for what %d epochs leave", o->settings->epochs);
}
