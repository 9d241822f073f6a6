/* models.h: models: files, acting, adaptation, evaluation. Part of kshot_api.h, which has the rules. */
#ifndef KS_PYTHON_MODELS_H
#define KS_PYTHON_MODELS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- models -------------------------------------------------------------------------------------------------------------------- */

typedef struct ks_api_model ks_api_model;

typedef struct ks_api_model_facts {
    int inputs, outputs, head;         /* head: 0 Gaussian, 1 categorical, 2 squared error */
    int act_cols, noise_cols;          /* numbers of a stored action, and random ones that drawing it takes */
    int inner_steps;                   /* gradient steps that it was trained for */
    bool acts;                         /* a policy */
    size_t theta, params, num_tensors; /* P; Q: θ and what is learned with it; of the Q */
} ks_api_model_facts;

typedef struct ks_api_tensor {
    char name[32];
    int ndim;
    size_t shape[4], offset;
} ks_api_tensor;

/* A model file or a run directory. env: another environment than its own, or NULL. Errors: KS_BAD_INPUT. */
ks_api_model* ks_api_model_load(const char* path, bool best, const char* env, ks_error* err);
void ks_api_model_destroy(ks_api_model* model);
/* The same with parameters of its own. Errors: KS_FAILED (memory). */
ks_api_model* ks_api_model_copy(const ks_api_model* model, ks_error* err);
/* Writes it; what exists is replaced with force alone. Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_api_model_save(const ks_api_model* model, const char* path, bool force, ks_error* err);

/* Where it came from: the path that messages name, and the run directory that knows where its images are, or "". Of a model that is
 * alone of its origin, as one that was just loaded: from a copy of its file. */
void ks_api_model_set_place(ks_api_model* model, const char* path, const char* directory);

ks_api_model_facts ks_api_model_describe(const ks_api_model* model);
/* Its metadata as JSON. The caller frees it (ks_api_free). NULL: memory. */
char* ks_api_model_info(const ks_api_model* model);
void ks_api_free(char* text);
/* (Q) the model's own; it acts by what is written there. */
float* ks_api_model_params(ks_api_model* model);
ks_api_tensor ks_api_model_tensor(const ks_api_model* model, size_t index);

/* head (n x outputs): means, logits or predictions; norm (norm_n x inputs): rows whose statistics batch norm takes, or NULL: those of
 * x. name: of x, for errors. Errors: KS_BAD_INPUT (x or norm is not finite), KS_FAILED (memory). */
bool ks_api_model_forward(const ks_api_model* model, const char* name, const float* x, size_t n, const float* norm,
                          size_t norm_n, float* head, ks_error* err);
/* act (n x act_cols) and logp (n) from outputs and noise (n x noise_cols): normals or uniforms in (0, 1); NULL: the likeliest. */
void ks_api_model_sample(const ks_api_model* model, const float* head, size_t n, const float* noise, float* act,
                         float* logp);

/* ---- adaptation, trajectories, evaluation ------------------------------------------------------------------------------------------ */

/* What was asked for. The defaults are the command's. */
typedef struct ks_api_sampling {
    int steps;                     /* gradient steps */
    int num_lr;                    /* sizes of steps in lr; the last serves all further ones. 0: the default */
    const double* lr;              /* (num_lr); of learned step sizes factors */
    int64_t trajectories, horizon; /* 0: the default */
    double gae_lambda;             /* below 0: the model's own */
    int64_t seed;
    int threads;
    bool deterministic; /* act without noise after the last step */
} ks_api_sampling;

/* Where an evaluation writes to: (tasks x (steps + 1)) each. */
typedef struct ks_api_values {
    double *metric, *length, *loss;
} ks_api_values;

/* Of a policy on tasks (count x task_dim). adapted: NULL, or gets the model after the steps on the first task; the caller's.
 * Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_api_evaluate_policy(const ks_api_model* model, const double* task, size_t count, const ks_api_sampling* how,
                            const ks_api_values* out, ks_api_model** adapted, ks_error* err);

/* Settings of a model's problem, which learns from examples. */
typedef struct ks_api_problem {
    const char* const* settings; /* (count) "KEY=VALUE" */
    int count;
    const char* data;    /* where its images are, or NULL */
    int split;           /* 0 train, 1 validation, 2 test */
    const double* curve; /* NULL, or amplitude and phase of the only task, a sine curve */
} ks_api_problem;
/* The same for such a model, on `count` tasks that its problem draws. */
bool ks_api_evaluate_examples(const ks_api_model* model, const ks_api_problem* problem, size_t count,
                              const ks_api_sampling* how, const ks_api_values* out, ks_api_model** adapted,
                              ks_error* err);

/* Examples of `tasks` tasks, one after the other. */
typedef struct ks_api_examples {
    size_t tasks;
    const int64_t* rows; /* (tasks) */
    const float* x;      /* (sum of rows x inputs) */
    const float* y;      /* (sum of rows x outputs), or (sum of rows) classes from 0 */
} ks_api_examples;

/* The model after gradient steps on the examples of one task. loss (steps + 1): on these examples. Errors: KS_BAD_INPUT, KS_FAILED. */
ks_api_model* ks_api_adapt_to_examples(const ks_api_model* model, const ks_api_examples* support,
                                       const ks_api_sampling* how, double* loss, ks_error* err);

/* Trajectories, one after the other; trajectory i is the rows traj_start[i] … traj_start[i+1] - 1. */
typedef struct ks_api_trajectories {
    size_t n, rows;
    const int64_t* traj_start;    /* (n + 1) */
    const float *obs, *act, *rew; /* (rows x …) */
    const uint8_t* terminated;    /* (n) */
} ks_api_trajectories;

/* The policy after one gradient step on trajectories that it has sampled; `step` of them were taken before. Errors: KS_BAD_INPUT,
 * KS_FAILED. */
ks_api_model* ks_api_adapt_to_trajectories(const ks_api_model* model, const ks_api_trajectories* data, int step,
                                           const ks_api_sampling* how, ks_error* err);

/* Trajectories of a task after the gradient steps: how->trajectories of how->horizon timesteps at most. */
typedef struct ks_api_rollout ks_api_rollout;
typedef struct ks_api_rollout_arrays {
    size_t n, rows, broken; /* broken: trajectories that broke down, and end there */
    const size_t* traj_start;
    const float *obs, *act, *head, *logp, *rew;
    const uint8_t* terminated;
    const double *qpos, *qvel, *qpos_last, *qvel_last; /* NULL: no physics */
    const double* task;                                /* (n x task_dim) */
} ks_api_rollout_arrays;
ks_api_rollout* ks_api_rollout_create(const ks_api_model* model, const double* task, const ks_api_sampling* how,
                                      ks_error* err);
void ks_api_rollout_destroy(ks_api_rollout* rollout);
/* They live as long as the object. */
ks_api_rollout_arrays ks_api_rollout_get(const ks_api_rollout* rollout);

#endif
