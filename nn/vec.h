/* vec.h: elementwise kernels, plain loops that the compiler vectorises; no sum is reordered by it.
 * Arrays do not overlap unless the text says so. Thread rule: pure functions of their arguments. */
#ifndef KS_NN_VEC_H
#define KS_NN_VEC_H

#include "base/real.h"

#include <stddef.h>

/* z (rows x cols) ← φ(z + b), b (cols) added to every row. */
void ks_vec_bias_relu(ks_real* z, const ks_real* b, size_t rows, size_t cols);
void ks_vec_bias_tanh(ks_real* z, const ks_real* b, size_t rows, size_t cols);
/* z (rows x cols) ← z + b. */
void ks_vec_bias(ks_real* z, const ks_real* b, size_t rows, size_t cols);

/* d ← d ∘ φ'(Z), from the activation's output x = φ(Z): ReLU' = [x > 0], tanh' = 1 - x². */
void ks_vec_mask_relu(ks_real* d, const ks_real* x, size_t n);
void ks_vec_mask_tanh(ks_real* d, const ks_real* x, size_t n);

/* R-forward of tanh: rx ← (1 - x²) ∘ (rx + v), v (cols) added to every row; rz keeps rx + v. */
void ks_vec_r_tanh(ks_real* rx, ks_real* rz, const ks_real* v, const ks_real* x, size_t rows, size_t cols);
/* R-forward of ReLU: rx ← [x > 0] ∘ (rx + v). */
void ks_vec_r_relu(ks_real* rx, const ks_real* v, const ks_real* x, size_t rows, size_t cols);
/* R-backward of tanh: rd ← rd ∘ (1 - x²) - 2 x d rz, d being the masked delta (see mlp.c). */
void ks_vec_r_mask_tanh(ks_real* rd, const ks_real* x, const ks_real* d, const ks_real* rz, size_t n);

/* sum (cols) += column sums of d (rows x cols). */
void ks_vec_add_columns(ks_real* sum, const ks_real* d, size_t rows, size_t cols);

#endif
