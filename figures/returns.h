/* returns.h: the content of eval CSVs (docs/files.md), summed up: per label, the mean return after 0, 1, 2, … gradient steps
 * and its 95 % interval over tasks.
 *
 * Thread rule: plain data once read. */
#ifndef KS_FIGURES_RETURNS_H
#define KS_FIGURES_RETURNS_H

#include "base/error.h"
#include "base/text.h"

#include <stddef.h>

/* what a figure shows at most; the largest gradient step, and numbers of a goal, that a file may have */
enum { KS_RETURNS_MAX_LINES = 8, KS_RETURNS_MAX_STEPS = 64, KS_RETURNS_MAX_GOAL = 8 };

typedef struct ks_return_line {
    char label[KS_LABEL_MAX];
    int steps;                              /* largest gradient step */
    size_t tasks[KS_RETURNS_MAX_STEPS + 1]; /* behind each mean; 0: this step is not there */
    double mean[KS_RETURNS_MAX_STEPS + 1];  /* of the tasks' mean returns */
    double
        interval[KS_RETURNS_MAX_STEPS + 1]; /* the mean is uncertain by ± this: 1.96 standard errors; 0 for one task */
} ks_return_line;

typedef struct ks_returns {
    char env[64];
    size_t count;
    ks_return_line lines[KS_RETURNS_MAX_LINES]; /* in order of their first row */
} ks_returns;

/* Reads files; labels (count pointers, or NULL) replaces the label of each file's rows where its pointer is not NULL. Rows of
 * one label in several files belong together: a task (number and goal) that is in more than one of them counts once, with
 * its mean over files.
 * Errors: KS_BAD_INPUT naming file and line: a malformed row, a task twice in a file, another environment than the first
 * file's, too many labels, a file of several labels that is to get one. */
bool ks_returns_read(ks_returns* returns, const char* const* paths, const char* const* labels, size_t count,
                     ks_error* err);

#endif
