#include "nn/kronecker.h"

#include "nn/gemm.h"
#include "nn/linear.h"
#include "nn/vec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* one dense layer: X ⊗ D, decomposed */
typedef struct layer {
    int number;      /* in the network */
    size_t params;   /* where its weight starts, and behind it the bias */
    size_t in, out;  /* in counts the 1 for the bias */
    size_t x, d;     /* where the factors start */
    double *ux, *ud; /* eigenvectors in rows: (in x in), (out x out) */
    double* ux_t;    /* (in x in) in columns */
    double* inverse; /* (out x in) 1 / (λ_D λ_X + damping) */
} layer;

struct ks_kronecker {
    const ks_net* net;
    double* memory;
    layer layers[KS_MAX_LAYERS];
    int num_layers;
    double *eigenvalues_x, *eigenvalues_d, *matrix, *product; /* (widest) and (widest x widest) */
    double* work;                                             /* (3 x widest) */
    ks_real* block;                                           /* products of one block of rows */
    ks_real* sum;                                             /* column sums */
};

static bool is_dense(const ks_net* net, int l) {
    return net->layer[l].kind == &ks_layer_dense;
}

bool ks_kronecker_fits(const ks_net* net) {
    for (int l = 0; l < net->num_layers; l++) {
        if (net->layer[l].num_params > 0 && !is_dense(net, l)) {
            return false;
        }
    }
    return true;
}

/* The dense layers, with where their factors start; returns the numbers of all factors. */
static size_t list_layers(layer layers[KS_MAX_LAYERS], int* count, const ks_net* net) {
    size_t size = 0;
    *count = 0;
    for (int l = 0; l < net->num_layers; l++) {
        if (is_dense(net, l)) {
            layer y = {.number = l,
                       .params = net->params[l],
                       .in = net->layer[l].in.channels + 1,
                       .out = net->layer[l].out.channels,
                       .x = size};
            y.d = size + y.in * y.in;
            size = y.d + y.out * y.out;
            layers[(*count)++] = y;
        }
    }
    return size;
}

size_t ks_kronecker_size(const ks_net* net) {
    layer layers[KS_MAX_LAYERS];
    int count;
    return list_layers(layers, &count, net);
}

ks_kronecker* ks_kronecker_create(const ks_net* net, ks_error* err) {
    ks_kronecker* k = calloc(1, sizeof *k);
    size_t widest = 0;
    size_t count = 0;
    if (!k) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    k->net = net;
    list_layers(k->layers, &k->num_layers, net);
    for (int l = 0; l < k->num_layers; l++) {
        size_t in = k->layers[l].in, out = k->layers[l].out;
        widest = in > widest ? in : widest;
        widest = out > widest ? out : widest;
        count += 2 * in * in + out * out + in * out;
    }
    count += (2 + 3) * widest + 2 * widest * widest;
    k->memory = malloc(count * sizeof(double));
    k->block = malloc(widest * widest * sizeof(ks_real));
    k->sum = malloc(widest * sizeof(ks_real));
    if (!k->memory || !k->block || !k->sum) {
        ks_fail(err, KS_FAILED, "not enough memory for the factors of a network of %zu parameters", net->num_params);
        ks_kronecker_destroy(k);
        return NULL;
    }
    double* next = k->memory;
    for (int l = 0; l < k->num_layers; l++) {
        layer* y = &k->layers[l];
        y->ux = next;
        y->ud = y->ux + y->in * y->in;
        y->inverse = y->ud + y->out * y->out;
        y->ux_t = y->inverse + y->in * y->out;
        next = y->ux_t + y->in * y->in;
    }
    k->eigenvalues_x = next;
    k->eigenvalues_d = k->eigenvalues_x + widest;
    k->matrix = k->eigenvalues_d + widest;
    k->product = k->matrix + widest * widest;
    k->work = k->product + widest * widest;
    return k;
}

void ks_kronecker_destroy(ks_kronecker* k) {
    if (k) {
        free(k->memory);
        free(k->block);
        free(k->sum);
        free(k);
    }
}

/* m (n x n, stride) += scale · AᵀA, A (rows x n) */
static void add_square(double* m, size_t stride, ks_kronecker* k, const ks_real* a, size_t rows, size_t n,
                       double scale) {
    ks_gemm(k->block, true, a, a, n, n, rows, false);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            m[i * stride + j] += scale * (double)k->block[i * n + j];
        }
    }
}

void ks_kronecker_diagonal(double* diagonal, const ks_net* net, const double* factors) {
    layer layers[KS_MAX_LAYERS];
    int count;
    list_layers(layers, &count, net);
    for (int l = 0; l < count; l++) {
        const layer* y = &layers[l];
        const double *x = factors + y->x, *d = factors + y->d;
        double *weight = diagonal + y->params, *bias = weight + y->out * (y->in - 1);
        for (size_t o = 0; o < y->out; o++) {
            for (size_t i = 0; i + 1 < y->in; i++) {
                weight[o * (y->in - 1) + i] = x[i * y->in + i] * d[o * y->out + o];
            }
            bias[o] = x[y->in * y->in - 1] * d[o * y->out + o];
        }
    }
}

double ks_kronecker_flop(const ks_net* net) {
    double flop = 0;
    for (int l = 0; l < net->num_layers; l++) {
        double in = (double)net->layer[l].in.channels;
        double out = (double)net->layer[l].out.channels;
        flop += is_dense(net, l) ? 2 * (in * in + out * out) : 0;
    }
    return flop;
}

void ks_kronecker_add(double* factors, ks_kronecker* k, const ks_net_batch* batch, const ks_real* delta_out,
                      double scale) {
    for (int l = 0; l < k->num_layers; l++) {
        const layer* y = &k->layers[l];
        size_t in = y->in - 1;
        const ks_real* x = ks_net_input(k->net, batch, y->number);
        const ks_real* d = y->number == k->net->num_layers - 1 ? delta_out : ks_net_delta(k->net, batch, y->number);
        double* m = factors + y->x;
        add_square(m, y->in, k, x, batch->n, in, scale);
        memset(k->sum, 0, in * sizeof *k->sum);
        ks_vec_add_columns(k->sum, x, batch->n, in);
        for (size_t i = 0; i < in; i++) {
            m[i * y->in + in] += scale * (double)k->sum[i];
            m[in * y->in + i] += scale * (double)k->sum[i];
        }
        m[in * y->in + in] += scale * (double)batch->n;
        add_square(factors + y->d, y->out, k, d, batch->n, y->out, scale);
    }
}

/* m (n x n), symmetric */
static bool decompose(double* u, double* eigenvalues, ks_kronecker* k, const double* m, size_t n) {
    memcpy(k->matrix, m, n * n * sizeof *m);
    return ks_eigen_symmetric(u, eigenvalues, k->matrix, n, k->work);
}

bool ks_kronecker_invert(ks_kronecker* k, const double* factors, double damping, ks_error* err) {
    for (size_t i = 0; i < ks_kronecker_size(k->net); i++) {
        if (!isfinite(factors[i])) {
            return ks_fail(err, KS_FAILED, "its factors are not finite");
        }
    }
    for (int l = 0; l < k->num_layers; l++) {
        layer* y = &k->layers[l];
        if (!decompose(y->ux, k->eigenvalues_x, k, factors + y->x, y->in) ||
            !decompose(y->ud, k->eigenvalues_d, k, factors + y->d, y->out)) {
            return ks_fail(err, KS_FAILED, "the eigenvalues of layer %d were not found", l);
        }
        for (size_t i = 0; i < y->in; i++) {
            for (size_t j = 0; j < y->in; j++) {
                y->ux_t[j * y->in + i] = y->ux[i * y->in + j];
            }
        }
        for (size_t i = 0; i < y->out; i++) {
            for (size_t j = 0; j < y->in; j++) {
                double eigenvalue = fmax(k->eigenvalues_d[i], 0) * fmax(k->eigenvalues_x[j], 0);
                y->inverse[i * y->in + j] = 1 / (eigenvalue + damping);
            }
        }
    }
    return true;
}

/* C (m x n) = op(A) B, B (k x n) */
static void multiply(double* c, bool transpose_a, const double* a, const double* b, size_t m, size_t n, size_t k) {
    ks_gemm_double(c, a, b, &(ks_gemm_shape){m, n, k, transpose_a ? m : k, n, n, transpose_a, false});
}

void ks_kronecker_solve(double* out, ks_kronecker* k, const double* v) {
    for (int l = 0; l < k->num_layers; l++) {
        const layer* y = &k->layers[l];
        size_t in = y->in - 1, weight = y->params, bias = weight + y->out * in;
        for (size_t i = 0; i < y->out; i++) {
            memcpy(k->matrix + i * y->in, v + weight + i * in, in * sizeof *v);
            k->matrix[i * y->in + in] = v[bias + i];
        }
        /* U_Dᵀ ((U_D V U_Xᵀ) ∘ inverse) U_X */
        multiply(k->product, false, y->ud, k->matrix, y->out, y->in, y->out);
        multiply(k->matrix, false, k->product, y->ux_t, y->out, y->in, y->in);
        for (size_t i = 0; i < y->out * y->in; i++) {
            k->matrix[i] *= y->inverse[i];
        }
        multiply(k->product, true, y->ud, k->matrix, y->out, y->in, y->out);
        multiply(k->matrix, false, k->product, y->ux, y->out, y->in, y->in);
        for (size_t i = 0; i < y->out; i++) {
            memcpy(out + weight + i * in, k->matrix + i * y->in, in * sizeof *v);
            out[bias + i] = k->matrix[i * y->in + in];
        }
    }
}
