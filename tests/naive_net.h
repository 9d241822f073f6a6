/* naive_net.h: networks as their layers are defined, slow and obvious: one image after the other, channel x row x
 * column, in double, parameters from θ as it is documented. For the double build. */
#ifndef KS_TESTS_NAIVE_NET_H
#define KS_TESTS_NAIVE_NET_H

#include "nn/net.h"
#include "policy_support.h"

#include <string.h>

static inline double naive_field(const ks_layer* layer, const char* name) {
    int f = ks_layer_field_index(layer->kind, name);
    assert_true(f >= 0);
    return layer->value[f];
}

/* number (c, y, x) of the i-th image; 0 outside of it */
static inline double naive_pixel(const double* images, ks_image_shape s, size_t i, size_t c, long y, long x) {
    bool inside = y >= 0 && x >= 0 && y < (long)s.height && x < (long)s.width;
    return inside ? images[((i * s.channels + c) * s.height + (size_t)y) * s.width + (size_t)x] : 0;
}

static inline double naive_conv(const ks_layer* layer, const double* theta, const double* in, size_t i, size_t o,
                                size_t y, size_t x) {
    size_t kernel = (size_t)naive_field(layer, "kernel"), channels = layer->in.channels;
    long stride = (long)naive_field(layer, "stride"), pad = (long)naive_field(layer, "pad");
    double sum = theta[layer->out.channels * channels * kernel * kernel + o];
    for (size_t c = 0; c < channels; c++) {
        for (size_t ky = 0; ky < kernel; ky++) {
            for (size_t kx = 0; kx < kernel; kx++) {
                sum += theta[((o * channels + c) * kernel + ky) * kernel + kx] *
                       naive_pixel(in, layer->in, i, c, (long)y * stride + (long)ky - pad,
                                   (long)x * stride + (long)kx - pad);
            }
        }
    }
    return sum;
}

static inline double naive_pool(const ks_layer* layer, const double* in, size_t i, size_t c, size_t y, size_t x) {
    size_t size = (size_t)naive_field(layer, "size");
    double most = -INFINITY;
    for (size_t ky = 0; ky < size; ky++) {
        for (size_t kx = 0; kx < size; kx++) {
            most = fmax(most, naive_pixel(in, layer->in, i, c, (long)(y * size + ky), (long)(x * size + kx)));
        }
    }
    return most;
}

static inline double naive_mean(const ks_layer* layer, const double* in, size_t i, size_t c) {
    double sum = 0;
    for (size_t p = 0; p < ks_image_pixels(layer->in); p++) {
        sum += in[(i * layer->in.channels + c) * ks_image_pixels(layer->in) + p];
    }
    return sum / (double)ks_image_pixels(layer->in);
}

/* statistics: mean and variance of each channel: computed, unless they are given */
static inline void naive_batch_norm(double* out, const ks_layer* layer, const double* theta, const double* in, size_t n,
                                    double* statistics, bool given) {
    size_t features = layer->in.channels, pixels = ks_image_pixels(layer->in);
    bool scale = naive_field(layer, "scale") != 0;
    for (size_t c = 0; c < features; c++) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < n * pixels; i++) {
            mean += in[(i / pixels * features + c) * pixels + i % pixels] / (double)(n * pixels);
        }
        for (size_t i = 0; i < n * pixels; i++) {
            double d = in[(i / pixels * features + c) * pixels + i % pixels] - mean;
            variance += d * d / (double)(n * pixels);
        }
        if (given) {
            mean = statistics[c];
            variance = statistics[features + c];
        }
        statistics[c] = mean;
        statistics[features + c] = variance;
        for (size_t i = 0; i < n * pixels; i++) {
            size_t at = (i / pixels * features + c) * pixels + i % pixels;
            double x = (in[at] - mean) / sqrt(variance + naive_field(layer, "epsilon"));
            out[at] = (scale ? theta[c] : 1) * x + theta[(scale ? features : 0) + c];
        }
    }
}

static inline double naive_number(const ks_layer* layer, const double* theta, const double* in, size_t i, size_t c,
                                  size_t y, size_t x) {
    const char* kind = layer->kind->name;
    if (strcmp(kind, "dense") == 0) {
        double sum = theta[layer->in.channels * layer->out.channels + c];
        for (size_t k = 0; k < layer->in.channels; k++) {
            sum += theta[c * layer->in.channels + k] * in[i * layer->in.channels + k];
        }
        return sum;
    }
    if (strcmp(kind, "conv") == 0) {
        return naive_conv(layer, theta, in, i, c, y, x);
    }
    if (strcmp(kind, "max_pool") == 0) {
        return naive_pool(layer, in, i, c, y, x);
    }
    if (strcmp(kind, "mean") == 0) {
        return naive_mean(layer, in, i, c);
    }
    if (strcmp(kind, "flatten") == 0) {
        return in[i * layer->out.channels + c];
    }
    if (strcmp(kind, "context") == 0) {
        return c < layer->in.channels ? naive_pixel(in, layer->in, i, c, (long)y, (long)x)
                                      : theta[c - layer->in.channels];
    }
    double z = naive_pixel(in, layer->in, i, c, (long)y, (long)x);
    return strcmp(kind, "tanh") == 0 ? tanh(z) : fmax(z, 0);
}

/* images from channels last to channels first, or back */
static inline void naive_turn(double* out, const double* in, ks_image_shape s, size_t n, bool channels_first) {
    for (size_t i = 0; i < n * ks_image_numbers(s); i++) {
        size_t image = i / ks_image_numbers(s), c = i % s.channels, p = i / s.channels % ks_image_pixels(s);
        size_t first = (image * s.channels + c) * ks_image_pixels(s) + p;
        out[channels_first ? first : i] = in[channels_first ? i : first];
    }
}

/* out (n x outputs) from x (n x inputs), both channels last as the network has them; statistics (num_statistics) */
static inline void naive_net(double* out, const ks_net* net, const double* theta, size_t n, const double* x,
                             double* statistics, bool given) {
    arena m = {0};
    double* in = arena_alloc(&m, n * net->inputs * sizeof *in);
    naive_turn(in, x, net->input, n, true);
    for (int l = 0; l < net->num_layers; l++) {
        const ks_layer* layer = &net->layer[l];
        ks_image_shape s = layer->out;
        double* next = arena_alloc(&m, n * ks_image_numbers(s) * sizeof *next);
        if (strcmp(layer->kind->name, "batch_norm") == 0) {
            naive_batch_norm(next, layer, theta, in, n, statistics, given);
        } else {
            for (size_t i = 0; i < n * ks_image_numbers(s); i++) {
                size_t p = i % ks_image_pixels(s), c = i / ks_image_pixels(s) % s.channels;
                next[i] = naive_number(layer, theta, in, i / ks_image_numbers(s), c, p / s.width, p % s.width);
            }
        }
        theta += layer->num_params;
        statistics += layer->statistics;
        in = next;
    }
    naive_turn(out, in, net->output, n, false);
    arena_free(&m);
}

#endif
