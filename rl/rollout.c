#include "rl/rollout.h"

#include "base/parallel.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 20,     /* trajectories stepped in lock-step at most (measured: more gain nothing) */
    MIN_ITEMS = 16, /* blocks wanted where there are few trajectories, so that every core gets some */
    BROKEN = 2,     /* in batch->terminated while sampling: the physics broke down, or a number was not finite */
};

/* What one thread needs to step a block. */
typedef struct crew {
    ks_env* env[BLOCK];
    ks_policy_ws* ws;
    ks_real* obs;    /* (BLOCK x obs_dim) of the worlds that still run, as are the following */
    ks_real* head;   /* (BLOCK x head_cols) */
    ks_real* noise;  /* (BLOCK x noise_cols) */
    ks_real* act;    /* (BLOCK x act_cols) */
    ks_real* logp;   /* (BLOCK) */
    double* uniform; /* what a reset reads */
    double* normal;
} crew;

struct ks_sampler {
    const ks_env_model* model;
    const ks_env_def* def;
    const ks_policy* policy;
    size_t obs_dim, act_cols, head_cols, noise_cols;
    int threads;
    crew* crews; /* (threads) */
};

/* ---- creation ------------------------------------------------------------------------------------------------- */

static bool check_fit(const ks_env_model* model, const ks_policy* policy, ks_error* err) {
    const ks_env_def* def = ks_env_model_def(model);
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    bool discrete = def->num_actions > 0;
    int actions = discrete ? def->num_actions : def->act_dim;
    int obs = ks_env_model_obs_dim(model);
    if (s->obs_dim != obs || s->act_dim != actions || s->head != (discrete ? KS_CATEGORICAL : KS_GAUSSIAN)) {
        return ks_fail(
            err, KS_BAD_INPUT,
            "the policy does not fit the environment: it takes %d observations and gives %d %s actions; %s has "
            "%d and %d %s ones",
            s->obs_dim, s->act_dim, s->head == KS_CATEGORICAL ? "discrete" : "continuous", def->name, obs, actions,
            discrete ? "discrete" : "continuous");
    }
    return true;
}

static bool crew_create(crew* c, const ks_sampler* s, ks_error* err) {
    for (int i = 0; i < BLOCK; i++) {
        c->env[i] = ks_env_create(s->model, err);
        if (!c->env[i]) {
            return false;
        }
    }
    c->ws = ks_policy_ws_create(s->policy, 0, err);
    c->obs = malloc(BLOCK * s->obs_dim * sizeof *c->obs);
    c->head = malloc(BLOCK * s->head_cols * sizeof *c->head);
    c->noise = malloc(BLOCK * s->noise_cols * sizeof *c->noise);
    c->act = malloc(BLOCK * s->act_cols * sizeof *c->act);
    c->logp = malloc(BLOCK * sizeof *c->logp);
    c->uniform = malloc((size_t)(s->def->reset_uniforms + 1) * sizeof *c->uniform);
    c->normal = malloc((size_t)(s->def->reset_normals + 1) * sizeof *c->normal);
    if (!c->ws || !c->obs || !c->head || !c->noise || !c->act || !c->logp || !c->uniform || !c->normal) {
        return ks_fail(err, KS_FAILED, "not enough memory to sample with %d threads", s->threads);
    }
    return true;
}

static void crew_free(crew* c) {
    for (int i = 0; i < BLOCK; i++) {
        ks_env_destroy(c->env[i]);
    }
    ks_policy_ws_destroy(c->ws);
    free(c->obs);
    free(c->head);
    free(c->noise);
    free(c->act);
    free(c->logp);
    free(c->uniform);
    free(c->normal);
}

ks_sampler* ks_sampler_create(const ks_env_model* model, const ks_policy* policy, int threads, ks_error* err) {
    if (!check_fit(model, policy, err)) {
        return NULL;
    }
    ks_sampler* s = calloc(1, sizeof *s);
    if (s) {
        s->crews = calloc((size_t)threads, sizeof *s->crews);
    }
    if (!s || !s->crews) {
        ks_fail(err, KS_FAILED, "not enough memory");
        free(s);
        return NULL;
    }
    s->model = model;
    s->def = ks_env_model_def(model);
    s->policy = policy;
    s->obs_dim = (size_t)ks_env_model_obs_dim(model);
    s->act_cols = ks_policy_act_cols(policy);
    s->head_cols = ks_policy_head_cols(policy);
    s->noise_cols = ks_policy_noise_cols(policy);
    s->threads = threads;
    for (int t = 0; t < threads; t++) {
        if (!crew_create(&s->crews[t], s, err)) {
            ks_sampler_destroy(s);
            return NULL;
        }
    }
    return s;
}

void ks_sampler_destroy(ks_sampler* s) {
    if (!s) {
        return;
    }
    for (int t = 0; t < s->threads; t++) {
        crew_free(&s->crews[t]);
    }
    free(s->crews);
    free(s);
}

ks_batch_sizes ks_sampler_batch_sizes(const ks_sampler* s, size_t trajectories, size_t horizon, bool keep_physics) {
    return (ks_batch_sizes){
        .trajectories = trajectories,
        .horizon = horizon,
        .obs_dim = s->obs_dim,
        .act_cols = s->act_cols,
        .head_cols = s->head_cols,
        .task_dim = (size_t)s->def->task_dim,
        .nq = keep_physics ? (size_t)s->def->nq : 0,
        .nv = keep_physics ? (size_t)s->def->nv : 0,
    };
}

/* ---- one block ---------------------------------------------------------------------------------------------------- */

typedef struct block {
    const ks_sampler* sampler;
    crew* crew;
    const ks_rollout_request* request;
    ks_stream action, reset;
    bool deterministic;
    size_t running;             /* worlds that still run; they stand first in the crew's arrays */
    size_t world[BLOCK];        /* which of the crew's worlds each is */
    uint32_t trajectory[BLOCK]; /* and the trajectory that it makes */
} block;

/* Uniforms and normals come from different places of the stream. */
static void start_noise(double* uniform, double* normal, const ks_env_def* def, ks_stream reset, uint32_t task_index,
                        uint32_t trajectory) {
    ks_stream_uniform(uniform, (size_t)def->reset_uniforms, reset, task_index, trajectory, 0);
    ks_stream_normal(normal, (size_t)def->reset_normals, reset, task_index, trajectory, 1);
}

static ks_stream reset_stream(ks_rollout_noise noise) {
    return ks_stream_make(noise.seed, KS_RNG_RESET, noise.iteration, noise.stage);
}

void ks_rollout_start(double* uniform, double* normal, const ks_env_def* def, ks_rollout_noise noise,
                      uint32_t task_index, uint32_t trajectory) {
    start_noise(uniform, normal, def, reset_stream(noise), task_index, trajectory);
}

static void block_start(block* b, size_t first, size_t count) {
    const ks_sampler* s = b->sampler;
    crew* c = b->crew;
    size_t task_dim = (size_t)s->def->task_dim;
    ks_batch* batch = b->request->batch;
    b->running = count;
    ks_policy_prepare(c->ws, s->policy, b->request->theta);
    for (size_t i = 0; i < count; i++) {
        uint32_t trajectory = (uint32_t)(first + i);
        const double* task = b->request->task + (b->request->task_per_trajectory ? trajectory * task_dim : 0);
        b->world[i] = i;
        b->trajectory[i] = trajectory;
        memcpy(batch->task + trajectory * task_dim, task, task_dim * sizeof *task);
        start_noise(c->uniform, c->normal, s->def, b->reset, b->request->task_index, trajectory);
        ks_env_set_task(c->env[i], task);
        ks_env_reset(c->env[i], (ks_env_noise){.uniform = c->uniform, .normal = c->normal}, c->obs + i * s->obs_dim);
    }
}

static void block_act(block* b, size_t t) {
    const ks_sampler* s = b->sampler;
    crew* c = b->crew;
    ks_policy_forward_prepared(s->policy, b->running, c->obs, c->head, c->ws);
    const ks_policy_settings* settings = ks_policy_get_settings(s->policy);
    if (!b->deterministic && settings->head == KS_GAUSSIAN) {
        ks_stream_normal_rows(c->noise, b->running, s->noise_cols, b->action, b->request->task_index, b->trajectory,
                              (uint32_t)t);
    } else if (!b->deterministic) {
        ks_stream_uniform_rows(c->noise, b->running, s->noise_cols, b->action, b->request->task_index, b->trajectory,
                               (uint32_t)t);
    }
    ks_policy_sample(s->policy, b->request->theta, b->running, c->head, b->deterministic ? NULL : c->noise, c->act,
                     c->logp);
}

/* Row of a trajectory's timestep while sampling: every trajectory has the room of a whole horizon. */
static size_t slot(const ks_batch* batch, uint32_t trajectory, size_t t) {
    return (size_t)trajectory * batch->sizes.horizon + t;
}

static void note_before_step(const block* b, size_t i, size_t row) {
    const ks_sampler* s = b->sampler;
    const crew* c = b->crew;
    ks_batch* batch = b->request->batch;
    memcpy(batch->obs + row * s->obs_dim, c->obs + i * s->obs_dim, s->obs_dim * sizeof(ks_real));
    memcpy(batch->act + row * s->act_cols, c->act + i * s->act_cols, s->act_cols * sizeof(ks_real));
    memcpy(batch->head + row * s->head_cols, c->head + i * s->head_cols, s->head_cols * sizeof(ks_real));
    batch->logp[row] = c->logp[i];
    if (batch->qpos) {
        ks_env_get_physics(c->env[b->world[i]], batch->qpos + row * batch->sizes.nq,
                           batch->qvel + row * batch->sizes.nv);
    }
}

static void note_end(const block* b, size_t i, size_t length, uint8_t terminated) {
    ks_batch* batch = b->request->batch;
    uint32_t trajectory = b->trajectory[i];
    batch->traj_start[trajectory + 1] = length;
    batch->terminated[trajectory] = terminated;
    if (!batch->qpos) {
        return;
    }
    double* qpos = batch->qpos_last + trajectory * batch->sizes.nq;
    double* qvel = batch->qvel_last + trajectory * batch->sizes.nv;
    if (terminated == BROKEN) { /* the state that the refused step started from */
        size_t row = slot(batch, trajectory, length);
        memcpy(qpos, batch->qpos + row * batch->sizes.nq, batch->sizes.nq * sizeof *qpos);
        memcpy(qvel, batch->qvel + row * batch->sizes.nv, batch->sizes.nv * sizeof *qvel);
    } else {
        ks_env_get_physics(b->crew->env[b->world[i]], qpos, qvel);
    }
}

/* without a way out of the loop, so that the compiler makes vector instructions of it */
static bool all_finite(const ks_real* x, size_t n) {
    int finite = 1;
    for (size_t i = 0; i < n; i++) {
        finite &= isfinite(x[i]) != 0;
    }
    return finite;
}

/* What was decided before a step, as it is kept: one number that is not finite would poison the whole batch. */
static bool can_step(const block* b, size_t row) {
    const ks_sampler* s = b->sampler;
    const ks_batch* batch = b->request->batch;
    return isfinite(batch->logp[row]) && all_finite(batch->act + row * s->act_cols, s->act_cols) &&
           all_finite(batch->head + row * s->head_cols, s->head_cols) &&
           all_finite(batch->obs + row * s->obs_dim, s->obs_dim);
}

/* The rewards of the step that world i has just taken, as they are kept. False if one is not finite: what a double holds may be
 * too much for ks_real. */
static bool note_rewards(const block* b, size_t i, size_t t, size_t row, double rew) {
    ks_batch* batch = b->request->batch;
    batch->rew[row] = (ks_real)rew;
    if (batch->sweep_rew) {
        double task[KS_TASK_MAX];
        ks_sweep_task(task, b->sampler->def, t, batch->sizes.horizon);
        batch->sweep_rew[row] = (ks_real)ks_env_reward(b->crew->env[b->world[i]], task);
    }
    return isfinite(batch->rew[row]) && (!batch->sweep_rew || isfinite(batch->sweep_rew[row]));
}

static void block_step(block* b, size_t t) {
    const ks_sampler* s = b->sampler;
    crew* c = b->crew;
    ks_batch* batch = b->request->batch;
    size_t still = 0;
    for (size_t i = 0; i < b->running; i++) {
        size_t row = slot(batch, b->trajectory[i], t);
        note_before_step(b, i, row);
        ks_env_step_result step = {.unstable = true};
        if (can_step(b, row)) {
            step = ks_env_step(c->env[b->world[i]], c->act + i * s->act_cols, c->obs + still * s->obs_dim);
        }
        if (step.unstable || !note_rewards(b, i, t, row, step.rew)) {
            note_end(b, i, t, BROKEN);
        } else if (step.terminated || t + 1 == batch->sizes.horizon) {
            note_end(b, i, t + 1, step.terminated);
        } else {
            b->world[still] = b->world[i];
            b->trajectory[still] = b->trajectory[i];
            still++;
        }
    }
    b->running = still;
}

static void run_block(block* b, size_t first, size_t count) {
    block_start(b, first, count);
    for (size_t t = 0; b->running > 0; t++) {
        block_act(b, t);
        block_step(b, t);
    }
}

/* ---- all blocks ----------------------------------------------------------------------------------------------------- */

static void move_rows(ks_batch* batch, size_t to, size_t from, size_t length) {
    const ks_batch_sizes* z = &batch->sizes;
    memmove(batch->obs + to * z->obs_dim, batch->obs + from * z->obs_dim, length * z->obs_dim * sizeof(ks_real));
    memmove(batch->act + to * z->act_cols, batch->act + from * z->act_cols, length * z->act_cols * sizeof(ks_real));
    memmove(batch->head + to * z->head_cols, batch->head + from * z->head_cols,
            length * z->head_cols * sizeof(ks_real));
    memmove(batch->logp + to, batch->logp + from, length * sizeof(ks_real));
    memmove(batch->rew + to, batch->rew + from, length * sizeof(ks_real));
    if (batch->sweep_rew) {
        memmove(batch->sweep_rew + to, batch->sweep_rew + from, length * sizeof(ks_real));
    }
    if (batch->qpos) {
        memmove(batch->qpos + to * z->nq, batch->qpos + from * z->nq, length * z->nq * sizeof(double));
        memmove(batch->qvel + to * z->nv, batch->qvel + from * z->nv, length * z->nv * sizeof(double));
    }
}

/* Moves the trajectories together, so that no room is left between them. */
static void compact(ks_batch* batch) {
    size_t to = 0;
    batch->rejected = 0;
    batch->traj_start[0] = 0;
    for (size_t i = 0; i < batch->n; i++) {
        size_t length = batch->traj_start[i + 1];
        size_t from = slot(batch, (uint32_t)i, 0);
        if (from != to) {
            move_rows(batch, to, from, length);
        }
        if (batch->terminated[i] == BROKEN) {
            batch->rejected++;
            batch->terminated[i] = 1;
        }
        to += length;
        batch->traj_start[i + 1] = to;
    }
    batch->rows = to;
}

/* how many trajectories a block has: a function of what is asked for alone */
static size_t block_size(const ks_rollout_request* requests, size_t count) {
    size_t total = 0;
    for (size_t r = 0; r < count; r++) {
        total += requests[r].trajectories;
    }
    size_t size = total / MIN_ITEMS;
    return size < 1 ? 1 : size > BLOCK ? BLOCK : size;
}

/* what the threads of one call share */
typedef struct sampling {
    const ks_sampler* sampler;
    const ks_rollout_request* requests;
    size_t size, blocks; /* trajectories of a block, and blocks of a request, at most */
    ks_stream action, reset;
    bool deterministic;
} sampling;

static void block_item(void* user, size_t index, int thread) {
    const sampling* s = user;
    const ks_rollout_request* request = &s->requests[index / s->blocks];
    size_t first = index % s->blocks * s->size;
    if (first < request->trajectories) {
        size_t left = request->trajectories - first;
        block b = {.sampler = s->sampler,
                   .crew = &s->sampler->crews[thread],
                   .request = request,
                   .action = s->action,
                   .reset = s->reset,
                   .deterministic = s->deterministic};
        run_block(&b, first, left < s->size ? left : s->size);
    }
}

static void compact_item(void* user, size_t index, int thread) {
    const sampling* s = user;
    (void)thread;
    compact(s->requests[index].batch);
}

bool ks_sampler_run(ks_sampler* s, const ks_rollout_request* requests, size_t count, ks_rollout_noise noise,
                    ks_error* err) {
    size_t longest = 0;
    for (size_t r = 0; r < count; r++) {
        assert(requests[r].trajectories <= requests[r].batch->sizes.trajectories);
        requests[r].batch->n = requests[r].trajectories;
        longest = requests[r].trajectories > longest ? requests[r].trajectories : longest;
    }
    sampling shared = {.sampler = s,
                       .requests = requests,
                       .size = block_size(requests, count),
                       .action = ks_stream_make(noise.seed, KS_RNG_ACTION, noise.iteration, noise.stage),
                       .reset = reset_stream(noise),
                       .deterministic = noise.deterministic};
    shared.blocks = (longest + shared.size - 1) / shared.size;
    ks_parallel_for(s->threads, count * shared.blocks, block_item, &shared);
    ks_parallel_for(s->threads, count, compact_item, &shared);
    for (size_t r = 0; r < count; r++) {
        if (requests[r].batch->rows == 0 && !requests[r].may_break_down) {
            return ks_fail(err, KS_BROKE_DOWN,
                           "%s: all %zu trajectories of task %u broke down in their first step: the policy (are its "
                           "parameters finite?) or the environment gave a number that is not finite%s",
                           s->def->name, requests[r].trajectories, requests[r].task_index,
                           s->def->mujoco_data ? ", or the physics became unstable" : "");
        }
    }
    return true;
}

/* ---- tasks ------------------------------------------------------------------------------------------------------------ */

static void draw_task(double* task, const ks_env_def* def, ks_stream stream, uint32_t index, size_t kind_index,
                      bool equal) {
    double uniform[KS_TASK_DRAWS] = {0};
    double normal[KS_TASK_MAX];
    assert(def->task_uniforms <= KS_TASK_DRAWS);
    ks_stream_uniform(uniform, (size_t)def->task_uniforms, stream, index, 0, 0);
    ks_stream_normal(normal, KS_TASK_MAX, stream, index, 0, 1);
    if (equal && def->task_kinds > 0) {
        uniform[0] = ((double)(kind_index % (size_t)def->task_kinds) + 0.5) / def->task_kinds;
    }
    def->sample_task(def, task, (ks_env_noise){.uniform = uniform, .normal = normal});
}

void ks_sweep_task(double* task, const ks_env_def* def, size_t t, size_t horizon) {
    double uniform[KS_TASK_DRAWS];
    const double normal[KS_TASK_MAX] = {0};
    double way = ((double)t + 0.5) / (double)horizon;
    for (int i = 0; i < def->task_uniforms; i++) {
        double leg = fmod(way * (2 * i + 1), 2);
        uniform[i] = leg < 1 ? leg : 2 - leg;
    }
    def->sample_task(def, task, (ks_env_noise){.uniform = uniform, .normal = normal});
}

void ks_draw_tasks(double* task, const ks_env_def* def, uint64_t seed, uint64_t iteration, uint32_t first,
                   size_t count) {
    ks_stream stream = ks_stream_make(seed, KS_RNG_TASK, iteration, 0);
    for (size_t i = 0; i < count; i++) {
        draw_task(task + i * (size_t)def->task_dim, def, stream, first + (uint32_t)i, 0, false);
    }
}

static void draw_equally(double* task, const ks_env_def* def, ks_stream stream, size_t first, size_t count) {
    for (size_t i = 0; i < count; i++) {
        draw_task(task + i * (size_t)def->task_dim, def, stream, (uint32_t)(first + i), first + i, true);
    }
}

void ks_draw_held_out_tasks(double* task, const ks_env_def* def, uint64_t seed, size_t first, size_t count) {
    draw_equally(task, def, ks_stream_make(seed, KS_RNG_HELD_OUT, 0, 0), first, count);
}

void ks_draw_validation_tasks(double* task, const ks_env_def* def, uint64_t seed, size_t first, size_t count) {
    draw_equally(task, def, ks_stream_make(seed, KS_RNG_VALIDATION, 0, 0), first, count);
}
