/* audit.h: one meta-iteration, written down in full (docs/files.md), so that another implementation can redo every number. What is
 * in the file is the problem's, which knows what its rows are. Thread rule: as maml.h. */
#ifndef KS_MAML_AUDIT_H
#define KS_MAML_AUDIT_H

#include "maml/maml.h"

/* The last iteration of `maml`. */
struct ks_audit {
    const char* path;
    bool overwrite; /* without it, nothing that exists is replaced */
    ks_maml* maml;
    const ks_real *params, *params_new; /* (Q) that it started with, and those after it */
    const ks_real* state;               /* (ks_maml_state_size) that it started with */
    int64_t iteration;
    const ks_maml_stats* stats;
};

/* What is to be called before that iteration. Errors: KS_FAILED (memory). */
bool ks_audit_prepare(ks_maml* maml, ks_error* err);
/* Errors: KS_FAILED (also if a task was left out), KS_BAD_INPUT (an outer step that the file format does not know). */
bool ks_audit_save(const ks_audit* audit, ks_error* err);

#endif
