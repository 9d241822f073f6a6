#include "run/validate.h"

#include "fewshot/fresh_head.h"
#include "fewshot/nearest.h"
#include "maml/evaluate.h"

#include <stdlib.h>

bool ks_validates(const ks_config* config, const ks_setup* setup) {
    return config->validate_every > 0 && setup->problem->has_validation;
}

bool ks_validation_is_due(const ks_config* config, const ks_setup* setup, int64_t iterations) {
    return ks_validates(config, setup) && iterations % config->validate_every == 0;
}

/* metric (validation_tasks) after the inner steps that the model is trained for */
static bool adapt(double* metric, ks_problem* problem, const ks_config* config, const ks_setup* setup,
                  const ks_real* params, int threads, ks_error* err) {
    size_t tasks = (size_t)config->validation_tasks;
    ks_maml_settings maml = ks_config_maml(config, threads);
    ks_eval_model model = {.policy = setup->policy, .params = params, .sizes = ks_inner_step_sizes(&maml.inner)};
    ks_eval_settings settings = ks_eval_settings_default();
    settings.steps = maml.inner.steps;
    settings.split = KS_SPLIT_VALIDATION;
    settings.seed = maml.seed;
    settings.threads = threads;
    for (int j = 0; j < settings.steps; j++) {
        settings.lr[j] = ks_step_sizes_own(&model.sizes);
    }
    ks_eval_result result;
    if (!ks_evaluate(&result, problem, &model, tasks, &settings, NULL, NULL, err)) {
        return false;
    }
    for (size_t i = 0; i < tasks; i++) {
        metric[i] = result.metric[(i + 1) * ((size_t)settings.steps + 1) - 1];
    }
    ks_eval_result_free(&result);
    return true;
}

static bool compare(double* metric, ks_problem* problem, const ks_config* config, const ks_setup* setup,
                    const ks_real* params, int threads, ks_error* err) {
    ks_fresh_head model;
    if (!ks_fresh_head_create(&model, setup->policy, params, config->images.ways, 0, 0, err)) {
        return false;
    }
    ks_nearest_model nearest = {.policy = model.policy, .theta = model.theta};
    bool ok = ks_nearest(metric, problem, &nearest, (size_t)config->validation_tasks, KS_SPLIT_VALIDATION,
                         (uint64_t)config->seed, threads, err);
    ks_fresh_head_free(&model);
    return ok;
}

bool ks_validate(double* metric, const ks_config* config, const ks_setup* setup, const ks_real* params, int threads,
                 ks_error* err) {
    size_t tasks = (size_t)config->validation_tasks;
    ks_problem* problem = ks_problem_beside(setup->problem, ks_config_problem_settings(config), KS_MAML, tasks, err);
    double* each = malloc(tasks * sizeof *each);
    bool ok = problem && (each || ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", tasks));
    ok = ok && (config->method == KS_MAML ? adapt : compare)(each, problem, config, setup, params, threads, err);
    *metric = 0;
    for (size_t i = 0; ok && i < tasks; i++) {
        *metric += each[i] / (double)tasks;
    }
    free(each);
    if (problem) {
        setup->problem->kind->destroy(problem);
    }
    return ok;
}
