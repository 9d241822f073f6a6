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

/* z ← φ(z). */
void ks_vec_relu(ks_real* z, size_t n);
void ks_vec_tanh(ks_real* z, size_t n);

/* d ← d ∘ φ'(Z), from the activation's output x = φ(Z): ReLU' = [x > 0], tanh' = 1 - x². */
void ks_vec_mask_relu(ks_real* d, const ks_real* x, size_t n);
void ks_vec_mask_tanh(ks_real* d, const ks_real* x, size_t n);

/* R-forward of tanh: rx ← (1 - x²) ∘ (rx + v), v (cols) added to every row; rz keeps rx + v. */
void ks_vec_r_tanh(ks_real* rx, ks_real* rz, const ks_real* v, const ks_real* x, size_t rows, size_t cols);
/* R-forward of ReLU: rx ← [x > 0] ∘ (rx + v). */
void ks_vec_r_relu(ks_real* rx, const ks_real* v, const ks_real* x, size_t rows, size_t cols);
/* R-backward of tanh: rd ← rd ∘ (1 - x²) - 2 x d rz, d being the masked delta (see layer_tanh.c). */
void ks_vec_r_mask_tanh(ks_real* rd, const ks_real* x, const ks_real* d, const ks_real* rz, size_t n);

/* sum (cols) += column sums of d (rows x cols). */
void ks_vec_add_columns(ks_real* sum, const ks_real* d, size_t rows, size_t cols);

/* The same sums in double, and those of a ∘ b. Eight rows are added in ks_real, pair by pair, before they go into the
 * sum. */
void ks_vec_sum_rows(double* sum, const ks_real* x, size_t rows, size_t cols);
void ks_vec_sum_products(double* sum, const ks_real* a, const ks_real* b, size_t rows, size_t cols);
/* Likewise those of (x - center)², center (cols). */
void ks_vec_sum_squares(double* sum, const ks_real* x, const ks_real* center, size_t rows, size_t cols);

/* With f, one number a column in each row of f: arrays are (rows x cols), and y may be x. */
/* x_hat ← (x - f_0) f_1, y ← f_2 x_hat + f_3; f (4 x cols). */
void ks_vec_normalise(ks_real* y, ks_real* x_hat, const ks_real* f, const ks_real* x, size_t rows, size_t cols);
/* y ← f_0 x + f_1 z + f_2; f (3 x cols). */
void ks_vec_combine(ks_real* y, const ks_real* f, const ks_real* x, const ks_real* z, size_t rows, size_t cols);
/* y += f_0 x + f_1 z; f (2 x cols). */
void ks_vec_add_combined(ks_real* y, const ks_real* f, const ks_real* x, const ks_real* z, size_t rows, size_t cols);

#endif
