#include "policy/kfac.h"

#include "nn/gemm.h"
#include "nn/linear.h"
#include "nn/vec.h"
#include "policy/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* one layer: F = X ⊗ D, decomposed */
typedef struct layer {
    size_t in, out;  /* in counts the 1 for the bias */
    size_t x, d;     /* where the factors start */
    double *ux, *ud; /* eigenvectors in rows: (in x in), (out x out) */
    double* ux_t;    /* (in x in) in columns */
    double* inverse; /* (out x in) 1 / (λ_D λ_X + damping) */
} layer;

struct ks_kfac {
    const ks_policy* policy;
    double damping;
    double* memory;
    layer layers[KS_MAX_HIDDEN + 1];
    double *eigenvalues_x, *eigenvalues_d, *matrix, *product; /* (widest) and (widest x widest) */
    double* work;                                             /* (3 x widest) */
    ks_real* block;                                           /* products of one block of rows */
    ks_real* sum;                                             /* column sums */
    ks_real ones[KS_BLOCK_ROWS];
};

size_t ks_kfac_size(const ks_policy* policy) {
    const ks_mlp* mlp = &policy->mlp;
    size_t size = 0;
    for (int l = 0; l < mlp->num_layers; l++) {
        size += (mlp->width[l] + 1) * (mlp->width[l] + 1) + mlp->width[l + 1] * mlp->width[l + 1];
    }
    return size;
}

ks_kfac* ks_kfac_create(const ks_policy* policy, ks_error* err) {
    const ks_mlp* mlp = &policy->mlp;
    ks_kfac* kfac = calloc(1, sizeof *kfac);
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
    if (kfac) {
        kfac->policy = policy;
        kfac->memory = malloc(count * sizeof(double));
        kfac->block = malloc(widest * widest * sizeof(ks_real));
        kfac->sum = malloc(widest * sizeof(ks_real));
    }
    if (!kfac || !kfac->memory || !kfac->block || !kfac->sum) {
        ks_fail(err, KS_FAILED, "not enough memory for the factors of a policy of %zu parameters", policy->num_params);
        ks_kfac_destroy(kfac);
        return NULL;
    }
    double* next = kfac->memory;
    size_t factor = 0;
    for (int l = 0; l < mlp->num_layers; l++) {
        layer* y = &kfac->layers[l];
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
    kfac->eigenvalues_x = next;
    kfac->eigenvalues_d = kfac->eigenvalues_x + widest;
    kfac->matrix = kfac->eigenvalues_d + widest;
    kfac->product = kfac->matrix + widest * widest;
    kfac->work = kfac->product + widest * widest;
    for (int i = 0; i < KS_BLOCK_ROWS; i++) {
        kfac->ones[i] = 1;
    }
    return kfac;
}

void ks_kfac_destroy(ks_kfac* kfac) {
    if (kfac) {
        free(kfac->memory);
        free(kfac->block);
        free(kfac->sum);
        free(kfac);
    }
}

/* m (n x n, stride) += scale · AᵀA, A (rows x n) */
static void add_square(double* m, size_t stride, ks_kfac* kfac, const ks_real* a, size_t rows, size_t n, double scale) {
    ks_gemm(kfac->block, true, a, a, n, n, rows, false);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            m[i * stride + j] += scale * (double)kfac->block[i * n + j];
        }
    }
}

double ks_kfac_flop(const ks_policy* policy) {
    const ks_mlp* mlp = &policy->mlp;
    ks_policy_flop f = ks_policy_count_flop(policy);
    double flop = f.forward + f.deltas;
    for (int l = 0; l < mlp->num_layers; l++) {
        double in = (double)mlp->width[l];
        double out = (double)mlp->width[l + 1];
        flop += 2 * (in * in + out * out);
    }
    return flop;
}

void ks_kfac_factors(double* factors, ks_kfac* kfac, const ks_real* theta, ks_rows rows, double scale,
                     ks_policy_ws* ws) {
    const ks_policy* policy = kfac->policy;
    const ks_mlp* mlp = &kfac->policy->mlp;
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, theta);
    ks_mlp_weights w = ks_mlp_transpose(mlp, theta, ws->theta_t);
    ks_ws_begin(ws, policy);
    for (size_t first = 0; first < rows.n; first += KS_BLOCK_ROWS) {
        ks_rows b = ks_rows_block(policy, rows, first);
        ks_mlp_forward(mlp, w, b.n, b.obs, ws->hidden, ws->out);
        ks_head_delta(&p, b.n, ws->out, b.act, kfac->ones, 1, ws->delta_out, ws->grad_s);
        ks_mlp_backward(mlp, w, b.n, b.obs, ws->hidden, ws->delta_out, ws->delta, NULL);
        for (int l = 0; l < mlp->num_layers; l++) {
            const layer* y = &kfac->layers[l];
            size_t in = y->in - 1;
            const ks_real* x = l == 0 ? b.obs : ws->hidden + mlp->hidden[l];
            const ks_real* d = l == mlp->num_layers - 1 ? ws->delta_out : ws->delta + mlp->hidden[l + 1];
            double* m = factors + y->x;
            add_square(m, y->in, kfac, x, b.n, in, scale);
            memset(kfac->sum, 0, in * sizeof *kfac->sum);
            ks_vec_add_columns(kfac->sum, x, b.n, in);
            for (size_t i = 0; i < in; i++) {
                m[i * y->in + in] += scale * (double)kfac->sum[i];
                m[in * y->in + i] += scale * (double)kfac->sum[i];
            }
            m[in * y->in + in] += scale * (double)b.n;
            add_square(factors + y->d, y->out, kfac, d, b.n, y->out, scale);
        }
    }
}

/* m (n x n), symmetric */
static bool decompose(double* u, double* eigenvalues, ks_kfac* kfac, const double* m, size_t n) {
    memcpy(kfac->matrix, m, n * n * sizeof *m);
    return ks_eigen_symmetric(u, eigenvalues, kfac->matrix, n, kfac->work);
}

bool ks_kfac_invert(ks_kfac* kfac, const double* factors, double damping, ks_error* err) {
    for (size_t i = 0; i < ks_kfac_size(kfac->policy); i++) {
        if (!isfinite(factors[i])) {
            return ks_fail(err, KS_FAILED, "the Fisher information of the policies is not finite");
        }
    }
    kfac->damping = damping;
    for (int l = 0; l < kfac->policy->mlp.num_layers; l++) {
        layer* y = &kfac->layers[l];
        if (!decompose(y->ux, kfac->eigenvalues_x, kfac, factors + y->x, y->in) ||
            !decompose(y->ud, kfac->eigenvalues_d, kfac, factors + y->d, y->out)) {
            return ks_fail(err, KS_FAILED, "the eigenvalues of the Fisher information of layer %d were not found", l);
        }
        for (size_t i = 0; i < y->in; i++) {
            for (size_t j = 0; j < y->in; j++) {
                y->ux_t[j * y->in + i] = y->ux[i * y->in + j];
            }
        }
        for (size_t i = 0; i < y->out; i++) {
            for (size_t j = 0; j < y->in; j++) {
                double eigenvalue = fmax(kfac->eigenvalues_d[i], 0) * fmax(kfac->eigenvalues_x[j], 0);
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

void ks_kfac_solve(double* out, ks_kfac* kfac, const double* v) {
    const ks_mlp* mlp = &kfac->policy->mlp;
    for (int l = 0; l < mlp->num_layers; l++) {
        const layer* y = &kfac->layers[l];
        size_t in = y->in - 1;
        for (size_t i = 0; i < y->out; i++) {
            memcpy(kfac->matrix + i * y->in, v + mlp->weight[l] + i * in, in * sizeof *v);
            kfac->matrix[i * y->in + in] = v[mlp->bias[l] + i];
        }
        /* U_Dᵀ ((U_D V U_Xᵀ) ∘ inverse) U_X */
        multiply(kfac->product, false, y->ud, kfac->matrix, y->out, y->in, y->out);
        multiply(kfac->matrix, false, kfac->product, y->ux_t, y->out, y->in, y->in);
        for (size_t i = 0; i < y->out * y->in; i++) {
            kfac->matrix[i] *= y->inverse[i];
        }
        multiply(kfac->product, true, y->ud, kfac->matrix, y->out, y->in, y->out);
        multiply(kfac->matrix, false, kfac->product, y->ux, y->out, y->in, y->in);
        for (size_t i = 0; i < y->out; i++) {
            memcpy(out + mlp->weight[l] + i * in, kfac->matrix + i * y->in, in * sizeof *v);
            out[mlp->bias[l] + i] = kfac->matrix[i * y->in + in];
        }
    }
    for (size_t i = mlp->num_params; i < kfac->policy->num_params; i++) {
        out[i] = v[i] / (2 + kfac->damping);
    }
}
