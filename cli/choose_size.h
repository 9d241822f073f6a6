/* choose_size.h: which of several sizes a gradient step gets (`kshot eval --search-each`), by the returns that each leads to.
 *
 * The rule. A step that the policy was trained to take gets the size with the best mean return. Any further step has to earn its size:
 * of all sizes, 0 (no step) among them, it gets the smallest one that is within one standard error of the best. The standard error is
 * that of the mean difference between the two, task by task, which is far smaller than that of either mean: both have the same tasks,
 * start states and noise. The best of some twenty sizes is partly the luckiest one; the rule does not follow luck, and a step that helps
 * nobody comes out as 0.
 *
 * Thread rule: pure functions. */
#ifndef KS_CLI_CHOOSE_SIZE_H
#define KS_CLI_CHOOSE_SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* Mean of a - b over tasks, and its standard error. */
typedef struct ks_paired {
    double mean, error;
} ks_paired;
ks_paired ks_paired_difference(const double* a, const double* b, size_t tasks);

/* lr (count), returns (count x tasks), NAN where a size was too long. trained: the policy was trained to take this step. The index of
 * the chosen size; count: none works. */
size_t ks_choose_size(const double* lr, const double* returns, size_t count, size_t tasks, bool trained);

#endif
