#include "base/parallel.h"
#include "bench/bench.h"
#include "rl/rollout.h"

#include <math.h>
#include <mujoco/mujoco.h>
#include <stdlib.h>
#include <string.h>

typedef struct bench {
    const ks_bench_options* options;
    ks_problem* problem;
    const ks_env_model* model; /* the problem's */
    ks_policy* policy;
    ks_sampler* sampler;
    ks_real* theta;              /* (P) */
    double* task;                /* (tasks x task_dim) */
    ks_batch** batch;            /* (tasks) */
    ks_rollout_request* request; /* (tasks) */
    size_t tasks;
    size_t rows; /* timesteps in all batches */
    /* the yardstick */
    const mjModel* m;
    mjData** data; /* (threads) */
    int substeps;  /* physics steps per timestep */
} bench;

/* ---- the yardstick ------------------------------------------------------------------------------------------------- */

/* trajectory `index` of all batches once more, by mj_step alone */
static void replay(void* user, size_t index, int thread) {
    const bench* b = user;
    const ks_batch* batch = b->batch[index / b->options->config->rl.trajectories];
    size_t trajectory = index % (size_t)b->options->config->rl.trajectories;
    const mjModel* m = b->m;
    mjData* d = b->data[thread];
    mj_resetData(m, d);
    size_t first = batch->traj_start[trajectory];
    memcpy(d->qpos, batch->qpos + first * (size_t)m->nq, (size_t)m->nq * sizeof *d->qpos);
    memcpy(d->qvel, batch->qvel + first * (size_t)m->nv, (size_t)m->nv * sizeof *d->qvel);
    for (size_t t = first; t < batch->traj_start[trajectory + 1]; t++) {
        for (int i = 0; i < m->nu; i++) {
            double low = m->actuator_ctrlrange[2 * i], high = m->actuator_ctrlrange[2 * i + 1];
            double a = fmax(-1, fmin(1, (double)batch->act[t * (size_t)m->nu + (size_t)i]));
            d->ctrl[i] = low + 0.5 * (a + 1) * (high - low);
        }
        for (int k = 0; k < b->substeps; k++) {
            mj_step(m, d);
        }
    }
}

static bool create_yardstick(bench* b, ks_error* err) {
    b->m = ks_env_model_mujoco(b->model);
    if (!b->m) {
        return true;
    }
    b->substeps = (int)round(ks_env_model_def(b->model)->dt / b->m->opt.timestep);
    b->data = calloc((size_t)b->options->threads, sizeof *b->data);
    for (int t = 0; b->data && t < b->options->threads; t++) {
        b->data[t] = mj_makeData(b->m);
        if (!b->data[t]) {
            return ks_fail(err, KS_FAILED, "not enough memory for the physics");
        }
    }
    return b->data || ks_fail(err, KS_FAILED, "not enough memory for the physics");
}

/* ---- ours -------------------------------------------------------------------------------------------------------- */

/* batches with or without the physics' states */
static bool create_batches(bench* b, bool physics, ks_error* err) {
    const ks_config* c = b->options->config;
    ks_batch_sizes sizes =
        ks_sampler_batch_sizes(b->sampler, (size_t)c->rl.trajectories, (size_t)c->rl.horizon, physics);
    for (size_t i = 0; i < b->tasks; i++) {
        ks_batch_destroy(b->batch[i]);
        b->batch[i] = ks_batch_create(&sizes, err);
        if (!b->batch[i]) {
            return false;
        }
        b->request[i] = (ks_rollout_request){
            .batch = b->batch[i],
            .trajectories = (size_t)c->rl.trajectories,
            .theta = b->theta,
            .task = b->task + i * (size_t)ks_env_model_def(b->model)->task_dim,
            .task_index = (uint32_t)i,
        };
    }
    return true;
}

static bool sample(bench* b, ks_error* err) {
    ks_rollout_noise noise = {.seed = (uint64_t)b->options->config->seed};
    if (!ks_sampler_run(b->sampler, b->request, b->tasks, noise, err)) {
        return false;
    }
    b->rows = 0;
    for (size_t i = 0; i < b->tasks; i++) {
        b->rows += b->batch[i]->rows;
    }
    return true;
}

static bool create(bench* b, ks_error* err) {
    const ks_config* c = b->options->config;
    b->problem = ks_config_problem(c)->create(&c->rl, (ks_method)c->method, (size_t)c->tasks, err);
    if (!b->problem) {
        return false;
    }
    b->model = ks_rl_model(b->problem);
    const ks_env_def* def = ks_rl_env(b->problem);
    ks_policy_settings settings;
    if (!ks_config_policy(&settings, c, b->problem, err)) {
        return false;
    }
    b->tasks = (size_t)c->tasks;
    b->policy = ks_policy_create(&settings, err);
    b->sampler = b->policy ? ks_sampler_create(b->model, b->policy, b->options->threads, err) : NULL;
    if (!b->sampler) {
        return false;
    }
    b->theta = malloc(ks_policy_num_params(b->policy) * sizeof *b->theta);
    b->task = malloc(b->tasks * (size_t)def->task_dim * sizeof *b->task);
    b->batch = calloc(b->tasks, sizeof *b->batch);
    b->request = calloc(b->tasks, sizeof *b->request);
    if (!b->theta || !b->task || !b->batch || !b->request) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", b->tasks);
    }
    ks_draw_tasks(b->task, def, (uint64_t)c->seed, 0, 0, b->tasks);
    return ks_initial_theta(b->theta, c, b->problem, b->policy, err) && create_yardstick(b, err);
}

static void destroy(bench* b) {
    for (size_t i = 0; b->batch && i < b->tasks; i++) {
        ks_batch_destroy(b->batch[i]);
    }
    for (int t = 0; b->data && t < b->options->threads; t++) {
        mj_deleteData(b->data[t]);
    }
    free(b->data);
    free(b->batch);
    free(b->request);
    free(b->task);
    free(b->theta);
    ks_sampler_destroy(b->sampler);
    ks_policy_destroy(b->policy);
    ks_rl_destroy(b->problem);
}

static bool measure(ks_bench_sampling* result, bench* b, ks_error* err) {
    size_t trajectories = b->tasks * (size_t)b->options->config->rl.trajectories;
    double ours = INFINITY, raw = INFINITY;
    for (int round = 0; round < b->options->rounds; round++) {
        /* the replay reads states that sampling for training does not keep */
        if (!create_batches(b, false, err) || !sample(b, err)) {
            return false;
        }
        double start = ks_clock();
        if (!sample(b, err)) {
            return false;
        }
        ours = fmin(ours, ks_clock() - start);
        if (!b->m) {
            continue;
        }
        if (!create_batches(b, true, err) || !sample(b, err)) {
            return false;
        }
        start = ks_clock();
        ks_parallel_for(b->options->threads, trajectories, replay, b);
        raw = fmin(raw, ks_clock() - start);
    }
    double rows = (double)b->rows;
    *result = (ks_bench_sampling){.env_steps_per_s = rows / ours};
    if (b->m) {
        result->mj_steps_per_s = rows * b->substeps / ours;
        result->raw_mj_steps_per_s = rows * b->substeps / raw;
        result->ratio = raw / ours;
    }
    return true;
}

bool ks_bench_sampling_run(ks_bench_sampling* result, const ks_bench_options* options, ks_error* err) {
    bench b = {.options = options};
    bool ok = create(&b, err) && measure(result, &b, err);
    destroy(&b);
    return ok;
}
