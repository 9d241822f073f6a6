/* rollout_support.h: what the tests of the sampler stand on: an environment whose end can be ordered, a world with a small policy,
 * and several requests sampled at once. */
#ifndef KS_TESTS_ROLLOUT_SUPPORT_H
#define KS_TESTS_ROLLOUT_SUPPORT_H

#include "policy_support.h"
#include "rl/rollout.h"

/* ---- an environment to order ---------------------------------------------------------------------------------------- */

enum { RUNS_ON, ENDS, ENDS_AT_ONCE, BREAKS, BREAKS_AT_ONCE, HUGE_REWARD, HUGE_SWEEP, HUGE_OBS, NUM_FATES, LIFE = 30 };

/* finite, and infinite in single precision */
static const double TOO_LARGE = 1e39;

/* Walks along a line, and in step number `life`, which the start decides, meets the fate that the task names. */
typedef struct walker {
    double x, bonus; /* bonus: of the sweep's rewards */
    int steps, life;
} walker;

static inline int life_of(double uniform) {
    return 1 + (int)(uniform * LIFE);
}

static inline void walker_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    (void)def;
    task[0] = (int)(noise.uniform[0] * NUM_FATES);
    task[1] = noise.normal[1];
}

static inline void* walker_create(const ks_env_def* def, const void* model, ks_error* err) {
    (void)def;
    (void)model;
    (void)err;
    return calloc(1, sizeof(walker));
}

static inline void walker_reset(void* state, ks_env_noise noise, ks_real* obs) {
    walker* w = state;
    *w = (walker){.x = noise.normal[0], .life = life_of(noise.uniform[0])};
    obs[0] = (ks_real)w->x;
    obs[1] = 0;
}

static inline ks_env_step_result walker_step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    walker* w = state;
    const int fate = (int)task[0];
    w->x += (double)act[0] / 8;
    w->steps++;
    obs[0] = (ks_real)w->x;
    obs[1] = (ks_real)w->steps / LIFE;
    if (fate == BREAKS_AT_ONCE || (fate == BREAKS && w->steps == w->life)) {
        w->x = NAN;
        obs[0] = obs[1] = NAN;
        return (ks_env_step_result){.rew = NAN, .terminated = true, .unstable = true};
    }
    bool fated = w->steps == w->life;
    bool ends = fate == ENDS_AT_ONCE || (fate == ENDS && fated);
    w->bonus = fate == HUGE_SWEEP && fated ? TOO_LARGE : 0;
    obs[1] = fate == HUGE_OBS && fated ? (ks_real)TOO_LARGE : obs[1];
    return (ks_env_step_result){.rew = fate == HUGE_REWARD && fated ? TOO_LARGE : task[1] * w->x, .terminated = ends};
}

static inline double walker_reward(const void* state, const double* task) {
    const walker* w = state;
    return task[1] * w->x + 100 * task[0] + w->bonus;
}

static inline void walker_physics(const void* state, double* qpos, double* qvel) {
    const walker* w = state;
    qpos[0] = w->x;
    qvel[0] = w->steps;
    qvel[1] = w->life;
}

static const ks_env_def WALKER = {.name = "walker",
                                  .summary = "a walk with an end to order",
                                  .task_summary = "how it ends",
                                  .obs_dim = 2,
                                  .act_dim = 1,
                                  .task_dim = 2,
                                  .horizon = 20,
                                  .task_uniforms = 1,
                                  .task_kinds = NUM_FATES,
                                  .reset_uniforms = 1,
                                  .reset_normals = 1,
                                  .sample_task = walker_task,
                                  .create = walker_create,
                                  .destroy = free,
                                  .reset = walker_reset,
                                  .step = walker_step,
                                  .reward = walker_reward,
                                  .nq = 1,
                                  .nv = 2,
                                  .get_physics = walker_physics};

/* ---- worlds and batches --------------------------------------------------------------------------------------------- */

typedef struct world {
    const ks_env_def* def;
    ks_env_model* model;
    ks_policy* policy;
    ks_real* theta;
    arena memory;
} world;

static inline world open_world(const ks_env_def* def, bool append_task) {
    ks_error err = {0};
    world w = {.def = def};
    assert_non_null(def);
    w.model = ks_env_model_create(def, append_task, &err);
    assert_non_null(w.model);
    ks_policy_settings shape = ks_policy_settings_default();
    shape.obs_dim = ks_env_model_obs_dim(w.model);
    shape.act_dim = def->num_actions ? def->num_actions : def->act_dim;
    shape.head = def->num_actions ? KS_CATEGORICAL : KS_GAUSSIAN;
    shape.hidden[0] = shape.hidden[1] = 16;
    w.policy = ks_policy_create(&shape, &err);
    assert_non_null(w.policy);
    w.theta = normals(&w.memory, ks_policy_num_params(w.policy), 0.2);
    return w;
}

static inline void close_world(world* w) {
    ks_policy_destroy(w->policy);
    ks_env_model_destroy(w->model);
    arena_free(&w->memory);
}

enum { REQUESTS = 3, MAX_TRAJECTORIES = 45 };
static const size_t TRAJECTORIES[REQUESTS] = {23, 1, MAX_TRAJECTORIES}; /* whole blocks, less than one, and a rest */
static const ks_rollout_noise NOISE = {.seed = 3, .iteration = 8, .stage = 1};

/* what one call of the sampler is to do, and did */
typedef struct run {
    ks_batch* batch[REQUESTS];
    double task[REQUESTS][KS_TASK_MAX * MAX_TRAJECTORIES];
    ks_rollout_request request[REQUESTS];
    ks_error err;
    bool ok;
} run;

static inline run make_run(const world* w, size_t horizon) {
    run r = {0};
    ks_sampler* sampler = ks_sampler_create(w->model, w->policy, 1, &r.err);
    assert_non_null(sampler);
    for (size_t i = 0; i < REQUESTS; i++) {
        ks_batch_sizes sizes = ks_sampler_batch_sizes(sampler, TRAJECTORIES[i] + 2, horizon, true);
        r.batch[i] = ks_batch_create(&sizes, &r.err);
        assert_non_null(r.batch[i]);
        ks_draw_tasks(r.task[i], w->def, 1, 0, (uint32_t)i, 1);
        r.request[i] = (ks_rollout_request){
            .batch = r.batch[i], .trajectories = TRAJECTORIES[i], .theta = w->theta, .task_index = (uint32_t)i};
    }
    ks_sampler_destroy(sampler);
    return r;
}

static inline void sample(run* r, const world* w, int threads, ks_rollout_noise noise) {
    r->err = (ks_error){0};
    ks_sampler* sampler = ks_sampler_create(w->model, w->policy, threads, &r->err);
    assert_non_null(sampler);
    for (size_t i = 0; i < REQUESTS; i++) {
        r->request[i].task = r->task[i];
    }
    r->ok = ks_sampler_run(sampler, r->request, REQUESTS, noise, &r->err);
    ks_sampler_destroy(sampler);
}

static inline void free_run(run* r) {
    for (size_t i = 0; i < REQUESTS; i++) {
        ks_batch_destroy(r->batch[i]);
    }
}

static inline run sampled(const world* w, size_t horizon, int threads) {
    run r = make_run(w, horizon);
    sample(&r, w, threads, NOISE);
    if (!r.ok) {
        fail_msg("%s", r.err.text);
    }
    return r;
}

/* the walker, all tasks having this fate */
static inline run sampled_walkers(const world* w, int fate, size_t horizon) {
    run r = make_run(w, horizon);
    for (size_t i = 0; i < REQUESTS; i++) {
        r.task[i][0] = fate;
        r.task[i][1] = 1 + (double)i;
    }
    sample(&r, w, 2, NOISE);
    return r;
}

#endif
