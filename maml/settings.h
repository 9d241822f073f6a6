/* settings.h: what a config says of meta-iterations, its sections `inner` and `trpo`. Thread rule: plain data. */
#ifndef KS_MAML_SETTINGS_H
#define KS_MAML_SETTINGS_H

#include "base/settings.h"
#include "maml/maml.h"

typedef struct ks_inner_config {
    int steps;
    double lr;
    bool first_order;
    double sweep; /* 0: none */
} ks_inner_config;

typedef struct ks_trpo_config {
    double gae_lambda; /* -1: that of all */
    double max_kl;
    double max_kl_halving;
    int cg_iterations;
    double cg_damping;
    double cg_warm_start;
    double kfac_damping;
    double backtrack_ratio;
    int backtrack_steps;
    double curvature_fraction;
} ks_trpo_config;

extern const ks_settings_rows ks_inner_rows; /* in a ks_inner_config */
extern const ks_settings_rows ks_trpo_rows;  /* in a ks_trpo_config */

/* What no single row can say. Errors: KS_BAD_INPUT. */
bool ks_trpo_config_check(const ks_trpo_config* config, ks_error* err);
/* Sets what a config says of settings; the rest stays as it is. */
void ks_inner_config_take(ks_maml_settings* settings, const ks_inner_config* config);
void ks_trpo_config_take(ks_maml_settings* settings, const ks_trpo_config* config);

#endif
