#include "policy/policy.h"

#include "policy/internal.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGNMENT = 64,
    BLOCK_ROWS = 100,        /* of vectors, so that a block's activations stay in cache (measured) */
    BLOCK_NUMBERS = 1 << 18, /* of images: what a block leaves at most, one row at least */
    CHUNK_BLOCKS = 20,       /* of one work item */
    MAX_LAYERS = 2 * KS_MAX_HIDDEN + 1
};

const char* const ks_activation_names[] = {KS_ACTIVATIONS(KS_CHOICE_WORD) NULL};
const char* const ks_head_names[] = {
    [KS_GAUSSIAN] = "gaussian", [KS_CATEGORICAL] = "categorical", [KS_SQUARED_ERROR] = "squared_error", NULL};

/* ---- layout ----------------------------------------------------------------------------------------------------- */

ks_policy_settings ks_policy_settings_default(void) {
    return (ks_policy_settings){
        .head = KS_GAUSSIAN,
        .num_hidden = 2,
        .hidden = {100, 100},
        .activation = KS_RELU,
        .log_std_min = log(1e-6),
    };
}

static bool check_settings(const ks_policy_settings* s, ks_error* err) {
    int num_hidden = *s->network ? 0 : s->num_hidden;
    if (num_hidden < 0 || num_hidden > KS_MAX_HIDDEN) {
        return ks_fail(err, KS_BAD_INPUT, "a policy has 0 to %d hidden layers, not %d", KS_MAX_HIDDEN, num_hidden);
    }
    for (int i = -2; i < num_hidden; i++) {
        int width = i == -2 ? s->obs_dim : i == -1 ? s->act_dim : s->hidden[i];
        if (width < 1 || width > KS_MAX_WIDTH) {
            return ks_fail(err, KS_BAD_INPUT, "a layer of a policy has 1 to %d units, not %d", KS_MAX_WIDTH, width);
        }
    }
    return true;
}

static bool plain_layer(ks_layer* layer, const char* kind, int units, ks_error* err) {
    return ks_layer_make(layer, kind, err) && (units == 0 || ks_layer_set(layer, "out", units, err));
}

/* Dense layers with an activation between each two. */
static bool plain_layers(ks_layer layers[MAX_LAYERS], int* count, const ks_policy_settings* s, ks_error* err) {
    const char* activation = ks_activation_names[s->activation];
    *count = 2 * s->num_hidden + 1;
    for (int i = 0; i < *count; i++) {
        bool dense = i % 2 == 0;
        int units = !dense ? 0 : i == *count - 1 ? s->act_dim : s->hidden[i / 2];
        if (!plain_layer(&layers[i], dense ? "dense" : activation, units, err)) {
            return false;
        }
    }
    return true;
}

/* The network that the settings say. */
static bool make_net(ks_net* net, const ks_policy_settings* s, ks_error* err) {
    ks_layer layers[KS_MAX_LAYERS];
    int count;
    ks_image_shape input = s->input;
    if (!*s->network || ks_image_numbers(input) == 0) {
        input = (ks_image_shape){(size_t)s->obs_dim, 1, 1};
    }
    if (ks_image_numbers(input) != (size_t)s->obs_dim) {
        return ks_fail(err, KS_BAD_INPUT, "inputs of %zu channels of %zu x %zu are not %d numbers", input.channels,
                       input.height, input.width, s->obs_dim);
    }
    if (!(*s->network ? ks_layers_parse(layers, &count, s->network, err) : plain_layers(layers, &count, s, err)) ||
        !ks_net_make(net, layers, count, input, err)) {
        return ks_fail_in(err, "network");
    }
    return net->outputs == (size_t)s->act_dim ||
           ks_fail(err, KS_BAD_INPUT, "network: its last layer puts out %zu numbers, and %d are needed", net->outputs,
                   s->act_dim);
}

/* A block of plain networks has always had as many rows, which the bytes of results depend on. */
static size_t block_rows(const ks_policy* policy) {
    if (policy->net.couples_rows) {
        return SIZE_MAX;
    }
    size_t row = ks_net_tape_size(&policy->net, KS_NET_HESSIAN, 1) + ks_net_work_size(&policy->net, KS_NET_HESSIAN, 1);
    size_t fit = BLOCK_NUMBERS / row > 0 ? BLOCK_NUMBERS / row : 1;
    return !*policy->settings.network || fit > BLOCK_ROWS ? BLOCK_ROWS : fit;
}

ks_policy* ks_policy_create(const ks_policy_settings* settings, ks_error* err) {
    if (!check_settings(settings, err)) {
        return NULL;
    }
    ks_policy* policy = calloc(1, sizeof *policy);
    if (!policy) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    policy->settings = *settings;
    if (!make_net(&policy->net, settings, err)) {
        free(policy);
        return NULL;
    }
    if (*settings->network &&
        ks_net_print(policy->settings.network, KS_NETWORK_TEXT, &policy->net) >= KS_NETWORK_TEXT) {
        ks_fail(err, KS_BAD_INPUT, "network: its list of layers is longer than %d characters", KS_NETWORK_TEXT - 1);
        free(policy);
        return NULL;
    }
    for (int l = 0; l < policy->net.num_layers; l++) {
        policy->head_layer = policy->net.layer[l].num_params > 0 ? l : policy->head_layer;
    }
    policy->num_params = policy->net.num_params + (settings->head == KS_GAUSSIAN ? (size_t)settings->act_dim : 0);
    policy->block_rows = block_rows(policy);
    return policy;
}

void ks_policy_destroy(ks_policy* policy) {
    free(policy);
}

const ks_policy_settings* ks_policy_get_settings(const ks_policy* policy) {
    return &policy->settings;
}

size_t ks_policy_num_params(const ks_policy* policy) {
    return policy->num_params;
}

size_t ks_policy_log_std_offset(const ks_policy* policy) {
    return policy->net.num_params;
}

bool ks_policy_couples_rows(const ks_policy* policy) {
    return policy->net.couples_rows;
}

bool ks_policy_has_norm(const ks_policy* policy) {
    for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
        if (ks_policy_tensor_at(policy, t).norm) {
            return true;
        }
    }
    return false;
}

size_t ks_policy_print_network(char* out, size_t room, const ks_policy* policy) {
    return ks_net_print(out, room, &policy->net);
}

size_t ks_policy_act_cols(const ks_policy* policy) {
    return policy->settings.head == KS_CATEGORICAL ? 1 : (size_t)policy->settings.act_dim;
}

size_t ks_policy_head_cols(const ks_policy* policy) {
    return (size_t)policy->settings.act_dim;
}

size_t ks_policy_noise_cols(const ks_policy* policy) {
    return policy->settings.head == KS_SQUARED_ERROR ? 0 : ks_policy_act_cols(policy);
}

/* What is no weight: zero biases and shifts, scales of 1, and the log-std. */
static void init_rest(const ks_policy* policy, ks_real* theta, double log_std_init) {
    for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
        for (size_t i = tensor.offset; tensor.ndim == 1 && i < tensor.offset + tensor.count; i++) {
            theta[i] = i >= policy->net.num_params ? (ks_real)log_std_init : tensor.scale ? 1 : 0;
        }
    }
}

/* Xavier's bound of a weight (out x in, or out x in x kernel x kernel) */
static double xavier_limit(const ks_policy_tensor* t) {
    size_t inputs = t->count / t->shape[0], outputs = t->count / t->shape[1];
    return sqrt(6.0 / (double)(inputs + outputs));
}

void ks_policy_init(const ks_policy* policy, ks_real* theta, const double* uniform, double log_std_init) {
    for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
        double limit = tensor.ndim > 1 ? xavier_limit(&tensor) : 0;
        for (size_t i = tensor.offset; tensor.ndim > 1 && i < tensor.offset + tensor.count; i++) {
            theta[i] = (ks_real)(limit * (2 * uniform[i] - 1));
        }
    }
    init_rest(policy, theta, log_std_init);
}

/* x with ∫_0^x φ = p, φ the normal density without its constant, 0 <= x <= 2: Newton's iterations from 0, which come from
 * below since φ falls. Integral and density are Taylor series, so that nothing but + * / is used and every machine has the
 * same bytes. */
static double inverse_integral(double p) {
    enum { ITERATIONS = 10, TERMS = 32 };
    double x = 0;
    for (int i = 0; i < ITERATIONS; i++) {
        double integral = 0;
        double density = 0;
        double term = 1; /* (-x²/2)^k / k! */
        for (int k = 0; k < TERMS; k++) {
            density += term;
            integral += term * x / (2 * k + 1);
            term *= -0.5 * x * x / (k + 1);
        }
        x += (p - integral) / density;
    }
    return x;
}

void ks_policy_init_truncated_normal(const ks_policy* policy, ks_real* theta, const double* uniform, double sigma,
                                     double log_std_init) {
    const double whole = 1.19628801332260820; /* ∫_0^2 φ */
    for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
        for (size_t i = tensor.offset; tensor.ndim > 1 && i < tensor.offset + tensor.count; i++) {
            double side = 2 * uniform[i] - 1;
            double x = inverse_integral(whole * (side < 0 ? -side : side));
            theta[i] = (ks_real)(side < 0 ? -sigma * x : sigma * x);
        }
    }
    init_rest(policy, theta, log_std_init);
}

void ks_policy_init_last_normal(const ks_policy* policy, ks_real* theta, const double* normal, double sigma) {
    for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
        for (size_t i = tensor.offset; tensor.head && tensor.ndim > 1 && i < tensor.offset + tensor.count; i++) {
            theta[i] = (ks_real)(sigma * normal[i]);
        }
    }
}

void ks_policy_scale_inputs(const ks_policy* policy, ks_real* theta, const double* size) {
    ks_policy_tensor weight = ks_policy_tensor_at(policy, 0);
    assert(weight.ndim == 2);
    for (size_t j = 0; j < weight.shape[0]; j++) {
        for (size_t i = 0; i < weight.shape[1]; i++) {
            theta[weight.offset + j * weight.shape[1] + i] /= (ks_real)size[i];
        }
    }
}

size_t ks_policy_num_tensors(const ks_policy* policy) {
    size_t count = 0;
    for (int l = 0; l < policy->net.num_layers; l++) {
        count += (size_t)policy->net.layer[l].num_tensors;
    }
    return count + (policy->settings.head == KS_GAUSSIAN);
}

/* Plain networks count their dense layers alone. */
static void name_tensor(ks_policy_tensor* t, const ks_policy* policy, int layer, const char* name) {
    bool plain = !*policy->settings.network;
    snprintf(t->name, sizeof t->name, "%s.%d.%s", plain ? "mlp" : "layer", plain ? layer / 2 : layer, name);
}

ks_policy_tensor ks_policy_tensor_at(const ks_policy* policy, size_t index) {
    assert(index < ks_policy_num_tensors(policy));
    ks_policy_tensor t = {.ndim = 1, .count = 1};
    int layer = 0;
    const ks_layer_tensor* of = ks_net_tensor(&policy->net, (int)index, &layer, &t.offset);
    if (!of) {
        snprintf(t.name, sizeof t.name, "log_std");
        t.shape[0] = t.count = (size_t)policy->settings.act_dim;
        t.offset = policy->net.num_params;
        t.head = true;
        return t;
    }
    name_tensor(&t, policy, layer, of->name);
    t.ndim = of->num_dims;
    for (int d = 0; d < of->num_dims; d++) {
        t.shape[d] = of->dims[d];
        t.count *= of->dims[d];
    }
    t.head = layer == policy->head_layer;
    t.context = policy->net.layer[layer].kind == &ks_layer_context;
    t.norm = policy->net.layer[layer].kind == &ks_layer_batch_norm;
    t.scale = t.norm && strcmp(of->name, "scale") == 0;
    return t;
}

ks_policy_flop ks_policy_count_flop(const ks_policy* policy) {
    double forward, deltas;
    ks_net_count_flop(&policy->net, &forward, &deltas);
    return (ks_policy_flop){
        .forward = forward,
        .deltas = deltas,
        .weights = forward,
        .hvp = (forward + deltas) + (forward + deltas) + 2 * deltas, /* R-forward; R{weights}; R{deltas} */
        .fvp = (forward + deltas) + forward + deltas,                /* R-forward; weights; deltas */
    };
}

void* ks_aligned_alloc(size_t bytes) {
    return aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT);
}

size_t ks_policy_chunk_rows(const ks_policy* policy) {
    return policy->net.couples_rows ? SIZE_MAX : CHUNK_BLOCKS * policy->block_rows;
}
