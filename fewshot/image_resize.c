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
    uint8_t *turned, *narrow; /* (room) each */
    int32_t* sum;             /* (num_sums) of a line */
    size_t room, num_sums;
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

/* Weighted sums of whole lines of `length` numbers: out (w->out x length) of in (w->in x length). sum: (length). 32 bits are enough:
 * the absolute weights of a pixel sum up to less than 2. */
static void combine(uint8_t* restrict out, const uint8_t* restrict in, size_t length, const weights* w,
                    int32_t* restrict sum) {
    for (size_t o = 0; o < w->out; o++) {
        for (size_t i = 0; i < length; i++) {
            sum[i] = 1 << (BITS - 1);
        }
        for (size_t k = 0; k < w->count[o]; k++) {
            const uint8_t* line = in + (w->first[o] + k) * length;
            int32_t value = w->value[o * w->most + k];
            for (size_t i = 0; i < length; i++) {
                sum[i] += value * line[i];
            }
        }
        for (size_t i = 0; i < length; i++) {
            int32_t whole = sum[i] >> BITS;
            out[o * length + i] = (uint8_t)(whole < 0 ? 0 : whole > 255 ? 255 : whole);
        }
    }
}

/* out (columns x rows) of in (rows x columns), in blocks that stay in the cache */
static void transpose(uint8_t* restrict out, const uint8_t* restrict in, size_t rows, size_t columns) {
    enum { BLOCK = 32 };
    for (size_t top = 0; top < rows; top += BLOCK) {
        size_t end = top + BLOCK < rows ? top + BLOCK : rows;
        for (size_t c = 0; c < columns; c++) {
            for (size_t r = top; r < end; r++) {
                out[c * rows + r] = in[r * columns + c];
            }
        }
    }
}

static void free_room(ks_image_resizer* r) {
    free(r->turned);
    free(r->narrow);
    free(r->sum);
    r->turned = r->narrow = NULL;
    r->sum = NULL;
    r->room = r->num_sums = 0;
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
        free_room(r);
        free(r);
    }
}

/* Memory for an image: two buffers as large as it, or as it is between the passes, and a line of sums. */
static bool make_room(ks_image_resizer* r, const ks_image* image, size_t size, ks_error* err) {
    size_t longer = image->width > size ? image->width : size;
    size_t bytes = longer * image->height * image->channels;
    size_t sums = (image->height > size ? image->height : size) * image->channels;
    if (bytes > r->room || sums > r->num_sums) {
        free_room(r);
        r->turned = malloc(bytes);
        r->narrow = malloc(bytes);
        r->sum = malloc(sums * sizeof *r->sum);
        if (!r->turned || !r->narrow || !r->sum) {
            free_room(r);
            return ks_fail(err, KS_FAILED, "not enough memory to resize an image");
        }
        r->room = bytes;
        r->num_sums = sums;
    }
    return true;
}

bool ks_image_resize(uint8_t* out, size_t size, const ks_image* image, ks_image_resizer* r, ks_error* err) {
    size_t channels = image->channels, width = image->width, height = image->height, row = size * channels;
    if (!make_room(r, image, size, err) || !make_weights(&r->across, width, size, err) ||
        !make_weights(&r->down, height, size, err)) {
        return false;
    }
    const uint8_t* narrow = image->pixels;
    if (width != size) { /* columns become lines, so that both passes sum up whole lines */
        transpose(r->turned, image->pixels, height, width * channels);
        combine(r->narrow, r->turned, channels * height, &r->across, r->sum);
        transpose(r->turned, r->narrow, row, height);
        narrow = r->turned;
    }
    if (height != size) {
        combine(out, narrow, row, &r->down, r->sum);
    } else {
        memcpy(out, narrow, size * row);
    }
    return true;
}
