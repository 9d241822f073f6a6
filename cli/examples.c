#include "cli/examples.h"

#include "base/text.h"
#include "fewshot/fresh_head.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(KS_SPLIT_TRAIN == 0 && KS_SPLIT_VALIDATION == 1 && KS_SPLIT_TEST == 2, "the order of KS_SPLIT_NAMES");

static bool set_all(const ks_problem_options* o, ks_cli_policy* p, ks_error* err) {
    const char* name = p->kind->name;
    for (int i = 0; i < o->settings.count; i++) {
        const char* key = o->settings.text[i];
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
static bool find_missing(ks_cli_policy* p, const ks_problem_options* o, ks_error* err) {
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
static bool is_pretrained(const ks_cli_policy* p) {
    return p->kind == &ks_problem_images && strcmp(p->info.method, ks_method_name(KS_PRETRAIN)) == 0;
}

bool ks_examples_take_head(ks_cli_policy* p, uint64_t seed, ks_error* err) {
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
static bool check_ways(const ks_cli_policy* p, ks_error* err) {
    int outputs = ks_policy_get_settings(p->policy)->act_dim;
    return p->kind != &ks_problem_images || is_pretrained(p) || p->config.images.ways == outputs ||
           ks_fail(err, KS_BAD_INPUT, "images.ways: %d: %s tells %d classes apart, which its last layer has fixed",
                   p->config.images.ways, p->path, outputs);
}

bool ks_problem_options_apply(const ks_problem_options* o, ks_cli_policy* p, ks_error* err) {
    if (p->kind == &ks_problem_rl) {
        return (o->settings.count == 0 && !o->data) ||
               ks_fail(err, KS_BAD_INPUT, "%s is for models %s, and %s is a policy", o->data ? "--data" : "-s",
                       o->data ? "of images" : "that learn from examples", p->path);
    }
    ks_config_set_folder(&p->config, p->directory);
    return set_all(o, p, err) && ks_config_check(&p->config, err) && check_ways(p, err) && find_missing(p, o, err);
}

/* Says whose word it was, where images are not where the run's config has them. Returns false. */
static bool explain_data(const ks_cli_policy* p, ks_error* err) {
    const char* data = p->config.images.data;
    return p->took_data && access(data, F_OK) != 0
               ? ks_fail(err, KS_BAD_INPUT,
                         "%s/config.yaml: images.data: %s is not there; say where the images are by --data PATH",
                         p->directory, data)
               : false;
}

ks_problem* ks_examples_problem(const ks_cli_policy* p, size_t tasks, ks_error* err) {
    ks_problem* problem =
        p->kind->create(ks_config_problem_settings(&p->config), (ks_method)p->config.method, tasks, err);
    if (!problem) {
        explain_data(p, err);
    }
    return problem;
}

void ks_examples_own_lr(double lr[KS_EVAL_MAX_STEPS], const ks_cli_policy* p) {
    ks_step_sizes sizes = ks_policy_info_sizes(&p->info);
    const ks_policy_info* info = &p->info;
    for (int j = 0; j < KS_EVAL_MAX_STEPS; j++) {
        lr[j] = info->num_eval_lr > 0 ? info->eval_lr[j < info->num_eval_lr ? j : info->num_eval_lr - 1]
                                      : ks_step_sizes_own(&sizes);
    }
}

bool ks_examples_curve(ks_sinusoid* curve, const char* text, ks_error* err) {
    double number[KS_TASK_MAX];
    size_t count;
    if (!ks_cli_numbers("--task", text, KS_TASK_MAX, number, &count, err)) {
        return false;
    }
    if (count != 2) {
        return ks_fail(err, KS_BAD_INPUT, "--task: '%s' has %zu number%s; a sine curve has 2 (amplitude, phase)", text,
                       count, count == 1 ? "" : "s");
    }
    *curve = (ks_sinusoid){.amplitude = number[0], .phase = number[1]};
    return true;
}

void ks_examples_data_name(char* out, size_t room, const ks_cli_policy* p) {
    const char* path = p->config.images.data;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    size_t start = length;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    char name[KS_IMAGES_PATH];
    snprintf(name, sizeof name, "%.*s", (int)(length - start), path + start);
    ks_text_to_ascii(out, room, *name ? name : path);
}

ks_sinusoid_fit* ks_examples_fit(const ks_cli_policy* p, int max_steps, size_t points, ks_error* err) {
    if (p->kind != &ks_problem_sinusoid) {
        ks_fail(err, KS_BAD_INPUT, "%s: it is not a model of problem: sinusoid", p->path);
        return NULL;
    }
    const ks_sinusoid_settings* problem = ks_config_problem_settings(&p->config);
    ks_sinusoid_fit_settings settings = {
        .problem = *problem, .method = (ks_method)p->config.method, .max_steps = max_steps, .points = points};
    ks_eval_model model = ks_cli_policy_model(p);
    ks_sinusoid_fit* fit = ks_sinusoid_fit_create(&model, &settings, err);
    if (!fit) {
        ks_fail_in(err, p->path);
    }
    return fit;
}

ks_images_fit* ks_examples_images_fit(const ks_cli_policy* p, int max_steps, ks_error* err) {
    const ks_images_settings* problem = ks_config_problem_settings(&p->config);
    ks_images_fit_settings settings = {.problem = *problem, .max_steps = max_steps};
    ks_eval_model model = ks_cli_policy_model(p);
    ks_images_fit* fit = ks_images_fit_create(&model, &settings, err);
    if (!fit) {
        ks_fail_in(err, p->path);
        explain_data(p, err);
    }
    return fit;
}
