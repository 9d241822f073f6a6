#include "policy/policy.h"

#include "policy/internal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

/* ---- layout ----------------------------------------------------------------------------------------------------- */

ks_policy_settings ks_policy_settings_default(void) {
    return (ks_policy_settings){
        .head = KS_GAUSSIAN,
        .num_hidden = 2,
        .hidden = {100, 100},
        .activation = KS_RELU,
        .log_std_min = log(1e-6),
    };
}

static bool check_settings(const ks_policy_settings* s, ks_error* err) {
    if (s->num_hidden < 0 || s->num_hidden > KS_MAX_HIDDEN) {
        return ks_fail(err, KS_BAD_INPUT, "a policy has 0 to %d hidden layers, not %d", KS_MAX_HIDDEN, s->num_hidden);
    }
    for (int i = -2; i < s->num_hidden; i++) {
        int width = i == -2 ? s->obs_dim : i == -1 ? s->act_dim : s->hidden[i];
        if (width < 1 || width > KS_MAX_WIDTH) {
            return ks_fail(err, KS_BAD_INPUT, "a layer of a policy has 1 to %d units, not %d", KS_MAX_WIDTH, width);
        }
    }
    return true;
}

ks_policy* ks_policy_create(const ks_policy_settings* settings, ks_error* err) {
    if (!check_settings(settings, err)) {
        return NULL;
    }
    ks_policy* policy = calloc(1, sizeof *policy);
    if (!policy) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    policy->settings = *settings;
    policy->mlp =
        ks_mlp_make(settings->obs_dim, settings->hidden, settings->num_hidden, settings->act_dim, settings->activation);
    policy->num_params = policy->mlp.num_params + (settings->head == KS_GAUSSIAN ? (size_t)settings->act_dim : 0);
    return policy;
}

void ks_policy_destroy(ks_policy* policy) {
    free(policy);
}

const ks_policy_settings* ks_policy_get_settings(const ks_policy* policy) {
    return &policy->settings;
}

size_t ks_policy_num_params(const ks_policy* policy) {
    return policy->num_params;
}

size_t ks_policy_log_std_offset(const ks_policy* policy) {
    return policy->mlp.num_params;
}

size_t ks_policy_act_cols(const ks_policy* policy) {
    return policy->settings.head == KS_CATEGORICAL ? 1 : (size_t)policy->settings.act_dim;
}

size_t ks_policy_head_cols(const ks_policy* policy) {
    return (size_t)policy->settings.act_dim;
}

size_t ks_policy_noise_cols(const ks_policy* policy) {
    return policy->settings.head == KS_SQUARED_ERROR ? 0 : ks_policy_act_cols(policy);
}

/* zero biases, and the log-std */
static void init_rest(const ks_policy* policy, ks_real* theta, double log_std_init) {
    const ks_mlp* mlp = &policy->mlp;
    for (int l = 0; l < mlp->num_layers; l++) {
        memset(theta + mlp->bias[l], 0, mlp->width[l + 1] * sizeof *theta);
    }
    for (size_t i = mlp->num_params; i < policy->num_params; i++) {
        theta[i] = (ks_real)log_std_init;
    }
}

void ks_policy_init(const ks_policy* policy, ks_real* theta, const double* uniform, double log_std_init) {
    const ks_mlp* mlp = &policy->mlp;
    for (int l = 0; l < mlp->num_layers; l++) {
        double limit = sqrt(6.0 / (double)(mlp->width[l] + mlp->width[l + 1]));
        for (size_t i = mlp->weight[l]; i < mlp->bias[l]; i++) {
            theta[i] = (ks_real)(limit * (2 * uniform[i] - 1));
        }
    }
    init_rest(policy, theta, log_std_init);
}

/* x with ∫_0^x φ = p, φ the normal density without its constant, 0 <= x <= 2: Newton's iterations from 0, which come from
 * below since φ falls. Integral and density are Taylor series, so that nothing but + * / is used and every machine has the
 * same bytes. */
static double inverse_integral(double p) {
    enum { ITERATIONS = 10, TERMS = 32 };
    double x = 0;
    for (int i = 0; i < ITERATIONS; i++) {
        double integral = 0;
        double density = 0;
        double term = 1; /* (-x²/2)^k / k! */
        for (int k = 0; k < TERMS; k++) {
            density += term;
            integral += term * x / (2 * k + 1);
            term *= -0.5 * x * x / (k + 1);
        }
        x += (p - integral) / density;
    }
    return x;
}

void ks_policy_init_truncated_normal(const ks_policy* policy, ks_real* theta, const double* uniform, double sigma,
                                     double log_std_init) {
    const double whole = 1.19628801332260820; /* ∫_0^2 φ */
    const ks_mlp* mlp = &policy->mlp;
    for (int l = 0; l < mlp->num_layers; l++) {
        for (size_t i = mlp->weight[l]; i < mlp->bias[l]; i++) {
            double side = 2 * uniform[i] - 1;
            double x = inverse_integral(whole * (side < 0 ? -side : side));
            theta[i] = (ks_real)(side < 0 ? -sigma * x : sigma * x);
        }
    }
    init_rest(policy, theta, log_std_init);
}

void ks_policy_scale_inputs(const ks_policy* policy, ks_real* theta, const double* size) {
    const ks_mlp* mlp = &policy->mlp;
    ks_real* weight = theta + mlp->weight[0];
    for (size_t j = 0; j < mlp->width[1]; j++) {
        for (size_t i = 0; i < mlp->width[0]; i++) {
            weight[j * mlp->width[0] + i] /= (ks_real)size[i];
        }
    }
}

size_t ks_policy_num_tensors(const ks_policy* policy) {
    return 2 * (size_t)policy->mlp.num_layers + (policy->settings.head == KS_GAUSSIAN);
}

ks_policy_tensor ks_policy_tensor_at(const ks_policy* policy, size_t index) {
    const ks_mlp* mlp = &policy->mlp;
    assert(index < ks_policy_num_tensors(policy));
    size_t l = index / 2;
    ks_policy_tensor t = {.ndim = 1};
    if (l == (size_t)mlp->num_layers) {
        snprintf(t.name, sizeof t.name, "log_std");
        t.shape[0] = t.count = (size_t)policy->settings.act_dim;
        t.offset = mlp->num_params;
        return t;
    }
    snprintf(t.name, sizeof t.name, "mlp.%zu.%s", l, index % 2 ? "bias" : "weight");
    t.shape[0] = mlp->width[l + 1];
    t.offset = index % 2 ? mlp->bias[l] : mlp->weight[l];
    t.count = t.shape[0];
    if (index % 2 == 0) {
        t.ndim = 2;
        t.shape[1] = mlp->width[l];
        t.count *= t.shape[1];
    }
    return t;
}

ks_policy_flop ks_policy_count_flop(const ks_policy* policy) {
    const ks_mlp* mlp = &policy->mlp;
    double all = 0;   /* one product with every W */
    double upper = 0; /* with all but the first, whose input is constant */
    for (int l = 0; l < mlp->num_layers; l++) {
        double one = 2 * (double)mlp->width[l] * (double)mlp->width[l + 1];
        all += one;
        upper += l > 0 ? one : 0;
    }
    return (ks_policy_flop){
        .forward = all,
        .deltas = upper,
        .weights = all,
        .hvp = (all + upper) + (all + upper) + 2 * upper, /* R-forward; R{weights}; R{deltas} */
        .fvp = (all + upper) + all + upper,               /* R-forward; weights; deltas */
    };
}

/* ---- workspace ---------------------------------------------------------------------------------------------------- */

void* ks_aligned_alloc(size_t bytes) {
    return aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT);
}

/* the next part of a block of memory, aligned; only counts while base is NULL */
static void* part(char* base, size_t* used, size_t bytes) {
    void* p = base ? base + *used : NULL;
    *used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return p;
}

static size_t lay_out(ks_policy_ws* ws, const ks_policy* policy, char* base) {
    size_t used = 0;
    size_t hidden = KS_BLOCK_ROWS * policy->mlp.hidden_cols * sizeof(ks_real);
    size_t cols = ks_policy_head_cols(policy);
    size_t out = KS_BLOCK_ROWS * cols * sizeof(ks_real);
    ws->hidden = part(base, &used, hidden);
    ws->delta = part(base, &used, hidden);
    ws->r_hidden = part(base, &used, hidden);
    ws->r_z = part(base, &used, policy->mlp.activation == KS_TANH ? hidden : 0);
    ws->out = part(base, &used, out);
    ws->delta_out = part(base, &used, out);
    ws->r_out = part(base, &used, out);
    ws->grad = part(base, &used, policy->mlp.num_params * sizeof(ks_real));
    ws->theta_t = part(base, &used, policy->mlp.num_params * sizeof(ks_real));
    ws->v_t = part(base, &used, policy->mlp.num_params * sizeof(ks_real));
    ws->head_params = part(base, &used, 3 * cols * sizeof(double));
    ws->old_head_params = part(base, &used, 3 * cols * sizeof(double));
    ws->grad_s = part(base, &used, cols * sizeof(double));
    return used;
}

ks_policy_ws* ks_policy_ws_create(const ks_policy* policy, ks_error* err) {
    ks_policy_ws* ws = calloc(1, sizeof *ws);
    if (ws) {
        ws->memory = ks_aligned_alloc(lay_out(ws, policy, NULL));
    }
    if (!ws || !ws->memory) {
        ks_fail(err, KS_FAILED, "not enough memory for a policy of %zu parameters", policy->num_params);
        free(ws);
        return NULL;
    }
    lay_out(ws, policy, ws->memory);
    return ws;
}

void ks_policy_ws_destroy(ks_policy_ws* ws) {
    if (ws) {
        free(ws->memory);
        free(ws);
    }
}

void ks_ws_begin(ks_policy_ws* ws, const ks_policy* policy) {
    ws->begun = ws->flushed = false;
    memset(ws->grad_s, 0, ks_policy_head_cols(policy) * sizeof *ws->grad_s);
}

ks_mlp_sum ks_ws_sum(ks_policy_ws* ws) {
    ks_mlp_sum sum = {ws->grad, ws->begun};
    ws->begun = true;
    return sum;
}

/* 0 + x, which is x but for a negative zero: the sum that starts from 0 */
void ks_ws_flush(double* out, ks_policy_ws* ws, const ks_policy* policy) {
    size_t n = policy->mlp.num_params;
    if (ws->flushed && ws->begun) {
        for (size_t i = 0; i < n; i++) {
            out[i] += (double)ws->grad[i];
        }
    } else if (ws->begun) {
        for (size_t i = 0; i < n; i++) {
            out[i] = 0 + (double)ws->grad[i];
        }
    } else if (!ws->flushed) {
        memset(out, 0, n * sizeof *out);
    }
    ws->begun = false;
    ws->flushed = true;
}

void ks_ws_end(double* out, ks_policy_ws* ws, const ks_policy* policy) {
    ks_ws_flush(out, ws, policy);
    for (size_t i = policy->mlp.num_params; i < policy->num_params; i++) {
        out[i] = 0 + ws->grad_s[i - policy->mlp.num_params];
    }
}

ks_rows ks_rows_block(const ks_policy* policy, ks_rows rows, size_t first) {
    return ks_rows_part(policy, rows, first, KS_BLOCK_ROWS);
}

ks_rows ks_rows_part(const ks_policy* policy, ks_rows rows, size_t first, size_t most) {
    size_t left = rows.n - first;
    rows.n = left < most ? left : most;
    rows.obs += first * (size_t)policy->settings.obs_dim;
    rows.act = rows.act ? rows.act + first * ks_policy_act_cols(policy) : NULL;
    rows.weight = rows.weight ? rows.weight + first : NULL;
    rows.logp = rows.logp ? rows.logp + first : NULL;
    return rows;
}

ks_head_params ks_policy_head_params(double* memory, const ks_policy* policy, const ks_real* theta) {
    return ks_head_prepare(memory, &policy->settings, theta + policy->mlp.num_params);
}

/* ---- acting --------------------------------------------------------------------------------------------------------- */

void ks_policy_prepare(ks_policy_ws* ws, const ks_policy* policy, const ks_real* theta) {
    ws->prepared = ks_mlp_transpose(&policy->mlp, theta, ws->theta_t);
}

void ks_policy_forward_prepared(const ks_policy* policy, size_t n, const ks_real* obs, ks_real* head,
                                ks_policy_ws* ws) {
    size_t cols = ks_policy_head_cols(policy);
    ks_rows rows = {.n = n, .obs = obs};
    for (size_t first = 0; first < n; first += KS_BLOCK_ROWS) {
        ks_rows block = ks_rows_block(policy, rows, first);
        ks_mlp_forward(&policy->mlp, ws->prepared, block.n, block.obs, ws->hidden, head + first * cols);
    }
}

void ks_policy_forward(const ks_policy* policy, const ks_real* theta, size_t n, const ks_real* obs, ks_real* head,
                       ks_policy_ws* ws) {
    ks_policy_prepare(ws, policy, theta);
    ks_policy_forward_prepared(policy, n, obs, head, ws);
}

/* the action whose interval of the cumulative distribution holds u; without noise the most likely one */
static size_t categorical_sample(const ks_real* logits, size_t n, const ks_real* u) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        best = logits[i] > logits[best] ? i : best;
    }
    if (!u) {
        return best;
    }
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += exp((double)(logits[i] - logits[best]));
    }
    double left = (double)u[0] * sum;
    for (size_t i = 0; i + 1 < n; i++) {
        left -= exp((double)(logits[i] - logits[best]));
        if (left < 0) {
            return i;
        }
    }
    return n - 1;
}

void ks_policy_sample(const ks_policy* policy, const ks_real* theta, size_t n, const ks_real* head,
                      const ks_real* noise, ks_real* act, ks_real* logp) {
    size_t cols = ks_policy_head_cols(policy);
    if (policy->settings.head == KS_SQUARED_ERROR) {
        memcpy(act, head, n * cols * sizeof *act);
        memset(logp, 0, n * sizeof *logp);
        return;
    }
    if (policy->settings.head == KS_CATEGORICAL) {
        for (size_t r = 0; r < n; r++) {
            const ks_head_params p = {.head = KS_CATEGORICAL, .cols = cols};
            act[r] = (ks_real)categorical_sample(head + r * cols, cols, noise ? noise + r : NULL);
            logp[r] = (ks_real)ks_head_logp(&p, head + r * cols, act + r);
        }
        return;
    }
    const ks_real* log_std = theta + policy->mlp.num_params;
    for (size_t r = 0; r < n; r++) {
        logp[r] = 0;
    }
    for (size_t c = 0; c < cols; c++) {
        double s = fmax((double)log_std[c], policy->settings.log_std_min);
        double std = exp(s);
        double norm = s + 0.5 * log(2 * acos(-1.0));
        for (size_t r = 0; r < n; r++) {
            size_t i = r * cols + c;
            act[i] = noise ? (ks_real)((double)head[i] + std * (double)noise[i]) : head[i];
            /* from the action as stored, so that a reader of it finds the same number */
            double z = ((double)act[i] - (double)head[i]) / std;
            logp[r] -= (ks_real)(0.5 * z * z + norm);
        }
    }
}

/* ---- the primitive ---------------------------------------------------------------------------------------------------- */

double ks_policy_nll(const ks_policy* policy, const ks_real* theta, ks_rows rows, ks_policy_ws* ws) {
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, theta);
    ks_mlp_weights w = ks_mlp_transpose(&policy->mlp, theta, ws->theta_t);
    double sum = 0;
    for (size_t first = 0; first < rows.n; first += KS_BLOCK_ROWS) {
        ks_rows b = ks_rows_block(policy, rows, first);
        ks_mlp_forward(&policy->mlp, w, b.n, b.obs, ws->hidden, ws->out);
        for (size_t r = 0; r < b.n; r++) {
            sum -= ks_head_objective(&p, &b, r, ws->out);
        }
    }
    return sum;
}

double ks_policy_nll_grad(double* grad, const ks_policy* policy, const ks_real* theta, ks_rows rows, double scale,
                          ks_policy_ws* ws) {
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, theta);
    ks_mlp_weights w = ks_mlp_transpose(&policy->mlp, theta, ws->theta_t);
    double sum = 0;
    ks_ws_begin(ws, policy);
    for (size_t first = 0; first < rows.n; first += KS_BLOCK_ROWS) {
        ks_rows b = ks_rows_block(policy, rows, first);
        ks_mlp_forward(&policy->mlp, w, b.n, b.obs, ws->hidden, ws->out);
        sum += ks_head_delta(&p, &b, ws->out, scale, ws->delta_out, ws->grad_s);
        ks_mlp_backward(&policy->mlp, w, b.n, b.obs, ws->hidden, ws->delta_out, ws->delta, ks_ws_sum(ws));
        if (first / KS_BLOCK_ROWS % KS_FLUSH_BLOCKS == KS_FLUSH_BLOCKS - 1) {
            ks_ws_flush(grad, ws, policy);
        }
    }
    ks_ws_end(grad, ws, policy);
    return sum;
}

void ks_policy_compare(double* ratio_sum, double* kl_sum, const ks_policy* policy, const ks_real* theta, ks_rows rows,
                       ks_old_policy old, ks_policy_ws* ws) {
    ks_head_params now = ks_policy_head_params(ws->head_params, policy, theta);
    ks_head_params before = ks_policy_head_params(ws->old_head_params, policy, old.theta);
    ks_mlp_weights w = ks_mlp_transpose(&policy->mlp, theta, ws->theta_t);
    size_t act_cols = ks_policy_act_cols(policy);
    *ratio_sum = 0;
    *kl_sum = 0;
    for (size_t first = 0; first < rows.n; first += KS_BLOCK_ROWS) {
        ks_rows b = ks_rows_block(policy, rows, first);
        const ks_real* old_head = old.head + first * now.cols;
        ks_mlp_forward(&policy->mlp, w, b.n, b.obs, ws->hidden, ws->out);
        for (size_t r = 0; r < b.n; r++) {
            const ks_real* out = ws->out + r * now.cols;
            double logp = ks_head_logp(&now, out, b.act + r * act_cols);
            *ratio_sum += ks_rows_surrogate(&b, r, exp(logp - (double)old.logp[first + r]));
            *kl_sum += ks_head_kl(&before, old_head + r * now.cols, &now, out);
        }
    }
}
