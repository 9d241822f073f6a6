#include "run/opened.h"

#include "rl/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* the file that a POLICY argument means */
static bool find_file(ks_opened* p, const char* argument, bool best, ks_error* err) {
    struct stat info;
    bool directory = stat(argument, &info) == 0 && S_ISDIR(info.st_mode);
    if (!directory && best) {
        return ks_fail(err, KS_BAD_INPUT, "--best takes a run directory, and %s is none", argument);
    }
    snprintf(p->directory, sizeof p->directory, "%s", directory ? argument : "");
    int length = snprintf(p->path, sizeof p->path, directory ? "%s/%s" : "%s", argument,
                          best ? "best.safetensors" : "policy.safetensors");
    if (length < 0 || (size_t)length >= sizeof p->path) {
        return ks_fail(err, KS_BAD_INPUT, "%.60s…: a path of more than %zu letters", argument, sizeof p->path - 1);
    }
    if (directory && access(p->path, F_OK) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s: no run directory, or one without a policy yet (%s is missing)", argument,
                       p->path);
    }
    return true;
}

/* Sizes are checked here too, to name the file. */
static bool check_fit(const ks_opened* p, ks_error* err) {
    const ks_policy_settings* s = ks_policy_get_settings(p->policy);
    int obs = ks_env_model_obs_dim(p->model);
    int actions = p->def->num_actions > 0 ? p->def->num_actions : p->def->act_dim;
    bool discrete = p->def->num_actions > 0;
    if (s->obs_dim != obs || s->act_dim != actions || s->head != (discrete ? KS_CATEGORICAL : KS_GAUSSIAN)) {
        return ks_fail(
            err, KS_BAD_INPUT,
            "%s: the policy (trained on %s) takes %d observations and gives %d %s actions; %s has %d and %d %s",
            p->path, p->info.env, s->obs_dim, s->act_dim, s->head == KS_CATEGORICAL ? "discrete" : "continuous",
            p->def->name, obs, actions, discrete ? "discrete" : "continuous");
    }
    return true;
}

/* The problem of a model that does not act, with its settings as they were; any: NULL where it is not known. */
static bool find_problem(ks_opened* p, bool any, ks_error* err) {
    const ks_policy_info* info = &p->info;
    char assignment[sizeof info->problem_settings + sizeof info->problem + 16], *next;
    snprintf(assignment, sizeof assignment, "problem=%s", info->problem);
    ks_config_default(&p->config);
    p->kind = &ks_problem_rl;
    if (!*info->problem) {
        return true;
    }
    ks_error inner = {0};
    int number = ks_problem_find(info->problem);
    bool ok = number >= 0 && ks_config_set(&p->config, assignment, &inner);
    snprintf(assignment, sizeof assignment, "%s", info->problem_settings);
    for (char* key = strtok_r(assignment, " ", &next); ok && key; key = strtok_r(NULL, " ", &next)) {
        ok = ks_config_set(&p->config, key, &inner);
    }
    if (!ok && any && number < 0) {
        p->kind = NULL;
        return true;
    }
    if (!ok) {
        return ks_fail(err, KS_BAD_INPUT, "%s: its problem, '%.40s', is not one that this version knows%s%s", p->path,
                       info->problem, *inner.text ? ": " : "", inner.text);
    }
    p->kind = ks_problem_kinds[number];
    p->config.method = strcmp(info->method, "oracle") == 0 ? KS_ORACLE : KS_MAML;
    return true;
}

static bool find_env(ks_opened* p, const char* env, ks_error* err) {
    const char* own = *p->info.env_file ? p->info.env_file : p->info.env;
    p->def = ks_env_open(env ? env : own, NULL, err);
    if (!p->def) {
        ks_fail_in(err, env ? "-e" : p->path);
        if (!env && *p->info.env_file && access(own, R_OK) != 0) {
            return ks_fail(err, KS_BAD_INPUT, "%s: its environment, %s, is not there: -e FILE says where it is",
                           p->path, own);
        }
        return false;
    }
    if (env && strcmp(p->def->name, p->info.env) == 0) { /* it was moved */
        snprintf(p->info.env_file, sizeof p->info.env_file, "%s", ks_env_file(p->def));
    }
    p->model = ks_env_model_create(p->def, strcmp(p->info.method, "oracle") == 0, err);
    return p->model && check_fit(p, err);
}

static bool open_model(ks_opened* p, const char* argument, bool best, const char* env, bool any, ks_error* err) {
    *p = (ks_opened){0};
    if (!find_file(p, argument, best, err) || !ks_policy_load(p->path, &p->policy, &p->theta, &p->info, err)) {
        return false;
    }
    bool ok = find_problem(p, any, err);
    if (ok && *p->info.problem && env) {
        ok = ks_fail(err, KS_BAD_INPUT, "-e: %s is a model of problem: %s, which has no environment", p->path,
                     p->info.problem);
    } else if (ok && !*p->info.problem) {
        ok = find_env(p, env, err);
    }
    if (!ok) {
        ks_opened_close(p);
    }
    return ok;
}

bool ks_opened_open(ks_opened* p, const char* argument, bool best, const char* env, ks_error* err) {
    return open_model(p, argument, best, env, false, err);
}

bool ks_opened_open_any(ks_opened* p, const char* argument, bool best, const char* env, ks_error* err) {
    return open_model(p, argument, best, env, true, err);
}

bool ks_opened_again(ks_opened* p, const ks_opened* other, const ks_real* params, ks_error* err) {
    size_t bytes = ks_opened_num_params(other) * sizeof *params;
    *p = (ks_opened){.info = other->info};
    snprintf(p->path, sizeof p->path, "%s", other->path);
    snprintf(p->directory, sizeof p->directory, "%s", other->directory);
    p->theta = malloc(bytes);
    bool ok = p->theta || ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", bytes / sizeof *params);
    p->policy = ok ? ks_policy_create(ks_policy_get_settings(other->policy), err) : NULL;
    if (!p->policy || !find_problem(p, false, err)) {
        ks_opened_close(p);
        return false;
    }
    memcpy(p->theta, params, bytes);
    return true;
}

ks_policy_info ks_opened_info_here(const ks_opened* p) {
    ks_policy_info info = p->info;
    if (p->def) {
        snprintf(info.env, sizeof info.env, "%s", p->def->name);
        snprintf(info.env_file, sizeof info.env_file, "%s", ks_env_file(p->def));
    }
    return info;
}

size_t ks_opened_num_params(const ks_opened* p) {
    ks_step_sizes sizes = ks_policy_info_sizes(&p->info);
    return ks_policy_num_params(p->policy) + ks_step_sizes_count(&sizes, p->policy);
}

ks_rl_eval_settings ks_opened_eval_settings(const ks_opened* p) {
    ks_rl_eval_settings s = ks_rl_eval_settings_default();
    s.trajectories = ks_protocol_trajectories(p->def);
    s.horizon = (size_t)p->info.horizon;
    s.advantage = (ks_advantage_settings){.gamma = p->info.gamma, .gae_lambda = p->info.gae_lambda};
    ks_default_lr(s.eval.lr, p->def, &p->info);
    return s;
}

ks_eval_model ks_opened_model(const ks_opened* p) {
    return (ks_eval_model){.policy = p->policy, .params = p->theta, .sizes = ks_policy_info_sizes(&p->info)};
}

void ks_opened_close(ks_opened* p) {
    ks_env_model_destroy(p->model);
    ks_env_close(p->def);
    ks_policy_destroy(p->policy);
    free(p->theta);
    ks_policy_destroy(p->file_policy);
    free(p->file_theta);
    p->file_policy = NULL;
    p->file_theta = NULL;
    p->model = NULL;
    p->def = NULL;
    p->policy = NULL;
    p->theta = NULL;
}
