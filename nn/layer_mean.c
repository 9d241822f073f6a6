/* mean: of every channel over the pixels of an image. Linear: R{x} goes where x goes. */
#include "nn/layer.h"

static bool shape(ks_layer* layer, ks_error* err) {
    (void)err;
    layer->out = (ks_image_shape){layer->in.channels, 1, 1};
    return true;
}

static void means(const ks_layer_pass* p, ks_real* restrict y, const ks_real* restrict x) {
    size_t channels = p->layer->in.channels, pixels = ks_image_pixels(p->layer->in);
    memset(y, 0, p->n * channels * sizeof *y);
    for (size_t i = 0; i < p->n; i++, y += channels) {
        for (size_t k = 0; k < pixels; k++, x += channels) {
            for (size_t c = 0; c < channels; c++) {
                y[c] += x[c];
            }
        }
        for (size_t c = 0; c < channels; c++) {
            y[c] /= (ks_real)pixels;
        }
    }
}

static void spread(const ks_layer_pass* p, ks_real* restrict dx, const ks_real* restrict dy) {
    size_t channels = p->layer->in.channels, pixels = ks_image_pixels(p->layer->in);
    for (size_t i = 0; i < p->n; i++, dy += channels) {
        for (size_t k = 0; k < pixels; k++, dx += channels) {
            for (size_t c = 0; c < channels; c++) {
                dx[c] = dy[c] / (ks_real)pixels;
            }
        }
    }
}

static void forward(const ks_layer_pass* p) {
    means(p, p->y, p->x);
}

static void backward(const ks_layer_pass* p) {
    spread(p, p->dx, p->dy);
}

static void r_forward(const ks_layer_pass* p) {
    means(p, p->ry, p->rx);
}

static void r_backward(const ks_layer_pass* p) {
    spread(p, p->rdx, p->rdy);
}

const ks_layer_kind ks_layer_mean = {
    .name = "mean",
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
};
