/* conv: every output pixel is a dense layer over the patch of the input under the kernel; zeros lie around the image.
 *
 * Forward, the patches of a row of output pixels are one matrix for each row of the kernel, and these lie in the
 * padded image as they are: with channels last, a row of a patch is contiguous, and the next patch is `stride` pixels
 * further. So a strip of the image is copied between its zeros, and multiplied from there.
 *
 * Where that gives small matrices (few channels, narrow images), and for the gradient of W, whose chains run over
 * pixels, the patches of some output pixels at a time, (pixels x kernel·kernel·channels), are copied into a block
 * that stays in the cache. A number that is copied is multiplied by every output channel, so the copying is a few
 * percent of the work. Backward, D W is a block of patches, too, which is added to the image where it belongs.
 *
 * W is (out x in x kernel x kernel) in θ. Packed: Wᵀ (patch x out) for forward, then W (out x patch) for backward,
 * both with the patch's order, kernel row x kernel column x channel. Every output is one chain in that order, either
 * way. */
#include "nn/gemm.h"
#include "nn/layer.h"
#include "nn/vec.h"

enum { IN, OUT, KERNEL, STRIDE, PAD };
/* numbers of a block of patches and of their products, about; and rows of the kernels' tiles */
enum { BLOCK_NUMBERS = 32 * 1024, TILE_ROWS = 12 };
/* Forward goes strip by strip from as many numbers in a row of a patch, and as many output pixels in a row, on
 * (measured). */
enum { STRIP_ROW = 32, STRIP_WIDTH = 16 };

typedef struct conv {
    size_t kernel, stride, pad;
    ks_image_shape in, out;
    size_t row;    /* numbers of one row of a patch: kernel x channels */
    size_t patch;  /* numbers of a patch */
    size_t block;  /* pixels of a block at most */
    size_t pixels; /* of all output images */
    bool as_is;    /* patches are the pixels themselves */
    size_t strip;  /* rows of output pixels at a time in forward; 0: it goes by patches */
    size_t num_weights;
} conv;

static conv sizes(const ks_layer* layer, size_t n) {
    conv c = {.kernel = (size_t)layer->value[KERNEL],
              .stride = (size_t)layer->value[STRIDE],
              .pad = (size_t)layer->value[PAD],
              .in = layer->in,
              .out = layer->out};
    c.row = c.kernel * c.in.channels;
    c.patch = c.kernel * c.row;
    c.block = BLOCK_NUMBERS / (c.patch + c.out.channels) / TILE_ROWS * TILE_ROWS;
    c.block = c.block < TILE_ROWS ? TILE_ROWS : c.block;
    c.pixels = n * ks_image_pixels(c.out);
    c.as_is = c.kernel == 1 && c.stride == 1 && c.pad == 0;
    c.num_weights = c.out.channels * c.patch;
    if (!c.as_is && c.row >= STRIP_ROW && c.out.width >= STRIP_WIDTH) {
        size_t rows = BLOCK_NUMBERS / ((c.in.width + 2 * c.pad) * c.in.channels);
        c.strip = rows < c.kernel + c.stride ? 1 : (rows - c.kernel) / c.stride + 1;
    }
    return c;
}

static bool shape(ks_layer* layer, ks_error* err) {
    ks_image_shape in = layer->in;
    size_t kernel = (size_t)layer->value[KERNEL], stride = (size_t)layer->value[STRIDE],
           pad = (size_t)layer->value[PAD];
    if (!ks_layer_infer(layer, IN, in.channels, err)) {
        return false;
    }
    if (in.height + 2 * pad < kernel || in.width + 2 * pad < kernel) {
        return ks_fail(err, KS_BAD_INPUT,
                       "a kernel of %zu x %zu does not fit into %zu x %zu pixels with %zu zeros on every side", kernel,
                       kernel, in.height, in.width, pad);
    }
    size_t out = (size_t)layer->value[OUT];
    layer->out =
        (ks_image_shape){out, (in.height + 2 * pad - kernel) / stride + 1, (in.width + 2 * pad - kernel) / stride + 1};
    layer->tensor[0] = (ks_layer_tensor){"weight", 4, {out, in.channels, kernel, kernel}};
    layer->tensor[1] = (ks_layer_tensor){"bias", 1, {out}};
    layer->num_tensors = 2;
    conv c = sizes(layer, 1);
    layer->packed = 2 * c.num_weights;
    layer->products = c.num_weights * ks_image_pixels(c.out);
    /* a block of patches; the sums of gradients in double and in ks_real */
    size_t strip = c.strip ? ((c.strip - 1) * stride + kernel) * (in.width + 2 * pad) * in.channels : 0;
    size_t patches = c.block * c.patch > strip ? c.block * c.patch : strip;
    layer->scratch = patches + (c.num_weights + out) * (sizeof(double) / sizeof(ks_real)) + c.num_weights;
    return true;
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

static void pack(const ks_layer* layer, ks_real* packed, const ks_real* theta) {
    conv c = sizes(layer, 1);
    size_t taps = c.kernel * c.kernel;
    ks_real* w = packed + c.num_weights;
    for (size_t o = 0; o < c.out.channels; o++) {
        ks_transpose(w + o * c.patch, theta + o * c.patch, c.in.channels, taps);
    }
    ks_transpose(packed, w, c.out.channels, c.patch);
}

/* ---- patches ----------------------------------------------------------------------------------------------------- */

/* an output pixel, and the part of its patch that lies within the image */
typedef struct window {
    size_t y, x;        /* of the pixel */
    size_t image;       /* where its image starts in all images */
    size_t top, bottom; /* rows of the kernel, from and to before */
    size_t left, right; /* numbers of a row of the patch, likewise; nothing where there is no row or no column */
    size_t row, start;  /* where the top row of the image starts in all images, and where that part does */
} window;

/* kernel positions k that see 0 <= at + k - pad < size: from the first to before the end */
static inline size_t first_inside(size_t at, size_t pad, size_t kernel) {
    size_t first = at < pad ? pad - at : 0;
    return first < kernel ? first : kernel;
}

static inline size_t end_inside(size_t at, size_t pad, size_t kernel, size_t size) {
    size_t end = size + pad > at ? size + pad - at : 0;
    return end < kernel ? end : kernel;
}

static void see_rows(window* w, const conv* c) {
    size_t y = w->y * c->stride;
    w->top = first_inside(y, c->pad, c->kernel);
    w->bottom = end_inside(y, c->pad, c->kernel, c->in.height);
    w->bottom = w->bottom > w->top ? w->bottom : w->top;
    w->row = w->bottom > w->top ? w->image + (y + w->top - c->pad) * c->in.width * c->in.channels : w->image;
}

static inline void see_columns(window* w, const conv* c) {
    size_t x = w->x * c->stride;
    size_t left = first_inside(x, c->pad, c->kernel), right = end_inside(x, c->pad, c->kernel, c->in.width);
    w->left = left * c->in.channels;
    w->right = right > left ? right * c->in.channels : w->left;
    w->start = right > left ? w->row + (x + left - c->pad) * c->in.channels : w->row;
}

static window window_of(const conv* c, size_t pixel) {
    size_t per_image = ks_image_pixels(c->out);
    window w = {.y = pixel % per_image / c->out.width,
                .x = pixel % per_image % c->out.width,
                .image = pixel / per_image * ks_image_numbers(c->in)};
    see_rows(&w, c);
    see_columns(&w, c);
    return w;
}

static inline void move_on(window* w, const conv* c) {
    if (++w->x == c->out.width) {
        w->x = 0;
        if (++w->y == c->out.height) {
            w->y = 0;
            w->image += ks_image_numbers(c->in);
        }
        see_rows(w, c);
    }
    see_columns(w, c);
}

static void zero(ks_real* restrict to, size_t n) {
    for (size_t i = 0; i < n; i++) {
        to[i] = 0;
    }
}

static void copy(ks_real* restrict to, const ks_real* restrict from, size_t n) {
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i];
    }
}

/* patches (count x patch) of the output pixels from first on; row is c->row, a constant where the compiler should
 * know it */
static inline __attribute__((always_inline)) void gather_rows(const conv* c, ks_real* to, const ks_real* x,
                                                              size_t first, size_t count, const size_t row) {
    window w = window_of(c, first);
    for (size_t i = 0; i < count; i++, move_on(&w, c)) {
        const ks_real* from = x + w.start;
        for (size_t k = 0; k < c->kernel; k++, to += row) {
            if (k < w.top || k >= w.bottom) {
                zero(to, row);
                continue;
            }
            if (w.right - w.left == row) {
                copy(to, from, row);
            } else {
                zero(to, w.left);
                copy(to + w.left, from, w.right - w.left);
                zero(to + w.right, row - w.right);
            }
            from += c->in.width * c->in.channels;
        }
    }
}

static const ks_real* gather(const conv* c, ks_real* patches, const ks_real* x, size_t first, size_t count) {
    if (c->as_is) {
        return x + first * c->in.channels;
    }
    switch (c->row) {
        case 3: /* of grey images */
            gather_rows(c, patches, x, first, count, 3);
            break;
        case 9: /* of colour images */
            gather_rows(c, patches, x, first, count, 9);
            break;
        default:
            gather_rows(c, patches, x, first, count, c->row);
    }
    return patches;
}

/* dx += the patches, each number where it came from */
static void scatter(const conv* c, ks_real* dx, const ks_real* patches, size_t first, size_t count) {
    window w = window_of(c, first);
    for (size_t i = 0; i < count; i++, patches += c->patch, move_on(&w, c)) {
        for (size_t k = w.top; k < w.bottom; k++) {
            const ks_real* restrict from = patches + k * c->row + w.left;
            ks_real* restrict to = dx + w.start + (k - w.top) * c->in.width * c->in.channels;
            for (size_t j = 0; j < w.right - w.left; j++) {
                to[j] += from[j];
            }
        }
    }
}

/* ---- forward ----------------------------------------------------------------------------------------------------- */

static size_t block_end(const conv* c, size_t first) {
    return c->pixels - first < c->block ? c->pixels - first : c->block;
}

/* y (pixels x out) = [y +] patches of x · packed, block by block */
static void multiply_patches(const conv* c, ks_real* y, const ks_real* x, const ks_real* packed, bool accumulate,
                             ks_real* scratch) {
    for (size_t first = 0; first < c->pixels; first += c->block) {
        size_t count = block_end(c, first);
        ks_gemm_forward(y + first * c->out.channels, gather(c, scratch, x, first, count), packed, count, c->patch,
                        c->out.channels, accumulate);
    }
}

/* a strip (rows x padded width x channels) of an image with its zeros, from a row of that on */
static void pad_rows(const conv* c, ks_real* strip, const ks_real* image, size_t first, size_t rows) {
    size_t margin = c->pad * c->in.channels, width = c->in.width * c->in.channels;
    for (size_t r = first; r < first + rows; r++, strip += width + 2 * margin) {
        if (r < c->pad || r - c->pad >= c->in.height) {
            zero(strip, width + 2 * margin);
            continue;
        }
        zero(strip, margin);
        copy(strip + margin, image + (r - c->pad) * width, width);
        zero(strip + margin + width, margin);
    }
}

/* The same, strip by strip: the patches of a row of output pixels are as many matrices as the kernel has rows, which
 * lie in the strip as they are, each row `stride` pixels from the last. Nothing is copied but zeros and each number
 * once. The chain of every element is the same. */
static void multiply_rows(const conv* c, ks_real* y, const ks_real* x, const ks_real* packed, bool accumulate,
                          ks_real* strip) {
    size_t out = c->out.channels, row = (c->in.width + 2 * c->pad) * c->in.channels;
    for (size_t i = 0; i < c->pixels / ks_image_pixels(c->out); i++) {
        for (size_t first = 0; first < c->out.height; first += c->strip) {
            size_t rows = c->out.height - first < c->strip ? c->out.height - first : c->strip;
            pad_rows(c, strip, x + i * ks_image_numbers(c->in), first * c->stride, (rows - 1) * c->stride + c->kernel);
            for (size_t r = 0; r < rows; r++, y += c->out.width * out) {
                for (size_t k = 0; k < c->kernel; k++) {
                    ks_gemm_shape shape = {c->out.width, out, c->row, c->stride * c->in.channels,
                                           out,          out, false,  false};
                    shape.accumulate = accumulate || k > 0;
                    ks_gemm_strided(y, strip + (r * c->stride + k) * row, packed + k * c->row * out, &shape);
                }
            }
        }
    }
}

static void multiply(const conv* c, ks_real* y, const ks_real* x, const ks_real* packed, bool accumulate,
                     ks_real* scratch) {
    (c->strip > 0 ? multiply_rows : multiply_patches)(c, y, x, packed, accumulate, scratch);
}

static void add_bias(const ks_layer_pass* p, const conv* c, ks_real* y, const ks_real* theta) {
    if (!p->layer->leaves_bias) {
        ks_vec_bias(y, theta + c->num_weights, c->pixels, c->out.channels);
    }
}

static void forward(const ks_layer_pass* p) {
    conv c = sizes(p->layer, p->n);
    multiply(&c, p->y, p->x, p->packed, false, p->scratch);
    add_bias(p, &c, p->y, p->theta);
}

/* R{Z} = X * V_W + R{X} * W + v_b */
static void r_forward(const ks_layer_pass* p) {
    conv c = sizes(p->layer, p->n);
    multiply(&c, p->ry, p->x, p->v_packed, false, p->scratch);
    if (p->rx) {
        multiply(&c, p->ry, p->rx, p->packed, true, p->scratch);
    }
    add_bias(p, &c, p->ry, p->v);
}

/* ---- gradient of the parameters ---------------------------------------------------------------------------------- */

/* sums of a gradient, and of biases, (out). The gradient is (out x patch) or, where patches are smaller than the
 * output and the products' vectors would be half empty, (patch x out): each element is the same chain in both. */
typedef struct sums {
    double *weights, *biases;
    ks_real* part;  /* of the weights, over a chain of pixels */
    size_t chained; /* pixels in it */
    bool in_double; /* there is more than one chain */
    bool turned;    /* the gradient is (patch x out) */
} sums;

static sums start_sums(const conv* c, const ks_layer_pass* p) {
    double* memory = (double*)(void*)p->scratch;
    sums s = {.weights = memory,
              .biases = memory + c->num_weights,
              .in_double = c->pixels > KS_LAYER_CHAIN_PIXELS,
              .turned = c->patch < c->out.channels};
    s.part = (ks_real*)(void*)(s.biases + c->out.channels);
    if (s.in_double) {
        memset(s.weights, 0, c->num_weights * sizeof *s.weights);
    }
    memset(s.biases, 0, c->out.channels * sizeof *s.biases);
    memset(s.part, 0, c->num_weights * sizeof *s.part);
    return s;
}

static void next_chain(const conv* c, sums* s) {
    for (size_t i = 0; i < c->num_weights; i++) {
        s->weights[i] += s->part[i];
        s->part[i] = 0;
    }
    s->chained = 0;
}

/* += gᵀ · patches */
static void add_products(const conv* c, sums* s, const ks_real* g, const ks_real* patches, size_t count) {
    if (s->turned) {
        ks_gemm_weights(s->part, patches, g, count, c->out.channels, c->patch, true);
    } else {
        ks_gemm_weights(s->part, g, patches, count, c->patch, c->out.channels, true);
    }
}

/* the scratch behind the sums, for patches */
static ks_real* patch_scratch(const conv* c, const sums* s) {
    return s->part + c->num_weights;
}

/* grad_W (out x in x kernel x kernel) += the sums, in their order, and grad_b likewise */
static void add_sums(const conv* c, sums* s, ks_real* grad) {
    size_t taps = c->kernel * c->kernel;
    ks_real* turned = patch_scratch(c, s);
    if (s->in_double) {
        next_chain(c, s);
        for (size_t i = 0; i < c->num_weights; i++) {
            s->part[i] = (ks_real)s->weights[i];
        }
    }
    for (size_t o = 0; o < c->out.channels; o++, grad += c->patch) {
        const ks_real* sum = s->part + o * c->patch;
        if (s->turned) {
            sum = turned + c->patch;
            for (size_t i = 0; i < c->patch; i++) {
                turned[c->patch + i] = s->part[i * c->out.channels + o];
            }
        }
        ks_transpose(turned, sum, taps, c->in.channels);
        ks_vec_bias(grad, turned, 1, c->patch);
    }
    for (size_t o = 0; o < c->out.channels; o++) {
        grad[o] += (ks_real)s->biases[o];
    }
}

/* ---- backward ---------------------------------------------------------------------------------------------------- */

/* grad += gᵀ · patches of x [+ dᵀ · patches of rx], Σ g; below = the image of g W [+ d V] (or NULL). Forward: g is D.
 * With the R-operator, g is R{D}, d is D, and all terms are there. */
static void pull_back(const ks_layer_pass* p, const ks_real* g, const ks_real* d, ks_real* below) {
    conv c = sizes(p->layer, p->n);
    size_t out = c.out.channels;
    sums s = start_sums(&c, p);
    ks_real* patches = patch_scratch(&c, &s);
    if (below) {
        memset(below, 0, p->n * ks_image_numbers(c.in) * sizeof *below);
    }
    for (size_t first = 0; first < c.pixels; first += c.block) {
        size_t count = block_end(&c, first);
        const ks_real *gb = g + first * out, *db = d ? d + first * out : NULL;
        if (p->grad) {
            add_products(&c, &s, gb, gather(&c, patches, p->x, first, count), count);
            if (db && p->rx) {
                add_products(&c, &s, db, gather(&c, patches, p->rx, first, count), count);
            }
            ks_vec_sum_rows(s.biases, gb, count, out);
            s.chained += count;
            if (s.in_double && s.chained + c.block > KS_LAYER_CHAIN_PIXELS) {
                next_chain(&c, &s);
            }
        }
        if (below) {
            ks_gemm_backward(patches, gb, p->packed + c.num_weights, count, c.patch, out, false);
            if (db) {
                ks_gemm_backward(patches, db, p->v_packed + c.num_weights, count, c.patch, out, true);
            }
            scatter(&c, below, patches, first, count);
        }
    }
    if (p->grad) {
        add_sums(&c, &s, p->grad);
    }
}

static void backward(const ks_layer_pass* p) {
    pull_back(p, p->dy, NULL, p->dx);
}

static void r_backward(const ks_layer_pass* p) {
    pull_back(p, p->rdy, p->dy, p->rdx);
}

const ks_layer_kind ks_layer_conv = {
    .name = "conv",
    .field = {[IN] = {"in", KS_FIELD_WHOLE, 1, KS_LAYER_MAX_NUMBERS, 0, true},
              [OUT] = {"out", KS_FIELD_WHOLE, 1, KS_LAYER_MAX_SIZE, KS_FIELD_MISSING, false},
              [KERNEL] = {"kernel", KS_FIELD_WHOLE, 1, 255, 3, false},
              [STRIDE] = {"stride", KS_FIELD_WHOLE, 1, 255, 1, false},
              [PAD] = {"pad", KS_FIELD_WHOLE, 0, 255, 0, false}},
    .adds_bias = true,
    .needs_x = true,
    .r_needs_dy = true,
    .shape = shape,
    .pack = pack,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
};
