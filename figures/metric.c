#include "figures/metric.h"

#include <stdio.h>

static const ks_metric METRICS[] = {
    {"mean_return", "return", "mean return", "return", "%.2f", "%.2f", true, false},
    {"mse", "mse", "mean squared error", "MSE", "%#.3g", "%#.2g", false, true},
    {"accuracy", "accuracy", "accuracy", "accuracy", "%.3f", "%.3f", false, false},
};
enum { NUM_METRICS = sizeof METRICS / sizeof *METRICS };

const ks_metric* ks_metric_of_returns(void) {
    return &METRICS[0];
}

const ks_metric* ks_metric_of_eval(size_t* column, const ks_csv* csv, ks_error* err) {
    for (int i = 0; i < NUM_METRICS; i++) {
        if (ks_csv_find(csv, METRICS[i].column)) {
            return ks_csv_column(column, csv, METRICS[i].column, err) ? &METRICS[i] : NULL;
        }
    }
    ks_fail(err, KS_BAD_INPUT, "%s:1: no column is called mean_return, mse or accuracy", csv->path);
    return NULL;
}

bool ks_metric_of_validation(size_t* column, const ks_metric* metric, const ks_csv* csv) {
    char name[48];
    snprintf(name, sizeof name, "validation_%s", metric->progress);
    return ks_csv_find(csv, name) && ks_csv_column(column, csv, name, NULL);
}

const ks_metric* ks_metric_of_progress(size_t* first, size_t* last, int* steps, const ks_csv* csv, ks_error* err) {
    char name[32];
    for (int i = 0; i < NUM_METRICS; i++) {
        *steps = -1;
        do {
            snprintf(name, sizeof name, "%s_%d", METRICS[i].progress, ++*steps);
        } while (ks_csv_find(csv, name));
        if (--*steps >= 0) {
            bool ok = true;
            for (int j = 0; ok && j <= *steps; j++) {
                snprintf(name, sizeof name, "%s_%d", METRICS[i].progress, j);
                ok = ks_csv_column(j == 0 ? first : last, csv, name, err);
            }
            *last = *steps == 0 ? *first : *last;
            return ok ? &METRICS[i] : NULL;
        }
    }
    ks_fail(err, KS_BAD_INPUT, "%s:1: no column is called return_0, mse_0 or accuracy_0", csv->path);
    return NULL;
}
