#include "cli/sampling.h"

#include "base/number.h"

static bool parse_gae_lambda(double* lambda, const char* text, ks_error* err) {
    return (ks_parse_double(text, lambda) && *lambda >= 0 && *lambda <= 1) ||
           ks_fail(err, KS_BAD_INPUT, "--gae-lambda: '%s' is not a number from 0 to 1", text);
}

bool ks_sampling_option(ks_cli_sampling* s, int option, const char* value, ks_error* err) {
    switch (option) {
        case KS_SAMPLING_TRAJECTORIES:
            return ks_cli_int("--trajectories", value, 1, 100000, &s->trajectories, err);
        case KS_SAMPLING_STEPS:
            return ks_cli_int("--steps", value, 0, KS_EVAL_MAX_STEPS, &s->steps, err);
        case KS_SAMPLING_LR:
            s->lr = value;
            return true;
        case KS_SAMPLING_HORIZON:
            return ks_cli_int("--horizon", value, 1, 1000000, &s->horizon, err);
        case KS_SAMPLING_SEED:
            return ks_cli_int("--seed", value, 0, INT64_MAX, &s->seed, err);
        case KS_SAMPLING_BEST:
            return s->best = true;
        case KS_SAMPLING_GAE_LAMBDA:
            s->has_gae_lambda = true;
            return parse_gae_lambda(&s->gae_lambda, value, err);
        case 'e':
            s->env = value;
            return true;
        case 'j':
            return ks_cli_int("-j", value, 1, 1024, &s->threads, err);
        default:
            return false; /* ks_cli_option has said why */
    }
}

bool ks_sampling_settings(ks_rl_eval_settings* settings, const ks_cli_sampling* s, const ks_cli_policy* p,
                          ks_error* err) {
    *settings = ks_rl_eval_settings_default();
    settings->trajectories = s->trajectories ? (size_t)s->trajectories : ks_protocol_trajectories(p->def);
    settings->horizon = s->horizon ? (size_t)s->horizon : (size_t)p->info.horizon;
    settings->eval.steps = (int)s->steps;
    settings->advantage = (ks_advantage_settings){.gamma = p->info.gamma, .gae_lambda = p->info.gae_lambda};
    if (s->has_gae_lambda) {
        settings->advantage.gae_lambda = s->gae_lambda;
    }
    settings->eval.seed = (uint64_t)s->seed;
    settings->eval.threads = (int)s->threads;
    ks_default_lr(settings->eval.lr, p->def, &p->info);
    return !s->lr || ks_cli_lr(s->lr, settings->eval.lr, err);
}
