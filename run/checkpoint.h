/* checkpoint.h: all that resuming a run needs, as one .safetensors file that is replaced atomically (docs/files.md).
 * Thread rule: one call at a time per file. */
#ifndef KS_RUN_CHECKPOINT_H
#define KS_RUN_CHECKPOINT_H

#include "policy/policy_file.h"

enum { KS_BEST_WINDOW = 3 };

/* The state between two iterations. Arrays are (P); owned by the training loop. */
typedef struct ks_run_state {
    int64_t iteration;  /* iterations done */
    uint64_t env_steps; /* environment steps so far */
    ks_real* theta;     /* parameters now */
    /* best.safetensors: the parameters whose own iteration had the best return after adaptation, as the mean of that
     * iteration's and its two neighbours'. */
    ks_real* theta_best;
    double best_return;     /* -HUGE_VAL: none yet */
    int64_t best_iteration;
    ks_real* theta_recent[KS_BEST_WINDOW - 1]; /* parameters that the last two iterations started with */
    double recent_return[KS_BEST_WINDOW];      /* returns after adaptation of the last iterations; newest first; NAN: none */
} ks_run_state;

bool ks_run_state_create(ks_run_state* state, size_t num_params, ks_error* err);
void ks_run_state_free(ks_run_state* state);

/* Errors: KS_FAILED; the earlier checkpoint is then still there. */
bool ks_checkpoint_save(const char* path, const ks_policy* policy, const ks_policy_info* info, const ks_run_state* state,
                        ks_error* err);
/* Errors: KS_BAD_INPUT naming the file. The layout must be that of `policy`. */
bool ks_checkpoint_load(const char* path, const ks_policy* policy, ks_policy_info* info, ks_run_state* state,
                        ks_error* err);

#endif
