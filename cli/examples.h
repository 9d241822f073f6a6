/* examples.h: what commands share that take models which learn from examples. Internal to this room. */
#ifndef KS_CLI_EXAMPLES_H
#define KS_CLI_EXAMPLES_H

#include "cli/cli.h"
#include "fewshot/sinusoid_fit.h"

/* -s KEY=VALUE, where KEY is a setting of a model's problem. */
enum { KS_EXAMPLES_MAX_SETTINGS = 16 };
typedef struct ks_problem_options {
    const char* settings[KS_EXAMPLES_MAX_SETTINGS];
    int count;
} ks_problem_options;

/* Takes one. Errors: KS_BAD_INPUT (too many). */
bool ks_problem_options_add(ks_problem_options* options, const char* setting, ks_error* err);
/* Sets them all. Errors: KS_BAD_INPUT (no setting of that problem, another model than one that learns from examples). */
bool ks_problem_options_apply(const ks_problem_options* options, ks_cli_policy* model, ks_error* err);

/* Step sizes of a model: what is kept with it, or its own; for learned ones they are factors. */
void ks_examples_own_lr(double lr[KS_EVAL_MAX_STEPS], const ks_cli_policy* model);

/* A curve as typed: "AMPLITUDE,PHASE". Errors: KS_BAD_INPUT. */
bool ks_examples_curve(ks_sinusoid* curve, const char* text, ks_error* err);

/* A model of problem sinusoid, to be adapted. Errors: KS_BAD_INPUT (a model of another problem), KS_FAILED. */
ks_sinusoid_fit* ks_examples_fit(const ks_cli_policy* model, int max_steps, size_t points, ks_error* err);

#endif
