/* A program that uses kshot as a library: it reads a policy, lets it learn a task by one gradient step, and prints the mean return
 * before and after. docs/library.md says how to build it.
 *
 *     library POLICY.safetensors NUMBER…        the numbers are the task's */
#include <kshot/kshot.h>

#include <stdlib.h>

enum { TRAJECTORIES = 20, STEPS = 1, THREADS = 2 };

typedef struct learner {
    ks_policy* policy;
    ks_policy_info info; /* how it was trained: environment, step size, … */
    ks_real* params;     /* its parameters */
    const ks_env_def* def;
    ks_env_model* env;
} learner;

static bool learner_open(learner* l, const char* path, ks_error* err) {
    if (!ks_policy_load(path, &l->policy, &l->params, &l->info, err)) {
        return false;
    }
    l->def = ks_env_open(*l->info.env_file ? l->info.env_file : l->info.env, NULL, err);
    l->env = l->def ? ks_env_model_create(l->def, false, err) : NULL;
    return l->env != NULL;
}

static void learner_close(learner* l) {
    ks_env_model_destroy(l->env);
    ks_env_close(l->def);
    ks_policy_destroy(l->policy);
    free(l->params);
}

/* Samples trajectories of `task`, takes a gradient step on them, and samples anew. The random numbers are those of `kshot eval`, so
 * the returns are, too. */
static bool learn(const learner* l, const double* task, ks_error* err) {
    const ks_eval_model model = {.policy = l->policy, .params = l->params, .sizes = ks_policy_info_sizes(&l->info)};
    ks_rl_eval_settings settings = ks_rl_eval_settings_default();
    settings.trajectories = TRAJECTORIES;
    settings.horizon = (size_t)l->info.horizon;
    settings.advantage.gamma = l->info.gamma;
    settings.advantage.gae_lambda = l->info.gae_lambda;
    settings.eval.steps = STEPS;
    settings.eval.lr[0] = ks_step_sizes_own(&model.sizes); /* as in training */
    settings.eval.threads = THREADS;

    ks_eval_result result;
    if (!ks_env_check_task(ks_env_model_def(l->env), task, err) ||
        !ks_rl_evaluate(&result, l->env, &model, task, 1, &settings, NULL, NULL, NULL, err)) {
        return false;
    }
    printf("before  %.9g\nafter   %.9g\n", result.metric[0], result.metric[STEPS]);
    ks_eval_result_free(&result);
    return true;
}

int main(int argc, char** argv) {
    ks_error err = {0};
    learner l = {0};
    double task[KS_TASK_MAX];
    bool ok = argc > 1 ? learner_open(&l, argv[1], &err)
                       : ks_fail(&err, KS_BAD_INPUT, "usage: library POLICY.safetensors NUMBER…");
    const int numbers = argc - 2;
    if (ok && numbers != ks_env_model_def(l.env)->task_dim) {
        ok = ks_fail(&err, KS_BAD_INPUT, "a task of %s has %d numbers", l.info.env, ks_env_model_def(l.env)->task_dim);
    }
    for (int i = 0; ok && i < numbers; i++) {
        ok = ks_parse_double(argv[i + 2], &task[i]) || ks_fail(&err, KS_BAD_INPUT, "'%s' is no number", argv[i + 2]);
    }
    ok = ok && learn(&l, task, &err);
    learner_close(&l);
    if (!ok) {
        fprintf(stderr, "library: %s\n", err.text);
    }
    return ok ? 0 : (int)err.code;
}
