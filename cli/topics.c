#include "cli/topics.h"

#include "cli/cli.h"
#include "cli/help_text.h"
#include "cli/setting_text.h"
#include "run/kinds.h"

#include <string.h>

enum { COLUMN = 24 };

const ks_exit_code ks_exit_codes[] = {
    {"0", "done"},
    {"1",
     "failed while running: the disk is full, memory is short, numbers became infinite; or `kshot check` found "
     "a problem"},
    {"2", "wrong usage, config or input; nothing was begun"},
    {"130", "interrupted; --resume continues a training"},
    {NULL, NULL},
};

const ks_file_kind ks_file_kinds[] = {
    {"CONFIG.yaml", "the settings of a training: `kshot help config`"},
    {"config.yaml", "of a run directory: all settings of that run"},
    {"progress.csv", "of a run directory: a row for each iteration, for `kshot plot`"},
    {"policy.safetensors", "of a run directory: the model after the last iteration"},
    {"best.safetensors", "of a run directory: the best model so far, taken with --best"},
    {"checkpoint.safetensors", "of a run directory: what --resume needs"},
    {"events.out.tfevents.*",
     "of a run directory with `log: tensorboard`: the numbers of progress.csv for TensorBoard"},
    {"ENV.yaml", "an environment of yours: a MuJoCo model, observations, rewards, tasks (docs/robots.md)"},
    {"SUITE.yaml", "domains, methods and seeds for `kshot suite` (docs/suite.md)"},
    {"GOALS.csv", "tasks for --goals: one a line, its numbers separated by commas, no header"},
    {"RESULTS.csv", "what `kshot eval -o` writes, for `kshot plot`"},
    {"OUT.safetensors", "what `kshot adapt`, `rollout` and `audit` write; `kshot info` lists its tensors"},
    {"OUT.html", "what `kshot export --html` writes: a page for browsers (docs/browser.md)"},
    {"OUT.onnx", "what `kshot export --onnx` writes: the network alone, for programs that run ONNX"},
    {NULL, NULL},
};

static bool print_exit_codes(FILE* out, int width, ks_error* err) {
    (void)err;
    for (const ks_exit_code* row = ks_exit_codes; row->code; row++) {
        ks_help_row(out, width, 8, row->code, row->meaning);
    }
    fputs("\n", out);
    ks_help_wrap(out, width, 0, 0,
                 "Every error is one line on standard error, `kshot: …`, which names the file, line, key or option and "
                 "what would be right. `--quiet` leaves these, and warnings.");
    return true;
}

static bool print_files(FILE* out, int width, ks_error* err) {
    (void)err;
    for (const ks_file_kind* row = ks_file_kinds; row->name; row++) {
        ks_help_row(out, width, COLUMN + 2, row->name, row->content);
    }
    fputs("\n", out);
    ks_help_wrap(out, width, 0, 0,
                 "Where a command takes a POLICY or MODEL, it may be a .safetensors file or a run directory. Nothing "
                 "that exists is replaced without --force. docs/files.md says what is in the files, and reads them "
                 "from Python.");
    return true;
}

/* ---- settings ----------------------------------------------------------------------------------------------------------- */

/* All settings, or those of a name. Returns how many. */
static int print_settings(FILE* out, int width, const char* name) {
    ks_setting_text t;
    char last[sizeof t.head] = "";
    int count = 0;
    for (int i = 0; ks_setting_text_at(&t, i); i++) {
        if (name && !ks_setting_is(&t, name)) {
            continue;
        }
        if (strcmp(t.head, last) != 0) {
            fprintf(out, count ? "\n%s\n" : "%s\n", t.head);
            strcpy(last, t.head);
        }
        ks_help_row(out, width, COLUMN + 4, t.key, t.text);
        count++;
    }
    return count;
}

bool ks_topic_settings(FILE* out, int width, const char* name) {
    return print_settings(out, width, name) > 0;
}

static bool print_config(FILE* out, int width, ks_error* err) {
    (void)err;
    ks_help_wrap(out, width, 0, 0,
                 "A config is YAML: `seed: 1` for a setting of the run, and sections for the others, as in "
                 "`inner: {lr: 0.1}`. Settings that are not named have their defaults; those of another problem or "
                 "outer step are `kshot train -s problem=sinusoid --help`. On the command line a setting is "
                 "`-s inner.lr=0.1`. `kshot help inner` has a section alone.");
    fputs("\n", out);
    print_settings(out, width, NULL);
    return true;
}

/* ---- tasks, environments, problems ---------------------------------------------------------------------------------------- */

static bool print_envs(FILE* out, int width, bool tasks, ks_error* err) {
    for (size_t i = 0; i < ks_env_names(); i++) {
        const ks_env_def* def = ks_env_open(ks_env_name(i), NULL, err);
        if (!def) {
            return false;
        }
        ks_help_row(out, width, COLUMN, def->name, tasks ? def->task_summary : def->summary);
        ks_env_close(def);
    }
    return true;
}

static bool print_environments(FILE* out, int width, ks_error* err) {
    ks_help_wrap(
        out, width, 0, 0,
        "An environment is given to -e, or to `env` of a config, by its name or as the path of a file of yours "
        "(.yaml or .so; docs/robots.md, docs/environments.md). `kshot envs` has their sizes, and `kshot check "
        "ENV` tries one.");
    fputs("\n", out);
    return print_envs(out, width, false, err);
}

static bool print_tasks(FILE* out, int width, ks_error* err) {
    ks_help_wrap(out, width, 0, 0,
                 "A task is what a model is to learn from a few tries: a goal, a velocity, a curve, kinds of images. "
                 "Training draws tasks; evaluation draws others, which follow from --seed alone. --task V[,V…] gives "
                 "all numbers of one, --task NAME=V some of them, --goals FILE.csv many. Which numbers are known, "
                 "`kshot envs` says.");
    fputs("\n", out);
    return print_envs(out, width, true, err);
}

static bool print_problems(FILE* out, int width, ks_error* err) {
    (void)err;
    fputs("problems (`problem:` of a config)\n", out);
    for (int i = 0; i < KS_NUM_PROBLEMS; i++) {
        ks_help_row(out, width, COLUMN, ks_problem_kinds[i]->name, ks_problem_kinds[i]->summary);
    }
    fputs("\nouter steps (`outer:` of a config)\n", out);
    for (int i = 0; i < KS_NUM_OUTERS; i++) {
        ks_help_row(out, width, COLUMN, ks_outer_kinds[i]->name, ks_outer_kinds[i]->summary);
    }
    return true;
}

const ks_topic ks_topics[] = {
    {"config", "every setting of a training, by section", print_config},
    {"environments", "the worlds that policies act in", print_environments},
    {"tasks", "what a task is, and how one is asked for", print_tasks},
    {"problems", "what can be learned, and how the parameters move", print_problems},
    {"files", "what is read and written", print_files},
    {"exit-codes", "what commands return", print_exit_codes},
    {0},
};
