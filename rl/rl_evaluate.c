#include "rl/rl_evaluate.h"

#include <limits.h>

ks_rl_eval_settings ks_rl_eval_settings_default(void) {
    return (ks_rl_eval_settings){.eval = ks_eval_settings_default(),
                                 .trajectories = 20,
                                 .horizon = 200,
                                 .advantage = ks_advantage_settings_default()};
}

ks_rl_settings ks_rl_eval_problem(const ks_rl_eval_settings* s) {
    ks_rl_settings rl = ks_rl_settings_default();
    rl.trajectories = (int)s->trajectories;
    rl.horizon = (int)s->horizon;
    rl.gamma = s->advantage.gamma;
    rl.gae_lambda = s->advantage.gae_lambda;
    return rl;
}

bool ks_rl_evaluate(ks_eval_result* result, const ks_env_model* model, const ks_eval_model* policy, const double* tasks,
                    size_t count, const ks_rl_eval_settings* settings, ks_batch* const* batches,
                    ks_eval_progress progress, void* user, ks_error* err) {
    *result = (ks_eval_result){0};
    if (settings->trajectories < 1 || settings->trajectories > INT_MAX || settings->horizon < 1 ||
        settings->horizon > INT_MAX) {
        return ks_fail(err, KS_BAD_INPUT, "an evaluation needs at least 1 trajectory and timestep");
    }
    ks_rl_settings rl = ks_rl_eval_problem(settings);
    ks_problem* problem = ks_rl_create(model, &rl, KS_MAML, count, err);
    if (!problem) {
        return false;
    }
    ks_rl_give_tasks(problem, tasks, count);
    if (batches) {
        ks_rl_give_batches(problem, batches, (size_t)settings->eval.steps + 1);
    }
    bool ok = ks_evaluate(result, problem, policy, count, &settings->eval, progress, user, err);
    ks_rl_destroy(problem);
    return ok;
}

bool ks_rl_create_batches(ks_batch** batches, const ks_env_model* model, const ks_policy* policy,
                          const ks_rl_eval_settings* s, ks_error* err) {
    ks_sampler* sampler = ks_sampler_create(model, policy, 1, err);
    bool ok = sampler != NULL;
    for (int j = 0; ok && j <= s->eval.steps; j++) {
        ks_batch_sizes sizes = ks_sampler_batch_sizes(sampler, s->trajectories, s->horizon, j == s->eval.steps);
        batches[j] = ks_batch_create(&sizes, err);
        ok = batches[j] != NULL;
    }
    ks_sampler_destroy(sampler);
    return ok;
}
