/* maml.h: meta-training (Finn, Abbeel, Levine 2017, algorithm 3), one meta-iteration at a time.
 *
 *   for each task i:   batch D_i0 with θ;  θ_i1 = θ - α ∇L(θ; D_i0);  …;  batch D_ik with θ_ik
 *   outer loss         mean over tasks of -mean over D_ik of  π_θik/π_old · A
 *   θ ← TRPO step on the outer loss, through the inner steps, under mean KL of the post-update policies <= δ
 *
 * With `sweep` the policy before adaptation has an objective of its own (docs/mathematics.md): a sweep through all tasks within
 * each of its episodes, so that what it goes through tells the tasks apart. Its loss is added to the outer loss:
 *   sweep · mean over tasks of -mean over D_i0 of  π_θ/π_old · A_sweep,   A_sweep from the rewards of ks_sweep_task's tasks
 *
 * A task that an inner step was too long for, so that its policy breaks down at once or gives numbers that are not finite, is left
 * out: all means over tasks are then over the others.
 *
 * With inner_steps = 0 and one group of trajectories, each on a task of its own, the same iteration is plain TRPO over all
 * tasks: `pretrain`, and with the task appended to the observation `oracle`.
 *
 * Thread rule: one call at a time per object; it uses its own threads inside. Nothing is allocated after creation. */
#ifndef KS_MAML_MAML_H
#define KS_MAML_MAML_H

#include "policy/ranges.h" /* KS_MAX_INNER_STEPS */
#include "rl/advantage.h"
#include "rl/rollout.h"
#include "rl/trpo.h"

enum { KS_MAX_NAMED = 8 };

/* Processes that share the tasks of every iteration out among themselves. All of them call ks_maml_iterate with the same
 * theta, settings and iteration, and come to the same result, which is that of one process alone, bit for bit: what is summed
 * over tasks is gathered first, and summed in the order of tasks. */
typedef struct ks_team {
    size_t rank, size; /* which of how many; size 0 or 1: alone, and nothing else is read */
    void* user;
    /* all (tasks x n) ← every process's own (its tasks x n), in order; process r has tasks ks_team_first(r) to
     * ks_team_first(r + 1). Called by all processes alike. False if that failed. */
    bool (*gather)(void* user, double* all, const double* own, size_t tasks, size_t n, ks_error* err);
} ks_team;

/* The first task of process `rank` of `size`. */
static inline size_t ks_team_first(size_t tasks, size_t rank, size_t size) {
    return tasks * rank / size;
}

typedef enum ks_method { KS_MAML, KS_PRETRAIN, KS_ORACLE } ks_method;
const char* ks_method_name(ks_method method); /* "maml", "pretrain", "oracle" */

typedef struct ks_maml_settings {
    ks_method method; /* default KS_MAML */
    uint64_t seed;    /* default 1 */
    size_t tasks;     /* per iteration, default 40 */
    size_t
        trajectories; /* per task and stage, default 20; pretrain and oracle: tasks x trajectories, each on a task of its own */
    size_t horizon;   /* timesteps per trajectory at most, default 200 */
    int inner_steps;  /* k, default 1; pretrain and oracle: ignored */
    double inner_lr;  /* α, default 0.1 */
    double sweep;     /* weight of the sweep's loss; 0, the default: none; pretrain, oracle and k = 0: ignored */
    bool first_order; /* θ_k - θ counts as a constant in the meta-gradient and in the curvature; default false */
    ks_advantage_settings advantage;
    /* λ of the last stage's advantages, with which TRPO weighs actions; below 0, the default: advantage.gae_lambda */
    double trpo_gae_lambda;
    ks_trpo_settings trpo;
    double max_kl_halving;     /* iterations in which trpo.max_kl halves, again and again; 0, the default: it stays */
    double kfac_damping;       /* of the preconditioner of CG (preconditioner.h); 0, the default: there is none */
    double curvature_fraction; /* share of each task's timesteps that the curvature is measured on, default 1 */
    int threads;               /* default 1; results do not depend on it */
    ks_team team;              /* default: alone. Methods other than maml work alone */
} ks_maml_settings;
ks_maml_settings ks_maml_settings_default(void);
/* Errors: KS_BAD_INPUT naming what is out of range. */
bool ks_maml_check(const ks_maml_settings* settings, ks_error* err);
/* Of the batch sampled after `stage` inner steps. */
ks_advantage_settings ks_maml_advantage(const ks_maml_settings* settings, int stage);
/* The sweep's weight, 0 where it is ignored. */
double ks_maml_sweep(const ks_maml_settings* settings);
/* δ of an iteration: trpo.max_kl · 2^(-iteration / max_kl_halving). */
double ks_maml_max_kl(const ks_maml_settings* settings, uint64_t iteration);

/* What one iteration did. */
typedef struct ks_maml_stats {
    int stages;                                 /* k + 1 */
    double mean_return[KS_MAX_INNER_STEPS + 1]; /* after j inner steps, before the meta-update: mean over tasks */
    double surrogate_before, surrogate_after;   /* outer losses: smaller is better */
    ks_trpo_result trpo;
    size_t env_steps;        /* environment steps of this iteration */
    size_t rejected;         /* timesteps thrown away because they broke down (ks_sampler_run) */
    size_t baselines_failed; /* batches whose baseline could not be solved for */
    size_t left_out; /* tasks that an inner step was too long for: they count in no mean and no sum of the update */
    size_t named[KS_MAX_NAMED]; /* the first of them, by their numbers */
    double mean_std; /* mean standard deviation of the actions at θ, before the meta-update; 0 if categorical */
    double sampling_s, update_s; /* wall seconds spent */
    double update_flop;          /* operations of the update's matrix products (ks_policy_count_flop) */
} ks_maml_stats;

typedef struct ks_maml ks_maml;

/* Everything that iterations need. model and policy must outlive it.
 * Errors: KS_BAD_INPUT (sizes do not fit, a setting out of range), KS_FAILED (memory). */
ks_maml* ks_maml_create(const ks_env_model* model, const ks_policy* policy, const ks_maml_settings* settings,
                        ks_error* err);
void ks_maml_destroy(ks_maml* maml);

/* One meta-iteration: theta (P) is replaced by the new parameters if the step was accepted and otherwise kept.
 * cg_start (P): zeros before the first iteration, then what the one before has left there; may be NULL if cg_warm_start is 0.
 * It is a function of (settings, theta, cg_start, iteration) alone. Errors: KS_FAILED (memory; the inner steps were too long for
 * all tasks, which in a team the first process alone says); both are then untouched. */
bool ks_maml_iterate(ks_maml* maml, ks_real* theta, ks_real* cg_start, uint64_t iteration, ks_maml_stats* stats,
                     ks_error* err);

/* ---- the iteration in full, for audits: what the last ks_maml_iterate worked on; lives until the next -------------- */

const ks_maml_settings* ks_maml_get_settings(const ks_maml* maml);
const ks_env_def* ks_maml_env(const ks_maml* maml);
const ks_policy* ks_maml_policy(const ks_maml* maml);
size_t ks_maml_num_groups(const ks_maml* maml); /* M: tasks, or 1 */
int ks_maml_num_stages(const ks_maml* maml);    /* k + 1 */
const ks_batch* ks_maml_batch(const ks_maml* maml, int stage, size_t group);
const ks_real* ks_maml_stage_theta(const ks_maml* maml, int stage, size_t group); /* (P) that sampled it */
const double* ks_maml_meta_gradient(const ks_maml* maml);                         /* (P) */
const double* ks_maml_direction(const ks_maml* maml);                             /* (P) CG's solution, unscaled */
/* CG's directions (cg_iterations done x P), kept only after ks_maml_keep_cg(maml, true); else NULL. */
const ks_real* ks_maml_cg_directions(const ks_maml* maml);
bool ks_maml_keep_cg(ks_maml* maml, bool keep, ks_error* err);

#endif
