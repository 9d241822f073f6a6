/* internal.h: what a policy and its workspace consist of. Internal to this room. */
#ifndef KS_POLICY_INTERNAL_H
#define KS_POLICY_INTERNAL_H

#include "nn/net.h"
#include "policy/heads.h"

struct ks_policy {
    ks_policy_settings settings;
    ks_net net;
    size_t num_params;
    size_t block_rows; /* worked on at once, so that a block stays in cache; SIZE_MAX where rows belong together */
    int head_layer;    /* the last one that has parameters */
};

/* rows whose weight gradients are summed in ks_real before they are added up in double */
enum { KS_FLUSH_BLOCKS = 10 };

/* Memory for one block of rows and one gradient. */
struct ks_policy_ws {
    void* memory;    /* all of the below */
    size_t max_rows; /* of a block */
    ks_real* tape;   /* of a block that is forgotten */
    ks_real* work;
    ks_real* out; /* (max_rows x head_cols) as are delta_out, r_out */
    ks_real* delta_out;
    ks_real* r_out;
    ks_real* grad;   /* (num_params of the network) sum of blocks' gradients */
    ks_real* packed; /* (num_packed) of the parameters in use, and of a direction */
    ks_real* v_packed;
    ks_net_weights prepared; /* by ks_policy_prepare */
    double* head_params;     /* (3 x head_cols) */
    double* old_head_params; /* (3 x head_cols) */
    double* grad_s;          /* (head_cols) */
    ks_real* norm_tape; /* of the rows whose statistics others take; NULL where rows are not coupled, as the rest */
    ks_real* norm_out;  /* (max_rows x head_cols) */
    double* norm_delta; /* (num_statistics) derivatives by them */
    double hits;        /* of the last sum: rows whose likeliest action was the one that they have */
    bool begun;         /* grad holds a block's gradient */
    bool flushed;       /* the result that is under way holds some of them */
};

/* So many bytes, aligned for vectors; NULL if there is no memory. For free(). */
void* ks_aligned_alloc(size_t bytes);

/* Starts a gradient. */
void ks_ws_begin(ks_policy_ws* ws, const ks_policy* policy);
/* Where the gradient of the next block goes, which b is told if it is the first. */
ks_real* ks_ws_sum(ks_policy_ws* ws, ks_net_batch* b);
/* Adds what there is to out (network), or sets out to it if it is the first time, and starts again. */
void ks_ws_flush(double* out, ks_policy_ws* ws, const ks_policy* policy);
/* Flushes, and sets the log-std's part of out. */
void ks_ws_end(double* out, ks_policy_ws* ws, const ks_policy* policy);

/* Rows `first` … of at most `most`. */
ks_rows ks_rows_part(const ks_policy* policy, ks_rows rows, size_t first, size_t most);
/* Rows of one work item at most: a whole number of blocks, and few enough to sum in ks_real; all where they belong together. */
size_t ks_policy_chunk_rows(const ks_policy* policy);
/* Rows `first` … of at most one block. */
ks_rows ks_rows_block(const ks_policy* policy, ks_rows rows, size_t first);

/* Rows of a block whose likeliest action is the one that they have; 0 for heads that are not categorical. */
double ks_rows_hits(const ks_rows* block, const ks_policy* policy, const ks_real* out);
/* What a pass takes of a block: its rows, a tape and outputs. */
ks_net_batch ks_rows_batch(ks_net_use use, const ks_rows* block, ks_real* tape, ks_real* out);

ks_head_params ks_policy_head_params(double* memory, const ks_policy* policy, const ks_real* theta);

#endif
