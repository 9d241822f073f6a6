/* How the paper's authors tested: appendix A.2 and the evaluation data published with it. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

typedef struct protocol {
    const char* env; /* without gym/ */
    size_t trajectories;
    double pretrained; /* first step sizes; MAML's own is in its file */
    double random;
    double later; /* factor of every later step */
} protocol;

static const protocol PROTOCOLS[] = {
    {"point", 40, 0.5, 0.5, 0.5},
    {"half-cheetah-vel", 20, 0.02, 0.1, 0.5},
    {"half-cheetah-dir", 20, 0.2, 0.5, 0.5},
    {"ant-vel", 20, 0.2, 1.0, 0.5},
    {"ant-dir", 40, 0.2, 1.0, 0.01},
    {"ant-goal", 20, 0.2, 1.0, 0.5}, /* not in the paper; as ant-vel */
};

static const protocol* find(const char* env) {
    const char* name = strncmp(env, "gym/", 4) == 0 ? env + 4 : env;
    for (size_t i = 0; i < sizeof PROTOCOLS / sizeof *PROTOCOLS; i++) {
        if (strcmp(PROTOCOLS[i].env, name) == 0) {
            return &PROTOCOLS[i];
        }
    }
    return NULL;
}

size_t ks_protocol_trajectories(const char* env) {
    const protocol* p = find(env);
    return p ? p->trajectories : 20;
}

static bool is_meta_trained(const ks_policy_info* info) {
    return info->iteration > 0 && strcmp(info->method, "maml") == 0;
}

int ks_protocol_own_steps(const ks_policy_info* info) {
    return is_meta_trained(info) && info->inner_steps > 1 ? info->inner_steps : 1;
}

void ks_protocol_lr_from(double lr[KS_EVAL_MAX_STEPS], const char* env, const ks_policy_info* info, double first) {
    const protocol* p = find(env);
    for (int j = 0; j < KS_EVAL_MAX_STEPS; j++) {
        lr[j] = j < ks_protocol_own_steps(info) ? first : first * (p ? p->later : 0.5);
    }
}

void ks_protocol_lr(double lr[KS_EVAL_MAX_STEPS], const char* env, const ks_policy_info* info) {
    const protocol* p = find(env);
    double first = info->inner_lr;
    if (p && info->iteration == 0) {
        first = p->random;
    } else if (p && strcmp(info->method, "maml") != 0) {
        first = p->pretrained;
    }
    ks_protocol_lr_from(lr, env, info, first);
}

static void protocol_text(char* text, size_t room, const char* env, const ks_policy_info* info) {
    const protocol* p = find(env);
    double later = p ? p->later : 0.5;
    if (p && !is_meta_trained(info)) {
        snprintf(text, room, "the paper's for %s policies; after the first step %g times as long",
                 info->iteration == 0 ? "untrained" : "pretrained", later);
    } else {
        int own = ks_protocol_own_steps(info);
        snprintf(text, room, "the policy's own for %d step%s, then %g times as long", own, own == 1 ? "" : "s", later);
    }
}

/* ---- what is kept with a policy comes before the protocol ---- */

static bool has_kept(const char* env, const ks_policy_info* info) {
    return info->num_eval_lr > 0 && strcmp(env, info->env) == 0;
}

void ks_default_lr(double lr[KS_EVAL_MAX_STEPS], const char* env, const ks_policy_info* info) {
    if (!has_kept(env, info)) {
        ks_protocol_lr(lr, env, info);
        return;
    }
    for (int j = 0; j < KS_EVAL_MAX_STEPS; j++) {
        lr[j] = info->eval_lr[j < info->num_eval_lr ? j : info->num_eval_lr - 1];
    }
}

void ks_default_lr_text(char* text, size_t room, const char* env, const ks_policy_info* info) {
    if (has_kept(env, info)) {
        snprintf(text, room, "kept with the policy (eval_lr)");
    } else {
        protocol_text(text, room, env, info);
    }
}
