/* What the outer step asks of the tasks that were adapted to: the outer loss, its gradient through the inner steps, the curvature
 * of its constraint, and all of that at other parameters. */
#include "maml/core.h"

#include <math.h>
#include <string.h>

/* ---- means over the tasks of all processes ---------------------------------------------------------------------------- */

/* False, for the update to begin anew, where a task's numbers (M x n) are not finite: the inner steps were too long for it. Where
 * the core has moved to, the outer step's may have been. */
static bool all_hold(ks_maml* maml, const double* all, size_t n) {
    maml->redo = !maml->moved && maml->inner_steps > 0 && ks_tally_leave_out_broken(&maml->tally, all, n);
    return !maml->redo;
}

/* out (n) = mean over all tasks of own (groups x n) */
static bool mean_over_tasks(double* out, ks_maml* maml, const double* own, size_t n, ks_error* err) {
    const double* all = own;
    if (maml->gathered) {
        if (!ks_tally_gather(&maml->tally, maml->gathered, own, n, err)) {
            return false;
        }
        all = maml->gathered;
    }
    ks_tally_mean_row(out, &maml->tally, all, n);
    double size = 0;
    for (size_t i = 0; i < n; i++) {
        size += fabs(out[i]);
    }
    return isfinite(size) || all_hold(maml, all, n);
}

/* Context that alone adapts starts from 0 in every task: the outer step does not move it. */
static void hold_context(double* out, const ks_maml* maml) {
    for (size_t t = 0; maml->settings.inner.adapts == KS_ADAPTS_CONTEXT && t < ks_policy_num_tensors(maml->policy);
         t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(maml->policy, t);
        if (tensor.context) {
            memset(out + tensor.offset, 0, tensor.count * sizeof *out);
        }
    }
}

/* out (Q) = mean over tasks of u, then of da */
static bool mean_of_params(double* out, ks_maml* maml, ks_error* err) {
    if (!mean_over_tasks(out, maml, maml->u, maml->num_params, err)) {
        return false;
    }
    hold_context(out, maml);
    return maml->num_sizes == 0 || mean_over_tasks(out + maml->num_params, maml, maml->da, maml->num_sizes, err);
}

/* ---- where the core is ------------------------------------------------------------------------------------------------ */

/* What has no rows adds nothing to any derivative. */
static void empty_left_out(ks_maml* maml) {
    for (size_t i = 0; i < maml->tally.groups; i++) {
        for (int j = 0; maml->tally.left_out[maml->tally.first + i] && j <= maml->inner_steps; j++) {
            maml->stage[(size_t)j * maml->tally.groups + i].rows.n = 0;
        }
    }
}

/* The outer loss on rows that were sampled. At the policies that sampled them all its kinds have the same gradient, which the
 * cheapest gives. */
static void set_outer_loss(ks_rows* rows, const ks_maml* maml) {
    bool ratio = maml->problem->sampled && (maml->needs.moves || maml->needs.clip > 0);
    rows->loss = !ratio ? KS_LOSS_SCORE : maml->needs.clip > 0 ? KS_LOSS_CLIPPED : KS_LOSS_RATIO;
    rows->clip = maml->needs.clip;
}

/* How much better a task ended than the others, in standard deviations: E-MAML's credit for what was tried before its steps. */
static double credit_of(const ks_maml* maml, size_t group, double mean, double std) {
    double metric = maml->metrics[(size_t)maml->inner_steps * maml->tally.tasks + maml->tally.first + group];
    return (maml->problem->kind->higher_is_better ? metric - mean : mean - metric) / (std + 1e-8);
}

static void set_extra(ks_maml* maml) {
    const double* metrics = maml->metrics + (size_t)maml->inner_steps * maml->tally.tasks;
    double mean = ks_tally_mean(&maml->tally, metrics), std = ks_tally_std(&maml->tally, metrics);
    for (size_t i = 0; i < maml->tally.groups; i++) {
        ks_group group = maml->stage[i];
        set_outer_loss(&group.rows, maml);
        ks_extra_set(maml->extra, i, group, &maml->rows[i], credit_of(maml, i, mean, std));
    }
}

void ks_core_start(ks_maml* maml) {
    size_t m = maml->tally.groups;
    maml->redo = maml->recorded = maml->moved = maml->has_loss = maml->adapted = false;
    for (int j = 0; j <= maml->inner_steps; j++) {
        for (size_t i = 0; i < m; i++) {
            maml->stage[(size_t)j * m + i].theta = ks_core_theta(maml, j, i);
        }
    }
    empty_left_out(maml);
    for (size_t i = 0; i < m; i++) {
        set_outer_loss(&maml->stage[(size_t)maml->inner_steps * m + i].rows, maml);
    }
    if (maml->extra) {
        set_extra(maml);
    }
}

/* Adapts params anew on the rows of stages 0 … k-1. keep: theta (k+1 x groups x P) and groups (k+1 x groups) hold every stage;
 * otherwise they are (groups x P) and (groups), and each stage takes the place of the one before. */
static void adapt_anew(ks_maml* maml, const ks_real* params, ks_group* groups, ks_real* theta, bool keep) {
    size_t m = maml->tally.groups;
    size_t n = maml->num_params;
    ks_inner_set(maml->inner, params + n);
    for (size_t i = 0; i < m; i++) {
        memcpy(theta + i * n, params, n * sizeof *theta);
    }
    for (int j = 0; j <= maml->inner_steps; j++) {
        ks_group* at = groups + (keep ? (size_t)j * m : 0);
        ks_real* here = theta + (keep ? (size_t)j * m * n : 0);
        for (size_t i = 0; i < m; i++) {
            at[i].rows = maml->stage[(size_t)j * m + i].rows;
            at[i].theta = here + i * n;
        }
        if (j < maml->inner_steps) {
            ks_inner_trace trace = {.gradient = keep && maml->gradients ? maml->gradients + (size_t)j * m * n : NULL};
            ks_inner_step(keep ? here + m * n : here, maml->inner, at, m, j,
                          ks_step_sizes_own(ks_inner_sizes(maml->inner)), trace);
        }
    }
}

bool ks_meta_move(ks_maml* maml, const ks_real* params, ks_error* err) {
    (void)err;
    maml->moved = true;
    maml->recorded = maml->has_loss = false;
    adapt_anew(maml, params, maml->stage, maml->moved_theta, true);
    return true;
}

/* ---- the outer loss --------------------------------------------------------------------------------------------------- */

/* Loss and mean KL of adapted models `groups` (groups). theta: what they were adapted from. */
static bool outer_loss(double* loss, double* kl, ks_maml* maml, const ks_group* groups, const ks_real* theta,
                       ks_error* err) {
    ks_derivatives* derivatives = ks_inner_derivatives(maml->inner);
    if (maml->problem->sampled) {
        ks_derivatives_compare(derivatives, maml->loss, maml->kl, groups, maml->old, maml->tally.groups);
    } else if (maml->given && !maml->has_loss && groups != maml->candidate) {
        ks_given_run(maml, false);
    } else if (!maml->has_loss) {
        ks_derivatives_loss(derivatives, maml->loss, groups, maml->tally.groups);
    }
    if (maml->extra) {
        ks_extra_add_loss(maml->loss, maml->extra, derivatives, theta);
    }
    if (!ks_tally_gather(&maml->tally, maml->all_loss, maml->loss, 1, err) ||
        (maml->problem->sampled && !ks_tally_gather(&maml->tally, maml->all_kl, maml->kl, 1, err))) {
        return false;
    }
    *loss = ks_tally_mean(&maml->tally, maml->all_loss);
    *kl = maml->problem->sampled ? ks_tally_mean(&maml->tally, maml->all_kl) : 0;
    return true;
}

static const ks_group* last_stage(const ks_maml* maml) {
    return maml->stage + (size_t)maml->inner_steps * maml->tally.groups;
}

bool ks_meta_loss(ks_maml* maml, double* loss, double* kl, ks_error* err) {
    return outer_loss(loss, kl, maml, last_stage(maml), ks_core_theta(maml, 0, 0), err) &&
           all_hold(maml, maml->all_loss, 1) && (!maml->problem->sampled || all_hold(maml, maml->all_kl, 1));
}

bool ks_meta_try(ks_maml* maml, double* loss, double* kl, const ks_real* params, ks_error* err) {
    maml->has_loss = false;
    adapt_anew(maml, params, maml->candidate, maml->candidate_theta, false);
    return outer_loss(loss, kl, maml, maml->candidate, params, err);
}

/* ---- derivatives ------------------------------------------------------------------------------------------------------ */

static void record(ks_maml* maml, uint64_t iteration) {
    bool tapes_left = !maml->needs.curvature && !maml->moved;
    ks_jacobian_record(maml->jacobian, maml->stage, maml->tally.groups, maml->gradients, tapes_left,
                       ks_stream_make(maml->settings.seed, KS_RNG_CURVATURE, iteration, 0));
    maml->recorded = true;
}

/* root mean square over tasks of the derivatives by every step size */
static bool note_size_rms(ks_maml* maml, ks_error* err) {
    size_t n = maml->num_sizes;
    if (n == 0 || !(maml->needs.size_damping > 0)) {
        return true;
    }
    for (size_t i = 0; i < maml->tally.groups * n; i++) {
        maml->da[i] *= maml->da[i];
    }
    if (!mean_over_tasks(maml->size_rms, maml, maml->da, n, err)) {
        return false;
    }
    for (size_t c = 0; c < n; c++) {
        maml->size_rms[c] = sqrt(maml->size_rms[c]);
    }
    return true;
}

/* meta-gradient = mean over tasks of Jᵀ ∇ outer loss */
bool ks_meta_gradient(ks_maml* maml, double* out, ks_error* err) {
    if (maml->given) {
        ks_given_run(maml, true);
        return mean_of_params(out, maml, err);
    }
    if (!maml->recorded) {
        record(maml, maml->iteration);
    }
    maml->has_loss = !maml->problem->sampled;
    ks_derivatives_loss_and_gradient(ks_inner_derivatives(maml->inner), maml->has_loss ? maml->loss : NULL, maml->u,
                                     last_stage(maml), maml->tally.groups);
    ks_jacobian_pull_back(maml->u, maml->da, maml->jacobian);
    if (maml->extra) {
        ks_extra_add_gradient(maml->u, maml->extra, ks_inner_derivatives(maml->inner), ks_core_theta(maml, 0, 0));
    }
    return mean_of_params(out, maml, err) && note_size_rms(maml, err);
}

bool ks_meta_way(ks_maml* maml, double* out, ks_error* err) {
    size_t n = maml->num_params;
    if (maml->given && !maml->adapted) {
        ks_given_run(maml, false);
    }
    for (size_t i = 0; i < maml->tally.groups; i++) {
        const ks_real* from = ks_core_theta(maml, 0, i);
        const ks_real* to = ks_core_theta(maml, maml->inner_steps, i);
        for (size_t p = 0; p < n; p++) {
            maml->u[i * n + p] = (double)to[p] - (double)from[p];
        }
    }
    memset(out + n, 0, maml->num_sizes * sizeof *out);
    if (!mean_over_tasks(out, maml, maml->u, n, err)) {
        return false;
    }
    hold_context(out, maml);
    return true;
}

/* Fisher information of all tasks' adapted policies, roughly, for CG to be preconditioned with */
static bool approximate_fisher(ks_maml* maml, ks_error* err) {
    const double* factors = ks_preconditioner_factors(maml->preconditioner, last_stage(maml));
    size_t size = ks_preconditioner_size(maml->preconditioner);
    if (maml->factors) {
        if (!ks_tally_gather(&maml->tally, maml->factors, factors, size, err)) {
            return false;
        }
        factors = maml->factors;
    }
    if (!all_hold(maml, factors, size) ||
        !ks_preconditioner_set(maml->preconditioner, factors, maml->tally.counted, maml->needs.kfac_damping, err)) {
        return false;
    }
    if (maml->num_sizes == 0) {
        return true;
    }
    ks_preconditioner_diagonal(maml->diagonal, maml->preconditioner);
    ks_jacobian_size_curvature(maml->da, maml->jacobian, maml->diagonal);
    return mean_over_tasks(maml->size_curvature, maml, maml->da, maml->num_sizes, err);
}

double ks_meta_step_scale(const ks_maml* maml) {
    return maml->step_scale;
}

bool ks_meta_prepare_curvature(ks_maml* maml, uint64_t iteration, ks_error* err) {
    record(maml, iteration);
    return !maml->preconditioner || approximate_fisher(maml, err);
}

bool ks_meta_curvature(ks_maml* maml, double* out, const ks_real* p, ks_error* err) {
    ks_jacobian_product(maml->u, maml->da, maml->jacobian, p);
    if (!mean_of_params(out, maml, err)) {
        return false;
    }
    for (size_t c = 0; c < maml->num_sizes; c++) {
        out[maml->num_params + c] += maml->needs.size_damping * maml->size_rms[c] * (double)p[maml->num_params + c];
    }
    return true;
}

void ks_meta_precondition(ks_maml* maml, double* out, const double* r) {
    ks_preconditioner_solve(out, maml->preconditioner, r);
    for (size_t c = 0; c < maml->num_sizes; c++) {
        double metric = maml->size_curvature[c] + maml->needs.size_damping * maml->size_rms[c];
        out[maml->num_params + c] = r[maml->num_params + c] / (metric + maml->needs.kfac_damping);
    }
}
