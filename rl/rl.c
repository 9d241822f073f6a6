#include "rl/rl.h"

#include "base/number.h"
#include "base/parallel.h"
#include "envs/content.h"
#include "rl/rl_audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct rl {
    ks_problem base;
    ks_rl_settings settings;
    ks_method method;
    const ks_env_model* model;
    ks_env_model* own_model; /* or NULL: the caller's */
    const ks_env_def* def;
    const ks_env_def* own_def; /* where it was opened here, as was its model; else NULL */
    size_t num_params;         /* P */
    size_t trajectories;       /* of a group */
    size_t groups, first;      /* at most; number of the first of those drawn */
    int stages, threads;

    ks_sampler* sampler;
    ks_advantage_ws** advantage_ws; /* (threads) */
    bool* failed;                   /* (groups) whose baseline could not be solved for */
    ks_rollout_request* requests;   /* (groups) */
    double* task;     /* (groups x task_dim), or (trajectories x task_dim) where each has a task of its own */
    ks_batch** batch; /* (stages x groups) */
    bool keep_physics;
    bool task_per_trajectory; /* of those drawn last */

    const double* given; /* (num_given x task_dim) test tasks, or NULL */
    size_t num_given;
    ks_batch* const* kept; /* (num_given x kept_stages), or NULL */
    size_t kept_stages;
} rl;

static const rl* self(const ks_problem* problem) {
    return (const rl*)(const void*)problem;
}

/* ---- creation ------------------------------------------------------------------------------------------------------------- */

ks_problem* ks_rl_create(const ks_env_model* model, const ks_rl_settings* settings, ks_method method, size_t tasks,
                         ks_error* err) {
    const ks_env_def* def = ks_env_model_def(model);
    bool is_maml = method == KS_MAML;
    if (!ks_rl_settings_check(settings, err)) {
        return NULL;
    }
    if (settings->sweep > 0 && is_maml && !def->reward) {
        ks_fail(err, KS_BAD_INPUT,
                "%s: no sweep (inner.sweep) is possible, as the environment has no `reward` function", def->name);
        return NULL;
    }
    rl* r = calloc(1, sizeof *r);
    if (!r) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    r->settings = *settings;
    r->method = method;
    r->model = model;
    r->def = def;
    r->trajectories = (size_t)settings->trajectories * (is_maml ? 1 : tasks);
    r->base = (ks_problem){
        .kind = &ks_problem_rl,
        .name = def->name,
        .tasks = is_maml ? tasks : 1,
        .max_rows = r->trajectories * (size_t)settings->horizon,
        .adapts = is_maml,
        .sampled = true,
        .has_validation = true,
        .extra = is_maml ? settings->sweep : 0,
        .emaml = is_maml ? settings->emaml : 0,
    };
    return &r->base;
}

static ks_problem* create(const void* settings, ks_method method, size_t tasks, ks_error* err) {
    const ks_rl_settings* s = settings;
    const ks_env_def* def = ks_env_open(s->env, NULL, err);
    ks_env_model* model = def ? ks_env_model_create(def, method == KS_ORACLE, err) : NULL;
    ks_problem* problem = model ? ks_rl_create(model, s, method, tasks, err) : NULL;
    if (!problem) {
        ks_env_model_destroy(model);
        ks_env_close(def);
        return NULL;
    }
    ((rl*)problem)->own_model = model;
    ((rl*)problem)->own_def = def;
    return problem;
}

/* On the same environment, whatever the settings say of it. */
static ks_problem* create_beside(const ks_problem* first, const void* settings, ks_method method, size_t tasks,
                                 ks_error* err) {
    return ks_rl_create(self(first)->model, settings, method, tasks, err);
}

void ks_rl_destroy(ks_problem* problem) {
    rl* r = (rl*)problem;
    if (!r) {
        return;
    }
    for (int t = 0; r->advantage_ws && t < r->threads; t++) {
        ks_advantage_ws_destroy(r->advantage_ws[t]);
    }
    for (size_t i = 0; r->batch && i < (size_t)r->stages * r->groups; i++) {
        ks_batch_destroy(r->batch[i]);
    }
    free(r->advantage_ws);
    free(r->failed);
    free(r->requests);
    free(r->task);
    free(r->batch);
    ks_sampler_destroy(r->sampler);
    ks_env_model_destroy(r->own_model);
    ks_env_close(r->own_def);
    free(r);
}

void ks_rl_give_tasks(ks_problem* problem, const double* tasks, size_t count) {
    rl* r = (rl*)problem;
    r->given = tasks;
    r->num_given = count;
}

void ks_rl_give_batches(ks_problem* problem, ks_batch* const* batches, size_t stages) {
    rl* r = (rl*)problem;
    r->kept = batches;
    r->kept_stages = stages;
}

void ks_rl_keep_physics(ks_problem* problem, bool keep) {
    ((rl*)problem)->keep_physics = keep;
}

void ks_rl_use_trajectories(ks_problem* problem, size_t trajectories) {
    ((rl*)problem)->trajectories = trajectories;
}

static void shape(const ks_problem* problem, ks_policy_settings* s) {
    const rl* r = self(problem);
    s->obs_dim = ks_env_model_obs_dim(r->model);
    s->act_dim = r->def->num_actions > 0 ? r->def->num_actions : r->def->act_dim;
    s->head = r->def->num_actions > 0 ? KS_CATEGORICAL : KS_GAUSSIAN;
}

static void input_size(const ks_problem* problem, double* size) {
    ks_env_model_obs_size(self(problem)->model, size);
}

static bool create_batches(rl* r, ks_error* err) {
    ks_batch_sizes sizes =
        ks_sampler_batch_sizes(r->sampler, r->trajectories, (size_t)r->settings.horizon, r->keep_physics);
    for (size_t i = 0; !r->kept && i < (size_t)r->stages * r->groups; i++) {
        sizes.sweep = r->base.extra > 0 && r->stages > 1 && i < r->groups;
        r->batch[i] = ks_batch_create(&sizes, err);
        if (!r->batch[i]) {
            return false;
        }
    }
    return true;
}

static bool prepare(ks_problem* problem, const ks_policy* policy, const ks_problem_sizes* sizes, ks_error* err) {
    rl* r = (rl*)problem;
    size_t tasks =
        sizes->tasks > r->trajectories ? sizes->tasks : r->trajectories; /* of a group, or of its trajectories */
    r->groups = sizes->tasks;
    r->stages = sizes->stages;
    r->threads = sizes->threads;
    r->num_params = ks_policy_num_params(policy);
    if (ks_policy_couples_rows(policy)) {
        return ks_fail(
            err, KS_BAD_INPUT,
            "%s: batch norm (policy.batch_norm, policy.layers) is not for policies that act: their actions would "
            "depend on which observations are together",
            r->base.name);
    }
    r->sampler = ks_sampler_create(r->model, policy, sizes->threads, err);
    if (!r->sampler) {
        return false;
    }
    r->advantage_ws = calloc((size_t)r->threads, sizeof *r->advantage_ws);
    r->failed = calloc(r->groups, sizeof *r->failed);
    r->requests = calloc(r->groups, sizeof *r->requests);
    r->task = malloc(tasks * (size_t)r->def->task_dim * sizeof *r->task);
    r->batch = calloc((size_t)r->stages * r->groups, sizeof *r->batch);
    if (!r->advantage_ws || !r->failed || !r->requests || !r->task || !r->batch) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", r->groups);
    }
    for (int t = 0; t < r->threads; t++) {
        r->advantage_ws[t] = ks_advantage_ws_create((size_t)ks_env_model_obs_dim(r->model), r->base.max_rows, err);
        if (!r->advantage_ws[t]) {
            return false;
        }
    }
    return create_batches(r, err);
}

/* ---- tasks ------------------------------------------------------------------------------------------------------------------ */

static bool draw(ks_problem* problem, const ks_draw* d, ks_error* err) {
    rl* r = (rl*)problem;
    size_t dim = (size_t)r->def->task_dim;
    r->first = d->first;
    r->task_per_trajectory = d->split == KS_SPLIT_TRAIN && r->method != KS_MAML;
    if (d->split == KS_SPLIT_TRAIN) {
        ks_draw_tasks(r->task, r->def, d->seed, d->iteration, (uint32_t)d->first,
                      r->task_per_trajectory ? r->trajectories : d->count);
    } else if (!r->given) {
        (d->split == KS_SPLIT_VALIDATION ? ks_draw_validation_tasks : ks_draw_held_out_tasks)(r->task, r->def, d->seed,
                                                                                              d->first, d->count);
    } else if (d->first + d->count > r->num_given) {
        return ks_fail(err, KS_FAILED, "%s: %zu tasks were given, and %zu are asked for", r->def->name, r->num_given,
                       d->first + d->count);
    } else {
        memcpy(r->task, r->given + d->first * dim, d->count * dim * sizeof *r->task);
    }
    return true;
}

static void task_text(const ks_problem* problem, size_t i, char* text, size_t room) {
    const rl* r = self(problem);
    *text = 0;
    for (int d = 0; d < r->def->task_dim; d++) {
        size_t used = strlen(text);
        ks_snprintf(text + used, room - used, d ? " %.6g" : "%.6g", r->task[i * (size_t)r->def->task_dim + (size_t)d]);
    }
}

static const char* breaks_in(const ks_problem* problem) {
    return self(problem)->def->mujoco_data ? " or in unstable physics" : "";
}

/* ---- rollouts --------------------------------------------------------------------------------------------------------------- */

static ks_batch* batch_of(const rl* r, int stage, size_t group) {
    return r->kept ? r->kept[(r->first + group) * r->kept_stages + (size_t)stage]
                   : r->batch[(size_t)(stage % r->stages) * r->groups + group];
}

typedef struct advantage_job {
    rl* r;
    ks_advantage_settings settings;
} advantage_job;

static void advantage_item(void* user, size_t index, int thread) {
    const advantage_job* job = user;
    ks_batch* batch = job->r->requests[index].batch;
    ks_advantage_ws* ws = job->r->advantage_ws[thread];
    ks_advantage_compute(batch, job->settings, &job->r->failed[index], ws);
    if (batch->sweep_rew) {
        ks_batch sweep = *batch;
        sweep.rew = batch->sweep_rew;
        sweep.adv = batch->sweep_adv;
        ks_advantage_compute(&sweep, job->settings, NULL, ws);
    }
}

static bool collect(ks_problem* problem, const ks_stage* stage, ks_task_rows* rows, ks_error* err) {
    rl* r = (rl*)problem;
    for (size_t i = 0; i < stage->count; i++) {
        r->requests[i] = (ks_rollout_request){
            .batch = batch_of(r, stage->index, i),
            .trajectories = r->trajectories,
            .theta = stage->theta + i * r->num_params,
            .task = r->task + i * (size_t)r->def->task_dim,
            .task_per_trajectory = r->task_per_trajectory,
            .task_index = (uint32_t)(stage->first + i),
            .may_break_down = stage->index > 0,
        };
    }
    ks_rollout_noise noise = {.seed = stage->seed,
                              .iteration = stage->iteration,
                              .stage = (uint32_t)stage->index,
                              .deterministic = stage->deterministic};
    if (!ks_sampler_run(r->sampler, r->requests, stage->count, noise, err)) {
        return false;
    }
    advantage_job job = {r, ks_rl_advantage(&r->settings, stage->judges)};
    ks_parallel_for(r->threads, stage->count, advantage_item, &job);
    for (size_t i = 0; i < stage->count; i++) {
        const ks_batch* batch = r->requests[i].batch;
        rows[i] = (ks_task_rows){
            .rows = ks_batch_rows(batch),
            .head = batch->head,
            .extra = batch->sweep_adv,
            .metric = ks_batch_mean_return(batch),
            .length = ks_batch_mean_length(batch),
            .steps = batch->rows + batch->rejected,
            .rejected = batch->rejected,
            .failed = r->failed[i],
        };
        if (!stage->judges) { /* what an inner step is taken on */
            rows[i].rows.loss = (ks_loss)r->settings.inner_loss;
        }
    }
    return true;
}

ks_rows ks_batch_rows(const ks_batch* batch) {
    return (ks_rows){.n = batch->rows, .obs = batch->obs, .act = batch->act, .weight = batch->adv, .logp = batch->logp};
}

/* ---- looking at it ---------------------------------------------------------------------------------------------------------- */

const ks_batch* ks_rl_batch(const ks_problem* problem, int stage, size_t group) {
    return batch_of(self(problem), stage, group);
}

const ks_env_def* ks_rl_env(const ks_problem* problem) {
    return self(problem)->def;
}

const ks_env_model* ks_rl_model(const ks_problem* problem) {
    return self(problem)->model;
}

const ks_rl_settings* ks_rl_get_settings(const ks_problem* problem) {
    return &self(problem)->settings;
}

ks_method ks_rl_method(const ks_problem* problem) {
    return self(problem)->method;
}

static bool check(const void* settings, ks_error* err) {
    const ks_rl_settings* s = settings;
    return ks_rl_settings_check(s, err) && (ks_env_is_path(s->env) || ks_env_exists(s->env, err));
}

static void content(const ks_problem* problem, char text[KS_PROBLEM_CONTENT]) {
    ks_env_content(((const rl*)problem)->model, text, KS_PROBLEM_CONTENT);
}

const ks_problem_kind ks_problem_rl = {
    .name = "rl",
    .summary = "reinforcement learning: policies that act in an environment",
    .metric = "return",
    .higher_is_better = true,
    .has_validation = true,
    .settings_size = sizeof(ks_rl_settings),
    .outer = "trpo",
    .acts = true,
    .check = check,
    .create = create,
    .create_beside = create_beside,
    .content = content,
    .content_is = "environment",
    .destroy = ks_rl_destroy,
    .shape = shape,
    .input_size = input_size,
    .prepare = prepare,
    .draw = draw,
    .collect = collect,
    .task_text = task_text,
    .breaks_in = breaks_in,
    .audit = ks_rl_audit,
};
