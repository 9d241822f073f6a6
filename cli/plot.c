#include "figures/plot.h"
#include "base/safetensors.h"
#include "base/text.h"
#include "cli/interrupt.h"
#include "cli/paths.h"
#include "cli/predictions.h"
#include "cli/sampling.h"
#include "envs/env.h"
#include "figures/gnuplot.h"
#include "run/config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_INPUTS = KS_OPTION_LIST_MAX, MOST_ROLLOUTS = 1000, PATH_STEPS = 1, PREDICTION_STEPS = 10 };
_Static_assert((int)KS_RESULTS_MAX_STEPS == (int)KS_EVAL_MAX_STEPS && (int)KS_RESULTS_MAX_GOAL == (int)KS_TASK_MAX,
               "figures read every CSV that eval writes");

/* --x, in this order */
enum { ITERATIONS, ENV_STEPS };
#define X_NAMES "iterations|env-steps"

typedef struct plot_options {
    const char *output, *paper, *title, *task;
    int x;                      /* -1: not said */
    ks_cli_sampling sampling;   /* with --trajectories */
    int64_t rollouts;           /* 0: the mean actions */
    ks_problem_options problem; /* with --predictions */
    bool trajectories, predictions, force;
    char** inputs; /* (num_inputs) */
    size_t num_inputs;
    ks_option_list label;           /* as typed */
    const char* labels[MAX_INPUTS]; /* (num_inputs), NULL: none */
    const volatile sig_atomic_t* interrupted;
} plot_options;

static bool is_table(const char* output) {
    size_t length = strlen(output);
    return length > 3 && strcmp(output + length - 3, ".md") == 0 && output[length - 4] != '/';
}

/* ---- the three kinds ---------------------------------------------------------------------------------------------------------- */

/* Numbers of another domain of the paper's would stand beside ours as if they compared. */
static bool check_paper(const plot_options* o, const ks_results* results, const ks_paper_returns* paper,
                        ks_error* err) {
    if (results->metric && !results->metric->acts) {
        return ks_fail(err, KS_BAD_INPUT, "--paper: the paper's numbers are returns, and %s is %s", o->inputs[0],
                       results->metric->column);
    }
    ks_error unused = {0};
    const ks_paper_returns* own = *results->env ? ks_paper_find(results->env, &unused) : NULL;
    return !own || own == paper ||
           ks_fail(err, KS_BAD_INPUT, "--paper %s: %s is of another environment, %s", o->paper, o->inputs[0],
                   results->env);
}

static bool plot_results(const plot_options* o, ks_error* err) {
    ks_results* results = calloc(1, sizeof *results); /* some 13 kB */
    const ks_paper_returns* paper = NULL;
    bool ok = results || ks_fail(err, KS_FAILED, "not enough memory");
    if (ok && o->paper) {
        paper = ks_paper_find(o->paper, err);
        ok = paper || ks_fail_in(err, "--paper");
    }
    ok = ok && ks_results_read(results, (const char* const*)o->inputs, o->labels, o->num_inputs, err);
    ok = ok && (!paper || check_paper(o, results, paper, err));
    if (ok) {
        const char* env = *results->env || !paper ? results->env : paper->domain;
        ks_figure figure = {
            .output = o->output, .overwrite = o->force, .stop = o->interrupted, .title = o->title ? o->title : env};
        ok = is_table(o->output) ? ks_table_results(&figure, results, paper, err)
                                 : ks_plot_results(&figure, results, paper, err);
    }
    free(results);
    return ok;
}

/* What distinguishes runs: environment and method. */
typedef struct run_name {
    char env[64], method[16];
} run_name;

/* Of an environment from a file, of which the config has the path, the policy has the name. */
static void read_env_name(run_name* name, const char* run) {
    char path[4096];
    ks_error unused = {0};
    snprintf(path, sizeof path, "%s/policy.safetensors", run);
    ks_tensor_file* policy = ks_tensor_file_open(path, NULL, &unused);
    const char* env = policy ? ks_tensor_file_meta(policy, "env") : NULL;
    if (env) {
        snprintf(name->env, sizeof name->env, "%s", env);
    }
    ks_tensor_file_close(policy);
}

static bool read_run_names(run_name* names, const plot_options* o, bool* one_env, ks_error* err) {
    *one_env = true;
    for (size_t i = 0; i < o->num_inputs; i++) {
        char path[4096];
        ks_config config;
        ks_config_default(&config);
        snprintf(path, sizeof path, "%s/config.yaml", o->inputs[i]);
        if (!ks_config_read(&config, path, err)) {
            return false;
        }
        snprintf(names[i].env, sizeof names[i].env, "%s", ks_config_name(&config));
        if (ks_config_problem(&config)->acts && ks_env_is_path(config.rl.env)) {
            read_env_name(&names[i], o->inputs[i]);
        }
        snprintf(names[i].method, sizeof names[i].method, "%s", ks_method_name((ks_method)config.method));
        *one_env = *one_env && strcmp(names[i].env, names[0].env) == 0;
    }
    return true;
}

static bool plot_runs(const plot_options* o, ks_error* err) {
    bool env_steps = o->x == ENV_STEPS;
    run_name* names = calloc(o->num_inputs, sizeof *names);
    ks_curves curves = {0};
    bool one_env, ok = names || ks_fail(err, KS_FAILED, "not enough memory");
    ok = ok && read_run_names(names, o, &one_env, err);
    for (size_t i = 0; ok && i < o->num_inputs; i++) {
        char path[4096], label[sizeof *names + 8];
        snprintf(path, sizeof path, "%s/progress.csv", o->inputs[i]);
        /* the same label for two environments would mix what does not compare */
        snprintf(label, sizeof label, one_env ? "%s" : "%s, %s", names[i].method, names[i].env);
        ok = ks_curves_add(&curves, path, o->labels[i] ? o->labels[i] : label, err);
    }
    if (ok) {
        ks_figure figure = {.output = o->output,
                            .overwrite = o->force,
                            .stop = o->interrupted,
                            .title = o->title  ? o->title
                                     : one_env ? names[0].env
                                               : NULL};
        ok = ks_curves_sum_up(&curves, err) && ks_plot_curves(&figure, &curves, env_steps, err);
    }
    ks_curves_free(&curves);
    free(names);
    return ok;
}

static bool sample_paths(ks_paths* paths, const plot_options* o, const ks_cli_policy* p, ks_error* err) {
    double task[KS_TASK_MAX];
    ks_cli_sampling sampling = o->sampling;
    sampling.steps = sampling.steps >= 0 ? sampling.steps : PATH_STEPS;
    ks_rl_eval_settings s;
    ks_eval_model model = ks_opened_model(p);
    if (!ks_paths_check(p->def, err)) {
        return ks_fail_in(err, p->path);
    }
    return ks_cli_task(task, o->task, p->def, o->sampling.seed, o->sampling.quiet, err) &&
           ks_sampling_settings(&s, &sampling, p, err) &&
           ks_paths_sample(paths, p->model, &model, task, &s, (size_t)o->rollouts, err);
}

/* What stands over a model's panel. */
static const char* panel_title(char* own, size_t room, const plot_options* o, size_t i, const ks_cli_policy* p) {
    snprintf(own, room, "%s", p->info.iteration == 0 ? "random" : p->info.method);
    return o->labels[i] ? o->labels[i] : own;
}

static bool check_panels(const plot_options* o, ks_error* err) {
    return o->num_inputs <= KS_PLOT_MAX_PANELS ||
           ks_fail(err, KS_BAD_INPUT, "--%s draws at most %d models side by side",
                   o->trajectories ? "trajectories" : "predictions", KS_PLOT_MAX_PANELS);
}

static bool predict(ks_predictions* predictions, const plot_options* o, ks_cli_policy* p, ks_error* err) {
    ks_prediction_options options = {.task = o->task,
                                     .lr = o->sampling.lr,
                                     .seed = o->sampling.seed,
                                     .steps = o->sampling.steps >= 0 ? (int)o->sampling.steps : PREDICTION_STEPS};
    return ks_problem_options_apply(&o->problem, p, err) && ks_predict(predictions, p, &options, err);
}

static bool plot_predictions(const plot_options* o, ks_error* err) {
    ks_predictions predictions[KS_PLOT_MAX_PANELS] = {0};
    char names[KS_PLOT_MAX_PANELS][32];
    const char* titles[KS_PLOT_MAX_PANELS];
    bool ok = check_panels(o, err);
    for (size_t i = 0; ok && i < o->num_inputs; i++) {
        ks_cli_policy model;
        ok = ks_cli_policy_open(&model, o->inputs[i], o->sampling.best, NULL, o->sampling.quiet, err);
        if (ok) {
            titles[i] = panel_title(names[i], sizeof names[i], o, i, &model);
            ok = predict(&predictions[i], o, &model, err);
            ks_opened_close(&model);
        }
    }
    ks_figure figure = {.output = o->output, .overwrite = o->force, .stop = o->interrupted, .title = o->title};
    ok = ok && ks_plot_predictions(&figure, predictions, titles, o->num_inputs, err);
    for (size_t i = 0; i < KS_PLOT_MAX_PANELS; i++) {
        ks_predictions_free(&predictions[i]);
    }
    return ok;
}

static bool plot_trajectories(const plot_options* o, ks_error* err) {
    ks_paths paths[KS_PLOT_MAX_PANELS] = {0};
    char names[KS_PLOT_MAX_PANELS][32];
    const char* titles[KS_PLOT_MAX_PANELS];
    bool ok = check_panels(o, err);
    for (size_t i = 0; ok && i < o->num_inputs; i++) {
        ks_cli_policy policy;
        ok = ks_cli_policy_open(&policy, o->inputs[i], o->sampling.best, NULL, o->sampling.quiet, err);
        if (ok) {
            titles[i] = panel_title(names[i], sizeof names[i], o, i, &policy);
            ok = ks_cli_policy_acts(&policy, "plot --trajectories", err) && sample_paths(&paths[i], o, &policy, err);
            ks_opened_close(&policy);
        }
    }
    ks_figure figure = {.output = o->output, .overwrite = o->force, .stop = o->interrupted, .title = o->title};
    ok = ok && ks_plot_paths(&figure, paths, titles, o->num_inputs, err);
    for (size_t i = 0; i < KS_PLOT_MAX_PANELS; i++) {
        ks_paths_free(&paths[i]);
    }
    return ok;
}

/* ---- the command --------------------------------------------------------------------------------------------------------------- */

/* a text that will stand in the figure */
static bool check_text(const char* option, const char* value, size_t least, ks_error* err) {
    return (strlen(value) >= least && strlen(value) < KS_LABEL_MAX && ks_text_is_printable(value)) ||
           ks_fail(err, KS_BAD_INPUT, "%s: a text in UTF-8 of at most %d bytes, without control characters", option,
                   KS_LABEL_MAX - 1);
}

static bool check_texts(const plot_options* o, ks_error* err) {
    bool ok = !o->title || check_text("--title", o->title, 0, err);
    for (int i = 0; ok && i < o->label.count; i++) {
        ok = check_text("--label", o->label.text[i], 1, err);
    }
    return ok;
}

/* Of models, which are adapted for it. */
static bool is_picture(const plot_options* o) {
    return o->trajectories || o->predictions;
}

/* The arguments that are left, and a label for each. */
static bool take_inputs(plot_options* o, int argc, char** argv, ks_error* err) {
    o->inputs = argv + optind;
    o->num_inputs = (size_t)(argc - optind);
    if (o->num_inputs == 0 && (!o->paper || is_picture(o))) {
        return ks_fail(err, KS_BAD_INPUT, "plot: %s is missing; `kshot plot --help` explains",
                       o->trajectories  ? "POLICY"
                       : o->predictions ? "MODEL"
                                        : "FILE.csv or a run directory");
    }
    if (o->num_inputs > MAX_INPUTS) {
        return ks_fail(err, KS_BAD_INPUT, "plot: more than %d files", MAX_INPUTS);
    }
    size_t labels = (size_t)o->label.count;
    if (labels > 1 && labels != o->num_inputs) {
        return ks_fail(err, KS_BAD_INPUT,
                       "--label is given %zu times for %zu arguments: once for each, or once for all", labels,
                       o->num_inputs);
    }
    for (size_t i = 0; labels > 0 && i < o->num_inputs; i++) {
        o->labels[i] = o->label.text[labels == 1 ? 0 : i];
    }
    return true;
}

/* The figure is none of what it is made of, and nothing goes into it twice: its mean would count it double. */
static bool check_inputs(const plot_options* o, ks_error* err) {
    static const char* const READ[] = {"", "/config.yaml", "/progress.csv", "/policy.safetensors", "/best.safetensors"};
    for (size_t i = 0; i < o->num_inputs; i++) {
        for (size_t j = 0; j < sizeof READ / sizeof *READ; j++) {
            char path[4096];
            snprintf(path, sizeof path, "%s%s", o->inputs[i], READ[j]);
            if (!ks_cli_check_apart(o->output, path, err)) {
                return false;
            }
        }
        struct stat a, b;
        bool there = !is_picture(o) && stat(o->inputs[i], &a) == 0;
        for (size_t j = 0; there && j < i; j++) {
            if (stat(o->inputs[j], &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino &&
                (!o->labels[i] || strcmp(o->labels[i], o->labels[j]) == 0)) {
                return ks_fail(err, KS_BAD_INPUT, "plot: %.400s is given twice%s%.400s", o->inputs[i],
                               strcmp(o->inputs[i], o->inputs[j]) == 0 ? "" : ", also as ",
                               strcmp(o->inputs[i], o->inputs[j]) == 0 ? "" : o->inputs[j]);
            }
        }
    }
    return true;
}

static bool is_directory(const char* path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Options of one kind of figure make no sense for another, and say that something else was meant. */
static bool check_kind(const plot_options* o, bool runs, ks_error* err) {
    if (o->trajectories && o->predictions) {
        return ks_fail(err, KS_BAD_INPUT, "--trajectories and --predictions are two figures");
    }
    const ks_cli_sampling* s = &o->sampling;
    const char* paths = o->rollouts ? "rollouts" : s->threads ? "threads" : s->gae_lambda >= 0 ? "gae-lambda" : NULL;
    const char* pictures = o->task         ? "task"
                           : s->steps >= 0 ? "steps"
                           : s->lr         ? "lr"
                           : s->seed >= 0  ? "seed"
                           : s->best       ? "best"
                                           : NULL;
    if (paths && !o->trajectories) {
        return ks_fail(err, KS_BAD_INPUT, "--%s goes with --trajectories only", paths);
    }
    if (pictures && !is_picture(o)) {
        return ks_fail(err, KS_BAD_INPUT, "--%s goes with --trajectories and --predictions only", pictures);
    }
    if (o->problem.settings.count > 0 && !o->predictions) {
        return ks_fail(err, KS_BAD_INPUT, "-s goes with --predictions only");
    }
    if (o->paper && (runs || is_picture(o))) {
        return ks_fail(err, KS_BAD_INPUT, "--paper goes with CSVs of `kshot eval` only");
    }
    if (is_table(o->output) && (runs || is_picture(o))) {
        return ks_fail(err, KS_BAD_INPUT, "%s: a table (.md) is made of CSVs of `kshot eval` only", o->output);
    }
    return o->x < 0 || runs || ks_fail(err, KS_BAD_INPUT, "--x goes with run directories only");
}

static bool plot(plot_options* o, ks_error* err) {
    size_t directories = 0;
    for (size_t i = 0; i < o->num_inputs; i++) {
        directories += is_directory(o->inputs[i]);
    }
    bool runs = !is_picture(o) && directories > 0;
    if (runs && directories < o->num_inputs) {
        return ks_fail(err, KS_BAD_INPUT, "plot: run directories and files do not go into one figure");
    }
    if (!check_kind(o, runs, err)) {
        return false;
    }
    o->sampling.seed = o->sampling.seed >= 0 ? o->sampling.seed : 1;
    o->sampling.threads = o->sampling.threads ? o->sampling.threads : ks_cores();
    return o->trajectories  ? plot_trajectories(o, err)
           : o->predictions ? plot_predictions(o, err)
           : runs           ? plot_runs(o, err)
                            : plot_results(o, err);
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    plot_options o = {.x = -1, .sampling = ks_sampling_default()};
    o.sampling.steps = o.sampling.seed = -1; /* what nobody says is found out by check_kind, */
    o.sampling.threads = 0;                  /* and then becomes the default */
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    o.interrupted = ks_cli_catch_interrupts();
    bool ok = check_texts(&o, err) && take_inputs(&o, argc, argv, err) && ks_cli_check_output(o.output, o.force, err) &&
              check_inputs(&o, err) && (is_table(o.output) || ks_gnuplot_check_output(o.output, err)) && plot(&o, err);
    return ks_cli_exit(ok, err);
}

static const ks_option OPTIONS[] = {
    {"output", 'o', "FIGURE.(svg|png|pdf)", "its suffix says the kind; as .md, a table",
     KS_OPTION_TEXT(plot_options, output), .required = true, .completes = KS_COMPLETE_FILE},
    KS_OPTION_ROW_FORCE(plot_options, force),
    KS_OPTION_ROW_QUIET(plot_options, sampling.quiet),
    {"title", 0, "TEXT", "above the figure (default: the environment; '' for none)",
     KS_OPTION_TEXT(plot_options, title)},
    {"label", 0, "NAME", "the name of the next file, run or policy in order: give it once for each, or once for all",
     KS_OPTION_LIST(plot_options, label)},
    {0},
};

static const ks_option OF_RESULTS[] = {
    {"paper", 0, "DOMAIN",
     "add the numbers of Finn, Abbeel and Levine (2017), dotted: point, half-cheetah-vel, half-cheetah-dir, ant-vel or "
     "ant-dir",
     KS_OPTION_TEXT(plot_options, paper), .names = "point|half-cheetah-vel|half-cheetah-dir|ant-vel|ant-dir"},
    {0},
};

static const ks_option OF_RUNS[] = {
    {"x", 0, "AXIS", "the horizontal axis: iterations (default), or env-steps, environment steps of all tasks together",
     KS_OPTION_CHOICE(plot_options, x, X_NAMES)},
    {0},
};

static const ks_option OF_MODELS[] = {
    {"trajectories", 0, NULL,
     "where policies in a plane (point) go before and after adaptation to one task, a panel per policy (at most 3)",
     KS_OPTION_FLAG(plot_options, trajectories)},
    {"predictions", 0, NULL,
     "what models of problem: sinusoid predict before and after adaptation to one curve, a panel per model (at most 3)",
     KS_OPTION_FLAG(plot_options, predictions)},
    {"task", 0, "X,Y", "the goal, or A,PHASE: the curve A sin(x - PHASE) (default: the first held-out task of --seed)",
     KS_OPTION_TEXT(plot_options, task)},
    KS_SAMPLING_ROW_STEPS(plot_options, "gradient steps (default 1, of curves 10): shows 0, 1 and K"),
    KS_SAMPLING_ROW_LR(plot_options),
    {"rollouts", 0, "N",
     "of --trajectories: paths to draw per step, of those that are sampled (default: that of the mean actions)",
     KS_OPTION_INT(plot_options, rollouts, 1, MOST_ROLLOUTS)},
    {"gae-lambda", 0, "L", "of --trajectories: lambda of the advantages that it adapts by (default: the policy's own)",
     KS_OPTION_REAL(plot_options, sampling.gae_lambda, 0, 1)},
    {"set", 's', "KEY=VALUE", "of --predictions: a setting of the problem, as in `-s sinusoid.shots=5`",
     KS_OPTION_LIST(plot_options, problem.settings), .completes = KS_COMPLETE_EXAMPLES_SETTING},
    KS_SAMPLING_ROW_SEED(plot_options, "of action noise or examples, and of the task (default 1)"),
    {"best", 0, NULL, "of run directories, best.safetensors instead of policy.safetensors",
     KS_OPTION_FLAG(plot_options, sampling.best)},
    {"threads", 'j', "THREADS", "of --trajectories: default: the number of cores; results do not depend on it",
     KS_OPTION_INT(plot_options, sampling.threads, 1, 1024)},
    {0},
};

const ks_command ks_command_plot = {
    .name = "plot",
    .summary = "figures from results: adaptation, learning curves, trajectories",
    .usage = {"FILE.csv… -o FIGURE.(svg|png|pdf|md) [--paper DOMAIN] …",
              "RUN… -o FIGURE.(svg|png|pdf) [--x iterations|env-steps] …",
              "--trajectories POLICY… -o FIGURE.(svg|png|pdf) [--task X,Y] [--steps K] …",
              "--predictions MODEL… -o FIGURE.(svg|png|pdf) [--task A,PHASE] [--steps K] …"},
    .about = {"Figures for papers, one column wide, drawn by gnuplot (docs/figures.md).",
              "From CSVs of `kshot eval`: mean return, or error or accuracy, against gradient steps, one line and 95 % "
              "band per label; the label oracle is a dashed line at its value without adaptation. As .md, a table of "
              "the same numbers in Markdown.",
              "From run directories: the same before (dashed) and after adaptation during training, and on validation "
              "tasks (dotted). Runs of one environment and method (or of one --label) are one curve: their mean, and "
              "a band from the lowest to the highest.",
              "From models: what they do on one task before and after adaptation to it."},
    .groups = {{.rows = OPTIONS},
               {.heading = "From CSVs:", .rows = OF_RESULTS},
               {.heading = "From run directories:", .rows = OF_RUNS},
               {.heading = "From models:", .rows = OF_MODELS}},
    .arguments = {.name = "FILE", .most = INT_MAX, .completes = KS_COMPLETE_FILE},
    .examples = {{"kshot plot maml.csv pretrained.csv oracle.csv -o comparison.pdf",
                  "return after gradient steps, a line for each method"},
                 {"kshot plot runs/dir -o learning.png", "how a run learned"}},
    .run = run,
};
