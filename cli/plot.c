#include "figures/plot.h"
#include "base/text.h"
#include "cli/interrupt.h"
#include "cli/paths.h"
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
    "\n"
    "Figures for papers, one column wide, drawn by gnuplot (docs/figures.md).\n"
    "\n"
    "From CSVs of `kshot eval`: mean return against gradient steps, one line and 95 % band per label; the label oracle "
    "is a\n"
    "dashed line at its return without adaptation. As .md, a table of the same numbers in Markdown.\n"
    "  --paper DOMAIN     add the numbers of Finn, Abbeel and Levine (2017), dotted: point, half-cheetah-vel, "
    "half-cheetah-dir,\n"
    "                     ant-vel or ant-dir\n"
    "\n"
    "From run directories: return before (dashed) and after adaptation during training. Runs of one environment and "
    "method\n"
    "(or of one --label) are one curve: their mean, and a band from the lowest to the highest.\n"
    "  --x iterations     the horizontal axis (default), or\n"
    "  --x env-steps      environment steps of all tasks together\n"
    "\n"
    "With --trajectories: where policies for point go before and after adaptation to one task, a panel per policy (at "
    "most 3).\n"
    "  --task X,Y         the goal (default: the first held-out task of --seed)\n"
    "  --steps K          gradient steps (default 1): shows 0, 1 and K\n"
    "  --lr A1[,A2…]      their step sizes (default: kept ones, or the paper's protocol)\n"
    "  --rollouts N       paths to draw per step, of the 40 that are sampled (default 5)\n"
    "  --gae-lambda L     lambda of the advantages that it adapts by (default: the policy's own)\n"
    "  --seed N           of action noise, and of the goal (default 1)\n"
    "  --best             of run directories, best.safetensors instead of policy.safetensors\n"
    "  -j THREADS         default: the number of cores; results do not depend on it\n"
    "\n"
    "  -o FIGURE          its suffix says the kind; --force replaces a file that exists\n"
    "  --title TEXT       above the figure (default: the environment; '' for none)\n"
    "  --label NAME       the name of the next file, run or policy in order: give it once for each, or once for all\n";

enum { MAX_INPUTS = 256, DEFAULT_ROLLOUTS = 5 };
_Static_assert((int)KS_RETURNS_MAX_STEPS == (int)KS_EVAL_MAX_STEPS && (int)KS_RETURNS_MAX_GOAL == (int)KS_TASK_MAX,
               "figures read every CSV that eval writes");

typedef struct plot_options {
    const char *output, *paper, *x, *title, *task;
    ks_cli_sampling sampling; /* with --trajectories */
    int64_t rollouts;
    bool trajectories, force;
    int path_option; /* the last option given that is for --trajectories alone, 0: none */
    char** inputs;   /* (num_inputs) */
    size_t num_inputs, num_labels;
    const char* labels[MAX_INPUTS]; /* (num_labels) as given, then (num_inputs), NULL: none */
    const volatile sig_atomic_t* interrupted;
} plot_options;

static bool is_table(const char* output) {
    size_t length = strlen(output);
    return length > 3 && strcmp(output + length - 3, ".md") == 0 && output[length - 4] != '/';
}

/* ---- the three kinds ---------------------------------------------------------------------------------------------------------- */

static bool plot_returns(const plot_options* o, ks_error* err) {
    ks_returns* returns = calloc(1, sizeof *returns); /* some 13 kB */
    const ks_paper_returns* paper = NULL;
    bool ok = returns || ks_fail(err, KS_FAILED, "not enough memory");
    if (ok && o->paper) {
        paper = ks_paper_find(o->paper, err);
        ok = paper || ks_fail_in(err, "--paper");
    }
    ok = ok && ks_returns_read(returns, (const char* const*)o->inputs, o->labels, o->num_inputs, err);
    if (ok) {
        const char* env = *returns->env || !paper ? returns->env : paper->domain;
        ks_figure figure = {
            .output = o->output, .overwrite = o->force, .stop = o->interrupted, .title = o->title ? o->title : env};
        ok = is_table(o->output) ? ks_table_returns(&figure, returns, paper, err)
                                 : ks_plot_returns(&figure, returns, paper, err);
    }
    free(returns);
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
        snprintf(names[i].env, sizeof names[i].env, "%s", config.env);
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
        ok = ks_plot_curves(&figure, &curves, env_steps, err);
    }
    ks_curves_free(&curves);
    free(names);
    return ok;
}

static bool sample_paths(ks_paths* paths, const plot_options* o, const ks_cli_policy* p, ks_error* err) {
    double goal[KS_TASK_MAX];
    if (strcmp(p->def->name, "point") != 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s: --trajectories draws policies for point, and this one is for %s",
                       p->path, p->def->name);
    }
    ks_eval_settings s;
    return ks_cli_task(goal, o->task, p->def, o->sampling.seed, err) &&
           ks_sampling_settings(&s, &o->sampling, p, err) &&
           ks_paths_sample(paths, p->model, p->policy, p->theta, goal, &s, (size_t)o->rollouts, err);
}

static bool plot_trajectories(const plot_options* o, ks_error* err) {
    ks_paths paths[KS_PLOT_MAX_PANELS] = {0};
    char names[KS_PLOT_MAX_PANELS][32];
    const char* titles[KS_PLOT_MAX_PANELS];
    if (o->num_inputs > KS_PLOT_MAX_PANELS) {
        return ks_fail(err, KS_BAD_INPUT, "--trajectories draws at most %d policies side by side", KS_PLOT_MAX_PANELS);
    }
    bool ok = true;
    for (size_t i = 0; ok && i < o->num_inputs; i++) {
        ks_cli_policy policy;
        ok = ks_cli_policy_open(&policy, o->inputs[i], o->sampling.best, NULL, err);
        if (ok) {
            snprintf(names[i], sizeof names[i], "%s", policy.info.iteration == 0 ? "random" : policy.info.method);
            titles[i] = o->labels[i] ? o->labels[i] : names[i];
            ok = sample_paths(&paths[i], o, &policy, err);
            ks_cli_policy_close(&policy);
        }
    }
    ks_figure figure = {.output = o->output, .overwrite = o->force, .stop = o->interrupted, .title = o->title};
    ok = ok && ks_plot_paths(&figure, paths, titles, o->num_inputs, err);
    for (size_t i = 0; i < o->num_inputs; i++) {
        ks_paths_free(&paths[i]);
    }
    return ok;
}

/* ---- the command --------------------------------------------------------------------------------------------------------------- */

enum { PAPER = KS_SAMPLING_END, X, TITLE, LABEL, TRAJECTORIES, TASK, ROLLOUTS, FORCE };
static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'},
                                        {"output", required_argument, NULL, 'o'},
                                        {"paper", required_argument, NULL, PAPER},
                                        {"x", required_argument, NULL, X},
                                        {"title", required_argument, NULL, TITLE},
                                        {"label", required_argument, NULL, LABEL},
                                        {"trajectories", no_argument, NULL, TRAJECTORIES},
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

/* Options of --trajectories alone. */
static bool parse_path_option(plot_options* o, int option, const char* value, ks_error* err) {
    o->path_option = option;
    switch (option) {
        case TASK:
            o->task = value;
            return true;
        case ROLLOUTS:
            return ks_cli_int("--rollouts", value, 1, (int64_t)ks_protocol_trajectories("point"), &o->rollouts, err);
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
        case FORCE:
            return o->force = true;
        default:
            return parse_path_option(o, option, value, err);
    }
}

/* The arguments that are left, and a label for each. */
static bool take_inputs(plot_options* o, int argc, char** argv, ks_error* err) {
    o->inputs = argv + optind;
    o->num_inputs = (size_t)(argc - optind);
    if (o->num_inputs == 0 && (!o->paper || o->trajectories)) {
        return ks_fail(err, KS_BAD_INPUT, "plot: %s is missing; `kshot plot --help` explains",
                       o->trajectories ? "POLICY" : "FILE.csv or a run directory");
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
        bool there = !o->trajectories && stat(o->inputs[i], &a) == 0;
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
static bool plot(const plot_options* o, ks_error* err) {
    size_t directories = 0;
    for (size_t i = 0; i < o->num_inputs; i++) {
        directories += is_directory(o->inputs[i]);
    }
    bool runs = !o->trajectories && directories > 0;
    if (runs && directories < o->num_inputs) {
        return ks_fail(err, KS_BAD_INPUT, "plot: run directories and files do not go into one figure");
    }
    if (o->path_option && !o->trajectories) {
        return ks_fail(err, KS_BAD_INPUT, "--%s goes with --trajectories only", option_name(o->path_option));
    }
    if (o->paper && (runs || o->trajectories)) {
        return ks_fail(err, KS_BAD_INPUT, "--paper goes with CSVs of `kshot eval` only");
    }
    if (is_table(o->output) && (runs || o->trajectories)) {
        return ks_fail(err, KS_BAD_INPUT, "%s: a table (.md) is made of CSVs of `kshot eval` only", o->output);
    }
    if (o->x && !runs) {
        return ks_fail(err, KS_BAD_INPUT, "--x goes with run directories only");
    }
    return o->trajectories ? plot_trajectories(o, err) : runs ? plot_runs(o, err) : plot_returns(o, err);
}

int ks_cli_plot(int argc, char** argv, ks_error* err) {
    plot_options o = {.rollouts = DEFAULT_ROLLOUTS, .sampling = {.steps = 1, .seed = 1, .threads = ks_cli_cores()}};
    optind = 0;
    for (int c; (c = ks_cli_option(argc, argv, "ho:j:", OPTIONS, err)) != -1;) {
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
