/* flatten: an image as a vector, in the order channel, row, column. */
#include "nn/gemm.h"
#include "nn/layer.h"

static bool shape(ks_layer* layer, ks_error* err) {
    (void)err;
    layer->out = (ks_image_shape){ks_image_numbers(layer->in), 1, 1};
    return true;
}

/* every image from (rows x cols) to (cols x rows) */
static void turn(const ks_layer_pass* p, ks_real* to, const ks_real* from, size_t rows, size_t cols) {
    for (size_t i = 0; i < p->n; i++) {
        ks_transpose(to + i * rows * cols, from + i * rows * cols, rows, cols);
    }
}

static void forward(const ks_layer_pass* p) {
    turn(p, p->y, p->x, ks_image_pixels(p->layer->in), p->layer->in.channels);
}

static void backward(const ks_layer_pass* p) {
    turn(p, p->dx, p->dy, p->layer->in.channels, ks_image_pixels(p->layer->in));
}

static void r_forward(const ks_layer_pass* p) {
    turn(p, p->ry, p->rx, ks_image_pixels(p->layer->in), p->layer->in.channels);
}

static void r_backward(const ks_layer_pass* p) {
    turn(p, p->rdx, p->rdy, p->layer->in.channels, ks_image_pixels(p->layer->in));
}

const ks_layer_kind ks_layer_flatten = {
    .name = "flatten",
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
};
