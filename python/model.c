/* Models: files, parameters, acting. */
#include "base/atomic_file.h"
#include "base/path.h"
#include "python/objects.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- life ------------------------------------------------------------------------------------------------------------------ */

static void release(ks_api_origin* origin) {
    if (origin && atomic_fetch_sub(&origin->models, 1) == 1) {
        ks_opened_close(&origin->opened);
        free(origin);
    }
}

ks_api_model* ks_api_model_of(ks_api_origin* origin, const ks_real* params, ks_error* err) {
    size_t bytes = ks_opened_num_params(&origin->opened) * sizeof *params;
    ks_api_model* m = calloc(1, sizeof *m);
    ks_real* own = malloc(bytes);
    if (!m || !own) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", bytes / sizeof *params);
        free(m);
        free(own);
        release(origin);
        return NULL;
    }
    memcpy(own, params, bytes);
    m->origin = origin;
    m->params = own;
    return m;
}

ks_api_model* ks_api_model_copy(const ks_api_model* m, ks_error* err) {
    atomic_fetch_add(&m->origin->models, 1);
    ks_api_model* copy = ks_api_model_of(m->origin, m->params, err);
    if (copy) {
        copy->adapted = m->adapted;
    }
    return copy;
}

ks_api_model* ks_api_model_with(const ks_api_model* m, const ks_real* theta, ks_error* err) {
    ks_api_model* copy = ks_api_model_copy(m, err);
    if (copy) {
        copy->adapted = true;
        memcpy(copy->params, theta, ks_policy_num_params(m->origin->opened.policy) * sizeof *theta);
    }
    return copy;
}

ks_api_model* ks_api_model_apart(const ks_api_model* m, ks_error* err) {
    ks_api_origin* origin = calloc(1, sizeof *origin);
    if (!origin) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    if (!ks_opened_again(&origin->opened, &m->origin->opened, m->params, err)) {
        free(origin);
        return NULL;
    }
    atomic_init(&origin->models, 1);
    return ks_api_model_of(origin, m->params, err);
}

void ks_api_model_destroy(ks_api_model* m) {
    if (m) {
        release(m->origin);
        free(m->params);
        free(m);
    }
}

ks_eval_model ks_api_model_evaluated(const ks_api_model* m) {
    ks_eval_model model = ks_opened_model(&m->origin->opened);
    model.params = m->params;
    return model;
}

/* ---- files ------------------------------------------------------------------------------------------------------------------- */

/* Its run directory, which may know where images are, by a path that stays right when the program works in another. */
static void keep_directory(ks_opened* o) {
    char path[KS_PATH_ROOM];
    ks_error unused;
    if (*o->directory && ks_path_absolute(path, NULL, o->directory, &unused)) {
        snprintf(o->directory, sizeof o->directory, "%s", path);
    }
}

ks_api_model* ks_api_model_load(const char* path, bool best, const char* env, ks_error* err) {
    ks_api_origin* origin = calloc(1, sizeof *origin);
    if (!origin) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    if (!ks_opened_open_any(&origin->opened, path, best, env, err)) {
        free(origin);
        return NULL;
    }
    keep_directory(&origin->opened);
    atomic_init(&origin->models, 1);
    return ks_api_model_of(origin, origin->opened.theta, err);
}

static ks_policy_info info_of(const ks_api_model* m) {
    const ks_opened* o = &m->origin->opened;
    return m->adapted ? ks_opened_info_here(o) : o->info;
}

void ks_api_model_set_place(ks_api_model* m, const char* path, const char* directory) {
    ks_opened* o = &m->origin->opened;
    snprintf(o->path, sizeof o->path, "%s", path);
    snprintf(o->directory, sizeof o->directory, "%s", directory);
}

bool ks_api_model_save(const ks_api_model* m, const char* path, bool force, ks_error* err) {
    const ks_opened* o = &m->origin->opened;
    ks_policy_info info = info_of(m);
    return ks_check_output(path, force, err) && ks_policy_save(path, o->policy, m->params, &info, err);
}

/* ---- what it is ---------------------------------------------------------------------------------------------------------------- */

static bool has_log_lr(const ks_opened* o) {
    return o->info.learned != KS_LEARNED_NONE;
}

ks_api_model_facts ks_api_model_describe(const ks_api_model* m) {
    const ks_opened* o = &m->origin->opened;
    const ks_policy_settings* s = ks_policy_get_settings(o->policy);
    return (ks_api_model_facts){.inputs = s->obs_dim,
                                .outputs = s->act_dim,
                                .head = (int)s->head,
                                .act_cols = (int)ks_policy_act_cols(o->policy),
                                .noise_cols = (int)ks_policy_noise_cols(o->policy),
                                .inner_steps = o->info.inner_steps,
                                .acts = o->model != NULL,
                                .theta = ks_policy_num_params(o->policy),
                                .params = ks_opened_num_params(o),
                                .num_tensors = ks_policy_num_tensors(o->policy) + (has_log_lr(o) ? 1 : 0)};
}

ks_api_tensor ks_api_model_tensor(const ks_api_model* m, size_t index) {
    const ks_opened* o = &m->origin->opened;
    if (index < ks_policy_num_tensors(o->policy)) {
        ks_policy_tensor t = ks_policy_tensor_at(o->policy, index);
        ks_api_tensor out = {.ndim = t.ndim, .offset = t.offset};
        memcpy(out.name, t.name, sizeof out.name);
        memcpy(out.shape, t.shape, (size_t)t.ndim * sizeof *t.shape);
        return out;
    }
    ks_step_sizes sizes = ks_policy_info_sizes(&o->info);
    size_t set = ks_step_sizes_set(&sizes, o->policy);
    size_t all = ks_step_sizes_count(&sizes, o->policy) - ks_step_sizes_norms(&sizes, o->policy);
    return (ks_api_tensor){.name = "inner.log_lr",
                           .ndim = sizes.per_step ? 2 : 1,
                           .shape = {sizes.per_step ? all / set : set, set},
                           .offset = ks_policy_num_params(o->policy)};
}

float* ks_api_model_params(ks_api_model* m) {
    return m->params;
}

static void add_network(cJSON* all, const ks_policy* policy) {
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    cJSON_AddNumberToObject(all, "inputs", s->obs_dim);
    cJSON_AddNumberToObject(all, "outputs", s->act_dim);
    cJSON_AddStringToObject(all, "head", ks_head_names[s->head]);
    cJSON_AddNumberToObject(all, "log_std_min", s->log_std_min);
    if (*s->network) {
        cJSON_AddItemToObject(all, "layers", cJSON_Parse(s->network));
        return;
    }
    cJSON* hidden = cJSON_AddArrayToObject(all, "hidden");
    for (int i = 0; i < s->num_hidden; i++) {
        cJSON_AddItemToArray(hidden, cJSON_CreateNumber(s->hidden[i]));
    }
    cJSON_AddStringToObject(all, "activation", ks_activation_names[s->activation]);
}

char* ks_api_model_info(const ks_api_model* m) {
    const ks_opened* o = &m->origin->opened;
    ks_policy_info info = info_of(m);
    const ks_policy_info* i = &info;
    cJSON* all = cJSON_CreateObject();
    cJSON_AddStringToObject(all, "path", o->path);
    cJSON_AddStringToObject(all, "directory", o->directory);
    cJSON_AddStringToObject(all, "problem", *i->problem ? i->problem : "rl");
    cJSON_AddStringToObject(all, "problem_settings", i->problem_settings);
    cJSON_AddStringToObject(all, "env", i->env);
    cJSON_AddStringToObject(all, "env_file", i->env_file);
    cJSON_AddStringToObject(all, "method", i->method);
    cJSON_AddNumberToObject(all, "iteration", (double)i->iteration);
    cJSON_AddNumberToObject(all, "seed", (double)i->seed);
    cJSON_AddNumberToObject(all, "inner_lr", i->inner_lr);
    cJSON_AddNumberToObject(all, "inner_steps", i->inner_steps);
    cJSON_AddStringToObject(all, "inner_learned", ks_learned_names[i->learned]);
    cJSON_AddNumberToObject(all, "gamma", i->gamma);
    cJSON_AddNumberToObject(all, "gae_lambda", i->gae_lambda);
    cJSON_AddNumberToObject(all, "horizon", i->horizon);
    cJSON* lr = cJSON_AddArrayToObject(all, "eval_lr");
    for (int j = 0; j < i->num_eval_lr; j++) {
        cJSON_AddItemToArray(lr, cJSON_CreateNumber(i->eval_lr[j]));
    }
    add_network(all, o->policy);
    char* text = cJSON_PrintUnformatted(all);
    cJSON_Delete(all);
    return text;
}

void ks_api_free(char* text) {
    cJSON_free(text);
}

/* ---- acting ---------------------------------------------------------------------------------------------------------------------- */

bool ks_api_check_finite(const float* x, size_t n, const char* name, ks_error* err) {
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            return ks_fail(err, KS_BAD_INPUT, "%s has a number that is not finite", name);
        }
    }
    return true;
}

bool ks_api_model_forward(const ks_api_model* m, const char* name, const float* x, size_t n, const float* norm,
                          size_t norm_n, float* head, ks_error* err) {
    const ks_policy* policy = m->origin->opened.policy;
    size_t inputs = (size_t)ks_policy_get_settings(policy)->obs_dim;
    if (!ks_api_check_finite(x, n * inputs, name, err) || !ks_api_check_finite(norm, norm_n * inputs, "norm", err)) {
        return false;
    }
    ks_policy_ws* ws = ks_policy_ws_create(policy, n > norm_n ? n : norm_n, err);
    if (!ws) {
        return false;
    }
    ks_rows rows = {.n = n, .obs = x, .norm_obs = norm, .norm_n = norm_n};
    ks_policy_forward_rows(policy, m->params, rows, head, ws);
    ks_policy_ws_destroy(ws);
    return true;
}

void ks_api_model_sample(const ks_api_model* m, const float* head, size_t n, const float* noise, float* act,
                         float* logp) {
    ks_policy_sample(m->origin->opened.policy, m->params, n, head, noise, act, logp);
}
