/* settings.h: what a config says of a policy, its section `policy`. Thread rule: plain data. */
#ifndef KS_POLICY_SETTINGS_H
#define KS_POLICY_SETTINGS_H

#include "base/settings.h"
#include "policy/policy.h"

typedef enum ks_policy_initial { KS_INIT_XAVIER, KS_INIT_NORMAL } ks_policy_initial;

typedef struct ks_policy_config {
    int num_hidden;
    int hidden[KS_MAX_HIDDEN]; /* right behind num_hidden, as rows of widths want it */
    int activation;            /* ks_activation */
    int init;                  /* ks_policy_initial */
    double init_std;
    double log_std_init;
    double log_std_min;
    bool scale_inputs;
} ks_policy_config;

extern const ks_settings_rows ks_policy_rows;        /* in a ks_policy_config: of every model, */
extern const ks_settings_rows ks_policy_acting_rows; /* and of those that act */

/* What no single row can say. Errors: KS_BAD_INPUT. */
bool ks_policy_config_check(const ks_policy_config* config, ks_error* err);
/* Sets what a config says of settings; the sizes and the head stay as they are. */
void ks_policy_config_take(ks_policy_settings* settings, const ks_policy_config* config);

#endif
