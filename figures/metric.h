/* metric.h: what a model is judged by, as files call it and as figures do: a column of eval CSVs (mean_return, mse, accuracy), and
 * columns return_0, return_1, … (mse_0, …) of progress.csv. Thread rule: constant. */
#ifndef KS_FIGURES_METRIC_H
#define KS_FIGURES_METRIC_H

#include "figures/csv.h"

typedef struct ks_metric {
    const char* column;   /* of eval CSVs */
    const char* progress; /* of progress.csv, before the number of the stage */
    const char* text;     /* "mean squared error" */
    const char* brief;    /* "MSE" */
    const char* number;   /* printf formats of tables: for a mean, and for what is behind its ± */
    const char* interval;
    bool acts;     /* of policies, whose tasks have goals */
    bool is_error; /* never below 0, less is better, and not finite where a task has diverged */
} ks_metric;

const ks_metric* ks_metric_of_returns(void);
/* The metric of an eval CSV, and its column. Errors: KS_BAD_INPUT naming those that there are. */
const ks_metric* ks_metric_of_eval(size_t* column, const ks_csv* csv, ks_error* err);

/* The column of validation in the progress.csv of that metric, or false: it has none. */
bool ks_metric_of_validation(size_t* column, const ks_metric* metric, const ks_csv* csv);

/* The metric of a progress.csv, the column of stage 0 and the number of gradient steps, whose last stage has the column *last.
 * Errors: KS_BAD_INPUT naming those that there are. */
const ks_metric* ks_metric_of_progress(size_t* first, size_t* last, int* steps, const ks_csv* csv, ks_error* err);

#endif
