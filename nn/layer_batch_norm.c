/* batch_norm: y = γ x̂ + β with x̂ = (x - m) r, r = 1/sqrt(v + ε); m and v are mean and variance of a channel over
 * the rows and pixels of the batch (N of them), or of another batch where they are given. γ only if `scale`; else 1.
 *
 * It is two maps: statistics S(x) = (m, v), and the rest as a function of x, m and v, whose derivatives are, with A =
 * Σ d, B = Σ d x̂:
 *     ∂β = A, ∂γ = B, ∂m = -r γ A, ∂v = -r² γ B / 2, ∂x = γ r d
 * Given statistics hand ∂m and ∂v on. The batch's own add what another batch has handed on, and pull both back
 * through S:
 *     ∂x += ∂m / N + 2 ∂v x̂ / (N r)
 * The R-operator is the product rule on every factor, with R{m} = mean R{x}, R{v} = 2 mean (x̂ R{x}) / r (since mean
 * x̂ = 0), R{r} = -r³ R{v} / 2, and R{x̂} = r (R{x} - R{m}) + x̂ R{r} / r.
 *
 * Statistics of a channel are doubles, all means first, then all variances; what is multiplied with every number is a
 * ks_real. */
#include "nn/layer.h"
#include "nn/vec.h"

#include <math.h>

enum { FEATURES, EPSILON, SCALE };
/* scratch: ks_reals for the numbers of a channel that every pixel takes, then doubles for sums */
enum { FACTORS = 5, SUMS = 4 };

static size_t sums_size(size_t features) {
    return SUMS * features * (sizeof(double) / sizeof(ks_real));
}

static bool shape(ks_layer* layer, ks_error* err) {
    size_t features = layer->in.channels;
    if (!ks_layer_infer(layer, FEATURES, features, err)) {
        return false;
    }
    if (layer->value[SCALE] != 0) {
        layer->tensor[layer->num_tensors++] = (ks_layer_tensor){"scale", 1, {features}};
    }
    layer->tensor[layer->num_tensors++] = (ks_layer_tensor){"shift", 1, {features}};
    layer->kept = layer->r_kept = ks_image_numbers(layer->in); /* x̂, R{x̂} */
    layer->statistics = 2 * features;
    layer->scratch = sums_size(features) + FACTORS * features;
    return true;
}

/* what all passes use; pointers to one number a channel */
typedef struct norm {
    size_t features, rows, numbers; /* rows: N */
    double epsilon;
    const ks_real *gamma, *beta, *r_gamma, *r_beta; /* gamma and r_gamma: NULL without scale */
    const double *mean, *variance;                  /* after forward */
    double* sum[SUMS];
    ks_real* factor[FACTORS];
} norm;

static norm start(const ks_layer_pass* p) {
    size_t f = p->layer->in.channels;
    bool scale = p->layer->value[SCALE] != 0;
    norm b = {
        .features = f, .rows = ks_layer_pixels(p), .numbers = ks_layer_numbers(p), .epsilon = p->layer->value[EPSILON]};
    b.gamma = scale ? p->theta : NULL;
    b.beta = scale ? p->theta + f : p->theta;
    if (p->v) {
        b.r_gamma = scale ? p->v : NULL;
        b.r_beta = scale ? p->v + f : p->v;
    }
    b.mean = p->given ? p->given : p->statistics;
    b.variance = b.mean + f;
    for (size_t i = 0; i < SUMS; i++) {
        b.sum[i] = (double*)(void*)p->scratch + i * f;
    }
    for (size_t i = 0; i < FACTORS; i++) {
        b.factor[i] = p->scratch + sums_size(f) + i * f;
    }
    memset(b.sum[0], 0, SUMS * f * sizeof *b.sum[0]);
    return b;
}

static double gamma_of(const norm* b, size_t c) {
    return b->gamma ? b->gamma[c] : 1;
}

static double r_gamma_of(const norm* b, size_t c) {
    return b->r_gamma ? b->r_gamma[c] : 0;
}

/* r = 1/sqrt(v + ε) */
static double inverse(const norm* b, size_t c) {
    return 1 / sqrt(b->variance[c] + b->epsilon);
}

/* ---- forward ----------------------------------------------------------------------------------------------------- */

/* mean, and variance about it in a second pass: differences of large squares would lose their digits */
static void take_statistics(const norm* b, double* statistics, const ks_real* x) {
    double *mean = statistics, *variance = statistics + b->features;
    ks_real* center = b->factor[0];
    ks_vec_sum_rows(b->sum[0], x, b->rows, b->features);
    for (size_t c = 0; c < b->features; c++) {
        mean[c] = b->sum[0][c] / (double)b->rows;
        center[c] = (ks_real)mean[c];
    }
    ks_vec_sum_squares(b->sum[1], x, center, b->rows, b->features);
    for (size_t c = 0; c < b->features; c++) {
        variance[c] = b->sum[1][c] / (double)b->rows;
    }
}

static void forward(const ks_layer_pass* p) {
    norm b = start(p);
    if (!p->given) {
        take_statistics(&b, p->statistics, p->x);
    }
    for (size_t c = 0; c < b.features; c++) {
        b.factor[0][c] = (ks_real)b.mean[c];
        b.factor[1][c] = (ks_real)inverse(&b, c);
        b.factor[2][c] = (ks_real)gamma_of(&b, c);
        b.factor[3][c] = b.beta[c];
    }
    ks_vec_normalise(p->y, p->kept, b.factor[0], p->x, b.rows, b.features);
}

/* R{r} / r = -r² R{v} / 2 */
static double r_inverse(const norm* b, const double* r_variance, size_t c) {
    return -0.5 * r_variance[c] / (b->variance[c] + b->epsilon);
}

/* R{m} and R{v}: R{S(x)} */
static void take_r_statistics(const norm* b, double* r_statistics, const ks_real* x_hat, const ks_real* rx) {
    ks_vec_sum_rows(b->sum[0], rx, b->rows, b->features);
    ks_vec_sum_products(b->sum[1], x_hat, rx, b->rows, b->features);
    for (size_t c = 0; c < b->features; c++) {
        r_statistics[c] = b->sum[0][c] / (double)b->rows;
        r_statistics[b->features + c] = 2 * b->sum[1][c] / ((double)b->rows * inverse(b, c));
    }
}

/* R{y} = R{γ} x̂ + γ R{x̂} + R{β} */
static void r_forward(const ks_layer_pass* p) {
    norm b = start(p);
    const ks_real* rx = p->rx;
    if (!rx) {
        memset(p->ry, 0, b.numbers * sizeof *p->ry);
        rx = p->ry;
    }
    if (!p->given) {
        take_r_statistics(&b, p->r_statistics, p->kept, rx);
    }
    const double* r_mean = p->given ? p->r_given : p->r_statistics;
    ks_real *of_rx = b.factor[0], *of_x_hat = b.factor[1], *offset = b.factor[2];
    for (size_t c = 0; c < b.features; c++) {
        double r = inverse(&b, c);
        of_rx[c] = (ks_real)r;
        of_x_hat[c] = (ks_real)r_inverse(&b, r_mean + b.features, c);
        offset[c] = (ks_real)(-r * r_mean[c]);
    }
    ks_vec_combine(p->r_kept, of_rx, rx, p->kept, b.rows, b.features);
    for (size_t c = 0; c < b.features; c++) {
        of_rx[c] = (ks_real)gamma_of(&b, c);
        of_x_hat[c] = (ks_real)r_gamma_of(&b, c);
        offset[c] = b.r_beta[c];
    }
    ks_vec_combine(p->ry, of_rx, p->r_kept, p->kept, b.rows, b.features);
}

/* ---- backward ---------------------------------------------------------------------------------------------------- */

/* ∂γ, ∂β, or their R-derivatives, from sums of one number a channel */
static void add_parameters(const norm* b, ks_real* grad, const double* of_beta, const double* of_gamma) {
    for (size_t c = 0; c < b->features; c++) {
        if (b->gamma) {
            grad[c] += (ks_real)of_gamma[c];
        }
        grad[(b->gamma ? b->features : 0) + c] += (ks_real)of_beta[c];
    }
}

static void backward(const ks_layer_pass* p) {
    norm b = start(p);
    double *all = b.sum[0], *with_x_hat = b.sum[1]; /* A, B */
    ks_real *of_d = b.factor[0], *of_x_hat = b.factor[1], *offset = b.factor[2];
    ks_vec_sum_rows(all, p->dy, b.rows, b.features);
    ks_vec_sum_products(with_x_hat, p->dy, p->kept, b.rows, b.features);
    if (p->grad) {
        add_parameters(&b, p->grad, all, with_x_hat);
    }
    for (size_t c = 0; c < b.features; c++) {
        double r = inverse(&b, c), gamma = gamma_of(&b, c);
        double by_mean = -r * gamma * all[c], by_variance = -0.5 * r * r * gamma * with_x_hat[c];
        double* handed = p->statistics_delta;
        if (handed && p->given) {
            handed[c] += by_mean;
            handed[b.features + c] += by_variance;
        } else if (handed) {
            by_mean += handed[c];
            by_variance += handed[b.features + c];
        }
        of_d[c] = (ks_real)(gamma * r);
        of_x_hat[c] = (ks_real)(p->given ? 0 : 2 * by_variance / ((double)b.rows * r));
        offset[c] = (ks_real)(p->given ? 0 : by_mean / (double)b.rows);
    }
    if (p->dx) {
        ks_vec_combine(p->dx, of_d, p->dy, p->kept, b.rows, b.features);
    }
}

/* A, B, R{A} = Σ R{d}, R{B} = Σ R{d} x̂ + d R{x̂} */
static void r_sums(const norm* b, const ks_layer_pass* p) {
    ks_vec_sum_rows(b->sum[0], p->dy, b->rows, b->features);
    ks_vec_sum_products(b->sum[1], p->dy, p->kept, b->rows, b->features);
    ks_vec_sum_rows(b->sum[2], p->rdy, b->rows, b->features);
    ks_vec_sum_products(b->sum[3], p->rdy, p->kept, b->rows, b->features);
    ks_vec_sum_products(b->sum[3], p->dy, p->r_kept, b->rows, b->features);
}

/* R{∂x} = γ r R{d} + R{γ r} d + R{∂m} / N + 2 (∂v R{x̂} / r + x̂ R{∂v / r}) / N */
static void r_backward(const ks_layer_pass* p) {
    norm b = start(p);
    r_sums(&b, p);
    add_parameters(&b, p->grad, b.sum[2], b.sum[3]);
    const double* r_variance = (p->given ? p->r_given : p->r_statistics) + b.features;
    double n = (double)b.rows;
    for (size_t c = 0; c < b.features; c++) {
        double r = inverse(&b, c), gamma = gamma_of(&b, c), r_gamma = r_gamma_of(&b, c);
        double r_r = r * r_inverse(&b, r_variance, c), r_factor = r_gamma * r + gamma * r_r; /* R{r}, R{γ r} */
        double A = b.sum[0][c], B = b.sum[1][c], r_A = b.sum[2][c], r_B = b.sum[3][c];
        double by_variance = -0.5 * r * r * gamma * B;
        double r_by_mean = -(r_factor * A + r * gamma * r_A);
        double r_by_variance = -0.5 * (r * (r_factor + gamma * r_r) * B + r * r * gamma * r_B);
        if (p->given && p->r_statistics_delta) {
            p->r_statistics_delta[c] += r_by_mean;
            p->r_statistics_delta[b.features + c] += r_by_variance;
        } else if (!p->given && p->statistics_delta) {
            by_variance += p->statistics_delta[b.features + c];
            r_by_mean += p->r_statistics_delta[c];
            r_by_variance += p->r_statistics_delta[b.features + c];
        }
        b.factor[0][c] = (ks_real)(gamma * r);
        b.factor[1][c] = (ks_real)r_factor;
        b.factor[2][c] = (ks_real)(p->given ? 0 : r_by_mean / n);
        b.factor[3][c] = (ks_real)(p->given ? 0 : 2 * by_variance / (n * r));
        b.factor[4][c] = (ks_real)(p->given ? 0 : 2 * (r_by_variance - by_variance * r_r / r) / (n * r));
    }
    if (p->rdx) {
        ks_vec_combine(p->rdx, b.factor[0], p->rdy, p->dy, b.rows, b.features);
        if (!p->given) {
            ks_vec_add_combined(p->rdx, b.factor[3], p->r_kept, p->kept, b.rows, b.features);
        }
    }
}

const ks_layer_kind ks_layer_batch_norm = {
    .name = "batch_norm",
    .field = {[FEATURES] = {"features", KS_FIELD_WHOLE, 1, KS_LAYER_MAX_NUMBERS, 0, true},
              [EPSILON] = {"epsilon", KS_FIELD_NUMBER, 1e-12, 1, .001, false},
              [SCALE] = {"scale", KS_FIELD_FLAG, 0, 1, 0, false}},
    .elementwise = true,
    .r_needs_dy = true,
    .couples_rows = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
};
