/* Adaptation, trajectories and evaluation: the same numbers as of `kshot adapt`, `rollout` and `eval`. */
#include "python/given.h"
#include "python/objects.h"
#include "rl/advantage.h"
#include "run/examples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings -------------------------------------------------------------------------------------------------------------- */

/* The sizes of steps, where somebody says what they are. */
static bool take_lr(double lr[KS_EVAL_MAX_STEPS], const ks_api_sampling* how, ks_error* err) {
    if (how->steps < 0 || how->steps > KS_EVAL_MAX_STEPS) {
        return ks_fail(err, KS_BAD_INPUT, "steps: %d; there may be 0 to %d gradient steps", how->steps,
                       KS_EVAL_MAX_STEPS);
    }
    for (int j = 0; j < KS_EVAL_MAX_STEPS && how->num_lr > 0; j++) {
        lr[j] = how->lr[j < how->num_lr ? j : how->num_lr - 1];
        if (!isfinite(lr[j]) || lr[j] < 0) {
            return ks_fail(err, KS_BAD_INPUT, "lr: %g is no step size", lr[j]);
        }
    }
    return true;
}

static bool policy_settings(ks_rl_eval_settings* s, const ks_opened* o, const ks_api_sampling* how, ks_error* err) {
    if (!o->model) {
        return ks_fail(err, KS_BAD_INPUT, "%s: it is no policy, which acts in an environment, but learns from examples",
                       *o->path ? o->path : "the model");
    }
    *s = ks_opened_eval_settings(o);
    s->trajectories = how->trajectories > 0 ? (size_t)how->trajectories : s->trajectories;
    s->horizon = how->horizon > 0 ? (size_t)how->horizon : s->horizon;
    if (how->gae_lambda >= 0) {
        s->advantage.gae_lambda = how->gae_lambda;
    }
    s->eval.steps = how->steps;
    s->eval.seed = (uint64_t)how->seed;
    s->eval.threads = how->threads;
    s->eval.deterministic = how->deterministic;
    return take_lr(s->eval.lr, how, err);
}

static bool example_settings(ks_eval_settings* s, const ks_opened* o, const ks_api_sampling* how, ks_error* err) {
    *s = ks_eval_settings_default();
    s->steps = how->steps;
    s->seed = (uint64_t)how->seed;
    s->threads = how->threads;
    ks_examples_own_lr(s->lr, o);
    return take_lr(s->lr, how, err);
}

/* ---- evaluation ------------------------------------------------------------------------------------------------------------ */

static void copy_values(const ks_api_values* out, ks_eval_result* r) {
    size_t bytes = r->tasks * ((size_t)r->steps + 1) * sizeof(double);
    memcpy(out->metric, r->metric, bytes);
    memcpy(out->length, r->length, bytes);
    memcpy(out->loss, r->loss, bytes);
    ks_eval_result_free(r);
}

/* (count x P) for every task's θ, where the first one's is wanted. */
static bool adapted_room(ks_real** theta, const ks_policy* policy, size_t count, bool wanted, ks_error* err) {
    *theta = wanted ? malloc(count * ks_policy_num_params(policy) * sizeof **theta) : NULL;
    return !wanted || *theta ||
           ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", ks_policy_num_params(policy));
}

bool ks_api_evaluate_policy(const ks_api_model* m, const double* task, size_t count, const ks_api_sampling* how,
                            const ks_api_values* out, ks_api_model** adapted, ks_error* err) {
    const ks_opened* o = &m->origin->opened;
    ks_eval_model model = ks_api_model_evaluated(m);
    ks_rl_eval_settings s;
    ks_eval_result result;
    if (!policy_settings(&s, o, how, err) || !adapted_room(&s.eval.adapted, o->policy, count, adapted != NULL, err)) {
        return false;
    }
    bool ok = ks_rl_evaluate(&result, o->model, &model, task, count, &s, NULL, NULL, NULL, err);
    if (ok) {
        copy_values(out, &result);
    }
    if (ok && adapted) {
        *adapted = ks_api_model_with(m, s.eval.adapted, err);
        ok = *adapted != NULL;
    }
    free(s.eval.adapted);
    return ok;
}

/* A model of an origin of its own, whose problem has these settings in place of those of the file. NULL on errors. */
static ks_api_model* reopen(const ks_api_model* m, const ks_api_problem* p, int64_t seed, ks_error* err) {
    const ks_opened* o = &m->origin->opened;
    if (!o->kind || o->model) {
        ks_fail(err, KS_BAD_INPUT, "%s has no problem that draws tasks: give examples, x and y",
                *o->path ? o->path : "the model");
        return NULL;
    }
    ks_examples_settings settings = {.text = p->settings, .count = p->count, .data = p->data};
    ks_api_model* again = ks_api_model_apart(m, err);
    ks_opened* opened = again ? &again->origin->opened : NULL;
    if (opened && ks_examples_set(opened, &settings, err) && ks_examples_take_head(opened, (uint64_t)seed, err)) {
        return again;
    }
    ks_api_model_destroy(again);
    return NULL;
}

static bool evaluate_opened(ks_eval_result* result, ks_opened* o, const ks_api_problem* p, size_t count,
                            const ks_eval_settings* s, ks_error* err) {
    if (p->curve && (o->kind != &ks_problem_sinusoid || count != 1)) {
        return ks_fail(err, KS_BAD_INPUT, "task: a task of %s has no numbers; seed draws another", o->kind->name);
    }
    ks_sinusoid curve = {0};
    if (p->curve) {
        curve = (ks_sinusoid){.amplitude = p->curve[0], .phase = p->curve[1]};
    }
    return ks_examples_evaluate(result, o, count, p->curve ? &curve : NULL, s, err);
}

bool ks_api_evaluate_examples(const ks_api_model* m, const ks_api_problem* p, size_t count, const ks_api_sampling* how,
                              const ks_api_values* out, ks_api_model** adapted, ks_error* err) {
    ks_eval_settings s;
    ks_eval_result result;
    ks_api_model* again = reopen(m, p, how->seed, err);
    ks_opened* o = again ? &again->origin->opened : NULL;
    bool ok =
        o && example_settings(&s, o, how, err) && adapted_room(&s.adapted, o->policy, count, adapted != NULL, err);
    if (!ok) {
        ks_api_model_destroy(again);
        return false;
    }
    s.split = (ks_split)p->split;
    ok = evaluate_opened(&result, o, p, count, &s, err);
    if (ok) {
        copy_values(out, &result);
    }
    if (ok && adapted) {
        ks_real* params = o->theta; /* of the model that was adapted, whose last layer may be another than the file's */
        memcpy(params, s.adapted, ks_policy_num_params(o->policy) * sizeof *params);
        atomic_fetch_add(&again->origin->models, 1);
        *adapted = ks_api_model_of(again->origin, params, err);
        ok = *adapted != NULL;
    }
    free(s.adapted);
    ks_api_model_destroy(again);
    return ok;
}

/* ---- examples in arrays ------------------------------------------------------------------------------------------------------ */

ks_api_model* ks_api_adapt_to_examples(const ks_api_model* m, const ks_api_examples* support,
                                       const ks_api_sampling* how, double* loss, ks_error* err) {
    const ks_opened* o = &m->origin->opened;
    const ks_policy_settings* layout = ks_policy_get_settings(o->policy);
    ks_eval_model model = ks_api_model_evaluated(m);
    ks_eval_settings s;
    ks_eval_result result;
    ks_api_model* adapted = NULL;
    ks_given_settings given = {.inputs = layout->obs_dim,
                               .outputs = layout->act_dim,
                               .classes = layout->head == KS_CATEGORICAL,
                               .max_rows = ks_given_longest(support)};
    if (o->model || layout->head == KS_GAUSSIAN || support->tasks != 1) {
        ks_fail(err, KS_BAD_INPUT, "one task's examples are for models of examples, not for policies: give a task");
        return NULL;
    }
    if (!example_settings(&s, o, how, err) || !adapted_room(&s.adapted, o->policy, 1, true, err)) {
        return NULL;
    }
    ks_problem* problem = ks_given_create(&given, 1, err);
    if (problem && ks_given_set(problem, support, support, err) &&
        ks_evaluate(&result, problem, &model, 1, &s, NULL, NULL, err)) {
        memcpy(loss, result.loss, ((size_t)s.steps + 1) * sizeof *loss);
        ks_eval_result_free(&result);
        adapted = ks_api_model_with(m, s.adapted, err);
    }
    if (problem) {
        problem->kind->destroy(problem);
    }
    free(s.adapted);
    return adapted;
}

/* ---- trajectories from elsewhere ------------------------------------------------------------------------------------------------ */

static bool check_trajectories(const ks_api_trajectories* d, ks_error* err) {
    bool ok = d->n > 0 && d->traj_start[0] == 0 && d->traj_start[d->n] == (int64_t)d->rows;
    for (size_t i = 0; ok && i < d->n; i++) {
        ok = d->traj_start[i] < d->traj_start[i + 1];
    }
    return ok || ks_fail(err, KS_BAD_INPUT,
                         "traj_start: it must go from 0 to the number of timesteps, %zu, and every trajectory have one",
                         d->rows);
}

/* Discrete policies are told the number of an action, which is read as an index. */
static bool are_actions(const float* act, size_t n, const ks_policy_settings* policy, ks_error* err) {
    for (size_t i = 0; policy->head == KS_CATEGORICAL && i < n; i++) {
        if (act[i] != floorf(act[i]) || act[i] < 0 || act[i] >= (float)policy->act_dim) {
            return ks_fail(err, KS_BAD_INPUT, "act has %g, which is no action: they are 0 to %d", (double)act[i],
                           policy->act_dim - 1);
        }
    }
    return true;
}

/* A batch of them, as the sampler would have left it. NULL on errors. */
static ks_batch* batch_of(const ks_api_trajectories* d, const ks_policy* policy, ks_error* err) {
    ks_batch_sizes sizes = {.trajectories = d->n,
                            .horizon = 1,
                            .obs_dim = (size_t)ks_policy_get_settings(policy)->obs_dim,
                            .act_cols = ks_policy_act_cols(policy),
                            .head_cols = ks_policy_head_cols(policy),
                            .task_dim = 1};
    if (!check_trajectories(d, err) || !ks_api_check_finite(d->obs, d->rows * sizes.obs_dim, "obs", err) ||
        !ks_api_check_finite(d->act, d->rows * sizes.act_cols, "act", err) ||
        !are_actions(d->act, d->rows, ks_policy_get_settings(policy), err) ||
        !ks_api_check_finite(d->rew, d->rows, "rew", err)) {
        return NULL;
    }
    for (size_t i = 0; i < d->n; i++) {
        size_t length = (size_t)(d->traj_start[i + 1] - d->traj_start[i]);
        sizes.horizon = length > sizes.horizon ? length : sizes.horizon;
    }
    ks_batch* b = ks_batch_create(&sizes, err);
    if (!b) {
        return NULL;
    }
    b->n = d->n;
    b->rows = d->rows;
    for (size_t i = 0; i <= d->n; i++) {
        b->traj_start[i] = (size_t)d->traj_start[i];
    }
    memcpy(b->terminated, d->terminated, d->n * sizeof *b->terminated);
    memcpy(b->obs, d->obs, d->rows * sizes.obs_dim * sizeof *b->obs);
    memcpy(b->act, d->act, d->rows * sizes.act_cols * sizeof *b->act);
    memcpy(b->rew, d->rew, d->rows * sizeof *b->rew);
    return b;
}

/* theta (P) after a gradient step on the batch. */
static bool step_on(ks_real* theta, const ks_api_model* m, ks_batch* b, int step, const ks_rl_eval_settings* s,
                    ks_error* err) {
    ks_eval_model model = ks_api_model_evaluated(m);
    size_t p = ks_policy_num_params(model.policy);
    ks_advantage_ws* ws = ks_advantage_ws_create(b->sizes.obs_dim, b->rows, err);
    ks_inner* inner = ws ? ks_inner_create(model.policy, &model.sizes, 1, b->rows, s->eval.threads, err) : NULL;
    if (inner) {
        ks_advantage_compute(b, s->advantage, NULL, ws);
        ks_inner_set(inner, model.params + p);
        ks_group group = {.rows = ks_batch_rows(b), .theta = model.params};
        ks_inner_step(theta, inner, &group, 1, step, s->eval.lr[step], (ks_inner_trace){0});
    }
    ks_inner_destroy(inner);
    ks_advantage_ws_destroy(ws);
    return inner != NULL;
}

ks_api_model* ks_api_adapt_to_trajectories(const ks_api_model* m, const ks_api_trajectories* data, int step,
                                           const ks_api_sampling* how, ks_error* err) {
    const ks_opened* o = &m->origin->opened;
    ks_rl_eval_settings s;
    ks_api_model* adapted = NULL;
    if (step < 0 || step >= KS_EVAL_MAX_STEPS) {
        ks_fail(err, KS_BAD_INPUT, "step: %d; it may be 0 to %d", step, KS_EVAL_MAX_STEPS - 1);
        return NULL;
    }
    ks_real* theta = malloc(ks_policy_num_params(o->policy) * sizeof *theta);
    ks_batch* batch = theta && policy_settings(&s, o, how, err) ? batch_of(data, o->policy, err) : NULL;
    if (!theta) {
        ks_fail(err, KS_FAILED, "not enough memory");
    } else if (batch && step_on(theta, m, batch, step, &s, err)) {
        adapted = ks_api_model_with(m, theta, err);
    }
    ks_batch_destroy(batch);
    free(theta);
    return adapted;
}

/* ---- trajectories of a task -------------------------------------------------------------------------------------------------------- */

struct ks_api_rollout {
    ks_batch* batch[KS_EVAL_MAX_STEPS + 1]; /* (steps + 1) */
    int steps;
};

ks_api_rollout* ks_api_rollout_create(const ks_api_model* m, const double* task, const ks_api_sampling* how,
                                      ks_error* err) {
    const ks_opened* o = &m->origin->opened;
    ks_eval_model model = ks_api_model_evaluated(m);
    ks_rl_eval_settings s;
    ks_eval_result result;
    if (!policy_settings(&s, o, how, err)) {
        return NULL;
    }
    ks_api_rollout* r = calloc(1, sizeof *r);
    bool ok = r || ks_fail(err, KS_FAILED, "not enough memory");
    ok = ok && ks_rl_create_batches(r->batch, o->model, o->policy, &s, err) &&
         ks_rl_evaluate(&result, o->model, &model, task, 1, &s, r->batch, NULL, NULL, err);
    if (!ok) {
        ks_api_rollout_destroy(r);
        return NULL;
    }
    ks_eval_result_free(&result);
    r->steps = s.eval.steps;
    return r;
}

void ks_api_rollout_destroy(ks_api_rollout* r) {
    for (int j = 0; r && j <= KS_EVAL_MAX_STEPS; j++) {
        ks_batch_destroy(r->batch[j]);
    }
    free(r);
}

ks_api_rollout_arrays ks_api_rollout_get(const ks_api_rollout* r) {
    const ks_batch* b = r->batch[r->steps];
    return (ks_api_rollout_arrays){.n = b->n,
                                   .rows = b->rows,
                                   .broken = b->rejected,
                                   .traj_start = b->traj_start,
                                   .obs = b->obs,
                                   .act = b->act,
                                   .head = b->head,
                                   .logp = b->logp,
                                   .rew = b->rew,
                                   .terminated = b->terminated,
                                   .qpos = b->qpos,
                                   .qvel = b->qvel,
                                   .qpos_last = b->qpos_last,
                                   .qvel_last = b->qvel_last,
                                   .task = b->task};
}
