/* protocol.h: trajectories per task, and the size of every gradient step, as an environment's publishers tested policies: as many
 * steps as a policy was trained for of its own size, then shorter ones. Of learned step sizes, all numbers here are factors.
 * Thread rule: pure functions. */
#ifndef KS_RL_PROTOCOL_H
#define KS_RL_PROTOCOL_H

#include "envs/env.h"
#include "maml/evaluate.h"
#include "policy/policy_file.h"

size_t ks_protocol_trajectories(const ks_env_def* env);
void ks_protocol_lr(double lr[KS_EVAL_MAX_STEPS], const ks_env_def* env, const ks_policy_info* info);
/* The same from another first step size. */
void ks_protocol_lr_from(double lr[KS_EVAL_MAX_STEPS], const ks_env_def* env, const ks_policy_info* info, double first);
/* How many steps have the size of the first. */
int ks_protocol_own_steps(const ks_policy_info* info);

/* The step sizes where none are given: those that are kept with the policy for its own environment, else the protocol's; and what
 * they are, for people. */
void ks_default_lr(double lr[KS_EVAL_MAX_STEPS], const ks_env_def* env, const ks_policy_info* info);
void ks_default_lr_text(char* text, size_t room, const ks_env_def* env, const ks_policy_info* info);

#endif
