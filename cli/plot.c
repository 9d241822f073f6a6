#include "figures/plot.h"
#include "base/text.h"
#include "cli/interrupt.h"
#include "cli/paths.h"
#include "cli/predictions.h"
#include "cli/sampling.h"
#include "figures/gnuplot.h"
#include "run/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char* const HELP =
    "usage: kshot plot FILE.csv… -o FIGURE.(svg|png|pdf|md) [--paper DOMAIN] …\n"
    "       kshot plot RUN… -o FIGURE.(svg|png|pdf) [--x iterations | env-steps] …\n"
    "       kshot plot --trajectories POLICY… -o FIGURE.(svg|png|pdf) [--task X,Y] [--steps K] …\n"
    "       kshot plot --predictions MODEL… -o FIGURE.(svg|png|pdf) [--task A,PHASE] [--steps K] …\n"
    "\n"
    "Figures for papers, one column wide, drawn by gnuplot (docs/figures.md).\n"
    "\n"
    "From CSVs of `kshot eval`: mean return, or error or accuracy, against gradient steps, one line and 95 % band per "
    "label;\n"
    "the label oracle is a dashed line at its value without adaptation. As .md, a table of the same numbers in "
    "Markdown.\n"
    "  --paper DOMAIN     add the numbers of Finn, Abbeel and Levine (2017), dotted: point, half-cheetah-vel, "
    "half-cheetah-dir,\n"
    "                     ant-vel or ant-dir\n"
    "\n"
    "From run directories: the same before (dashed) and after adaptation during training, and on validation tasks "
    "(dotted).\n"
    "Runs of one environment and method (or of one --label) are one curve: their mean, and a band from the lowest to "
    "the\n"
    "highest.\n"
    "  --x iterations     the horizontal axis (default), or\n"
    "  --x env-steps      environment steps of all tasks together\n"
    "\n"
    "With --trajectories: where policies in a plane (point) go before and after adaptation to one task, a panel per "
    "policy "
    "(at\n"
    "most 3).\n"
    "  --task X,Y         the goal (default: the first held-out task of --seed)\n"
    "  --steps K          gradient steps (default 1): shows 0, 1 and K\n"
    "  --lr A1[,A2…]      their step sizes (default: kept ones, or the environment's protocol)\n"
    "  --rollouts N       paths to draw per step, of those that are sampled (default 5)\n"
    "  --gae-lambda L     lambda of the advantages that it adapts by (default: the policy's own)\n"
    "  --seed N           of action noise, and of the goal (default 1)\n"
    "  --best             of run directories, best.safetensors instead of policy.safetensors\n"
    "  -j THREADS         default: the number of cores; results do not depend on it\n"
    "\n"
    "With --predictions: what models of problem: sinusoid predict before and after adaptation to one curve, a panel "
    "per "
    "model\n"
    "(at most 3). --lr, --seed, --best as above, and\n"
    "  --task A,PHASE     the curve A sin(x - PHASE) (default: the first held-out task of --seed)\n"
    "  --steps K          gradient steps (default 10): shows 0, 1 and K\n"
    "  -s KEY=VALUE       a setting of the problem, as in -s sinusoid.shots=5\n"
    "\n"
    "  -o FIGURE          its suffix says the kind; --force replaces a file that exists\n"
    "  --title TEXT       above the figure (default: the environment; '' for none)\n"
    "  --label NAME       the name of the next file, run or policy in order: give it once for each, or once for all\n";

enum { MAX_INPUTS = 256, DEFAULT_ROLLOUTS = 5, MOST_ROLLOUTS = 1000, PATH_STEPS = 1, PREDICTION_STEPS = 10 };
_Static_assert((int)KS_RESULTS_MAX_STEPS == (int)KS_EVAL_MAX_STEPS && (int)KS_RESULTS_MAX_GOAL == (int)KS_TASK_MAX,
               "figures read every CSV that eval writes");

typedef struct plot_options {
    const char *output, *paper, *x, *title, *task;
    ks_cli_sampling sampling; /* with --trajectories */
    int64_t rollouts;
    ks_problem_options problem; /* with --predictions */
    bool trajectories, predictions, force;
    int path_option;    /* the last option given that is for --trajectories alone, 0: none */
    int picture_option; /* or for --trajectories and --predictions */
    char** inputs;      /* (num_inputs) */
    size_t num_inputs, num_labels;
    const char* labels[MAX_INPUTS]; /* (num_labels) as given, then (num_inputs), NULL: none */
    const volatile sig_atomic_t* interrupted;
} plot_options;

static bool is_table(const char* output) {
    size_t length = strlen(output);
    return length > 3 && strcmp(output + length - 3, ".md") == 0 && output[length - 4] != '/';
}

/* ---- the three kinds ---------------------------------------------------------------------------------------------------------- */

static bool plot_results(const plot_options* o, ks_error* err) {
    ks_results* results = calloc(1, sizeof *results); /* some 13 kB */
    const ks_paper_returns* paper = NULL;
    bool ok = results || ks_fail(err, KS_FAILED, "not enough memory");
    if (ok && o->paper) {
        paper = ks_paper_find(o->paper, err);
        ok = paper || ks_fail_in(err, "--paper");
    }
    ok = ok && ks_results_read(results, (const char* const*)o->inputs, o->labels, o->num_inputs, err);
    if (ok && paper && results->metric && !results->metric->acts) {
        ok = ks_fail(err, KS_BAD_INPUT, "--paper: the paper's numbers are returns, and %s is %s", o->inputs[0],
                     results->metric->column);
    }
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
        snprintf(names[i].method, sizeof names[i].method, "%s", ks_method_name((ks_method)config.method));
        *one_env = *one_env && strcmp(names[i].env, names[0].env) == 0;
    }
    return true;
}

static bool plot_runs(const plot_options* o, ks_error* err) {
    bool env_steps = o->x && strcmp(o->x, "env-steps") == 0;
    if (o->x && !env_steps && strcmp(o->x, "iterations") != 0) {
        return ks_fail(err, KS_BAD_INPUT, "--x: '%s' is neither iterations nor env-steps", o->x);
    }
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
    ks_eval_model model = ks_cli_policy_model(p);
    if (!ks_paths_check(p->def, err)) {
        return ks_fail_in(err, p->path);
    }
    return ks_cli_task(task, o->task, p->def, o->sampling.seed, err) && ks_sampling_settings(&s, &sampling, p, err) &&
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
        ok = ks_cli_policy_open(&model, o->inputs[i], o->sampling.best, NULL, err);
        if (ok) {
            titles[i] = panel_title(names[i], sizeof names[i], o, i, &model);
            ok = predict(&predictions[i], o, &model, err);
            ks_cli_policy_close(&model);
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
        ok = ks_cli_policy_open(&policy, o->inputs[i], o->sampling.best, NULL, err);
        if (ok) {
            titles[i] = panel_title(names[i], sizeof names[i], o, i, &policy);
            ok = ks_cli_policy_acts(&policy, "plot --trajectories", err) && sample_paths(&paths[i], o, &policy, err);
            ks_cli_policy_close(&policy);
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

enum { PAPER = KS_SAMPLING_END, X, TITLE, LABEL, TRAJECTORIES, PREDICTIONS, TASK, ROLLOUTS, FORCE };
static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'},
                                        {"output", required_argument, NULL, 'o'},
                                        {"paper", required_argument, NULL, PAPER},
                                        {"x", required_argument, NULL, X},
                                        {"title", required_argument, NULL, TITLE},
                                        {"label", required_argument, NULL, LABEL},
                                        {"trajectories", no_argument, NULL, TRAJECTORIES},
                                        {"predictions", no_argument, NULL, PREDICTIONS},
                                        {"task", required_argument, NULL, TASK},
                                        {"steps", required_argument, NULL, KS_SAMPLING_STEPS},
                                        {"lr", required_argument, NULL, KS_SAMPLING_LR},
                                        {"rollouts", required_argument, NULL, ROLLOUTS},
                                        {"seed", required_argument, NULL, KS_SAMPLING_SEED},
                                        {"threads", required_argument, NULL, 'j'},
                                        {"best", no_argument, NULL, KS_SAMPLING_BEST},
                                        {"force", no_argument, NULL, FORCE},
                                        {0}};

/* a text that will stand in the figure */
static bool parse_text(const char* option, const char* value, size_t least, ks_error* err) {
    return (strlen(value) >= least && strlen(value) < KS_LABEL_MAX && ks_text_is_printable(value)) ||
           ks_fail(err, KS_BAD_INPUT, "%s: a text in UTF-8 of at most %d bytes, without control characters", option,
                   KS_LABEL_MAX - 1);
}

/* Options of --trajectories alone, and of --predictions too. */
static bool parse_picture_option(plot_options* o, int option, const char* value, ks_error* err) {
    bool both = option == TASK || option == KS_SAMPLING_STEPS || option == KS_SAMPLING_LR ||
                option == KS_SAMPLING_SEED || option == KS_SAMPLING_BEST;
    *(both ? &o->picture_option : &o->path_option) = option;
    switch (option) {
        case TASK:
            o->task = value;
            return true;
        case ROLLOUTS:
            return ks_cli_int("--rollouts", value, 1, MOST_ROLLOUTS, &o->rollouts, err);
        default:
            return ks_sampling_option(&o->sampling, option, value, err);
    }
}

static const char* option_name(int option) {
    const struct option* o = OPTIONS;
    while (o->name && o->val != option) {
        o++;
    }
    return o->name;
}

static bool parse_option(plot_options* o, int option, const char* value, ks_error* err) {
    switch (option) {
        case 'o':
            o->output = value;
            return true;
        case PAPER:
            o->paper = value;
            return true;
        case X:
            o->x = value;
            return true;
        case TITLE:
            o->title = value;
            return parse_text("--title", value, 0, err);
        case LABEL:
            if (o->num_labels == MAX_INPUTS) {
                return ks_fail(err, KS_BAD_INPUT, "--label: more than %d of them", MAX_INPUTS);
            }
            o->labels[o->num_labels++] = value;
            return parse_text("--label", value, 1, err);
        case TRAJECTORIES:
            return o->trajectories = true;
        case PREDICTIONS:
            return o->predictions = true;
        case 's':
            return ks_problem_options_add(&o->problem, value, err);
        case FORCE:
            return o->force = true;
        default:
            return parse_picture_option(o, option, value, err);
    }
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
    if (o->num_labels > 1 && o->num_labels != o->num_inputs) {
        return ks_fail(err, KS_BAD_INPUT,
                       "--label is given %zu times for %zu arguments: once for each, or once for all", o->num_labels,
                       o->num_inputs);
    }
    for (size_t i = 1; o->num_labels == 1 && i < o->num_inputs; i++) {
        o->labels[i] = o->labels[0];
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
    if (o->path_option && !o->trajectories) {
        return ks_fail(err, KS_BAD_INPUT, "--%s goes with --trajectories only", option_name(o->path_option));
    }
    if (o->picture_option && !is_picture(o)) {
        return ks_fail(err, KS_BAD_INPUT, "--%s goes with --trajectories and --predictions only",
                       option_name(o->picture_option));
    }
    if (o->problem.count > 0 && !o->predictions) {
        return ks_fail(err, KS_BAD_INPUT, "-s goes with --predictions only");
    }
    if (o->paper && (runs || is_picture(o))) {
        return ks_fail(err, KS_BAD_INPUT, "--paper goes with CSVs of `kshot eval` only");
    }
    if (is_table(o->output) && (runs || is_picture(o))) {
        return ks_fail(err, KS_BAD_INPUT, "%s: a table (.md) is made of CSVs of `kshot eval` only", o->output);
    }
    return !o->x || runs || ks_fail(err, KS_BAD_INPUT, "--x goes with run directories only");
}

static bool plot(const plot_options* o, ks_error* err) {
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
    return o->trajectories  ? plot_trajectories(o, err)
           : o->predictions ? plot_predictions(o, err)
           : runs           ? plot_runs(o, err)
                            : plot_results(o, err);
}

int ks_cli_plot(int argc, char** argv, ks_error* err) {
    plot_options o = {.rollouts = DEFAULT_ROLLOUTS, .sampling = {.steps = -1, .seed = 1, .threads = ks_cli_cores()}};
    optind = 0;
    for (int c; (c = ks_cli_option(argc, argv, "ho:j:s:", OPTIONS, err)) != -1;) {
        if (c == 'h') {
            fputs(HELP, stdout);
            return 0;
        }
        if (!parse_option(&o, c, optarg, err)) {
            return KS_BAD_INPUT;
        }
    }
    if (!o.output) {
        ks_fail(err, KS_BAD_INPUT, "plot: -o FIGURE.(svg|png|pdf) is missing; `kshot plot --help` explains");
        return KS_BAD_INPUT;
    }
    o.interrupted = ks_cli_catch_interrupts();
    bool ok = take_inputs(&o, argc, argv, err) && ks_cli_check_output(o.output, o.force, err) &&
              check_inputs(&o, err) && (is_table(o.output) || ks_gnuplot_check_output(o.output, err)) && plot(&o, err);
    return ks_cli_exit(ok, err);
}
