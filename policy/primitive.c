/* The workspace, acting, and the primitive (policy.h). */
#include "policy/internal.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

/* ---- workspace ---------------------------------------------------------------------------------------------------- */

/* the next part of a block of memory, aligned; only counts while base is NULL */
static void* part(char* base, size_t* used, size_t bytes) {
    void* p = base ? base + *used : NULL;
    *used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return p;
}

/* the most that any use of n rows takes */
static size_t most(size_t (*size)(const ks_net*, ks_net_use, size_t), const ks_net* net, size_t n) {
    size_t found = 0;
    for (int use = 0; use < KS_NET_NUM_USES; use++) {
        size_t one = size(net, (ks_net_use)use, n);
        found = one > found ? one : found;
    }
    return found;
}

static size_t lay_out(ks_policy_ws* ws, const ks_policy* policy, char* base) {
    const ks_net* net = &policy->net;
    size_t used = 0, cols = ks_policy_head_cols(policy), n = ws->max_rows;
    size_t out = n * cols * sizeof(ks_real);
    ws->tape = part(base, &used, most(ks_net_tape_size, net, n) * sizeof(ks_real));
    ws->work = part(base, &used, most(ks_net_work_size, net, n) * sizeof(ks_real));
    ws->out = part(base, &used, out);
    ws->delta_out = part(base, &used, out);
    ws->r_out = part(base, &used, out);
    ws->grad = part(base, &used, net->num_params * sizeof(ks_real));
    ws->packed = part(base, &used, net->num_packed * sizeof(ks_real));
    ws->v_packed = part(base, &used, net->num_packed * sizeof(ks_real));
    ws->head_params = part(base, &used, 3 * cols * sizeof(double));
    ws->old_head_params = part(base, &used, 3 * cols * sizeof(double));
    ws->grad_s = part(base, &used, cols * sizeof(double));
    if (net->couples_rows) {
        ws->norm_tape = part(base, &used, ks_net_tape_size(net, KS_NET_GRADIENT, n) * sizeof(ks_real));
        ws->norm_out = part(base, &used, out);
        ws->norm_delta = part(base, &used, net->num_statistics * sizeof(double));
    }
    return used;
}

ks_policy_ws* ks_policy_ws_create(const ks_policy* policy, size_t max_rows, ks_error* err) {
    ks_policy_ws* ws = calloc(1, sizeof *ws);
    if (ws) {
        ws->max_rows = policy->net.couples_rows ? max_rows : policy->block_rows;
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

ks_real* ks_ws_sum(ks_policy_ws* ws, ks_net_batch* b) {
    b->grad_is_new = !ws->begun;
    ws->begun = true;
    return ws->grad;
}

/* 0 + x, which is x but for a negative zero: the sum that starts from 0 */
void ks_ws_flush(double* out, ks_policy_ws* ws, const ks_policy* policy) {
    size_t n = policy->net.num_params;
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
    for (size_t i = policy->net.num_params; i < policy->num_params; i++) {
        out[i] = 0 + ws->grad_s[i - policy->net.num_params];
    }
}

ks_rows ks_rows_block(const ks_policy* policy, ks_rows rows, size_t first) {
    return ks_rows_part(policy, rows, first, policy->block_rows);
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
    return ks_head_prepare(memory, &policy->settings, theta + policy->net.num_params);
}

ks_net_batch ks_rows_batch(ks_net_use use, const ks_rows* block, ks_real* tape, ks_real* out) {
    return (ks_net_batch){.use = use, .n = block->n, .x = block->obs, .tape = tape, .out = out};
}

/* ---- forward ---------------------------------------------------------------------------------------------------------- */

/* The rows whose statistics a block takes. */
static ks_net_batch norm_batch(ks_net_use use, const ks_rows* rows, const ks_policy_ws* ws) {
    assert(ws->norm_tape && rows->norm_n <= ws->max_rows);
    return (ks_net_batch){
        .use = use, .n = rows->norm_n, .x = rows->norm_obs, .tape = ws->norm_tape, .out = ws->norm_out};
}

/* Forward of a block: the network's output goes to out (n x head_cols). */
static ks_net_batch forward(ks_net_use use, const ks_policy* policy, ks_net_weights w, const ks_rows* block,
                            ks_real* out, ks_policy_ws* ws) {
    assert(block->n <= ws->max_rows);
    ks_net_batch b = ks_rows_batch(use, block, ws->tape, out);
    if (block->norm_obs && policy->net.couples_rows) {
        ks_net_batch norm = norm_batch(use, block, ws);
        ks_net_forward(&policy->net, w, &norm, ws->work);
        b.given = ks_net_statistics(norm.tape);
    }
    ks_net_forward(&policy->net, w, &b, ws->work);
    return b;
}

/* Backward of the same block, on through the statistics that it was given. */
static void backward(const ks_policy* policy, ks_net_weights w, ks_net_batch* b, const ks_rows* block,
                     ks_policy_ws* ws) {
    ks_real* grad = ks_ws_sum(ws, b);
    if (!b->given) {
        ks_net_backward(&policy->net, w, b, ws->delta_out, grad, ws->work);
        return;
    }
    ks_net_batch norm = norm_batch(b->use, block, ws);
    memset(ws->norm_delta, 0, policy->net.num_statistics * sizeof *ws->norm_delta);
    memset(ws->r_out, 0,
           norm.n * ks_policy_head_cols(policy) * sizeof *ws->r_out); /* nothing is lost by their outputs */
    b->statistics_delta = norm.statistics_delta = ws->norm_delta;
    ks_net_backward(&policy->net, w, b, ws->delta_out, grad, ws->work);
    ks_net_backward(&policy->net, w, &norm, ws->r_out, grad, ws->work);
}

void ks_policy_prepare(ks_policy_ws* ws, const ks_policy* policy, const ks_real* theta) {
    ws->prepared = ks_net_pack(&policy->net, theta, ws->packed);
}

static void forward_rows(const ks_policy* policy, ks_rows rows, ks_real* head, ks_policy_ws* ws) {
    for (size_t first = 0; first < rows.n; first += ks_rows_block(policy, rows, first).n) {
        ks_rows block = ks_rows_block(policy, rows, first);
        forward(KS_NET_FORWARD, policy, ws->prepared, &block, head + first * ks_policy_head_cols(policy), ws);
    }
}

void ks_policy_forward_prepared(const ks_policy* policy, size_t n, const ks_real* obs, ks_real* head,
                                ks_policy_ws* ws) {
    forward_rows(policy, (ks_rows){.n = n, .obs = obs}, head, ws);
}

void ks_policy_forward_rows(const ks_policy* policy, const ks_real* theta, ks_rows rows, ks_real* head,
                            ks_policy_ws* ws) {
    ks_policy_prepare(ws, policy, theta);
    forward_rows(policy, rows, head, ws);
}

void ks_policy_forward(const ks_policy* policy, const ks_real* theta, size_t n, const ks_real* obs, ks_real* head,
                       ks_policy_ws* ws) {
    ks_policy_forward_rows(policy, theta, (ks_rows){.n = n, .obs = obs}, head, ws);
}

/* ---- acting --------------------------------------------------------------------------------------------------------- */

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
    const ks_real* log_std = theta + policy->net.num_params;
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

double ks_policy_hits(const ks_policy_ws* ws) {
    return ws->hits;
}

double ks_rows_hits(const ks_rows* block, const ks_policy* policy, const ks_real* out) {
    size_t cols = ks_policy_head_cols(policy), hits = 0;
    for (size_t r = 0; policy->settings.head == KS_CATEGORICAL && r < block->n; r++, out += cols) {
        size_t best = 0;
        for (size_t c = 1; c < cols; c++) {
            best = out[c] > out[best] ? c : best;
        }
        hits += (ks_real)best == block->act[r];
    }
    return (double)hits;
}

/* ---- the primitive ---------------------------------------------------------------------------------------------------- */

double ks_policy_nll(const ks_policy* policy, const ks_real* theta, ks_rows rows, ks_policy_ws* ws) {
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, theta);
    ks_net_weights w = ks_net_pack(&policy->net, theta, ws->packed);
    double sum = 0;
    size_t n;
    ws->hits = 0;
    for (size_t first = 0; first < rows.n; first += n) {
        ks_rows b = ks_rows_block(policy, rows, first);
        n = b.n;
        forward(KS_NET_FORWARD, policy, w, &b, ws->out, ws);
        ws->hits += ks_rows_hits(&b, policy, ws->out);
        for (size_t r = 0; r < b.n; r++) {
            sum -= ks_head_objective(&p, &b, r, ws->out);
        }
    }
    return sum;
}

double ks_policy_nll_grad(double* grad, const ks_policy* policy, const ks_real* theta, ks_rows rows, double scale,
                          ks_policy_ws* ws) {
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, theta);
    ks_net_weights w = ks_net_pack(&policy->net, theta, ws->packed);
    double sum = 0;
    size_t n, blocks = 0;
    ws->hits = 0;
    ks_ws_begin(ws, policy);
    for (size_t first = 0; first < rows.n; first += n) {
        ks_rows b = ks_rows_block(policy, rows, first);
        n = b.n;
        ks_net_batch batch = forward(KS_NET_GRADIENT, policy, w, &b, ws->out, ws);
        ws->hits += ks_rows_hits(&b, policy, ws->out);
        sum += ks_head_delta(&p, &b, ws->out, scale, ws->delta_out, ws->grad_s);
        backward(policy, w, &batch, &b, ws);
        if (++blocks % KS_FLUSH_BLOCKS == 0) {
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
    ks_net_weights w = ks_net_pack(&policy->net, theta, ws->packed);
    size_t act_cols = ks_policy_act_cols(policy);
    size_t n;
    *ratio_sum = 0;
    *kl_sum = 0;
    for (size_t first = 0; first < rows.n; first += n) {
        ks_rows b = ks_rows_block(policy, rows, first);
        const ks_real* old_head = old.head + first * now.cols;
        n = b.n;
        forward(KS_NET_FORWARD, policy, w, &b, ws->out, ws);
        for (size_t r = 0; r < b.n; r++) {
            const ks_real* out = ws->out + r * now.cols;
            double logp = ks_head_logp(&now, out, b.act + r * act_cols);
            *ratio_sum += ks_rows_surrogate(&b, r, exp(logp - (double)old.logp[first + r]));
            *kl_sum += ks_head_kl(&before, old_head + r * now.cols, &now, out);
        }
    }
}
