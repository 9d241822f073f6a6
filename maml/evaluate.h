/* evaluate.h: how fast a model learns: its metric after 0 … k gradient steps on tasks that it was not trained on (Finn et al. 2017,
 * sections 5.1 to 5.3).
 *
 * Thread rule: one call at a time per object. */
#ifndef KS_MAML_EVALUATE_H
#define KS_MAML_EVALUATE_H

#include "maml/inner.h"

enum { KS_EVAL_MAX_STEPS = 64 };

/* The number of evaluations in the random streams: their tasks' rows are never those of a training iteration. */
#define KS_EVAL_ITERATION UINT64_MAX
/* That of evaluations on validation tasks, whose rows are those of no other evaluation either (the viewer's is 1 below). */
#define KS_VALIDATION_ITERATION (KS_EVAL_ITERATION - 2)
static inline uint64_t ks_eval_iteration(ks_split split) {
    return split == KS_SPLIT_VALIDATION ? KS_VALIDATION_ITERATION : KS_EVAL_ITERATION;
}

typedef struct ks_eval_settings {
    int steps;                    /* gradient steps, default 3 */
    double lr[KS_EVAL_MAX_STEPS]; /* size of each gradient step; of learned ones: factor of it */
    ks_split split;               /* whose tasks, default KS_SPLIT_TEST */
    uint64_t seed;                /* of tasks and of their rows, default 1 */
    bool deterministic;           /* sample without noise after the last step; default false */
    int threads;                  /* default 1 */
    bool may_break_down; /* a step that is too long for a task that acts is no error: its metrics from there on are
                                     NAN; default false */
    ks_real* adapted;    /* (tasks x P) gets every task's θ after the last step; NULL, the default: nobody wants it */
} ks_eval_settings;
ks_eval_settings ks_eval_settings_default(void);

/* lr = first, then half of it: the paper's protocol. */
void ks_eval_set_lr(ks_eval_settings* settings, double first);

/* One number per task and gradient step 0 … steps: index task * (steps + 1) + step. */
typedef struct ks_eval_result {
    size_t tasks;
    int steps;
    double* metric;  /* (tasks x (steps + 1)) the problem's; of given examples not finite where a task has diverged */
    double* length;  /* likewise: mean number of timesteps of a trajectory; 0 where there are none */
    double* loss;    /* likewise: of the examples that it is judged on; 0 where rows are sampled */
    size_t rejected; /* trajectories that ended before a step that broke down */
    uint64_t env_steps; /* taken in all, those that broke down included */
} ks_eval_result;
void ks_eval_result_free(ks_eval_result* result);

/* Is told of every task and step that is done; may be NULL. Called from the caller's thread. */
typedef void (*ks_eval_progress)(void* user, size_t done, size_t total);

/* A model that is evaluated. */
typedef struct ks_eval_model {
    const ks_policy* policy;
    const ks_real* params; /* (Q) */
    ks_step_sizes sizes;
} ks_eval_model;

/* Evaluates a model on `count` tasks of a problem, which is prepared here. *result is the caller's (ks_eval_result_free).
 * Errors: KS_BAD_INPUT (a model that does not fit the problem), KS_BROKE_DOWN (a step is too long for a task that acts: the text
 * names both), KS_FAILED. */
bool ks_evaluate(ks_eval_result* result, ks_problem* problem, const ks_eval_model* model, size_t count,
                 const ks_eval_settings* settings, ks_eval_progress progress, void* user, ks_error* err);

/* ks_inner_works, with an error that says so. step: which one led to θ, from 1; lr: its size; task: its place among those drawn, and
 * number its number. Errors: KS_BROKE_DOWN. */
bool ks_eval_check(const ks_problem* problem, const ks_policy* policy, const ks_real* theta, const ks_task_rows* rows,
                   size_t task, size_t number, int step, double lr, ks_error* err);

#endif
