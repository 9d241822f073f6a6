/* tune.h: what a search has where nothing else is said, for commands that start one (kshot suite). */
#ifndef KS_CLI_TUNE_H
#define KS_CLI_TUNE_H

enum {
    KS_TUNE_TRIALS = 16, /* --trials */
    KS_TUNE_SEED = 1000, /* --seed */
    KS_TUNE_TASKS = 40,  /* --tasks */
    KS_TUNE_MAX_TRIALS = 4096,
    KS_TUNE_MAX_HALVINGS = 10,
};

#endif
