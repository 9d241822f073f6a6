/* sampling.h: what `eval`, `rollout` and `plot --trajectories` share: how a policy is sampled from and adapted. Internal to this
 * room. */
#ifndef KS_CLI_SAMPLING_H
#define KS_CLI_SAMPLING_H

#include "cli/cli.h"

/* What getopt_long needs; their letters are in KS_SAMPLING_LETTERS. */
#define KS_SAMPLING_LETTERS "he:j:"
#define KS_SAMPLING_OPTIONS                                                                                       \
    {"help", no_argument, NULL, 'h'}, {"trajectories", required_argument, NULL, KS_SAMPLING_TRAJECTORIES},        \
        {"steps", required_argument, NULL, KS_SAMPLING_STEPS}, {"lr", required_argument, NULL, KS_SAMPLING_LR},   \
        {"horizon", required_argument, NULL, KS_SAMPLING_HORIZON},                                                \
        {"seed", required_argument, NULL, KS_SAMPLING_SEED}, {"best", no_argument, NULL, KS_SAMPLING_BEST},       \
        {"gae-lambda", required_argument, NULL, KS_SAMPLING_GAE_LAMBDA}, {"env", required_argument, NULL, 'e'}, { \
        "threads", required_argument, NULL, 'j'                                                                   \
    }
enum {
    KS_SAMPLING_TRAJECTORIES = 256,
    KS_SAMPLING_STEPS,
    KS_SAMPLING_LR,
    KS_SAMPLING_HORIZON,
    KS_SAMPLING_SEED,
    KS_SAMPLING_BEST,
    KS_SAMPLING_GAE_LAMBDA,
    KS_SAMPLING_END
};

/* As typed. */
typedef struct ks_cli_sampling {
    const char *env, *lr;
    int64_t trajectories, horizon; /* 0: the protocol's, the policy's own */
    int64_t steps, seed, threads;
    double gae_lambda; /* if has_gae_lambda; else the policy's own */
    bool best, has_gae_lambda;
} ks_cli_sampling;

/* One option of KS_SAMPLING_OPTIONS. Errors: KS_BAD_INPUT; any other option is false with *err as it was. */
bool ks_sampling_option(ks_cli_sampling* sampling, int option, const char* value, ks_error* err);

/* Settings for this policy: what was typed, then what is kept with it (eval_lr), then the environment's
 * protocol, then the policy's own. Errors: KS_BAD_INPUT (lr). */
bool ks_sampling_settings(ks_rl_eval_settings* settings, const ks_cli_sampling* sampling, const ks_cli_policy* policy,
                          ks_error* err);

/* ---- the first step size ------------------------------------------------------------------------------------------------- */

enum { KS_SEARCH_TASKS = 40, KS_SEARCH_MOST = 32 };

/* First step sizes, and what came of them. */
typedef struct ks_lr_search {
    size_t count, best;
    int steps;                 /* that were taken: as many as the policy was trained for, if the settings have them */
    double lr[KS_SEARCH_MOST]; /* (count) */
    double mean_return[KS_SEARCH_MOST]; /* (count) after these steps, -INFINITY where the policy broke down */
} ks_lr_search;

/* "A1,A2,…" or "default", which is a list that has the protocol's step for this policy. Errors: KS_BAD_INPUT. */
bool ks_lr_search_parse(ks_lr_search* search, const char* text, const ks_cli_policy* policy, ks_error* err);

/* Adapts to KS_SEARCH_TASKS tasks by each step size, all from the same random numbers, and sets settings->lr by the one with
 * the best return after the first gradient step, or after as many as the policy was trained for. Neither tasks nor noise are those of an evaluation with any seed that can
 * be typed. Errors: KS_FAILED if the policy breaks down whatever the step. */
bool ks_lr_search_run(ks_lr_search* search, ks_rl_eval_settings* settings, const ks_cli_policy* policy,
                      ks_eval_progress progress, ks_error* err);

#endif
