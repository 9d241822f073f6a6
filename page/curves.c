#include "page/curves.h"

#include "policy/step_sizes.h"
#include "viewer/colors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_ROOM = 128 };

/* ---- the model ------------------------------------------------------------------------------------------------------------ */

static void tell_network(ks_json* json, cJSON* to, const ks_policy* policy) {
    size_t length = ks_policy_print_network(NULL, 0, policy);
    char* text = malloc(length + 1);
    cJSON* layers = NULL;
    if (text) {
        ks_policy_print_network(text, length + 1, policy);
        layers = cJSON_Parse(text);
    }
    free(text);
    if (!layers || !cJSON_AddItemToObject(to, "layers", layers)) {
        cJSON_Delete(layers);
        json->broken = true;
    }
}

static void tell_reals(ks_json* json, cJSON* to, const char* name, const ks_real* values, size_t count) {
    double* numbers = malloc((count + 1) * sizeof *numbers);
    for (size_t i = 0; numbers && i < count; i++) {
        numbers[i] = (double)values[i];
    }
    if (numbers) {
        ks_json_floats(json, to, name, numbers, count);
    }
    json->broken = json->broken || !numbers;
    free(numbers);
}

/* For every step the α of each parameter; a step that has those of the one before it is null. */
static void tell_step_sizes(ks_json* json, cJSON* to, const ks_page_curves* c) {
    const ks_eval_model* m = &c->model;
    size_t n = ks_policy_num_params(m->policy);
    double* alpha = calloc(2 * n + 1, sizeof *alpha);
    cJSON* list = ks_json_array(json, to, "alpha");
    for (int j = 0; alpha && j < c->shown.steps; j++) {
        double *now = alpha + (size_t)(j % 2) * n, *before = alpha + (size_t)((j + 1) % 2) * n;
        ks_step_sizes_alpha(now, &m->sizes, m->policy, m->params + n, j, c->shown.learners[0].lr[j]);
        if (j > 0 && memcmp(now, before, n * sizeof *now) == 0) {
            ks_json_number(json, list, NULL, NAN); /* null */
        } else {
            ks_json_floats(json, list, NULL, now, n);
        }
    }
    json->broken = json->broken || !alpha;
    free(alpha);
}

/* ---- tasks ---------------------------------------------------------------------------------------------------------------- */

static void tell_examples(ks_json* json, cJSON* to, const ks_sinusoid_fit* fit) {
    cJSON* list = ks_json_array(json, to, "examples");
    for (size_t i = 0; i < ks_sinusoid_fit_shots(fit); i++) {
        ks_sinusoid_point p = ks_sinusoid_fit_example(fit, i);
        ks_json_numbers(json, list, NULL, (double[]){p.x, p.y}, 2);
    }
}

static void tell_task(ks_json* json, cJSON* list, const ks_regression* r) {
    char text[TEXT_ROOM];
    const ks_sinusoid_fit* fit = r->learners[0].fit;
    ks_sinusoid curve = ks_regression_task(r);
    cJSON* to = ks_json_object(json, list, NULL);
    ks_regression_text(text, sizeof text, r);
    ks_json_text(json, to, "text", text);
    ks_json_number(json, to, "amplitude", curve.amplitude);
    ks_json_number(json, to, "phase", curve.phase);
    tell_examples(json, to, fit);
    cJSON* errors = ks_json_array(json, to, "errors");
    cJSON* predictions = ks_json_array(json, to, "predictions");
    for (int j = 0; j <= r->steps; j++) {
        ks_json_number(json, errors, NULL, ks_sinusoid_fit_error(fit, j));
        tell_reals(json, predictions, NULL, ks_sinusoid_fit_prediction(fit, j), KS_REGRESSION_POINTS);
    }
}

bool ks_page_tell_curves(ks_json* json, ks_page_curves* c, ks_error* err) {
    const ks_policy* policy = c->model.policy;
    cJSON* to = json->root;
    float rgb[3];
    ks_step_color(rgb, 1);
    ks_json_numbers(json, to, "color", (double[]){(double)rgb[0], (double)rgb[1], (double)rgb[2]}, 3);
    ks_json_numbers(json, to, "range", (double[]){KS_SINUSOID_X_MIN, KS_SINUSOID_X_MAX}, 2);
    ks_json_number(json, to, "points", KS_REGRESSION_POINTS);
    ks_json_number(json, to, "steps", c->shown.steps);
    ks_json_flag(json, to, "oracle", c->oracle);
    ks_json_flag(json, to, "learnedStepSizes", c->model.sizes.learned != KS_LEARNED_NONE);
    ks_json_numbers(json, to, "stepSizes", c->shown.learners[0].lr, (size_t)c->shown.steps);
    tell_network(json, to, policy);
    tell_reals(json, to, "theta", c->model.params, ks_policy_num_params(policy));
    tell_step_sizes(json, to, c);
    cJSON* tasks = ks_json_array(json, to, "tasks");
    for (size_t i = 0; i < c->count; i++) {
        c->shown.given = c->given ? c->given + i : NULL;
        c->shown.number = i;
        if (!ks_regression_draw(&c->shown, err)) {
            return false;
        }
        ks_regression_adapt(&c->shown);
        tell_task(json, tasks, &c->shown);
        if (c->on_task) {
            c->on_task(c->user, &c->shown);
        }
    }
    return true;
}
