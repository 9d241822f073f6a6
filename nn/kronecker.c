#include "nn/kronecker.h"

#include "nn/gemm.h"
#include "nn/linear.h"
#include "nn/vec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* one layer: X ⊗ D, decomposed */
typedef struct layer {
    size_t in, out;  /* in counts the 1 for the bias */
    size_t x, d;     /* where the factors start */
    double *ux, *ud; /* eigenvectors in rows: (in x in), (out x out) */
    double* ux_t;    /* (in x in) in columns */
    double* inverse; /* (out x in) 1 / (λ_D λ_X + damping) */
} layer;

struct ks_kronecker {
    const ks_mlp* mlp;
    double* memory;
    layer layers[KS_MAX_HIDDEN + 1];
    double *eigenvalues_x, *eigenvalues_d, *matrix, *product; /* (widest) and (widest x widest) */
    double* work;                                             /* (3 x widest) */
    ks_real* block;                                           /* products of one block of rows */
    ks_real* sum;                                             /* column sums */
};

size_t ks_kronecker_size(const ks_mlp* mlp) {
    size_t size = 0;
    for (int l = 0; l < mlp->num_layers; l++) {
        size += (mlp->width[l] + 1) * (mlp->width[l] + 1) + mlp->width[l + 1] * mlp->width[l + 1];
    }
    return size;
}

ks_kronecker* ks_kronecker_create(const ks_mlp* mlp, ks_error* err) {
    ks_kronecker* k = calloc(1, sizeof *k);
    size_t widest = 0;
    size_t count = 0;
    for (int l = 0; l <= mlp->num_layers; l++) {
        widest = mlp->width[l] + 1 > widest ? mlp->width[l] + 1 : widest;
    }
    for (int l = 0; l < mlp->num_layers; l++) {
        size_t in = mlp->width[l] + 1;
        size_t out = mlp->width[l + 1];
        count += 2 * in * in + out * out + in * out;
    }
    count += (2 + 3) * widest + 2 * widest * widest;
    if (k) {
        k->mlp = mlp;
        k->memory = malloc(count * sizeof(double));
        k->block = malloc(widest * widest * sizeof(ks_real));
        k->sum = malloc(widest * sizeof(ks_real));
    }
    if (!k || !k->memory || !k->block || !k->sum) {
        ks_fail(err, KS_FAILED, "not enough memory for the factors of a network of %zu parameters", mlp->num_params);
        ks_kronecker_destroy(k);
        return NULL;
    }
    double* next = k->memory;
    size_t factor = 0;
    for (int l = 0; l < mlp->num_layers; l++) {
        layer* y = &k->layers[l];
        *y = (layer){.in = mlp->width[l] + 1, .out = mlp->width[l + 1], .x = factor};
        factor += y->in * y->in;
        y->d = factor;
        factor += y->out * y->out;
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

void ks_kronecker_diagonal(double* diagonal, const ks_mlp* mlp, const double* factors) {
    for (int l = 0; l < mlp->num_layers; l++) {
        size_t in = mlp->width[l] + 1; /* with the 1 for the bias */
        size_t out = mlp->width[l + 1];
        const double* x = factors;
        const double* d = factors + in * in;
        for (size_t o = 0; o < out; o++) {
            for (size_t i = 0; i + 1 < in; i++) {
                diagonal[mlp->weight[l] + o * (in - 1) + i] = x[i * in + i] * d[o * out + o];
            }
            diagonal[mlp->bias[l] + o] = x[in * in - 1] * d[o * out + o];
        }
        factors = d + out * out;
    }
}

double ks_kronecker_flop(const ks_mlp* mlp) {
    double flop = 0;
    for (int l = 0; l < mlp->num_layers; l++) {
        double in = (double)mlp->width[l];
        double out = (double)mlp->width[l + 1];
        flop += 2 * (in * in + out * out);
    }
    return flop;
}

void ks_kronecker_add(double* factors, ks_kronecker* k, const ks_mlp_block* block, double scale) {
    const ks_mlp* mlp = k->mlp;
    for (int l = 0; l < mlp->num_layers; l++) {
        const layer* y = &k->layers[l];
        size_t in = y->in - 1;
        const ks_real* x = l == 0 ? block->x : block->hidden + mlp->hidden[l];
        const ks_real* d = l == mlp->num_layers - 1 ? block->delta_out : block->delta_hidden + mlp->hidden[l + 1];
        double* m = factors + y->x;
        add_square(m, y->in, k, x, block->n, in, scale);
        memset(k->sum, 0, in * sizeof *k->sum);
        ks_vec_add_columns(k->sum, x, block->n, in);
        for (size_t i = 0; i < in; i++) {
            m[i * y->in + in] += scale * (double)k->sum[i];
            m[in * y->in + i] += scale * (double)k->sum[i];
        }
        m[in * y->in + in] += scale * (double)block->n;
        add_square(factors + y->d, y->out, k, d, block->n, y->out, scale);
    }
}

/* m (n x n), symmetric */
static bool decompose(double* u, double* eigenvalues, ks_kronecker* k, const double* m, size_t n) {
    memcpy(k->matrix, m, n * n * sizeof *m);
    return ks_eigen_symmetric(u, eigenvalues, k->matrix, n, k->work);
}

bool ks_kronecker_invert(ks_kronecker* k, const double* factors, double damping, ks_error* err) {
    for (size_t i = 0; i < ks_kronecker_size(k->mlp); i++) {
        if (!isfinite(factors[i])) {
            return ks_fail(err, KS_FAILED, "its factors are not finite");
        }
    }
    for (int l = 0; l < k->mlp->num_layers; l++) {
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
    const ks_mlp* mlp = k->mlp;
    for (int l = 0; l < mlp->num_layers; l++) {
        const layer* y = &k->layers[l];
        size_t in = y->in - 1;
        for (size_t i = 0; i < y->out; i++) {
            memcpy(k->matrix + i * y->in, v + mlp->weight[l] + i * in, in * sizeof *v);
            k->matrix[i * y->in + in] = v[mlp->bias[l] + i];
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
            memcpy(out + mlp->weight[l] + i * in, k->matrix + i * y->in, in * sizeof *v);
            out[mlp->bias[l] + i] = k->matrix[i * y->in + in];
        }
    }
}
