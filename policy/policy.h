/* policy.h: stochastic policies, and the one primitive that carries the toolkit.
 *
 * A policy is a network (nn/net.h; dense layers with an activation unless a list of layers is given) with a Gaussian head (mean from the network, state-independent learned log-std), a categorical
 * head (logits), or the head of a regression, KS_SQUARED_ERROR. ks_policy is its layout only; the parameters θ are one flat
 * vector that the caller owns, so that many θ (one per task) share a layout:
 *   layer after layer what it has: of a dense one the weight W (out x in, row-major), then the bias b (out); after the last,
 *   for a Gaussian head, the log-std (act). The standard deviation is exp(max(log-std, log_std_min)); below that floor its derivatives are 0.
 *
 * The primitive is the weighted negative log-likelihood of a batch of rows
 *   L(θ) = scale · Σ_n w_n (-log π_θ(a_n | s_n))
 * (or what ks_loss has in its place) with value, gradient and exact Hessian-vector product, and the Fisher-vector product of
 * the mean KL. These are the only derivatives that the project contains (docs/mathematics.md).
 *
 * KS_SQUARED_ERROR has no distribution. A row's loss, mean_c (out_c - a_c)² over the act_dim outputs, stands wherever the other
 * heads have -log π(a|s); mean_c (out'_c - out_c)² stands for the KL, and its Hessian by the outputs, 2 / act_dim, for their
 * Fisher information (that is Gauss-Newton's matrix). So "log π" below is then minus a row's loss.
 *
 * Thread rule: a ks_policy is read-only after creation and may be shared; a workspace or tape is used by one thread at a
 * time. Nothing here allocates except the create functions. Functions that cannot fail assert their arguments. */
#ifndef KS_POLICY_POLICY_H
#define KS_POLICY_POLICY_H

#include "base/error.h"
#include "base/names.h"
#include "nn/layer.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    KS_MAX_HIDDEN = 16,     /* hidden layers of a plain network at most */
    KS_MAX_WIDTH = 65536,   /* units of a layer, and numbers of an input, at most */
    KS_NETWORK_TEXT = 8192, /* characters of a list of layers, with the end */
};

#define KS_ACTIVATIONS(X) X(KS_RELU, relu) X(KS_TANH, tanh)
typedef enum ks_activation { KS_ACTIVATIONS(KS_CHOICE_CONSTANT) } ks_activation;
typedef enum ks_head { KS_GAUSSIAN, KS_CATEGORICAL, KS_SQUARED_ERROR } ks_head;
/* by ks_activation: "relu", "tanh"; by ks_head: "gaussian", "categorical", "squared_error"; NULL ends both */
extern const char* const ks_activation_names[];
extern const char* const ks_head_names[];

typedef struct ks_policy_settings {
    int obs_dim;               /* inputs */
    int act_dim;               /* Gaussian: action dimensions; categorical: number of actions; else outputs */
    ks_head head;              /* default KS_GAUSSIAN */
    int num_hidden;            /* default 2; 0 is a linear policy */
    int hidden[KS_MAX_HIDDEN]; /* default {100, 100} */
    ks_activation activation;  /* default KS_RELU */
    double log_std_min;        /* floor of the log-std, default log(1e-6) */
    /* All layers as JSON (ks_layers_parse), whose last has act_dim outputs; "" (default): dense ones as above say */
    char network[KS_NETWORK_TEXT];
    ks_image_shape input; /* with network: what the obs_dim numbers are, row x column x channel; all 0: a vector */
} ks_policy_settings;

/* The defaults above; obs_dim and act_dim are left 0 for the caller. */
ks_policy_settings ks_policy_settings_default(void);

typedef struct ks_policy ks_policy;

/* A layout. Owned by the caller. Errors: KS_BAD_INPUT (a size out of range), KS_FAILED (memory). */
ks_policy* ks_policy_create(const ks_policy_settings* settings, ks_error* err);
void ks_policy_destroy(ks_policy* policy);

const ks_policy_settings* ks_policy_get_settings(const ks_policy* policy);
/* P, the length of θ. */
size_t ks_policy_num_params(const ks_policy* policy);
/* Where the log-std (act_dim) starts in θ; equals P for the heads that have none. */
size_t ks_policy_log_std_offset(const ks_policy* policy);
/* Whether the rows of a batch belong together, as with batch norm: it is never cut, and results depend on who else is in it. */
bool ks_policy_couples_rows(const ks_policy* policy);
/* Whether a layer is a batch norm with parameters. */
bool ks_policy_has_norm(const ks_policy* policy);
/* Its layers as JSON with all their fields; like snprintf. */
size_t ks_policy_print_network(char* out, size_t room, const ks_policy* policy);
/* Numbers per row of a stored action: act_dim, or 1 (the index) for a categorical head. */
size_t ks_policy_act_cols(const ks_policy* policy);
/* Numbers per row that the network puts out (means or logits): act_dim for every head. */
size_t ks_policy_head_cols(const ks_policy* policy);

/* Initial θ: Xavier-uniform weights, U(±sqrt(6 / (in + out))) with a convolution's in and out times its kernel's size, zero biases
 * and shifts, scales of 1, log-std = log_std_init. `uniform` (P numbers in (0, 1)) is the randomness; those that belong to no
 * weight are not read. */
void ks_policy_init(const ks_policy* policy, ks_real* theta, const double* uniform, double log_std_init);
/* Likewise with weights from a normal distribution of standard deviation sigma that is cut off at 2 sigma on both sides. */
void ks_policy_init_truncated_normal(const ks_policy* policy, ks_real* theta, const double* uniform, double sigma,
                                     double log_std_init);
/* Sets the weights of the last layer to sigma times normal (P). */
void ks_policy_init_last_normal(const ks_policy* policy, ks_real* theta, const double* normal, double sigma);
/* Turns θ into that of the policy that does on observations o what θ did on o_i / size_i: divides the first layer's weights
 * from observation i by size_i (obs_dim). That layer is dense. */
void ks_policy_scale_inputs(const ks_policy* policy, ks_real* theta, const double* size);

/* ---- one tensor of θ after another (for files) -------------------------------------------------------------- */

/* Number of tensors in θ, and the i-th one: name ("mlp.0.weight", "mlp.0.bias", …, or of a list of layers "layer.0.weight",
 * "layer.1.shift", …; "log_std"), dimensions, offset. */
typedef struct ks_policy_tensor {
    char name[32];
    int ndim;
    size_t shape[KS_LAYER_MAX_DIMS];
    size_t offset; /* first element in θ */
    size_t count;
    bool head;    /* of the last layer, or the log-std */
    bool norm;    /* of a batch norm */
    bool scale;   /* its scale */
    bool context; /* of a context layer */
} ks_policy_tensor;
size_t ks_policy_num_tensors(const ks_policy* policy);
ks_policy_tensor ks_policy_tensor_at(const ks_policy* policy, size_t index);

/* ---- acting ------------------------------------------------------------------------------------------------- */

/* Scratch memory for one thread. max_rows: of a batch at most, where the policy couples rows; else it is not read, and there may
 * be any number (they are worked on in blocks that stay in cache). */
typedef struct ks_policy_ws ks_policy_ws;
ks_policy_ws* ks_policy_ws_create(const ks_policy* policy, size_t max_rows, ks_error* err);
void ks_policy_ws_destroy(ks_policy_ws* ws);

/* head (n x head_cols): means or logits of n observations (n x obs_dim). */
void ks_policy_forward(const ks_policy* policy, const ks_real* theta, size_t n, const ks_real* obs, ks_real* head,
                       ks_policy_ws* ws);

/* The same in two: prepare once, then forward as often as wanted, until ws is used for anything else. theta must stay as it
 * is meanwhile. */
void ks_policy_prepare(ks_policy_ws* ws, const ks_policy* policy, const ks_real* theta);
void ks_policy_forward_prepared(const ks_policy* policy, size_t n, const ks_real* obs, ks_real* head, ks_policy_ws* ws);

/* Noise numbers per row that ks_policy_sample reads: act_dim standard normals (Gaussian), 1 uniform in (0, 1) (categorical),
 * none (squared error). */
size_t ks_policy_noise_cols(const ks_policy* policy);

/* Actions (n x act_cols) and their log-probabilities (n; summed over action dimensions) from head outputs and noise
 * (n x noise_cols). noise NULL: the mean, or the most likely action. Actions are not clipped. Squared error: the outputs
 * themselves, of logp 0, the loss against them. */
void ks_policy_sample(const ks_policy* policy, const ks_real* theta, size_t n, const ks_real* head,
                      const ks_real* noise, ks_real* act, ks_real* logp);

/* ---- the primitive ------------------------------------------------------------------------------------------- */

/* What is summed over the rows. r_n = π_θ(a_n|s_n) / π_n is how much likelier the action has become since it was sampled.
 *   KS_LOSS_SCORE    -w_n log π_θ(a_n|s_n)
 *   KS_LOSS_RATIO    -w_n r_n: the same gradient where r_n = 1, but another Hessian (ProMP's inner loss, Rothfuss et al. 2019)
 *   KS_LOSS_CLIPPED  -min(w_n r_n, w_n clip(r_n, 1 - ε, 1 + ε)) (PPO, Schulman et al. 2017); where the second is less, the
 *                    row's derivatives are 0
 * Of KS_SQUARED_ERROR, which has no likelihood, only the first. */
typedef enum ks_loss { KS_LOSS_SCORE, KS_LOSS_RATIO, KS_LOSS_CLIPPED } ks_loss;

/* n timesteps. All arrays are the caller's and are only read. */
typedef struct ks_rows {
    size_t n;
    const ks_real* obs;    /* (n x obs_dim) */
    const ks_real* act;    /* (n x act_cols) */
    const ks_real* weight; /* (n): w_n, e.g. the advantage; NULL: all are 1 */
    ks_loss loss;          /* default KS_LOSS_SCORE; the others need logp */
    const ks_real* logp;   /* (n): log π_n when they were sampled, or NULL; not read by KS_LOSS_SCORE */
    double clip;           /* ε > 0 of KS_LOSS_CLIPPED */
    /* Rows whose statistics batch norm takes (inductive: the support's, at the same θ); NULL: those of these rows. For
     * ks_policy_forward_rows, ks_policy_nll and its gradient, which goes through the statistics, too. */
    const ks_real* norm_obs; /* (norm_n x obs_dim) */
    size_t norm_n;
} ks_rows;

/* The policy that rows are compared with: outputs at the old parameters. */
typedef struct ks_old_policy {
    const ks_real* logp;  /* (n): log π_old(a|s) */
    const ks_real* head;  /* (n x head_cols): means or logits of π_old */
    const ks_real* theta; /* (P): its parameters, of which only the log-std is read */
} ks_old_policy;

/* head (n x head_cols): what the network puts out for the rows; of them obs and norm_obs are read. */
void ks_policy_forward_rows(const ks_policy* policy, const ks_real* theta, ks_rows rows, ks_real* head,
                            ks_policy_ws* ws);

/* Σ_n w_n (-log π_θ(a_n|s_n)), summed in double. Here and below: or the sum that rows.loss says. */
double ks_policy_nll(const ks_policy* policy, const ks_real* theta, ks_rows rows, ks_policy_ws* ws);
/* For a categorical head: of the rows that ws was last used for by ks_policy_nll, its gradient or ks_tape_record, those whose
 * likeliest action is the one that they have. */
double ks_policy_hits(const ks_policy_ws* ws);

/* grad (P) = scale · ∇_θ Σ_n w_n (-log π_θ(a_n|s_n)); returns the sum's value (unscaled). */
double ks_policy_nll_grad(double* grad, const ks_policy* policy, const ks_real* theta, ks_rows rows, double scale,
                          ks_policy_ws* ws);

/* *ratio_sum = Σ_n w_n π_θ/π_old, clipped if rows.loss is KS_LOSS_CLIPPED; *kl_sum = Σ_n KL(π_old ‖ π_θ); in one forward pass.
 * π_old is old.logp; rows.logp is not read. */
void ks_policy_compare(double* ratio_sum, double* kl_sum, const ks_policy* policy, const ks_real* theta, ks_rows rows,
                       ks_old_policy old, ks_policy_ws* ws);

/* ---- cost ------------------------------------------------------------------------------------------------------- */

/* Floating-point operations of the matrix products for one row (a multiplication with an addition is two); elementwise work,
 * a few hundred operations, is not counted. */
typedef struct ks_policy_flop {
    double forward;
    double deltas;   /* backward to every layer's Z */
    double weights;  /* the weights' gradient from the deltas */
    double hvp, fvp; /* products on a tape */
} ks_policy_flop;

ks_policy_flop ks_policy_count_flop(const ks_policy* policy);

/* ---- tapes: curvature products on fixed rows at a fixed θ ------------------------------------------------------ */

/* A tape keeps what a forward (and backward) pass leaves, so that many Hessian- or Fisher-vector products at the same θ
 * on the same rows need not redo it, with the transposes of θ. It refers to the rows and to θ, which must stay as they are
 * while it is used. */
typedef struct ks_tape ks_tape;

typedef enum ks_tape_kind {
    KS_TAPE_FISHER,  /* forward: for Fisher-vector products */
    KS_TAPE_HESSIAN, /* forward and backward: for Hessian-vector products */
} ks_tape_kind;

/* For up to max_rows rows. Owned by the caller. Errors: KS_FAILED (memory). */
ks_tape* ks_tape_create(const ks_policy* policy, ks_tape_kind kind, size_t max_rows, ks_error* err);
void ks_tape_destroy(ks_tape* tape);
size_t ks_tape_bytes(const ks_policy* policy, ks_tape_kind kind, size_t max_rows);

/* Records rows at theta. Products below are those of scale · Σ_n …. For KS_TAPE_FISHER act, weight and loss are not read.
 * If grad (P) is not NULL (KS_TAPE_HESSIAN only), grad = scale · ∇ Σ_n w_n (-log π), as ks_policy_nll_grad does.
 * Returns the sum's value (unscaled); 0 for KS_TAPE_FISHER. */
double ks_tape_record(ks_tape* tape, double* grad, const ks_real* theta, ks_rows rows, double scale, ks_policy_ws* ws);

/* out (P) = scale · H v, H the Hessian of Σ_n w_n (-log π_θ(a_n|s_n)) at the recorded θ (Pearlmutter's R-operator, exact). */
void ks_tape_hvp(double* out, const ks_tape* tape, const ks_real* v, ks_policy_ws* ws);

/* out (P) = scale · F v, F the Hessian at θ of Σ_n KL(π_θ(recorded) ‖ π_θ), which is the Fisher information. */
void ks_tape_fvp(double* out, const ks_tape* tape, const ks_real* v, ks_policy_ws* ws);

#endif
