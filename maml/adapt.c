#include "maml/adapt.h"

#include "base/number.h"
#include "base/parallel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ks_adapt {
    const ks_env_def* def;
    size_t num_params;
    int threads;
    ks_sampler* sampler;
    ks_derivatives* derivatives;
    ks_advantage_ws** advantage_ws; /* (threads) */
    bool* failed;                   /* (tasks) whose baseline could not be solved for */
    double* gradient;               /* (tasks x P) */
};

ks_adapt* ks_adapt_create(const ks_env_model* model, const ks_policy* policy, ks_adapt_sizes sizes, ks_error* err) {
    ks_adapt* a = calloc(1, sizeof *a);
    if (!a) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    size_t max_rows = sizes.trajectories * sizes.horizon;
    a->def = ks_env_model_def(model);
    a->num_params = ks_policy_num_params(policy);
    a->threads = sizes.threads;
    a->sampler = ks_sampler_create(model, policy, sizes.threads, err);
    a->derivatives = a->sampler ? ks_derivatives_create(policy, sizes.tasks, max_rows, sizes.threads, err) : NULL;
    if (!a->derivatives) {
        ks_adapt_destroy(a);
        return NULL;
    }
    a->advantage_ws = calloc((size_t)sizes.threads, sizeof *a->advantage_ws);
    a->failed = calloc(sizes.tasks, sizeof *a->failed);
    a->gradient = malloc(sizes.tasks * a->num_params * sizeof *a->gradient);
    if (!a->advantage_ws || !a->failed || !a->gradient) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", sizes.tasks);
        ks_adapt_destroy(a);
        return NULL;
    }
    for (int t = 0; t < sizes.threads; t++) {
        a->advantage_ws[t] = ks_advantage_ws_create((size_t)ks_env_model_obs_dim(model), max_rows, err);
        if (!a->advantage_ws[t]) {
            ks_adapt_destroy(a);
            return NULL;
        }
    }
    return a;
}

void ks_adapt_destroy(ks_adapt* a) {
    if (!a) {
        return;
    }
    for (int t = 0; a->advantage_ws && t < a->threads; t++) {
        ks_advantage_ws_destroy(a->advantage_ws[t]);
    }
    free(a->advantage_ws);
    free(a->failed);
    free(a->gradient);
    ks_derivatives_destroy(a->derivatives);
    ks_sampler_destroy(a->sampler);
    free(a);
}

const ks_sampler* ks_adapt_sampler(const ks_adapt* a) {
    return a->sampler;
}

ks_derivatives* ks_adapt_derivatives(ks_adapt* a) {
    return a->derivatives;
}

typedef struct advantage_job {
    ks_adapt* adapt;
    const ks_rollout_request* requests;
    ks_advantage_settings settings;
} advantage_job;

static void advantage_item(void* user, size_t index, int thread) {
    const advantage_job* job = user;
    ks_batch* batch = job->requests[index].batch;
    ks_advantage_ws* ws = job->adapt->advantage_ws[thread];
    ks_advantage_compute(batch, job->settings, &job->adapt->failed[index], ws);
    if (batch->sweep_rew) {
        ks_batch sweep = *batch;
        sweep.rew = batch->sweep_rew;
        sweep.adv = batch->sweep_adv;
        ks_advantage_compute(&sweep, job->settings, NULL, ws);
    }
}

bool ks_adapt_sample(ks_adapt* a, const ks_rollout_request* requests, size_t count, ks_rollout_noise noise,
                     ks_advantage_settings settings, size_t* baselines_failed, ks_error* err) {
    if (!ks_sampler_run(a->sampler, requests, count, noise, err)) {
        return false;
    }
    advantage_job job = {a, requests, settings};
    ks_parallel_for(a->threads, count, advantage_item, &job);
    for (size_t i = 0; baselines_failed && i < count; i++) {
        *baselines_failed += a->failed[i];
    }
    return true;
}

bool ks_adapt_works(const ks_adapt* a, const ks_rollout_request* sampled) {
    int finite = 1;
    for (size_t i = 0; i < a->num_params; i++) {
        finite &= isfinite(sampled->theta[i]) != 0;
    }
    return finite && sampled->batch->rows > 0;
}

bool ks_adapt_check(const ks_adapt* a, const ks_rollout_request* sampled, int step, double lr, ks_error* err) {
    if (ks_adapt_works(a, sampled)) {
        return true;
    }
    char task[KS_TASK_MAX * 16] = "";
    for (int i = 0; i < a->def->task_dim; i++) {
        size_t used = strlen(task);
        ks_snprintf(task + used, sizeof task - used, i ? " %.6g" : "%.6g", sampled->task[i]);
    }
    return ks_fail(
        err, KS_FAILED,
        "%s: the step size %g of gradient step %d is too large for task %u (%s): the policy that it leads to "
        "breaks down at once, in numbers that are not finite%s",
        a->def->name, lr, step, sampled->task_index, task, a->def->mujoco_data ? " or in unstable physics" : "");
}

ks_rows ks_batch_rows(const ks_batch* batch) {
    return (ks_rows){.n = batch->rows, .obs = batch->obs, .act = batch->act, .weight = batch->adv};
}

void ks_adapt_step(ks_real* theta_next, ks_adapt* a, const ks_group* groups, size_t count, double lr) {
    ks_derivatives_gradient(a->derivatives, a->gradient, groups, count);
    for (size_t g = 0; g < count; g++) {
        const double* gradient = a->gradient + g * a->num_params;
        const ks_real* theta = groups[g].theta;
        ks_real* next = theta_next + g * a->num_params;
        for (size_t i = 0; i < a->num_params; i++) {
            next[i] = (ks_real)((double)theta[i] - lr * gradient[i]);
        }
    }
}
