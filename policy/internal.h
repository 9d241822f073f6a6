/* internal.h: what policy.c and tape.c share. Internal to this room. */
#ifndef KS_POLICY_INTERNAL_H
#define KS_POLICY_INTERNAL_H

#include "nn/mlp.h"
#include "policy/heads.h"

struct ks_policy {
    ks_policy_settings settings;
    ks_mlp mlp;
    size_t num_params;
};

/* rows whose weight gradients are summed in ks_real before they are added up in double */
enum { KS_FLUSH_BLOCKS = 10 };

/* Memory for one block of rows and one gradient. */
struct ks_policy_ws {
    void* memory;    /* all of the below */
    ks_real* hidden; /* (KS_BLOCK_ROWS x hidden_cols) as are r_hidden, r_z, delta */
    ks_real* delta;
    ks_real* r_hidden;
    ks_real* r_z;
    ks_real* out; /* (KS_BLOCK_ROWS x head_cols) as are delta_out, r_out, r_delta_out */
    ks_real* delta_out;
    ks_real* r_out;
    ks_real* grad;    /* (num_params of the network) sum of blocks' gradients; as are theta_t, v_t */
    ks_real* theta_t; /* transposes of the parameters in use, and of a direction */
    ks_real* v_t;
    ks_mlp_weights prepared; /* by ks_policy_prepare */
    double* head_params;     /* (3 x head_cols) */
    double* old_head_params; /* (3 x head_cols) */
    double* grad_s;          /* (head_cols) */
    bool begun;              /* grad holds a block's gradient */
    bool flushed;            /* the result that is under way holds some of them */
};

/* Memory for `count` numbers, aligned for vectors; NULL if there is none. For free(). */
void* ks_aligned_alloc(size_t bytes);

/* Starts a gradient. */
void ks_ws_begin(ks_policy_ws* ws, const ks_policy* policy);
/* Where the gradient of the next block goes. */
ks_mlp_sum ks_ws_sum(ks_policy_ws* ws);
/* Adds what there is to out (network), or sets out to it if it is the first time, and starts again. */
void ks_ws_flush(double* out, ks_policy_ws* ws, const ks_policy* policy);
/* Flushes, and sets the log-std's part of out. */
void ks_ws_end(double* out, ks_policy_ws* ws, const ks_policy* policy);

/* Rows `first` … of at most `most`. */
ks_rows ks_rows_part(const ks_policy* policy, ks_rows rows, size_t first, size_t most);
/* Likewise of at most one block. */
ks_rows ks_rows_block(const ks_policy* policy, ks_rows rows, size_t first);

ks_head_params ks_policy_head_params(double* memory, const ks_policy* policy, const ks_real* theta);

#endif
