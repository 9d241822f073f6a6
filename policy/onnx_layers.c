#include "policy/onnx_layers.h"

#include "policy/internal.h"

#include <stdio.h>

/* ONNX has images as batch x channels x rows x columns, kshot has channels last. What differs is put right where it shows: where
 * the last value is an image. Elsewhere every kind means the same either way, and flatten is in ONNX's order. */
typedef struct path {
    ks_onnx_graph* graph;
    char* x;    /* the value that the layers so far have put out */
    bool image; /* it has rows and columns, be they 1 */
    /* of the layer that comes next */
    const ks_layer* layer;
    char prefix[24];
    char* tensor[KS_LAYER_TENSORS];
} path;

/* ---- parts ---------------------------------------------------------------------------------------------------------- */

static char* add(path* p, const char* what, const char* op, char* a, char* b) {
    return ks_onnx_add(p->graph, p->prefix, what, op, (char* [KS_ONNX_INPUTS]){a, b, NULL})->name;
}

static int64_t field(const path* p, const char* name) {
    return (int64_t)p->layer->value[ks_layer_field_index(p->layer->kind, name)];
}

static void make_vector(path* p) {
    if (p->image) {
        p->x = add(p, "vector", "Flatten", p->x, NULL);
        p->image = false;
    }
}

static void make_image(path* p) {
    if (!p->image) {
        char* axes = ks_onnx_whole(p->graph, p->prefix, "image_axes", 2, (int64_t[]){2, 3});
        p->x = add(p, "image", "Unsqueeze", p->x, axes);
        p->image = true;
    }
}

/* A tensor of one number a channel, so that it meets the channels of p->x. */
static char* along_channels(path* p, char* tensor, const char* what) {
    char axes_name[KS_ONNX_NAME];
    if (!p->image) {
        return tensor;
    }
    snprintf(axes_name, sizeof axes_name, "%s_axes", what);
    return add(p, what, "Unsqueeze", tensor, ks_onnx_whole(p->graph, p->prefix, axes_name, 2, (int64_t[]){1, 2}));
}

/* ---- the kinds ------------------------------------------------------------------------------------------------------- */

static void add_dense(path* p) {
    make_vector(p);
    ks_onnx_node* node =
        ks_onnx_add(p->graph, p->prefix, "dense", "Gemm", (char* [KS_ONNX_INPUTS]){p->x, p->tensor[0], p->tensor[1]});
    ks_onnx_set(node, "transB", 1);
    p->x = node->name;
}

static void add_conv(path* p) {
    int64_t kernel = field(p, "kernel"), stride = field(p, "stride"), pad = field(p, "pad");
    make_image(p);
    ks_onnx_node* node =
        ks_onnx_add(p->graph, p->prefix, "conv", "Conv", (char* [KS_ONNX_INPUTS]){p->x, p->tensor[0], p->tensor[1]});
    ks_onnx_set_list(node, "kernel_shape", 2, (int64_t[]){kernel, kernel});
    ks_onnx_set_list(node, "strides", 2, (int64_t[]){stride, stride});
    ks_onnx_set_list(node, "pads", 4, (int64_t[]){pad, pad, pad, pad});
    p->x = node->name;
}

/* over the batch and, of images, their pixels */
static char* add_mean_of_batch(path* p, const char* what, char* x) {
    ks_onnx_node* node = ks_onnx_add(p->graph, p->prefix, what, "ReduceMean", (char* [KS_ONNX_INPUTS]){x});
    ks_onnx_set_list(node, "axes", p->image ? 3 : 1, (int64_t[]){0, 2, 3});
    return node->name;
}

/* ONNX's BatchNormalization takes the batch's own statistics in training only, which few runtimes have. */
static void add_batch_norm(path* p) {
    bool scale = field(p, "scale") != 0;
    double epsilon = p->layer->value[ks_layer_field_index(p->layer->kind, "epsilon")];
    char* centred = add(p, "centred", "Sub", p->x, add_mean_of_batch(p, "batch_mean", p->x));
    char* variance = add_mean_of_batch(p, "batch_variance", add(p, "squares", "Mul", centred, centred));
    char* kept_off_0 = add(p, "variance", "Add", variance, ks_onnx_number(p->graph, p->prefix, "epsilon", epsilon));
    p->x = add(p, "normal", "Div", centred, add(p, "std", "Sqrt", kept_off_0, NULL));
    if (scale) {
        p->x = add(p, "scaled", "Mul", p->x, along_channels(p, p->tensor[0], "scales"));
    }
    p->x = add(p, "shifted", "Add", p->x, along_channels(p, p->tensor[scale], "shifts"));
}

static void add_relu(path* p) {
    p->x = add(p, "relu", "Relu", p->x, NULL);
}

static void add_tanh(path* p) {
    p->x = add(p, "tanh", "Tanh", p->x, NULL);
}

static void add_max_pool(path* p) {
    int64_t size = field(p, "size");
    make_image(p);
    ks_onnx_node* node = ks_onnx_add(p->graph, p->prefix, "max_pool", "MaxPool", (char* [KS_ONNX_INPUTS]){p->x});
    ks_onnx_set_list(node, "kernel_shape", 2, (int64_t[]){size, size});
    ks_onnx_set_list(node, "strides", 2, (int64_t[]){size, size});
    p->x = node->name;
}

static void add_mean(path* p) {
    if (p->image) {
        p->x = add(p, "mean", "GlobalAveragePool", p->x, NULL);
    }
    make_vector(p);
}

static void add_flatten(path* p) {
    make_vector(p);
}

/* φ once for every row of the batch, and of images for every pixel */
static void add_context(path* p) {
    int64_t shape[] = {field(p, "size"), (int64_t)p->layer->in.height, (int64_t)p->layer->in.width};
    ks_onnx_node* batch = ks_onnx_add(p->graph, p->prefix, "batch", "Shape", (char* [KS_ONNX_INPUTS]){p->x});
    ks_onnx_set(batch, "end", 1);
    char* rest = ks_onnx_whole(p->graph, p->prefix, "shape", p->image ? 3 : 1, shape);
    ks_onnx_node* whole =
        ks_onnx_add(p->graph, p->prefix, "whole_shape", "Concat", (char* [KS_ONNX_INPUTS]){batch->name, rest});
    ks_onnx_set(whole, "axis", -1);
    char* context = along_channels(p, p->tensor[0], "contexts");
    char* everywhere = add(p, "everywhere", "Expand", context, whole->name);
    ks_onnx_node* both =
        ks_onnx_add(p->graph, p->prefix, "appended", "Concat", (char* [KS_ONNX_INPUTS]){p->x, everywhere});
    ks_onnx_set(both, "axis", 1);
    p->x = both->name;
}

static const struct {
    const ks_layer_kind* kind;
    void (*add)(path* p);
} KINDS[] = {{&ks_layer_dense, add_dense}, {&ks_layer_conv, add_conv},       {&ks_layer_batch_norm, add_batch_norm},
             {&ks_layer_relu, add_relu},   {&ks_layer_tanh, add_tanh},       {&ks_layer_max_pool, add_max_pool},
             {&ks_layer_mean, add_mean},   {&ks_layer_flatten, add_flatten}, {&ks_layer_context, add_context}};

/* ---- all layers ------------------------------------------------------------------------------------------------------ */

bool ks_onnx_takes_images(const ks_policy* policy) {
    return ks_image_pixels(policy->net.input) > 1;
}

/* The constants of layer l, from the policy's tensor *next on. */
static void take_tensors(path* p, size_t* next, const ks_policy* policy, float* theta) {
    for (int i = 0; i < p->layer->num_tensors; i++) {
        ks_policy_tensor t = ks_policy_tensor_at(policy, (*next)++);
        p->tensor[i] = ks_onnx_constant(p->graph, t.name, (size_t)t.ndim, t.shape, theta + t.offset);
    }
}

static bool add_layer(path* p, int number, ks_error* err) {
    for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
        if (KINDS[k].kind == p->layer->kind) {
            KINDS[k].add(p);
            return true;
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "layer %d is %s, for which there is nothing in ONNX here", number,
                   p->layer->kind->name);
}

/* The output as kshot has it: a vector, channels last; and there is a node whose output it is. */
static void end(path* p, const ks_policy* policy) {
    snprintf(p->prefix, sizeof p->prefix, "end");
    if (ks_image_pixels(policy->net.output) > 1) {
        ks_onnx_node* node =
            ks_onnx_add(p->graph, p->prefix, "channels_last", "Transpose", (char* [KS_ONNX_INPUTS]){p->x});
        ks_onnx_set_list(node, "perm", 4, (int64_t[]){0, 2, 3, 1});
        p->x = node->name;
    }
    make_vector(p);
    if (p->graph->num_nodes == 0) {
        p->x = add(p, "same", "Identity", p->x, NULL);
    }
}

bool ks_onnx_add_layers(ks_onnx_graph* graph, const ks_policy* policy, float* theta, char* input, ks_error* err) {
    path p = {.graph = graph, .x = input, .image = ks_onnx_takes_images(policy)};
    size_t next = 0;
    for (int l = 0; l < policy->net.num_layers; l++) {
        p.layer = &policy->net.layer[l];
        bool plain = !*policy->settings.network; /* named as policy.c names their tensors */
        snprintf(p.prefix, sizeof p.prefix, "%s.%d", plain ? "mlp" : "layer", plain ? l / 2 : l);
        take_tensors(&p, &next, policy, theta);
        if (!add_layer(&p, l, err)) {
            return false;
        }
    }
    end(&p, policy);
    return true;
}
