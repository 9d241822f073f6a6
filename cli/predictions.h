/* predictions.h: what `plot --predictions` draws (figures/predictions.h). Internal to this room. */
#ifndef KS_CLI_PREDICTIONS_H
#define KS_CLI_PREDICTIONS_H

#include "cli/examples.h"
#include "figures/predictions.h"

/* Which task, and how it is adapted to. */
typedef struct ks_prediction_options {
    const char *task, *lr; /* as typed, or NULL */
    int64_t seed;
    int steps; /* shown are 0, 1 and these */
} ks_prediction_options;

/* *predictions is the caller's (ks_predictions_free). Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_predict(ks_predictions* predictions, const ks_cli_policy* model, const ks_prediction_options* options,
                ks_error* err);

#endif
