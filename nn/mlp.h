/* mlp.h: a multilayer perceptron on one block of rows: forward, backward, and Pearlmutter's R-operator over both.
 *
 * Layer l maps X_l (rows x width[l]) to Z_l+1 = X_l Wᵀ + b, and X_l+1 = φ(Z_l+1), but for the last, whose Z is the output.
 * "hidden" memory holds X_1 … X_L-1 of a block, layer after layer, each with room for KS_BLOCK_ROWS rows; deltas (the
 * derivatives of the loss with respect to Z_1 … Z_L-1), R{X} and R{Z} are laid out likewise: KS_BLOCK_ROWS x hidden_cols.
 *
 * Thread rule: pure functions of their arguments. Nothing allocates. */
#ifndef KS_NN_MLP_H
#define KS_NN_MLP_H

#include "base/real.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    KS_MAX_HIDDEN = 16,   /* hidden layers at most */
    KS_MAX_WIDTH = 65536, /* units of a layer at most */
    KS_BLOCK_ROWS = 100,  /* rows worked on at once, so that a block's activations stay in cache (measured) */
};

typedef enum ks_activation { KS_RELU, KS_TANH } ks_activation;

typedef struct ks_mlp {
    int num_layers; /* L: hidden layers + 1 */
    ks_activation activation;
    size_t width[KS_MAX_HIDDEN + 2];  /* (L+1) inputs, hidden layers, outputs */
    size_t weight[KS_MAX_HIDDEN + 1]; /* (L) where each layer's W (out x in) starts in θ */
    size_t bias[KS_MAX_HIDDEN + 1];   /* (L) likewise b (out) */
    size_t hidden[KS_MAX_HIDDEN + 2]; /* (L) where X_l, l >= 1, starts in hidden memory */
    size_t hidden_cols;               /* widths of all hidden layers together */
    size_t num_params;
} ks_mlp;

/* hidden (num_hidden <= KS_MAX_HIDDEN): units of every hidden layer. Every layer has 1 to KS_MAX_WIDTH units. */
ks_mlp ks_mlp_make(int inputs, const int* hidden, int num_hidden, int outputs, ks_activation activation);

/* Parameters, or a direction in their space, with every W also as Wᵀ (in x out): BLAS multiplies matrices of our sizes faster
 * if neither is to be transposed (measured: by a third with AVX-512). */
typedef struct ks_mlp_weights {
    const ks_real* theta;      /* (num_params) */
    const ks_real* transposed; /* (num_params) Wᵀ where W is in theta; biases are not in it */
} ks_mlp_weights;

/* theta with its transposes, which go to memory (num_params). Both must stay as they are while the result is used. */
ks_mlp_weights ks_mlp_transpose(const ks_mlp* mlp, const ks_real* theta, ks_real* memory);

/* hidden, out (n x outputs) from x (n x inputs); n <= KS_BLOCK_ROWS here and below. */
void ks_mlp_forward(const ks_mlp* mlp, ks_mlp_weights w, size_t n, const ks_real* x, ks_real* hidden, ks_real* out);

/* Where blocks' gradients are summed. */
typedef struct ks_mlp_sum {
    ks_real* grad; /* (num_params) */
    bool begun;    /* grad has a sum already, to which is added; else it is set */
} ks_mlp_sum;

/* delta_hidden from delta_out (n x outputs), and the gradient to sum, unless its grad is NULL. */
void ks_mlp_backward(const ks_mlp* mlp, ks_mlp_weights w, size_t n, const ks_real* x, const ks_real* hidden,
                     const ks_real* delta_out, ks_real* delta_hidden, ks_mlp_sum sum);

/* What a forward and backward pass at θ left for one block. */
typedef struct ks_mlp_block {
    size_t n;
    const ks_real* x; /* (n x inputs) */
    const ks_real* hidden;
    const ks_real* delta_hidden; /* not read by r_forward */
    const ks_real* delta_out;    /* likewise */
} ks_mlp_block;

/* Derivatives of everything in the direction v of θ. */
typedef struct ks_mlp_r {
    ks_real* hidden; /* R{X_l} */
    ks_real* z;      /* R{Z_l}, for tanh only */
    ks_real* delta;  /* R{delta}, scratch of r_backward */
    ks_real* out;    /* (n x outputs) R{output} */
} ks_mlp_r;

/* r->hidden, r->z and r->out. */
void ks_mlp_r_forward(const ks_mlp* mlp, ks_mlp_weights w, ks_mlp_weights v, const ks_mlp_block* block,
                      const ks_mlp_r* r);
/* R{gradient} to sum, from r_delta_out = R{delta_out} (n x outputs). */
void ks_mlp_r_backward(const ks_mlp* mlp, ks_mlp_weights w, ks_mlp_weights v, const ks_mlp_block* block,
                       const ks_mlp_r* r, const ks_real* r_delta_out, ks_mlp_sum sum);

#endif
