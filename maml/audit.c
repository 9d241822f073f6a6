#include "maml/audit.h"

#include "maml/outer_ppo.h"
#include "maml/outer_reptile.h"
#include "maml/outer_trpo.h"

#include <assert.h>
#include <string.h>

bool ks_audit_prepare(ks_maml* maml, ks_error* err) {
    const ks_outer_kind* outer = ks_maml_get_settings(maml)->outer;
    return (outer != &ks_outer_trpo || ks_outer_trpo_keep(ks_maml_outer(maml), err)) &&
           (outer != &ks_outer_ppo || ks_outer_ppo_keep(ks_maml_outer(maml), err));
}

bool ks_audit_save(const ks_audit* a, ks_error* err) {
    const ks_problem* problem = ks_maml_problem(a->maml);
    if (a->stats->left_out > 0) { /* the file has no place for tasks that do not count */
        return ks_fail(
            err, KS_FAILED,
            "%s: not written: the step size of the inner steps is too large for %zu of the tasks, inner.lr: %g",
            a->path, a->stats->left_out, ks_maml_get_settings(a->maml)->inner.lr);
    }
    return problem->kind->audit(problem, a, err);
}

double ks_audit_column(const ks_audit* a, const char* name) {
    const ks_outer_kind* outer = ks_maml_get_settings(a->maml)->outer;
    int i = 0;
    while (strcmp(outer->columns[i], name) != 0) {
        i++;
        assert(i < KS_OUTER_MAX_COLUMNS && outer->columns[i]);
    }
    return a->stats->outer.column[i];
}

/* ---- step sizes --------------------------------------------------------------------------------------------------------- */

/* What is said of the step sizes: P numbers, or k x P. */
typedef struct shape {
    ks_step_sizes sizes;
    const ks_policy* policy;
    size_t num_params; /* P */
    size_t rows;       /* k with per_step, else 1 */
} shape;

static shape shape_of(const ks_audit* a) {
    shape s = {.sizes = ks_inner_step_sizes(&ks_maml_get_settings(a->maml)->inner), .policy = ks_maml_policy(a->maml)};
    s.num_params = ks_policy_num_params(s.policy);
    s.rows = s.sizes.per_step ? (size_t)s.sizes.steps : 1;
    return s;
}

static void add_shaped(ks_tensor_writer* w, const char* name, const shape* s, const double* data) {
    const size_t whole[] = {s->rows, s->num_params};
    bool per_step = s->sizes.per_step;
    ks_tensor_writer_add_real(w, name, per_step ? 2 : 1, per_step ? whole : &s->num_params, data, sizeof *data);
}

/* Adds α, of the numbers that stand behind θ in params (Q). room (rows x P) */
static void add_alpha(ks_tensor_writer* w, const char* name, const shape* s, const ks_real* params, double* room) {
    for (size_t j = 0; j < s->rows; j++) {
        ks_step_sizes_alpha(room + j * s->num_params, &s->sizes, s->policy, params + s->num_params, (int)j,
                            ks_step_sizes_own(&s->sizes));
    }
    add_shaped(w, name, s, room);
}

/* Adds for every parameter what belongs to the number that it shares, of numbers (count). room (rows x P); map (P) */
static void add_shared(ks_tensor_writer* w, const char* name, const shape* s, const double* numbers, double* room,
                       const size_t* map) {
    for (size_t j = 0; j < s->rows; j++) {
        const double* set = numbers + ks_step_sizes_start(&s->sizes, s->policy, (int)j);
        for (size_t i = 0; i < s->num_params; i++) {
            room[j * s->num_params + i] = set[map[i]];
        }
    }
    add_shaped(w, name, s, room);
}

/* Adds what there is of the norms that stages 1 … k have of their own (k x numbers of one set), of numbers (count) of so many bytes. */
static void add_norms(ks_tensor_writer* w, const char* name, const shape* s, const void* numbers, size_t bytes) {
    size_t norms = ks_step_sizes_norms(&s->sizes, s->policy);
    size_t first = ks_step_sizes_count(&s->sizes, s->policy) - norms;
    size_t dims[] = {(size_t)s->sizes.steps, ks_step_sizes_norm_set(s->policy)};
    if (norms > 0) {
        ks_tensor_writer_add_real(w, name, 2, dims, (const char*)numbers + first * bytes, bytes);
    }
}

void ks_audit_add_step_sizes(ks_tensor_writer* w, const ks_audit* a, const double* gradient) {
    shape s = shape_of(a);
    size_t p = s.num_params;
    if (ks_step_sizes_are_plain(&s.sizes, s.policy) || s.sizes.steps == 0) {
        return;
    }
    double* room = ks_tensor_writer_alloc(w, s.rows * p * sizeof *room);
    size_t* map = ks_tensor_writer_alloc(w, p * sizeof *map);
    uint8_t* adapts = ks_tensor_writer_alloc(w, p);
    if (room && map && adapts) {
        ks_step_sizes_alpha(room, &s.sizes, s.policy, a->params + p, 0, 1);
        for (size_t i = 0; i < p; i++) {
            adapts[i] = room[i] != 0;
        }
        ks_tensor_writer_add(w, "adapts", KS_U8, 1, &p, adapts);
    }
    if (room && map && s.sizes.learned != KS_LEARNED_NONE) {
        ks_step_sizes_map(map, &s.sizes, s.policy);
        add_alpha(w, "alpha", &s, a->params, room);
        add_alpha(w, "alpha_new", &s, a->params_new, room);
        if (gradient) {
            add_shared(w, "alpha_gradient", &s, gradient + p, room, map);
        }
    }
    add_norms(w, "norm", &s, a->params + p, sizeof *a->params);
    add_norms(w, "norm_new", &s, a->params_new + p, sizeof *a->params_new);
    if (gradient) {
        add_norms(w, "norm_gradient", &s, gradient + p, sizeof *gradient);
    }
}

/* ---- Adam --------------------------------------------------------------------------------------------------------------- */

void ks_audit_add_moments(ks_tensor_writer* w, const ks_audit* a) {
    static const char* const NAMES[2][3] = {{"adam.m", "adam.alpha_m", "adam.norm_m"},
                                            {"adam.v", "adam.alpha_v", "adam.norm_v"}};
    shape s = shape_of(a);
    size_t p = s.num_params, q = ks_maml_num_params(a->maml);
    bool learned = s.sizes.learned != KS_LEARNED_NONE;
    double* numbers = ks_tensor_writer_alloc(w, (q - p) * sizeof *numbers);
    double* room = ks_tensor_writer_alloc(w, s.rows * p * sizeof *room);
    size_t* map = ks_tensor_writer_alloc(w, p * sizeof *map);
    bool ok = numbers && room && map;
    for (size_t moment = 0; ok && moment < 2; moment++) {
        const ks_real* state = a->state + moment * q;
        ks_tensor_writer_add_real(w, NAMES[moment][0], 1, &p, state, sizeof *state);
        for (size_t c = 0; c < q - p; c++) {
            numbers[c] = (double)state[p + c];
        }
        if (learned) {
            ks_step_sizes_map(map, &s.sizes, s.policy);
            add_shared(w, NAMES[moment][1], &s, numbers, room, map);
        }
        add_norms(w, NAMES[moment][2], &s, state + p, sizeof *state);
    }
}

void ks_audit_add_adam_meta(ks_tensor_writer* w, const ks_audit* a, const ks_adam_settings* adam, double lr) {
    ks_tensor_writer_meta_double(w, "outer_lr", lr * ks_meta_step_scale(a->maml));
    ks_tensor_writer_meta_double(w, "adam_beta1", adam->beta1);
    ks_tensor_writer_meta_double(w, "adam_beta2", adam->beta2);
    ks_tensor_writer_meta_double(w, "adam_epsilon", adam->epsilon);
    ks_tensor_writer_meta_int(w, "adam_steps", (int64_t)a->state[2 * ks_maml_num_params(a->maml)]);
}

/* ---- Reptile ------------------------------------------------------------------------------------------------------------ */

void ks_audit_add_reptile(ks_tensor_writer* w, const ks_audit* a) {
    const ks_outer_reptile_settings* settings = ks_maml_get_settings(a->maml)->outer_settings;
    const double* way = ks_outer_reptile_way(ks_maml_outer(a->maml));
    size_t p = ks_policy_num_params(ks_maml_policy(a->maml));
    ks_tensor_writer_meta(w, "outer", "reptile");
    ks_tensor_writer_meta_double(w, "outer_lr",
                                 ks_outer_reptile_step(settings, (uint64_t)a->iteration) * ks_meta_step_scale(a->maml));
    ks_tensor_writer_meta_double(w, "outer_loss", ks_audit_column(a, "outer_loss"));
    ks_tensor_writer_meta_double(w, "distance", ks_audit_column(a, "distance"));
    ks_tensor_writer_add_real(w, "way", 1, &p, way, sizeof *way);
}
