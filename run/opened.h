/* opened.h: a model file, opened with what it was trained for: the environment that a policy acts in, or the problem's settings.
 *
 * Thread rule: opened and closed by one thread; only read, it may be shared. */
#ifndef KS_RUN_OPENED_H
#define KS_RUN_OPENED_H

#include "rl/rl_evaluate.h"
#include "run/config.h"

typedef struct ks_opened {
    char path[4096];      /* of the file */
    char directory[4096]; /* the run directory that was named; "": none was */
    ks_policy* policy;
    ks_real* theta;         /* (Q) its parameters: θ, then learned step sizes */
    ks_policy* file_policy; /* as in the file, where these have become others; else NULL, as is the next */
    ks_real* file_theta;
    ks_policy_info info;
    bool took_data;              /* the run directory's config.yaml has said where its images are */
    const ks_problem_kind* kind; /* what it was trained for */
    ks_config config;            /* with that problem's settings */
    const ks_env_def* def;       /* NULL, as is the next, for a model that does not act */
    ks_env_model* model;         /* with the task in the observation for an oracle */
} ks_opened;

/* Opens a policy file, or the policy of a run directory (with best: its best.safetensors). env: another environment than the
 * policy's own, or NULL. Owned by the caller (ks_opened_close). Errors: KS_BAD_INPUT. */
bool ks_opened_open(ks_opened* p, const char* argument, bool best, const char* env, ks_error* err);
/* The same, also of a problem that this program does not know; kind is then NULL. */
bool ks_opened_open_any(ks_opened* p, const char* argument, bool best, const char* env, ks_error* err);
void ks_opened_close(ks_opened* p);

/* A model that learns from examples once more, without its file: with parameters (Q) of its own, which are copied, and the settings of
 * the problem that the file has. Owned by the caller (ks_opened_close). Errors: KS_FAILED (memory). */
bool ks_opened_again(ks_opened* p, const ks_opened* other, const ks_real* params, ks_error* err);

/* Its info where θ was adapted: with the environment that the steps were taken in, which may be another than the file's. How it is
 * meant to be adapted further stays. */
ks_policy_info ks_opened_info_here(const ks_opened* p);
/* Numbers of its parameters: Q. */
size_t ks_opened_num_params(const ks_opened* p);
/* What evaluations take. */
ks_eval_model ks_opened_model(const ks_opened* p);
/* How a policy is sampled from and adapted where nobody says otherwise: step sizes that are kept with it, then its environment's
 * protocol, then its own. */
ks_rl_eval_settings ks_opened_eval_settings(const ks_opened* p);

#endif
