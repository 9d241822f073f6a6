#include "run/patience.h"

#include <math.h>
#include <stdio.h>

ks_verdict ks_patience_judge(const ks_config* config, const ks_run_state* s) {
    int64_t longest = (int64_t)config->validate_patience * config->validate_every;
    int64_t since = s->recovered_at > s->best_iteration ? s->recovered_at : s->best_iteration;
    bool over = longest > 0 && s->best_validation > -HUGE_VAL && s->iteration - since >= longest;
    return !over ? KS_GO_ON : s->recoveries < config->validate_recoveries ? KS_GO_BACK : KS_GIVE_UP;
}

void ks_patience_text(char text[KS_PATIENCE_TEXT], ks_verdict verdict, const ks_config* config, const ks_run_state* s) {
    long long now = s->iteration, best = s->best_iteration;
    if (verdict == KS_GO_BACK) {
        snprintf(text, KS_PATIENCE_TEXT,
                 "after iteration %lld training goes back to its model of iteration %lld, since nothing was better on "
                 "validation tasks, and goes on with half of %s (validate_recoveries: %lld of %d)",
                 now, best, ks_config_outer(config)->scaled, (long long)s->recoveries, config->validate_recoveries);
    } else {
        snprintf(text, KS_PATIENCE_TEXT,
                 "training stops after iteration %lld: on validation tasks nothing was better than after iteration "
                 "%lld (validate_patience: %d)",
                 now, best, config->validate_patience);
    }
}
