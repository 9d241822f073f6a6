#include "rl/settings.h"

#include "envs/env.h"
#include "policy/ranges.h"

#include <math.h>

#define AT(member) offsetof(ks_rl_settings, member)

static bool env_exists(const char* name, ks_error* err) {
    return ks_env_is_path(name) || ks_env_exists(name, err);
}

static const ks_setting ROWS[] = {
    {"env", KS_SETTING_TEXT, AT(env), .text = "point", .room = sizeof((ks_rl_settings*)NULL)->env, .allows = env_exists,
     .help = "environment: a name of `kshot envs`, or the path of a file"},
    {"trajectories", KS_SETTING_INT, AT(trajectories), 1, 1e6, 20,
     .help = "per task, before and after adaptation each"},
    {"horizon", KS_SETTING_INT, AT(horizon), KS_RANGE_HORIZON, 200, .help = "timesteps per trajectory at most"},
    {"gamma", KS_SETTING_DOUBLE, AT(gamma), KS_RANGE_GAMMA, 0.99, .help = "discount"},
    {"gae_lambda", KS_SETTING_DOUBLE, AT(gae_lambda), KS_RANGE_GAE_LAMBDA, 1,
     .help = "lambda of generalised advantage estimation"},
    {"env_steps", KS_SETTING_INT64, AT(env_steps), 0, 0x1p53, 0, .free_on_resume = true,
     .help = "training ends with the iteration that comes to as many environment steps, those of validation included; "
             "0: after `iterations`"},
};
const ks_settings_rows ks_rl_rows = {ROWS, sizeof ROWS / sizeof *ROWS};

static const ks_setting INNER_ROWS[] = {
    {"inner.loss", KS_SETTING_CHOICE, AT(inner_loss), .initial = KS_LOSS_SCORE, .text = "score|ratio",
     .help = "of the inner steps, by log-probabilities or by ratios of probabilities: the same steps, other second "
             "derivatives"},
    {"inner.sweep", KS_SETTING_DOUBLE, AT(sweep), 0, 1e6, 0,
     .help = "before adaptation, also pass through all tasks in an episode: weight; 0: not, as in the paper"},
    {"inner.emaml", KS_SETTING_DOUBLE, AT(emaml), 0, 1e6, 0,
     .help =
         "E-MAML: credit what was tried before adaptation with the return after it: weight; 0: not, as in the paper"},
};
const ks_settings_rows ks_rl_inner_rows = {INNER_ROWS, sizeof INNER_ROWS / sizeof *INNER_ROWS};

static const ks_setting TRPO_ROWS[] = {
    {"trpo.gae_lambda", KS_SETTING_DOUBLE, AT(trpo_gae_lambda), -1, 1, -1,
     .help = "lambda of the adapted policies' advantages, that TRPO sees; -1: gae_lambda, as in the paper"},
};
const ks_settings_rows ks_rl_trpo_rows = {TRPO_ROWS, sizeof TRPO_ROWS / sizeof *TRPO_ROWS};

ks_rl_settings ks_rl_settings_default(void) {
    ks_rl_settings s = {0};
    ks_settings_rows_default(&ks_rl_rows, &s);
    ks_settings_rows_default(&ks_rl_inner_rows, &s);
    ks_settings_rows_default(&ks_rl_trpo_rows, &s);
    return s;
}

bool ks_rl_settings_check(const ks_rl_settings* s, ks_error* err) {
    if (s->trajectories < 1 || s->horizon < 1) {
        return ks_fail(err, KS_BAD_INPUT, "trajectories and horizon must be at least 1");
    }
    if (!(s->sweep >= 0 && isfinite(s->sweep))) {
        return ks_fail(err, KS_BAD_INPUT, "the sweep's weight must be above 0, or 0 for none, not %g", s->sweep);
    }
    if (!(s->emaml >= 0 && isfinite(s->emaml))) {
        return ks_fail(err, KS_BAD_INPUT, "E-MAML's weight (inner.emaml) must be above 0, or 0 for none, not %g",
                       s->emaml);
    }
    if (s->inner_loss != KS_LOSS_SCORE && s->inner_loss != KS_LOSS_RATIO) {
        return ks_fail(err, KS_BAD_INPUT, "the inner steps' loss (inner.loss) is score or ratio");
    }
    return (s->trpo_gae_lambda >= 0 && s->trpo_gae_lambda <= 1) || s->trpo_gae_lambda <= -1 ||
           ks_fail(err, KS_BAD_INPUT, "trpo.gae_lambda must be 0 to 1, or -1 for that of gae_lambda, not %g",
                   s->trpo_gae_lambda);
}

ks_advantage_settings ks_rl_advantage(const ks_rl_settings* s, bool judges) {
    bool own = judges && s->trpo_gae_lambda >= 0;
    return (ks_advantage_settings){.gamma = s->gamma, .gae_lambda = own ? s->trpo_gae_lambda : s->gae_lambda};
}
