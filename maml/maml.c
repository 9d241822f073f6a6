/* One meta-iteration, top to bottom: Finn, Abbeel, Levine 2017, algorithm 3 (and 1 and 2, where rows are given).
 *
 *   draw tasks T_i
 *   for j = 0 … k:  collect D_ij with θ_ij;  θ_i,j+1 = θ_ij - α ∘ ∇L(θ_ij; D_ij)   (after the last: no step)
 *   outer step on the mean over tasks of the loss of θ_ik on D_ik, through the inner steps (core.c) */
#include "base/clock.h"
#include "maml/core.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FAILED, METRIC, STEPS, REJECTED, BASELINES, BROKEN }; /* what is told of a task's stage */
_Static_assert(BROKEN + 1 == KS_NOTES, "notes");

/* what on_stage gets */
typedef struct collection {
    ks_maml* maml;
    ks_maml_stats* stats;
} collection;

/* Errors where no task is left, which all processes come to alike: the first says so. */
static bool some_count(const ks_maml* maml, ks_error* err) {
    if (maml->tally.counted > 0) {
        return true;
    }
    if (maml->settings.team.rank > 0) {
        *err = (ks_error){.code = KS_BROKE_DOWN};
        return false;
    }
    const ks_problem_kind* kind = maml->problem->kind;
    return ks_fail(
        err, KS_BROKE_DOWN,
        "%s: the step size of the inner steps is too large, inner.lr: %g: the policies that they lead to break down "
        "at once on all %zu tasks, in numbers that are not finite%s",
        maml->problem->name, maml->settings.inner.lr, maml->tally.tasks,
        kind->breaks_in ? kind->breaks_in(maml->problem) : "");
}

/* What is reported of a stage, over the tasks of all processes, which thereby learn whether one has failed, and which tasks the
 * step to this stage was too long for. */
static bool note_stage(void* user, int j, bool ok, ks_error* err) {
    const collection* c = user;
    ks_maml* maml = c->maml;
    ks_tally* tally = &maml->tally;
    for (size_t i = 0; i < tally->groups; i++) {
        const ks_task_rows* rows = &maml->rows[(size_t)j * tally->groups + i];
        double* note = maml->notes + i * KS_NOTES;
        note[FAILED] = !ok;
        note[METRIC] = ok ? rows->metric : 0;
        note[STEPS] = ok ? (double)rows->steps : 0;
        note[REJECTED] = ok ? (double)rows->rejected : 0;
        note[BASELINES] = ok ? (double)rows->failed : 0;
        /* where rows are given, a θ that is not finite shows in the loss */
        note[BROKEN] =
            ok && j > 0 && maml->problem->sampled && !ks_inner_works(maml->policy, ks_core_theta(maml, j, i), rows);
    }
    double* all = maml->notes + tally->groups * KS_NOTES;
    ks_error gathering;
    if (!ks_tally_gather(tally, all, maml->notes, KS_NOTES, ok ? err : &gathering) || !ok) {
        return false;
    }
    for (size_t i = 0; i < tally->tasks; i++) {
        const double* note = all + i * KS_NOTES;
        if (note[FAILED] != 0) {
            return ks_fail(err, KS_FAILED, "%s", ""); /* that process says why */
        }
        if (note[BROKEN] != 0) {
            ks_tally_leave_out(tally, i);
        }
        maml->metrics[(size_t)j * tally->tasks + i] = note[METRIC];
        c->stats->env_steps += (size_t)note[STEPS];
        c->stats->rejected += (size_t)note[REJECTED];
        c->stats->baselines_failed += (size_t)note[BASELINES];
    }
    return some_count(maml, err);
}

/* What an inner step leaves behind for the derivatives through it. */
static ks_inner_trace trace_step(void* user, int j) {
    ks_maml* maml = ((collection*)user)->maml;
    size_t m = maml->tally.groups;
    return (ks_inner_trace){
        .gradient = maml->gradients ? maml->gradients + (size_t)j * m * maml->num_params : NULL,
        .loss = maml->losses ? maml->losses + (size_t)j * m : NULL,
        .tapes = maml->needs.curvature ? NULL : ks_jacobian_tapes(maml->jacobian, j),
    };
}

/* Lines 3 to 9 of the algorithm: all rows, and the parameters that collected them. */
static bool collect_and_adapt(ks_maml* maml, const ks_real* params, ks_maml_stats* stats, ks_error* err) {
    ks_tally* tally = &maml->tally;
    ks_draw draw = {.split = KS_SPLIT_TRAIN,
                    .seed = maml->settings.seed,
                    .iteration = maml->iteration,
                    .first = tally->first,
                    .count = tally->groups};
    collection user = {maml, stats};
    ks_inner_loop loop = {
        .problem = maml->problem,
        .inner = maml->inner,
        .stage = {.seed = draw.seed, .iteration = draw.iteration, .first = draw.first, .count = draw.count},
        .steps = maml->inner_steps,
        .collect_only = maml->given,
        .keep = true,
        .one_start = !maml->problem->sampled,
        .theta = maml->theta,
        .rows = maml->rows,
        .groups = maml->stage,
        .collect_s = &stats->sampling_s,
        .user = &user,
        .on_stage = note_stage,
        .trace = trace_step,
    };
    maml->moved = false;
    ks_given_weigh_stages(maml->stage_weight, &maml->settings.inner, maml->inner_steps, maml->iteration);
    ks_inner_set(maml->inner, params + maml->num_params);
    for (size_t i = 0; i < (loop.one_start ? 1 : tally->groups); i++) {
        memcpy(ks_core_theta(maml, 0, i), params, maml->num_params * sizeof *params);
    }
    return maml->problem->kind->draw(maml->problem, &draw, err) && ks_inner_run(&loop, err);
}

/* The adapted policies are what others are compared with. */
static void keep_old(ks_maml* maml) {
    size_t m = maml->tally.groups;
    for (size_t i = 0; i < m; i++) {
        const ks_task_rows* last = &maml->rows[(size_t)maml->inner_steps * m + i];
        maml->old[i] = (ks_old_policy){
            .logp = last->rows.logp, .head = last->head, .theta = ks_core_theta(maml, maml->inner_steps, i)};
    }
}

/* Line 10, as often as it takes to find the tasks that do not count: at most as often as there are tasks. */
static bool take_outer_step(ks_maml* maml, ks_real* params, ks_real* state, ks_maml_stats* stats, ks_error* err) {
    maml->params = params;
    do {
        ks_inner_set(maml->inner, params + maml->num_params);
        ks_core_start(maml);
        bool ok = some_count(maml, err) &&
                  maml->settings.outer->step(maml->outer, maml, params, state, maml->iteration, &stats->outer, err);
        if (!ok && !maml->redo) {
            return false;
        }
    } while (maml->redo);
    return true;
}

/* ---- what is told ------------------------------------------------------------------------------------------------------ */

static double mean_std(const ks_maml* maml, const ks_real* theta) {
    size_t first = ks_policy_log_std_offset(maml->policy);
    double floor = ks_policy_get_settings(maml->policy)->log_std_min;
    double sum = 0;
    for (size_t i = first; i < maml->num_params; i++) {
        sum += exp(fmax((double)theta[i], floor));
    }
    return maml->num_params > first ? sum / (double)(maml->num_params - first) : 0;
}

/* Where loss or accuracy is the metric: that of stages 0 … k-1 was left by the inner steps, that of the last by the outer one. */
static bool take_losses(ks_maml* maml, ks_error* err) {
    size_t m = maml->tally.groups;
    for (int j = 0; maml->losses && !maml->problem->measures && j <= maml->inner_steps; j++) {
        const double* own = maml->problem->accuracy ? maml->accuracy + (size_t)j * m
                            : j < maml->inner_steps ? maml->losses + (size_t)j * m
                                                    : maml->loss;
        if (!ks_tally_gather(&maml->tally, maml->metrics + (size_t)j * maml->tally.tasks, own, 1, err)) {
            return false;
        }
    }
    return true;
}

/* What depends on which tasks count. */
static void note_counted(const ks_maml* maml, ks_maml_stats* stats) {
    for (int j = 0; j <= maml->inner_steps; j++) {
        ks_tally_mean_row(&stats->metric[j], &maml->tally, maml->metrics + (size_t)j * maml->tally.tasks, 1);
    }
    stats->left_out = 0;
    for (size_t i = 0; i < maml->tally.tasks; i++) {
        if (maml->tally.left_out[i] && stats->left_out++ < KS_MAX_NAMED) {
            stats->named[stats->left_out - 1] = i;
        }
    }
}

bool ks_maml_iterate(ks_maml* maml, ks_real* params, ks_real* state, uint64_t iteration, ks_maml_stats* stats,
                     ks_error* err) {
    double start = ks_clock();
    ks_derivatives_take_flop(ks_inner_derivatives(maml->inner)); /* what an iteration that failed has left */
    *stats = (ks_maml_stats){.stages = maml->inner_steps + 1, .mean_std = mean_std(maml, params)};
    maml->iteration = iteration;
    ks_tally_start(&maml->tally);
    if (!collect_and_adapt(maml, params, stats, err)) {
        return false;
    }
    keep_old(maml);
    if (!take_outer_step(maml, params, state, stats, err) || !take_losses(maml, err)) {
        return false;
    }
    note_counted(maml, stats);
    stats->update_s = ks_clock() - start - stats->sampling_s;
    stats->update_flop = ks_derivatives_take_flop(ks_inner_derivatives(maml->inner)) +
                         (maml->preconditioner ? ks_preconditioner_take_flop(maml->preconditioner) : 0);
    return true;
}
