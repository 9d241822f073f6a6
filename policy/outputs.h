/* outputs.h: the same network with another last layer, or without one. θ is layer after layer, so that what comes before the last
 * layer stands at its beginning in all of them. Thread rule: pure. */
#ifndef KS_POLICY_OUTPUTS_H
#define KS_POLICY_OUTPUTS_H

#include "policy/policy.h"

/* The layout with so many outputs of the last layer, which is dense. Owned by the caller. Errors: KS_BAD_INPUT (another last layer),
 * KS_FAILED (memory). */
ks_policy* ks_policy_with_outputs(const ks_policy* policy, int outputs, ks_error* err);
/* The layout of what comes before the last layer: its outputs are features. Errors: likewise (also: nothing comes before). */
ks_policy* ks_policy_without_last(const ks_policy* policy, ks_error* err);
/* Numbers of θ before the last layer. */
size_t ks_policy_body_params(const ks_policy* policy);

#endif
