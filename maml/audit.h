/* audit.h: the last meta-iteration of a ks_maml, written down in full (docs/files.md), so that another implementation can
 * redo every number. Thread rule: as maml.h. */
#ifndef KS_MAML_AUDIT_H
#define KS_MAML_AUDIT_H

#include "maml/maml.h"
#include "policy/policy_file.h"

/* theta (P): the parameters that the iteration started with; theta_new (P): those after it. The iteration must have been
 * run with ks_maml_keep_cg(maml, true). Without overwrite, nothing that exists is replaced. Errors: KS_FAILED (also if a task
 * was left out). */
bool ks_audit_save(const char* path, bool overwrite, const ks_maml* maml, const ks_real* theta,
                   const ks_real* theta_new, int64_t iteration, const ks_maml_stats* stats, ks_error* err);

#endif
