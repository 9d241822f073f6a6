#include "nn/mlp.h"

#include "nn/gemm.h"
#include "nn/vec.h"

#include <string.h>

ks_mlp ks_mlp_make(int inputs, const int* hidden, int num_hidden, int outputs, ks_activation activation) {
    ks_mlp mlp = {.num_layers = num_hidden + 1, .activation = activation};
    mlp.width[0] = (size_t)inputs;
    for (int l = 0; l < num_hidden; l++) {
        mlp.width[l + 1] = (size_t)hidden[l];
        mlp.hidden[l + 1] = mlp.hidden_cols * KS_BLOCK_ROWS;
        mlp.hidden_cols += mlp.width[l + 1];
    }
    mlp.width[mlp.num_layers] = (size_t)outputs;
    for (int l = 0; l < mlp.num_layers; l++) {
        mlp.weight[l] = mlp.num_params;
        mlp.bias[l] = mlp.weight[l] + mlp.width[l] * mlp.width[l + 1];
        mlp.num_params = mlp.bias[l] + mlp.width[l + 1];
    }
    return mlp;
}

ks_mlp_weights ks_mlp_transpose(const ks_mlp* mlp, const ks_real* theta, ks_real* memory) {
    for (int l = 0; l < mlp->num_layers; l++) {
        ks_transpose(memory + mlp->weight[l], theta + mlp->weight[l], mlp->width[l + 1], mlp->width[l]);
    }
    return (ks_mlp_weights){theta, memory};
}

/* X_l of a block, X_0 being the input */
static const ks_real* layer(const ks_mlp* mlp, const ks_real* x, const ks_real* hidden, int l) {
    return l == 0 ? x : hidden + mlp->hidden[l];
}

/* Z = X Wᵀ + b, X' = φ(Z) */
void ks_mlp_forward(const ks_mlp* mlp, ks_mlp_weights w, size_t n, const ks_real* x, ks_real* hidden, ks_real* out) {
    for (int l = 0; l < mlp->num_layers; l++) {
        bool last = l == mlp->num_layers - 1;
        size_t cols = mlp->width[l + 1];
        ks_real* z = last ? out : hidden + mlp->hidden[l + 1];
        const ks_real* b = w.theta + mlp->bias[l];
        ks_gemm_forward(z, layer(mlp, x, hidden, l), w.transposed + mlp->weight[l], n, mlp->width[l], cols, false);
        if (last) {
            ks_vec_bias(z, b, n, cols);
        } else if (mlp->activation == KS_RELU) {
            ks_vec_bias_relu(z, b, n, cols);
        } else {
            ks_vec_bias_tanh(z, b, n, cols);
        }
    }
}

/* grad_W += Dᵀ X, grad_b += Σ_n D */
static void add_layer(const ks_mlp* mlp, ks_mlp_sum sum, int l, const ks_real* d, const ks_real* x, size_t n) {
    ks_real* bias = sum.grad + mlp->bias[l];
    size_t out = mlp->width[l + 1];
    ks_gemm_weights(sum.grad + mlp->weight[l], d, x, n, mlp->width[l], out, sum.begun);
    if (!sum.begun) {
        memset(bias, 0, out * sizeof *bias);
    }
    ks_vec_add_columns(bias, d, n, out);
}

/* the gradient, layer by layer;  D' = (D W) ∘ φ'(Z) */
void ks_mlp_backward(const ks_mlp* mlp, ks_mlp_weights w, size_t n, const ks_real* x, const ks_real* hidden,
                     const ks_real* delta_out, ks_real* delta_hidden, ks_mlp_sum sum) {
    for (int l = mlp->num_layers - 1; l >= 0; l--) {
        size_t in = mlp->width[l];
        size_t out = mlp->width[l + 1];
        const ks_real* d = l == mlp->num_layers - 1 ? delta_out : delta_hidden + mlp->hidden[l + 1];
        const ks_real* xl = layer(mlp, x, hidden, l);
        if (sum.grad) {
            add_layer(mlp, sum, l, d, xl, n);
        }
        if (l > 0) {
            ks_real* below = delta_hidden + mlp->hidden[l];
            ks_gemm_backward(below, d, w.theta + mlp->weight[l], n, in, out, false);
            if (mlp->activation == KS_RELU) {
                ks_vec_mask_relu(below, xl, n * in);
            } else {
                ks_vec_mask_tanh(below, xl, n * in);
            }
        }
    }
}

/* R{Z} = R{X} Wᵀ + X V_Wᵀ + v_b, R{X'} = φ'(Z) ∘ R{Z}; the input does not depend on θ: R{X_0} = 0 */
void ks_mlp_r_forward(const ks_mlp* mlp, ks_mlp_weights w, ks_mlp_weights v, const ks_mlp_block* block,
                      const ks_mlp_r* r) {
    for (int l = 0; l < mlp->num_layers; l++) {
        bool last = l == mlp->num_layers - 1;
        size_t in = mlp->width[l];
        size_t out = mlp->width[l + 1];
        ks_real* rz = last ? r->out : r->hidden + mlp->hidden[l + 1];
        const ks_real* vb = v.theta + mlp->bias[l];
        ks_gemm_forward(rz, layer(mlp, block->x, block->hidden, l), v.transposed + mlp->weight[l], block->n, in, out,
                        false);
        if (l > 0) {
            ks_gemm_forward(rz, r->hidden + mlp->hidden[l], w.transposed + mlp->weight[l], block->n, in, out, true);
        }
        if (last) {
            ks_vec_bias(rz, vb, block->n, out);
        } else if (mlp->activation == KS_RELU) {
            ks_vec_r_relu(rz, vb, block->hidden + mlp->hidden[l + 1], block->n, out);
        } else {
            ks_vec_r_tanh(rz, r->z + mlp->hidden[l + 1], vb, block->hidden + mlp->hidden[l + 1], block->n, out);
        }
    }
}

/* (Hv)_W += R{D}ᵀ X + Dᵀ R{X}, (Hv)_b += Σ_n R{D};  R{D'} = (R{D} W + D V_W) ∘ φ'(Z) + (D W) ∘ φ''(Z) ∘ R{Z}.
 * ReLU: φ'' = 0. tanh: φ'' = -2 X' φ', so that the last term is -2 X' ∘ D' ∘ R{Z} with the D' that backward has left. */
void ks_mlp_r_backward(const ks_mlp* mlp, ks_mlp_weights w, ks_mlp_weights v, const ks_mlp_block* block,
                       const ks_mlp_r* r, const ks_real* r_delta_out, ks_mlp_sum sum) {
    for (int l = mlp->num_layers - 1; l >= 0; l--) {
        bool last = l == mlp->num_layers - 1;
        size_t in = mlp->width[l];
        size_t out = mlp->width[l + 1];
        const ks_real* rd = last ? r_delta_out : r->delta + mlp->hidden[l + 1];
        const ks_real* d = last ? block->delta_out : block->delta_hidden + mlp->hidden[l + 1];
        const ks_real* xl = layer(mlp, block->x, block->hidden, l);
        add_layer(mlp, sum, l, rd, xl, block->n);
        if (l == 0) {
            continue; /* R{X_0} = 0, and nothing lies below */
        }
        ks_gemm_weights(sum.grad + mlp->weight[l], d, r->hidden + mlp->hidden[l], block->n, in, out, true);
        ks_real* below = r->delta + mlp->hidden[l];
        ks_gemm_backward(below, rd, w.theta + mlp->weight[l], block->n, in, out, false);
        ks_gemm_backward(below, d, v.theta + mlp->weight[l], block->n, in, out, true);
        if (mlp->activation == KS_RELU) {
            ks_vec_mask_relu(below, xl, block->n * in);
        } else {
            ks_vec_r_mask_tanh(below, xl, block->delta_hidden + mlp->hidden[l], r->z + mlp->hidden[l], block->n * in);
        }
    }
}
