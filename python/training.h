/* training.h: meta-training: into run directories, and on tasks that the caller makes. Part of kshot_api.h, which has the rules. */
#ifndef KS_PYTHON_TRAINING_H
#define KS_PYTHON_TRAINING_H

#include "python/models.h"

/* ---- meta-training ------------------------------------------------------------------------------------------------------------------- */

/* Is told of every iteration: a row of progress.csv, its columns and numbers (nan: empty). True ends the run, which can be resumed. */
typedef bool (*ks_api_on_row)(const char* columns, const double* numbers, size_t count);

enum { KS_API_NEW, KS_API_ANEW, KS_API_RESUME, KS_API_RESUME_OR_NEW };

/* config: a file, or NULL: defaults. settings (count): "KEY=YAML". Errors: KS_BAD_INPUT, KS_FAILED, KS_INTERRUPTED. */
typedef struct ks_api_training {
    const char *config, *directory;
    const char* const* settings;
    int count, start, threads;
    ks_api_on_row on_row;
    void (*on_warning)(const char* text);
} ks_api_training;
bool ks_api_train(const ks_api_training* training, ks_error* err);

/* ---- meta-training on tasks that the caller makes -------------------------------------------------------------------------------------- */

typedef struct ks_api_fit ks_api_fit;

typedef struct ks_api_fit_settings {
    int inputs, outputs, num_hidden;
    const int* hidden;        /* (num_hidden) */
    bool classes, tanh;       /* classes: outputs are of as many classes; tanh: else ReLU */
    int inner_steps, learned; /* learned: step sizes (ks_learned) */
    bool first_order, per_step;
    double inner_lr, outer_lr;
    int64_t seed;
    int threads;
} ks_api_fit_settings;

/* Errors: KS_BAD_INPUT, KS_FAILED. */
ks_api_fit* ks_api_fit_create(const ks_api_fit_settings* settings, ks_error* err);
void ks_api_fit_destroy(ks_api_fit* fit);
/* One meta-iteration on as many tasks as support and query have. metric (inner_steps + 1): on the query, mean over tasks: the mean
 * squared error, or the accuracy. Errors: KS_BAD_INPUT, KS_FAILED; the model is then as before. */
bool ks_api_fit_iterate(ks_api_fit* fit, const ks_api_examples* support, const ks_api_examples* query, double* metric,
                        ks_error* err);
/* The model as it is now. The caller's. Errors: KS_FAILED. */
ks_api_model* ks_api_fit_model(const ks_api_fit* fit, ks_error* err);

#endif
