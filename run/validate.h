/* validate.h: how well a model that is being trained does on tasks of the problem's validation split, which it is neither trained
 * nor tested on. Thread rule: one call at a time per setup; it uses its own threads inside. */
#ifndef KS_RUN_VALIDATE_H
#define KS_RUN_VALIDATE_H

#include "run/setup.h"

/* What came of it. */
typedef struct ks_validation {
    double metric;      /* mean over the tasks; NAN where the inner steps were too long for some */
    size_t broken;      /* tasks that they were too long for, so that the policies broke down */
    uint64_t env_steps; /* that it took */
} ks_validation;

/* Whether a run of the config validates at all. */
bool ks_validates(const ks_config* config, const ks_setup* setup);
/* Whether its progress.csv has a column for it from the start. */
bool ks_validation_has_column(const ks_config* config);
/* Whether it does so once as many iterations are done. */
bool ks_validation_is_due(const ks_config* config, const ks_setup* setup, int64_t iterations);

/* Mean metric of params (Q) on the first config->validation_tasks validation tasks of the config's seed, after inner.steps steps of
 * the model's own size; without a step where it adapts to no task in training (method); of a classifier of all training classes, which
 * learns no others by itself, the accuracy of nearest neighbours by its features (fewshot/nearest.h). The tasks are the same ones every
 * time, start states and action noise too, and the result is that of any number of threads.
 * Errors: KS_FAILED. */
bool ks_validate(ks_validation* out, const ks_config* config, const ks_setup* setup, const ks_real* params, int threads,
                 ks_error* err);

#endif
