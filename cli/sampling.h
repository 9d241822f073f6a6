/* sampling.h: what `eval`, `rollout` and `plot --trajectories` share: how a policy is sampled from and adapted. Internal to this
 * room. */
#ifndef KS_CLI_SAMPLING_H
#define KS_CLI_SAMPLING_H

#include "cli/cli.h"
#include "cli/option_table.h"

/* Rows that say the same in several commands, whose options have a ks_cli_sampling of this name: */
#define KS_SAMPLING_ROW_LR(type)                                                                     \
    {                                                                                                \
        "lr", 0, "A1[,A2…]", "their step sizes (default: kept ones, or the environment's protocol)", \
            KS_OPTION_TEXT(type, sampling.lr)                                                        \
    }
#define KS_SAMPLING_ROW_STEPS(type, text) \
    { "steps", 0, "K", text, KS_OPTION_INT(type, sampling.steps, 0, KS_EVAL_MAX_STEPS) }
#define KS_SAMPLING_ROW_TRAJECTORIES(type, text) \
    { "trajectories", 0, "N", text, KS_OPTION_INT(type, sampling.trajectories, 1, 100000) }
#define KS_SAMPLING_ROW_HORIZON(type)                                              \
    {                                                                              \
        "horizon", 0, "T", "timesteps per trajectory (default: the policy's own)", \
            KS_OPTION_INT(type, sampling.horizon, 1, 1000000)                      \
    }
#define KS_SAMPLING_ROW_GAE_LAMBDA(type)                                                                \
    {                                                                                                   \
        "gae-lambda", 0, "L", "lambda of the advantages that it adapts by (default: the policy's own)", \
            KS_OPTION_REAL(type, sampling.gae_lambda, 0, 1)                                             \
    }
#define KS_SAMPLING_ROW_SEED(type, text) \
    { "seed", 0, "N", text, KS_OPTION_INT(type, sampling.seed, 0, INT64_MAX) }
#define KS_SAMPLING_ROW_ENV(type)                                                                           \
    {                                                                                                       \
        "env", 'e', "ENV", "another environment than the policy's own", KS_OPTION_TEXT(type, sampling.env), \
            .completes = KS_COMPLETE_ENV                                                                    \
    }
#define KS_SAMPLING_ROW_BEST(type)                                                             \
    {                                                                                          \
        "best", 0, NULL, "of a run directory, best.safetensors instead of policy.safetensors", \
            KS_OPTION_FLAG(type, sampling.best)                                                \
    }

/* As typed. */
typedef struct ks_cli_sampling {
    const char *env, *lr;
    int64_t trajectories, horizon; /* 0: the protocol's, the policy's own */
    int64_t steps, seed, threads;
    double gae_lambda; /* < 0: the policy's own */
    bool best, quiet;
} ks_cli_sampling;

/* As nobody has typed anything. */
ks_cli_sampling ks_sampling_default(void);

/* The first of its options that was given and is for policies alone, "--horizon"; NULL: none. */
const char* ks_cli_sampling_of_policies(const ks_cli_sampling* sampling);

/* Settings for this policy: what was typed, then what is kept with it (eval_lr), then the environment's
 * protocol, then the policy's own. Errors: KS_BAD_INPUT (lr). */
bool ks_sampling_settings(ks_rl_eval_settings* settings, const ks_cli_sampling* sampling, const ks_cli_policy* policy,
                          ks_error* err);

/* ---- step sizes that are searched for ------------------------------------------------------------------------------------------------- */

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
/* The seed of the tasks that are searched on, and of their noise: none that can be typed. */
uint64_t ks_search_seed(uint64_t seed);

/* What was found for a gradient step. */
typedef struct ks_step_found {
    double lr;          /* 0: none */
    double mean_return; /* after it */
    double gain, error; /* by which it is better than no step, over the tasks, and the standard error of that */
} ks_step_found;
typedef void (*ks_step_told)(void* user, int step, const ks_step_found* found);

/* Sets settings->lr, the size of every step of settings->steps, one after the other: with those found so far, each of the sizes is tried
 * for the next one on the same tasks as above, and choose_size.h says which it gets. told, which may be NULL, hears of every step.
 * Errors: as above. */
bool ks_lr_search_each(ks_rl_eval_settings* settings, const ks_lr_search* sizes, const ks_cli_policy* policy,
                       ks_step_told told, void* user, ks_error* err);

#endif
