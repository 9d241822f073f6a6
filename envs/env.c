/* What all environments have in common: ownership, the appended task, and refusing actions that are not finite. */
#include "envs/env.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ks_env_model {
    const ks_env_def* def;
    int appended; /* numbers of the task at the end of an observation: task_dim or 0 */
    void* shared; /* the def's own, may be NULL */
};

struct ks_env {
    const ks_env_model* model;
    const ks_env_def* def; /* the model's */
    void* state;           /* the def's own */
    double task[KS_TASK_MAX];
};

/* ---- models ---------------------------------------------------------------------------------------------- */

ks_env_model* ks_env_model_create(const ks_env_def* def, bool append_task, ks_error* err) {
    assert(def->task_dim >= 1 && def->task_dim <= KS_TASK_MAX);
    assert((def->act_dim > 0) != (def->num_actions > 0));
    ks_env_model* model = calloc(1, sizeof *model);
    if (!model) {
        ks_fail(err, KS_FAILED, "%s: no memory for the model", def->name);
        return NULL;
    }
    model->def = def;
    model->appended = append_task ? def->task_dim : 0;
    if (def->model_create) {
        model->shared = def->model_create(def, err);
        if (!model->shared) {
            free(model);
            return NULL;
        }
    }
    return model;
}

void ks_env_model_destroy(ks_env_model* model) {
    if (!model) {
        return;
    }
    if (model->def->model_destroy) {
        model->def->model_destroy(model->shared);
    }
    free(model);
}

const ks_env_def* ks_env_model_def(const ks_env_model* model) {
    return model->def;
}

int ks_env_model_obs_dim(const ks_env_model* model) {
    return model->def->obs_dim + model->appended;
}

void ks_env_model_obs_size(const ks_env_model* model, double* size) {
    for (int i = 0; i < ks_env_model_obs_dim(model); i++) {
        size[i] = 1;
    }
    if (model->def->obs_size) {
        model->def->obs_size(model->def, size);
    }
}

const void* ks_env_model_mujoco(const ks_env_model* model) {
    return model->def->mujoco_model ? model->def->mujoco_model(model->shared) : NULL;
}

/* ---- instances ------------------------------------------------------------------------------------------- */

ks_env* ks_env_create(const ks_env_model* model, ks_error* err) {
    ks_env* env = calloc(1, sizeof *env);
    if (!env) {
        ks_fail(err, KS_FAILED, "%s: no memory for one more world", model->def->name);
        return NULL;
    }
    env->model = model;
    env->def = model->def;
    env->state = model->def->create(model->def, model->shared, err);
    if (!env->state) {
        free(env);
        return NULL;
    }
    return env;
}

void ks_env_destroy(ks_env* env) {
    if (env) {
        env->def->destroy(env->state);
        free(env);
    }
}

void ks_env_set_task(ks_env* env, const double* task) {
    memcpy(env->task, task, (size_t)env->def->task_dim * sizeof *task);
    if (env->def->set_task) {
        env->def->set_task(env->state, task);
    }
}

static void append_task(const ks_env* env, ks_real* obs) {
    for (int i = 0; i < env->model->appended; i++) {
        obs[env->def->obs_dim + i] = (ks_real)env->task[i];
    }
}

void ks_env_reset(ks_env* env, ks_env_noise noise, ks_real* obs) {
    env->def->reset(env->state, noise, obs);
    append_task(env, obs);
}

static bool action_is_valid(const ks_env_def* def, const ks_real* act) {
    if (def->num_actions > 0) {
        return act[0] >= 0 && act[0] < (ks_real)def->num_actions;
    }
    for (int i = 0; i < def->act_dim; i++) {
        if (!isfinite(act[i])) {
            return false;
        }
    }
    return true;
}

ks_env_step_result ks_env_step(ks_env* env, const ks_real* act, ks_real* obs) {
    if (!action_is_valid(env->def, act)) {
        return (ks_env_step_result){.unstable = true};
    }
    ks_env_step_result result = env->def->step(env->state, env->task, act, obs);
    append_task(env, obs);
    return result;
}

double ks_env_reward(const ks_env* env, const double* task) {
    return env->def->reward(env->state, task);
}

void ks_env_get_physics(const ks_env* env, double* qpos, double* qvel) {
    if (env->def->get_physics) {
        env->def->get_physics(env->state, qpos, qvel);
    }
}

const char* ks_env_file(const ks_env_def* def) {
    return def->path ? def->path : "";
}

bool ks_env_is_same(const ks_env_def* a, const ks_env_def* b) {
    return a == b || (strcmp(a->name, b->name) == 0 && strcmp(ks_env_file(a), ks_env_file(b)) == 0);
}

void ks_env_close(const ks_env_def* def) {
    if (def && def->close) {
        def->close(def);
    }
}

void* ks_env_mujoco_data(ks_env* env) {
    return env->def->mujoco_data ? env->def->mujoco_data(env->state) : NULL;
}
