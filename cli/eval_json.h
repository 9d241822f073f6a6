/* eval_json.h: `eval --json`: what was evaluated and what came of it, as one object (docs/files.md). Internal to this room. */
#ifndef KS_CLI_EVAL_JSON_H
#define KS_CLI_EVAL_JSON_H

#include "cli/eval.h"

#include <cjson/cJSON.h>

/* What all kinds of models have: policy, problem, label, method, iteration, metric, tasks, steps and seed. The caller puts in by
 * cJSON what his kind has besides. If memory is short, it is incomplete or NULL (ks_cli_print_json). */
cJSON* ks_eval_json_create(const ks_eval_options* options, const ks_cli_policy* model, const char* label,
                           const ks_eval_result* result);

/* A text that may be anything, as a path, or what a file from elsewhere says of its method: escaped (ks_text_escape). */
void ks_eval_json_add_text(cJSON* object, const char* key, const char* text);

/* One evaluation, for the list `results`, which stands last. */
typedef struct ks_eval_json_row {
    const char *label, *norm; /* norm: of batch norm, or NULL */
    const ks_eval_result* result;
    const double* lr;            /* (steps) */
    bool factors;                /* they are factors of learned ones */
    bool length, loss, diverges; /* which further columns it has */
} ks_eval_json_row;

/* Errors: KS_FAILED (memory). */
bool ks_eval_json_add(cJSON* object, const ks_eval_json_row* row, ks_error* err);

#endif
