/* checkpoint.h: all that resuming a run needs, as one .safetensors file that is replaced atomically (docs/files.md).
 * Thread rule: one call at a time per file. */
#ifndef KS_RUN_CHECKPOINT_H
#define KS_RUN_CHECKPOINT_H

#include "maml/problem.h"
#include "policy/policy_file.h"

#define KS_CHECKPOINT_FORMAT "kshot.checkpoint.1" /* metadata `format` of the file */

/* The state between two iterations. Arrays are (Q) where nothing else is said; owned by the training loop. */
typedef struct ks_run_state {
    int64_t iteration;  /* iterations done */
    uint64_t env_steps; /* environment steps so far */
    ks_real* params;    /* parameters now */
    ks_real* outer;     /* (outer_size) what the outer step remembers */
    size_t num_params, outer_size;

    /* best.safetensors: the parameters whose own iteration had the best metric after adaptation, as the mean of that iteration's
     * and its neighbours' (two at the ends of a run). An iteration's mean is known one iteration later. Higher is better here:
     * where lower is, the caller turns the sign. */
    ks_real* params_last;  /* parameters that the last iteration started with */
    double last_metric[2]; /* after adaptation, of the last iteration and the one before it; NAN: none */
    ks_real* params_best;
    double best_metric;     /* -HUGE_VAL: none yet */
    int64_t best_iteration; /* that params_best started */

    /* As soon as parameters were validated, the best are those that did best there, and no others. */
    double best_validation; /* -HUGE_VAL: none were yet */

    int64_t recoveries;   /* how often the run went back to the best */
    int64_t recovered_at; /* iterations done when it last did; 0: never */

    char content
        [KS_PROBLEM_CONTENT]; /* what the problem says that it reads from files; "": nothing, or it is not known */
} ks_run_state;

/* Everything empty; params are left to the caller to fill. Errors: KS_FAILED (memory). */
bool ks_run_state_create(ks_run_state* state, size_t num_params, size_t outer_size, ks_error* err);
void ks_run_state_free(ks_run_state* state);

/* Notes an iteration: params_start are the parameters that it began with, metric_after its metric after adaptation. Updates the
 * candidate for the best. */
void ks_run_state_note(ks_run_state* state, const ks_real* params_start, double metric_after);
/* Notes how well the parameters now do on validation tasks; higher is better. */
void ks_run_state_note_validation(ks_run_state* state, double metric);
/* Goes back to the parameters that did best on validation tasks, with an outer step that remembers nothing. */
void ks_run_state_go_back(ks_run_state* state);
/* What outer steps are scaled by (maml.h): half of it after each time. */
double ks_run_state_step_scale(const ks_run_state* state);
/* The best as it would be if the run ended now: the last iteration counts too, with the one neighbour it has. */
void ks_run_state_best(const ks_run_state* state, const ks_real** params, int64_t* iteration);

/* Errors: KS_FAILED; the earlier checkpoint is then still there. */
bool ks_checkpoint_save(const char* path, const ks_policy* policy, const ks_policy_info* info,
                        const ks_run_state* state, ks_error* err);
/* Errors: KS_BAD_INPUT naming the file. The layout must be that of `policy`. */
bool ks_checkpoint_load(const char* path, const ks_policy* policy, ks_policy_info* info, ks_run_state* state,
                        ks_error* err);

#endif
