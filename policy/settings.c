#include "policy/settings.h"

#include "policy/ranges.h"

#include <string.h>

#define AT(member) offsetof(ks_policy_config, member)
static const ks_setting ROWS[] = {
    {"policy.hidden", KS_SETTING_WIDTHS, AT(num_hidden), 1, KS_MAX_WIDTH, .text = "100 100", .room = KS_MAX_HIDDEN,
     .help = "units of the hidden layers; []: linear"},
    {"policy.activation", KS_SETTING_CHOICE, AT(activation), .initial = KS_RELU, .text = "relu|tanh",
     .help = "of the hidden layers"},
    {"policy.init", KS_SETTING_CHOICE, AT(init), .initial = KS_INIT_XAVIER, .text = "xavier|normal",
     .help = "weights at the start: uniform by Xavier's rule, or normal, cut off at two standard deviations"},
    {"policy.init_std", KS_SETTING_DOUBLE, AT(init_std), 0, 100, 0.01,
     .help = "their standard deviation, with init: normal"},
};
const ks_settings_rows ks_policy_rows = {ROWS, sizeof ROWS / sizeof *ROWS};

static const ks_setting ACTING_ROWS[] = {
    {"policy.log_std_init", KS_SETTING_DOUBLE, AT(log_std_init), -20, 20, 0,
     .help = "log of the actions' standard deviation at the start (continuous actions)"},
    {"policy.log_std_min", KS_SETTING_DOUBLE, AT(log_std_min), KS_RANGE_LOG_STD_MIN, -13.815510557964274,
     .help = "its floor"},
    {"policy.scale_inputs", KS_SETTING_BOOL, AT(scale_inputs),
     .help = "start with all observations weighing about alike"},
};
const ks_settings_rows ks_policy_acting_rows = {ACTING_ROWS, sizeof ACTING_ROWS / sizeof *ACTING_ROWS};
_Static_assert(AT(hidden) == AT(num_hidden) + sizeof(int), "a row of widths");

bool ks_policy_config_check(const ks_policy_config* c, ks_error* err) {
    return c->log_std_init >= c->log_std_min ||
           ks_fail(err, KS_BAD_INPUT, "policy.log_std_init (%g) must not be below policy.log_std_min (%g)",
                   c->log_std_init, c->log_std_min);
}

void ks_policy_config_take(ks_policy_settings* s, const ks_policy_config* c) {
    s->num_hidden = c->num_hidden;
    memcpy(s->hidden, c->hidden, sizeof s->hidden);
    s->activation = (ks_activation)c->activation;
    s->log_std_min = c->log_std_min;
}
