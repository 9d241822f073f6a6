/* maml_support.h: a meta-learning problem with fixed rows of random numbers, for the tests of derivatives through inner steps. How
 * it adapts, and how far along each parameter, is written here a second time, slowly and obviously. */
#ifndef KS_TESTS_MAML_SUPPORT_H
#define KS_TESTS_MAML_SUPPORT_H

#include "maml/jacobian.h"
#include "policy_support.h"

#include <stdio.h>
#include <string.h>

enum { GROUPS = 3, MAX_K = 3, MAX_STAGES = MAX_K + 1, MAX_ROWS = 1037, MAX_Q = 512 };
static const size_t ROWS[MAX_STAGES][GROUPS] = {{7, MAX_ROWS, 1}, {101, 3, 12}, {1, 40, 9}, {13, 205, 2}};
static const double LR = 0.3;

/* What a problem is to be like. */
typedef struct problem_settings {
    ks_policy_settings policy;
    int k;
    bool first_order, per_step;
    int learned, adapts; /* ks_learned, ks_adapts */
    double fraction;
    int threads;
    size_t most_rows; /* of a group; 0: as in ROWS */
} problem_settings;

typedef struct problem {
    problem_settings s;
    ks_policy* policy;
    ks_inner* inner;
    ks_derivatives* derivatives; /* of inner */
    ks_jacobian* jacobian;
    size_t p, c, q;       /* P; learned step sizes; both */
    ks_real* params;      /* (Q) */
    ks_real* stage_theta; /* (k+1 x GROUPS x P) */
    double* gradients;    /* (k x GROUPS x P) of the inner steps at params */
    ks_group stage[MAX_STAGES * GROUPS];
    ks_old_policy old[GROUPS];
    arena memory;
} problem;

/* ---- the slow version ------------------------------------------------------------------------------------------------ */

static inline bool is_of_the_head(const ks_policy* policy, const char* tensor) {
    char last[32];
    snprintf(last, sizeof last, "mlp.%d.", ks_policy_get_settings(policy)->num_hidden);
    return strcmp(tensor, "log_std") == 0 || strncmp(tensor, last, strlen(last)) == 0;
}

/* α of inner step j for every parameter */
static inline void slow_alpha(double* alpha, const problem* p, const ks_real* params, int j) {
    for (size_t t = 0; t < ks_policy_num_tensors(p->policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(p->policy, t);
        bool head = is_of_the_head(p->policy, tensor.name);
        for (size_t i = tensor.offset; i < tensor.offset + tensor.count; i++) {
            size_t set = p->s.learned == KS_LEARNED_ONE      ? 1
                         : p->s.learned == KS_LEARNED_TENSOR ? ks_policy_num_tensors(p->policy)
                                                             : p->p;
            size_t within = p->s.learned == KS_LEARNED_ONE ? 0 : p->s.learned == KS_LEARNED_TENSOR ? t : i;
            size_t place = p->p + (p->s.per_step ? (size_t)j * set : 0) + within;
            alpha[i] = p->s.learned == KS_LEARNED_NONE ? LR : exp((double)params[place]);
            if ((p->s.adapts == KS_ADAPTS_HEAD && !head) || (p->s.adapts == KS_ADAPTS_BODY && head)) {
                alpha[i] = 0;
            }
        }
    }
}

/* Adapts params on the fixed rows: out (GROUPS x P). With first_order the gradients are those at p->params, whatever params are: they
 * count as constants. trace (k+1 x GROUPS x P) and gradients (k x GROUPS x P) may be NULL. */
static inline void slow_adapt(const problem* p, ks_real* out, const ks_real* params, ks_real* trace,
                              double* gradients) {
    size_t all = GROUPS * p->p;
    double* gradient = malloc(all * sizeof *gradient);
    double* alpha = malloc(p->p * sizeof *alpha);
    assert_true(gradient && alpha);
    for (size_t g = 0; g < GROUPS; g++) {
        memcpy(out + g * p->p, params, p->p * sizeof *out);
    }
    for (int j = 0; j <= p->s.k; j++) {
        ks_group groups[GROUPS];
        for (size_t g = 0; g < GROUPS; g++) {
            groups[g] = p->stage[(size_t)j * GROUPS + g];
            groups[g].theta = out + g * p->p;
        }
        if (trace) {
            memcpy(trace + (size_t)j * all, out, all * sizeof *out);
        }
        if (j == p->s.k) {
            break;
        }
        if (p->s.first_order && !gradients) {
            memcpy(gradient, p->gradients + (size_t)j * all, all * sizeof *gradient);
        } else {
            ks_derivatives_gradient(p->derivatives, gradient, groups, GROUPS);
        }
        if (gradients) {
            memcpy(gradients + (size_t)j * all, gradient, all * sizeof *gradient);
        }
        slow_alpha(alpha, p, params, j);
        for (size_t i = 0; i < all; i++) {
            out[i] = (ks_real)((double)out[i] - alpha[i % p->p] * gradient[i]);
        }
    }
    free(gradient);
    free(alpha);
}

static inline double slow_outer_loss(const problem* p, const ks_real* params, double* kl) {
    ks_real* adapted = malloc(GROUPS * p->p * sizeof *adapted);
    assert_non_null(adapted);
    slow_adapt(p, adapted, params, NULL, NULL);
    ks_group groups[GROUPS];
    double loss[GROUPS], kls[GROUPS] = {0}, sum = 0;
    for (size_t g = 0; g < GROUPS; g++) {
        groups[g] = p->stage[(size_t)p->s.k * GROUPS + g];
        groups[g].theta = adapted + g * p->p;
    }
    if (p->s.policy.head == KS_SQUARED_ERROR) {
        ks_derivatives_loss(p->derivatives, loss, groups, GROUPS);
    } else {
        ks_derivatives_compare(p->derivatives, loss, kls, groups, p->old, GROUPS);
    }
    *kl = 0;
    for (size_t g = 0; g < GROUPS; g++) {
        sum += loss[g] / GROUPS;
        *kl += kls[g] / GROUPS;
    }
    free(adapted);
    return sum;
}

/* ---- the problem ------------------------------------------------------------------------------------------------------- */

static inline ks_policy_settings shape(int index, ks_head head, ks_activation activation) {
    static const int HIDDEN[][3] = {{0}, {1}, {5, 4}, {3, 6, 2}};
    static const int COUNT[] = {0, 1, 2, 3};
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = 3;
    s.act_dim = 2 + (head == KS_CATEGORICAL);
    s.head = head;
    s.activation = activation;
    s.num_hidden = COUNT[index];
    memcpy(s.hidden, HIDDEN[index], sizeof HIDDEN[index]);
    return s;
}
enum { SHAPES = 4 };

/* of one plain step size, all rows, two threads */
static inline problem_settings plain(ks_policy_settings policy, int k) {
    return (problem_settings){.policy = policy, .k = k, .fraction = 1, .threads = 2};
}

static inline void create_objects(problem* p) {
    ks_error err = {0};
    p->policy = ks_policy_create(&p->s.policy, &err);
    assert_non_null(p->policy);
    ks_step_sizes sizes = {
        .lr = LR, .steps = p->s.k, .learned = p->s.learned, .adapts = p->s.adapts, .per_step = p->s.per_step};
    p->p = ks_policy_num_params(p->policy);
    p->c = ks_step_sizes_count(&sizes, p->policy);
    p->q = p->p + p->c;
    assert_in_range(p->q, 1, MAX_Q);
    p->inner = ks_inner_create(p->policy, &sizes, GROUPS, MAX_ROWS, p->s.threads, &err);
    assert_non_null(p->inner);
    p->derivatives = ks_inner_derivatives(p->inner);
    ks_jacobian_sizes z = {.groups = GROUPS,
                           .max_rows = MAX_ROWS,
                           .inner_steps = p->s.k,
                           .first_order = p->s.first_order,
                           .curvature = true,
                           .fraction = p->s.fraction};
    p->jacobian = ks_jacobian_create(p->policy, p->inner, z, &err);
    assert_non_null(p->jacobian);
}

/* random parameters: learned step sizes around 0.05, each its own */
static inline void draw_params(problem* p) {
    p->params = reals(&p->memory, p->q);
    memcpy(p->params, normals(&p->memory, p->p, 0.6), p->p * sizeof *p->params);
    size_t log_std = ks_policy_log_std_offset(p->policy);
    for (size_t i = log_std; i < p->p; i++) {
        p->params[i] = (ks_real)(-0.2 - 0.1 * (double)(i - log_std));
    }
    const ks_real* spread = p->c > 0 ? normals(&p->memory, p->c, 0.3) : NULL;
    for (size_t i = 0; i < p->c; i++) {
        p->params[p->p + i] = (ks_real)(log(0.05) + (double)spread[i]);
    }
}

/* the inner steps as the library takes them, which must be the slow ones */
static inline void record_steps(problem* p) {
    size_t all = GROUPS * p->p;
    double* gradients = arena_alloc(&p->memory, ((size_t)p->s.k + 1) * all * sizeof *gradients);
    ks_inner_set(p->inner, p->params + p->p);
    for (int j = 0; j < p->s.k; j++) {
        ks_real* next = reals(&p->memory, all);
        ks_inner_step(next, p->inner, p->stage + (size_t)j * GROUPS, GROUPS, j,
                      ks_step_sizes_own(ks_inner_sizes(p->inner)),
                      (ks_inner_trace){.gradient = gradients + (size_t)j * all});
        const ks_real* slow = p->stage_theta + ((size_t)j + 1) * all;
        for (size_t i = 0; i < all; i++) {
            assert_true(fabs((double)(next[i] - slow[i])) <= 1e-12 * (1 + fabs((double)slow[i])));
        }
    }
    ks_jacobian_record(p->jacobian, p->stage, GROUPS, gradients, false, ks_stream_make(3, KS_RNG_CURVATURE, 0, 0));
}

static inline void problem_create(problem* p, problem_settings settings) {
    ks_error err = {0};
    *p = (problem){.s = settings};
    create_objects(p);
    draw_params(p);
    size_t stages = (size_t)settings.k + 1;
    p->stage_theta = reals(&p->memory, stages * GROUPS * p->p);
    p->gradients = arena_alloc(&p->memory, stages * GROUPS * p->p * sizeof *p->gradients);
    for (size_t j = 0; j < stages; j++) {
        for (size_t g = 0; g < GROUPS; g++) {
            size_t n = settings.most_rows && settings.most_rows < ROWS[j][g] ? settings.most_rows : ROWS[j][g];
            p->stage[j * GROUPS + g] = (ks_group){.rows = random_rows(&p->memory, p->policy, n),
                                                  .theta = p->stage_theta + (j * GROUPS + g) * p->p};
            if (settings.policy.head == KS_SQUARED_ERROR) {
                p->stage[j * GROUPS + g].rows.weight = NULL;
            }
        }
    }
    ks_real* adapted = reals(&p->memory, GROUPS * p->p);
    slow_adapt(p, adapted, p->params, p->stage_theta, p->gradients);
    ks_policy_ws* ws = ks_policy_ws_create(p->policy, 0, &err);
    assert_non_null(ws);
    for (size_t g = 0; g < GROUPS; g++) {
        const ks_group* last = &p->stage[(size_t)settings.k * GROUPS + g];
        p->old[g] = old_policy(&p->memory, p->policy, last->theta, last->rows, ws);
    }
    ks_policy_ws_destroy(ws);
    record_steps(p);
}

static inline void problem_destroy(problem* p) {
    arena_free(&p->memory);
    ks_jacobian_destroy(p->jacobian);
    ks_inner_destroy(p->inner);
    ks_policy_destroy(p->policy);
}

/* out (Q) = mean over tasks of u (GROUPS x P), then of da (GROUPS x c) */
static inline void mean_of_tasks(double* out, const problem* p, const double* u, const double* da) {
    for (size_t i = 0; i < p->q; i++) {
        out[i] = 0;
        for (size_t g = 0; g < GROUPS; g++) {
            out[i] += (i < p->p ? u[g * p->p + i] : da[g * p->c + i - p->p]) / GROUPS;
        }
    }
}

/* out (Q): mean over tasks of the gradient of the outer loss through the inner steps */
static inline void meta_gradient(double* out, problem* p) {
    double* u = malloc(GROUPS * p->p * sizeof *u);
    double* da = malloc((GROUPS * p->c + 1) * sizeof *da);
    assert_true(u && da);
    ks_derivatives_gradient(p->derivatives, u, p->stage + (size_t)p->s.k * GROUPS, GROUPS);
    ks_jacobian_pull_back(u, da, p->jacobian);
    mean_of_tasks(out, p, u, da);
    free(u);
    free(da);
}

/* out (Q): mean over tasks of the curvature's products with a direction (Q) */
static inline void curvature_product(double* out, problem* p, const ks_real* direction) {
    double* u = malloc(GROUPS * p->p * sizeof *u);
    double* da = malloc((GROUPS * p->c + 1) * sizeof *da);
    assert_true(u && da);
    ks_jacobian_product(u, da, p->jacobian, direction);
    mean_of_tasks(out, p, u, da);
    free(u);
    free(da);
}

static inline void fail_with(const char* what, double error, const problem_settings* s) {
    fail_msg(
        "%s off by %g: %d hidden, head %d, activation %d, k %d, first order %d, learned %d, per step %d, adapts %d",
        what, error, s->policy.num_hidden, (int)s->policy.head, (int)s->policy.activation, s->k, s->first_order,
        s->learned, s->per_step, s->adapts);
}

/* ---- checks ------------------------------------------------------------------------------------------------------------- */

/* the meta-gradient against central differences of the outer loss */
static inline void check_meta_gradient(problem_settings settings) {
    problem p;
    problem_create(&p, settings);
    double exact[MAX_Q], difference[MAX_Q], kl;
    meta_gradient(exact, &p);
    ks_real* moved = reals(&p.memory, p.q);
    for (size_t i = 0; i < p.q; i++) {
        /* small enough to stay on one side of the kinks of ReLU, which the rows hardly come near; of step sizes, θ gets but a
         * small part */
        const double h = i < p.p ? 1e-6 : 1e-5;
        memcpy(moved, p.params, p.q * sizeof *moved);
        moved[i] = (ks_real)((double)p.params[i] + h);
        double plus = slow_outer_loss(&p, moved, &kl);
        moved[i] = (ks_real)((double)p.params[i] - h);
        double minus = slow_outer_loss(&p, moved, &kl);
        difference[i] = (plus - minus) / (2 * h);
    }
    double error = relative_error(exact, difference, p.p);
    if (!(error < 1e-6)) {
        fail_with("meta-gradient", error, &settings);
    }
    error = relative_error(exact + p.p, difference + p.p, p.c);
    if (!(error < 1e-6)) {
        fail_with("gradient of the step sizes", error, &settings);
    }
    problem_destroy(&p);
}

/* dense (GROUPS·P x Q) = the adapted parameters' derivatives, by central differences */
static inline void dense_jacobian(double* dense, problem* p) {
    size_t rows = GROUPS * p->p;
    ks_real* plus = reals(&p->memory, rows);
    ks_real* minus = reals(&p->memory, rows);
    ks_real* moved = reals(&p->memory, p->q);
    for (size_t c = 0; c < p->q; c++) {
        const double h = c < p->p ? 1e-6 : 1e-5;
        memcpy(moved, p->params, p->q * sizeof *moved);
        moved[c] = (ks_real)((double)p->params[c] + h);
        slow_adapt(p, plus, moved, NULL, NULL);
        moved[c] = (ks_real)((double)p->params[c] - h);
        slow_adapt(p, minus, moved, NULL, NULL);
        for (size_t i = 0; i < rows; i++) {
            dense[i * p->q + c] = ((double)plus[i] - (double)minus[i]) / (2 * h);
        }
    }
}

/* out (Q) = mean over tasks of Jᵀ F J direction, with that J */
static inline void slow_curvature_product(double* out, problem* p, const ks_real* direction) {
    ks_error err = {0};
    size_t rows = GROUPS * p->p;
    ks_tapes* fisher = ks_tapes_create(p->policy, KS_TAPE_FISHER, GROUPS, MAX_ROWS, &err);
    double* dense = malloc(rows * p->q * sizeof *dense);
    double* product = malloc(rows * sizeof *product);
    ks_real* moved = reals(&p->memory, rows);
    assert_true(fisher && dense && product);
    ks_tapes_record(fisher, NULL, NULL, p->derivatives, p->stage + (size_t)p->s.k * GROUPS, GROUPS);
    dense_jacobian(dense, p);
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t c = 0; c < p->q; c++) {
            sum += dense[i * p->q + c] * (double)direction[c];
        }
        moved[i] = (ks_real)sum;
    }
    ks_tapes_fvp(product, fisher, moved, p->derivatives);
    memset(out, 0, p->q * sizeof *out);
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < p->q; c++) {
            out[c] += dense[i * p->q + c] * product[i] / GROUPS;
        }
    }
    free(dense);
    free(product);
    ks_tapes_destroy(fisher);
}

/* the curvature's product against the dense one, and against the constraint's second derivative along the direction */
static inline void check_curvature(problem_settings settings) {
    problem p;
    problem_create(&p, settings);
    const ks_real* direction = normals(&p.memory, p.q, 1);
    double slow[MAX_Q], fast[MAX_Q];
    slow_curvature_product(slow, &p, direction);
    curvature_product(fast, &p, direction);
    double error = relative_error(fast, slow, p.p);
    if (!(error < 1e-6)) {
        fail_with("curvature", error, &settings);
    }
    error = relative_error(fast + p.p, slow + p.p, p.c);
    if (!(error < 1e-6)) {
        fail_with("curvature of the step sizes", error, &settings);
    }
    double quadratic = 0, kl_plus, kl_minus;
    const double t = 1e-4;
    ks_real* moved = reals(&p.memory, p.q);
    for (size_t i = 0; i < p.q; i++) {
        quadratic += fast[i] * (double)direction[i];
        moved[i] = (ks_real)((double)p.params[i] + t * (double)direction[i]);
    }
    slow_outer_loss(&p, moved, &kl_plus);
    for (size_t i = 0; i < p.q; i++) {
        moved[i] = (ks_real)((double)p.params[i] - t * (double)direction[i]);
    }
    slow_outer_loss(&p, moved, &kl_minus);
    bool smooth =
        settings.policy.activation == KS_TANH || settings.policy.num_hidden == 0; /* ReLU has kinks within 1e-4 */
    if (smooth && settings.policy.head != KS_SQUARED_ERROR) {
        assert_true(fabs((kl_plus + kl_minus) / (t * t) - quadratic) < 1e-3 * fabs(quadratic));
    }
    problem_destroy(&p);
}

#endif
