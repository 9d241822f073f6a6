/* fewshot_audit.h: a meta-iteration of a supervised problem, written down in full (docs/files.md).
 * Thread rule: as maml/maml.h. */
#ifndef KS_FEWSHOT_FEWSHOT_AUDIT_H
#define KS_FEWSHOT_FEWSHOT_AUDIT_H

#include "maml/audit.h"

/* The kind's audit (maml/problem.h). Errors: KS_FAILED; KS_BAD_INPUT (another outer step than adam or reptile). */
bool ks_fewshot_audit(const ks_problem* problem, const ks_audit* audit, ks_error* err);

#endif
