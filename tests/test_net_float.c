/* Networks in the build that trains: dense layers with activations give the same bytes as nn/mlp.c, which trained
 * every policy so far. */
#include "nn/mlp.h"
#include "nn/net.h"
#include "policy_support.h"

#include <string.h>

enum { IN = 20, OUT = 6, ROWS = KS_BLOCK_ROWS };
static const int HIDDEN[] = {100, 37};

typedef struct memory {
    ks_real *hidden, *delta, *out, *grad, *r_hidden, *r_z, *r_delta, *r_out, *hv;
} memory;

static ks_real* aligned(arena* m, size_t numbers) {
    char* at = arena_alloc(m, numbers * sizeof(ks_real) + KS_NET_ALIGNMENT);
    return (ks_real*)(void*)(at + (KS_NET_ALIGNMENT - (uintptr_t)at % KS_NET_ALIGNMENT) % KS_NET_ALIGNMENT);
}

static ks_real* zeros(arena* m, size_t numbers) {
    return memset(reals(m, numbers), 0, numbers * sizeof(ks_real));
}

static ks_net make(ks_activation activation) {
    ks_layer layers[5];
    ks_error err = {0};
    for (int l = 0; l < 5; l++) {
        assert_true(ks_layer_make(&layers[l], l % 2 == 0 ? "dense" : activation == KS_RELU ? "relu" : "tanh", &err));
        assert_true(l % 2 == 1 || ks_layer_set(&layers[l], "out", l == 4 ? OUT : HIDDEN[l / 2], &err));
    }
    ks_net net;
    assert_true(ks_net_make(&net, layers, 5, (ks_image_shape){IN, 1, 1}, &err));
    return net;
}

static void same_bytes_as_mlp(void** state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        ks_activation activation = i % 2 ? KS_TANH : KS_RELU;
        size_t n = i < 2 ? ROWS : 33;
        arena m = {0};
        ks_mlp mlp = ks_mlp_make(IN, HIDDEN, 2, OUT, activation);
        ks_net net = make(activation);
        size_t p = mlp.num_params, h = ROWS * mlp.hidden_cols;
        assert_true(net.num_params == p && !net.couples_rows);
        ks_real *theta = normals(&m, p, 0.3), *v = normals(&m, p, 1), *x = normals(&m, n * IN, 1);
        ks_real *delta_out = normals(&m, n * OUT, 1), *r_delta_out = normals(&m, n * OUT, 1);
        memory a = {reals(&m, h), reals(&m, h), reals(&m, n * OUT), zeros(&m, p), reals(&m, h),
                    reals(&m, h), reals(&m, h), reals(&m, n * OUT), zeros(&m, p)};
        ks_mlp_weights w = ks_mlp_transpose(&mlp, theta, reals(&m, p)), wv = ks_mlp_transpose(&mlp, v, reals(&m, p));
        ks_mlp_forward(&mlp, w, n, x, a.hidden, a.out);
        ks_mlp_backward(&mlp, w, n, x, a.hidden, delta_out, a.delta, (ks_mlp_sum){a.grad, true});
        ks_mlp_block block = {n, x, a.hidden, a.delta, delta_out};
        ks_mlp_r r = {a.r_hidden, a.r_z, a.r_delta, a.r_out};
        ks_mlp_r_forward(&mlp, w, wv, &block, &r);
        ks_mlp_r_backward(&mlp, w, wv, &block, &r, r_delta_out, (ks_mlp_sum){a.hv, true});

        memory b = {.out = reals(&m, n * OUT), .grad = zeros(&m, p), .r_out = reals(&m, n * OUT), .hv = zeros(&m, p)};
        ks_net_batch batch = {.use = KS_NET_HESSIAN,
                              .n = n,
                              .x = x,
                              .tape = aligned(&m, ks_net_tape_size(&net, KS_NET_HESSIAN, n)),
                              .out = b.out};
        ks_real* work = aligned(&m, ks_net_work_size(&net, KS_NET_HESSIAN, n));
        ks_net_weights nw = ks_net_pack(&net, theta, aligned(&m, net.num_packed));
        ks_net_weights nv = ks_net_pack(&net, v, aligned(&m, net.num_packed));
        ks_net_forward(&net, nw, &batch, work);
        ks_net_backward(&net, nw, &batch, delta_out, b.grad, work);
        ks_net_r_forward(&net, nw, nv, &batch, b.r_out, work);
        ks_net_r_backward(&net, nw, nv, &batch, delta_out, r_delta_out, b.hv, work);
        assert_memory_equal(a.out, b.out, n * OUT * sizeof(ks_real));
        assert_memory_equal(a.grad, b.grad, p * sizeof(ks_real));
        assert_memory_equal(a.r_out, b.r_out, n * OUT * sizeof(ks_real));
        assert_memory_equal(a.hv, b.hv, p * sizeof(ks_real));
        arena_free(&m);
    }
}

static ks_net single(const char* kind, const char* field, double value, ks_image_shape input) {
    ks_layer layer;
    ks_net net;
    ks_error err = {0};
    assert_true(ks_layer_make(&layer, kind, &err) && ks_layer_set(&layer, field, value, &err));
    assert_true(ks_net_make(&net, &layer, 1, input, &err));
    return net;
}

static ks_net_batch batch_of(arena* m, const ks_net* net, size_t n, const ks_real* x) {
    ks_real* tape = aligned(m, ks_net_tape_size(net, KS_NET_HESSIAN, n));
    return (ks_net_batch){.use = KS_NET_HESSIAN, .n = n, .x = x, .tape = tape, .out = reals(m, n * net->outputs)};
}

/* one output number of a convolution: a chain in the order kernel row, kernel column, channel; then the bias */
static ks_real chain(const ks_layer* layer, const ks_real* theta, const ks_real* x, size_t o, size_t y0, size_t x0) {
    size_t kernel = layer->tensor[0].dims[2], channels = layer->in.channels, stride = (size_t)layer->value[3];
    long pad = (long)layer->value[4];
    ks_real sum = 0;
    for (size_t i = 0; i < kernel * kernel * channels; i++) {
        size_t ky = i / channels / kernel, kx = i / channels % kernel, c = i % channels;
        long iy = (long)(y0 * stride + ky) - pad, ix = (long)(x0 * stride + kx) - pad;
        bool inside = iy >= 0 && ix >= 0 && iy < (long)layer->in.height && ix < (long)layer->in.width;
        ks_real number = inside ? x[((size_t)iy * layer->in.width + (size_t)ix) * channels + c] : 0;
        sum = fmaf(number, theta[((o * channels + c) * kernel + ky) * kernel + kx], sum);
    }
    return sum + theta[layer->num_params - layer->out.channels + o];
}

/* by strips and by patches */
static void convolution_is_one_chain(void** state) {
    (void)state;
    for (size_t i = 0; i < 24; i++) {
        arena m = {0};
        ks_layer layer;
        ks_net net;
        ks_error err = {0};
        ks_image_shape input = {i % 2 ? 3 : 40, 9, i % 3 ? 57 : 5};
        assert_true(ks_layer_make(&layer, "conv", &err) && ks_layer_set(&layer, "out", 1 + 19 * (double)(i % 2), &err));
        assert_true(ks_layer_set(&layer, "kernel", 1 + (double)(i % 4), &err));
        assert_true(ks_layer_set(&layer, "stride", 1 + (double)(i % 3), &err));
        assert_true(ks_layer_set(&layer, "pad", (double)(i / 8), &err));
        assert_true(ks_net_make(&net, &layer, 1, input, &err));
        ks_real *theta = normals(&m, net.num_params, 1), *x = normals(&m, 2 * net.inputs, 1);
        ks_net_batch batch = batch_of(&m, &net, 2, x);
        ks_net_forward(&net, ks_net_pack(&net, theta, aligned(&m, net.num_packed)), &batch,
                       aligned(&m, ks_net_work_size(&net, KS_NET_HESSIAN, 2)));
        for (size_t j = 0; j < 2 * net.outputs; j++) {
            size_t o = j % net.output.channels, pixel = j % net.outputs / net.output.channels;
            ks_real want = chain(&net.layer[0], theta, x + j / net.outputs * net.inputs, o, pixel / net.output.width,
                                 pixel % net.output.width);
            assert_memory_equal(&batch.out[j], &want, sizeof want);
        }
        arena_free(&m);
    }
}

/* one chain of floats would be off by a percent here */
static void gradient_over_many_pixels(void** state) {
    (void)state;
    enum { N = 4, SIDE = 500 };
    for (size_t kernel = 1; kernel <= 3; kernel += 2) {
        arena m = {0};
        ks_layer layer;
        ks_net net;
        ks_error err = {0};
        assert_true(ks_layer_make(&layer, "conv", &err) && ks_layer_set(&layer, "out", 2, &err));
        assert_true(ks_layer_set(&layer, "kernel", (double)kernel, &err));
        assert_true(ks_net_make(&net, &layer, 1, (ks_image_shape){1, SIDE, SIDE}, &err));
        ks_real *x = reals(&m, N * net.inputs), *delta = reals(&m, N * net.outputs), *grad = zeros(&m, net.num_params);
        for (size_t i = 0; i < N * net.inputs; i++) {
            x[i] = 0.1f;
        }
        for (size_t i = 0; i < N * net.outputs; i++) {
            delta[i] = 0.7f;
        }
        ks_net_batch batch = batch_of(&m, &net, N, x);
        ks_real* work = aligned(&m, ks_net_work_size(&net, KS_NET_HESSIAN, N));
        ks_net_weights w = ks_net_pack(&net, zeros(&m, net.num_params), aligned(&m, net.num_packed));
        ks_net_forward(&net, w, &batch, work);
        ks_net_backward(&net, w, &batch, delta, grad, work);
        double pixels = (double)(N * net.outputs / 2);
        for (size_t i = 0; i < net.num_params; i++) {
            double want = pixels * 0.7f * (i < net.num_params - 2 ? 0.1f : 1);
            if (!(fabs(grad[i] / want - 1) < 1e-4)) {
                fail_msg("parameter %zu of kernel %zu: %g, not %g", i, kernel, (double)grad[i], want);
            }
        }
        arena_free(&m);
    }
}

/* mean and variance of numbers that are all far from 0 */
static void statistics_over_many_pixels(void** state) {
    (void)state;
    enum { N = 100, C = 3, SIDE = 60, PIXELS = N * SIDE * SIDE };
    arena m = {0};
    ks_net net = single("batch_norm", "epsilon", 1e-3, (ks_image_shape){C, SIDE, SIDE});
    ks_real* x = normals(&m, N * net.inputs, 1);
    double mean[C] = {0}, variance[C] = {0};
    for (size_t i = 0; i < N * net.inputs; i++) {
        x[i] += 100 * (ks_real)(i % C);
        mean[i % C] += x[i] / (double)PIXELS;
    }
    for (size_t i = 0; i < N * net.inputs; i++) {
        variance[i % C] += (x[i] - mean[i % C]) * (x[i] - mean[i % C]) / PIXELS;
    }
    ks_net_batch batch = batch_of(&m, &net, N, x);
    ks_net_weights w = {zeros(&m, net.num_params), x};
    ks_net_forward(&net, w, &batch, aligned(&m, ks_net_work_size(&net, KS_NET_HESSIAN, N)));
    const double* got = ks_net_statistics(batch.tape);
    for (size_t c = 0; c < C; c++) {
        assert_true(fabs(got[c] - mean[c]) < 1e-6 * fmax(1, mean[c]));
        assert_true(fabs(got[C + c] / variance[c] - 1) < 1e-5);
    }
    arena_free(&m);
}

/* the first of equals; not-a-number before all */
static void which_is_the_largest(void** state) {
    (void)state;
    arena m = {0};
    ks_net net = single("max_pool", "size", 2, (ks_image_shape){1, 2, 8});
    const ks_real x[16] = {1, 1, 0, 2, 0, 0, NAN, 3, 1, 1, 2, 2, 5, 5, 4, NAN};
    ks_net_batch batch = batch_of(&m, &net, 1, x);
    ks_net_forward(&net, (ks_net_weights){x, x}, &batch, aligned(&m, ks_net_work_size(&net, KS_NET_HESSIAN, 1)));
    assert_true(batch.out[0] == 1 && batch.out[1] == 2 && batch.out[2] == 5 && isnan(batch.out[3]));
    const ks_real* place = batch.tape + net.plan[KS_NET_HESSIAN].kept[0].col;
    assert_true(place[0] == 0 && place[1] == 1 && place[2] == 2 && place[3] == 0);
    arena_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bytes_as_mlp), cmocka_unit_test(convolution_is_one_chain),
                                       cmocka_unit_test(gradient_over_many_pixels),
                                       cmocka_unit_test(statistics_over_many_pixels),
                                       cmocka_unit_test(which_is_the_largest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
