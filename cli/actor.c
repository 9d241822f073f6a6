#include "cli/actor.h"

bool ks_cli_actor(ks_theatre_policy* a, const ks_cli_policy* p, const char* lr, ks_error* err) {
    *a = (ks_theatre_policy){.model = p->model, .policy = p->policy, .params = p->theta};
    a->sizes = ks_policy_info_sizes(&p->info);
    a->advantage = (ks_advantage_settings){.gamma = p->info.gamma, .gae_lambda = p->info.gae_lambda};
    ks_default_lr(a->lr, p->def, &p->info);
    return !lr || ks_cli_lr(lr, a->lr, err);
}
