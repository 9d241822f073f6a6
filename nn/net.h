/* net.h: a network is a list of layers (layer.h): forward, backward, and Pearlmutter's R-operator over both, for one
 * batch of rows.
 *
 * The network owns nothing. Its caller keeps, for each batch whose derivatives are wanted:
 *   tape   (ks_net_tape_size)  what a pass leaves for later ones
 *   out    (n x outputs)       the output
 * and for each thread:
 *   work   (ks_net_work_size)  scratch; what r_forward leaves there, r_backward needs
 * all aligned to KS_NET_ALIGNMENT bytes; and for parameters or a direction the memory of ks_net_pack.
 *
 * Inputs are row x column x channel (channels last), as is every image within. θ is layer after layer, tensor after
 * tensor.
 *
 * Where couples_rows, the rows of a batch belong together (batch norm); else a batch may be cut anywhere. Sums over
 * rows go in an order that follows from n alone: dense layers add in ks_real over all n (cut batches of thousands of
 * rows), others in ks_real over at most KS_LAYER_CHAIN_PIXELS pixels, and in double beyond. Results are the same
 * bytes on every processor.
 *
 * Statistics of another batch (inductive batch norm): a query's forward pass is given the statistics that the
 * support's has left. The query's backward pass then adds the derivatives of its loss by them to statistics_delta,
 * and the support's backward pass, called afterwards with the same statistics_delta, adds them to the gradient. Their
 * R-derivatives go the same way.
 *
 * Thread rule: pure functions of their arguments. Nothing allocates. */
#ifndef KS_NN_NET_H
#define KS_NN_NET_H

#include "nn/layer.h"

enum { KS_MAX_LAYERS = 64, KS_NET_ALIGNMENT = 64 };

/* Which passes a batch goes through: the more, the more memory. With KS_NET_GRADIENT no delta is kept, and one forward
 * pass serves any number of backward passes (Fisher-vector products: r_forward, then backward from what the head makes
 * of it). */
typedef enum ks_net_use {
    KS_NET_FORWARD,  /* forward */
    KS_NET_GRADIENT, /* forward, backward, r_forward */
    KS_NET_HESSIAN,  /* all */
    KS_NET_NUM_USES
} ks_net_use;

/* Where a value of a batch stands. */
typedef enum ks_net_where {
    KS_NET_OUTSIDE, /* with the caller: input, output, and their derivatives */
    KS_NET_TAPE,
    KS_NET_WORK,
} ks_net_where;

typedef struct ks_net_place {
    ks_net_where where;
    size_t col; /* of the numbers a row of tape or work: values stand one behind the other, each for all rows */
} ks_net_place;

/* For net.c: where all values stand. Value l is what comes into layer l; value num_layers is the output. */
typedef struct ks_net_plan {
    ks_net_place value[KS_MAX_LAYERS + 1], delta[KS_MAX_LAYERS + 1];
    ks_net_place r_value[KS_MAX_LAYERS + 1], r_delta[KS_MAX_LAYERS + 1];
    ks_net_place kept[KS_MAX_LAYERS], r_kept[KS_MAX_LAYERS];
    size_t tape_cols, work_cols; /* numbers a row */
} ks_net_plan;

typedef struct ks_net {
    int num_layers;
    ks_layer layer[KS_MAX_LAYERS];
    ks_image_shape input, output;
    size_t inputs, outputs; /* numbers of a row */
    size_t num_params, num_packed;
    size_t num_statistics; /* doubles of a batch */
    bool couples_rows;
    size_t params[KS_MAX_LAYERS]; /* where each layer's parameters start in θ */

    /* the rest is for net.c */
    int first; /* the lowest layer that has parameters: no derivative is wanted below it */
    size_t packed[KS_MAX_LAYERS];
    size_t statistics[KS_MAX_LAYERS];
    size_t statistics_room, scratch; /* ks_reals that stand before the values in tape and work, and in work */
    ks_net_plan plan[KS_NET_NUM_USES];
} ks_net;

/* A network of these layers (count of them, of which kind and fields count; not those of net) on inputs of this
 * shape.
 * Errors: KS_BAD_INPUT (sizes that do not fit; names the layer and the sizes). */
bool ks_net_make(ks_net* net, const ks_layer* layers, int count, ks_image_shape input, ks_error* err);

/* The layers from a JSON list: [{"type": "conv", "out": 64, "kernel": 3, "stride": 2, "pad": 1}, …]; *count <=
 * KS_MAX_LAYERS. Fields that follow from the input may be left out. Errors: KS_BAD_INPUT. */
bool ks_layers_parse(ks_layer layers[KS_MAX_LAYERS], int* count, const char* json, ks_error* err);

/* The layers as such a list, with every field. Like snprintf: returns the length, and writes as much as there is room
 * for. */
size_t ks_net_print(char* out, size_t room, const ks_net* net);

/* The index-th tensor of θ: its layer, and where it starts. NULL behind the last. Lives as long as net. */
const ks_layer_tensor* ks_net_tensor(const ks_net* net, int index, int* layer, size_t* start);

/* Operations that the matrix products of a row need: forward (as many for the gradient of the parameters), and deltas;
 * r_forward and r_backward need forward + deltas and forward + 3 deltas. */
void ks_net_count_flop(const ks_net* net, double* forward, double* deltas);

/* n images of this shape from channel x row x column, as files have them, to what the network takes; to and from do not
 * overlap. (The other way round: the layer flatten.) */
void ks_net_channels_last(ks_real* to, const ks_real* from, ks_image_shape shape, size_t n);

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* ks_reals for a batch of n rows; both grow with n. */
size_t ks_net_tape_size(const ks_net* net, ks_net_use use, size_t n);
size_t ks_net_work_size(const ks_net* net, ks_net_use use, size_t n);

/* Parameters, or a direction in their space, with the arrangements of them that the products take. */
typedef struct ks_net_weights {
    const ks_real* theta;  /* (num_params) */
    const ks_real* packed; /* (num_packed) */
} ks_net_weights;

/* theta with its arrangements, which go to memory (num_packed). Both must stay as they are while the result is used. */
ks_net_weights ks_net_pack(const ks_net* net, const ks_real* theta, ks_real* memory);

/* A batch. statistics_delta: derivatives of a loss by the given statistics, which backward adds to; or, where none are
 * given, by the batch's own, which backward takes into account. r_statistics_delta is asked for wherever it is. */
typedef struct ks_net_batch {
    ks_net_use use;
    size_t n;
    const ks_real* x;           /* (n x inputs) */
    ks_real* tape;              /* (ks_net_tape_size) */
    ks_real* out;               /* (n x outputs) */
    const double* given;        /* (num_statistics) of another batch, in place of its own; or NULL */
    const double* r_given;      /* (num_statistics) their R-derivatives, in R-passes */
    double* statistics_delta;   /* (num_statistics) or NULL */
    bool grad_is_new;           /* the passes back set grad, in which nothing stands yet, and do not add to it */
    double* r_statistics_delta; /* (num_statistics) R-derivatives of statistics_delta, in r_backward */
} ks_net_batch;

/* The statistics that forward has left on the tape (num_statistics), and their R-derivatives that r_forward has left
 * in work. */
const double* ks_net_statistics(const ks_real* tape);
const double* ks_net_r_statistics(const ks_real* work);

/* Where a layer is one that needs_x and r_needs_dy, as those with weights are, and use KS_NET_HESSIAN: (n x in) what came into
 * it, after forward, and (n x out) the delta of what came out of it, after backward; of the last layer the latter is the
 * caller's. */
const ks_real* ks_net_input(const ks_net* net, const ks_net_batch* b, int layer);
const ks_real* ks_net_delta(const ks_net* net, const ks_net_batch* b, int layer);

/* ---- passes ------------------------------------------------------------------------------------------------------ */

/* out, and the tape. */
void ks_net_forward(const ks_net* net, ks_net_weights w, const ks_net_batch* b, ks_real* work);

/* After forward. From delta_out (n x outputs): the deltas on the tape, and grad (num_params) += the gradient, unless
 * NULL. */
void ks_net_backward(const ks_net* net, ks_net_weights w, const ks_net_batch* b, const ks_real* delta_out,
                     ks_real* grad, ks_real* work);

/* After forward. r_out (n x outputs): the derivative of out in the direction v. */
void ks_net_r_forward(const ks_net* net, ks_net_weights w, ks_net_weights v, const ks_net_batch* b, ks_real* r_out,
                      ks_real* work);

/* After backward, and after r_forward in the same work. grad += R{gradient}, from r_delta_out = R{delta_out} (n x
 * outputs). */
void ks_net_r_backward(const ks_net* net, ks_net_weights w, ks_net_weights v, const ks_net_batch* b,
                       const ks_real* delta_out, const ks_real* r_delta_out, ks_real* grad, ks_real* work);

#endif
