#include "viewer/theatre.h"

#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The random streams of the show itself; what is learned from has those of evaluations, so that what is seen is what `kshot eval`
 * reports. */
static const uint64_t SHOW_ITERATION = KS_EVAL_ITERATION - 1;

/* Where an environment knows no time. */
static const double TIMELESS_DT = 0.06;

/* one policy, and what it needs to be adapted */
typedef struct actor {
    ks_theatre_policy p;
    size_t num_params;
    ks_problem* problem; /* the task under way */
    ks_inner* inner;
    ks_sampler* sampler; /* for the show */
    ks_env* env;         /* to play the actions in a plane again, whose last position no observation has */
    ks_task_rows* rows;  /* (max_steps+1) */
    ks_group* groups;    /* (max_steps+1) */
    double* task;        /* (task_dim) */
    ks_batch** shown;    /* (max_steps+1) one trajectory of `length` each */
    ks_real* theta;      /* (max_steps+1 x P) */
    ks_real* obs;        /* one observation */
} actor;

struct ks_theatre {
    ks_theatre_settings settings;
    const ks_env_def* def;
    int count, nq;
    actor actors[KS_PLAY_MAX_ROWS];
};

ks_theatre_settings ks_theatre_settings_default(void) {
    return (ks_theatre_settings){
        .max_steps = 3, .max_trajectories = 20, .horizon = 200, .length = 200, .ghosts = KS_PLAY_GHOSTS, .threads = 1};
}

/* ---- creation ------------------------------------------------------------------------------------------------------------ */

static bool actor_init(actor* a, const ks_theatre_policy* p, const ks_theatre_settings* s, ks_error* err) {
    ks_rl_eval_settings eval = {.trajectories = s->max_trajectories, .horizon = s->horizon, .advantage = p->advantage};
    ks_rl_settings rl = ks_rl_eval_problem(&eval);
    size_t stages = (size_t)s->max_steps + 1;
    a->p = *p;
    a->num_params = ks_policy_num_params(p->policy);
    a->problem = ks_rl_create(p->model, &rl, KS_MAML, 1, err);
    if (!a->problem) {
        return false;
    }
    a->task = calloc((size_t)ks_env_model_def(p->model)->task_dim, sizeof *a->task);
    ks_rl_keep_physics(a->problem, true);
    ks_rl_give_tasks(a->problem, a->task, 1);
    ks_problem_sizes room = {.tasks = 1, .stages = 1, .threads = s->threads};
    bool prepared = a->problem->kind->prepare(a->problem, p->policy, &room, err);
    a->inner = prepared ? ks_inner_create(p->policy, &p->sizes, 1, a->problem->max_rows, s->threads, err) : NULL;
    a->sampler = a->inner ? ks_sampler_create(p->model, p->policy, s->threads, err) : NULL;
    a->env = a->sampler ? ks_env_create(p->model, err) : NULL;
    if (!a->env) {
        return false;
    }
    ks_inner_set(a->inner, p->params + a->num_params);
    a->rows = calloc(stages, sizeof *a->rows);
    a->groups = calloc(stages, sizeof *a->groups);
    a->shown = calloc(stages, sizeof *a->shown);
    a->theta = calloc(stages * a->num_params, sizeof *a->theta);
    a->obs = calloc((size_t)ks_env_model_obs_dim(p->model), sizeof *a->obs);
    if (!a->task || !a->rows || !a->groups || !a->shown || !a->theta || !a->obs) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu gradient steps", stages - 1);
    }
    ks_batch_sizes one = ks_sampler_batch_sizes(a->sampler, 1, s->length, true);
    bool ok = true;
    for (size_t j = 0; ok && j < stages; j++) {
        a->shown[j] = ks_batch_create(&one, err);
        ok = a->shown[j] != NULL;
    }
    return ok;
}

static void actor_free(actor* a, int stages) {
    for (int j = 0; a->shown && j < stages; j++) {
        ks_batch_destroy(a->shown[j]);
    }
    ks_env_destroy(a->env);
    ks_sampler_destroy(a->sampler);
    ks_inner_destroy(a->inner);
    ks_rl_destroy(a->problem);
    free(a->task);
    free(a->rows);
    free(a->groups);
    free(a->shown);
    free(a->theta);
    free(a->obs);
}

/* Numbers of a position that can be drawn: MuJoCo's, or those of a plane; 0: there is none. */
static int position_size(const ks_env_model* model) {
    const ks_env_def* def = ks_env_model_def(model);
    return ks_env_model_mujoco(model) ? def->nq : ks_env_is_plane(def) ? 2 : 0;
}

ks_theatre* ks_theatre_create(const ks_theatre_policy* policies, int count, const ks_theatre_settings* settings,
                              ks_error* err) {
    assert(count >= 1 && count <= KS_PLAY_MAX_ROWS);
    assert(settings->max_steps >= 0 && settings->max_steps <= KS_PLAY_MAX_STEPS && settings->ghosts <= KS_PLAY_GHOSTS);
    ks_theatre* t = calloc(1, sizeof *t);
    if (!t) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    t->settings = *settings;
    t->count = count;
    t->def = ks_env_model_def(policies[0].model);
    t->nq = position_size(policies[0].model);
    bool ok =
        t->nq > 0 ||
        ks_fail(err, KS_BAD_INPUT,
                "%s: there is nothing to draw of this environment (it has no MuJoCo model, and no look with paths)",
                t->def->name);
    for (int i = 0; ok && i < count; i++) {
        const ks_env_def* def = ks_env_model_def(policies[i].model);
        ok = ks_env_is_same(def, t->def) ||
             ks_fail(err, KS_BAD_INPUT, "policies for %s and for %s cannot be shown on one task", t->def->name,
                     def->name);
        ok = ok && actor_init(&t->actors[i], &policies[i], settings, err);
    }
    if (!ok) {
        ks_theatre_destroy(t);
        return NULL;
    }
    return t;
}

void ks_theatre_destroy(ks_theatre* t) {
    if (!t) {
        return;
    }
    for (int i = 0; i < t->count; i++) {
        actor_free(&t->actors[i], t->settings.max_steps + 1);
    }
    free(t);
}

ks_play* ks_theatre_make_play(const ks_theatre* t, ks_error* err) {
    ks_play_sizes sizes = {.rows = t->count,
                           .steps = t->settings.max_steps,
                           .nq = t->nq,
                           .length = t->settings.length,
                           .ghosts = t->settings.ghosts,
                           .ghost_len = t->settings.horizon,
                           .sampled = t->settings.max_trajectories};
    ks_play* play = ks_play_create(&sizes, err);
    if (play) {
        play->def = t->def;
        play->dt = t->def->dt > 0 ? t->def->dt : TIMELESS_DT;
    }
    return play;
}

/* ---- from batches to positions ----------------------------------------------------------------------------------------------- */

/* Positions of a trajectory into qpos ((length+1) x nq). */
static void copy_positions(double* qpos, const ks_theatre* t, actor* a, const ks_batch* b, size_t trajectory) {
    size_t first = b->traj_start[trajectory], length = b->traj_start[trajectory + 1] - first;
    size_t nq = (size_t)t->nq;
    if (b->qpos) {
        memcpy(qpos, b->qpos + first * nq, length * nq * sizeof *qpos);
        memcpy(qpos + length * nq, b->qpos_last + trajectory * nq, nq * sizeof *qpos);
        return;
    }
    ks_env_reset(a->env, (ks_env_noise){0}, a->obs); /* a plane's worlds start without noise */
    for (size_t i = 0; i < length; i++) {
        const ks_real* seen = b->obs + (first + i) * b->sizes.obs_dim;
        qpos[2 * i] = (double)seen[0];
        qpos[2 * i + 1] = (double)seen[1];
        ks_env_step(a->env, b->act + (first + i) * b->sizes.act_cols, a->obs);
    }
    qpos[2 * length] = (double)a->obs[0];
    qpos[2 * length + 1] = (double)a->obs[1];
}

static double return_of(const ks_batch* b, size_t trajectory) {
    double sum = 0;
    for (size_t i = b->traj_start[trajectory]; i < b->traj_start[trajectory + 1]; i++) {
        sum += (double)b->rew[i];
    }
    return sum;
}

/* Of n returns the one in the middle, of two the lower; of equal ones the first. */
static size_t median_of(const double* returns, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t below = 0;
        for (size_t j = 0; j < n; j++) {
            below += returns[j] < returns[i] || (returns[j] == returns[i] && j < i);
        }
        if (below == (n - 1) / 2) {
            return i;
        }
    }
    return 0; /* returns are finite */
}

static void note_returns(ks_act* act, const ks_batch* b) {
    act->num_sampled = b->n;
    for (size_t i = 0; i < b->n; i++) {
        act->returns[i] = return_of(b, i);
    }
    act->median = median_of(act->returns, b->n);
}

static void note_sampled(ks_act* act, const ks_theatre* t, actor* a) {
    const ks_batch* b = ks_rl_batch(a->problem, 0, 0);
    act->mean_return = ks_batch_mean_return(b);
    note_returns(act, b);
    act->broken = b->rejected;
    act->num_ghosts = b->n < t->settings.ghosts ? b->n : t->settings.ghosts;
    act->ghost_start[0] = 0;
    for (size_t i = 0; i < act->num_ghosts; i++) {
        size_t positions = b->traj_start[i + 1] - b->traj_start[i] + 1;
        copy_positions(act->ghost_qpos + act->ghost_start[i] * (size_t)t->nq, t, a, b, i);
        act->ghost_start[i + 1] = act->ghost_start[i] + positions;
    }
}

static void note_shown(ks_act* act, const ks_theatre* t, actor* a, const ks_batch* b, size_t trajectory) {
    size_t first = b->traj_start[trajectory];
    copy_positions(act->qpos, t, a, b, trajectory);
    act->length = b->traj_start[trajectory + 1] - first;
    act->terminated = b->terminated[trajectory];
    act->ret[0] = 0;
    for (size_t i = 0; i < act->length; i++) {
        act->rew[i] = (double)b->rew[first + i];
        act->ret[i + 1] = act->ret[i] + act->rew[i];
    }
}

/* ---- the adaptation ------------------------------------------------------------------------------------------------------------ */

/* what is told of every stage */
typedef struct audience {
    ks_act* acts;
    const ks_theatre* t;
    actor* a;
    const double* lr;
    bool median; /* what was sampled is what is shown */
} audience;

static bool note_stage(void* user, int j, bool ok, ks_error* err) {
    const audience* here = user;
    actor* a = here->a;
    if (!ok || (j > 0 && !ks_eval_check(a->problem, a->p.policy, a->theta + (size_t)j * a->num_params, &a->rows[j], 0,
                                        0, j, here->lr[j - 1], err))) {
        return false;
    }
    note_sampled(&here->acts[j], here->t, a);
    if (here->median) {
        note_shown(&here->acts[j], here->t, a, ks_rl_batch(a->problem, 0, 0), here->acts[j].median);
    }
    return true;
}

/* θ_0 … θ_steps of one policy, and what was sampled on the way. */
static bool adapt(ks_act* acts, const ks_theatre* t, actor* a, const ks_theatre_request* r, ks_error* err) {
    double lr[KS_PLAY_MAX_STEPS];
    audience user = {acts, t, a, lr, r->median};
    ks_draw draw = {.split = KS_SPLIT_TEST, .seed = r->seed, .iteration = KS_EVAL_ITERATION, .count = 1};
    for (int j = 0; j < r->steps; j++) {
        lr[j] = r->lr_factor * a->p.lr[j];
    }
    memcpy(a->theta, a->p.params, a->num_params * sizeof *a->theta);
    memcpy(a->task, r->task, (size_t)t->def->task_dim * sizeof *a->task);
    ks_rl_use_trajectories(a->problem, r->trajectories);
    ks_inner_loop loop = {
        .problem = a->problem,
        .inner = a->inner,
        .stage = {.seed = r->seed, .iteration = KS_EVAL_ITERATION, .count = 1},
        .steps = r->steps,
        .keep = true,
        .lr = lr,
        .theta = a->theta,
        .rows = a->rows,
        .groups = a->groups,
        .user = &user,
        .on_stage = note_stage,
    };
    return a->problem->kind->draw(a->problem, &draw, err) && ks_inner_run(&loop, err);
}

/* One trajectory of every stage, all with the same numbers for start and noise. */
static bool perform(ks_act* acts, const ks_theatre* t, actor* a, const ks_theatre_request* r, ks_error* err) {
    ks_rollout_request rollouts[KS_PLAY_MAX_STEPS + 1] = {0};
    size_t count = (size_t)r->steps + 1;
    for (size_t j = 0; j < count; j++) {
        rollouts[j] = (ks_rollout_request){.batch = a->shown[j],
                                           .trajectories = 1,
                                           .theta = a->theta + j * a->num_params,
                                           .task = r->task,
                                           .may_break_down = j > 0};
    }
    ks_rollout_noise noise = {.seed = r->seed, .iteration = SHOW_ITERATION, .deterministic = r->deterministic};
    if (!ks_sampler_run(a->sampler, rollouts, count, noise, err)) {
        return false;
    }
    for (size_t j = 0; j < count; j++) {
        ks_task_rows rows = {.rows = ks_batch_rows(a->shown[j])};
        if (j > 0 && !ks_eval_check(a->problem, a->p.policy, a->theta + j * a->num_params, &rows, 0, 0, (int)j,
                                    r->lr_factor * a->p.lr[j - 1], err)) {
            return false;
        }
        note_shown(&acts[j], t, a, a->shown[j], 0);
    }
    return true;
}

bool ks_theatre_perform(ks_theatre* t, ks_play* play, const ks_theatre_request* request, ks_error* err) {
    assert(request->steps >= 0 && request->steps <= t->settings.max_steps);
    assert(request->trajectories >= 1 && request->trajectories <= t->settings.max_trajectories);
    assert(!request->median || t->settings.horizon <= t->settings.length);
    double start = ks_clock();
    memcpy(play->task, request->task, sizeof play->task);
    play->rows = t->count;
    play->steps = request->steps;
    for (int i = 0; i < t->count; i++) {
        actor* a = &t->actors[i];
        ks_env_set_task(a->env, request->task);
        if (!adapt(play->acts[i], t, a, request, err) ||
            (!request->median && !perform(play->acts[i], t, a, request, err))) {
            return false;
        }
    }
    play->seconds = ks_clock() - start;
    return true;
}
