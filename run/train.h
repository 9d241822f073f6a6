/* train.h: the outer loop: a config becomes a run directory.
 * Thread rule: one call at a time per run directory; ks_train uses its own threads inside. */
#ifndef KS_RUN_TRAIN_H
#define KS_RUN_TRAIN_H

#include "run/config.h"
#include "run/directory.h"
#include "run/dist.h"

/* What the caller is told before the first iteration. */
typedef struct ks_train_plan {
    const ks_policy_settings* policy; /* as it came out of config and environment */
    size_t num_params;                /* learned step sizes included */
    int64_t first;                    /* iteration that comes next: more than 0 where a run goes on */
    size_t processes;                 /* that share the tasks out */
    bool validates;                   /* every config->validate_every iterations */
} ks_train_plan;

/* What the caller is told after each iteration. */
typedef struct ks_train_report {
    int64_t iteration;  /* just done, from 0 */
    int64_t iterations; /* in all, as far as it can be told (env_steps) */
    int64_t first;      /* where this call began (more than 0 after --resume) */
    uint64_t env_steps; /* so far */
    double elapsed_s;   /* of this call */
    const ks_maml_stats* stats;
    bool validated;                 /* after this iteration */
    bool has_validation;            /* after this or an earlier iteration of this call */
    double validation;              /* the metric on validation tasks, the last time */
    const ks_problem_kind* problem; /* says what the metric is */
    const ks_outer_kind* outer;     /* says what its columns are */
} ks_train_report;

typedef struct ks_train_options {
    const char* directory; /* the run directory */
    ks_run_start start;    /* what is to be there */
    int threads;
    ks_dist* dist; /* the processes that share the tasks out, or NULL. All call ks_train alike; only the first reads and
                      writes the directory, and is told of progress */
    void* user;
    /* Progress; may be NULL. Called from the caller's thread, as are the others. */
    void (*on_start)(void* user, const ks_train_plan* plan);
    void (*on_iteration)(void* user, const ks_train_report* report);
    void (*on_warning)(void* user, const char* text);
    /* Asked between iterations; true ends the run with a checkpoint and KS_INTERRUPTED. May be NULL. */
    bool (*should_stop)(void* user);
} ks_train_options;

/* Trains config into the directory: config.yaml, progress.csv, policy.safetensors, best.safetensors,
 * checkpoint.safetensors, which no other process may write meanwhile. Errors: KS_BAD_INPUT (config, directory that exists or is in
 * use, checkpoint that does not fit, processes with different configs), KS_FAILED, KS_INTERRUPTED. With several processes, one that
 * only learns that another failed returns that one's code without a text. */
bool ks_train(const ks_config* config, const ks_train_options* options, ks_error* err);

#endif
