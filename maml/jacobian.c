#include "maml/jacobian.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* the chosen timesteps of one stage, gathered */
typedef struct share {
    ks_real* obs;    /* (M x max x obs_dim) */
    ks_real* act;    /* (M x max x act_cols) */
    ks_real* weight; /* (M x max) */
    ks_real* logp;   /* (M x max) */
    size_t max;      /* timesteps of a group at most */
} share;

struct ks_jacobian {
    const ks_policy* policy;
    ks_inner* inner;
    ks_derivatives* derivatives;
    ks_jacobian_sizes sizes;
    size_t num_params, num_sizes; /* P; learned step sizes */
    int tapes_count;              /* k + 1, the last for F; without curvature k; first-order: F's alone, or none */
    int first_tape;               /* stage of the first one */
    ks_tapes** tapes;             /* (tapes_count) */
    share* shares;                /* (tapes_count), unused if the fraction is 1 */
    ks_group* share_groups;       /* (M) */
    const ks_group* groups;       /* (k+1 x M) as last recorded */
    size_t count;                 /* of them in use at each stage: M at most */
    const double* gradients;      /* (k x M x P) likewise */
    double* product;              /* (M x P) */
    ks_real* v;                   /* (M x P) */
};

static bool share_create(share* s, const ks_policy* policy, const ks_jacobian_sizes* sizes, size_t max) {
    size_t rows = sizes->groups * max;
    s->max = max;
    s->obs = malloc(rows * (size_t)ks_policy_get_settings(policy)->obs_dim * sizeof(ks_real));
    s->act = malloc(rows * ks_policy_act_cols(policy) * sizeof(ks_real));
    s->weight = malloc(rows * sizeof(ks_real));
    s->logp = malloc(rows * sizeof(ks_real));
    return s->obs && s->act && s->weight && s->logp;
}

static size_t share_rows(size_t rows, double fraction) {
    size_t n = (size_t)ceil(fraction * (double)rows);
    return n < rows ? n : rows;
}

/* the tapes of stage first_tape + s */
static bool create_tapes(ks_jacobian* c, int s, size_t max, ks_error* err) {
    const ks_jacobian_sizes* z = &c->sizes;
    ks_tape_kind kind = c->first_tape + s == z->inner_steps ? KS_TAPE_FISHER : KS_TAPE_HESSIAN;
    c->tapes[s] = ks_tapes_create(c->policy, kind, z->groups, max, err);
    return c->tapes[s] && (z->fraction >= 1 || share_create(&c->shares[s], c->policy, z, max));
}

ks_jacobian* ks_jacobian_create(const ks_policy* policy, ks_inner* inner, ks_jacobian_sizes sizes, ks_error* err) {
    ks_jacobian* c = calloc(1, sizeof *c);
    if (!c) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    c->policy = policy;
    c->inner = inner;
    c->derivatives = ks_inner_derivatives(inner);
    c->sizes = sizes;
    c->num_params = ks_policy_num_params(policy);
    c->num_sizes = ks_step_sizes_count(ks_inner_sizes(inner), policy);
    c->first_tape = sizes.first_order ? sizes.inner_steps : 0;
    c->tapes_count = sizes.inner_steps + (sizes.curvature ? 1 : 0) - c->first_tape;
    size_t length = sizes.groups * c->num_params;
    size_t max = share_rows(sizes.max_rows, sizes.fraction);
    c->tapes = calloc((size_t)c->tapes_count + 1, sizeof *c->tapes);
    c->shares = calloc((size_t)c->tapes_count + 1, sizeof *c->shares);
    c->share_groups = calloc(sizes.groups, sizeof *c->share_groups);
    if (!sizes.curvature && sizes.fraction >= 1) { /* pulling back alone works in the engine's memory */
        length = 1;
    }
    c->product = malloc(length * sizeof *c->product);
    c->v = malloc(length * sizeof *c->v);
    bool ok = c->tapes && c->shares && c->share_groups && c->product && c->v;
    for (int s = 0; ok && s < c->tapes_count; s++) {
        ok = create_tapes(c, s, max, err);
    }
    if (!ok) {
        ks_fail(err, KS_FAILED, "not enough memory for the curvature of %zu tasks of %zu timesteps", sizes.groups,
                sizes.max_rows);
        ks_jacobian_destroy(c);
        return NULL;
    }
    return c;
}

void ks_jacobian_destroy(ks_jacobian* c) {
    if (!c) {
        return;
    }
    for (int s = 0; s < c->tapes_count; s++) {
        if (c->tapes) {
            ks_tapes_destroy(c->tapes[s]);
        }
        if (c->shares) {
            free(c->shares[s].obs);
            free(c->shares[s].act);
            free(c->shares[s].weight);
            free(c->shares[s].logp);
        }
    }
    free(c->tapes);
    free(c->shares);
    free(c->share_groups);
    free(c->product);
    free(c->v);
    free(c);
}

/* ---- recording ----------------------------------------------------------------------------------------------- */

/* One timestep from each of `chosen` equally long stretches of the group's rows. */
static ks_group gather(share* s, const ks_jacobian* c, ks_group group, size_t g, ks_stream stream, uint32_t stage) {
    size_t obs_dim = (size_t)ks_policy_get_settings(c->policy)->obs_dim;
    size_t act_cols = ks_policy_act_cols(c->policy);
    size_t rows = group.rows.n;
    size_t chosen = share_rows(rows, c->sizes.fraction);
    ks_real* obs = s->obs + g * s->max * obs_dim;
    ks_real* act = s->act + g * s->max * act_cols;
    ks_real* weight = s->weight + g * s->max;
    ks_real* logp = s->logp + g * s->max;
    for (size_t i = 0; i < chosen; i++) {
        double uniform;
        ks_stream_uniform(&uniform, 1, stream, (uint32_t)(c->sizes.first + g), stage, (uint32_t)i);
        size_t first = i * rows / chosen;
        size_t length = (i + 1) * rows / chosen - first;
        size_t row = first + (size_t)(uniform * (double)length);
        memcpy(obs + i * obs_dim, group.rows.obs + row * obs_dim, obs_dim * sizeof *obs);
        memcpy(act + i * act_cols, group.rows.act + row * act_cols, act_cols * sizeof *act);
        weight[i] = group.rows.weight ? group.rows.weight[row] : 1;
        logp[i] = group.rows.logp ? group.rows.logp[row] : 0;
    }
    group.rows.n = chosen; /* what kind of loss they have stays */
    group.rows.obs = obs;
    group.rows.act = act;
    group.rows.weight = weight;
    group.rows.logp = group.rows.logp ? logp : NULL;
    return group;
}

ks_tapes* ks_jacobian_tapes(ks_jacobian* c, int stage) {
    bool whole = c->sizes.fraction >= 1 && stage >= c->first_tape && stage < c->sizes.inner_steps;
    return whole ? c->tapes[stage - c->first_tape] : NULL;
}

void ks_jacobian_record(ks_jacobian* c, const ks_group* groups, size_t count, const double* gradients, bool recorded,
                        ks_stream stream) {
    size_t m = c->sizes.groups;
    c->count = count;
    c->groups = groups;
    c->gradients = gradients;
    for (int s = 0; s < c->tapes_count; s++) {
        int stage = c->first_tape + s;
        const ks_group* at = groups + (size_t)stage * m;
        if (recorded && ks_jacobian_tapes(c, stage)) {
            continue;
        }
        if (c->sizes.fraction < 1) {
            for (size_t g = 0; g < count; g++) {
                c->share_groups[g] = gather(&c->shares[s], c, at[g], g, stream, (uint32_t)stage);
            }
            at = c->share_groups;
        }
        ks_tapes_record(c->tapes[s], NULL, NULL, c->derivatives, at, count);
    }
}

/* ---- products -------------------------------------------------------------------------------------------------- */

/* v = factor ∘ u, rounded to what the products take; factor (P) or, where that is NULL, one number */
static void scale_into(ks_jacobian* c, const double* u, const double* factor, double one) {
    size_t p = c->num_params;
    for (size_t g = 0; g < c->count; g++) {
        for (size_t i = 0; i < p; i++) {
            c->v[g * p + i] = (ks_real)((factor ? factor[i] : one) * u[g * p + i]);
        }
    }
}

/* u ← u - H_j (α_j ∘ u). With one α for all, that is J_j u as well as J_jᵀ u. */
static void apply_transposed(double* u, ks_jacobian* c, int stage, bool all_rows) {
    ks_step_size size = {ks_inner_alpha(c->inner, stage), ks_inner_sizes(c->inner)->lr};
    if (c->sizes.first_order) {
        return;
    }
    if (!all_rows || c->sizes.fraction >= 1) {
        ks_tapes_pull_back(u, c->tapes[stage - c->first_tape], size, c->derivatives);
        return;
    }
    scale_into(c, u, size.alpha, size.lr);
    ks_derivatives_hvp(c->derivatives, c->product, c->groups + (size_t)stage * c->sizes.groups, c->count, c->v);
    for (size_t i = 0; i < c->count * c->num_params; i++) {
        u[i] -= c->product[i];
    }
}

/* u ← J_j u = u - α_j ∘ (H_j u) */
static void apply(double* u, ks_jacobian* c, int stage) {
    const double* alpha = ks_inner_alpha(c->inner, stage);
    size_t p = c->num_params;
    if (!alpha) {
        apply_transposed(u, c, stage, false);
        return;
    }
    if (c->sizes.first_order) {
        return;
    }
    scale_into(c, u, NULL, 1);
    ks_tapes_hvp(c->product, c->tapes[stage - c->first_tape], c->v, c->derivatives);
    for (size_t g = 0; g < c->count; g++) {
        for (size_t i = 0; i < p; i++) {
            u[g * p + i] -= alpha[i] * c->product[g * p + i];
        }
    }
}

/* A task that is left out has no rows, and a gradient of before that may be anything. */
static bool is_empty(const ks_jacobian* c, int stage, size_t group) {
    return c->groups[(size_t)stage * c->sizes.groups + group].rows.n == 0;
}

/* da ← da - α_j ∘ g_j ∘ u, each parameter's share added to its number */
static void add_to_sizes(double* da, const double* u, const ks_jacobian* c, int stage) {
    const double* alpha = ks_inner_alpha(c->inner, stage);
    const size_t* of = ks_inner_map(c->inner);
    size_t p = c->num_params;
    size_t start = ks_step_sizes_start(ks_inner_sizes(c->inner), c->policy, stage);
    const double* gradient = c->gradients + (size_t)stage * c->sizes.groups * p;
    for (size_t g = 0; g < c->count; g++) {
        double* out = da + g * c->num_sizes + start;
        for (size_t i = 0; !is_empty(c, stage, g) && i < p; i++) {
            out[of[i]] -= alpha[i] * gradient[g * p + i] * u[g * p + i];
        }
    }
}

void ks_jacobian_size_curvature(double* da, const ks_jacobian* c, const double* f) {
    const size_t* of = ks_inner_map(c->inner);
    size_t p = c->num_params;
    memset(da, 0, c->count * c->num_sizes * sizeof *da);
    for (int j = 0; j < c->sizes.inner_steps; j++) {
        const double* alpha = ks_inner_alpha(c->inner, j);
        size_t start = ks_step_sizes_start(ks_inner_sizes(c->inner), c->policy, j);
        for (size_t g = 0; g < c->count; g++) {
            const double* gradient = c->gradients + ((size_t)j * c->sizes.groups + g) * p;
            double* out = da + g * c->num_sizes + start;
            for (size_t i = 0; !is_empty(c, j, g) && i < p; i++) {
                out[of[i]] += f[i] * (alpha[i] * gradient[i]) * (alpha[i] * gradient[i]);
            }
        }
    }
}

/* u ← u - (α_j ∘ p_a) ∘ g_j: how θ_j+1 moves where the step sizes do */
static void move_with_sizes(double* u, const ks_jacobian* c, int stage, const ks_real* p_a) {
    const double* alpha = ks_inner_alpha(c->inner, stage);
    const size_t* of = ks_inner_map(c->inner);
    size_t p = c->num_params;
    const ks_real* set = p_a + ks_step_sizes_start(ks_inner_sizes(c->inner), c->policy, stage);
    const double* gradient = c->gradients + (size_t)stage * c->sizes.groups * p;
    for (size_t g = 0; g < c->count; g++) {
        for (size_t i = 0; !is_empty(c, stage, g) && i < p; i++) {
            u[g * p + i] -= alpha[i] * (double)set[of[i]] * gradient[g * p + i];
        }
    }
}

static void pull_back_step(double* u, double* da, ks_jacobian* c, int stage, bool all_rows) {
    const ks_step_sizes* sizes = ks_inner_sizes(c->inner);
    if (c->num_sizes > 0 && stage == c->sizes.inner_steps - 1) {
        memset(da, 0, c->count * c->num_sizes * sizeof *da);
    }
    for (size_t g = 0; g < c->count; g++) {
        ks_step_sizes_take_norm(da + g * c->num_sizes, u + g * c->num_params, sizes, c->policy, stage + 1);
    }
    if (sizes->learned != KS_LEARNED_NONE) {
        add_to_sizes(da, u, c, stage);
    }
    apply_transposed(u, c, stage, all_rows);
}

static void pull_back(double* u, double* da, ks_jacobian* c, bool all_rows) {
    for (int j = c->sizes.inner_steps - 1; j >= 0; j--) {
        pull_back_step(u, da, c, j, all_rows);
    }
}

void ks_jacobian_pull_back_step(double* u, double* da, ks_jacobian* c, int stage) {
    pull_back_step(u, da, c, stage, true);
}

void ks_jacobian_pull_back(double* u, double* da, ks_jacobian* c) {
    pull_back(u, da, c, true);
}

void ks_jacobian_product(double* u, double* da, ks_jacobian* c, const ks_real* p) {
    size_t n = c->num_params;
    for (size_t i = 0; i < c->count * n; i++) {
        u[i] = (double)p[i % n];
    }
    for (int j = 0; j < c->sizes.inner_steps; j++) {
        apply(u, c, j);
        if (ks_inner_sizes(c->inner)->learned != KS_LEARNED_NONE) {
            move_with_sizes(u, c, j, p + n);
        }
    }
    scale_into(c, u, NULL, 1);
    ks_tapes_fvp(u, c->tapes[c->tapes_count - 1], c->v, c->derivatives);
    pull_back(u, da, c, false);
}
