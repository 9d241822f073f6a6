/* maml.h: meta-training (Finn, Abbeel, Levine 2017, algorithms 1 to 3), one meta-iteration at a time.
 *
 *   for each task i:   rows D_i0 with θ;  θ_i1 = θ - α ∇L(θ; D_i0);  …;  rows D_ik with θ_ik
 *   outer loss         mean over tasks of the loss of θ_ik on D_ik
 *   θ ← an outer step on it, through the inner steps
 *
 * What a task is, and where its rows come from, is the problem's (problem.h); how the outer step is taken, the outer kind's
 * (outer.h). Parameters (Q) are θ (P), then the step sizes that are learned with it (policy/step_sizes.h), if any.
 *
 * A task that an inner step was too long for, so that its model breaks down at once or gives numbers that are not finite, is left
 * out: all means over tasks are then over the others.
 *
 * Thread rule: one call at a time per object; it uses its own threads inside. Nothing is allocated after creation. */
#ifndef KS_MAML_MAML_H
#define KS_MAML_MAML_H

#include "maml/inner.h"
#include "maml/outer.h"
#include "maml/team.h"
#include "policy/ranges.h" /* KS_MAX_INNER_STEPS */

enum { KS_MAX_NAMED = 8 };

typedef struct ks_maml_settings {
    uint64_t seed; /* default 1 */
    ks_inner_settings inner;
    const ks_outer_kind* outer;
    const void* outer_settings; /* of that kind; read while the object lives */
    int threads;                /* default 1; results do not depend on it */
    ks_team team;               /* default: alone */
} ks_maml_settings;
/* The defaults; the outer step is left NULL for the caller. */
ks_maml_settings ks_maml_settings_default(void);

/* What one iteration did. */
typedef struct ks_maml_stats {
    int stages; /* k + 1 */
    double
        metric[KS_MAX_INNER_STEPS + 1]; /* the problem's, after j inner steps, before the outer step: mean over tasks */
    ks_outer_report outer;
    size_t env_steps;        /* environment steps of this iteration */
    size_t rejected;         /* trajectories that ended before a step that broke down */
    size_t baselines_failed; /* batches whose baseline could not be solved for */
    size_t left_out; /* tasks that an inner step was too long for: they count in no mean and no sum of the update */
    size_t named[KS_MAX_NAMED]; /* the first of them, by their numbers */
    double mean_std; /* mean standard deviation of the actions at θ, before the outer step; 0 if there is none */
    double sampling_s, update_s; /* wall seconds spent */
    double update_flop;          /* operations of the update's matrix products (ks_policy_count_flop) */
} ks_maml_stats;

typedef struct ks_maml ks_maml;

/* Everything that iterations need. problem, which is prepared here, and policy must outlive it.
 * Errors: KS_BAD_INPUT (sizes do not fit, a setting out of range), KS_FAILED (memory). */
ks_maml* ks_maml_create(ks_problem* problem, const ks_policy* policy, const ks_maml_settings* settings, ks_error* err);
void ks_maml_destroy(ks_maml* maml);

/* Q, the length of params: P, and the number of learned step sizes. */
size_t ks_maml_num_params(const ks_maml* maml);
/* Numbers that a run remembers from iteration to iteration: the outer step's. */
size_t ks_maml_state_size(const ks_maml* maml);
/* The learned step sizes of params (Q), as they are at the start. */
void ks_maml_init_step_sizes(const ks_maml* maml, ks_real* params);

/* From now on outer steps have `scale` (above 0; at first 1) times the size of the settings: trpo.max_kl, adam.lr, ppo.lr, reptile.step. */
void ks_maml_set_step_scale(ks_maml* maml, double scale);
/* One meta-iteration: params (Q) and state (ks_maml_state_size; zeros before the first) are replaced, or kept where the outer step
 * found none. It is a function of (settings, step scale, params, state, iteration) alone. Errors: KS_FAILED (memory), KS_BROKE_DOWN
 * (the inner steps were too long for all tasks, which in a team the first process alone says); both are then untouched, but where
 * another process of the team has failed they may have moved. */
bool ks_maml_iterate(ks_maml* maml, ks_real* params, ks_real* state, uint64_t iteration, ks_maml_stats* stats,
                     ks_error* err);

/* ---- the iteration in full, for audits: what the last ks_maml_iterate worked on; lives until the next -------------- */

const ks_maml_settings* ks_maml_get_settings(const ks_maml* maml);
const ks_problem* ks_maml_problem(const ks_maml* maml);
const ks_policy* ks_maml_policy(const ks_maml* maml);
void* ks_maml_outer(ks_maml* maml);             /* the outer step's object */
size_t ks_maml_num_groups(const ks_maml* maml); /* M: tasks worked on here */
int ks_maml_num_stages(const ks_maml* maml);    /* k + 1 */
const ks_task_rows* ks_maml_rows(const ks_maml* maml, int stage, size_t group);
const ks_real* ks_maml_stage_theta(const ks_maml* maml, int stage, size_t group); /* (P) that collected them */
/* (P) α of an inner step, as used; NULL where it is inner.lr for all. */
const double* ks_maml_alpha(const ks_maml* maml, int step);
/* (count of learned step sizes) root mean square over tasks of the outer loss's derivatives by a = log α, as ks_meta_curvature
 * had it; NULL where none are learned, zeros where the outer step has no use for it. */
const double* ks_maml_size_rms(const ks_maml* maml);
/* (k+1) weight in the outer loss of the query's loss after j inner steps, where rows are given. */
const double* ks_maml_stage_weights(const ks_maml* maml);
/* (groups) every task's outer loss. */
const double* ks_maml_outer_losses(const ks_maml* maml);

#endif
