/* tanh of every number. φ' = 1 - y², φ'' = -2 y φ': so R{D'} = R{D} φ' - 2 y D' R{Z}, D' being what backward left
 * below. */
#include "nn/layer.h"
#include "nn/vec.h"

static bool shape(ks_layer* layer, ks_error* err) {
    (void)err;
    layer->r_kept = ks_image_numbers(layer->in); /* R{Z} */
    return true;
}

static void forward(const ks_layer_pass* p) {
    ks_layer_copy(p, p->y, p->x);
    if (p->bias) {
        ks_vec_bias_tanh(p->y, p->bias, ks_layer_pixels(p), p->layer->in.channels);
    } else {
        ks_vec_tanh(p->y, ks_layer_numbers(p));
    }
}

static void backward(const ks_layer_pass* p) {
    ks_layer_copy(p, p->dx, p->dy);
    ks_vec_mask_tanh(p->dx, p->y, ks_layer_numbers(p));
}

static void r_forward(const ks_layer_pass* p) {
    ks_layer_copy(p, p->ry, p->rx);
    if (p->v_bias) {
        ks_vec_r_tanh(p->ry, p->r_kept, p->v_bias, p->y, ks_layer_pixels(p), p->layer->in.channels);
    } else {
        ks_layer_copy(p, p->r_kept, p->ry);
        ks_vec_mask_tanh(p->ry, p->y, ks_layer_numbers(p));
    }
}

static void r_backward(const ks_layer_pass* p) {
    ks_layer_copy(p, p->rdx, p->rdy);
    ks_vec_r_mask_tanh(p->rdx, p->y, p->dx, p->r_kept, ks_layer_numbers(p));
}

const ks_layer_kind ks_layer_tanh = {
    .name = "tanh",
    .elementwise = true,
    .takes_bias = true,
    .needs_y = true,
    .r_needs_dx = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
};
