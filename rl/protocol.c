#include "rl/protocol.h"

#include "base/number.h"

#include <stdio.h>
#include <string.h>

size_t ks_protocol_trajectories(const ks_env_def* env) {
    return env->protocol ? (size_t)env->protocol->trajectories : 20;
}

static bool is_meta_trained(const ks_policy_info* info) {
    return info->iteration > 0 && strcmp(info->method, "maml") == 0;
}

/* of a step that is taken as in training: learned sizes are given as a factor of them */
static double own_size(const ks_policy_info* info) {
    ks_step_sizes sizes = ks_policy_info_sizes(info);
    return ks_step_sizes_own(&sizes);
}

int ks_protocol_own_steps(const ks_policy_info* info) {
    return is_meta_trained(info) && info->inner_steps > 1 ? info->inner_steps : 1;
}

void ks_protocol_lr_from(double lr[KS_EVAL_MAX_STEPS], const ks_env_def* env, const ks_policy_info* info,
                         double first) {
    const ks_env_protocol* p = env->protocol;
    for (int j = 0; j < KS_EVAL_MAX_STEPS; j++) {
        lr[j] = j < ks_protocol_own_steps(info) ? first : first * (p ? p->later : 0.5);
    }
}

void ks_protocol_lr(double lr[KS_EVAL_MAX_STEPS], const ks_env_def* env, const ks_policy_info* info) {
    const ks_env_protocol* p = env->protocol;
    double first = own_size(info);
    if (p && info->iteration == 0) {
        first = p->random;
    } else if (p && strcmp(info->method, "maml") != 0) {
        first = p->pretrained;
    }
    ks_protocol_lr_from(lr, env, info, first);
}

static void protocol_text(char* text, size_t room, const ks_env_def* env, const ks_policy_info* info) {
    const ks_env_protocol* p = env->protocol;
    double later = p ? p->later : 0.5;
    if (p && !is_meta_trained(info)) {
        ks_snprintf(text, room, "the environment's for %s policies; after the first step %g times as long",
                    info->iteration == 0 ? "untrained" : "pretrained", later);
    } else {
        int own = ks_protocol_own_steps(info);
        ks_snprintf(text, room, "the policy's own for %d step%s, then %g times as long", own, own == 1 ? "" : "s",
                    later);
    }
}

/* ---- what is kept with a policy comes before the protocol ---- */

static bool has_kept(const ks_env_def* env, const ks_policy_info* info) {
    return info->num_eval_lr > 0 && strcmp(env->name, info->env) == 0;
}

void ks_default_lr(double lr[KS_EVAL_MAX_STEPS], const ks_env_def* env, const ks_policy_info* info) {
    if (!has_kept(env, info)) {
        ks_protocol_lr(lr, env, info);
        return;
    }
    for (int j = 0; j < KS_EVAL_MAX_STEPS; j++) {
        lr[j] = info->eval_lr[j < info->num_eval_lr ? j : info->num_eval_lr - 1];
    }
}

void ks_default_lr_text(char* text, size_t room, const ks_env_def* env, const ks_policy_info* info) {
    if (has_kept(env, info)) {
        snprintf(text, room, "kept with the policy (eval_lr)");
    } else {
        protocol_text(text, room, env, info);
    }
}
