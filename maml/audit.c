#include "maml/audit.h"

#include "maml/outer_ppo.h"
#include "maml/outer_trpo.h"

bool ks_audit_prepare(ks_maml* maml, ks_error* err) {
    const ks_outer_kind* outer = ks_maml_get_settings(maml)->outer;
    return (outer != &ks_outer_trpo || ks_outer_trpo_keep(ks_maml_outer(maml), err)) &&
           (outer != &ks_outer_ppo || ks_outer_ppo_keep(ks_maml_outer(maml), err));
}

bool ks_audit_save(const ks_audit* a, ks_error* err) {
    const ks_problem* problem = ks_maml_problem(a->maml);
    if (a->stats->left_out > 0) { /* the file has no place for tasks that do not count */
        return ks_fail(
            err, KS_FAILED,
            "%s: not written: the step size of the inner steps is too large for %zu of the tasks, inner.lr: %g",
            a->path, a->stats->left_out, ks_maml_get_settings(a->maml)->inner.lr);
    }
    return problem->kind->audit(problem, a, err);
}
