#include "policy/heads.h"

#include <math.h>

static const double HALF_LOG_2PI = 0.91893853320467274178;

ks_head_params ks_head_prepare(double* memory, const ks_policy_settings* settings, const ks_real* log_std) {
    size_t cols = (size_t)settings->act_dim;
    if (settings->head == KS_GAUSSIAN) {
        for (size_t c = 0; c < cols; c++) {
            double s = (double)log_std[c];
            bool below = s < settings->log_std_min;
            memory[c] = below ? settings->log_std_min : s;
            memory[cols + c] = exp(-memory[c]);
            memory[2 * cols + c] = below ? 0 : 1;
        }
    }
    return (ks_head_params){settings->head, cols, memory, memory + cols, memory + 2 * cols};
}

/* log Σ exp(m), stably */
static double log_sum_exp(const ks_real* m, size_t n) {
    double max = (double)m[0];
    for (size_t i = 1; i < n; i++) {
        max = fmax(max, (double)m[i]);
    }
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += exp((double)m[i] - max);
    }
    return max + log(sum);
}

double ks_head_logp(const ks_head_params* p, const ks_real* out, const ks_real* act) {
    if (p->head == KS_CATEGORICAL) {
        return (double)out[(size_t)act[0]] - log_sum_exp(out, p->cols);
    }
    double sum = 0;
    for (size_t c = 0; c < p->cols; c++) {
        double z = ((double)act[c] - (double)out[c]) * p->inv_std[c];
        sum -= 0.5 * z * z + p->log_std[c] + HALF_LOG_2PI;
    }
    return sum;
}

double ks_head_kl(const ks_head_params* old, const ks_real* old_out, const ks_head_params* now, const ks_real* out) {
    double sum = 0;
    if (old->head == KS_CATEGORICAL) {
        double old_norm = log_sum_exp(old_out, old->cols);
        double norm = log_sum_exp(out, old->cols);
        for (size_t c = 0; c < old->cols; c++) {
            double logp = (double)old_out[c] - old_norm;
            sum += exp(logp) * (logp - ((double)out[c] - norm));
        }
        return sum;
    }
    /* log σ'/σ + (σ² + (μ - μ')²) / 2σ'² - 1/2 */
    for (size_t c = 0; c < old->cols; c++) {
        double ratio = now->inv_std[c] / old->inv_std[c];
        double z = ((double)old_out[c] - (double)out[c]) * now->inv_std[c];
        sum += now->log_std[c] - old->log_std[c] + 0.5 * (ratio * ratio + z * z - 1);
    }
    return sum;
}

/* ---- derivatives ------------------------------------------------------------------------------------------------ */

/* ∂L/∂μ = -w z/σ, ∂L/∂s = -w (z² - 1) */
static double gaussian_delta(const ks_head_params* p, size_t n, const ks_real* out, const ks_real* act,
                             const ks_real* w, double scale, ks_real* delta, double* grad_s) {
    double value = 0;
    for (size_t r = 0; r < n; r++, out += p->cols, act += p->cols, delta += p->cols) {
        double weight = (double)w[r];
        double nll = 0;
        for (size_t c = 0; c < p->cols; c++) {
            double z = ((double)act[c] - (double)out[c]) * p->inv_std[c];
            nll += 0.5 * z * z + p->log_std[c] + HALF_LOG_2PI;
            delta[c] = (ks_real)(-scale * weight * z * p->inv_std[c]);
            grad_s[c] -= p->live[c] * scale * weight * (z * z - 1);
        }
        value += weight * nll;
    }
    return value;
}

/* ∂L/∂m = w (p - onehot(a)) */
static double categorical_delta(const ks_head_params* p, size_t n, const ks_real* out, const ks_real* act,
                                const ks_real* w, double scale, ks_real* delta) {
    double value = 0;
    for (size_t r = 0; r < n; r++, out += p->cols, delta += p->cols) {
        double weight = (double)w[r];
        double norm = log_sum_exp(out, p->cols);
        size_t a = (size_t)act[r];
        for (size_t c = 0; c < p->cols; c++) {
            delta[c] = (ks_real)(scale * weight * (exp((double)out[c] - norm) - (c == a)));
        }
        value -= weight * ((double)out[a] - norm);
    }
    return value;
}

double ks_head_delta(const ks_head_params* p, size_t n, const ks_real* out, const ks_real* act, const ks_real* w,
                     double scale, ks_real* delta, double* grad_s) {
    return p->head == KS_GAUSSIAN ? gaussian_delta(p, n, out, act, w, scale, delta, grad_s)
                                  : categorical_delta(p, n, out, act, w, scale, delta);
}

/* d (cols) = scale · (diag(p) - p pᵀ) r of one row: the categorical Fisher information, and the Hessian of -log p_a */
static void categorical_r(size_t cols, const ks_real* out, double scale, const ks_real* r, ks_real* d) {
    double norm = log_sum_exp(out, cols);
    double mean = 0;
    for (size_t c = 0; c < cols; c++) {
        mean += exp((double)out[c] - norm) * (double)r[c];
    }
    for (size_t c = 0; c < cols; c++) {
        d[c] = (ks_real)(scale * exp((double)out[c] - norm) * ((double)r[c] - mean));
    }
}

/* R{∂L/∂μ} = w (R{μ}/σ² + 2 z R{s}/σ), R{∂L/∂s} = w (2 z R{μ}/σ + 2 z² R{s}) */
void ks_head_r_delta(const ks_head_params* p, size_t n, const ks_real* out, const ks_real* act, const ks_real* w,
                     double scale, const ks_real* r_out, const ks_real* r_s, ks_real* r_delta, double* grad_s) {
    size_t cols = p->cols;
    for (size_t r = 0; r < n; r++, out += cols, r_out += cols, r_delta += cols) {
        double weight = scale * (double)w[r];
        if (p->head == KS_CATEGORICAL) {
            categorical_r(cols, out, weight, r_out, r_delta);
            continue;
        }
        for (size_t c = 0; c < cols; c++) {
            double z = ((double)act[c] - (double)out[c]) * p->inv_std[c];
            double rm = (double)r_out[c] * p->inv_std[c];
            double rs = p->live[c] * (double)r_s[c];
            r_delta[c] = (ks_real)(weight * (rm + 2 * z * rs) * p->inv_std[c]);
            grad_s[c] += p->live[c] * weight * 2 * z * (rm + z * rs);
        }
        act += cols;
    }
}

/* Gaussian: diag(1/σ²) on μ, the constant 2 on s */
void ks_head_fisher(const ks_head_params* p, size_t n, const ks_real* out, double scale, const ks_real* r_out,
                    const ks_real* r_s, ks_real* delta, double* grad_s) {
    size_t cols = p->cols;
    if (p->head == KS_CATEGORICAL) {
        for (size_t r = 0; r < n; r++) {
            categorical_r(cols, out + r * cols, scale, r_out + r * cols, delta + r * cols);
        }
        return;
    }
    for (size_t r = 0; r < n; r++, r_out += cols, delta += cols) {
        for (size_t c = 0; c < cols; c++) {
            delta[c] = (ks_real)(scale * (double)r_out[c] * p->inv_std[c] * p->inv_std[c]);
        }
    }
    for (size_t c = 0; c < cols; c++) {
        grad_s[c] += 2 * scale * (double)n * p->live[c] * (double)r_s[c];
    }
}
