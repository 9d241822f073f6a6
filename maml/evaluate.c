#include "maml/evaluate.h"

#include "maml/adapt.h"

#include <stdlib.h>
#include <string.h>

/* tasks that are worked on side by side: bounds the memory, and changes no result */
enum { TASKS_AT_ONCE = 40 };

ks_eval_settings ks_eval_settings_default(void) {
    ks_eval_settings settings = {
        .trajectories = 20,
        .horizon = 200,
        .steps = 3,
        .advantage = ks_advantage_settings_default(),
        .seed = 1,
        .threads = 1,
    };
    ks_eval_set_lr(&settings, 0.1);
    return settings;
}

void ks_eval_set_lr(ks_eval_settings* settings, double first) {
    settings->lr[0] = first;
    for (int j = 1; j < KS_EVAL_MAX_STEPS; j++) {
        settings->lr[j] = 0.5 * first;
    }
}

void ks_eval_result_free(ks_eval_result* result) {
    free(result->mean_return);
    free(result->mean_length);
    *result = (ks_eval_result){0};
}

typedef struct evaluation {
    const ks_eval_settings* settings;
    size_t at_once, num_params, task_dim;
    ks_adapt* adapt;
    ks_real* theta;               /* (at_once x P) */
    ks_batch** own;               /* (at_once), where the caller keeps none */
    ks_group* groups;             /* (at_once) */
    ks_rollout_request* requests; /* (at_once) */
} evaluation;

static void evaluation_free(evaluation* e) {
    for (size_t i = 0; e->own && i < e->at_once; i++) {
        ks_batch_destroy(e->own[i]);
    }
    ks_adapt_destroy(e->adapt);
    free(e->own);
    free(e->theta);
    free(e->groups);
    free(e->requests);
}

static bool evaluation_init(evaluation* e, const ks_env_model* model, const ks_policy* policy, size_t tasks,
                            const ks_eval_settings* settings, bool keep, ks_error* err) {
    *e = (evaluation){
        .settings = settings,
        .at_once = tasks < TASKS_AT_ONCE ? tasks : TASKS_AT_ONCE,
        .num_params = ks_policy_num_params(policy),
        .task_dim = (size_t)ks_env_model_def(model)->task_dim,
    };
    e->adapt = ks_adapt_create(model, policy,
                               (ks_adapt_sizes){.tasks = e->at_once,
                                                .trajectories = settings->trajectories,
                                                .horizon = settings->horizon,
                                                .threads = settings->threads},
                               err);
    if (!e->adapt) {
        return false;
    }
    e->theta = malloc(e->at_once * e->num_params * sizeof *e->theta);
    e->own = calloc(e->at_once, sizeof *e->own);
    e->groups = calloc(e->at_once, sizeof *e->groups);
    e->requests = calloc(e->at_once, sizeof *e->requests);
    if (!e->theta || !e->own || !e->groups || !e->requests) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", e->at_once);
    }
    ks_batch_sizes sizes =
        ks_sampler_batch_sizes(ks_adapt_sampler(e->adapt), settings->trajectories, settings->horizon, false);
    for (size_t i = 0; !keep && i < e->at_once; i++) {
        e->own[i] = ks_batch_create(&sizes, err);
        if (!e->own[i]) {
            return false;
        }
    }
    return true;
}

/* Tasks first … first+count-1: samples with the parameters as they are, notes the returns, takes a gradient step; and again. */
static bool evaluate_some(ks_eval_result* result, evaluation* e, const double* tasks, size_t first, size_t count,
                          ks_batch** batches, ks_error* err) {
    size_t columns = (size_t)e->settings->steps + 1;
    for (int j = 0; j <= e->settings->steps; j++) {
        bool last = j == e->settings->steps;
        for (size_t i = 0; i < count; i++) {
            e->requests[i] = (ks_rollout_request){
                .batch = batches ? batches[(first + i) * columns + (size_t)j] : e->own[i],
                .trajectories = e->settings->trajectories,
                .theta = e->theta + i * e->num_params,
                .task = tasks + (first + i) * e->task_dim,
                .task_index = (uint32_t)(first + i),
                .may_break_down = j > 0,
            };
        }
        ks_rollout_noise noise = {.seed = e->settings->seed,
                                  .iteration = KS_EVAL_ITERATION,
                                  .stage = (uint32_t)j,
                                  .deterministic = last && e->settings->deterministic};
        if (!ks_adapt_sample(e->adapt, e->requests, count, noise, e->settings->advantage, NULL, err)) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            const ks_batch* batch = e->requests[i].batch;
            if (j > 0 && !ks_adapt_check(e->adapt, &e->requests[i], j, e->settings->lr[j - 1], err)) {
                return false;
            }
            size_t place = (first + i) * columns + (size_t)j;
            result->mean_return[place] = ks_batch_mean_return(batch);
            result->mean_length[place] = ks_batch_mean_length(batch);
            result->rejected += batch->rejected;
            e->groups[i] = (ks_group){.rows = ks_batch_rows(batch), .theta = e->requests[i].theta};
        }
        if (!last) {
            ks_adapt_step(e->theta, e->adapt, e->groups, count, e->settings->lr[j]);
        }
    }
    return true;
}

bool ks_evaluate(ks_eval_result* result, const ks_env_model* model, const ks_policy* policy, const ks_real* theta,
                 const double* tasks, size_t count, const ks_eval_settings* settings, ks_batch** batches,
                 ks_eval_progress progress, void* user, ks_error* err) {
    *result = (ks_eval_result){.tasks = count, .steps = settings->steps};
    if (count < 1 || settings->trajectories < 1 || settings->horizon < 1 || settings->threads < 1 ||
        settings->steps < 0 || settings->steps > KS_EVAL_MAX_STEPS) {
        return ks_fail(
            err, KS_BAD_INPUT,
            "an evaluation needs at least 1 task, trajectory, timestep and thread, and 0 to %d gradient steps",
            KS_EVAL_MAX_STEPS);
    }
    evaluation e = {0};
    size_t cells = count * ((size_t)settings->steps + 1);
    result->mean_return = calloc(cells, sizeof *result->mean_return);
    result->mean_length = calloc(cells, sizeof *result->mean_length);
    bool ok = result->mean_return && result->mean_length;
    if (!ok) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", count);
    }
    ok = ok && evaluation_init(&e, model, policy, count, settings, batches != NULL, err);
    for (size_t first = 0; ok && first < count; first += e.at_once) {
        size_t some = count - first < e.at_once ? count - first : e.at_once;
        for (size_t i = 0; i < some; i++) {
            memcpy(e.theta + i * e.num_params, theta, e.num_params * sizeof *theta);
        }
        ok = evaluate_some(result, &e, tasks, first, some, batches, err);
        if (ok && progress) {
            progress(user, first + some, count);
        }
    }
    evaluation_free(&e);
    if (!ok) {
        ks_eval_result_free(result);
    }
    return ok;
}
