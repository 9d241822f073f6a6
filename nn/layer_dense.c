/* dense: Z = X Wᵀ + b. Packed: Wᵀ, since neither matrix of a product is then to be transposed. */
#include "nn/gemm.h"
#include "nn/layer.h"
#include "nn/vec.h"

#include <string.h>

enum { IN, OUT };

static bool shape(ks_layer* layer, ks_error* err) {
    if (ks_image_pixels(layer->in) != 1) {
        return ks_fail(
            err, KS_BAD_INPUT,
            "images come in (%zu channels of %zu x %zu), and it takes vectors: put flatten or mean before it",
            layer->in.channels, layer->in.height, layer->in.width);
    }
    if (!ks_layer_infer(layer, IN, layer->in.channels, err)) {
        return false;
    }
    size_t in = layer->in.channels, out = (size_t)layer->value[OUT];
    layer->out = (ks_image_shape){out, 1, 1};
    layer->tensor[0] = (ks_layer_tensor){"weight", 2, {out, in}};
    layer->tensor[1] = (ks_layer_tensor){"bias", 1, {out}};
    layer->num_tensors = 2;
    layer->packed = layer->products = in * out;
    return true;
}

static void pack(const ks_layer* layer, ks_real* packed, const ks_real* theta) {
    ks_transpose(packed, theta, layer->out.channels, layer->in.channels);
}

static void forward(const ks_layer_pass* p) {
    size_t in = p->layer->in.channels, out = p->layer->out.channels;
    ks_gemm_forward(p->y, p->x, p->packed, p->n, in, out, false);
    if (!p->layer->leaves_bias) {
        ks_vec_bias(p->y, p->theta + in * out, p->n, out);
    }
}

/* grad_b += Σ_n D, and from a new one on: the sum that starts from 0 */
static void add_bias(const ks_layer_pass* p, const ks_real* d, size_t out) {
    ks_real* grad = p->grad + p->layer->in.channels * out;
    if (p->grad_is_new) {
        memset(grad, 0, out * sizeof *grad);
    }
    ks_vec_add_columns(grad, d, p->n, out);
}

/* grad_W += Dᵀ X, grad_b += Σ_n D;  D W */
static void backward(const ks_layer_pass* p) {
    size_t in = p->layer->in.channels, out = p->layer->out.channels;
    if (p->grad) {
        ks_gemm_weights(p->grad, p->dy, p->x, p->n, in, out, !p->grad_is_new);
        add_bias(p, p->dy, out);
    }
    if (p->dx) {
        ks_gemm_backward(p->dx, p->dy, p->theta, p->n, in, out, false);
    }
}

/* R{Z} = X V_Wᵀ + R{X} Wᵀ + v_b */
static void r_forward(const ks_layer_pass* p) {
    size_t in = p->layer->in.channels, out = p->layer->out.channels;
    ks_gemm_forward(p->ry, p->x, p->v_packed, p->n, in, out, false);
    if (p->rx) {
        ks_gemm_forward(p->ry, p->rx, p->packed, p->n, in, out, true);
    }
    if (!p->layer->leaves_bias) {
        ks_vec_bias(p->ry, p->v + in * out, p->n, out);
    }
}

/* (Hv)_W += R{D}ᵀ X + Dᵀ R{X}, (Hv)_b += Σ_n R{D};  R{D} W + D V_W */
static void r_backward(const ks_layer_pass* p) {
    size_t in = p->layer->in.channels, out = p->layer->out.channels;
    ks_gemm_weights(p->grad, p->rdy, p->x, p->n, in, out, !p->grad_is_new);
    add_bias(p, p->rdy, out);
    if (p->rx) {
        ks_gemm_weights(p->grad, p->dy, p->rx, p->n, in, out, true);
    }
    if (p->rdx) {
        ks_gemm_backward(p->rdx, p->rdy, p->theta, p->n, in, out, false);
        ks_gemm_backward(p->rdx, p->dy, p->v, p->n, in, out, true);
    }
}

const ks_layer_kind ks_layer_dense = {
    .name = "dense",
    .field = {[IN] = {"in", KS_FIELD_WHOLE, 1, KS_LAYER_MAX_NUMBERS, 0, true},
              [OUT] = {"out", KS_FIELD_WHOLE, 1, KS_LAYER_MAX_SIZE, KS_FIELD_MISSING, false}},
    .adds_bias = true,
    .needs_x = true,
    .r_needs_dy = true,
    .sets_grad = true,
    .shape = shape,
    .pack = pack,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
};
