/* What a meta-iteration needs, made and given back; and what others may look at. */
#include "maml/core.h"

#include <math.h>
#include <stdlib.h>

enum { WAVE_BYTES = 16 << 20 };

ks_maml_settings ks_maml_settings_default(void) {
    return (ks_maml_settings){.seed = 1, .inner = ks_inner_settings_default(), .threads = 1};
}

static bool check(const ks_problem* problem, const ks_maml_settings* s, ks_error* err) {
    if (s->threads < 1 || problem->tasks < 1 || problem->max_rows < 1) {
        return ks_fail(err, KS_BAD_INPUT, "tasks, their rows and threads must be at least 1");
    }
    if (s->team.size > problem->tasks) {
        return ks_fail(err, KS_BAD_INPUT, "%zu processes are more than there are tasks to share out: %zu%s",
                       s->team.size, problem->tasks, problem->adapts ? "" : " (only maml can be shared out)");
    }
    if (!(problem->extra >= 0 && isfinite(problem->extra))) {
        return ks_fail(err, KS_BAD_INPUT, "the extra term's weight must be above 0, or 0 for none, not %g",
                       problem->extra);
    }
    if (!(problem->emaml >= 0 && isfinite(problem->emaml)) || (problem->emaml > 0 && !problem->sampled)) {
        return ks_fail(err, KS_BAD_INPUT,
                       "E-MAML's term is of rows that are sampled, its weight above 0, or 0 for none");
    }
    return ks_inner_settings_check(&s->inner, err) && (!s->outer->check || s->outer->check(s->outer_settings, err));
}

/* ---- memory -------------------------------------------------------------------------------------------------------------- */

static size_t longest(const ks_maml* maml) {
    return maml->num_sizes > maml->num_params ? maml->num_sizes : maml->num_params;
}

static bool create_memory(ks_maml* maml, ks_error* err) {
    size_t m = maml->tally.groups;
    size_t all = maml->tally.tasks;
    size_t n = maml->num_params;
    size_t stages = (size_t)(maml->inner_steps + 1);
    bool team = maml->settings.team.size > 1;
    maml->rows = calloc(stages * m, sizeof *maml->rows);
    maml->theta = malloc(stages * m * n * sizeof *maml->theta);
    maml->moved_theta = malloc((maml->needs.moves ? stages * m * n : 1) * sizeof *maml->moved_theta);
    maml->stage = calloc(stages * m, sizeof *maml->stage);
    maml->old = calloc(m, sizeof *maml->old);
    maml->candidate = calloc(m, sizeof *maml->candidate);
    maml->candidate_theta = malloc(m * n * sizeof *maml->candidate_theta);
    maml->u = malloc(m * n * sizeof *maml->u);
    maml->da = malloc((m * maml->num_sizes + 1) * sizeof *maml->da);
    maml->notes = malloc(KS_NOTES * (m + all) * sizeof *maml->notes);
    maml->metrics = malloc(stages * all * sizeof *maml->metrics);
    maml->all_loss = malloc(all * sizeof *maml->all_loss);
    maml->all_kl = malloc(all * sizeof *maml->all_kl);
    maml->loss = malloc(m * sizeof *maml->loss);
    maml->kl = malloc(m * sizeof *maml->kl);
    bool ok = maml->rows && maml->theta && maml->moved_theta && maml->stage && maml->old && maml->candidate &&
              maml->candidate_theta && maml->u && maml->da && maml->notes && maml->metrics && maml->all_loss &&
              maml->all_kl && maml->loss && maml->kl;
    if (ok && team) {
        maml->gathered = malloc(all * longest(maml) * sizeof *maml->gathered);
        ok = maml->gathered != NULL;
    }
    if (ok && maml->num_sizes > 0) {
        maml->gradients = malloc(stages * maml->wave * n * sizeof *maml->gradients);
        maml->diagonal = malloc(n * sizeof *maml->diagonal);
        maml->size_curvature = malloc(maml->num_sizes * sizeof *maml->size_curvature);
        maml->size_rms = calloc(maml->num_sizes, sizeof *maml->size_rms);
        ok = maml->gradients && maml->diagonal && maml->size_curvature && maml->size_rms;
    }
    if (ok && !maml->problem->sampled) {
        maml->losses = calloc(stages * m, sizeof *maml->losses);
        ok = maml->losses != NULL;
    }
    if (ok && maml->given) {
        bool all_stages = maml->settings.inner.loss_of_all > 0;
        maml->accuracy = calloc(stages * m, sizeof *maml->accuracy);
        maml->query_loss = calloc(maml->wave, sizeof *maml->query_loss);
        maml->query_gradient = malloc((all_stages ? maml->wave * n : 1) * sizeof *maml->query_gradient);
        maml->query_groups = calloc(maml->wave, sizeof *maml->query_groups);
        maml->wave_groups = calloc(stages * maml->wave, sizeof *maml->wave_groups);
        ok = maml->accuracy && maml->query_loss && maml->query_gradient && maml->query_groups && maml->wave_groups;
    }
    if (!ok) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", m);
    }
    if (maml->preconditioner && team) {
        maml->factors = malloc(all * ks_preconditioner_size(maml->preconditioner) * sizeof *maml->factors);
        ok = maml->factors || ks_fail(err, KS_FAILED, "not enough memory for the preconditioner of %zu tasks", all);
    }
    return ok;
}

/* Tasks whose inner steps leave behind no more than stays in the cache, roughly, one for each thread at least. */
static size_t wave_of(const ks_maml* maml) {
    size_t threads = (size_t)maml->settings.threads;
    size_t task = ks_tape_bytes(maml->policy, KS_TAPE_HESSIAN, maml->problem->max_rows) *
                  (size_t)(maml->inner_steps > 0 ? maml->inner_steps : 1);
    size_t fit = WAVE_BYTES / task / threads * threads;
    size_t wave = fit > threads ? fit : threads;
    return wave < maml->tally.groups ? wave : maml->tally.groups;
}

static bool check_model(const ks_maml* maml, ks_error* err) {
    bool context = false;
    for (size_t t = 0; t < ks_policy_num_tensors(maml->policy); t++) {
        context |= ks_policy_tensor_at(maml->policy, t).context;
    }
    if (maml->settings.inner.adapts == KS_ADAPTS_CONTEXT && !context) {
        return ks_fail(err, KS_BAD_INPUT, "inner.adapts: context: the model has none (policy.context)");
    }
    if (!maml->given && maml->problem->accuracy) {
        return ks_fail(err, KS_BAD_INPUT, "outer: %s: problem: %s takes adam or reptile", maml->settings.outer->name,
                       maml->problem->kind->name);
    }
    if (maml->settings.inner.norm_per_step && !(maml->given && ks_policy_has_norm(maml->policy))) {
        return ks_fail(
            err, KS_BAD_INPUT,
            "inner.norm_per_step is for models with batch norm, and an outer step of adam on rows that are given");
    }
    return maml->given || maml->settings.inner.loss_of_all == 0 ||
           ks_fail(err, KS_BAD_INPUT,
                   "inner.loss_of_all must be 0 where rows are sampled, or the outer step is not adam");
}

/* ---- parts ----------------------------------------------------------------------------------------------------------------- */

static bool create_parts(ks_maml* maml, ks_error* err) {
    const ks_maml_settings* s = &maml->settings;
    ks_problem* problem = maml->problem;
    const ks_step_sizes sizes = ks_inner_step_sizes(&s->inner);
    ks_problem_sizes room = {.tasks = maml->tally.groups, .stages = maml->inner_steps + 1, .threads = s->threads};
    if (!problem->kind->prepare(problem, maml->policy, &room, err)) {
        return false;
    }
    maml->inner = ks_inner_create(maml->policy, &sizes, maml->tally.groups, problem->max_rows, s->threads, err);
    if (!maml->inner) {
        return false;
    }
    maml->wave = maml->given ? wave_of(maml) : maml->tally.groups;
    maml->num_sizes = maml->inner_steps > 0 ? ks_step_sizes_count(&sizes, maml->policy) : 0;
    maml->jacobian = ks_jacobian_create(maml->policy, maml->inner,
                                        (ks_jacobian_sizes){.groups = maml->wave,
                                                            .first = maml->tally.first,
                                                            .max_rows = problem->max_rows,
                                                            .inner_steps = maml->inner_steps,
                                                            .first_order = s->inner.first_order,
                                                            .curvature = maml->needs.curvature,
                                                            .fraction = maml->needs.curvature_fraction},
                                        err);
    if (!maml->jacobian) {
        return false;
    }
    if (maml->needs.kfac_damping > 0) {
        maml->preconditioner =
            ks_preconditioner_create(maml->policy, maml->tally.groups, maml->tally.tasks, s->threads, err);
        if (!maml->preconditioner) {
            return false;
        }
    }
    if ((problem->extra > 0 || problem->emaml > 0) && maml->inner_steps > 0) {
        maml->extra = ks_extra_create(maml->policy, problem, maml->tally.groups, err);
        if (!maml->extra) {
            return false;
        }
    }
    maml->outer = s->outer->create(s->outer_settings, ks_maml_num_params(maml), err);
    return maml->outer != NULL;
}

ks_maml* ks_maml_create(ks_problem* problem, const ks_policy* policy, const ks_maml_settings* settings, ks_error* err) {
    if (!check(problem, settings, err)) {
        return NULL;
    }
    ks_maml* maml = calloc(1, sizeof *maml);
    if (!maml) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    maml->settings = *settings;
    maml->problem = problem;
    maml->policy = policy;
    maml->num_params = ks_policy_num_params(policy);
    if (!problem->adapts) { /* without a step, nothing can be learned of its size */
        maml->settings.inner.steps = 0;
        maml->settings.inner.learned = KS_LEARNED_NONE;
        maml->settings.inner.per_step = maml->settings.inner.norm_per_step = false;
    }
    maml->inner_steps = maml->settings.inner.steps;
    maml->step_scale = 1;
    maml->needs = settings->outer->needs(settings->outer_settings);
    maml->given = !problem->sampled && !problem->measures && !maml->needs.curvature && !maml->needs.moves;
    if (!ks_tally_init(&maml->tally, settings->team, problem->tasks, settings->threads, err) ||
        !check_model(maml, err) || !create_parts(maml, err) || !create_memory(maml, err)) {
        ks_maml_destroy(maml);
        return NULL;
    }
    return maml;
}

void ks_maml_destroy(ks_maml* maml) {
    if (!maml) {
        return;
    }
    if (maml->outer) {
        maml->settings.outer->destroy(maml->outer);
    }
    ks_jacobian_destroy(maml->jacobian);
    ks_preconditioner_destroy(maml->preconditioner);
    ks_extra_destroy(maml->extra);
    ks_inner_destroy(maml->inner);
    ks_tally_free(&maml->tally);
    free(maml->rows);
    free(maml->theta);
    free(maml->moved_theta);
    free(maml->stage);
    free(maml->gradients);
    free(maml->diagonal);
    free(maml->size_curvature);
    free(maml->size_rms);
    free(maml->losses);
    free(maml->accuracy);
    free(maml->query_loss);
    free(maml->query_gradient);
    free(maml->query_groups);
    free(maml->wave_groups);
    free(maml->old);
    free(maml->candidate);
    free(maml->candidate_theta);
    free(maml->u);
    free(maml->da);
    free(maml->gathered);
    free(maml->notes);
    free(maml->metrics);
    free(maml->factors);
    free(maml->all_loss);
    free(maml->all_kl);
    free(maml->loss);
    free(maml->kl);
    free(maml);
}

/* ---- looking at it --------------------------------------------------------------------------------------------------------- */

size_t ks_maml_num_params(const ks_maml* maml) {
    return maml->num_params + maml->num_sizes;
}

void ks_maml_set_step_scale(ks_maml* maml, double scale) {
    maml->step_scale = scale;
}

size_t ks_maml_state_size(const ks_maml* maml) {
    return maml->settings.outer->state_size(ks_maml_num_params(maml));
}

void ks_maml_init_step_sizes(const ks_maml* maml, ks_real* params) {
    if (maml->num_sizes > 0) {
        ks_step_sizes_init(params + maml->num_params, ks_inner_sizes(maml->inner), maml->policy);
    }
}

const ks_maml_settings* ks_maml_get_settings(const ks_maml* maml) {
    return &maml->settings;
}

const ks_problem* ks_maml_problem(const ks_maml* maml) {
    return maml->problem;
}

const ks_policy* ks_maml_policy(const ks_maml* maml) {
    return maml->policy;
}

void* ks_maml_outer(ks_maml* maml) {
    return maml->outer;
}

size_t ks_maml_num_groups(const ks_maml* maml) {
    return maml->tally.groups;
}

int ks_maml_num_stages(const ks_maml* maml) {
    return maml->inner_steps + 1;
}

const ks_task_rows* ks_maml_rows(const ks_maml* maml, int stage, size_t group) {
    return &maml->rows[(size_t)stage * maml->tally.groups + group];
}

const ks_real* ks_maml_stage_theta(const ks_maml* maml, int stage, size_t group) {
    size_t place = stage == 0 && !maml->problem->sampled ? 0 : group; /* core.h */
    return maml->theta + ((size_t)stage * maml->tally.groups + place) * maml->num_params;
}

const double* ks_maml_alpha(const ks_maml* maml, int step) {
    return ks_inner_alpha(maml->inner, step);
}

const double* ks_maml_size_rms(const ks_maml* maml) {
    return maml->size_rms;
}

const double* ks_maml_stage_weights(const ks_maml* maml) {
    return maml->stage_weight;
}

const double* ks_maml_outer_losses(const ks_maml* maml) {
    return maml->loss;
}

const char* ks_method_name(ks_method method) {
    static const char* const NAMES[] = {KS_METHODS(KS_CHOICE_WORD)};
    return NAMES[method];
}
