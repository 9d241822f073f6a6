#include "viewer/live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 20000 }; /* beyond which nothing goes on */

struct ks_live {
    const ks_policy* policy;
    const mjModel* m;
    double dt;
    size_t room; /* timesteps */
    ks_env* env;
    ks_policy_ws* ws;
    ks_real *theta, *obs, *head, *action, *logp;
    ks_act act; /* its arrays are this one's own */
    bool over;
};

static bool allocate(ks_live* l, const ks_theatre_policy* actor, const ks_play_sizes* z, ks_error* err) {
    size_t nq = (size_t)z->nq;
    l->env = ks_env_create(actor->model, err);
    l->ws = l->env ? ks_policy_ws_create(actor->policy, 1, err) : NULL;
    if (!l->ws) {
        return false;
    }
    l->theta = calloc(ks_policy_num_params(actor->policy), sizeof *l->theta);
    l->obs = calloc((size_t)ks_env_model_obs_dim(actor->model), sizeof *l->obs);
    l->head = calloc(ks_policy_head_cols(actor->policy), sizeof *l->head);
    l->action = calloc(ks_policy_act_cols(actor->policy), sizeof *l->action);
    l->logp = calloc(1, sizeof *l->logp);
    l->act.qpos = calloc((l->room + 1) * nq, sizeof *l->act.qpos);
    l->act.rew = calloc(l->room, sizeof *l->act.rew);
    l->act.ret = calloc(l->room + 1, sizeof *l->act.ret);
    l->act.returns = calloc(z->sampled + 1, sizeof *l->act.returns);
    return (l->theta && l->obs && l->head && l->action && l->logp && l->act.qpos && l->act.rew && l->act.ret &&
            l->act.returns) ||
           ks_fail(err, KS_FAILED, "not enough memory to go on live");
}

/* One step with an action, of which everything is kept. False: it broke down. */
static bool step(ks_live* l, const ks_real* action) {
    ks_act* a = &l->act;
    ks_env_step_result r = ks_env_step(l->env, action, l->obs);
    if (r.unstable) {
        return false;
    }
    const mjData* d = ks_env_mujoco_data(l->env);
    a->rew[a->length] = r.rew;
    a->ret[a->length + 1] = a->ret[a->length] + r.rew;
    a->length++;
    mju_copy(a->qpos + a->length * (size_t)l->m->nq, d->qpos, (int)l->m->nq);
    a->terminated = r.terminated;
    return true;
}

/* As it was recorded. */
static bool replay(ks_live* l, const ks_play* play, const ks_act* from, double time, ks_error* err) {
    size_t steps = (size_t)fmin(floor(time / l->dt + 1e-9), (double)from->length);
    size_t cols = play->sizes.act_cols;
    const mjData* d = ks_env_mujoco_data(l->env);
    ks_env_set_task(l->env, play->task);
    ks_env_reset(l->env, (ks_env_noise){.uniform = from->uniform, .normal = from->normal}, l->obs);
    mju_copy(l->act.qpos, d->qpos, (int)l->m->nq);
    for (size_t i = 0; i < steps; i++) {
        if (!step(l, from->actions + i * cols)) {
            return ks_fail(err, KS_FAILED, "the world does not go the same way again: it breaks down");
        }
    }
    return true;
}

ks_live* ks_live_create(const ks_theatre_policy* actor, const ks_play* play, int row, int column, double time,
                        ks_error* err) {
    const ks_act* from = &play->acts[row][column];
    ks_live* l = calloc(1, sizeof *l);
    if (!l) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    l->policy = actor->policy;
    l->m = ks_env_model_mujoco(actor->model);
    l->dt = play->dt;
    l->room = from->length + MOST_STEPS;
    if (!allocate(l, actor, &play->sizes, err) || !replay(l, play, from, time, err)) {
        ks_live_destroy(l);
        return NULL;
    }
    memcpy(l->theta, from->theta, ks_policy_num_params(actor->policy) * sizeof *l->theta);
    memcpy(l->act.returns, from->returns, from->num_sampled * sizeof *from->returns);
    l->act.num_sampled = from->num_sampled;
    l->act.mean_return = from->mean_return;
    l->act.world = ks_env_mujoco_data(l->env);
    ks_policy_prepare(l->ws, l->policy, l->theta);
    return l;
}

void ks_live_destroy(ks_live* l) {
    if (l) {
        ks_policy_ws_destroy(l->ws);
        ks_env_destroy(l->env);
        free(l->theta);
        free(l->obs);
        free(l->head);
        free(l->action);
        free(l->logp);
        free(l->act.qpos);
        free(l->act.rew);
        free(l->act.ret);
        free(l->act.returns);
        free(l);
    }
}

const ks_act* ks_live_act(const ks_live* l) {
    return &l->act;
}

mjData* ks_live_data(ks_live* l) {
    return ks_env_mujoco_data(l->env);
}

void ks_live_advance(ks_live* l, double time, const mjvPerturb* perturb) {
    mjData* d = ks_env_mujoco_data(l->env);
    while (!l->over && (double)l->act.length * l->dt < time) {
        mju_zero(d->xfrc_applied, 6 * (int)l->m->nbody);
        if (perturb && perturb->active) {
            mjv_applyPerturbForce(l->m, d, perturb);
        }
        ks_policy_forward_prepared(l->policy, 1, l->obs, l->head, l->ws);
        ks_policy_sample(l->policy, l->theta, 1, l->head, NULL, l->action, l->logp);
        l->over = !step(l, l->action) || l->act.terminated || l->act.length == l->room;
    }
}
