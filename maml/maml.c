/* One meta-iteration, top to bottom: Finn, Abbeel, Levine 2017, algorithm 3, with the outer step by TRPO (appendix A.2).
 *
 *   draw tasks T_i
 *   for j = 0 … k:  sample D_ij with θ_ij, advantages;  θ_i,j+1 = θ_ij - α ∇L(θ_ij; D_ij)   (after the last: no step)
 *   u_k = ∇ outer loss at θ_ik;  u_j = u_j+1 - α H_j u_j+1;  meta-gradient = mean_i u_i0 (+ sweep · ∇ its loss on D_i0)
 *   direction by CG over mean_i J_iᵀ F_i J_i, preconditioned with an approximation of mean_i F_i if wanted
 *   line search: every candidate θ is adapted anew on the D_ij, j < k, and judged on D_ik */
#include "maml/maml.h"

#include "base/clock.h"
#include "maml/adapt.h"
#include "maml/curvature.h"
#include "maml/preconditioner.h"
#include "maml/sweep.h"
#include "maml/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FAILED, RETURN, STEPS, REJECTED, BASELINES, BROKEN, NOTES }; /* what is told of a task's stage */

struct ks_maml {
    ks_maml_settings settings;
    const ks_env_def* def;
    const ks_policy* policy;
    size_t num_params;   /* P */
    size_t tasks;        /* M, of all processes */
    size_t first;        /* of them, that are worked on here */
    size_t groups;       /* how many are: M if alone */
    size_t trajectories; /* per group */
    int inner_steps;     /* k */

    ks_tally tally; /* means over tasks, and which tasks count */
    bool redo;      /* a task has turned out to count no more during the update, which begins anew */
    ks_adapt* adapt;
    ks_curvature* curvature;
    ks_preconditioner* preconditioner; /* or NULL */
    ks_sweep* sweep;                   /* or NULL */
    ks_trpo* trpo;

    double* task;                 /* (M x task_dim), or (trajectories x task_dim) where each has a task of its own */
    ks_batch** batch;             /* (k+1 x M) */
    ks_real* theta;               /* (k+1 x M x P) that sampled each batch */
    ks_group* stage;              /* (k+1 x M) the batches as rows, with their θ */
    ks_rollout_request* requests; /* (M) */
    ks_old_policy* old;           /* (M) post-update policies that candidates are compared with */
    ks_group* candidate;          /* (M) */
    ks_real* candidate_theta;     /* (M x P) */
    double* u;                    /* (groups x P) */
    double* gathered;             /* (M x P, or M x n of anything smaller); u itself if alone */
    double* meta_gradient;        /* (P) */
    double* loss;                 /* (groups) */
    double* kl;                   /* (groups) */
    double* all_loss;             /* (M) */
    double* all_kl;               /* (M) */
    double* notes;                /* (groups + M, each NOTES) */
    double* returns;              /* (k+1 x M) mean return of every stage and task */
    double* factors;              /* (M x preconditioner's size), or NULL if alone or without one */
    ks_real* cg_directions;       /* (cg_iterations x P), or NULL */
};

/* ---- one meta-iteration --------------------------------------------------------------------------------------- */

static ks_real* stage_theta(const ks_maml* maml, int stage, size_t group) {
    return maml->theta + ((size_t)stage * maml->groups + group) * maml->num_params;
}

/* Errors where no task is left, which all processes come to alike: the first says so. */
static bool some_count(const ks_maml* maml, ks_error* err) {
    if (maml->tally.counted > 0) {
        return true;
    }
    if (maml->settings.team.rank > 0) {
        *err = (ks_error){.code = KS_FAILED};
        return false;
    }
    return ks_fail(
        err, KS_FAILED,
        "%s: the step size of the inner steps is too large, inner.lr: %g: the policies that they lead to break down "
        "at once on all %zu tasks, in numbers that are not finite%s",
        maml->def->name, maml->settings.inner_lr, maml->tasks, maml->def->mujoco_data ? " or in unstable physics" : "");
}

/* What is reported of a stage, over the tasks of all processes, which thereby learn whether one has failed, and which tasks the
 * step to this stage was too long for. */
static bool note_stage(ks_maml* maml, int j, bool ok, size_t baselines_failed, ks_maml_stats* stats, ks_error* err) {
    for (size_t i = 0; i < maml->groups; i++) {
        const ks_batch* batch = maml->batch[(size_t)j * maml->groups + i];
        double* note = maml->notes + i * NOTES;
        note[FAILED] = !ok;
        note[RETURN] = ok ? ks_batch_mean_return(batch) : 0;
        note[STEPS] = ok ? (double)(batch->rows + batch->rejected) : 0;
        note[REJECTED] = ok ? (double)batch->rejected : 0;
        note[BASELINES] = i == 0 ? (double)baselines_failed : 0;
        note[BROKEN] = ok && j > 0 && !ks_adapt_works(maml->adapt, &maml->requests[i]);
    }
    double* all = maml->notes + maml->groups * NOTES;
    ks_error gathering;
    if (!ks_tally_gather(&maml->tally, all, maml->notes, NOTES, ok ? err : &gathering) || !ok) {
        return false;
    }
    for (size_t i = 0; i < maml->tasks; i++) {
        const double* note = all + i * NOTES;
        if (note[FAILED] != 0) {
            return ks_fail(err, KS_FAILED, "%s", ""); /* that process says why */
        }
        if (note[BROKEN] != 0) {
            ks_tally_leave_out(&maml->tally, i);
        }
        maml->returns[(size_t)j * maml->tasks + i] = note[RETURN];
        stats->env_steps += (size_t)note[STEPS];
        stats->rejected += (size_t)note[REJECTED];
        stats->baselines_failed += (size_t)note[BASELINES];
    }
    return some_count(maml, err);
}

/* Samples D_ij of every task with θ_ij, advantages included. */
static bool sample_stage(ks_maml* maml, int j, uint64_t iteration, ks_maml_stats* stats, ks_error* err) {
    const ks_maml_settings* settings = &maml->settings;
    bool own_tasks = settings->method != KS_MAML;
    ks_batch** batch = maml->batch + (size_t)j * maml->groups;
    ks_group* stage = maml->stage + (size_t)j * maml->groups;
    for (size_t i = 0; i < maml->groups; i++) {
        maml->requests[i] = (ks_rollout_request){
            .batch = batch[i],
            .trajectories = maml->trajectories,
            .theta = stage_theta(maml, j, i),
            .task = maml->task + i * (size_t)maml->def->task_dim,
            .task_per_trajectory = own_tasks,
            .task_index = (uint32_t)(maml->first + i),
            .may_break_down = j > 0,
        };
    }
    ks_rollout_noise noise = {.seed = settings->seed, .iteration = iteration, .stage = (uint32_t)j};
    size_t baselines_failed = 0;
    bool ok = ks_adapt_sample(maml->adapt, maml->requests, maml->groups, noise, ks_maml_advantage(settings, j),
                              &baselines_failed, err);
    for (size_t i = 0; ok && i < maml->groups; i++) {
        stage[i] = (ks_group){.rows = ks_batch_rows(batch[i]), .theta = stage_theta(maml, j, i)};
    }
    return note_stage(maml, j, ok, baselines_failed, stats, err);
}

/* Lines 3 to 9 of the algorithm: all batches, and the parameters that sampled them. */
static bool sample_and_adapt(ks_maml* maml, const ks_real* theta, uint64_t iteration, ks_maml_stats* stats,
                             ks_error* err) {
    size_t tasks = maml->settings.method == KS_MAML ? maml->groups : maml->trajectories;
    ks_draw_tasks(maml->task, maml->def, maml->settings.seed, iteration, (uint32_t)maml->first, tasks);
    for (size_t i = 0; i < maml->groups; i++) {
        memcpy(stage_theta(maml, 0, i), theta, maml->num_params * sizeof *theta);
    }
    for (int j = 0; j <= maml->inner_steps; j++) {
        double start = ks_clock();
        if (!sample_stage(maml, j, iteration, stats, err)) {
            return false;
        }
        stats->sampling_s += ks_clock() - start;
        if (j < maml->inner_steps) {
            ks_adapt_step(stage_theta(maml, j + 1, 0), maml->adapt, maml->stage + (size_t)j * maml->groups,
                          maml->groups, maml->settings.inner_lr);
        }
    }
    return true;
}

/* Outer loss and mean KL of post-update policies `groups` (M), which are at their adapted parameters. theta: what they were
 * adapted from. */
static bool outer_loss(double* loss, double* kl, ks_maml* maml, const ks_group* groups, const ks_real* theta,
                       ks_error* err) {
    ks_derivatives_compare(ks_adapt_derivatives(maml->adapt), maml->loss, maml->kl, groups, maml->old, maml->groups);
    if (maml->sweep) {
        ks_sweep_add_loss(maml->loss, maml->sweep, ks_adapt_derivatives(maml->adapt), theta);
    }
    if (!ks_tally_gather(&maml->tally, maml->all_loss, maml->loss, 1, err) ||
        !ks_tally_gather(&maml->tally, maml->all_kl, maml->kl, 1, err)) {
        return false;
    }
    *loss = ks_tally_mean(&maml->tally, maml->all_loss);
    *kl = ks_tally_mean(&maml->tally, maml->all_kl);
    return true;
}

/* False, for the update to begin anew, where a task's numbers (tasks x n) are not finite. */
static bool all_hold(ks_maml* maml, const double* all, size_t n) {
    maml->redo = maml->inner_steps > 0 && ks_tally_leave_out_broken(&maml->tally, all, n);
    return !maml->redo;
}

/* out (P) = mean over all tasks of u (groups x P) */
static bool mean_over_tasks(double* out, ks_maml* maml, ks_error* err) {
    size_t n = maml->num_params;
    if (maml->gathered != maml->u && !ks_tally_gather(&maml->tally, maml->gathered, maml->u, n, err)) {
        return false;
    }
    ks_tally_mean_row(out, &maml->tally, maml->gathered, n);
    double size = 0;
    for (size_t p = 0; p < n; p++) {
        size += fabs(out[p]);
    }
    return isfinite(size) || all_hold(maml, maml->gathered, n);
}

/* meta-gradient = mean over tasks of Jᵀ ∇ outer loss; at the old policies the ratio is 1, and the outer loss has the same
 * gradient as the weighted negative log-likelihood. */
static bool meta_gradient(ks_maml* maml, ks_error* err) {
    const ks_group* last = maml->stage + (size_t)maml->inner_steps * maml->groups;
    ks_derivatives_gradient(ks_adapt_derivatives(maml->adapt), maml->u, last, maml->groups);
    ks_curvature_pull_back(maml->u, maml->curvature);
    if (maml->sweep) {
        ks_sweep_add_gradient(maml->u, maml->sweep, ks_adapt_derivatives(maml->adapt));
    }
    return mean_over_tasks(maml->meta_gradient, maml, err);
}

/* what TRPO asks: the curvature of the constraint */
static bool curvature_product(void* user, double* out, const ks_real* p, ks_error* err) {
    ks_maml* maml = user;
    ks_curvature_product(maml->u, maml->curvature, p);
    return mean_over_tasks(out, maml, err);
}

/* Fisher information of all tasks' post-update policies, roughly, for CG to be preconditioned with */
static bool approximate_fisher(ks_maml* maml, ks_error* err) {
    const ks_group* last = maml->stage + (size_t)maml->inner_steps * maml->groups;
    const double* factors = ks_preconditioner_factors(maml->preconditioner, last);
    size_t size = ks_preconditioner_size(maml->preconditioner);
    if (maml->factors) {
        if (!ks_tally_gather(&maml->tally, maml->factors, factors, size, err)) {
            return false;
        }
        factors = maml->factors;
    }
    return all_hold(maml, factors, size) &&
           ks_preconditioner_set(maml->preconditioner, factors, maml->tally.counted, maml->settings.kfac_damping, err);
}

/* what TRPO asks: CG's residual, preconditioned */
static void precondition(void* user, double* out, const double* r) {
    ks_maml* maml = user;
    ks_preconditioner_solve(out, maml->preconditioner, r);
}

/* what TRPO asks: a candidate, adapted anew on the recorded batches, and judged on the last */
static bool evaluate_candidate(void* user, double* loss, double* kl, const ks_real* theta, ks_error* err) {
    ks_maml* maml = user;
    size_t n = maml->num_params;
    for (size_t i = 0; i < maml->groups; i++) {
        memcpy(maml->candidate_theta + i * n, theta, n * sizeof *theta);
    }
    for (int j = 0; j <= maml->inner_steps; j++) {
        for (size_t i = 0; i < maml->groups; i++) {
            maml->candidate[i] = maml->stage[(size_t)j * maml->groups + i];
            maml->candidate[i].theta = maml->candidate_theta + i * n;
        }
        if (j < maml->inner_steps) {
            ks_adapt_step(maml->candidate_theta, maml->adapt, maml->candidate, maml->groups, maml->settings.inner_lr);
        }
    }
    return outer_loss(loss, kl, maml, maml->candidate, theta, err);
}

static void keep_direction(void* user, int iteration, const ks_real* p) {
    ks_maml* maml = user;
    if (maml->cg_directions) {
        memcpy(maml->cg_directions + (size_t)iteration * maml->num_params, p, maml->num_params * sizeof *p);
    }
}

static double mean_std(const ks_maml* maml, const ks_real* theta) {
    size_t first = ks_policy_log_std_offset(maml->policy);
    double floor = ks_policy_get_settings(maml->policy)->log_std_min;
    double sum = 0;
    for (size_t i = first; i < maml->num_params; i++) {
        sum += exp(fmax((double)theta[i], floor));
    }
    return maml->num_params > first ? sum / (double)(maml->num_params - first) : 0;
}

/* The update from what was sampled, of the tasks that count. False with maml->redo where one of them turns out not to. */
static bool update(ks_maml* maml, ks_real* theta, ks_real* cg_start, uint64_t iteration, ks_maml_stats* stats,
                   ks_error* err) {
    double kl;
    const ks_group* last = maml->stage + (size_t)maml->inner_steps * maml->groups;
    if (maml->sweep) {
        ks_sweep_set(maml->sweep, maml->stage, maml->batch);
    }
    if (!outer_loss(&stats->surrogate_before, &kl, maml, last, theta, err) || !all_hold(maml, maml->all_loss, 1) ||
        !all_hold(maml, maml->all_kl, 1)) {
        return false;
    }
    ks_curvature_record(maml->curvature, maml->stage,
                        ks_stream_make(maml->settings.seed, KS_RNG_CURVATURE, iteration, 0));
    if (!meta_gradient(maml, err) || (maml->preconditioner && !approximate_fisher(maml, err))) {
        return false;
    }
    ks_trpo_problem problem = {
        .n = maml->num_params,
        .user = maml,
        .curvature = curvature_product,
        .precondition = maml->preconditioner ? precondition : NULL,
        .evaluate = evaluate_candidate,
        .on_direction = keep_direction,
        .cg_start = cg_start,
    };
    ks_trpo_settings trpo = maml->settings.trpo;
    trpo.max_kl = ks_maml_max_kl(&maml->settings, iteration);
    return ks_trpo_step(maml->trpo, theta, maml->meta_gradient, stats->surrogate_before, &problem, &trpo, &stats->trpo,
                        err);
}

/* What has no rows adds nothing to any derivative. */
static void empty_left_out(ks_maml* maml) {
    for (size_t i = 0; i < maml->groups; i++) {
        for (int j = 0; maml->tally.left_out[maml->first + i] && j <= maml->inner_steps; j++) {
            maml->stage[(size_t)j * maml->groups + i].rows.n = 0;
        }
    }
}

/* What depends on which tasks count. */
static void note_counted(const ks_maml* maml, ks_maml_stats* stats) {
    for (int j = 0; j <= maml->inner_steps; j++) {
        ks_tally_mean_row(&stats->mean_return[j], &maml->tally, maml->returns + (size_t)j * maml->tasks, 1);
    }
    stats->left_out = 0;
    for (size_t i = 0; i < maml->tasks; i++) {
        if (maml->tally.left_out[i] && stats->left_out++ < KS_MAX_NAMED) {
            stats->named[stats->left_out - 1] = i;
        }
    }
}

bool ks_maml_iterate(ks_maml* maml, ks_real* theta, ks_real* cg_start, uint64_t iteration, ks_maml_stats* stats,
                     ks_error* err) {
    double start = ks_clock();
    ks_derivatives_take_flop(ks_adapt_derivatives(maml->adapt)); /* what an iteration that failed has left */
    *stats = (ks_maml_stats){.stages = maml->inner_steps + 1, .mean_std = mean_std(maml, theta)};
    ks_tally_start(&maml->tally);
    if (!sample_and_adapt(maml, theta, iteration, stats, err)) {
        return false;
    }
    for (size_t i = 0; i < maml->groups; i++) {
        const ks_batch* last = ks_maml_batch(maml, maml->inner_steps, i);
        maml->old[i] =
            (ks_old_policy){.logp = last->logp, .head = last->head, .theta = stage_theta(maml, maml->inner_steps, i)};
    }
    do { /* as often as there are tasks at most */
        maml->redo = false;
        empty_left_out(maml);
        if (!some_count(maml, err) || (!update(maml, theta, cg_start, iteration, stats, err) && !maml->redo)) {
            return false;
        }
    } while (maml->redo);
    note_counted(maml, stats);
    stats->surrogate_after = stats->trpo.loss_after;
    stats->update_s = ks_clock() - start - stats->sampling_s;
    stats->update_flop = ks_derivatives_take_flop(ks_adapt_derivatives(maml->adapt)) +
                         (maml->preconditioner ? ks_preconditioner_take_flop(maml->preconditioner) : 0);
    return true;
}

/* ---- creation --------------------------------------------------------------------------------------------------- */

static bool create_batches(ks_maml* maml, ks_error* err) {
    size_t count = (size_t)(maml->inner_steps + 1) * maml->groups;
    ks_batch_sizes sizes =
        ks_sampler_batch_sizes(ks_adapt_sampler(maml->adapt), maml->trajectories, maml->settings.horizon, false);
    for (size_t i = 0; i < count; i++) {
        sizes.sweep = maml->sweep && i < maml->groups;
        maml->batch[i] = ks_batch_create(&sizes, err);
        if (!maml->batch[i]) {
            return false;
        }
    }
    return true;
}

static bool create_memory(ks_maml* maml, ks_error* err) {
    size_t m = maml->groups;
    size_t n = maml->num_params;
    size_t stages = (size_t)(maml->inner_steps + 1);
    size_t tasks = maml->settings.method == KS_MAML ? m : maml->trajectories;
    maml->task = malloc(tasks * (size_t)maml->def->task_dim * sizeof *maml->task);
    maml->batch = calloc(stages * m, sizeof *maml->batch);
    maml->theta = malloc(stages * m * n * sizeof *maml->theta);
    maml->stage = calloc(stages * m, sizeof *maml->stage);
    maml->requests = calloc(m, sizeof *maml->requests);
    maml->old = calloc(m, sizeof *maml->old);
    maml->candidate = calloc(m, sizeof *maml->candidate);
    maml->candidate_theta = malloc(m * n * sizeof *maml->candidate_theta);
    maml->u = malloc(m * n * sizeof *maml->u);
    maml->gathered = maml->settings.team.size > 1 ? malloc(maml->tasks * n * sizeof *maml->u) : maml->u;
    maml->notes = malloc(NOTES * (m + maml->tasks) * sizeof *maml->notes);
    maml->returns = malloc(stages * maml->tasks * sizeof *maml->returns);
    maml->all_loss = malloc(maml->tasks * sizeof *maml->all_loss);
    maml->all_kl = malloc(maml->tasks * sizeof *maml->all_kl);
    maml->meta_gradient = calloc(n, sizeof *maml->meta_gradient);
    maml->loss = malloc(m * sizeof *maml->loss);
    maml->kl = malloc(m * sizeof *maml->kl);
    if (!maml->task || !maml->batch || !maml->theta || !maml->stage || !maml->requests || !maml->old ||
        !maml->candidate || !maml->candidate_theta || !maml->u || !maml->gathered || !maml->notes || !maml->returns ||
        !maml->all_loss || !maml->all_kl || !maml->meta_gradient || !maml->loss || !maml->kl) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", m);
    }
    if (maml->preconditioner && maml->settings.team.size > 1) {
        maml->factors = malloc(maml->tasks * ks_preconditioner_size(maml->preconditioner) * sizeof *maml->factors);
        if (!maml->factors) {
            return ks_fail(err, KS_FAILED, "not enough memory for the preconditioner of %zu tasks", maml->tasks);
        }
    }
    return create_batches(maml, err);
}

ks_maml* ks_maml_create(const ks_env_model* model, const ks_policy* policy, const ks_maml_settings* settings,
                        ks_error* err) {
    if (!ks_maml_check(settings, err)) {
        return NULL;
    }
    if (ks_maml_sweep(settings) > 0 && !ks_env_model_def(model)->reward) {
        ks_fail(err, KS_BAD_INPUT,
                "%s: no sweep (inner.sweep) is possible, as the environment has no `reward` function",
                ks_env_model_def(model)->name);
        return NULL;
    }
    ks_maml* maml = calloc(1, sizeof *maml);
    if (!maml) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    bool is_maml = settings->method == KS_MAML;
    maml->settings = *settings;
    maml->def = ks_env_model_def(model);
    maml->policy = policy;
    maml->num_params = ks_policy_num_params(policy);
    if (!ks_tally_init(&maml->tally, settings->team, is_maml ? settings->tasks : 1, err)) {
        ks_maml_destroy(maml);
        return NULL;
    }
    maml->tasks = maml->tally.tasks;
    maml->first = maml->tally.first;
    maml->groups = maml->tally.groups;
    maml->trajectories = is_maml ? settings->trajectories : settings->tasks * settings->trajectories;
    maml->inner_steps = is_maml ? settings->inner_steps : 0;
    maml->adapt = ks_adapt_create(model, policy,
                                  (ks_adapt_sizes){.tasks = maml->groups,
                                                   .trajectories = maml->trajectories,
                                                   .horizon = settings->horizon,
                                                   .threads = settings->threads},
                                  err);
    if (maml->adapt) {
        maml->curvature = ks_curvature_create(policy, ks_adapt_derivatives(maml->adapt),
                                              (ks_curvature_sizes){.groups = maml->groups,
                                                                   .first = maml->first,
                                                                   .max_rows = maml->trajectories * settings->horizon,
                                                                   .inner_steps = maml->inner_steps,
                                                                   .inner_lr = settings->inner_lr,
                                                                   .first_order = settings->first_order,
                                                                   .fraction = settings->curvature_fraction},
                                              err);
    }
    if (maml->curvature && settings->kfac_damping > 0) {
        maml->preconditioner = ks_preconditioner_create(policy, maml->groups, maml->tasks, settings->threads, err);
    }
    bool sweeps = ks_maml_sweep(settings) > 0;
    if (maml->curvature && sweeps) {
        maml->sweep = ks_sweep_create(policy, maml->groups, settings->sweep, err);
    }
    if (maml->curvature && (maml->preconditioner || settings->kfac_damping <= 0) && (maml->sweep || !sweeps)) {
        maml->trpo = ks_trpo_create(maml->num_params, err);
    }
    if (!maml->trpo || !create_memory(maml, err)) {
        ks_maml_destroy(maml);
        return NULL;
    }
    return maml;
}

void ks_maml_destroy(ks_maml* maml) {
    if (!maml) {
        return;
    }
    for (size_t i = 0; maml->batch && i < (size_t)(maml->inner_steps + 1) * maml->groups; i++) {
        ks_batch_destroy(maml->batch[i]);
    }
    ks_curvature_destroy(maml->curvature);
    ks_preconditioner_destroy(maml->preconditioner);
    ks_adapt_destroy(maml->adapt);
    ks_sweep_destroy(maml->sweep);
    ks_trpo_destroy(maml->trpo);
    ks_tally_free(&maml->tally);
    free(maml->task);
    free(maml->batch);
    free(maml->theta);
    free(maml->stage);
    free(maml->requests);
    free(maml->old);
    free(maml->candidate);
    free(maml->candidate_theta);
    if (maml->gathered != maml->u) {
        free(maml->gathered);
    }
    free(maml->u);
    free(maml->notes);
    free(maml->returns);
    free(maml->factors);
    free(maml->all_loss);
    free(maml->all_kl);
    free(maml->meta_gradient);
    free(maml->loss);
    free(maml->kl);
    free(maml->cg_directions);
    free(maml);
}

/* ---- the iteration in full --------------------------------------------------------------------------------------- */

const ks_maml_settings* ks_maml_get_settings(const ks_maml* maml) {
    return &maml->settings;
}

const ks_env_def* ks_maml_env(const ks_maml* maml) {
    return maml->def;
}

const ks_policy* ks_maml_policy(const ks_maml* maml) {
    return maml->policy;
}

size_t ks_maml_num_groups(const ks_maml* maml) {
    return maml->groups;
}

int ks_maml_num_stages(const ks_maml* maml) {
    return maml->inner_steps + 1;
}

const ks_batch* ks_maml_batch(const ks_maml* maml, int stage, size_t group) {
    return maml->batch[(size_t)stage * maml->groups + group];
}

const ks_real* ks_maml_stage_theta(const ks_maml* maml, int stage, size_t group) {
    return stage_theta(maml, stage, group);
}

const double* ks_maml_meta_gradient(const ks_maml* maml) {
    return maml->meta_gradient;
}

const double* ks_maml_direction(const ks_maml* maml) {
    return ks_trpo_direction(maml->trpo);
}

const ks_real* ks_maml_cg_directions(const ks_maml* maml) {
    return maml->cg_directions;
}

bool ks_maml_keep_cg(ks_maml* maml, bool keep, ks_error* err) {
    free(maml->cg_directions);
    maml->cg_directions = NULL;
    if (keep) {
        size_t count = (size_t)maml->settings.trpo.cg_iterations * maml->num_params;
        maml->cg_directions = malloc((count ? count : 1) * sizeof *maml->cg_directions);
        if (!maml->cg_directions) {
            return ks_fail(err, KS_FAILED, "not enough memory for %d CG directions", maml->settings.trpo.cg_iterations);
        }
    }
    return true;
}
