#include "run/examples.h"

#include "fewshot/fresh_head.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool set_all(const ks_examples_settings* o, ks_opened* p, ks_error* err) {
    const char* name = p->kind->name;
    for (int i = 0; i < o->count; i++) {
        const char* key = o->text[i];
        if (strncmp(key, name, strlen(name)) != 0 || key[strlen(name)] != '.') {
            return ks_fail(err, KS_BAD_INPUT, "-s: '%s' is no setting of problem: %s, as in %s.shots=5", key, name,
                           name);
        }
        if (!ks_config_set(&p->config, key, err)) {
            return false;
        }
    }
    if (o->data && p->kind != &ks_problem_images) {
        return ks_fail(err, KS_BAD_INPUT, "--data is for models of images, and %s is of problem: %s", p->path, name);
    }
    /* of what is named now, nothing that a run directory has kept of it takes the place */
    if (o->data && strcmp(o->data, "strokes") != 0 && access(o->data, F_OK) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "--data: cannot read %s: %s", o->data, strerror(errno));
    }
    return !o->data || ks_config_set_text(&p->config, "images.data", o->data, err);
}

/* Where things are on this machine: its config may say so where a run directory was named. */
static bool find_missing(ks_opened* p, const ks_examples_settings* o, ks_error* err) {
    char path[sizeof p->directory + 16];
    ks_config saved;
    ks_error unused;
    snprintf(path, sizeof path, "%s/config.yaml", p->directory);
    ks_config_default(&saved);
    if (*p->directory && ks_config_missing(&p->config) && ks_config_read(&saved, path, &unused)) {
        ks_config_take_missing(&p->config, &saved);
        p->took_data = !o->data;
    }
    const char* key = ks_config_missing(&p->config);
    if (key && strcmp(key, "images.data") == 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s: a model does not keep where its images are; give them with --data PATH",
                       p->path);
    }
    return !key || ks_fail(err, KS_BAD_INPUT, "%s: it was trained with a file as %s; give it with -s %s=PATH", p->path,
                           key, key);
}

/* A classifier of all training classes. */
static bool is_pretrained(const ks_opened* p) {
    return p->kind == &ks_problem_images && strcmp(p->info.method, ks_method_name(KS_PRETRAIN)) == 0;
}

bool ks_examples_take_head(ks_opened* p, uint64_t seed, ks_error* err) {
    ks_fresh_head model;
    int ways = p->config.images.ways;
    if (!is_pretrained(p) || ks_policy_get_settings(p->policy)->act_dim == ways) {
        return true;
    }
    if (!ks_fresh_head_create(&model, p->policy, p->theta, ways, p->config.policy.last_init_std, seed, err)) {
        return ks_fail_in(err, p->path);
    }
    p->file_policy = p->policy;
    p->file_theta = p->theta;
    p->policy = model.policy;
    p->theta = model.theta;
    return true;
}

/* What a model's last layer has fixed. */
static bool check_ways(const ks_opened* p, ks_error* err) {
    int outputs = ks_policy_get_settings(p->policy)->act_dim;
    return p->kind != &ks_problem_images || is_pretrained(p) || p->config.images.ways == outputs ||
           ks_fail(err, KS_BAD_INPUT, "images.ways: %d: %s tells %d classes apart, which its last layer has fixed",
                   p->config.images.ways, p->path, outputs);
}

bool ks_examples_set(ks_opened* p, const ks_examples_settings* o, ks_error* err) {
    if (p->kind == &ks_problem_rl) {
        return (o->count == 0 && !o->data) ||
               ks_fail(err, KS_BAD_INPUT, "%s is for models %s, and %s is a policy", o->data ? "--data" : "-s",
                       o->data ? "of images" : "that learn from examples", p->path);
    }
    ks_config_set_folder(&p->config, p->directory);
    return set_all(o, p, err) && ks_config_check(&p->config, err) && check_ways(p, err) && find_missing(p, o, err);
}

bool ks_examples_explain_data(const ks_opened* p, ks_error* err) {
    const char* data = p->config.images.data;
    return p->took_data && access(data, F_OK) != 0
               ? ks_fail(err, KS_BAD_INPUT,
                         "%s/config.yaml: images.data: %s is not there; say where the images are by --data PATH",
                         p->directory, data)
               : false;
}

ks_problem* ks_examples_problem(const ks_opened* p, size_t tasks, ks_error* err) {
    ks_problem* problem =
        p->kind->create(ks_config_problem_settings(&p->config), (ks_method)p->config.method, tasks, err);
    if (!problem) {
        ks_examples_explain_data(p, err);
    }
    return problem;
}

bool ks_examples_evaluate(ks_eval_result* result, ks_opened* p, size_t count, const ks_sinusoid* curve,
                          const ks_eval_settings* s, ks_error* err) {
    ks_eval_model model = ks_opened_model(p);
    ks_config_set_threads(&p->config, s->threads);
    ks_problem* problem = ks_examples_problem(p, count, err);
    if (!problem) {
        return false;
    }
    if (curve) {
        ks_sinusoid_give(problem, curve);
    }
    bool ok = ks_evaluate(result, problem, &model, count, s, NULL, NULL, err);
    p->kind->destroy(problem);
    return ok;
}

void ks_examples_own_lr(double lr[KS_EVAL_MAX_STEPS], const ks_opened* p) {
    ks_step_sizes sizes = ks_policy_info_sizes(&p->info);
    const ks_policy_info* info = &p->info;
    for (int j = 0; j < KS_EVAL_MAX_STEPS; j++) {
        lr[j] = info->num_eval_lr > 0 ? info->eval_lr[j < info->num_eval_lr ? j : info->num_eval_lr - 1]
                                      : ks_step_sizes_own(&sizes);
    }
}
