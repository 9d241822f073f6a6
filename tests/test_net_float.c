/* Networks in the build that trains. */
#include "nn/net.h"
#include "policy_support.h"

#include <string.h>

static ks_real* aligned(arena* m, size_t numbers) {
    char* at = arena_alloc(m, numbers * sizeof(ks_real) + KS_NET_ALIGNMENT);
    return (ks_real*)(void*)(at + (KS_NET_ALIGNMENT - (uintptr_t)at % KS_NET_ALIGNMENT) % KS_NET_ALIGNMENT);
}

static ks_real* zeros(arena* m, size_t numbers) {
    return memset(reals(m, numbers), 0, numbers * sizeof(ks_real));
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolution_is_one_chain), cmocka_unit_test(gradient_over_many_pixels),
        cmocka_unit_test(statistics_over_many_pixels), cmocka_unit_test(which_is_the_largest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
