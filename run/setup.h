/* setup.h: what a config becomes: problem, model and meta-iterations. Training, audits and benchmarks begin with it.
 * Thread rule: plain data; the objects have theirs. */
#ifndef KS_RUN_SETUP_H
#define KS_RUN_SETUP_H

#include "run/config.h"

typedef struct ks_setup {
    ks_problem* problem;
    ks_policy* policy;
    ks_maml* maml;
    size_t num_params; /* Q: θ, and learned step sizes */
    size_t state_size; /* numbers that the outer step remembers */
} ks_setup;

/* config must outlive it. Owned by the caller (ks_setup_free, also after an error). Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_setup_create(ks_setup* setup, const ks_config* config, int threads, ks_team team, ks_error* err);
void ks_setup_free(ks_setup* setup);

enum { KS_SETUP_NOTE = 2048 };

/* params (Q) that a run of the config starts from: random ones, or those of the policy file start_from. note (may be NULL): which of them
 * that file does not have; "": none. Errors: KS_BAD_INPUT (start_from; policy.scale_inputs), KS_FAILED (memory). */
bool ks_setup_initial(ks_real* params, char note[KS_SETUP_NOTE], const ks_setup* setup, const ks_config* config,
                      ks_error* err);

#endif
