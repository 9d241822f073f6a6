/* settings.h: what a config says of a policy, its section `policy`. Thread rule: plain data. */
#ifndef KS_POLICY_SETTINGS_H
#define KS_POLICY_SETTINGS_H

#include "base/settings.h"
#include "policy/policy.h"

typedef enum ks_policy_initial { KS_INIT_XAVIER, KS_INIT_NORMAL } ks_policy_initial;

typedef enum ks_policy_network { KS_NETWORK_MLP, KS_NETWORK_CONV4 } ks_policy_network;
typedef enum ks_policy_downsample { KS_DOWNSAMPLE_STRIDE, KS_DOWNSAMPLE_POOL } ks_policy_downsample;
typedef enum ks_policy_norm { KS_NORM_NONE, KS_NORM_SHIFT, KS_NORM_SCALE } ks_policy_norm;

typedef struct ks_policy_config {
    int network;                  /* ks_policy_network */
    int filters;                  /* of conv4: channels of each convolution */
    int downsample;               /* ks_policy_downsample, of conv4 */
    int context;                  /* inputs of a context layer; 0: there is none */
    int batch_norm;               /* ks_policy_norm: after each hidden layer of a named network */
    char layers[KS_NETWORK_TEXT]; /* JSON: all layers but the last, in place of a named network; "" */
    int num_hidden;
    int hidden[KS_MAX_HIDDEN]; /* right behind num_hidden, as rows of widths want it */
    int activation;            /* ks_activation */
    int init;                  /* ks_policy_initial */
    double init_std;
    double last_init_std; /* of the last layer's weights; 0: as the others */
    double log_std_init;
    double log_std_min;
    bool scale_inputs;
} ks_policy_config;

extern const ks_settings_rows ks_policy_rows;        /* in a ks_policy_config: of every model, */
extern const ks_settings_rows ks_policy_acting_rows; /* and of those that act */

/* What no single row can say. Errors: KS_BAD_INPUT. */
bool ks_policy_config_check(const ks_policy_config* config, ks_error* err);
/* Sets what a config says of settings, whose sizes, shape of inputs and head stay as they are. Errors: KS_BAD_INPUT naming the key. */
bool ks_policy_config_take(ks_policy_settings* settings, const ks_policy_config* config, ks_error* err);

#endif
