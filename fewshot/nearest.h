/* nearest.h: nearest neighbour: an example to be judged gets the label of the most similar one that a task gives to learn from, by the
 * cosine between the two: of their inputs, or of what a model makes of them before its last layer. Nothing adapts.
 *
 * Thread rule: one call at a time per problem; it uses its own threads inside. */
#ifndef KS_FEWSHOT_NEAREST_H
#define KS_FEWSHOT_NEAREST_H

#include "maml/problem.h"

/* What is compared. */
typedef struct ks_nearest_model {
    const ks_policy* policy; /* for tasks of the problem */
    const ks_real* theta;    /* (P) */
    bool inputs;             /* the inputs themselves; the model is not asked */
} ks_nearest_model;

/* accuracy (count) on the first count tasks of a split. The problem, whose labels are given, is prepared here; its batch norms take the
 * statistics that its rows say. Errors: KS_BAD_INPUT (a model that does not fit), KS_FAILED. */
bool ks_nearest(double* accuracy, ks_problem* problem, const ks_nearest_model* model, size_t count, ks_split split,
                uint64_t seed, int threads, ks_error* err);

#endif
