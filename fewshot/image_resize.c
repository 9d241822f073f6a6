#include "fewshot/image_resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LOBES = 3, BITS = 22 };

/* What every output pixel of a line takes of the input's. */
typedef struct weights {
    size_t in, out; /* pixels of a line; 0: none yet */
    size_t most;    /* weights of a pixel at most */
    size_t* first;  /* (out) input pixel of its first weight */
    size_t* count;  /* (out) */
    int32_t* value; /* (out x most), in units of 2^-BITS */
} weights;

struct ks_image_resizer {
    weights across, down;
    uint8_t* between; /* (image height x size x channels) */
    size_t room;      /* bytes of it */
};

/* sin(πx) / (πx), by its series, so that no digit depends on the C library. |x| <= 3. */
static double sinc(double x) {
    if (x == 0) {
        return 1;
    }
    double turns = floor(x + 0.5), y = 3.14159265358979323846 * (x - turns), sum = y, term = y;
    for (int n = 2; n < 24; n += 2) {
        term *= -y * y / (n * (n + 1));
        sum += term;
    }
    return ((int)turns % 2 ? -sum : sum) / (3.14159265358979323846 * x);
}

static double lanczos(double x) {
    return x >= -LOBES && x < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
}

static void free_weights(weights* w) {
    free(w->first);
    free(w->count);
    free(w->value);
    *w = (weights){0};
}

/* The weights of output pixel o. real: (most) */
static void weigh(weights* w, size_t o, double* real) {
    double scale = (double)w->in / (double)w->out, wide = scale < 1 ? 1 : scale;
    double center = ((double)o + 0.5) * scale, reach = LOBES * wide;
    double low = floor(center - reach + 0.5), high = floor(center + reach + 0.5);
    size_t first = low < 0 ? 0 : (size_t)low, end = high > (double)w->in ? w->in : (size_t)high;
    double sum = 0;
    for (size_t i = first; i < end; i++) {
        real[i - first] = lanczos(((double)i - center + 0.5) * (1 / wide));
        sum += real[i - first];
    }
    for (size_t i = 0; i < end - first; i++) {
        double whole = real[i] / sum * (1 << BITS);
        w->value[o * w->most + i] = (int32_t)(whole < 0 ? whole - 0.5 : whole + 0.5);
    }
    w->first[o] = first;
    w->count[o] = end - first;
}

static bool make_weights(weights* w, size_t in, size_t out, ks_error* err) {
    if (w->in == in && w->out == out) {
        return true;
    }
    free_weights(w);
    double scale = (double)in / (double)out;
    w->most = (size_t)ceil(LOBES * (scale < 1 ? 1 : scale)) * 2 + 1;
    w->first = malloc(out * sizeof *w->first);
    w->count = malloc(out * sizeof *w->count);
    w->value = malloc(out * w->most * sizeof *w->value);
    double* real = malloc(w->most * sizeof *real);
    bool ok = w->first && w->count && w->value && real;
    if (ok) {
        w->in = in;
        w->out = out;
        for (size_t o = 0; o < out; o++) {
            weigh(w, o, real);
        }
    }
    free(real);
    return ok || ks_fail(err, KS_FAILED, "not enough memory to resize an image");
}

/* One output number: pixels are `step` bytes apart. */
static uint8_t weighted(const weights* w, size_t o, const uint8_t* line, size_t step) {
    const int32_t* value = w->value + o * w->most;
    const uint8_t* in = line + w->first[o] * step;
    int64_t sum = 1 << (BITS - 1);
    for (size_t i = 0; i < w->count[o]; i++) {
        sum += (int64_t)value[i] * in[i * step];
    }
    sum >>= BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

ks_image_resizer* ks_image_resizer_create(ks_error* err) {
    ks_image_resizer* r = calloc(1, sizeof *r);
    if (!r) {
        ks_fail(err, KS_FAILED, "not enough memory");
    }
    return r;
}

void ks_image_resizer_destroy(ks_image_resizer* r) {
    if (r) {
        free_weights(&r->across);
        free_weights(&r->down);
        free(r->between);
        free(r);
    }
}

static bool make_room(ks_image_resizer* r, size_t bytes, ks_error* err) {
    if (bytes > r->room) {
        free(r->between);
        r->between = malloc(bytes);
        r->room = r->between ? bytes : 0;
    }
    return r->room >= bytes || ks_fail(err, KS_FAILED, "not enough memory to resize an image");
}

bool ks_image_resize(uint8_t* out, size_t size, const ks_image* image, ks_image_resizer* r, ks_error* err) {
    size_t channels = image->channels, width = image->width, height = image->height;
    if (!make_room(r, height * size * channels, err) || !make_weights(&r->across, width, size, err) ||
        !make_weights(&r->down, height, size, err)) {
        return false;
    }
    const uint8_t* narrow = image->pixels;
    if (width != size) {
        for (size_t y = 0; y < height; y++) {
            for (size_t x = 0; x < size; x++) {
                for (size_t c = 0; c < channels; c++) {
                    r->between[(y * size + x) * channels + c] =
                        weighted(&r->across, x, image->pixels + y * width * channels + c, channels);
                }
            }
        }
        narrow = r->between;
    }
    if (height == size) {
        memcpy(out, narrow, size * size * channels);
        return true;
    }
    size_t row = size * channels;
    for (size_t y = 0; y < size; y++) {
        for (size_t i = 0; i < row; i++) {
            out[y * row + i] = weighted(&r->down, y, narrow + i, row);
        }
    }
    return true;
}
