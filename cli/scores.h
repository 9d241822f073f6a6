/* scores.h: what an evaluation wrote, read back (docs/files.md, eval CSV). Thread rule: plain data once read. */
#ifndef KS_CLI_SCORES_H
#define KS_CLI_SCORES_H

#include "base/error.h"

#include <stddef.h>

typedef struct ks_scores {
    double* value; /* (steps + 1 x tasks) */
    size_t tasks;
    int steps;       /* the largest gradient step; -1: nothing was read */
    char metric[32]; /* its column: "mean_return", "mse", "accuracy" */
} ks_scores;

/* The rows of a label. Free them with ks_scores_free, also after errors. Errors: KS_BAD_INPUT naming file and line, KS_FAILED. */
bool ks_scores_read(ks_scores* scores, const char* path, const char* label, ks_error* err);
double ks_scores_mean(const ks_scores* scores, int step);
void ks_scores_free(ks_scores* scores);

#endif
