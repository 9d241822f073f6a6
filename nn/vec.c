#include "nn/vec.h"

#include "base/elementary.h"

void ks_vec_bias(ks_real* restrict z, const ks_real* restrict b, size_t rows, size_t cols) {
    for (size_t r = 0; r < rows; r++, z += cols) {
        for (size_t c = 0; c < cols; c++) {
            z[c] += b[c];
        }
    }
}

void ks_vec_bias_relu(ks_real* restrict z, const ks_real* restrict b, size_t rows, size_t cols) {
    for (size_t r = 0; r < rows; r++, z += cols) {
        for (size_t c = 0; c < cols; c++) {
            ks_real sum = z[c] + b[c];
            z[c] = sum <= 0 ? 0 : sum; /* lets not-a-number through */
        }
    }
}

void ks_vec_bias_tanh(ks_real* restrict z, const ks_real* restrict b, size_t rows, size_t cols) {
    for (size_t r = 0; r < rows; r++, z += cols) {
        for (size_t c = 0; c < cols; c++) {
            z[c] = ks_tanh(z[c] + b[c]);
        }
    }
}

void ks_vec_mask_relu(ks_real* restrict d, const ks_real* restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        d[i] = x[i] > 0 ? d[i] : 0;
    }
}

void ks_vec_mask_tanh(ks_real* restrict d, const ks_real* restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        d[i] *= 1 - x[i] * x[i];
    }
}

void ks_vec_r_relu(ks_real* restrict rx, const ks_real* restrict v, const ks_real* restrict x, size_t rows,
                   size_t cols) {
    for (size_t r = 0; r < rows; r++, rx += cols, x += cols) {
        for (size_t c = 0; c < cols; c++) {
            rx[c] = x[c] > 0 ? rx[c] + v[c] : 0;
        }
    }
}

void ks_vec_r_tanh(ks_real* restrict rx, ks_real* restrict rz, const ks_real* restrict v, const ks_real* restrict x,
                   size_t rows, size_t cols) {
    for (size_t r = 0; r < rows; r++, rx += cols, rz += cols, x += cols) {
        for (size_t c = 0; c < cols; c++) {
            rz[c] = rx[c] + v[c];
            rx[c] = (1 - x[c] * x[c]) * rz[c];
        }
    }
}

void ks_vec_r_mask_tanh(ks_real* restrict rd, const ks_real* restrict x, const ks_real* restrict d,
                        const ks_real* restrict rz, size_t n) {
    for (size_t i = 0; i < n; i++) {
        rd[i] = rd[i] * (1 - x[i] * x[i]) - 2 * x[i] * d[i] * rz[i];
    }
}

void ks_vec_add_columns(ks_real* restrict sum, const ks_real* restrict d, size_t rows, size_t cols) {
    for (size_t r = 0; r < rows; r++, d += cols) {
        for (size_t c = 0; c < cols; c++) {
            sum[c] += d[c];
        }
    }
}
