/* examples.h: what commands share that take models which learn from examples. Internal to this room. */
#ifndef KS_CLI_EXAMPLES_H
#define KS_CLI_EXAMPLES_H

#include "cli/cli.h"
#include "cli/option_table.h"
#include "fewshot/images_fit.h"
#include "fewshot/sinusoid_fit.h"
#include "run/examples.h"

/* -s KEY=VALUE, where KEY is a setting of a model's problem, and --data. */
typedef struct ks_problem_options {
    ks_option_list settings;
    const char* data; /* where its images are, or NULL */
} ks_problem_options;

/* Their rows, in a command whose options have one of this name: */
#define KS_PROBLEM_ROW_SET(type)                                                                         \
    {                                                                                                    \
        "set", 's', "KEY=VALUE",                                                                         \
            "of models that learn from examples: a setting of the problem, as in `-s sinusoid.shots=5`", \
            KS_OPTION_LIST(type, problem.settings), .completes = KS_COMPLETE_EXAMPLES_SETTING            \
    }
#define KS_PROBLEM_ROW_DATA(type, text) \
    { "data", 0, "PATH", text, KS_OPTION_TEXT(type, problem.data), .completes = KS_COMPLETE_FILE }

/* Sets them all (ks_examples_set). Errors: KS_BAD_INPUT. */
bool ks_problem_options_apply(const ks_problem_options* options, ks_cli_policy* model, ks_error* err);

/* What its image set is called: the last part of its path, in letters of ASCII. */
void ks_examples_data_name(char* out, size_t room, const ks_cli_policy* model);

/* --split: the names in the order of ks_split. */
#define KS_SPLIT_NAMES "train|validation|test"
/* Also those that settings are chosen on: of validation classes, or of test classes where there are none. */
#define KS_SPLIT_NAMES_SEARCH KS_SPLIT_NAMES "|search"
enum { KS_SPLIT_SEARCH = 3 };

/* A curve as typed: "AMPLITUDE,PHASE". Errors: KS_BAD_INPUT. */
bool ks_examples_curve(ks_sinusoid* curve, const char* text, ks_error* err);

/* A model of problem sinusoid, to be adapted. Errors: KS_BAD_INPUT (a model of another problem), KS_FAILED. */
ks_sinusoid_fit* ks_examples_fit(const ks_cli_policy* model, int max_steps, size_t points, ks_error* err);
/* A model of problem images, likewise. */
ks_images_fit* ks_examples_images_fit(const ks_cli_policy* model, int max_steps, ks_error* err);

#endif
