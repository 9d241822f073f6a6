#include "policy/internal.h"

#include <assert.h>
#include <stdlib.h>

/* what is kept of a block: the network's tape, then outputs, and for Hessians delta_out; sizes in numbers */
struct ks_tape {
    const ks_policy* policy;
    ks_tape_kind kind;
    size_t max_rows;
    size_t block_rows;     /* of a block at most */
    size_t out, delta_out; /* where the parts start in a record; the network's tape is first */
    size_t stride;         /* of a record */
    ks_real* memory;       /* (blocks x stride), then packed */
    ks_real* packed;       /* (num_packed) */
    ks_net_weights theta;  /* as recorded */
    ks_rows rows;
    double scale;
};

enum { GRAIN = KS_NET_ALIGNMENT / (int)sizeof(ks_real) };

static size_t rounded(size_t n) {
    return (n + GRAIN - 1) / GRAIN * GRAIN;
}

static ks_net_use use_of(const ks_tape* tape) {
    return tape->kind == KS_TAPE_HESSIAN ? KS_NET_HESSIAN : KS_NET_GRADIENT;
}

static void lay_out(ks_tape* tape) {
    const ks_policy* policy = tape->policy;
    tape->block_rows = tape->max_rows < policy->block_rows ? tape->max_rows : policy->block_rows;
    size_t out = rounded(tape->block_rows * ks_policy_head_cols(policy));
    tape->out = rounded(ks_net_tape_size(&policy->net, use_of(tape), tape->block_rows));
    tape->delta_out = tape->out + out;
    tape->stride = tape->delta_out + (tape->kind == KS_TAPE_HESSIAN ? out : 0);
}

static size_t blocks_of(const ks_tape* tape, size_t rows) {
    return tape->block_rows ? (rows + tape->block_rows - 1) / tape->block_rows : 0;
}

static size_t numbers(const ks_tape* tape, size_t max_rows) {
    return blocks_of(tape, max_rows) * tape->stride + tape->policy->net.num_packed;
}

size_t ks_tape_bytes(const ks_policy* policy, ks_tape_kind kind, size_t max_rows) {
    ks_tape tape = {.policy = policy, .kind = kind, .max_rows = max_rows};
    lay_out(&tape);
    return sizeof tape + numbers(&tape, max_rows) * sizeof(ks_real);
}

ks_tape* ks_tape_create(const ks_policy* policy, ks_tape_kind kind, size_t max_rows, ks_error* err) {
    ks_tape* tape = calloc(1, sizeof *tape);
    if (tape) {
        *tape = (ks_tape){.policy = policy, .kind = kind, .max_rows = max_rows};
        lay_out(tape);
        tape->memory = ks_aligned_alloc(numbers(tape, max_rows) * sizeof(ks_real));
    }
    if (!tape || !tape->memory) {
        ks_fail(err, KS_FAILED, "not enough memory to keep the activations of %zu rows", max_rows);
        free(tape);
        return NULL;
    }
    tape->packed = tape->memory + blocks_of(tape, max_rows) * tape->stride;
    return tape;
}

void ks_tape_destroy(ks_tape* tape) {
    if (tape) {
        free(tape->memory);
        free(tape);
    }
}

/* a block's record */
static ks_real* record_of(const ks_tape* tape, size_t first) {
    return tape->memory + (tape->block_rows ? first / tape->block_rows : 0) * tape->stride;
}

double ks_tape_record(ks_tape* tape, double* grad, const ks_real* theta, ks_rows rows, double scale, ks_policy_ws* ws) {
    assert(rows.n <= tape->max_rows && !rows.norm_obs);
    assert(!grad || tape->kind == KS_TAPE_HESSIAN);
    const ks_policy* policy = tape->policy;
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, theta);
    tape->rows = rows;
    tape->scale = scale;
    tape->theta = ks_net_pack(&policy->net, theta, tape->packed);
    ks_net_weights w = tape->theta;
    double sum = 0;
    ws->hits = 0;
    ks_ws_begin(ws, policy);
    for (size_t first = 0; first < rows.n; first += tape->block_rows) {
        ks_rows b = ks_rows_part(policy, rows, first, tape->block_rows);
        ks_real* record = record_of(tape, first);
        ks_net_batch batch = ks_rows_batch(use_of(tape), &b, record, record + tape->out);
        ks_net_forward(&policy->net, w, &batch, ws->work);
        if (tape->kind == KS_TAPE_HESSIAN) {
            ws->hits += ks_rows_hits(&b, policy, record + tape->out);
            sum += ks_head_delta(&p, &b, record + tape->out, scale, record + tape->delta_out, ws->grad_s);
            ks_net_backward(&policy->net, w, &batch, record + tape->delta_out, grad ? ks_ws_sum(ws, &batch) : NULL,
                            ws->work);
        }
    }
    if (grad) {
        ks_ws_end(grad, ws, policy);
    }
    return sum;
}

/* result = the Hessian's or the Fisher information's product with v */
static void multiply(double* result, const ks_tape* tape, const ks_real* v, ks_policy_ws* ws) {
    const ks_policy* policy = tape->policy;
    const ks_net* net = &policy->net;
    const ks_real* v_s = v + net->num_params;
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, tape->theta.theta);
    ks_net_weights w_theta = tape->theta;
    ks_net_weights w_v = ks_net_pack(net, v, ws->v_packed);
    size_t blocks = 0;
    ks_ws_begin(ws, policy);
    for (size_t first = 0; first < tape->rows.n; first += tape->block_rows) {
        ks_rows b = ks_rows_part(policy, tape->rows, first, tape->block_rows);
        ks_real* record = record_of(tape, first);
        ks_real* out = record + tape->out;
        ks_net_batch batch = ks_rows_batch(use_of(tape), &b, record, out);
        ks_net_r_forward(net, w_theta, w_v, &batch, ws->r_out, ws->work);
        ks_head_r r = {ws->r_out, v_s};
        if (tape->kind == KS_TAPE_HESSIAN) {
            ks_head_r_delta(&p, &b, out, tape->scale, r, ws->delta_out, ws->grad_s);
            ks_net_r_backward(net, w_theta, w_v, &batch, record + tape->delta_out, ws->delta_out, ks_ws_sum(ws, &batch),
                              ws->work);
        } else {
            ks_head_fisher(&p, b.n, out, tape->scale, r, ws->delta_out, ws->grad_s);
            ks_net_backward(net, w_theta, &batch, ws->delta_out, ks_ws_sum(ws, &batch), ws->work);
        }
        if (++blocks % KS_FLUSH_BLOCKS == 0) {
            ks_ws_flush(result, ws, policy);
        }
    }
    ks_ws_end(result, ws, policy);
}

void ks_tape_hvp(double* out, const ks_tape* tape, const ks_real* v, ks_policy_ws* ws) {
    assert(tape->kind == KS_TAPE_HESSIAN);
    multiply(out, tape, v, ws);
}

void ks_tape_fvp(double* out, const ks_tape* tape, const ks_real* v, ks_policy_ws* ws) {
    assert(tape->kind == KS_TAPE_FISHER);
    multiply(out, tape, v, ws);
}
