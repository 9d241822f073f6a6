#include "maml/inner.h"

#include "base/clock.h"
#include "policy/ranges.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ks_inner {
    const ks_policy* policy;
    ks_step_sizes sizes;
    size_t num_params; /* P */
    ks_derivatives* derivatives;
    double* alpha;  /* (k x P) or NULL: plain */
    double* scaled; /* (P) α of a step of another size, or NULL: plain */
    ks_real* a;     /* (count) as set */
    size_t* of;     /* (P) */
};

/* ---- settings ------------------------------------------------------------------------------------------------------------- */

#define AT(member) offsetof(ks_inner_settings, member)
static const ks_setting ROWS[] = {
    {"inner.steps", KS_SETTING_INT, AT(steps), KS_RANGE_INNER_STEPS, 1, .help = "gradient steps of a task"},
    {"inner.lr", KS_SETTING_DOUBLE, AT(lr), KS_RANGE_INNER_LR, 0.1, .help = "their step size"},
    {"inner.first_order", KS_SETTING_BOOL, AT(first_order), .help = "leave the second derivatives out"},
    {"inner.learned", KS_SETTING_CHOICE, AT(learned), .initial = KS_LEARNED_NONE, .text = KS_CHOICES(KS_LEARNED),
     .help = "step sizes that the outer step learns, from inner.lr on: none, one, one a tensor, one a parameter"},
    {"inner.per_step", KS_SETTING_BOOL, AT(per_step), .help = "learned step sizes: one set of them a step"},
    {"inner.adapts", KS_SETTING_CHOICE, AT(adapts), .initial = KS_ADAPTS_ALL, .text = KS_CHOICES(KS_ADAPTS),
     .help = "what the inner steps change: everything, the last layer and log-std, everything but these, or context "
             "layers"},
    {"inner.adapts_norm", KS_SETTING_BOOL, AT(adapts_norm), .help = "of it, also the shifts and scales of batch norms"},
    {"inner.norm_per_step", KS_SETTING_BOOL, AT(norm_per_step),
     .help = "batch norms have shifts and scales of their own before each inner step and after the last, all learned"},
    {"inner.loss_of_all", KS_SETTING_INT, AT(loss_of_all), 0, 1e9, 0,
     .help = "iterations within which the outer loss goes from the mean after all steps to that after the last; 0: the "
             "last alone"},
};
const ks_settings_rows ks_inner_rows = {ROWS, sizeof ROWS / sizeof *ROWS};

ks_inner_settings ks_inner_settings_default(void) {
    ks_inner_settings s = {0};
    ks_settings_rows_default(&ks_inner_rows, &s);
    return s;
}

bool ks_inner_settings_check(const ks_inner_settings* s, ks_error* err) {
    if (s->steps < 0 || s->steps > KS_MAX_INNER_STEPS) {
        return ks_fail(err, KS_BAD_INPUT, "inner steps must be 0 to %d, not %d", KS_MAX_INNER_STEPS, s->steps);
    }
    if (s->learned != KS_LEARNED_NONE && !(s->lr > 0)) {
        return ks_fail(err, KS_BAD_INPUT, "inner.lr must be above 0 where step sizes are learned from it, not %g",
                       s->lr);
    }
    if (s->learned != KS_LEARNED_NONE && s->steps == 0) {
        return ks_fail(err, KS_BAD_INPUT,
                       "inner.learned: without an inner step (inner.steps: 0) no step size is learned");
    }
    if (s->norm_per_step && (s->adapts_norm || s->steps == 0)) {
        return ks_fail(err, KS_BAD_INPUT, "inner.norm_per_step: %s",
                       s->steps == 0 ? "without an inner step (inner.steps: 0) there is one set of norms"
                                     : "norms of a step's own do not adapt; inner.adapts_norm must be false");
    }
    if (s->per_step && s->learned == KS_LEARNED_NONE) {
        return ks_fail(err, KS_BAD_INPUT, "inner.per_step is of learned step sizes, and inner.learned is none");
    }
    return true;
}

ks_step_sizes ks_inner_step_sizes(const ks_inner_settings* s) {
    return (ks_step_sizes){.lr = s->lr,
                           .steps = s->steps,
                           .learned = s->learned,
                           .adapts = s->adapts,
                           .per_step = s->per_step,
                           .norm_stays = !s->adapts_norm,
                           .norm_per_step = s->norm_per_step};
}

/* ---- creation ------------------------------------------------------------------------------------------------------------- */

ks_inner* ks_inner_create(const ks_policy* policy, const ks_step_sizes* sizes, size_t tasks, size_t max_rows,
                          int threads, ks_error* err) {
    ks_inner* inner = calloc(1, sizeof *inner);
    if (!inner) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    size_t p = ks_policy_num_params(policy);
    size_t count = ks_step_sizes_count(sizes, policy);
    bool plain = ks_step_sizes_are_plain(sizes, policy);
    inner->policy = policy;
    inner->sizes = *sizes;
    inner->num_params = p;
    inner->derivatives = ks_derivatives_create(policy, tasks, max_rows, threads, err);
    if (!inner->derivatives) {
        ks_inner_destroy(inner);
        return NULL;
    }
    if (!plain) {
        inner->alpha = calloc((size_t)(sizes->steps + 1) * p, sizeof *inner->alpha);
        inner->scaled = calloc(p, sizeof *inner->scaled);
        inner->a = calloc(count + 1, sizeof *inner->a);
        inner->of = calloc(p, sizeof *inner->of);
    }
    if (!plain && (!inner->alpha || !inner->scaled || !inner->a || !inner->of)) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", tasks);
        ks_inner_destroy(inner);
        return NULL;
    }
    if (!plain) {
        ks_step_sizes_map(inner->of, sizes, policy);
        ks_step_sizes_init(inner->a, sizes, policy);
        ks_inner_set(inner, inner->a);
    }
    return inner;
}

void ks_inner_destroy(ks_inner* inner) {
    if (inner) {
        ks_derivatives_destroy(inner->derivatives);
        free(inner->alpha);
        free(inner->scaled);
        free(inner->a);
        free(inner->of);
        free(inner);
    }
}

ks_derivatives* ks_inner_derivatives(ks_inner* inner) {
    return inner->derivatives;
}

const ks_step_sizes* ks_inner_sizes(const ks_inner* inner) {
    return &inner->sizes;
}

const size_t* ks_inner_map(const ks_inner* inner) {
    return inner->of;
}

/* ---- steps ---------------------------------------------------------------------------------------------------------------- */

void ks_inner_set(ks_inner* inner, const ks_real* a) {
    const ks_step_sizes* s = &inner->sizes;
    if (!inner->alpha) {
        return;
    }
    if ((s->learned != KS_LEARNED_NONE || s->norm_per_step) && a != inner->a) {
        memcpy(inner->a, a, ks_step_sizes_count(s, inner->policy) * sizeof *a);
    }
    for (int j = 0; j < s->steps; j++) {
        ks_step_sizes_alpha(inner->alpha + (size_t)j * inner->num_params, s, inner->policy, inner->a, j,
                            ks_step_sizes_own(s));
    }
}

const double* ks_inner_alpha(const ks_inner* inner, int step) {
    return inner->alpha ? inner->alpha + (size_t)step * inner->num_params : NULL;
}

/* α of a step that is `lr` long: the one that was set, or another */
static const double* alpha_of(ks_inner* inner, int step, double lr) {
    const ks_step_sizes* s = &inner->sizes;
    if (!inner->alpha || (step < s->steps && lr == ks_step_sizes_own(s))) {
        return inner->alpha ? ks_inner_alpha(inner, step) : NULL;
    }
    ks_step_sizes_alpha(inner->scaled, s, inner->policy, inner->a, step, lr);
    return inner->scaled;
}

void ks_inner_step(ks_real* theta_next, ks_inner* inner, const ks_group* groups, size_t count, int step, double lr,
                   ks_inner_trace trace) {
    const double* alpha = alpha_of(inner, step, lr);
    ks_gradient_step one = {.groups = groups,
                            .count = count,
                            .size = {alpha, lr},
                            .next = theta_next,
                            .gradient = trace.gradient,
                            .loss = trace.loss,
                            .tapes = trace.tapes};
    ks_derivatives_step(inner->derivatives, &one);
    for (size_t i = 0; i < count; i++) {
        ks_step_sizes_put_norm(theta_next + i * inner->num_params, &inner->sizes, inner->policy, inner->a, step + 1);
    }
}

bool ks_inner_works(const ks_policy* policy, const ks_real* theta, const ks_task_rows* rows) {
    int finite = 1;
    size_t n = ks_policy_num_params(policy);
    for (size_t i = 0; i < n; i++) {
        finite &= theta[i] - theta[i] == 0; /* isfinite, in vectors */
    }
    return finite && rows->rows.n > 0;
}

/* ---- the loop ------------------------------------------------------------------------------------------------------------- */

bool ks_inner_run(const ks_inner_loop* l, ks_error* err) {
    size_t count = l->stage.count;
    size_t n = l->inner->num_params;
    for (int j = 0; j <= l->steps; j++) {
        size_t place = l->keep ? (size_t)j * count : 0;
        ks_real* theta = l->theta + place * n;
        ks_task_rows* rows = l->rows + place;
        ks_group* groups = l->groups + place;
        ks_stage stage = l->stage;
        stage.index = j;
        stage.judges = j == l->steps;
        stage.deterministic = stage.judges && l->stage.deterministic;
        stage.theta = theta;
        double start = ks_clock();
        bool ok = l->problem->kind->collect(l->problem, &stage, rows, err);
        if (l->collect_s) {
            *l->collect_s += ks_clock() - start;
        }
        for (size_t i = 0; ok && i < count; i++) {
            groups[i] = (ks_group){.rows = rows[i].rows, .theta = j == 0 && l->one_start ? theta : theta + i * n};
        }
        if (!l->on_stage(l->user, j, ok, err) || !ok) {
            return false;
        }
        if (j < l->steps && !l->collect_only) {
            double lr = l->lr ? l->lr[j] : ks_step_sizes_own(&l->inner->sizes);
            ks_inner_step(l->keep ? theta + count * n : theta, l->inner, groups, count, j, lr,
                          l->trace ? l->trace(l->user, j) : (ks_inner_trace){0});
        }
    }
    return true;
}
