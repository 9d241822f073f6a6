/* max_pool: the largest number of each size x size window of a channel; windows follow each other, and what does not
 * fill one is left out. The forward pass keeps where each came from (row by row in the window, the first of equals;
 * not-a-number wins), and that place routes x, d, R{x} and R{d} alike. It is kept as a ks_real, as wide as what it
 * chooses among. */
#include "nn/layer.h"

enum { SIZE };

static bool shape(ks_layer* layer, ks_error* err) {
    size_t size = (size_t)layer->value[SIZE];
    ks_image_shape in = layer->in;
    if (in.height < size || in.width < size) {
        return ks_fail(err, KS_BAD_INPUT, "a window of %zu x %zu does not fit into %zu x %zu pixels", size, size,
                       in.height, in.width);
    }
    layer->out = (ks_image_shape){in.channels, in.height / size, in.width / size};
    layer->kept = ks_image_numbers(layer->out);
    return true;
}

/* What is done at a place of a window with all its channels: to ← from where that place is the one that is kept, or
 * will be. The first place of a window is 0. */
typedef void at_place(ks_real* restrict to, ks_real* restrict kept, const ks_real* restrict from, ks_real place,
                      size_t channels);

/* at every place of every window; up: from the input's place to the output, else back */
static inline __attribute__((always_inline)) void everywhere(const ks_layer_pass* p, at_place* act, ks_real* to,
                                                             const ks_real* from, const bool up) {
    const ks_layer* layer = p->layer;
    size_t size = (size_t)layer->value[SIZE], channels = layer->in.channels, row = layer->in.width * channels,
           above = 0;
    for (size_t i = 0; i < p->n; i++) {
        for (size_t y = 0; y < layer->out.height; y++) {
            size_t corner = (i * layer->in.height + y * size) * row;
            for (size_t x = 0; x < layer->out.width; x++, above += channels, corner += size * channels) {
                ks_real place = 0;
                for (size_t ky = 0; ky < size; ky++) {
                    for (size_t kx = 0; kx < size; kx++, place++) {
                        size_t below = corner + ky * row + kx * channels;
                        act(to + (up ? above : below), p->kept + above, from + (up ? below : above), place, channels);
                    }
                }
            }
        }
    }
}

static inline void choose(ks_real* restrict y, ks_real* restrict kept, const ks_real* restrict x, ks_real place,
                          size_t channels) {
    if (place == 0) {
        memcpy(y, x, channels * sizeof *y);
        memset(kept, 0, channels * sizeof *kept);
        return;
    }
    for (size_t c = 0; c < channels; c++) {
        const ks_real best = y[c], next = x[c];
        const bool more = next > best || (next != next && best == best);
        y[c] = more ? next : best;
        kept[c] = more ? place : kept[c];
    }
}

static inline void pick(ks_real* restrict y, ks_real* restrict kept, const ks_real* restrict x, ks_real place,
                        size_t channels) {
    for (size_t c = 0; c < channels; c++) {
        y[c] = kept[c] == place ? x[c] : y[c];
    }
}

static inline void route(ks_real* restrict x, ks_real* restrict kept, const ks_real* restrict y, ks_real place,
                         size_t channels) {
    for (size_t c = 0; c < channels; c++) {
        x[c] = kept[c] == place ? y[c] : 0;
    }
}

static void forward(const ks_layer_pass* p) {
    everywhere(p, choose, p->y, p->x, true);
}

static void r_forward(const ks_layer_pass* p) {
    everywhere(p, pick, p->ry, p->rx, true);
}

/* zeros where no window is */
static void clear(const ks_layer_pass* p, ks_real* below) {
    size_t size = (size_t)p->layer->value[SIZE];
    if (p->layer->in.height % size || p->layer->in.width % size) {
        memset(below, 0, p->n * ks_image_numbers(p->layer->in) * sizeof *below);
    }
}

static void backward(const ks_layer_pass* p) {
    clear(p, p->dx);
    everywhere(p, route, p->dx, p->dy, false);
}

static void r_backward(const ks_layer_pass* p) {
    clear(p, p->rdx);
    everywhere(p, route, p->rdx, p->rdy, false);
}

const ks_layer_kind ks_layer_max_pool = {
    .name = "max_pool",
    .field = {[SIZE] = {"size", KS_FIELD_WHOLE, 1, 255, 2, false}},
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
};
