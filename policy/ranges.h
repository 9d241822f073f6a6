/* ranges.h: what the numbers may be that configs set and policy files remember: "least, most". One place, so that a policy file
 * is held to what a config is. */
#ifndef KS_POLICY_RANGES_H
#define KS_POLICY_RANGES_H

enum { KS_MAX_INNER_STEPS = 16, KS_MAX_HORIZON = 1000000 };

#define KS_RANGE_GAMMA 0, 1
#define KS_RANGE_GAE_LAMBDA 0, 1
#define KS_RANGE_HORIZON 1, KS_MAX_HORIZON
#define KS_RANGE_LOG_STD_MIN -50, 20
#define KS_RANGE_INNER_STEPS 0, KS_MAX_INNER_STEPS
#define KS_RANGE_INNER_LR 0, 1000

#endif
