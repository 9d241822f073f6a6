/* rl_audit.h: a meta-iteration of reinforcement learning with TRPO, written down in full (docs/files.md).
 * Thread rule: as maml/maml.h. */
#ifndef KS_RL_RL_AUDIT_H
#define KS_RL_RL_AUDIT_H

#include "maml/audit.h"

/* The kind's audit (maml/problem.h). Errors: KS_FAILED; KS_BAD_INPUT (another outer step than trpo). */
bool ks_rl_audit(const ks_problem* problem, const ks_audit* audit, ks_error* err);

#endif
