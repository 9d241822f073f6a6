/* relu: max(x, 0) of every number; not-a-number stays. Its derivative is [y > 0], the second 0. */
#include "nn/layer.h"
#include "nn/vec.h"

static void forward(const ks_layer_pass* p) {
    ks_layer_copy(p, p->y, p->x);
    if (p->bias) {
        ks_vec_bias_relu(p->y, p->bias, ks_layer_pixels(p), p->layer->in.channels);
    } else {
        ks_vec_relu(p->y, ks_layer_numbers(p));
    }
}

static void backward(const ks_layer_pass* p) {
    ks_layer_copy(p, p->dx, p->dy);
    ks_vec_mask_relu(p->dx, p->y, ks_layer_numbers(p));
}

static void r_forward(const ks_layer_pass* p) {
    ks_layer_copy(p, p->ry, p->rx);
    if (p->v_bias) {
        ks_vec_r_relu(p->ry, p->v_bias, p->y, ks_layer_pixels(p), p->layer->in.channels);
    } else {
        ks_vec_mask_relu(p->ry, p->y, ks_layer_numbers(p));
    }
}

static void r_backward(const ks_layer_pass* p) {
    ks_layer_copy(p, p->rdx, p->rdy);
    ks_vec_mask_relu(p->rdx, p->y, ks_layer_numbers(p));
}

const ks_layer_kind ks_layer_relu = {
    .name = "relu",
    .elementwise = true,
    .takes_bias = true,
    .needs_y = true,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
};
