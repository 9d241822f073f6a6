#include "fewshot/fewshot_audit.h"

#include "base/number.h"
#include "base/safetensors.h"
#include "maml/outer_adam.h"
#include "maml/outer_reptile.h"

#include <stdio.h>
#include <string.h>

typedef struct audit {
    const ks_audit* of;
    const ks_policy* policy;
    size_t num_params; /* P */
    size_t groups;
    int steps; /* k */
    ks_tensor_writer* writer;
} audit;

/* Whose statistics batch norm takes for the query. */
static const char* norm_of(const audit* a) {
    const ks_rows* query = &ks_maml_rows(a->of->maml, a->steps, 0)->rows;
    return !ks_policy_couples_rows(a->policy) ? "none" : query->norm_obs ? "inductive" : "transductive";
}

/* "0.25,0.25,0.5": of the query's losses after each inner step, where others than the last count. */
static void add_stage_weights(audit* a) {
    const double* weight = ks_maml_stage_weights(a->of->maml);
    char text[(KS_MAX_INNER_STEPS + 1) * KS_NUMBER_ROOM] = "";
    size_t used = 0;
    for (int j = 1; j <= a->steps && weight[a->steps] != 1; j++) {
        char number[KS_NUMBER_ROOM];
        used +=
            (size_t)snprintf(text + used, sizeof text - used, j > 1 ? ",%s" : "%s", ks_print_double(number, weight[j]));
    }
    if (used > 0) {
        ks_tensor_writer_meta(a->writer, "stage_weights", text);
    }
}

static void add_meta(audit* a) {
    ks_tensor_writer* w = a->writer;
    const ks_maml_settings* s = ks_maml_get_settings(a->of->maml);
    const ks_policy_settings* policy = ks_policy_get_settings(a->policy);
    size_t q = ks_maml_num_params(a->of->maml);
    char network[KS_NETWORK_TEXT];
    ks_policy_print_network(network, sizeof network, a->policy);
    ks_tensor_writer_meta(w, "format", "kshot.audit.fewshot.1");
    ks_tensor_writer_meta(w, "problem", ks_maml_problem(a->of->maml)->name);
    ks_tensor_writer_meta_int(w, "iteration", a->of->iteration);
    ks_tensor_writer_meta_int(w, "seed", (int64_t)s->seed);
    ks_tensor_writer_meta(w, "loss", policy->head == KS_CATEGORICAL ? "cross_entropy" : "mse");
    ks_tensor_writer_meta(w, "network", network);
    ks_tensor_writer_meta_int(w, "inner_steps", a->steps);
    ks_tensor_writer_meta_double(w, "inner_lr", s->inner.lr);
    ks_tensor_writer_meta(w, "first_order", s->inner.first_order ? "true" : "false");
    if (q > a->num_params) {
        ks_tensor_writer_meta(w, "inner_learned", ks_learned_names[s->inner.learned]);
    }
    ks_tensor_writer_meta(w, "norm", norm_of(a));
    if (s->inner.adapts == KS_ADAPTS_CONTEXT) {
        ks_tensor_writer_meta(w, "inner_adapts", "context");
    }
    add_stage_weights(a);
}

/* What Adam was given, and what it went by. */
static void add_adam(audit* a) {
    ks_tensor_writer* w = a->writer;
    const ks_outer_adam_settings* outer = ks_maml_get_settings(a->of->maml)->outer_settings;
    const double* gradient = ks_outer_adam_gradient(ks_maml_outer(a->of->maml));
    ks_tensor_writer_meta(w, "outer", "adam");
    ks_audit_add_adam_meta(w, a->of, &outer->step, ks_outer_adam_lr(outer, (uint64_t)a->of->iteration));
    ks_tensor_writer_meta_double(w, "clip", outer->step.clip);
    ks_tensor_writer_meta_double(w, "outer_loss", ks_audit_column(a->of, "outer_loss"));
    ks_tensor_writer_add_real(w, "meta_gradient", 1, &a->num_params, gradient, sizeof *gradient);
    ks_audit_add_moments(w, a->of);
}

/* From row x column x channel to channel x row x column. */
static void channels_first(float* to, const ks_real* from, ks_image_shape shape) {
    size_t pixels = ks_image_pixels(shape);
    for (size_t i = 0; i < pixels * shape.channels; i++) {
        to[i % shape.channels * pixels + i / shape.channels] = (float)from[i];
    }
}

/* NAME.x (M x n x inputs, or x channels x rows x columns) and NAME.y (M x n x outputs, or M x n) of a stage. */
static void add_examples(audit* a, int stage, const char* name) {
    const ks_policy_settings* s = ks_policy_get_settings(a->policy);
    size_t n = ks_maml_rows(a->of->maml, stage, 0)->rows.n;
    size_t in = (size_t)s->obs_dim;
    size_t out = ks_policy_act_cols(a->policy);
    bool images = ks_image_pixels(s->input) > 1;
    ks_image_shape shape = images ? s->input : (ks_image_shape){in, 1, 1};
    float* x = ks_tensor_writer_alloc(a->writer, a->groups * n * in * sizeof *x);
    float* y = ks_tensor_writer_alloc(a->writer, a->groups * n * out * sizeof *y);
    if (!x || !y) {
        return;
    }
    for (size_t g = 0; g < a->groups; g++) {
        const ks_rows* rows = &ks_maml_rows(a->of->maml, stage, g)->rows;
        for (size_t i = 0; i < n; i++) {
            channels_first(x + (g * n + i) * in, rows->obs + i * in, shape);
        }
        for (size_t i = 0; i < n * out; i++) {
            y[g * n * out + i] = (float)rows->act[i];
        }
    }
    char full[32];
    snprintf(full, sizeof full, "%s.x", name);
    size_t dims[] = {a->groups, n, shape.channels, shape.height, shape.width};
    ks_tensor_writer_add(a->writer, full, KS_F32, images ? 5 : 3, dims, x);
    snprintf(full, sizeof full, "%s.y", name);
    ks_tensor_writer_add(a->writer, full, KS_F32, s->head == KS_CATEGORICAL ? 2 : 3, (size_t[]){a->groups, n, out}, y);
}

static void add_adapted(audit* a) {
    size_t p = a->num_params, k = (size_t)a->steps;
    float* adapted = ks_tensor_writer_alloc(a->writer, a->groups * k * p * sizeof *adapted);
    for (size_t g = 0; adapted && g < a->groups; g++) {
        for (size_t j = 0; j < k; j++) {
            const ks_real* theta = ks_maml_stage_theta(a->of->maml, (int)j + 1, g);
            for (size_t i = 0; i < p; i++) {
                adapted[(g * k + j) * p + i] = (float)theta[i];
            }
        }
    }
    if (adapted) {
        ks_tensor_writer_add(a->writer, "adapted.theta", KS_F32, 3, (size_t[]){a->groups, k, p}, adapted);
    }
}

/* Which parameters adapt, and how far; in this format also where all do alike. */
static void add_step_sizes(audit* a) {
    ks_step_sizes sizes = ks_inner_step_sizes(&ks_maml_get_settings(a->of->maml)->inner);
    if (!ks_step_sizes_are_plain(&sizes, a->policy) && a->steps > 0) {
        const void* outer = ks_maml_outer(a->of->maml);
        bool adam = ks_maml_get_settings(a->of->maml)->outer == &ks_outer_adam;
        ks_audit_add_step_sizes(a->writer, a->of, adam ? ks_outer_adam_gradient(outer) : NULL);
        return;
    }
    uint8_t* adapts = ks_tensor_writer_alloc(a->writer, a->num_params);
    if (adapts) {
        memset(adapts, a->steps > 0, a->num_params);
        ks_tensor_writer_add(a->writer, "adapts", KS_U8, 1, &a->num_params, adapts);
    }
}

bool ks_fewshot_audit(const ks_problem* problem, const ks_audit* of, ks_error* err) {
    (void)problem;
    ks_maml* maml = of->maml;
    const ks_outer_kind* outer = ks_maml_get_settings(maml)->outer;
    if (outer != &ks_outer_adam && outer != &ks_outer_reptile) {
        return ks_fail(err, KS_BAD_INPUT, "an audit of %s is of outer: adam or reptile, not of %s",
                       ks_maml_problem(maml)->name, outer->name);
    }
    audit a = {.of = of,
               .policy = ks_maml_policy(maml),
               .num_params = ks_policy_num_params(ks_maml_policy(maml)),
               .groups = ks_maml_num_groups(maml),
               .steps = ks_maml_num_stages(maml) - 1,
               .writer = ks_tensor_writer_create(err)};
    if (!a.writer) {
        return false;
    }
    size_t p = a.num_params;
    add_meta(&a);
    ks_tensor_writer_add_real(a.writer, "theta", 1, &p, of->params, sizeof *of->params);
    ks_tensor_writer_add_real(a.writer, "theta_new", 1, &p, of->params_new, sizeof *of->params_new);
    add_step_sizes(&a);
    if (a.steps > 0) {
        add_examples(&a, 0, "support");
    }
    add_examples(&a, a.steps, "query");
    add_adapted(&a);
    ks_tensor_writer_add_real(a.writer, "query.loss", 1, &a.groups, ks_maml_outer_losses(maml), sizeof(double));
    if (outer == &ks_outer_adam) {
        add_adam(&a);
    } else {
        ks_audit_add_reptile(a.writer, of);
    }
    bool ok = ks_tensor_writer_save(a.writer, of->path, of->overwrite ? 0 : KS_SAVE_NEW, err);
    ks_tensor_writer_destroy(a.writer);
    return ok;
}
