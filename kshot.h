/* kshot.h: the one header of a program that uses the library (docs/library.md, examples/library.c).
 *
 * Installed as <kshot/kshot.h>, for C and C++. What every function takes, who owns what, and which threads may call it, is said in
 * the header that declares it. */
#ifndef KS_KSHOT_H
#define KS_KSHOT_H

/* whatever the headers below include, so that none of it is within extern "C" */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* errors, numbers as text, random streams */
#include "base/error.h"
#include "base/number.h"
#include "base/real.h"
#include "base/rng.h"

/* environments; policies, their derivatives and their files */
#include "envs/env.h"
#include "policy/policy.h"
#include "policy/policy_file.h"

/* trajectories: sampling and judging them */
#include "rl/advantage.h"
#include "rl/batch.h"
#include "rl/rollout.h"

/* adaptation, meta-training one iteration at a time, evaluation */
#include "maml/adapt.h"
#include "maml/audit.h"
#include "maml/evaluate.h"
#include "maml/maml.h"

/* configs, and whole runs in their directories */
#include "run/checkpoint.h"
#include "run/config.h"
#include "run/initial.h"
#include "run/train.h"

#ifdef __cplusplus
}
#endif

#endif
