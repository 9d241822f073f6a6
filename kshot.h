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
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* errors, numbers as text, random streams */
#include "base/error.h"
#include "base/number.h"
#include "base/real.h"
#include "base/rng.h"

/* models, their derivatives and their files */
#include "policy/derivatives.h"
#include "policy/onnx.h"
#include "policy/policy.h"
#include "policy/policy_file.h"
#include "policy/step_sizes.h"

/* problems, adaptation, meta-training one iteration at a time, evaluation */
#include "maml/audit.h"
#include "maml/evaluate.h"
#include "maml/inner.h"
#include "maml/maml.h"
#include "maml/outer_adam.h"
#include "maml/outer_ppo.h"
#include "maml/outer_trpo.h"
#include "maml/problem.h"

/* reinforcement learning: environments, trajectories, the paper's protocol */
#include "envs/env.h"
#include "envs/step_noise.h"
#include "rl/protocol.h"
#include "rl/rl.h"
#include "rl/rl_evaluate.h"
#include "rl/rollout.h"

/* few-shot learning from examples */
#include "fewshot/image_set.h"
#include "fewshot/sinusoid.h"

/* configs, and whole runs in their directories */
#include "run/checkpoint.h"
#include "run/config.h"
#include "run/initial.h"
#include "run/setup.h"
#include "run/train.h"

#ifdef __cplusplus
}
#endif

#endif
