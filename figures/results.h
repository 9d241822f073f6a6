/* results.h: the content of eval CSVs (docs/files.md), summed up: per label, the metric after 0, 1, 2, … gradient steps and its
 * 95 % interval over tasks.
 *
 * The number is the mean. Where a task of any label has diverged, no mean says what usually comes of a step, and means of the rest
 * would make the worst look best. All labels are then told by their medians, in which these tasks count as the worst, with an
 * interval from the ranks of the sorted tasks (n/2 ± 1.96 sqrt(n)/2).
 *
 * Thread rule: plain data once read. */
#ifndef KS_FIGURES_RESULTS_H
#define KS_FIGURES_RESULTS_H

#include "base/error.h"
#include "base/text.h"
#include "figures/metric.h"

#include <stddef.h>

/* what a figure shows at most; the largest gradient step, and numbers of a goal, that a file may have */
enum { KS_RESULTS_MAX_LINES = 10, KS_RESULTS_MAX_STEPS = 64, KS_RESULTS_MAX_GOAL = 64 };

typedef struct ks_result_line {
    char label[KS_LABEL_MAX];
    int steps;                              /* largest gradient step */
    size_t tasks[KS_RESULTS_MAX_STEPS + 1]; /* behind each number; 0: this step is not there */
    double value[KS_RESULTS_MAX_STEPS + 1]; /* mean of the tasks, or median */
    double low[KS_RESULTS_MAX_STEPS + 1];   /* its 95 % interval; the value itself for one task */
    double high[KS_RESULTS_MAX_STEPS + 1];
    size_t diverged; /* tasks, at the step where most have */
} ks_result_line;

typedef struct ks_results {
    char env[64];
    const ks_metric* metric; /* NULL: no file was read */
    bool medians;            /* values are medians, since a task has diverged */
    size_t count;
    ks_result_line lines[KS_RESULTS_MAX_LINES]; /* in order of their first row */
} ks_results;

/* Whether a task has diverged: its error is not finite, or many times what errors are on average before the first step. */
bool ks_has_diverged(double error, double mean_before, int step);

/* The label whose numbers count without adaptation alone. */
bool ks_is_oracle(const char* label);

/* Reads files; labels (count pointers, or NULL) replaces the label of each file's rows where its pointer is not NULL. Rows of
 * one label in several files belong together: a task (number and goal) that is in more than one of them counts once, with
 * its mean over files.
 * Errors: KS_BAD_INPUT naming file and line: a malformed row, a task twice in a file, another environment or metric than the
 * first file's, too many labels, a file of several labels that is to get one. */
bool ks_results_read(ks_results* results, const char* const* paths, const char* const* labels, size_t count,
                     ks_error* err);

/* The same of the i-th label's rows of the i-th file alone, where a file may come several times. Errors: as above; no such rows. */
bool ks_results_read_rows(ks_results* results, const char* const* paths, const char* const* labels, size_t count,
                          ks_error* err);

#endif
