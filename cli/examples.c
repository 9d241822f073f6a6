#include "cli/examples.h"

#include <string.h>

bool ks_problem_options_add(ks_problem_options* o, const char* setting, ks_error* err) {
    if (o->count == KS_EXAMPLES_MAX_SETTINGS) {
        return ks_fail(err, KS_BAD_INPUT, "-s: more than %d of them", KS_EXAMPLES_MAX_SETTINGS);
    }
    o->settings[o->count++] = setting;
    return true;
}

bool ks_problem_options_apply(const ks_problem_options* o, ks_cli_policy* p, ks_error* err) {
    const char* name = p->kind->name;
    for (int i = 0; i < o->count; i++) {
        if (p->kind == &ks_problem_rl) {
            return ks_fail(err, KS_BAD_INPUT, "-s is for models that learn from examples, and %s is a policy", p->path);
        }
        const char* key = o->settings[i];
        if (strncmp(key, name, strlen(name)) != 0 || key[strlen(name)] != '.') {
            return ks_fail(err, KS_BAD_INPUT, "-s: '%s' is no setting of problem: %s, as in %s.shots=5", key, name,
                           name);
        }
        if (!ks_config_set(&p->config, key, err)) {
            return false;
        }
    }
    return p->kind == &ks_problem_rl || ks_config_check(&p->config, err);
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
