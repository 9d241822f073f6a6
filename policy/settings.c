#include "policy/settings.h"

#include "base/number.h"
#include "policy/ranges.h"

#include <stdarg.h>
#include <string.h>

#define AT(member) offsetof(ks_policy_config, member)
static const ks_setting ROWS[] = {
    {"policy.network", KS_SETTING_CHOICE, AT(network), .initial = KS_NETWORK_MLP, .text = "mlp|conv4",
     .help = "mlp: dense layers (hidden, activation); conv4: four convolutions, for images"},
    {"policy.filters", KS_SETTING_INT, AT(filters), 1, 65536, 64, .help = "conv4: channels of each convolution"},
    {"policy.downsample", KS_SETTING_CHOICE, AT(downsample), .initial = KS_DOWNSAMPLE_STRIDE, .text = "stride|pool",
     .help = "conv4: by stride 2, then the mean over space; or by max-pooling, and everything to the last layer"},
    {"policy.batch_norm", KS_SETTING_CHOICE, AT(batch_norm), .initial = KS_NORM_NONE, .text = "none|shift|scale",
     .help = "before the activation of each hidden layer: none, with a learned shift, or with shift and scale"},
    {"policy.context", KS_SETTING_INT, AT(context), 0, 65536, 0,
     .help = "further inputs that are parameters, 0 at the start; for inner.adapts: context"},
    {"policy.layers", KS_SETTING_LIST, AT(layers), .text = "", .room = KS_NETWORK_TEXT,
     .help = "a list of layers in place of these, without the last, which is dense: [{type: conv, out: 32}, ...]"},
    {"policy.hidden", KS_SETTING_WIDTHS, AT(num_hidden), 1, KS_MAX_WIDTH, .text = "100 100", .room = KS_MAX_HIDDEN,
     .help = "units of the hidden layers; []: linear"},
    {"policy.activation", KS_SETTING_CHOICE, AT(activation), .initial = KS_RELU, .text = KS_CHOICES(KS_ACTIVATIONS),
     .help = "of the hidden layers"},
    {"policy.init", KS_SETTING_CHOICE, AT(init), .initial = KS_INIT_XAVIER, .text = "xavier|normal",
     .help = "weights at the start: uniform by Xavier's rule, or normal, cut off at two standard deviations"},
    {"policy.init_std", KS_SETTING_DOUBLE, AT(init_std), 0, 100, 0.01,
     .help = "their standard deviation, with init: normal"},
    {"policy.last_init_std", KS_SETTING_DOUBLE, AT(last_init_std), 0, 100, 0,
     .help = "of the last layer's weights, normal; 0: they start as the others do"},
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

/* ---- networks by name ------------------------------------------------------------------------------------------------------ */

/* A list of layers under construction. */
typedef struct list {
    char* text;
    size_t used;
} list;

static void add(list* l, const char* format, ...) __attribute__((format(printf, 2, 3)));
static void add(list* l, const char* format, ...) {
    va_list args;
    va_start(args, format);
    size_t left = l->used < KS_NETWORK_TEXT ? KS_NETWORK_TEXT - l->used : 0;
    int length = ks_vsnprintf(l->text + l->used, left, format, args);
    va_end(args);
    l->used += length > 0 ? (size_t)length : 0;
}

static void add_norm(list* l, int norm) {
    if (norm != KS_NORM_NONE) {
        add(l, "{\"type\": \"batch_norm\", \"scale\": %s}, ", norm == KS_NORM_SCALE ? "true" : "false");
    }
}

static void add_context(list* l, const ks_policy_config* c) {
    if (c->context > 0) {
        add(l, "{\"type\": \"context\", \"size\": %d}, ", c->context);
    }
}

/* Vinyals et al. 2016's network in the two forms that MAML's authors gave it. */
static void add_conv4(list* l, const ks_policy_config* c) {
    bool pool = c->downsample == KS_DOWNSAMPLE_POOL;
    add_context(l, c);
    for (int i = 0; i < 4; i++) {
        add(l, "{\"type\": \"conv\", \"out\": %d, \"kernel\": 3, \"stride\": %d, \"pad\": 1}, ", c->filters,
            pool ? 1 : 2);
        add_norm(l, c->batch_norm);
        add(l, "{\"type\": \"relu\"}, %s", pool ? "{\"type\": \"max_pool\", \"size\": 2}, " : "");
    }
    add(l, "{\"type\": \"%s\"}, ", pool ? "flatten" : "mean");
}

static void add_mlp(list* l, const ks_policy_config* c, bool images) {
    add(l, "%s", images ? "{\"type\": \"flatten\"}, " : "");
    add_context(l, c);
    for (int i = 0; i < c->num_hidden; i++) {
        add(l, "{\"type\": \"dense\", \"out\": %d}, ", c->hidden[i]);
        add_norm(l, c->batch_norm);
        add(l, "{\"type\": \"%s\"}, ", ks_activation_names[c->activation]);
    }
}

/* "[…]" without its ends */
static void add_given(list* l, const char* layers) {
    add(l, "%.*s, ", (int)strlen(layers) - 2, layers + 1);
}

bool ks_policy_config_take(ks_policy_settings* s, const ks_policy_config* c, ks_error* err) {
    bool images = ks_image_pixels(s->input) > 1;
    s->num_hidden = c->num_hidden;
    memcpy(s->hidden, c->hidden, sizeof s->hidden);
    s->activation = (ks_activation)c->activation;
    s->log_std_min = c->log_std_min;
    *s->network = 0;
    if (!images && !*c->layers && c->network == KS_NETWORK_MLP && c->batch_norm == KS_NORM_NONE && c->context == 0) {
        return true;
    }
    if (!images && !*c->layers && c->network == KS_NETWORK_CONV4) {
        return ks_fail(err, KS_BAD_INPUT, "policy.network: conv4 is for images, and this model's input is %d number%s",
                       s->obs_dim, s->obs_dim == 1 ? "" : "s");
    }
    list l = {s->network, 0};
    add(&l, "[");
    if (*c->layers) {
        add_given(&l, c->layers);
    } else if (c->network == KS_NETWORK_CONV4) {
        add_conv4(&l, c);
    } else {
        add_mlp(&l, c, images);
    }
    add(&l, "{\"type\": \"dense\", \"out\": %d}]", s->act_dim);
    return l.used < KS_NETWORK_TEXT ||
           ks_fail(err, KS_BAD_INPUT, "policy.layers: the list is longer than %d characters", KS_NETWORK_TEXT - 1);
}
