/* What can be set of a meta-iteration, and what follows from it. */
#include "maml/settings.h"

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

/* ---- sections of a config ----------------------------------------------------------------------------------------------- */

#define INNER(member) offsetof(ks_inner_config, member)
static const ks_setting INNER_ROWS[] = {
    {"inner.steps", KS_SETTING_INT, INNER(steps), KS_RANGE_INNER_STEPS, 1, .help = "gradient steps of a task"},
    {"inner.lr", KS_SETTING_DOUBLE, INNER(lr), KS_RANGE_INNER_LR, 0.1, .help = "their step size"},
    {"inner.first_order", KS_SETTING_BOOL, INNER(first_order), .help = "leave the second derivatives out"},
    {"inner.sweep", KS_SETTING_DOUBLE, INNER(sweep), 0, 1e6, 0,
     .help = "before adaptation, also pass through all tasks in an episode: weight; 0: not, as in the paper"},
};
const ks_settings_rows ks_inner_rows = {INNER_ROWS, sizeof INNER_ROWS / sizeof *INNER_ROWS};

#define TRPO(member) offsetof(ks_trpo_config, member)
static const ks_setting TRPO_ROWS[] = {
    {"trpo.gae_lambda", KS_SETTING_DOUBLE, TRPO(gae_lambda), -1, 1, -1,
     .help = "lambda of the adapted policies' advantages, that TRPO sees; -1: gae_lambda, as in the paper"},
    {"trpo.max_kl", KS_SETTING_DOUBLE, TRPO(max_kl), 1e-12, 1e6, 0.01,
     .help = "mean KL divergence of the adapted policies per meta-update at most, nats"},
    {"trpo.max_kl_halving", KS_SETTING_DOUBLE, TRPO(max_kl_halving), 0, 1e9, 0,
     .help = "iterations in which max_kl halves, again and again; 0: it stays, as in the paper"},
    {"trpo.cg_iterations", KS_SETTING_INT, TRPO(cg_iterations), 1, 10000, 10, .help = "of conjugate gradient, at most"},
    {"trpo.cg_damping", KS_SETTING_DOUBLE, TRPO(cg_damping), 0, 1e6, 1e-5, .help = "added to the curvature's diagonal"},
    {"trpo.cg_warm_start", KS_SETTING_DOUBLE, TRPO(cg_warm_start), 0, 1, 0,
     .help = "conjugate gradient starts from this share of the last step's solution; 0: from 0, as in the paper"},
    {"trpo.kfac_damping", KS_SETTING_DOUBLE, TRPO(kfac_damping), 0, 1e6, 0,
     .help = "conjugate gradient is preconditioned by K-FAC with this damping; 0: not at all, as in the paper"},
    {"trpo.backtrack_ratio", KS_SETTING_DOUBLE, TRPO(backtrack_ratio), 1e-6, 0.999999, 0.8,
     .help = "factor from one candidate of the line search to the next"},
    {"trpo.backtrack_steps", KS_SETTING_INT, TRPO(backtrack_steps), 1, 1000, 15, .help = "candidates at most"},
    {"trpo.curvature_fraction", KS_SETTING_DOUBLE, TRPO(curvature_fraction), 1e-6, 1, 1,
     .help = "share of each task's timesteps that the curvature is measured on"},
};
const ks_settings_rows ks_trpo_rows = {TRPO_ROWS, sizeof TRPO_ROWS / sizeof *TRPO_ROWS};

bool ks_trpo_config_check(const ks_trpo_config* c, ks_error* err) {
    return c->gae_lambda >= 0 || c->gae_lambda <= -1 ||
           ks_fail(err, KS_BAD_INPUT, "trpo.gae_lambda must be 0 to 1, or -1 for that of gae_lambda, not %g",
                   c->gae_lambda);
}

void ks_inner_config_take(ks_maml_settings* s, const ks_inner_config* c) {
    s->inner_steps = c->steps;
    s->inner_lr = c->lr;
    s->first_order = c->first_order;
    s->sweep = c->sweep;
}

void ks_trpo_config_take(ks_maml_settings* s, const ks_trpo_config* c) {
    s->trpo_gae_lambda = c->gae_lambda;
    s->max_kl_halving = c->max_kl_halving;
    s->kfac_damping = c->kfac_damping;
    s->curvature_fraction = c->curvature_fraction;
    s->trpo.max_kl = c->max_kl;
    s->trpo.cg_iterations = c->cg_iterations;
    s->trpo.cg_damping = c->cg_damping;
    s->trpo.cg_warm_start = c->cg_warm_start;
    s->trpo.backtrack_ratio = c->backtrack_ratio;
    s->trpo.backtrack_steps = c->backtrack_steps;
}
