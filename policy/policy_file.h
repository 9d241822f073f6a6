/* policy_file.h: a policy as a .safetensors file, with all that is needed to use it (docs/files.md).
 * Thread rule: none of these share state. */
#ifndef KS_POLICY_POLICY_FILE_H
#define KS_POLICY_POLICY_FILE_H

#include "base/path.h"
#include "base/safetensors.h"
#include "policy/step_sizes.h"

#include <stdint.h>

enum { KS_POLICY_MAX_LR = 64 };

/* How the policy came to be, and how it is meant to be adapted. */
typedef struct ks_policy_info {
    char env[64];                /* name of the environment, or the problem's kind */
    char env_file[KS_PATH_ROOM]; /* where the environment came from: an absolute path; "": it ships */
    char method[16];             /* maml, pretrain or oracle */
    double inner_lr;             /* step size α of one gradient step */
    int inner_steps;             /* gradient steps that it was trained for; 0 for pretrain and oracle */
    double gamma;                /* discount */
    double gae_lambda;
    int horizon;       /* timesteps per trajectory */
    int64_t iteration; /* meta-updates done */
    int num_eval_lr;   /* step sizes that were found to serve it best and are kept with it; 0: none */
    double eval_lr
        [KS_POLICY_MAX_LR]; /* (num_eval_lr) of its first, second, … gradient step; the last is that of all further ones */
    int64_t seed;           /* a uint64_t seed would not fit other readers' integers: 0 … 2^63 - 1 */
    int learned, adapts;        /* ks_learned, ks_adapts: what its inner steps change, and by how much (step_sizes.h) */
    bool per_step;              /* one set of learned step sizes for each of inner_steps */
    bool norm_stays;            /* what batch norms have does not adapt */
    bool norm_per_step;         /* every stage has norms of its own */
    char problem[32];           /* of a model that does not act: the kind of problem; "": it acts in env */
    char problem_settings[512]; /* "KEY=VALUE KEY=VALUE" of that problem */
    char converted_from[8];     /* of a policy that was read: the type of tensors that were not F32; "": all were */
} ks_policy_info;

/* Of a model of that problem, which does not act. How it adapts, and after how many iterations, is left to the caller. */
ks_policy_info ks_policy_info_default(const char* problem);

/* How it adapts. */
ks_step_sizes ks_policy_info_sizes(const ks_policy_info* info);

/* Writes params (θ, then what is learned with it: step_sizes.h) atomically. Errors: KS_FAILED. */
bool ks_policy_save(const char* path, const ks_policy* policy, const ks_real* params, const ks_policy_info* info,
                    ks_error* err);

/* Keeps step sizes with a policy file (the info's eval_lr), atomically; nothing else of it changes. lr (1 <= count <=
 * KS_POLICY_MAX_LR): finite, none below 0. Errors: KS_BAD_INPUT (no policy file), KS_FAILED. */
bool ks_policy_keep_lr(const char* path, const double* lr, int count, ks_error* err);

/* Reads a policy: its layout, its parameters (Q: θ, then learned step sizes) and its info. *policy and *params are the caller's (ks_policy_destroy, free).
 * Errors: KS_BAD_INPUT naming file and what is wrong with it (also a θ that is not finite, and numbers outside the ranges that
 * a config's are held to, policy/ranges.h). Metadata and tensors that are not a policy's are passed over. Tensors of
 * type F64, F16 or BF16 are converted. */
bool ks_policy_load(const char* path, ks_policy** policy, ks_real** params, ks_policy_info* info, ks_error* err);

/* The layout and info of a file that is open already (a policy or a checkpoint, whose metadata holds the same keys). */
bool ks_policy_read_meta(const ks_tensor_file* file, ks_policy_settings* settings, ks_policy_info* info, ks_error* err);
/* Adds the layout's and info's metadata, and the parameters' tensors, to the file `path` that is being written; the environment's file is
 * noted relative to it. */
void ks_policy_write_meta(ks_tensor_writer* writer, const char* path, const ks_policy* policy,
                          const ks_policy_info* info);
void ks_policy_write_params(ks_tensor_writer* writer, const ks_policy* policy, const ks_step_sizes* sizes,
                            const ks_real* params);
bool ks_policy_read_params(const ks_tensor_file* file, const ks_policy* policy, const ks_step_sizes* sizes,
                           ks_real* params, ks_error* err);

#endif
