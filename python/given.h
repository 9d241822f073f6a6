/* given.h: examples in arrays as a problem (maml/problem.h): every draw gives the tasks that the caller has put there.
 * Thread rule: as maml/problem.h. */
#ifndef KS_PYTHON_GIVEN_H
#define KS_PYTHON_GIVEN_H

#include "maml/problem.h"
#include "python/kshot_api.h"

/* Its name, in files of models, too. */
#define KS_GIVEN "examples"

typedef struct ks_given_settings {
    int inputs, outputs;
    bool classes;
    size_t max_rows; /* of a task */
} ks_given_settings;

/* Owned by the caller (kind->destroy). Errors: KS_FAILED (memory). */
ks_problem* ks_given_create(const ks_given_settings* settings, size_t tasks, ks_error* err);
/* Their rows, which are not copied: to learn from, and to be judged on. What is wrong with them is KS_BAD_INPUT: no rows, more than
 * max_rows, numbers that are not finite, classes that are none. */
bool ks_given_set(ks_problem* problem, const ks_api_examples* support, const ks_api_examples* query, ks_error* err);
/* The most rows of a task. */
size_t ks_given_longest(const ks_api_examples* examples);

#endif
