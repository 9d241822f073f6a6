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

void ks_vec_relu(ks_real* z, size_t n) {
    for (size_t i = 0; i < n; i++) {
        z[i] = z[i] <= 0 ? 0 : z[i]; /* likewise */
    }
}

void ks_vec_tanh(ks_real* z, size_t n) {
    for (size_t i = 0; i < n; i++) {
        z[i] = ks_tanh(z[i]);
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

void ks_vec_sum_rows(double* restrict sum, const ks_real* restrict x, size_t rows, size_t cols) {
    size_t r = 0;
    for (; r + 8 <= rows; r += 8, x += 8 * cols) {
        const ks_real *x1 = x + cols, *x2 = x1 + cols, *x3 = x2 + cols, *x4 = x3 + cols, *x5 = x4 + cols,
                      *x6 = x5 + cols, *x7 = x6 + cols;
        for (size_t c = 0; c < cols; c++) {
            sum[c] += ((x[c] + x1[c]) + (x2[c] + x3[c])) + ((x4[c] + x5[c]) + (x6[c] + x7[c]));
        }
    }
    for (; r < rows; r++, x += cols) {
        for (size_t c = 0; c < cols; c++) {
            sum[c] += x[c];
        }
    }
}

void ks_vec_sum_products(double* restrict sum, const ks_real* a, const ks_real* b, size_t rows, size_t cols) {
    size_t r = 0;
    for (; r + 8 <= rows; r += 8, a += 8 * cols, b += 8 * cols) {
        const ks_real *a1 = a + cols, *a2 = a1 + cols, *a3 = a2 + cols, *a4 = a3 + cols, *a5 = a4 + cols,
                      *a6 = a5 + cols, *a7 = a6 + cols;
        const ks_real *b1 = b + cols, *b2 = b1 + cols, *b3 = b2 + cols, *b4 = b3 + cols, *b5 = b4 + cols,
                      *b6 = b5 + cols, *b7 = b6 + cols;
        for (size_t c = 0; c < cols; c++) {
            sum[c] += ((a[c] * b[c] + a1[c] * b1[c]) + (a2[c] * b2[c] + a3[c] * b3[c])) +
                      ((a4[c] * b4[c] + a5[c] * b5[c]) + (a6[c] * b6[c] + a7[c] * b7[c]));
        }
    }
    for (; r < rows; r++, a += cols, b += cols) {
        for (size_t c = 0; c < cols; c++) {
            sum[c] += a[c] * b[c];
        }
    }
}

static inline ks_real square(ks_real x, ks_real center) {
    return (x - center) * (x - center);
}

void ks_vec_sum_squares(double* restrict sum, const ks_real* restrict x, const ks_real* restrict center, size_t rows,
                        size_t cols) {
    size_t r = 0;
    for (; r + 8 <= rows; r += 8, x += 8 * cols) {
        const ks_real *x1 = x + cols, *x2 = x1 + cols, *x3 = x2 + cols, *x4 = x3 + cols, *x5 = x4 + cols,
                      *x6 = x5 + cols, *x7 = x6 + cols;
        for (size_t c = 0; c < cols; c++) {
            const ks_real m = center[c];
            sum[c] += ((square(x[c], m) + square(x1[c], m)) + (square(x2[c], m) + square(x3[c], m))) +
                      ((square(x4[c], m) + square(x5[c], m)) + (square(x6[c], m) + square(x7[c], m)));
        }
    }
    for (; r < rows; r++, x += cols) {
        for (size_t c = 0; c < cols; c++) {
            sum[c] += square(x[c], center[c]);
        }
    }
}

/* Below, y may be x, element by element: no element depends on one before it. */
#ifdef __clang__
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

void ks_vec_normalise(ks_real* y, ks_real* x_hat, const ks_real* f, const ks_real* x, size_t rows, size_t cols) {
    const ks_real *center = f, *factor = center + cols, *scale = factor + cols, *shift = scale + cols;
    for (size_t r = 0; r < rows; r++, y += cols, x_hat += cols, x += cols) {
        INDEPENDENT
        for (size_t c = 0; c < cols; c++) {
            const ks_real h = (x[c] - center[c]) * factor[c];
            x_hat[c] = h;
            y[c] = scale[c] * h + shift[c];
        }
    }
}

void ks_vec_combine(ks_real* y, const ks_real* f, const ks_real* x, const ks_real* z, size_t rows, size_t cols) {
    const ks_real *of_x = f, *of_z = f + cols, *offset = of_z + cols;
    for (size_t r = 0; r < rows; r++, y += cols, x += cols, z += cols) {
        INDEPENDENT
        for (size_t c = 0; c < cols; c++) {
            y[c] = of_x[c] * x[c] + of_z[c] * z[c] + offset[c];
        }
    }
}

void ks_vec_add_combined(ks_real* y, const ks_real* f, const ks_real* x, const ks_real* z, size_t rows, size_t cols) {
    const ks_real *of_x = f, *of_z = f + cols;
    for (size_t r = 0; r < rows; r++, y += cols, x += cols, z += cols) {
        INDEPENDENT
        for (size_t c = 0; c < cols; c++) {
            y[c] += of_x[c] * x[c] + of_z[c] * z[c];
        }
    }
}
