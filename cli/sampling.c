#include "cli/sampling.h"

ks_cli_sampling ks_sampling_default(void) {
    return (ks_cli_sampling){.seed = 1, .threads = ks_cores(), .gae_lambda = -1};
}

const char* ks_cli_sampling_of_policies(const ks_cli_sampling* s) {
    return s->trajectories ? "--trajectories" : s->horizon ? "--horizon" : s->gae_lambda >= 0 ? "--gae-lambda" : NULL;
}

bool ks_sampling_settings(ks_rl_eval_settings* settings, const ks_cli_sampling* s, const ks_cli_policy* p,
                          ks_error* err) {
    *settings = ks_opened_eval_settings(p);
    settings->trajectories = s->trajectories ? (size_t)s->trajectories : settings->trajectories;
    settings->horizon = s->horizon ? (size_t)s->horizon : settings->horizon;
    settings->eval.steps = (int)s->steps;
    if (s->gae_lambda >= 0) {
        settings->advantage.gae_lambda = s->gae_lambda;
    }
    settings->eval.seed = (uint64_t)s->seed;
    settings->eval.threads = (int)s->threads;
    return !s->lr || ks_cli_lr(s->lr, settings->eval.lr, err);
}
