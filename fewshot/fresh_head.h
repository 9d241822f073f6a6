/* fresh_head.h: a classifier of many classes, given a last layer for a few, from which it can learn new ones by gradient steps: the
 * baseline "pretrain" of few-shot classification. Thread rule: pure. */
#ifndef KS_FEWSHOT_FRESH_HEAD_H
#define KS_FEWSHOT_FRESH_HEAD_H

#include "policy/policy.h"

#include <stdint.h>

/* A model. Its owner frees it (ks_fresh_head_free). */
typedef struct ks_fresh_head {
    ks_policy* policy;
    ks_real* theta; /* (P) */
} ks_fresh_head;

/* theta (P of policy) with a last layer for `ways` classes, whose weights the seed draws: normal of that standard deviation, or with 0
 * by Xavier's rule. Errors: KS_BAD_INPUT (a last layer that is not dense), KS_FAILED (memory). */
bool ks_fresh_head_create(ks_fresh_head* model, const ks_policy* policy, const ks_real* theta, int ways, double std,
                          uint64_t seed, ks_error* err);
void ks_fresh_head_free(ks_fresh_head* model);

#endif
