/* examples.h: models that learn from examples, opened: their problem with other settings, a last layer for other classes.
 * Thread rule: as run/opened.h. */
#ifndef KS_RUN_EXAMPLES_H
#define KS_RUN_EXAMPLES_H

#include "run/opened.h"

/* "KEY=VALUE", settings of a model's problem, and where its images are. */
typedef struct ks_examples_settings {
    const char* const* text; /* (count) */
    int count;
    const char* data; /* or NULL */
} ks_examples_settings;

/* Takes them all; where the images are that a model takes, its run directory may know. Errors: KS_BAD_INPUT (no setting of that
 * problem, another model than one that learns from examples, one that is not of such tasks; nobody says where images are). */
bool ks_examples_set(ks_opened* model, const ks_examples_settings* settings, ks_error* err);

/* The model's problem, with those settings, for `tasks` tasks. Owned by the caller (kind->destroy). Errors: KS_BAD_INPUT, KS_FAILED. */
ks_problem* ks_examples_problem(const ks_opened* model, size_t tasks, ks_error* err);

/* Evaluates on `count` tasks of that problem, or on the only one, which is curve, where that is not NULL: of a model of sine curves.
 * *result is the caller's (ks_eval_result_free). Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_examples_evaluate(ks_eval_result* result, ks_opened* model, size_t count, const ks_sinusoid* curve,
                          const ks_eval_settings* settings, ks_error* err);

/* Gives a classifier of all training classes a last layer for as many as images.ways says, drawn from the seed: the model is then
 * another. Nothing happens to other models. Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_examples_take_head(ks_opened* model, uint64_t seed, ks_error* err);

/* Step sizes of a model: what is kept with it, or its own; for learned ones they are factors. */
void ks_examples_own_lr(double lr[KS_EVAL_MAX_STEPS], const ks_opened* model);

/* Puts into *err that the folder of images named by the run's config.yaml is not there; where no config named it, *err stays as it is.
 * Returns false. */
bool ks_examples_explain_data(const ks_opened* model, ks_error* err);

#endif
