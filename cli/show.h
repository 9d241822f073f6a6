/* show.h: what `view` and `record` share: policies on one task, or models that learn from examples on one, and how they are
 * adapted. How models of a problem are shown is one row of ks_show_kinds, in files of its own. Internal to this room. */
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

/* The options' help, and what getopt_long needs for them; their letters are in KS_SHOW_LETTERS. */
extern const char* const KS_SHOW_HELP;
#define KS_SHOW_LETTERS "he:j:s:"
#define KS_SHOW_OPTIONS                                                                                       \
    {"help", no_argument, NULL, 'h'}, {"task", required_argument, NULL, KS_SHOW_TASK},                        \
        {"steps", required_argument, NULL, KS_SHOW_STEPS}, {"lr", required_argument, NULL, KS_SHOW_LR},       \
        {"trajectories", required_argument, NULL, KS_SHOW_TRAJECTORIES},                                      \
        {"length", required_argument, NULL, KS_SHOW_LENGTH}, {"seed", required_argument, NULL, KS_SHOW_SEED}, \
        {"ghosts", required_argument, NULL, KS_SHOW_GHOSTS},                                                  \
        {"deterministic", no_argument, NULL, KS_SHOW_DETERMINISTIC},                                          \
        {"label", required_argument, NULL, KS_SHOW_LABEL}, {"best", no_argument, NULL, KS_SHOW_BEST},         \
        {"data", required_argument, NULL, KS_SHOW_DATA}, {"split", required_argument, NULL, KS_SHOW_SPLIT},   \
        {"env", required_argument, NULL, 'e'}, {                                                              \
        "threads", required_argument, NULL, 'j'                                                               \
    }
enum {
    KS_SHOW_TASK = 256,
    KS_SHOW_STEPS,
    KS_SHOW_LR,
    KS_SHOW_TRAJECTORIES,
    KS_SHOW_LENGTH,
    KS_SHOW_SEED,
    KS_SHOW_GHOSTS,
    KS_SHOW_DETERMINISTIC,
    KS_SHOW_LABEL,
    KS_SHOW_BEST,
    KS_SHOW_DATA,
    KS_SHOW_SPLIT,
    KS_SHOW_END
};

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
    bool deterministic, best;
    const char* labels[KS_PLAY_MAX_ROWS];
    int num_labels;
    ks_problem_options problem;
    ks_split split;
    const char* policy_option; /* the last option given that is for policies alone */
    const char* images_option; /* likewise, for models of images */
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
/* One option of KS_SHOW_OPTIONS. */
bool ks_show_option(ks_show* show, int option, const char* value, ks_error* err);
/* Further options that both have. */
bool ks_show_size(int* width, int* height, const char* value, int min, int max, ks_error* err);
bool ks_show_speed(double* speed, const char* value, ks_error* err);
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
