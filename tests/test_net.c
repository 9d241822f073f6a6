/* Networks in the double build: output against layers as they are defined (naive_net.h), gradient and Hessian-vector
 * product against central differences, with a squared error and a cross-entropy on top, and with statistics of
 * another batch; what is refused. */
#include "naive_net.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum { MOST_PARAMS = 4000 };

typedef struct test_case {
    const char* layers;
    ks_image_shape input;
    size_t n;
} test_case;

static const test_case CASES[] = {
    {"[{'type': 'conv', 'out': 4, 'pad': 1}]", {2, 5, 6}, 3},
    {"[{'type': 'conv', 'out': 5, 'stride': 2, 'pad': 1}, {'type': 'relu'}, {'type': 'conv', 'out': 3, 'kernel': 2}]",
     {3, 7, 8},
     4},
    {"[{'type': 'conv', 'out': 3, 'kernel': 1}, {'type': 'tanh'}, {'type': 'conv', 'out': 2, 'kernel': 1, 'stride': 2, "
     "'pad': 1}]",
     {2, 4, 3},
     5},
    {"[{'type': 'conv', 'out': 3, 'kernel': 4, 'stride': 3, 'pad': 5}, {'type': 'conv', 'out': 2, 'kernel': 3}]",
     {1, 3, 2},
     3},
    {"[{'type': 'tanh'}, {'type': 'conv', 'out': 2, 'kernel': 2}, {'type': 'relu'}, {'type': 'conv', 'out': 3, 'pad': "
     "1}]",
     {1, 24, 20},
     7}, /* several blocks, several chains */
    /* forward by strips: one and two of them; stride; not square */
    {"[{'type': 'conv', 'out': 5, 'pad': 1}, {'type': 'tanh'}, {'type': 'conv', 'out': 3, 'stride': 2}]",
     {11, 5, 17},
     3},
    {"[{'type': 'conv', 'out': 13, 'kernel': 2, 'stride': 3, 'pad': 2}, {'type': 'relu'}, {'type': 'conv', 'out': 3, "
     "'pad': 2}]",
     {17, 6, 44},
     2},
    {"[{'type': 'conv', 'out': 2, 'stride': 2, 'pad': 1}]", {11, 60, 62}, 2},
    {"[{'type': 'batch_norm'}]", {3, 2, 2}, 5},
    {"[{'type': 'max_pool'}]", {2, 5, 4}, 3},
    {"[{'type': 'conv', 'out': 3, 'pad': 1}, {'type': 'max_pool', 'size': 3}, {'type': 'tanh'}, {'type': 'flatten'}, "
     "{'type': 'dense', 'out': 4}]",
     {2, 7, 8},
     3},
    {"[{'type': 'flatten'}, {'type': 'dense', 'out': 4}, {'type': 'relu'}, {'type': 'dense', 'out': 3}]", {2, 3, 2}, 6},
    {"[{'type': 'mean'}, {'type': 'dense', 'out': 4}, {'type': 'tanh'}]", {3, 3, 2}, 6},
    {"[{'type': 'max_pool'}, {'type': 'tanh'}, {'type': 'conv', 'out': 3, 'kernel': 2}, {'type': 'mean'}, {'type': "
     "'flatten'}]",
     {2, 6, 6},
     4},
    /* the networks of few-shot classification: stride 2 and mean; pooling and 3 channels; dense with batch norm */
    {"[{'type': 'conv', 'out': 5, 'stride': 2, 'pad': 1}, {'type': 'batch_norm'}, {'type': 'relu'}, {'type': 'conv', "
     "'out': 4, "
     "'stride': 2, 'pad': 1}, {'type': 'batch_norm'}, {'type': 'relu'}, {'type': 'mean'}, {'type': 'dense', 'out': 3}]",
     {1, 9, 9},
     6},
    {"[{'type': 'conv', 'out': 4, 'pad': 1}, {'type': 'batch_norm', 'scale': true}, {'type': 'relu'}, {'type': "
     "'max_pool'}, "
     "{'type': 'conv', 'out': 5, 'pad': 1}, {'type': 'batch_norm'}, {'type': 'relu'}, {'type': 'max_pool'}, {'type': "
     "'flatten'}, "
     "{'type': 'dense', 'out': 3}]",
     {3, 9, 8},
     5},
    {"[{'type': 'flatten'}, {'type': 'dense', 'out': 9}, {'type': 'batch_norm'}, {'type': 'relu'}, {'type': 'dense', "
     "'out': 7}, "
     "{'type': 'batch_norm'}, {'type': 'relu'}, {'type': 'dense', 'out': 3}]",
     {1, 4, 4},
     9},
    {"[{'type': 'batch_norm', 'scale': true, 'epsilon': 0.1}, {'type': 'tanh'}, {'type': 'dense', 'out': 3}]",
     {4, 1, 1},
     9},
    {"[{'type': 'dense', 'out': 6}, {'type': 'batch_norm', 'scale': true}, {'type': 'tanh'}, {'type': 'dense', 'out': "
     "5}, "
     "{'type': 'tanh'}, {'type': 'batch_norm'}, {'type': 'relu'}, {'type': 'dense', 'out': 3}]",
     {4, 1, 1},
     9},
    {"[{'type': 'conv', 'out': 5, 'stride': 2, 'pad': 1}, {'type': 'batch_norm'}, {'type': 'relu'}, {'type': 'conv', "
     "'out': 4}, "
     "{'type': 'batch_norm', 'scale': true}, {'type': 'tanh'}]",
     {3, 8, 8},
     5},
    {"[{'type': 'dense', 'out': 3}]", {4, 1, 1}, 5},
    {"[{'type': 'context', 'size': 3}, {'type': 'dense', 'out': 5}, {'type': 'tanh'}, {'type': 'context', 'size': 2}, "
     "{'type': 'dense', 'out': 3}]",
     {4, 1, 1},
     7},
    {"[{'type': 'context', 'size': 2}, {'type': 'conv', 'out': 3, 'pad': 1}, {'type': 'batch_norm'}, {'type': 'relu'}, "
     "{'type': 'mean'}, {'type': 'context', 'size': 1}, {'type': 'dense', 'out': 3}]",
     {2, 4, 5},
     5},
    {"[{'type': 'tanh'}, {'type': 'dense', 'out': 5}, {'type': 'tanh'}, {'type': 'dense', 'out': 3}]", {4, 1, 1}, 7},
    {"[{'type': 'dense', 'out': 9}, {'type': 'relu'}, {'type': 'dense', 'out': 6}, {'type': 'tanh'}]", {4, 1, 1}, 20},
    {"[{'type': 'dense', 'out': 9}, {'type': 'tanh'}, {'type': 'relu'}, {'type': 'tanh'}, {'type': 'relu'}]",
     {4, 1, 1},
     6},
    {"[{'type': 'dense', 'out': 9}, {'type': 'dense', 'out': 6}, {'type': 'relu'}, {'type': 'relu'}, {'type': 'dense', "
     "'out': 2}]",
     {3, 1, 1},
     11},
};

/* ---- a network with its memory ----------------------------------------------------------------------------------- */

typedef struct problem {
    arena memory;
    ks_net net;
    size_t n;
    ks_real *theta, *v;
    ks_real *packed, *packed_v, *work, *delta, *r_out, *r_delta;
    ks_net_batch batch;
    ks_real* target;      /* (n x outputs) */
    ks_net_batch support; /* of other rows, (n + 2) */
    ks_real *support_r_out, *work_support, *zeros;
    double *statistics_delta, *r_statistics_delta; /* (num_statistics) */
    bool cross_entropy;
} problem;

static ks_real* aligned(arena* m, size_t numbers) {
    char* at = arena_alloc(m, numbers * sizeof(ks_real) + KS_NET_ALIGNMENT);
    memset(at, 0xff, numbers * sizeof(ks_real) + KS_NET_ALIGNMENT); /* not a number */
    return (ks_real*)(void*)(at + (KS_NET_ALIGNMENT - (uintptr_t)at % KS_NET_ALIGNMENT) % KS_NET_ALIGNMENT);
}

/* JSON with ' for " */
static bool make(ks_net* net, const char* layers, ks_image_shape input, ks_error* err) {
    char json[2048];
    size_t length = strlen(layers);
    assert_true(length < sizeof json);
    for (size_t i = 0; i <= length; i++) {
        json[i] = (char)(layers[i] == '\'' ? '"' : layers[i]);
    }
    ks_layer list[KS_MAX_LAYERS];
    int count = 0;
    return ks_layers_parse(list, &count, json, err) && ks_net_make(net, list, count, input, err);
}

static ks_net_batch batch_of(problem* p, size_t n) {
    return (ks_net_batch){
        .use = KS_NET_HESSIAN,
        .n = n,
        .x = normals(&p->memory, n * p->net.inputs, 1),
        .tape = aligned(&p->memory, ks_net_tape_size(&p->net, KS_NET_HESSIAN, n)),
        .out = reals(&p->memory, n * p->net.outputs),
    };
}

static void setup(problem* p, const test_case* c) {
    *p = (problem){.n = c->n};
    ks_error err = {0};
    if (!make(&p->net, c->layers, c->input, &err)) {
        fail_msg("%s", err.text);
    }
    arena* m = &p->memory;
    size_t outputs = c->n * p->net.outputs;
    assert_true(p->net.num_params <= MOST_PARAMS);
    p->theta = normals(m, p->net.num_params, 0.5);
    p->v = normals(m, p->net.num_params, 1);
    p->packed = aligned(m, p->net.num_packed);
    p->packed_v = aligned(m, p->net.num_packed);
    p->work = aligned(m, ks_net_work_size(&p->net, KS_NET_HESSIAN, c->n + 2));
    p->delta = reals(m, outputs);
    p->r_out = reals(m, outputs);
    p->r_delta = reals(m, outputs);
    p->target = normals(m, outputs, 1);
    p->batch = batch_of(p, c->n);
    p->support = batch_of(p, c->n + 2);
    p->support_r_out = reals(m, (c->n + 2) * p->net.outputs);
    p->work_support = aligned(m, ks_net_work_size(&p->net, KS_NET_HESSIAN, c->n + 2));
    p->zeros = normals(m, (c->n + 2) * p->net.outputs, 0);
    p->statistics_delta = arena_alloc(m, p->net.num_statistics * sizeof(double));
    p->r_statistics_delta = arena_alloc(m, p->net.num_statistics * sizeof(double));
}

/* ---- losses: 1/n Σ ½ |out - target|², or the cross-entropy of the class i % outputs of row i --------------------- */

static double loss(const problem* p, const ks_real* out) {
    double sum = 0;
    size_t k = p->net.outputs;
    for (size_t i = 0; i < p->n; i++) {
        double all = 0;
        for (size_t j = 0; j < k; j++) {
            double z = out[i * k + j];
            all += exp(z);
            sum += p->cross_entropy ? 0 : 0.5 * pow(z - p->target[i * k + j], 2);
        }
        sum += p->cross_entropy ? log(all) - out[i * k + i % k] : 0;
    }
    return sum / (double)p->n;
}

static void loss_delta(const problem* p, const ks_real* out, ks_real* delta) {
    size_t k = p->net.outputs;
    for (size_t i = 0; i < p->n; i++) {
        double all = 0;
        for (size_t j = 0; j < k; j++) {
            all += exp(out[i * k + j]);
        }
        for (size_t j = 0; j < k; j++) {
            double z = out[i * k + j];
            delta[i * k + j] =
                (p->cross_entropy ? exp(z) / all - (j == i % k) : z - p->target[i * k + j]) / (double)p->n;
        }
    }
}

static void loss_r_delta(const problem* p, const ks_real* out, const ks_real* r_out, ks_real* r_delta) {
    size_t k = p->net.outputs;
    for (size_t i = 0; i < p->n; i++) {
        double all = 0, mean = 0;
        for (size_t j = 0; j < k; j++) {
            all += exp(out[i * k + j]);
            mean += exp(out[i * k + j]) * r_out[i * k + j];
        }
        for (size_t j = 0; j < k; j++) {
            double r = r_out[i * k + j];
            r_delta[i * k + j] = (p->cross_entropy ? exp(out[i * k + j]) / all * (r - mean / all) : r) / (double)p->n;
        }
    }
}

/* ---- the batch's own statistics ---------------------------------------------------------------------------------- */

static double own_gradient(problem* p, const ks_real* theta, ks_real* grad) {
    ks_net_weights w = ks_net_pack(&p->net, theta, p->packed);
    ks_net_forward(&p->net, w, &p->batch, p->work);
    if (grad) {
        loss_delta(p, p->batch.out, p->delta);
        memset(grad, 0, p->net.num_params * sizeof *grad);
        ks_net_backward(&p->net, w, &p->batch, p->delta, grad, p->work);
    }
    return loss(p, p->batch.out);
}

static void own_product(problem* p, ks_real* hv) {
    ks_net_weights w = ks_net_pack(&p->net, p->theta, p->packed), v = ks_net_pack(&p->net, p->v, p->packed_v);
    memset(hv, 0, p->net.num_params * sizeof *hv);
    ks_net_forward(&p->net, w, &p->batch, p->work);
    loss_delta(p, p->batch.out, p->delta);
    ks_net_backward(&p->net, w, &p->batch, p->delta, NULL, p->work);
    ks_net_r_forward(&p->net, w, v, &p->batch, p->r_out, p->work);
    loss_r_delta(p, p->batch.out, p->r_out, p->r_delta);
    ks_net_r_backward(&p->net, w, v, &p->batch, p->delta, p->r_delta, hv, p->work);
}

/* ---- the statistics of another batch, the support: loss of the query alone --------------------------------------- */

/* runs the support with its own statistics, then the query with those of the support */
static void run_both(problem* p, ks_net_weights w) {
    ks_net_forward(&p->net, w, &p->support, p->work);
    p->batch.given = ks_net_statistics(p->support.tape);
    ks_net_forward(&p->net, w, &p->batch, p->work);
}

static void start_deltas(problem* p) {
    size_t bytes = p->net.num_statistics * sizeof(double);
    p->support.statistics_delta = p->batch.statistics_delta = memset(p->statistics_delta, 0, bytes);
    p->support.r_statistics_delta = p->batch.r_statistics_delta = memset(p->r_statistics_delta, 0, bytes);
}

static double given_gradient(problem* p, const ks_real* theta, ks_real* grad) {
    ks_net_weights w = ks_net_pack(&p->net, theta, p->packed);
    run_both(p, w);
    if (grad) {
        memset(grad, 0, p->net.num_params * sizeof *grad);
        start_deltas(p);
        loss_delta(p, p->batch.out, p->delta);
        ks_net_backward(&p->net, w, &p->batch, p->delta, grad, p->work);
        ks_net_backward(&p->net, w, &p->support, p->zeros, grad, p->work);
    }
    return loss(p, p->batch.out);
}

static void given_product(problem* p, ks_real* hv) {
    ks_net_weights w = ks_net_pack(&p->net, p->theta, p->packed), v = ks_net_pack(&p->net, p->v, p->packed_v);
    memset(hv, 0, p->net.num_params * sizeof *hv);
    run_both(p, w);
    start_deltas(p);
    loss_delta(p, p->batch.out, p->delta);
    ks_net_backward(&p->net, w, &p->batch, p->delta, NULL, p->work);
    ks_net_backward(&p->net, w, &p->support, p->zeros, NULL, p->work);
    ks_net_r_forward(&p->net, w, v, &p->support, p->support_r_out, p->work_support);
    p->batch.r_given = ks_net_r_statistics(p->work_support);
    ks_net_r_forward(&p->net, w, v, &p->batch, p->r_out, p->work);
    loss_r_delta(p, p->batch.out, p->r_out, p->r_delta);
    ks_net_r_backward(&p->net, w, v, &p->batch, p->delta, p->r_delta, hv, p->work);
    ks_net_r_backward(&p->net, w, v, &p->support, p->zeros, p->zeros, hv, p->work_support);
}

/* ---- differences ------------------------------------------------------------------------------------------------- */

typedef double gradient_function(problem* p, const ks_real* theta, ks_real* grad);
typedef void product_function(problem* p, ks_real* hv);

static void move(ks_real* to, const ks_real* theta, double h, const ks_real* v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        to[i] = theta[i] + h * v[i];
    }
}

/* each element of `got` to within 1e-6 of the largest of `want` */
static void check_close(const char* what, const test_case* c, const double* got, const double* want, size_t n) {
    double largest = 1e-3;
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(want[i]));
    }
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(got[i] - want[i]) <= 1e-6 * largest)) {
            fail_msg("%s %zu of %s: %.9g, not %.9g", what, i, c->layers, got[i], want[i]);
        }
    }
}

static void check_derivatives(problem* p, const test_case* c, gradient_function* gradient, product_function* product) {
    const double h = 1e-5;
    size_t size = p->net.num_params;
    arena m = {0};
    ks_real *near = reals(&m, size), *grad = reals(&m, size), *up = reals(&m, size), *down = reals(&m, size);
    ks_real *want = reals(&m, size), *unit = reals(&m, size);
    gradient(p, p->theta, grad);
    for (size_t i = 0; i < size; i++) {
        memset(unit, 0, size * sizeof *unit);
        unit[i] = 1;
        move(near, p->theta, h, unit, size);
        want[i] = gradient(p, near, NULL);
        move(near, p->theta, -h, unit, size);
        want[i] = (want[i] - gradient(p, near, NULL)) / (2 * h);
    }
    check_close("gradient", c, grad, want, size);
    move(near, p->theta, h / 10, p->v, size);
    gradient(p, near, up);
    move(near, p->theta, -h / 10, p->v, size);
    gradient(p, near, down);
    for (size_t i = 0; i < size; i++) {
        want[i] = (up[i] - down[i]) / (2 * h / 10);
    }
    product(p, grad);
    check_close("Hessian", c, grad, want, size);
    arena_free(&m);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void output_is_as_defined(void** state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        problem p;
        setup(&p, &CASES[i]);
        double* want = arena_alloc(&p.memory, p.n * p.net.outputs * sizeof *want);
        double* statistics = arena_alloc(&p.memory, p.net.num_statistics * sizeof *statistics);
        naive_net(want, &p.net, p.theta, p.n, p.batch.x, statistics, false);
        own_gradient(&p, p.theta, NULL);
        for (size_t j = 0; j < p.n * p.net.outputs; j++) {
            if (!(fabs(p.batch.out[j] - want[j]) < 1e-11 * fmax(1, fabs(want[j])))) {
                fail_msg("output %zu of %s: %.12g, not %.12g", j, CASES[i].layers, p.batch.out[j], want[j]);
            }
        }
        arena_free(&p.memory);
    }
}

static void derivatives_are_those_of_differences(void** state) {
    (void)state;
    for (size_t i = 0; i < 2 * LENGTH(CASES); i++) {
        problem p;
        setup(&p, &CASES[i / 2]);
        p.cross_entropy = i % 2;
        check_derivatives(&p, &CASES[i / 2], own_gradient, own_product);
        arena_free(&p.memory);
    }
}

/* less memory: the same bytes */
static void every_use_gives_the_same(void** state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        problem p;
        setup(&p, &CASES[i]);
        size_t size = p.net.num_params, outputs = p.n * p.net.outputs;
        ks_real *grad = reals(&p.memory, size), *out = reals(&p.memory, outputs), *r_out = reals(&p.memory, outputs);
        ks_real* again = reals(&p.memory, size);
        own_gradient(&p, p.theta, grad);
        memcpy(out, p.batch.out, outputs * sizeof *out);
        ks_net_weights w = ks_net_pack(&p.net, p.theta, p.packed), v = ks_net_pack(&p.net, p.v, p.packed_v);
        ks_net_r_forward(&p.net, w, v, &p.batch, r_out, p.work);
        for (ks_net_use use = KS_NET_FORWARD; use < KS_NET_HESSIAN; use++) {
            assert_true(ks_net_tape_size(&p.net, use, p.n) <= ks_net_tape_size(&p.net, use + 1, p.n));
            p.batch.use = use;
            p.batch.tape = aligned(&p.memory, ks_net_tape_size(&p.net, use, p.n));
            p.work = aligned(&p.memory, ks_net_work_size(&p.net, use, p.n));
            memset(p.batch.out, 0xff, outputs * sizeof *out);
            ks_net_forward(&p.net, w, &p.batch, p.work);
            assert_memory_equal(p.batch.out, out, outputs * sizeof *out);
        }
        ks_net_r_forward(&p.net, w, v, &p.batch, p.r_out, p.work);
        assert_memory_equal(p.r_out, r_out, outputs * sizeof *out);
        for (int pass = 0; pass < 2; pass++) { /* the second: after one forward pass */
            memset(again, 0, size * sizeof *again);
            ks_net_backward(&p.net, w, &p.batch, p.delta, again, p.work);
            assert_memory_equal(again, grad, size * sizeof *grad);
        }
        arena_free(&p.memory);
    }
}

static void given_statistics(void** state) {
    (void)state;
    for (size_t i = 0; i < 2 * LENGTH(CASES); i++) {
        problem p;
        setup(&p, &CASES[i / 2]);
        p.cross_entropy = i % 2;
        if (p.net.couples_rows) {
            double* want = arena_alloc(&p.memory, (p.n + 2) * p.net.outputs * sizeof *want);
            double* statistics = arena_alloc(&p.memory, p.net.num_statistics * sizeof *statistics);
            naive_net(want, &p.net, p.theta, p.n + 2, p.support.x, statistics, false);
            naive_net(want, &p.net, p.theta, p.n, p.batch.x, statistics, true);
            given_gradient(&p, p.theta, NULL);
            check_close("output", &CASES[i / 2], p.batch.out, want, p.n * p.net.outputs);
            check_derivatives(&p, &CASES[i / 2], given_gradient, given_product);
        }
        arena_free(&p.memory);
    }
}

/* rows of a network that does not couple them may be cut anywhere */
static void rows_may_be_cut(void** state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        problem p;
        setup(&p, &CASES[i]);
        own_gradient(&p, p.theta, NULL);
        ks_real* all = reals(&p.memory, p.n * p.net.outputs);
        memcpy(all, p.batch.out, p.n * p.net.outputs * sizeof *all);
        for (size_t r = 0; r < p.n && !p.net.couples_rows; r++) {
            ks_net_batch one = p.batch;
            one.n = 1;
            one.x += r * p.net.inputs;
            ks_net_forward(&p.net, ks_net_pack(&p.net, p.theta, p.packed), &one, p.work);
            assert_memory_equal(one.out, all + r * p.net.outputs, p.net.outputs * sizeof *all);
        }
        arena_free(&p.memory);
    }
}

/* printed, and read again: the same network */
static void json_reads_back(void** state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        ks_net net, again;
        ks_layer list[KS_MAX_LAYERS];
        int count = 0;
        char text[2048], other[2048], some[20];
        ks_error err = {0};
        assert_true(make(&net, CASES[i].layers, CASES[i].input, &err));
        size_t length = ks_net_print(text, sizeof text, &net);
        assert_true(length == strlen(text));
        assert_true(ks_layers_parse(list, &count, text, &err));
        assert_true(ks_net_make(&again, list, count, net.input, &err));
        ks_net_print(other, sizeof other, &again);
        assert_string_equal(text, other);
        assert_true(net.num_params == again.num_params && net.outputs == again.outputs);
        assert_true(ks_net_print(some, sizeof some, &net) == length && strlen(some) == sizeof some - 1);
        assert_true(ks_net_print(NULL, 0, &net) == length);
    }
}

/* θ is layer after layer, tensor after tensor */
static void tensors_cover_theta(void** state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        ks_net net;
        ks_error err = {0};
        assert_true(make(&net, CASES[i].layers, CASES[i].input, &err));
        size_t next = 0, start;
        int layer;
        const ks_layer_tensor* t;
        for (int k = 0; (t = ks_net_tensor(&net, k, &layer, &start)); k++) {
            assert_true(start == next && start >= net.params[layer]);
            size_t numbers = 1;
            for (int d = 0; d < t->num_dims; d++) {
                numbers *= t->dims[d];
            }
            next += numbers;
        }
        assert_true(next == net.num_params);
    }
}

/* flatten turns images as files have them to vectors as files have them */
static void channels_last_and_back(void** state) {
    (void)state;
    enum { N = 3, C = 3, H = 4, W = 5, NUMBERS = C * H * W };
    ks_real in[N * NUMBERS], x[N * NUMBERS], out[N * NUMBERS];
    for (size_t i = 0; i < N * NUMBERS; i++) {
        in[i] = (ks_real)i;
    }
    ks_net net;
    ks_error err = {0};
    assert_true(make(&net, "[{'type': 'flatten'}]", (ks_image_shape){C, H, W}, &err));
    ks_net_channels_last(x, in, net.input, N);
    assert_true(x[1] == H * W && x[C] == 1 && x[NUMBERS] == NUMBERS);
    ks_net_forward(&net, (ks_net_weights){in, in}, &(ks_net_batch){.n = N, .x = x, .tape = x, .out = out}, x);
    assert_memory_equal(out, in, sizeof in);
}

static void operations_are_counted(void** state) {
    (void)state;
    ks_net net;
    ks_error err = {0};
    double forward, deltas;
    assert_true(make(
        &net,
        "[{'type': 'relu'}, {'type': 'conv', 'out': 5, 'stride': 2}, {'type': 'mean'}, {'type': 'dense', 'out': 4}]",
        (ks_image_shape){2, 7, 9}, &err));
    ks_net_count_flop(&net, &forward, &deltas);
    assert_true(forward == 2 * (3 * 4 * 5 * 2 * 9 + 5 * 4) && deltas == 2 * 5 * 4);
}

static void wrong_networks_are_refused(void** state) {
    (void)state;
    static const struct {
        const char *layers, *message;
        ks_image_shape input;
    } WRONG[] = {
        {"{}", "a network is a list of layers in JSON", {1, 1, 1}},
        {"[{'type': 'dense', 'out': 3}] x", "a network is a list of layers in JSON", {1, 1, 1}},
        {"[]", "a network has 1 to 64 layers, not 0", {1, 1, 1}},
        {"[3]", "layer 1: a layer is an object with a \"type\"", {1, 1, 1}},
        {"[{'type': 'tanh'}, {'type': 'thick'}]",
         "layer 2: no layer is called \"thick\": the layers are dense, ",
         {1, 1, 1}},
        {"[{'type': 'dense'}]", "layer 1 (dense): \"out\" is missing", {1, 1, 1}},
        {"[{'type': 'dense', 'out': 2.5}]", "layer 1: dense: out is a whole number from 1 to 65536", {1, 1, 1}},
        {"[{'type': 'dense', 'out': true}]", "layer 1: dense: out is a number", {1, 1, 1}},
        {"[{'type': 'dense', 'out': 2, 'out': 2}]", "layer 1: dense: \"out\" stands there twice", {1, 1, 1}},
        {"[{'type': 'dense', 'width': 2}]", "layer 1: dense has no field \"width\": its fields are in, out", {1, 1, 1}},
        {"[{'type': 'relu', 'width': 2}]", "layer 1: relu has no field \"width\"", {1, 1, 1}},
        {"[{'type': 'dense', 'in': 4, 'out': 2}]", "layer 1 (dense): \"in\" is 4, but 3 come in", {3, 1, 1}},
        {"[{'type': 'relu'}, {'type': 'dense', 'out': 2}]",
         "layer 2 (dense): images come in (3 channels of 5 x 4), and it takes vectors: put flatten or mean before it",
         {3, 5, 4}},
        {"[{'type': 'conv', 'out': 2, 'kernel': 7, 'pad': 1}]",
         "layer 1 (conv): a kernel of 7 x 7 does not fit into 5 x 4 pixels with 1 zeros on every side",
         {3, 5, 4}},
        {"[{'type': 'conv', 'out': 2, 'kernel': 0}]",
         "layer 1: conv: kernel is a whole number from 1 to 255",
         {3, 5, 4}},
        {"[{'type': 'conv', 'in': 1, 'out': 2}]", "layer 1 (conv): \"in\" is 1, but 3 come in", {3, 5, 4}},
        {"[{'type': 'max_pool', 'size': 5}]",
         "layer 1 (max_pool): a window of 5 x 5 does not fit into 5 x 4 pixels",
         {3, 5, 4}},
        {"[{'type': 'batch_norm', 'scale': 1}]", "layer 1: batch_norm: scale is true or false", {3, 5, 4}},
        {"[{'type': 'batch_norm', 'epsilon': 0}]",
         "layer 1: batch_norm: epsilon is a number from 1e-12 to 1",
         {3, 5, 4}},
        {"[{'type': 'batch_norm', 'features': 64}]",
         "layer 1 (batch_norm): \"features\" is 64, but 3 come in",
         {3, 5, 4}},
        {"[{'type': 'dense', 'out': 65536}, {'type': 'dense', 'out': 65536}]",
         "layer 2 (dense): 65536 x 1 x 1 numbers and 4295032832 parameters are too many",
         {1, 1, 1}},
        {"[{'type': 'relu'}]", "an input of 3 channels of 0 x 4 is empty or too large", {3, 0, 4}},
        {"[{'type': 'relu'}]",
         "an input of 65536 channels of 65536 x 4294967296 is empty or too large",
         {65536, 65536, (size_t)1 << 32}},
        {"[{'type': 'conv', 'out': 65536, 'kernel': 1, 'pad': 255}]",
         "layer 1 (conv): 65536 x 511 x 511 numbers and 131072 parameters are too many",
         {1, 1, 1}},
    };
    for (size_t i = 0; i < LENGTH(WRONG); i++) {
        ks_net net;
        ks_error err = {0};
        if (make(&net, WRONG[i].layers, WRONG[i].input, &err)) {
            fail_msg("%s was taken", WRONG[i].layers);
        }
        if (err.code != KS_BAD_INPUT || strncmp(err.text, WRONG[i].message, strlen(WRONG[i].message)) != 0) {
            fail_msg("%s: \"%s\"", WRONG[i].layers, err.text);
        }
    }
}

/* whatever stands there: one clear line, or a network that reads back */
static void check_any_text(const char* text, ks_image_shape input) {
    static ks_net net, again;
    static ks_layer list[KS_MAX_LAYERS];
    static char printed[4096], other[4096];
    int count = 0;
    ks_error err = {0};
    if (!ks_layers_parse(list, &count, text, &err) || !ks_net_make(&net, list, count, input, &err)) {
        assert_true(err.code == KS_BAD_INPUT && err.text[0] != 0 && !strchr(err.text, '\n'));
        return;
    }
    assert_true(ks_net_print(printed, sizeof printed, &net) < sizeof printed);
    assert_true(ks_layers_parse(list, &count, printed, &err) && ks_net_make(&again, list, count, input, &err));
    ks_net_print(other, sizeof other, &again);
    assert_string_equal(printed, other);
    assert_true(net.num_params == again.num_params);
}

static void damaged_texts(void** state) {
    (void)state;
    static const char OTHERS[] = "\"0-9e.,{}[ \x80\x01";
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        ks_net net;
        ks_error err = {0};
        char text[2048];
        assert_true(make(&net, CASES[i].layers, CASES[i].input, &err));
        size_t length = ks_net_print(text, sizeof text, &net);
        for (size_t at = 0; at < length; at++) {
            char was = text[at];
            for (size_t k = 0; k < sizeof OTHERS; k++) { /* the last ends the text */
                text[at] = OTHERS[k];
                check_any_text(text, CASES[i].input);
            }
            text[at] = was;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_is_as_defined),
        cmocka_unit_test(derivatives_are_those_of_differences),
        cmocka_unit_test(every_use_gives_the_same),
        cmocka_unit_test(given_statistics),
        cmocka_unit_test(rows_may_be_cut),
        cmocka_unit_test(json_reads_back),
        cmocka_unit_test(tensors_cover_theta),
        cmocka_unit_test(channels_last_and_back),
        cmocka_unit_test(operations_are_counted),
        cmocka_unit_test(wrong_networks_are_refused),
        cmocka_unit_test(damaged_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
