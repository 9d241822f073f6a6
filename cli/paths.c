#include "cli/paths.h"

#include <math.h>
#include <stdlib.h>

static void destroy_batches(ks_batch** batches, int count) {
    for (int j = 0; batches && j < count; j++) {
        ks_batch_destroy(batches[j]);
    }
    free(batches);
}

static ks_batch** create_batches(const ks_env_model* model, const ks_policy* policy, const ks_rl_eval_settings* s,
                                 ks_error* err) {
    int count = s->eval.steps + 1;
    ks_sampler* sampler = ks_sampler_create(model, policy, 1, err);
    if (!sampler) {
        return NULL;
    }
    ks_batch_sizes sizes = ks_sampler_batch_sizes(sampler, s->trajectories, s->horizon, false);
    ks_sampler_destroy(sampler);
    ks_batch** batches = calloc((size_t)count, sizeof *batches);
    bool ok = batches || ks_fail(err, KS_FAILED, "not enough memory");
    for (int j = 0; ok && j < count; j++) {
        batches[j] = ks_batch_create(&sizes, err);
        ok = batches[j] != NULL;
    }
    if (!ok) {
        destroy_batches(batches, count);
        return NULL;
    }
    return batches;
}

/* Positions of one trajectory: those that the policy saw, and the one that its last action leads to, which the environment is
 * asked for by doing it all again (it starts without noise). obs is room for an observation. Returns how many there are. */
static size_t replay(double* xy, ks_env* env, const ks_batch* b, size_t trajectory, ks_real* obs) {
    size_t first = b->traj_start[trajectory], last = b->traj_start[trajectory + 1];
    ks_env_reset(env, (ks_env_noise){0}, obs);
    for (size_t t = first; t < last; t++) {
        const ks_real* seen = b->obs + t * b->sizes.obs_dim;
        xy[2 * (t - first)] = (double)seen[0];
        xy[2 * (t - first) + 1] = (double)seen[1];
        ks_env_step(env, b->act + t * b->sizes.act_cols, obs);
    }
    xy[2 * (last - first)] = (double)obs[0];
    xy[2 * (last - first) + 1] = (double)obs[1];
    return last - first + 1;
}

/* What paths are made of: a world of that task, and room for an observation. */
typedef struct tracer {
    ks_env* env;
    ks_real* obs;
} tracer;

static bool tracer_init(tracer* t, const ks_env_model* model, const double* task, ks_error* err) {
    t->env = ks_env_create(model, err);
    t->obs = calloc((size_t)ks_env_model_obs_dim(model), sizeof *t->obs);
    if (t->env) {
        ks_env_set_task(t->env, task);
    }
    return t->env && (t->obs || ks_fail(err, KS_FAILED, "not enough memory"));
}

static void tracer_free(tracer* t) {
    ks_env_destroy(t->env);
    free(t->obs);
}

/* The first trajectories of a batch become the next paths. */
static void keep_paths(ks_paths* p, size_t* kept, const tracer* t, const ks_batch* b) {
    for (size_t i = 0; i < p->rollouts; i++, ++*kept) {
        p->start[*kept + 1] = p->start[*kept] + replay(p->xy + 2 * p->start[*kept], t->env, b, i, t->obs);
    }
}

/* As they are sampled, all in one evaluation. */
static bool sample_all(ks_paths* p, ks_batch** batches, const tracer* t, const ks_env_model* model,
                       const ks_eval_model* policy, const double* task, const ks_rl_eval_settings* s, ks_error* err) {
    ks_eval_result result = {0};
    size_t kept = 0;
    bool ok = ks_rl_evaluate(&result, model, policy, task, 1, s, batches, NULL, NULL, err);
    for (int j = 0; ok && j <= p->steps; j++) {
        keep_paths(p, &kept, t, batches[j]);
    }
    ks_eval_result_free(&result);
    return ok;
}

/* The mean actions, which an evaluation takes after its last step only: one for each stage that is drawn. */
static bool sample_means(ks_paths* p, ks_batch** batches, const tracer* t, const ks_env_model* model,
                         const ks_eval_model* policy, const double* task, const ks_rl_eval_settings* s, ks_error* err) {
    size_t kept = 0;
    bool ok = true;
    for (int j = 0; ok && j <= p->steps; j++) {
        ks_eval_result result = {0};
        ks_rl_eval_settings only = *s;
        only.eval.steps = j;
        only.eval.deterministic = true;
        if (j > 1 && j < p->steps) {
            p->start[kept + 1] = p->start[kept];
            kept++;
            continue;
        }
        ok = ks_rl_evaluate(&result, model, policy, task, 1, &only, batches, NULL, NULL, err);
        if (ok) {
            keep_paths(p, &kept, t, batches[j]);
        }
        ks_eval_result_free(&result);
    }
    return ok;
}

bool ks_paths_check(const ks_env_def* def, ks_error* err) {
    return (ks_env_is_plane(def) && ks_env_goal_of(def) == KS_GOAL_PLACE) ||
           ks_fail(err, KS_BAD_INPUT, "paths are drawn in a plane with a goal in it, as in point, and %s has none",
                   def->name);
}

bool ks_paths_sample(ks_paths* paths, const ks_env_model* model, const ks_eval_model* policy, const double* task,
                     const ks_rl_eval_settings* settings, size_t rollouts, ks_error* err) {
    const ks_env_def* def = ks_env_model_def(model);
    *paths = (ks_paths){.steps = settings->eval.steps, .mean = rollouts == 0, .rollouts = rollouts ? rollouts : 1};
    if (!ks_paths_check(def, err)) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        int number = def->look->goal_numbers[i];
        paths->goal[i] = task[number];
        for (int end = 0; def->task_numbers && end < 2; end++) {
            paths->reach = fmax(paths->reach, fabs(def->task_numbers[number].trained[end]));
        }
    }
    if (rollouts > settings->trajectories) {
        return ks_fail(err, KS_BAD_INPUT, "--rollouts: there are not %zu to draw of %zu trajectories", rollouts,
                       settings->trajectories);
    }
    ks_batch** batches = create_batches(model, policy->policy, settings, err);
    if (!batches) {
        return false;
    }
    size_t count = (size_t)(paths->steps + 1) * paths->rollouts, most = settings->horizon + 1;
    tracer t = {0};
    paths->start = calloc(count + 1, sizeof *paths->start);
    paths->xy = calloc(count * most * 2, sizeof *paths->xy);
    bool ok = ((paths->start && paths->xy) || ks_fail(err, KS_FAILED, "not enough memory for %zu paths", count)) &&
              tracer_init(&t, model, task, err) &&
              (paths->mean ? sample_means : sample_all)(paths, batches, &t, model, policy, task, settings, err);
    tracer_free(&t);
    destroy_batches(batches, settings->eval.steps + 1);
    if (!ok) {
        ks_paths_free(paths);
    }
    return ok;
}
