/* inner.h: the inner steps (Finn et al. 2017, algorithm 3, lines 5 to 8): collect rows of every task with its own parameters,
 * take a gradient step on each, and again. Meta-training, evaluation and the viewer all run this one loop.
 *
 * Thread rule: one call at a time per object; it uses its own threads inside. Only create allocates. */
#ifndef KS_MAML_INNER_H
#define KS_MAML_INNER_H

#include "base/settings.h"
#include "maml/problem.h"
#include "policy/derivatives.h"
#include "policy/step_sizes.h"

typedef struct ks_inner_settings {
    int steps;          /* k */
    double lr;          /* α */
    bool first_order;   /* θ_k - θ counts as a constant */
    int learned;        /* ks_learned: step sizes that the outer step learns, which start at lr */
    bool per_step;      /* one set of them a step */
    int adapts;         /* ks_adapts */
    bool adapts_norm;   /* what batch norms have adapts as well */
    bool norm_per_step; /* they do not, but every stage has its own, which the outer step learns */
    int loss_of_all; /* iterations within which the outer loss goes from the mean over all inner steps to the last's alone
                         (Antoniou et al. 2019, section 3); of rows that are given. 0: the last's from the start */
} ks_inner_settings;
extern const ks_settings_rows ks_inner_rows; /* section `inner` */
ks_inner_settings ks_inner_settings_default(void);
/* What no row can say. Errors: KS_BAD_INPUT. */
bool ks_inner_settings_check(const ks_inner_settings* settings, ks_error* err);
ks_step_sizes ks_inner_step_sizes(const ks_inner_settings* settings);

typedef struct ks_inner ks_inner;

/* For up to `tasks` tasks of `max_rows` rows. policy must outlive it. Errors: KS_FAILED (memory). */
ks_inner* ks_inner_create(const ks_policy* policy, const ks_step_sizes* sizes, size_t tasks, size_t max_rows,
                          int threads, ks_error* err);
void ks_inner_destroy(ks_inner* inner);

ks_derivatives* ks_inner_derivatives(ks_inner* inner);
const ks_step_sizes* ks_inner_sizes(const ks_inner* inner);

/* Takes the step sizes that stand behind θ (count of step_sizes.h; not read where none are learned) for the steps that follow. */
void ks_inner_set(ks_inner* inner, const ks_real* a);
/* (P) α of an inner step, after ks_inner_set; NULL where it is one number for all parameters. */
const double* ks_inner_alpha(const ks_inner* inner, int step);
/* (P) which learned step size a parameter has within a set (ks_step_sizes_map). */
const size_t* ks_inner_map(const ks_inner* inner);

/* What one step leaves behind for derivatives through it; each may be NULL. */
typedef struct ks_inner_trace {
    double* gradient; /* (count x P) ∇L_i(θ_i) */
    double* loss;     /* (count) L_i(θ_i) */
    ks_tapes* tapes;  /* recorded at θ_i */
} ks_inner_trace;

/* theta_next (count x P) = θ_i - α ∘ ∇L_i(θ_i), the step number `step` (from 0) of every group; theta_next may be the groups' own.
 * lr: ks_step_sizes_own, or what is wanted in its place. */
void ks_inner_step(ks_real* theta_next, ks_inner* inner, const ks_group* groups, size_t count, int step, double lr,
                   ks_inner_trace trace);

/* Whether what a step has led to is of use, once rows were collected: θ (P) is finite, and has come to a row. */
bool ks_inner_works(const ks_policy* policy, const ks_real* theta, const ks_task_rows* rows);

/* ---- the loop ------------------------------------------------------------------------------------------------------------ */

/* What the caller has of the tasks, stage by stage. Where `keep` is false, every stage takes the first one's place. */
typedef struct ks_inner_loop {
    ks_problem* problem; /* with its tasks drawn */
    ks_inner* inner;
    ks_stage stage;     /* seed, iteration, first, count, deterministic; the rest is filled in */
    int steps;          /* gradient steps: stages 0 … steps */
    bool collect_only;  /* no step is taken: rows are given, and somebody else takes the steps */
    bool keep;          /* all stages stay */
    const double* lr;   /* (steps) or NULL: every step has its own size */
    bool one_start;     /* all tasks start from the first one's θ, and nobody else's is given (or asked for) */
    ks_real* theta;     /* (stages x count x P); stage 0 is given */
    ks_task_rows* rows; /* (stages x count) */
    ks_group* groups;   /* (stages x count) */
    double* collect_s;  /* grows by the wall seconds that collecting took; may be NULL */
    void* user;
    /* Is told of every stage once its rows are there, or could not be had (ok false, *err says why); false ends the loop. */
    bool (*on_stage)(void* user, int stage, bool ok, ks_error* err);
    /* What to leave behind of a step; NULL: nothing. */
    ks_inner_trace (*trace)(void* user, int stage);
} ks_inner_loop;

/* False if collecting failed, or on_stage said so. */
bool ks_inner_run(const ks_inner_loop* loop, ks_error* err);

#endif
