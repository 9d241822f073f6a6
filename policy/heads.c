#include "policy/heads.h"

#include <assert.h>
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

/* ---- losses ----------------------------------------------------------------------------------------------------------- */

/* is clip(ratio) w the smaller? */
static bool is_clipped(const ks_rows* rows, double weight, double ratio) {
    return rows->loss == KS_LOSS_CLIPPED && (weight < 0 ? ratio < 1 - rows->clip : ratio > 1 + rows->clip);
}

double ks_rows_surrogate(const ks_rows* rows, size_t n, double ratio) {
    double weight = ks_rows_weight(rows, n);
    double bound = weight < 0 ? 1 - rows->clip : 1 + rows->clip;
    return weight * (is_clipped(rows, weight, ratio) ? bound : ratio);
}

/* The weight that -log π of row n has in the loss's gradient: w, w ratio, or 0 where that is clipped. */
static double gradient_weight(const ks_head_params* p, const ks_rows* rows, size_t n, const ks_real* out,
                              const ks_real* act) {
    double weight = ks_rows_weight(rows, n);
    if (rows->loss == KS_LOSS_SCORE) {
        return weight;
    }
    double ratio = exp(ks_head_logp(p, out, act) - (double)rows->logp[n]);
    return is_clipped(rows, weight, ratio) ? 0 : weight * ratio;
}

/* Minus the loss of row n, from its log π. */
static double objective(const ks_rows* rows, size_t n, double logp) {
    return rows->loss == KS_LOSS_SCORE ? ks_rows_weight(rows, n) * logp
                                       : ks_rows_surrogate(rows, n, exp(logp - (double)rows->logp[n]));
}

/* ---- Gaussian -------------------------------------------------------------------------------------------------------- */

static double gaussian_logp(const ks_head_params* p, const ks_real* out, const ks_real* act) {
    double sum = 0;
    for (size_t c = 0; c < p->cols; c++) {
        double z = ((double)act[c] - (double)out[c]) * p->inv_std[c];
        sum -= 0.5 * z * z + p->log_std[c] + HALF_LOG_2PI;
    }
    return sum;
}

/* log σ'/σ + (σ² + (μ - μ')²) / 2σ'² - 1/2 */
static double gaussian_kl(const ks_head_params* old, const ks_real* old_out, const ks_head_params* now,
                          const ks_real* out) {
    double sum = 0;
    for (size_t c = 0; c < old->cols; c++) {
        double ratio = now->inv_std[c] / old->inv_std[c];
        double z = ((double)old_out[c] - (double)out[c]) * now->inv_std[c];
        sum += now->log_std[c] - old->log_std[c] + 0.5 * (ratio * ratio + z * z - 1);
    }
    return sum;
}

/* ∂L/∂μ = -w z/σ, ∂L/∂s = -w (z² - 1) */
static double gaussian_delta(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale,
                             ks_real* delta, double* grad_s) {
    const ks_real* act = rows->act;
    double value = 0;
    for (size_t r = 0; r < rows->n; r++, out += p->cols, act += p->cols, delta += p->cols) {
        double weight = gradient_weight(p, rows, r, out, act);
        double nll = 0;
        for (size_t c = 0; c < p->cols; c++) {
            double z = ((double)act[c] - (double)out[c]) * p->inv_std[c];
            nll += 0.5 * z * z + p->log_std[c] + HALF_LOG_2PI;
            delta[c] = (ks_real)(-scale * weight * z * p->inv_std[c]);
            grad_s[c] -= p->live[c] * scale * weight * (z * z - 1);
        }
        value -= objective(rows, r, -nll);
    }
    return value;
}

/* R{log π} of one row, r_out being its part of the direction */
static double gaussian_r_logp(const ks_head_params* p, const ks_real* out, const ks_real* act, const ks_real* r_out,
                              const ks_real* r_s) {
    double sum = 0;
    for (size_t c = 0; c < p->cols; c++) {
        double z = ((double)act[c] - (double)out[c]) * p->inv_std[c];
        sum += z * p->inv_std[c] * (double)r_out[c] + p->live[c] * (z * z - 1) * (double)r_s[c];
    }
    return sum;
}

/* R{∂L/∂μ} = w (R{μ}/σ² + 2 z R{s}/σ), R{∂L/∂s} = w (2 z R{μ}/σ + 2 z² R{s}).
 * With a ratio w itself has R{w} = w R{log π}, which adds -R{w} z/σ and -R{w} (z² - 1). */
static void gaussian_r_delta(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale,
                             ks_head_r r, ks_real* r_delta, double* grad_s) {
    const ks_real* act = rows->act;
    for (size_t n = 0; n < rows->n; n++, out += p->cols, act += p->cols, r.out += p->cols, r_delta += p->cols) {
        double weight = scale * gradient_weight(p, rows, n, out, act);
        bool ratio = rows->loss != KS_LOSS_SCORE;
        double r_weight = ratio ? weight * gaussian_r_logp(p, out, act, r.out, r.s) : 0;
        for (size_t c = 0; c < p->cols; c++) {
            double z = ((double)act[c] - (double)out[c]) * p->inv_std[c];
            double rm = (double)r.out[c] * p->inv_std[c];
            double rs = p->live[c] * (double)r.s[c];
            double by_mean = weight * (rm + 2 * z * rs) * p->inv_std[c];
            r_delta[c] = (ks_real)(ratio ? by_mean - r_weight * z * p->inv_std[c] : by_mean);
            grad_s[c] += p->live[c] * weight * 2 * z * (rm + z * rs);
            if (ratio) {
                grad_s[c] -= p->live[c] * r_weight * (z * z - 1);
            }
        }
    }
}

/* diag(1/σ²) on μ, the constant 2 on s */
static void gaussian_fisher(const ks_head_params* p, size_t n, const ks_real* out, double scale, ks_head_r r,
                            ks_real* delta, double* grad_s) {
    (void)out;
    for (size_t i = 0; i < n; i++, r.out += p->cols, delta += p->cols) {
        for (size_t c = 0; c < p->cols; c++) {
            delta[c] = (ks_real)(scale * (double)r.out[c] * p->inv_std[c] * p->inv_std[c]);
        }
    }
    for (size_t c = 0; c < p->cols; c++) {
        grad_s[c] += 2 * scale * (double)n * p->live[c] * (double)r.s[c];
    }
}

/* ---- categorical ----------------------------------------------------------------------------------------------------- */

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

static double categorical_logp(const ks_head_params* p, const ks_real* out, const ks_real* act) {
    return (double)out[(size_t)act[0]] - log_sum_exp(out, p->cols);
}

static double categorical_kl(const ks_head_params* old, const ks_real* old_out, const ks_head_params* now,
                             const ks_real* out) {
    (void)now;
    double sum = 0;
    double old_norm = log_sum_exp(old_out, old->cols);
    double norm = log_sum_exp(out, old->cols);
    for (size_t c = 0; c < old->cols; c++) {
        double logp = (double)old_out[c] - old_norm;
        sum += exp(logp) * (logp - ((double)out[c] - norm));
    }
    return sum;
}

/* ∂L/∂m = w (p - onehot(a)) */
static double categorical_delta(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale,
                                ks_real* delta, double* grad_s) {
    (void)grad_s;
    double value = 0;
    for (size_t r = 0; r < rows->n; r++, out += p->cols, delta += p->cols) {
        double weight = gradient_weight(p, rows, r, out, rows->act + r);
        double norm = log_sum_exp(out, p->cols);
        size_t a = (size_t)rows->act[r];
        for (size_t c = 0; c < p->cols; c++) {
            delta[c] = (ks_real)(scale * weight * (exp((double)out[c] - norm) - (c == a)));
        }
        value -= objective(rows, r, (double)out[a] - norm);
    }
    return value;
}

/* d (cols) = scale · (diag(p) - p pᵀ) r of one row: the Fisher information, and the Hessian of -log p_a */
static void categorical_product(size_t cols, const ks_real* out, double scale, const ks_real* r, ks_real* d) {
    double norm = log_sum_exp(out, cols);
    double mean = 0;
    for (size_t c = 0; c < cols; c++) {
        mean += exp((double)out[c] - norm) * (double)r[c];
    }
    for (size_t c = 0; c < cols; c++) {
        d[c] = (ks_real)(scale * exp((double)out[c] - norm) * ((double)r[c] - mean));
    }
}

/* d (cols) += R{w} (p - onehot(a)), R{w} = w R{log p_a} = w (r_a - p·r) */
static void categorical_r_weight(size_t cols, const ks_real* out, size_t a, double weight, const ks_real* r,
                                 ks_real* d) {
    double norm = log_sum_exp(out, cols);
    double mean = 0;
    for (size_t c = 0; c < cols; c++) {
        mean += exp((double)out[c] - norm) * (double)r[c];
    }
    for (size_t c = 0; c < cols; c++) {
        d[c] += (ks_real)(weight * ((double)r[a] - mean) * (exp((double)out[c] - norm) - (c == a)));
    }
}

static void categorical_r_delta(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale,
                                ks_head_r r, ks_real* r_delta, double* grad_s) {
    (void)grad_s;
    for (size_t n = 0; n < rows->n; n++) {
        size_t at = n * p->cols;
        double weight = scale * gradient_weight(p, rows, n, out + at, rows->act + n);
        categorical_product(p->cols, out + at, weight, r.out + at, r_delta + at);
        if (rows->loss != KS_LOSS_SCORE) {
            categorical_r_weight(p->cols, out + at, (size_t)rows->act[n], weight, r.out + at, r_delta + at);
        }
    }
}

static void categorical_fisher(const ks_head_params* p, size_t n, const ks_real* out, double scale, ks_head_r r,
                               ks_real* delta, double* grad_s) {
    (void)grad_s;
    for (size_t i = 0; i < n; i++) {
        categorical_product(p->cols, out + i * p->cols, scale, r.out + i * p->cols, delta + i * p->cols);
    }
}

/* ---- squared error: L = w mean_c (m_c - a_c)² ------------------------------------------------------------------------ */

static double mean_square(const ks_real* a, const ks_real* b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum / (double)n;
}

static double squared_logp(const ks_head_params* p, const ks_real* out, const ks_real* act) {
    return -mean_square(out, act, p->cols);
}

static double squared_kl(const ks_head_params* old, const ks_real* old_out, const ks_head_params* now,
                         const ks_real* out) {
    (void)now;
    return mean_square(out, old_out, old->cols);
}

/* ∂L/∂m = 2 w (m - a) / cols */
static double squared_delta(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale,
                            ks_real* delta, double* grad_s) {
    (void)grad_s;
    const ks_real* act = rows->act;
    double value = 0;
    for (size_t r = 0; r < rows->n; r++, out += p->cols, act += p->cols, delta += p->cols) {
        double weight = ks_rows_weight(rows, r);
        double slope = 2 * scale * weight / (double)p->cols;
        for (size_t c = 0; c < p->cols; c++) {
            delta[c] = (ks_real)(slope * ((double)out[c] - (double)act[c]));
        }
        value += weight * mean_square(out, act, p->cols);
    }
    return value;
}

static void squared_r_delta(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale, ks_head_r r,
                            ks_real* r_delta, double* grad_s) {
    (void)out;
    (void)grad_s;
    for (size_t n = 0; n < rows->n; n++, r.out += p->cols, r_delta += p->cols) {
        double curvature = 2 * scale * ks_rows_weight(rows, n) / (double)p->cols;
        for (size_t c = 0; c < p->cols; c++) {
            r_delta[c] = (ks_real)(curvature * (double)r.out[c]);
        }
    }
}

static void squared_fisher(const ks_head_params* p, size_t n, const ks_real* out, double scale, ks_head_r r,
                           ks_real* delta, double* grad_s) {
    const ks_rows rows = {.n = n};
    squared_r_delta(p, &rows, out, scale, r, delta, grad_s);
}

/* ---- the table of heads ---------------------------------------------------------------------------------------------- */

static const struct {
    double (*logp)(const ks_head_params* p, const ks_real* out, const ks_real* act);
    double (*kl)(const ks_head_params* old, const ks_real* old_out, const ks_head_params* now, const ks_real* out);
    double (*delta)(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale, ks_real* delta,
                    double* grad_s);
    void (*r_delta)(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale, ks_head_r r,
                    ks_real* r_delta, double* grad_s);
    void (*fisher)(const ks_head_params* p, size_t n, const ks_real* out, double scale, ks_head_r r, ks_real* delta,
                   double* grad_s);
} HEADS[] = {
    [KS_GAUSSIAN] = {gaussian_logp, gaussian_kl, gaussian_delta, gaussian_r_delta, gaussian_fisher},
    [KS_CATEGORICAL] = {categorical_logp, categorical_kl, categorical_delta, categorical_r_delta, categorical_fisher},
    [KS_SQUARED_ERROR] = {squared_logp, squared_kl, squared_delta, squared_r_delta, squared_fisher},
};

double ks_head_logp(const ks_head_params* p, const ks_real* out, const ks_real* act) {
    return HEADS[p->head].logp(p, out, act);
}

double ks_head_objective(const ks_head_params* p, const ks_rows* rows, size_t n, const ks_real* out) {
    size_t act_cols = p->head == KS_CATEGORICAL ? 1 : p->cols;
    return objective(rows, n, ks_head_logp(p, out + n * p->cols, rows->act + n * act_cols));
}

double ks_head_kl(const ks_head_params* old, const ks_real* old_out, const ks_head_params* now, const ks_real* out) {
    return HEADS[old->head].kl(old, old_out, now, out);
}

double ks_head_delta(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale, ks_real* delta,
                     double* grad_s) {
    assert(rows->loss == KS_LOSS_SCORE || p->head != KS_SQUARED_ERROR);
    return HEADS[p->head].delta(p, rows, out, scale, delta, grad_s);
}

void ks_head_r_delta(const ks_head_params* p, const ks_rows* rows, const ks_real* out, double scale, ks_head_r r,
                     ks_real* r_delta, double* grad_s) {
    HEADS[p->head].r_delta(p, rows, out, scale, r, r_delta, grad_s);
}

void ks_head_fisher(const ks_head_params* p, size_t n, const ks_real* out, double scale, ks_head_r r, ks_real* delta,
                    double* grad_s) {
    HEADS[p->head].fisher(p, n, out, scale, r, delta, grad_s);
}
