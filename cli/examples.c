#include "cli/examples.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

_Static_assert(KS_SPLIT_TRAIN == 0 && KS_SPLIT_VALIDATION == 1 && KS_SPLIT_TEST == 2, "the order of KS_SPLIT_NAMES");

bool ks_problem_options_apply(const ks_problem_options* o, ks_cli_policy* p, ks_error* err) {
    ks_examples_settings settings = {.text = o->settings.text, .count = o->settings.count, .data = o->data};
    return ks_examples_set(p, &settings, err);
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
    ks_eval_model model = ks_opened_model(p);
    ks_sinusoid_fit* fit = ks_sinusoid_fit_create(&model, &settings, err);
    if (!fit) {
        ks_fail_in(err, p->path);
    }
    return fit;
}

ks_images_fit* ks_examples_images_fit(const ks_cli_policy* p, int max_steps, ks_error* err) {
    const ks_images_settings* problem = ks_config_problem_settings(&p->config);
    ks_images_fit_settings settings = {.problem = *problem, .max_steps = max_steps};
    ks_eval_model model = ks_opened_model(p);
    ks_images_fit* fit = ks_images_fit_create(&model, &settings, err);
    if (!fit) {
        ks_fail_in(err, p->path);
        ks_examples_explain_data(p, err);
    }
    return fit;
}
