#include "viewer/theatre.h"

#include "base/clock.h"
#include "envs/mujoco_load.h"
#include "viewer/extent.h"
#include "viewer/look.h"

#include <assert.h>
#include <stdatomic.h>
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
    ks_batch** shown;    /* (max_steps+1) what is sampled for the show alone, `length` timesteps each */
    ks_real* theta;      /* (max_steps+1 x P) */
    ks_real* obs;        /* one observation */
    double* returns;     /* (max_trajectories) */
} actor;

struct ks_theatre {
    ks_theatre_settings settings;
    const ks_env_def* def;
    atomic_int done, of; /* stages */
    int count, nq;
    const mjModel* m; /* what is drawn; NULL for a plane */
    mjData* pose;
    ks_env_look look;
    double floor;
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
    a->returns = calloc(s->max_trajectories, sizeof *a->returns);
    if (!a->returns || !a->task || !a->rows || !a->groups || !a->shown || !a->theta || !a->obs) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu gradient steps", stages - 1);
    }
    /* more than what is learned from has to be sampled for the show */
    size_t trajectories = s->length > s->horizon ? s->max_trajectories : 1;
    ks_batch_sizes sizes = ks_sampler_batch_sizes(a->sampler, trajectories, s->length, true);
    bool ok = true;
    for (size_t j = 0; ok && j < stages; j++) {
        a->shown[j] = ks_batch_create(&sizes, err);
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
    free(a->returns);
}

/* Numbers of a position that can be drawn: MuJoCo's, or those of a plane; 0: there is none. */
static int position_size(const ks_env_model* model) {
    const ks_env_def* def = ks_env_model_def(model);
    return ks_env_model_mujoco(model) ? def->nq : ks_env_is_plane(def) ? 2 : 0;
}

/* What tells how high bodies come. */
static bool prepare_poses(ks_theatre* t, const ks_env_model* model, ks_error* err) {
    t->m = ks_env_model_mujoco(model);
    if (!t->m) {
        return true;
    }
    t->look = ks_look_of(t->def, t->m);
    t->floor = ks_look_floor(t->m).height;
    t->pose = ks_mujoco_make_data(t->m, err);
    return t->pose != NULL;
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
    if (!ok || !prepare_poses(t, policies[0].model, err)) {
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
    mj_deleteData(t->pose);
    free(t);
}

ks_play* ks_theatre_make_play(const ks_theatre* t, ks_error* err) {
    ks_play_sizes sizes = {.rows = t->count,
                           .steps = t->settings.max_steps,
                           .nq = t->nq,
                           .length = t->settings.length,
                           .sampled = t->settings.max_trajectories,
                           .uniforms = (size_t)t->def->reset_uniforms,
                           .normals = (size_t)t->def->reset_normals,
                           .act_cols = ks_policy_act_cols(t->actors[0].p.policy),
                           .ghosts = t->settings.ghosts,
                           .ghost_len = t->settings.horizon};
    for (int i = 0; i < t->count; i++) {
        sizes.params = t->actors[i].num_params > sizes.params ? t->actors[i].num_params : sizes.params;
    }
    ks_play* play = ks_play_create(&sizes, err);
    if (play) {
        play->def = t->def;
        play->dt = t->def->dt > 0 ? t->def->dt : TIMELESS_DT;
    }
    return play;
}

/* ---- from batches to positions ----------------------------------------------------------------------------------------------- */

/* Positions of a trajectory's first `length` timesteps, and the one after them, into qpos ((length+1) x nq). */
static void copy_positions(double* qpos, const ks_theatre* t, actor* a, const ks_batch* b, size_t trajectory,
                           size_t length) {
    size_t first = b->traj_start[trajectory], whole = b->traj_start[trajectory + 1] - first;
    size_t nq = (size_t)t->nq;
    if (b->qpos) {
        const double* last = length < whole ? b->qpos + (first + length) * nq : b->qpos_last + trajectory * nq;
        memcpy(qpos, b->qpos + first * nq, length * nq * sizeof *qpos);
        memcpy(qpos + length * nq, last, nq * sizeof *qpos);
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

/* Writes the returns of all trajectories (n), and returns the one whose is the median, the lower one of two. */
static size_t median_of(double* returns, const ks_batch* b) {
    size_t median = 0;
    for (size_t i = 0; i < b->n; i++) {
        returns[i] = return_of(b, i);
    }
    for (size_t i = 0; i < b->n; i++) {
        size_t before = 0;
        for (size_t k = 0; k < b->n; k++) {
            before += returns[k] < returns[i] || (!(returns[i] < returns[k]) && k < i);
        }
        median = before == (b->n - 1) / 2 ? i : median;
    }
    return median;
}

/* stage: its number; noise: that it was sampled with. */
static void note_shown(ks_act* act, const ks_theatre* t, actor* a, const ks_batch* b, size_t trajectory, int stage,
                       ks_rollout_noise noise) {
    size_t first = b->traj_start[trajectory], length = b->traj_start[trajectory + 1] - first;
    act->length = length < t->settings.length ? length : t->settings.length;
    act->terminated = b->terminated[trajectory] && act->length == length;
    copy_positions(act->qpos, t, a, b, trajectory, act->length);
    memcpy(act->theta, a->theta + (size_t)stage * a->num_params, a->num_params * sizeof *act->theta);
    memcpy(act->actions, b->act + first * b->sizes.act_cols, act->length * b->sizes.act_cols * sizeof *act->actions);
    ks_rollout_start(act->uniform, act->normal, t->def, noise, 0, (uint32_t)trajectory);
    act->ret[0] = 0;
    for (size_t i = 0; i < act->length; i++) {
        act->rew[i] = (double)b->rew[first + i];
        act->ret[i + 1] = act->ret[i] + act->rew[i];
    }
}

/* Whether what is learned from also is what is shown. */
static bool shows_sampled(const ks_theatre* t, const ks_theatre_request* r) {
    return !r->deterministic && t->settings.length <= t->settings.horizon;
}

static void note_sampled(ks_act* act, const ks_theatre* t, actor* a, const ks_theatre_request* r, int stage) {
    const ks_batch* b = ks_rl_batch(a->problem, 0, 0);
    size_t median = median_of(act->returns, b), kept = 0;
    act->median = median;
    act->mean_return = ks_batch_mean_return(b);
    act->broken = b->rejected;
    act->num_sampled = b->n;
    act->ghost_start[0] = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (kept < t->settings.ghosts && !(shows_sampled(t, r) && i == median)) {
            size_t length = b->traj_start[i + 1] - b->traj_start[i];
            copy_positions(act->ghost_qpos + act->ghost_start[kept] * (size_t)t->nq, t, a, b, i, length);
            act->ghost_start[kept + 1] = act->ghost_start[kept] + length + 1;
            kept++;
        }
    }
    act->num_ghosts = kept;
    if (shows_sampled(t, r)) {
        ks_rollout_noise noise = {.seed = r->seed, .iteration = KS_EVAL_ITERATION, .stage = (uint32_t)stage};
        note_shown(act, t, a, b, median, stage, noise);
    }
}

/* ---- the adaptation ------------------------------------------------------------------------------------------------------------ */

/* what is told of every stage */
typedef struct audience {
    ks_act* acts;
    ks_theatre* t;
    actor* a;
    const ks_theatre_request* r;
    const double* lr;
} audience;

static bool note_stage(void* user, int j, bool ok, ks_error* err) {
    const audience* here = user;
    actor* a = here->a;
    if (!ok || (j > 0 && !ks_eval_check(a->problem, a->p.policy, a->theta + (size_t)j * a->num_params, &a->rows[j], 0,
                                        0, j, here->lr[j - 1], err))) {
        return false;
    }
    note_sampled(&here->acts[j], here->t, a, here->r, j);
    atomic_fetch_add(&here->t->done, 1);
    return true;
}

/* θ_0 … θ_steps of one policy, and what was sampled on the way. */
static bool adapt(ks_act* acts, ks_theatre* t, actor* a, const ks_theatre_request* r, ks_error* err) {
    double lr[KS_PLAY_MAX_STEPS];
    audience user = {acts, t, a, r, lr};
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

/* What nothing is learned from, at every stage with the same numbers for start and noise: the mean actions, or what goes on for
 * longer than what is learned from. */
static bool perform(ks_act* acts, const ks_theatre* t, actor* a, const ks_theatre_request* r, ks_error* err) {
    ks_rollout_request rollouts[KS_PLAY_MAX_STEPS + 1] = {0};
    size_t count = (size_t)r->steps + 1;
    if (shows_sampled(t, r)) {
        return true;
    }
    for (size_t j = 0; j < count; j++) {
        rollouts[j] = (ks_rollout_request){.batch = a->shown[j],
                                           .trajectories = r->deterministic ? 1 : r->trajectories,
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
        note_shown(&acts[j], t, a, a->shown[j], median_of(a->returns, a->shown[j]), (int)j, noise);
    }
    return true;
}

static double top_of(const ks_theatre* t, const ks_play* play) {
    double top = 0;
    for (int i = 0; t->m && i < play->rows; i++) {
        for (int j = 0; j <= play->steps; j++) {
            const ks_act* act = &play->acts[i][j];
            double of_act = ks_extent_top(t->m, t->pose, &t->look, t->floor, act->qpos, act->length + 1);
            top = of_act > top ? of_act : top;
        }
    }
    return top;
}

void ks_theatre_progress(const ks_theatre* t, int* done, int* of) {
    *done = atomic_load(&t->done);
    *of = atomic_load(&t->of);
}

bool ks_theatre_perform(ks_theatre* t, ks_play* play, const ks_theatre_request* request, ks_error* err) {
    assert(request->steps >= 0 && request->steps <= t->settings.max_steps);
    assert(request->trajectories >= 1 && request->trajectories <= t->settings.max_trajectories);
    double start = ks_clock();
    memcpy(play->task, request->task, sizeof play->task);
    play->rows = t->count;
    atomic_store(&t->done, 0);
    atomic_store(&t->of, t->count * (request->steps + 1));
    play->steps = request->steps;
    for (int i = 0; i < t->count; i++) {
        actor* a = &t->actors[i];
        ks_env_set_task(a->env, request->task);
        if (!adapt(play->acts[i], t, a, request, err) || !perform(play->acts[i], t, a, request, err)) {
            return false;
        }
    }
    play->is_median = !request->deterministic;
    play->top = top_of(t, play);
    play->seconds = ks_clock() - start;
    return true;
}

const ks_theatre_policy* ks_theatre_policy_of(const ks_theatre* t, int row) {
    return &t->actors[row].p;
}
