/* layer.h: what a kind of layer is: one file with its functions, and one row in the list of kinds below.
 *
 * A layer maps a batch of n images of one shape (channels, height, width) to n of another; vectors are images of one
 * pixel. In memory an image is row x column x channel: channels last, so that the channels of a pixel follow each
 * other.
 *
 * A network calls the four functions of a kind: forward, backward, and Pearlmutter's R-operator over both, which
 * gives derivatives of everything in a direction v of the parameters. What backward and the R-operator need of the
 * forward pass, the row says by its flags; the network (net.h) lays the memory out.
 *
 * Thread rule: kinds are constant; the functions are pure functions of their arguments. Nothing allocates. */
#ifndef KS_NN_LAYER_H
#define KS_NN_LAYER_H

#include "base/error.h"
#include "base/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Every kind of layer, in the order in which messages list them. A new one: its file, and its line here. */
#define KS_LAYER_KINDS(X) \
    X(dense)              \
    X(conv)               \
    X(batch_norm)         \
    X(relu)               \
    X(tanh)               \
    X(max_pool)           \
    X(mean)               \
    X(flatten)            \
    X(context)

enum {
    KS_LAYER_FIELDS = 5,
    KS_LAYER_TENSORS = 2,
    KS_LAYER_MAX_SIZE = 65536,      /* units, or output channels of a layer at most */
    KS_LAYER_MAX_NUMBERS = 1 << 28, /* of one image, and of one layer's parameters, at most */
    KS_LAYER_MAX_DIMS = 4,          /* of a tensor of parameters */
    KS_LAYER_CHAIN_PIXELS = 1024,   /* summed in ks_real before the sum goes on in double */
};

typedef struct ks_image_shape {
    size_t channels, height, width;
} ks_image_shape;

static inline size_t ks_image_pixels(ks_image_shape s) {
    return s.height * s.width;
}

static inline size_t ks_image_numbers(ks_image_shape s) {
    return s.channels * s.height * s.width;
}

/* ---- fields ------------------------------------------------------------------------------------------------------ */

typedef enum ks_field_type {
    KS_FIELD_WHOLE,  /* a whole number */
    KS_FIELD_NUMBER, /* any */
    KS_FIELD_FLAG,   /* 0 or 1: false or true */
} ks_field_type;

/* initial value of a field that must be given: not a number */
#define KS_FIELD_MISSING ((double)__builtin_nanf(""))

/* What a number of a layer may be. */
typedef struct ks_layer_field {
    const char* name;
    ks_field_type type;
    double min, max;
    double initial;  /* where none is given, or KS_FIELD_MISSING */
    bool from_input; /* follows from what comes in; if it is given, it must be that */
} ks_layer_field;

/* ---- a layer of a network ---------------------------------------------------------------------------------------- */

/* One tensor of parameters, row-major. */
typedef struct ks_layer_tensor {
    const char* name;
    int num_dims;
    size_t dims[KS_LAYER_MAX_DIMS];
} ks_layer_tensor;

typedef struct ks_layer {
    const struct ks_layer_kind* kind;
    double value[KS_LAYER_FIELDS]; /* of the kind's fields, in their order */

    /* computed by ks_net_make from the input's shape; numbers are ks_reals where it does not say otherwise */
    ks_image_shape in, out;
    ks_layer_tensor tensor[KS_LAYER_TENSORS]; /* in the order in which they stand in θ */
    int num_tensors;
    size_t num_params; /* of all tensors */
    size_t packed;     /* numbers that the kind's pack makes of the parameters */
    size_t products;   /* multiplications of parameters and inputs, for one row */
    size_t kept;       /* numbers a row that forward keeps for the other three */
    size_t r_kept;     /* numbers a row that r_forward keeps for r_backward */
    size_t statistics; /* doubles of a batch: what forward knows of all its rows */
    size_t scratch;    /* numbers, however many rows */
    bool leaves_bias;  /* to the activation that comes next, which adds it in passing */
} ks_layer;

/* The rows of one call. Gradients of the loss are called d…, R-derivatives r…. Where a kind is elementwise, y may be
 * x, dx dy, ry rx and rdx rdy. What a kind's flags do not ask for may have been overwritten. */
typedef struct ks_layer_pass {
    const ks_layer* layer;
    size_t n;
    const ks_real *theta, *packed; /* the layer's parameters, and what pack made of them */
    const ks_real *v, *v_packed;   /* likewise the direction; in R-functions only */
    const ks_real *bias, *v_bias;  /* (channels) what the layer below left to be added, or NULL */
    const ks_real* x;              /* (n x in) forward; else if needs_x */
    ks_real* y;                    /* (n x out) written by forward; else if needs_y */
    ks_real* kept;                 /* (n x kept) written by forward */
    const ks_real* dy;             /* (n x out) backward; r_backward if r_needs_dy */
    ks_real* dx;                   /* (n x in) written by backward, or NULL; r_backward if r_needs_dx */
    const ks_real* rx;             /* (n x in) r_forward; r_backward if needs_x; NULL: zeros */
    ks_real* ry;                   /* (n x out) written by r_forward */
    ks_real* r_kept;               /* (n x r_kept) written by r_forward */
    const ks_real* rdy;            /* (n x out) r_backward */
    ks_real* rdx;                  /* (n x in) written by r_backward, or NULL */
    ks_real* grad;                 /* (num_params) += by backward (or NULL) and r_backward; */
    bool grad_is_new;              /* = instead, if the kind sets_grad: nothing stands there yet */
    double* statistics;            /* written by forward, unless they are given */
    const double* given;           /* of another batch, to be used here, or NULL */
    double* statistics_delta;      /* derivatives by them: += by backward if given, else read if not NULL */
    double* r_statistics;          /* likewise their R-derivatives: written by r_forward unless given */
    const double* r_given;         /* where given is */
    double* r_statistics_delta;    /* += or read by r_backward */
    ks_real* scratch;
} ks_layer_pass;

/* pixels and numbers of all rows in a pass of an elementwise layer */
static inline size_t ks_layer_pixels(const ks_layer_pass* p) {
    return p->n * ks_image_pixels(p->layer->in);
}

static inline size_t ks_layer_numbers(const ks_layer_pass* p) {
    return p->n * ks_image_numbers(p->layer->in);
}

/* for elementwise layers, which then go on in place */
static inline void ks_layer_copy(const ks_layer_pass* p, ks_real* to, const ks_real* from) {
    if (to != from) {
        memcpy(to, from, ks_layer_numbers(p) * sizeof *to);
    }
}

/* ---- a kind ------------------------------------------------------------------------------------------------------ */

typedef struct ks_layer_kind {
    const char* name;
    ks_layer_field field[KS_LAYER_FIELDS]; /* up to the first without a name */

    bool elementwise; /* output i follows from input i and from what is known of the whole batch */
    bool adds_bias;   /* may leave its last tensor, (channels), to an activation that takes_bias */
    bool takes_bias;
    bool needs_x;      /* backward and the R-functions read x, and r_backward rx */
    bool needs_y;      /* likewise y */
    bool r_needs_dy;   /* r_backward reads dy */
    bool r_needs_dx;   /* likewise the dx that backward left */
    bool couples_rows; /* a row of the output depends on all rows of the batch */
    bool sets_grad;    /* backward and r_backward know grad_is_new; where it is so, others find zeros */

    /* fills what ks_net_make computes, from layer->in and the fields. Errors: KS_BAD_INPUT, without the layer's name */
    bool (*shape)(ks_layer* layer, ks_error* err);
    /* packed (layer->packed) from the parameters, or from a direction; NULL where there is nothing to pack */
    void (*pack)(const ks_layer* layer, ks_real* packed, const ks_real* theta);
    void (*forward)(const ks_layer_pass* p);
    void (*backward)(const ks_layer_pass* p);
    void (*r_forward)(const ks_layer_pass* p);
    void (*r_backward)(const ks_layer_pass* p);
} ks_layer_kind;

#define KS_LAYER_DECLARE(name) extern const ks_layer_kind ks_layer_##name;
KS_LAYER_KINDS(KS_LAYER_DECLARE)
#undef KS_LAYER_DECLARE

/* The index-th kind, or NULL behind the last. */
const ks_layer_kind* ks_layer_kind_at(int index);

/* A layer of that kind; its fields as they are where none is given (0 where they follow from the input).
 * Errors: KS_BAD_INPUT (no such kind; the message says which there are). */
bool ks_layer_make(ks_layer* layer, const char* kind, ks_error* err);

/* Sets a field. Errors: KS_BAD_INPUT (no such field, or a value out of its range). */
bool ks_layer_set(ks_layer* layer, const char* field, double value, ks_error* err);

/* Index of a field of the kind by its name, or -1. */
int ks_layer_field_index(const ks_layer_kind* kind, const char* field);

/* For the kinds' shape functions: puts `actual` into a field that follows from the input; false if it was given as
 * something else. */
bool ks_layer_infer(ks_layer* layer, int field, size_t actual, ks_error* err);

#endif
