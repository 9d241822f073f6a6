/* context: inputs that nobody gives: φ, parameters, behind the channels of every pixel (Zintgraf et al. 2019, CAVIA, where they
 * alone adapt to a task). */
#include "nn/layer.h"

enum { SIZE };

static bool shape(ks_layer* layer, ks_error* err) {
    (void)err;
    size_t size = (size_t)layer->value[SIZE];
    layer->out.channels = layer->in.channels + size;
    layer->tensor[layer->num_tensors++] = (ks_layer_tensor){"context", 1, {size}};
    return true;
}

/* y = [x, φ]; x NULL: zeros */
static void append(const ks_layer_pass* p, ks_real* y, const ks_real* x, const ks_real* context) {
    size_t in = p->layer->in.channels, out = p->layer->out.channels;
    for (size_t i = 0; i < ks_layer_pixels(p); i++) {
        if (x) {
            memcpy(y + i * out, x + i * in, in * sizeof *y);
        } else {
            memset(y + i * out, 0, in * sizeof *y);
        }
        memcpy(y + i * out + in, context, (out - in) * sizeof *y);
    }
}

/* grad += Σ over pixels of what came to φ; dx: what came to x, or NULL */
static void part(const ks_layer_pass* p, ks_real* dx, const ks_real* dy) {
    size_t in = p->layer->in.channels, out = p->layer->out.channels;
    for (size_t c = 0; p->grad && c < out - in; c++) {
        double sum = 0;
        for (size_t i = 0; i < ks_layer_pixels(p); i++) {
            sum += (double)dy[i * out + in + c];
        }
        p->grad[c] += (ks_real)sum;
    }
    for (size_t i = 0; dx && i < ks_layer_pixels(p); i++) {
        memcpy(dx + i * in, dy + i * out, in * sizeof *dx);
    }
}

static void forward(const ks_layer_pass* p) {
    append(p, p->y, p->x, p->theta);
}

static void backward(const ks_layer_pass* p) {
    part(p, p->dx, p->dy);
}

static void r_forward(const ks_layer_pass* p) {
    append(p, p->ry, p->rx, p->v);
}

static void r_backward(const ks_layer_pass* p) {
    part(p, p->rdx, p->rdy);
}

const ks_layer_kind ks_layer_context = {
    .name = "context",
    .field = {[SIZE] = {"size", KS_FIELD_WHOLE, 1, KS_LAYER_MAX_SIZE, KS_FIELD_MISSING, false}},
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
};
