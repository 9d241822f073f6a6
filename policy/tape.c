#include "policy/internal.h"

#include <assert.h>
#include <stdlib.h>

/* what is kept of a block: hidden, and for Hessians delta, out, delta_out; sizes in numbers */
struct ks_tape {
    const ks_policy* policy;
    ks_tape_kind kind;
    size_t max_rows;
    size_t stride; /* of a block's record */
    size_t delta;  /* where the parts start in a record; hidden is first */
    size_t out, delta_out;
    ks_real* memory;      /* (blocks x stride), then theta_t */
    ks_real* theta_t;     /* (num_params of the network) */
    ks_mlp_weights theta; /* as recorded */
    ks_rows rows;
    double scale;
};

static void lay_out(ks_tape* tape) {
    size_t hidden = KS_BLOCK_ROWS * tape->policy->mlp.hidden_cols;
    size_t out = KS_BLOCK_ROWS * ks_policy_head_cols(tape->policy);
    bool hessian = tape->kind == KS_TAPE_HESSIAN;
    tape->delta = hidden;
    tape->out = tape->delta + (hessian ? hidden : 0);
    tape->delta_out = tape->out + out;
    tape->stride = (tape->delta_out + (hessian ? out : 0) + 15) / 16 * 16;
}

static size_t blocks_of(size_t rows) {
    return (rows + KS_BLOCK_ROWS - 1) / KS_BLOCK_ROWS;
}

static size_t numbers(const ks_tape* tape, size_t max_rows) {
    return blocks_of(max_rows) * tape->stride + tape->policy->mlp.num_params;
}

size_t ks_tape_bytes(const ks_policy* policy, ks_tape_kind kind, size_t max_rows) {
    ks_tape tape = {.policy = policy, .kind = kind};
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
        ks_fail(err, KS_FAILED, "not enough memory to keep the activations of %zu timesteps", max_rows);
        free(tape);
        return NULL;
    }
    tape->theta_t = tape->memory + blocks_of(max_rows) * tape->stride;
    return tape;
}

void ks_tape_destroy(ks_tape* tape) {
    if (tape) {
        free(tape->memory);
        free(tape);
    }
}

double ks_tape_record(ks_tape* tape, double* grad, const ks_real* theta, ks_rows rows, double scale, ks_policy_ws* ws) {
    assert(rows.n <= tape->max_rows);
    assert(!grad || tape->kind == KS_TAPE_HESSIAN);
    const ks_policy* policy = tape->policy;
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, theta);
    tape->rows = rows;
    tape->scale = scale;
    tape->theta = ks_mlp_transpose(&policy->mlp, theta, tape->theta_t);
    ks_mlp_weights w = tape->theta;
    double sum = 0;
    ks_ws_begin(ws, policy);
    for (size_t first = 0; first < rows.n; first += KS_BLOCK_ROWS) {
        ks_rows b = ks_rows_block(policy, rows, first);
        ks_real* record = tape->memory + first / KS_BLOCK_ROWS * tape->stride;
        ks_mlp_forward(&policy->mlp, w, b.n, b.obs, record, record + tape->out);
        if (tape->kind == KS_TAPE_HESSIAN) {
            sum += ks_head_delta(&p, &b, record + tape->out, scale, record + tape->delta_out, ws->grad_s);
            ks_mlp_backward(&policy->mlp, w, b.n, b.obs, record, record + tape->delta_out, record + tape->delta,
                            grad ? ks_ws_sum(ws) : (ks_mlp_sum){0});
        }
    }
    if (grad) {
        ks_ws_end(grad, ws, policy);
    }
    return sum;
}

/* result = the Hessian's or the Fisher information's product with v */
static void multiply(double* result, const ks_tape* tape, const ks_real* v, bool hessian, ks_policy_ws* ws) {
    const ks_policy* policy = tape->policy;
    const ks_mlp* mlp = &policy->mlp;
    const ks_real* v_s = v + mlp->num_params;
    ks_head_params p = ks_policy_head_params(ws->head_params, policy, tape->theta.theta);
    ks_mlp_r r = {.hidden = ws->r_hidden, .z = ws->r_z, .delta = ws->delta, .out = ws->r_out};
    ks_mlp_weights w_theta = tape->theta;
    ks_mlp_weights w_v = ks_mlp_transpose(mlp, v, ws->v_t);
    ks_ws_begin(ws, policy);
    for (size_t first = 0; first < tape->rows.n; first += KS_BLOCK_ROWS) {
        ks_rows b = ks_rows_block(policy, tape->rows, first);
        const ks_real* record = tape->memory + first / KS_BLOCK_ROWS * tape->stride;
        const ks_real* out = record + tape->out;
        ks_mlp_block block = {.n = b.n,
                              .x = b.obs,
                              .hidden = record,
                              .delta_hidden = record + tape->delta,
                              .delta_out = record + tape->delta_out};
        ks_mlp_r_forward(mlp, w_theta, w_v, &block, &r);
        if (hessian) {
            ks_head_r_delta(&p, &b, out, tape->scale, (ks_head_r){r.out, v_s}, ws->delta_out, ws->grad_s);
            ks_mlp_r_backward(mlp, w_theta, w_v, &block, &r, ws->delta_out, ks_ws_sum(ws));
        } else {
            ks_head_fisher(&p, b.n, out, tape->scale, (ks_head_r){r.out, v_s}, ws->delta_out, ws->grad_s);
            ks_mlp_backward(mlp, w_theta, b.n, b.obs, record, ws->delta_out, ws->delta, ks_ws_sum(ws));
        }
        if (first / KS_BLOCK_ROWS % KS_FLUSH_BLOCKS == KS_FLUSH_BLOCKS - 1) {
            ks_ws_flush(result, ws, policy);
        }
    }
    ks_ws_end(result, ws, policy);
}

void ks_tape_hvp(double* out, const ks_tape* tape, const ks_real* v, ks_policy_ws* ws) {
    assert(tape->kind == KS_TAPE_HESSIAN);
    multiply(out, tape, v, true, ws);
}

void ks_tape_fvp(double* out, const ks_tape* tape, const ks_real* v, ks_policy_ws* ws) {
    multiply(out, tape, v, false, ws);
}
