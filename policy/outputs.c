#include "policy/outputs.h"

#include "policy/internal.h"

/* Its layers without the last, and then as many outputs as wanted (0: none). */
static bool list_layers(char text[KS_NETWORK_TEXT], const ks_policy* policy, int outputs, ks_policy_settings* s,
                        ks_error* err) {
    ks_layer layers[KS_MAX_LAYERS];
    ks_net net;
    int count = policy->net.num_layers;
    if (policy->net.layer[count - 1].kind != &ks_layer_dense) {
        return ks_fail(err, KS_BAD_INPUT, "the network's last layer is %s; dense is what can be put in place of",
                       policy->net.layer[count - 1].kind->name);
    }
    for (int l = 0; l < count - 1; l++) {
        layers[l] = policy->net.layer[l];
    }
    if (outputs > 0) {
        if (!ks_layer_make(&layers[count - 1], "dense", err) ||
            !ks_layer_set(&layers[count - 1], "out", outputs, err)) {
            return false;
        }
    } else if (--count == 0) {
        return ks_fail(err, KS_BAD_INPUT, "the network has one layer, and nothing comes before");
    }
    if (!ks_net_make(&net, layers, count, policy->net.input, err)) {
        return false;
    }
    s->act_dim = (int)net.outputs;
    s->input = net.input;
    return ks_net_print(text, KS_NETWORK_TEXT, &net) < KS_NETWORK_TEXT ||
           ks_fail(err, KS_BAD_INPUT, "network: its list of layers is longer than %d characters", KS_NETWORK_TEXT - 1);
}

ks_policy* ks_policy_with_outputs(const ks_policy* policy, int outputs, ks_error* err) {
    ks_policy_settings s = policy->settings;
    char text[KS_NETWORK_TEXT];
    if (*s.network) {
        if (!list_layers(text, policy, outputs, &s, err)) {
            return NULL;
        }
        memcpy(s.network, text, sizeof s.network);
    }
    s.act_dim = outputs;
    return ks_policy_create(&s, err);
}

ks_policy* ks_policy_without_last(const ks_policy* policy, ks_error* err) {
    ks_policy_settings s = policy->settings;
    if (!list_layers(s.network, policy, 0, &s, err)) {
        return NULL;
    }
    s.head = KS_SQUARED_ERROR;
    return ks_policy_create(&s, err);
}

size_t ks_policy_body_params(const ks_policy* policy) {
    return policy->net.params[policy->head_layer];
}
