/* show.h: what `view` and `record` share: policies on one task, or models that learn from examples on one, and how they are
 * adapted. Internal to this room. */
#ifndef KS_CLI_SHOW_H
#define KS_CLI_SHOW_H

#include "cli/cli.h"
#include "cli/examples.h"
#include "viewer/classification.h"
#include "viewer/picture.h"
#include "viewer/regression.h"
#include "viewer/theatre.h"
#include "viewer/video.h"
#include "viewer/window.h"

/* The rows of its options: `show` is the member of the command's options that is a ks_show. */
#define KS_SHOW_ROWS(type)                                                                                            \
    {"task", 0, "V[,V…]",                                                                                             \
     "the task's numbers, of a curve AMPLITUDE,PHASE (default: the first held-out task of --seed); of policies also " \
     "NAME=V[,NAME=V…]: these alone, the others as that task has them; of images its number among those of --seed " \
     "(default 0)",                                                                                                   \
     KS_OPTION_TEXT(type, show.task)},                                                                                \
        {"steps", 0, "K",                                                                                             \
         "gradient steps, 0 to 9 (default 3; of models that learn from examples 0 to 64, of curves 10)",              \
         KS_OPTION_INT(type, show.steps, 0, KS_EVAL_MAX_STEPS)},                                                      \
        {"lr", 0, "A1[,A2…]", "their step sizes (default: kept ones, or the environment's protocol)",                 \
         KS_OPTION_TEXT(type, show.lr)},                                                                              \
        {"set",                                                                                                       \
         's',                                                                                                         \
         "KEY=VALUE",                                                                                                 \
         "of models that learn from examples: a setting of the problem, as in `-s sinusoid.shots=5`",                 \
         KS_OPTION_LIST(type, show.problem.settings),                                                                 \
         .completes = KS_COMPLETE_EXAMPLES_SETTING},                                                                  \
        {"data",                                                                                                      \
         0,                                                                                                           \
         "PATH",                                                                                                      \
         "of images: where they are",                                                                                 \
         KS_OPTION_TEXT(type, show.problem.data),                                                                     \
         .completes = KS_COMPLETE_FILE},                                                                              \
        {"split", 0, "SPLIT", "of images: whose tasks, those of train, validation or test (default)",                 \
         KS_OPTION_CHOICE(type, show.split, KS_SPLIT_NAMES)},                                                         \
        {"seed", 0, "N", "of the task, start states, action noise, examples (default 1)",                             \
         KS_OPTION_INT(type, show.seed, 0, INT64_MAX)},                                                               \
        {"label", 0, "NAME", "of the next policy in order", KS_OPTION_LIST(type, show.labels)},                       \
        {"best", 0, NULL, "of run directories, best.safetensors instead of policy.safetensors",                       \
         KS_OPTION_FLAG(type, show.best)},                                                                            \
        KS_OPTION_ROW_THREADS(type, show.threads)
#define KS_SHOW_ROWS_OF_POLICIES(type)                                                                          \
    {"trajectories", 0, "N", "sampled for every gradient step (default: the environment's protocol, or 20)",    \
     KS_OPTION_INT(type, show.trajectories, 1, 1000)},                                                          \
        {"length", 0, "T", "timesteps to show (default: the policy's horizon)",                                 \
         KS_OPTION_INT(type, show.length, 1, 10000)},                                                           \
        {"ghosts", 0, "N", "sampled trajectories to show beside, 0 to 20 (default 4; 20 where they are paths)", \
         KS_OPTION_INT(type, show.ghosts, 0, KS_PLAY_GHOSTS)},                                                  \
        {"deterministic", 0, NULL, "what is shown acts without noise (learning keeps it)",                      \
         KS_OPTION_FLAG(type, show.deterministic)},                                                             \
    {                                                                                                           \
        "env", 'e', "ENV", "another environment than the policies' own", KS_OPTION_TEXT(type, show.env),        \
            .completes = KS_COMPLETE_ENV                                                                        \
    }

typedef struct ks_show ks_show;
struct ks_record_options;

/* How models of a problem are shown. */
typedef struct ks_show_kind {
    const ks_problem_kind* problem;
    /* Works out what is asked for, and later frees what it made; close may be NULL. Errors: KS_BAD_INPUT, KS_FAILED. */
    bool (*open)(ks_show* show, ks_error* err);
    void (*close)(ks_show* show);
    /* Its window. speed 0: the default. Errors: KS_FAILED. */
    bool (*view)(ks_show* show, const ks_window_settings* window, double speed, ks_error* err);
    /* Its file. Errors: KS_BAD_INPUT, KS_FAILED. */
    bool (*record)(struct ks_record_options* options, ks_show* show, ks_video_kind kind, ks_error* err);
} ks_show_kind;
extern const ks_show_kind ks_show_policies, ks_show_curves, ks_show_images;

struct ks_show {
    /* as typed; start with ks_show_default */
    const char *task, *lr, *env;
    int64_t steps, trajectories, length, seed, ghosts,
        threads; /* trajectories, length 0, steps, ghosts -1: the default */
    bool deterministic, best, quiet;
    ks_option_list labels;
    ks_problem_options problem;
    int split; /* ks_split; -1: not said */
    /* after ks_show_open */
    int count;
    const ks_show_kind* kind; /* which of the following counts */
    ks_cli_policy policies[KS_PLAY_MAX_ROWS];
    char own_labels[KS_PLAY_MAX_ROWS][41];
    /* of sine curves */
    ks_regression regression;
    ks_sinusoid given; /* by --task */
    /* of images */
    ks_classification classification;
    char data[64]; /* what its image set is called */
    /* of policies */
    ks_theatre_policy actors[KS_PLAY_MAX_ROWS];
    ks_theatre_settings settings; /* of the theatre: max_* as asked for */
    ks_theatre_request request;
    ks_view view;
    ks_caption caption; /* its labels are those typed, or own_labels */
};

_Static_assert((int)KS_PLAY_MAX_ROWS == (int)KS_REGRESSION_MAX, "as many of both");

ks_show ks_show_default(void);
/* --size. */
bool ks_show_size(int* width, int* height, const char* value, int min, int max, ks_error* err);
/* Opens the policies that the other arguments name, and works the rest out. Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_show_open(ks_show* show, char** arguments, int count, ks_error* err);
void ks_show_close(ks_show* show);

/* ---- of its files --------------------------------------------------------------------------------------------------------- */

/* What the method is called, or what was typed; letters of ASCII. */
const char* ks_show_label(ks_show* show, int i);
/* Errors: KS_BAD_INPUT (an option that was given and is for policies alone). */
bool ks_show_check_options(const ks_show* show, ks_error* err);

/* Errors after every step, a line per model, on stdout. */
void ks_show_tell(const ks_regression* regression);
/* Likewise the accuracy. */
void ks_show_tell_accuracy(const ks_classification* classification);

/* Of policies. */
bool ks_view_policies(ks_show* show, const ks_window_settings* window, double speed, ks_error* err);

#endif
