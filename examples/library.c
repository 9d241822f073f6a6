/* A program that uses kshot as a library: it reads a policy, lets it learn a task by one gradient step, and prints the mean return
 * before and after. docs/library.md says how to build it.
 *
 *     library POLICY.safetensors NUMBER…        the numbers are the task's */
#include <kshot/kshot.h>

#include <stdlib.h>

enum { TRAJECTORIES = 20, THREADS = 2 };

typedef struct learner {
    ks_policy* policy;
    ks_policy_info info; /* how it was trained: environment, step size, … */
    ks_real* theta;      /* its parameters */
    ks_env_model* model;
    ks_adapt* adapt;
    ks_batch* batch;
} learner;

static bool learner_open(learner* l, const char* path, ks_error* err) {
    if (!ks_policy_load(path, &l->policy, &l->theta, &l->info, err)) {
        return false;
    }
    const ks_env_def* def = ks_env_find(l->info.env, err);
    l->model = def ? ks_env_model_create(def, false, err) : NULL;
    if (!l->model) {
        return false;
    }
    const size_t horizon = (size_t)l->info.horizon;
    const ks_adapt_sizes sizes = {.tasks = 1, .trajectories = TRAJECTORIES, .horizon = horizon, .threads = THREADS};
    l->adapt = ks_adapt_create(l->model, l->policy, sizes, err);
    if (!l->adapt) {
        return false;
    }
    const ks_batch_sizes room = ks_sampler_batch_sizes(ks_adapt_sampler(l->adapt), TRAJECTORIES, horizon, false);
    l->batch = ks_batch_create(&room, err);
    return l->batch != NULL;
}

static void learner_close(learner* l) {
    ks_batch_destroy(l->batch);
    ks_adapt_destroy(l->adapt);
    ks_env_model_destroy(l->model);
    ks_policy_destroy(l->policy);
    free(l->theta);
}

/* Samples trajectories of `task` after that many gradient steps. The noise is that of `kshot eval`, so the returns are, too. */
static bool sample(learner* l, const double* task, uint32_t steps, ks_error* err) {
    const ks_rollout_request request = {
        .batch = l->batch, .trajectories = TRAJECTORIES, .theta = l->theta, .task = task, .may_break_down = true};
    const ks_rollout_noise noise = {.seed = 1, .iteration = KS_EVAL_ITERATION, .stage = steps};
    const ks_advantage_settings advantage = {.gamma = l->info.gamma, .gae_lambda = l->info.gae_lambda};
    return ks_adapt_sample(l->adapt, &request, 1, noise, advantage, NULL, err) &&
           ks_adapt_check(l->adapt, &request, (int)steps, l->info.inner_lr, err);
}

static bool learn(learner* l, const double* task, ks_error* err) {
    if (!ks_env_check_task(ks_env_model_def(l->model), task, err) || !sample(l, task, 0, err)) {
        return false;
    }
    printf("before  %.9g\n", ks_batch_mean_return(l->batch));

    const ks_group group = {.rows = ks_batch_rows(l->batch), .theta = l->theta};
    ks_adapt_step(l->theta, l->adapt, &group, 1, l->info.inner_lr);
    if (!sample(l, task, 1, err)) {
        return false;
    }
    printf("after   %.9g\n", ks_batch_mean_return(l->batch));
    return true;
}

int main(int argc, char** argv) {
    ks_error err = {0};
    learner l = {0};
    double task[KS_TASK_MAX];
    bool ok = argc > 1 ? learner_open(&l, argv[1], &err)
                       : ks_fail(&err, KS_BAD_INPUT, "usage: library POLICY.safetensors NUMBER…");
    const int numbers = argc - 2;
    if (ok && numbers != ks_env_model_def(l.model)->task_dim) {
        ok =
            ks_fail(&err, KS_BAD_INPUT, "a task of %s has %d numbers", l.info.env, ks_env_model_def(l.model)->task_dim);
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
