#include "run/validate.h"

#include "fewshot/fresh_head.h"
#include "fewshot/nearest.h"
#include "maml/evaluate.h"

#include <math.h>
#include <stdlib.h>

bool ks_validates(const ks_config* config, const ks_setup* setup) {
    return config->validate_every > 0 && setup->problem->has_validation;
}

bool ks_validation_has_column(const ks_config* config) {
    const ks_problem_kind* kind = ks_config_problem(config);
    return kind->has_validation && (kind->validates_by_default || config->validate_every > 0);
}

bool ks_validation_is_due(const ks_config* config, const ks_setup* setup, int64_t iterations) {
    return ks_validates(config, setup) && iterations % config->validate_every == 0;
}

/* what is validated */
typedef struct model {
    const ks_config* config;
    const ks_setup* setup;
    const ks_real* params;
    int threads;
} model;

/* metric (validation_tasks) after the inner steps that the model is trained for */
static bool adapt(double* metric, uint64_t* env_steps, ks_problem* problem, const model* m, ks_error* err) {
    size_t tasks = (size_t)m->config->validation_tasks;
    ks_maml_settings maml = ks_config_maml(m->config, m->threads);
    ks_eval_model adapted = {
        .policy = m->setup->policy, .params = m->params, .sizes = ks_inner_step_sizes(&maml.inner)};
    ks_eval_settings settings = ks_eval_settings_default();
    settings.steps = m->setup->problem->adapts ? maml.inner.steps : 0;
    settings.split = KS_SPLIT_VALIDATION;
    settings.seed = maml.seed;
    settings.threads = m->threads;
    settings.may_break_down = true;
    for (int j = 0; j < settings.steps; j++) {
        settings.lr[j] = ks_step_sizes_own(&adapted.sizes);
    }
    ks_eval_result result;
    if (!ks_evaluate(&result, problem, &adapted, tasks, &settings, NULL, NULL, err)) {
        return false;
    }
    for (size_t i = 0; i < tasks; i++) {
        metric[i] = result.metric[(i + 1) * ((size_t)settings.steps + 1) - 1];
    }
    *env_steps = result.env_steps;
    ks_eval_result_free(&result);
    return true;
}

static bool compare(double* metric, uint64_t* env_steps, ks_problem* problem, const model* m, ks_error* err) {
    ks_fresh_head head;
    *env_steps = 0;
    if (!ks_fresh_head_create(&head, m->setup->policy, m->params, m->config->images.ways, 0, 0, err)) {
        return false;
    }
    ks_nearest_model nearest = {.policy = head.policy, .theta = head.theta};
    bool ok = ks_nearest(metric, problem, &nearest, (size_t)m->config->validation_tasks, KS_SPLIT_VALIDATION,
                         (uint64_t)m->config->seed, m->threads, err);
    ks_fresh_head_free(&head);
    return ok;
}

/* The problem of validation tasks, each of which is adapted to by itself. */
static ks_problem* create_problem(const ks_config* config, const ks_problem* first, ks_error* err) {
    ks_config own = *config;
    own.rl.sweep = 0; /* which is of training alone */
    return ks_problem_beside(first, ks_config_problem_settings(&own), KS_MAML, (size_t)config->validation_tasks, err);
}

bool ks_validate(ks_validation* out, const ks_config* config, const ks_setup* setup, const ks_real* params, int threads,
                 ks_error* err) {
    size_t tasks = (size_t)config->validation_tasks;
    const model m = {config, setup, params, threads};
    bool tells_all_apart = setup->problem->accuracy && !setup->problem->adapts;
    ks_problem* problem = create_problem(config, setup->problem, err);
    double* each = malloc(tasks * sizeof *each);
    *out = (ks_validation){0};
    bool ok = problem && (each || ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", tasks));
    ok = ok && (tells_all_apart ? compare : adapt)(each, &out->env_steps, problem, &m, err);
    for (size_t i = 0; ok && i < tasks; i++) {
        out->metric += each[i] / (double)tasks;
        out->broken += isnan(each[i]);
    }
    free(each);
    if (problem) {
        setup->problem->kind->destroy(problem);
    }
    return ok;
}
