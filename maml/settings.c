/* What can be set of a meta-iteration, and what follows from it. */
#include "maml/maml.h"

#include <math.h>

const char* ks_method_name(ks_method method) {
    return method == KS_MAML ? "maml" : method == KS_PRETRAIN ? "pretrain" : "oracle";
}

ks_maml_settings ks_maml_settings_default(void) {
    return (ks_maml_settings){
        .method = KS_MAML,
        .seed = 1,
        .tasks = 40,
        .trajectories = 20,
        .horizon = 200,
        .inner_steps = 1,
        .inner_lr = 0.1,
        .advantage = ks_advantage_settings_default(),
        .trpo_gae_lambda = -1,
        .trpo = ks_trpo_settings_default(),
        .curvature_fraction = 1,
        .threads = 1,
    };
}

ks_advantage_settings ks_maml_advantage(const ks_maml_settings* s, int stage) {
    ks_advantage_settings advantage = s->advantage;
    int last = s->method == KS_MAML ? s->inner_steps : 0;
    if (stage == last && s->trpo_gae_lambda >= 0) {
        advantage.gae_lambda = s->trpo_gae_lambda;
    }
    return advantage;
}

double ks_maml_sweep(const ks_maml_settings* s) {
    return s->method == KS_MAML && s->inner_steps > 0 ? s->sweep : 0;
}

double ks_maml_max_kl(const ks_maml_settings* s, uint64_t iteration) {
    return s->max_kl_halving > 0 ? s->trpo.max_kl * exp2(-(double)iteration / s->max_kl_halving) : s->trpo.max_kl;
}

bool ks_maml_check(const ks_maml_settings* s, ks_error* err) {
    if (s->tasks < 1 || s->trajectories < 1 || s->horizon < 1 || s->threads < 1) {
        return ks_fail(err, KS_BAD_INPUT, "tasks, trajectories, horizon and threads must be at least 1");
    }
    if (s->inner_steps < 0 || s->inner_steps > KS_MAX_INNER_STEPS) {
        return ks_fail(err, KS_BAD_INPUT, "inner steps must be 0 to %d, not %d", KS_MAX_INNER_STEPS, s->inner_steps);
    }
    if (s->team.size > (s->method == KS_MAML ? s->tasks : 1)) {
        return ks_fail(err, KS_BAD_INPUT, "%zu processes are more than there are tasks to share out: %zu%s",
                       s->team.size, s->method == KS_MAML ? s->tasks : 1,
                       s->method == KS_MAML ? "" : " (only maml can be shared out)");
    }
    if (!(s->trpo.cg_warm_start >= 0 && s->trpo.cg_warm_start <= 1)) {
        return ks_fail(err, KS_BAD_INPUT, "the share that conjugate gradient starts from must be from 0 to 1, not %g",
                       s->trpo.cg_warm_start);
    }
    if (!(s->trpo_gae_lambda <= 1)) {
        return ks_fail(err, KS_BAD_INPUT, "TRPO's lambda must be from 0 to 1, or below 0 for that of all, not %g",
                       s->trpo_gae_lambda);
    }
    if (!(s->sweep >= 0 && isfinite(s->sweep))) {
        return ks_fail(err, KS_BAD_INPUT, "the sweep's weight must be above 0, or 0 for none, not %g", s->sweep);
    }
    if (!(s->max_kl_halving >= 0 && isfinite(s->max_kl_halving))) {
        return ks_fail(err, KS_BAD_INPUT, "max_kl halves in a number of iterations above 0, or 0 for never, not %g",
                       s->max_kl_halving);
    }
    if (!(s->kfac_damping >= 0 && isfinite(s->kfac_damping))) {
        return ks_fail(err, KS_BAD_INPUT, "the preconditioner's damping must be above 0, or 0 for none, not %g",
                       s->kfac_damping);
    }
    if (!(s->curvature_fraction > 0 && s->curvature_fraction <= 1)) {
        return ks_fail(err, KS_BAD_INPUT, "the curvature fraction must be above 0 and at most 1, not %g",
                       s->curvature_fraction);
    }
    return true;
}
