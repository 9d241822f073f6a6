#include "maml/curvature.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* the chosen timesteps of one stage, gathered */
typedef struct share {
    ks_real* obs;    /* (M x max x obs_dim) */
    ks_real* act;    /* (M x max x act_cols) */
    ks_real* weight; /* (M x max) */
    size_t max;      /* timesteps of a group at most */
} share;

struct ks_curvature {
    const ks_policy* policy;
    ks_derivatives* derivatives;
    ks_curvature_sizes sizes;
    size_t num_params;
    int stages;             /* that curvature is measured on: k + 1, or 1 (the last) if first-order */
    ks_tapes** tapes;       /* (stages) */
    share* shares;          /* (stages), unused if the fraction is 1 */
    ks_group* share_groups; /* (M) */
    const ks_group* groups; /* (k+1 x M) as last recorded */
    double* product;        /* (M x P) */
    ks_real* v;             /* (M x P) */
};

static bool share_create(share* s, const ks_policy* policy, const ks_curvature_sizes* sizes, size_t max) {
    size_t rows = sizes->groups * max;
    s->max = max;
    s->obs = malloc(rows * (size_t)ks_policy_get_settings(policy)->obs_dim * sizeof(ks_real));
    s->act = malloc(rows * ks_policy_act_cols(policy) * sizeof(ks_real));
    s->weight = malloc(rows * sizeof(ks_real));
    return s->obs && s->act && s->weight;
}

static size_t share_rows(size_t rows, double fraction) {
    size_t n = (size_t)ceil(fraction * (double)rows);
    return n < rows ? n : rows;
}

ks_curvature* ks_curvature_create(const ks_policy* policy, ks_derivatives* derivatives, ks_curvature_sizes sizes,
                                  ks_error* err) {
    ks_curvature* c = calloc(1, sizeof *c);
    if (!c) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    c->policy = policy;
    c->derivatives = derivatives;
    c->sizes = sizes;
    c->num_params = ks_policy_num_params(policy);
    c->stages = sizes.first_order ? 1 : sizes.inner_steps + 1;
    size_t length = sizes.groups * c->num_params;
    size_t max = share_rows(sizes.max_rows, sizes.fraction);
    c->tapes = calloc((size_t)c->stages, sizeof *c->tapes);
    c->shares = calloc((size_t)c->stages, sizeof *c->shares);
    c->share_groups = calloc(sizes.groups, sizeof *c->share_groups);
    c->product = malloc(length * sizeof *c->product);
    c->v = malloc(length * sizeof *c->v);
    bool ok = c->tapes && c->shares && c->share_groups && c->product && c->v;
    for (int s = 0; ok && s < c->stages; s++) {
        ks_tape_kind kind = s == c->stages - 1 ? KS_TAPE_FISHER : KS_TAPE_HESSIAN;
        c->tapes[s] = ks_tapes_create(policy, kind, sizes.groups, max, err);
        ok = c->tapes[s] && (sizes.fraction >= 1 || share_create(&c->shares[s], policy, &sizes, max));
    }
    if (!ok) {
        ks_fail(err, KS_FAILED, "not enough memory for the curvature of %zu tasks of %zu timesteps", sizes.groups,
                sizes.max_rows);
        ks_curvature_destroy(c);
        return NULL;
    }
    return c;
}

void ks_curvature_destroy(ks_curvature* c) {
    if (!c) {
        return;
    }
    for (int s = 0; s < c->stages; s++) {
        if (c->tapes) {
            ks_tapes_destroy(c->tapes[s]);
        }
        if (c->shares) {
            free(c->shares[s].obs);
            free(c->shares[s].act);
            free(c->shares[s].weight);
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
static ks_group gather(share* s, const ks_curvature* c, ks_group group, size_t g, ks_stream stream, uint32_t stage) {
    size_t obs_dim = (size_t)ks_policy_get_settings(c->policy)->obs_dim;
    size_t act_cols = ks_policy_act_cols(c->policy);
    size_t rows = group.rows.n;
    size_t chosen = share_rows(rows, c->sizes.fraction);
    ks_real* obs = s->obs + g * s->max * obs_dim;
    ks_real* act = s->act + g * s->max * act_cols;
    ks_real* weight = s->weight + g * s->max;
    for (size_t i = 0; i < chosen; i++) {
        double uniform;
        ks_stream_uniform(&uniform, 1, stream, (uint32_t)(c->sizes.first + g), stage, (uint32_t)i);
        size_t first = i * rows / chosen;
        size_t length = (i + 1) * rows / chosen - first;
        size_t row = first + (size_t)(uniform * (double)length);
        memcpy(obs + i * obs_dim, group.rows.obs + row * obs_dim, obs_dim * sizeof *obs);
        memcpy(act + i * act_cols, group.rows.act + row * act_cols, act_cols * sizeof *act);
        weight[i] = group.rows.weight[row];
    }
    group.rows = (ks_rows){.n = chosen, .obs = obs, .act = act, .weight = weight};
    return group;
}

void ks_curvature_record(ks_curvature* c, const ks_group* groups, ks_stream stream) {
    size_t m = c->sizes.groups;
    int first_stage = c->sizes.inner_steps + 1 - c->stages;
    c->groups = groups;
    for (int s = 0; s < c->stages; s++) {
        int stage = first_stage + s;
        const ks_group* recorded = groups + (size_t)stage * m;
        if (c->sizes.fraction < 1) {
            for (size_t g = 0; g < m; g++) {
                c->share_groups[g] = gather(&c->shares[s], c, recorded[g], g, stream, (uint32_t)stage);
            }
            recorded = c->share_groups;
        }
        ks_tapes_record(c->tapes[s], NULL, c->derivatives, recorded, m);
    }
}

/* ---- products -------------------------------------------------------------------------------------------------- */

/* v = α u, rounded to what the products take */
static void scale_into(ks_real* v, const double* u, double alpha, size_t n) {
    for (size_t i = 0; i < n; i++) {
        v[i] = (ks_real)(alpha * u[i]);
    }
}

/* u ← u - H (α u) of every task, for the inner step that starts at `stage`. */
static void apply_step_jacobian(double* u, ks_curvature* c, int stage, bool all_rows) {
    size_t length = c->sizes.groups * c->num_params;
    scale_into(c->v, u, c->sizes.inner_lr, length);
    if (all_rows && c->sizes.fraction < 1) {
        const ks_group* groups = c->groups + (size_t)stage * c->sizes.groups;
        ks_derivatives_hvp(c->derivatives, c->product, groups, c->sizes.groups, c->v);
    } else {
        ks_tapes_hvp(c->product, c->tapes[stage], c->v, c->derivatives);
    }
    for (size_t i = 0; i < length; i++) {
        u[i] -= c->product[i];
    }
}

void ks_curvature_pull_back(double* u, ks_curvature* c) {
    /* every factor of J is symmetric, so Jᵀ is the same factors in reverse order */
    for (int j = c->stages - 2; j >= 0; j--) {
        apply_step_jacobian(u, c, j, true);
    }
}

void ks_curvature_product(double* out, ks_curvature* c, const ks_real* p) {
    size_t m = c->sizes.groups;
    size_t n = c->num_params;
    for (size_t i = 0; i < m * n; i++) {
        out[i] = (double)p[i % n];
    }
    for (int j = 0; j < c->stages - 1; j++) {
        apply_step_jacobian(out, c, j, false);
    }
    scale_into(c->v, out, 1, m * n);
    ks_tapes_fvp(out, c->tapes[c->stages - 1], c->v, c->derivatives);
    for (int j = c->stages - 2; j >= 0; j--) {
        apply_step_jacobian(out, c, j, false);
    }
}
