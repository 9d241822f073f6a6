/* kinds.h: the problems and outer steps that there are. To add one: its file, and its name here; its settings are ks_NAME_settings
 * (ks_outer_NAME_settings), its kind ks_problem_NAME (ks_outer_NAME). Thread rule: constant. */
#ifndef KS_RUN_KINDS_H
#define KS_RUN_KINDS_H

#include "fewshot/images.h"
#include "fewshot/sinusoid.h"
#include "maml/outer_adam.h"
#include "maml/outer_ppo.h"
#include "maml/outer_reptile.h"
#include "maml/outer_trpo.h"
#include "rl/rl.h"

#define KS_PROBLEM_KINDS(X) \
    X(rl)                   \
    X(sinusoid)             \
    X(images)

#define KS_OUTER_KINDS(X) \
    X(trpo)               \
    X(adam)               \
    X(ppo)                \
    X(reptile)

#define KS_PROBLEM_NUMBER(name) KS_PROBLEM_##name,
#define KS_OUTER_NUMBER(name) KS_OUTER_##name,
enum { KS_PROBLEM_KINDS(KS_PROBLEM_NUMBER) KS_NUM_PROBLEMS };
enum { KS_OUTER_KINDS(KS_OUTER_NUMBER) KS_NUM_OUTERS };

extern const ks_problem_kind* const ks_problem_kinds[]; /* (KS_NUM_PROBLEMS) */
extern const ks_outer_kind* const ks_outer_kinds[];     /* (KS_NUM_OUTERS) */

/* The number of a name, or -1. */
int ks_problem_find(const char* name);
int ks_outer_find(const char* name);

#endif
