/* eval.h: what the files of `eval` share. Internal to this room. */
#ifndef KS_CLI_EVAL_H
#define KS_CLI_EVAL_H

#include "cli/examples.h"
#include "cli/sampling.h"

/* As typed. */
typedef struct ks_eval_options {
    ks_cli_sampling sampling; /* steps -1: the default */
    const char *goals, *label, *output, *search_lr;
    ks_problem_options problem;
    int64_t tasks; /* 0: the default */
    bool force, keep_lr;
} ks_eval_options;

/* Of a model that learns from examples. Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_eval_examples(const ks_eval_options* options, ks_cli_policy* model, ks_error* err);

/* The label of the rows: what was asked for, or the method, which a file from elsewhere may have as it likes. NULL: neither can be
 * one. */
const char* ks_eval_label(const ks_eval_options* options, const ks_cli_policy* model, ks_error* err);
/* Progress on a terminal. */
void ks_eval_progress_line(void* user, size_t done, size_t total);

#endif
