#include "cli/export.h"

#include <string.h>

static const ks_export_format* const FORMATS[] = {&ks_export_html, &ks_export_onnx};
enum { NUM_FORMATS = sizeof FORMATS / sizeof *FORMATS };

/* ---- what was typed ------------------------------------------------------------------------------------------------------- */

static bool choose_format(const ks_export_format** format, const ks_export* e, ks_error* err) {
    *format = NULL;
    for (int i = 0; i < NUM_FORMATS; i++) {
        bool typed = *(const bool*)((const char*)e + FORMATS[i]->typed);
        if (typed && *format) {
            return ks_fail(err, KS_BAD_INPUT, "export: --%s and --%s: one file has one format", (*format)->name,
                           FORMATS[i]->name);
        }
        *format = typed ? FORMATS[i] : *format;
    }
    return *format ||
           ks_fail(err, KS_BAD_INPUT, "export: a format such as --%s is missing; `kshot export --help` lists them",
                   FORMATS[0]->name);
}

static void note_given(ks_export* e) {
    e->given = (e->task.count > 0 ? KS_EXPORT_TASK : 0) | (e->tasks > 0 ? KS_EXPORT_TASKS : 0) |
               (e->sampling.steps >= 0 ? KS_EXPORT_STEPS : 0) | (e->sampling.lr ? KS_EXPORT_LR : 0) |
               (e->sampling.trajectories > 0 ? KS_EXPORT_TRAJECTORIES : 0);
}

static bool check_given(const ks_export* e, const ks_export_format* format, ks_error* err) {
    static const char* const NAMES[] = {"--task", "--tasks", "--steps", "--lr", "--trajectories"};
    for (unsigned i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (e->given & ~format->takes & 1u << i) {
            return ks_fail(err, KS_BAD_INPUT, "export: --%s does not take %s", format->name, NAMES[i]);
        }
    }
    if (format->bare && (e->problem.settings.count > 0 || e->problem.data)) {
        return ks_fail(err, KS_BAD_INPUT, "export: --%s does not take %s", format->name,
                       e->problem.data ? "--data" : "-s");
    }
    if (e->given & KS_EXPORT_TASK && e->given & KS_EXPORT_TASKS) {
        return ks_fail(err, KS_BAD_INPUT, "export: --task and --tasks: the tasks are typed, or held-out ones");
    }
    return e->task.count <= KS_EXPORT_MAX_TASKS ||
           ks_fail(err, KS_BAD_INPUT, "--task: %d of them, at most %d are shown", e->task.count, KS_EXPORT_MAX_TASKS);
}

static bool check_suffix(const ks_export* e, const ks_export_format* format, ks_error* err) {
    size_t length = strlen(e->output), suffix = strlen(format->suffix);
    return (length > suffix && strcmp(e->output + length - suffix, format->suffix) == 0) ||
           ks_fail(err, KS_BAD_INPUT, "-o: what --%s writes ends in %s, and '%s' does not", format->name,
                   format->suffix, e->output);
}

/* ---- the command ---------------------------------------------------------------------------------------------------------- */

static bool open_and_write(ks_export* e, const ks_export_format* format, const char* argument, ks_error* err) {
    if (!ks_cli_check_output(e->output, e->force, err) ||
        !ks_cli_policy_open(&e->policy, argument, e->sampling.best, e->sampling.env, e->sampling.quiet, err)) {
        return false;
    }
    bool ok = ks_cli_check_apart(e->output, e->policy.path, err) &&
              (format->bare || (ks_problem_options_apply(&e->problem, &e->policy, err) &&
                                ks_examples_take_head(&e->policy, (uint64_t)e->sampling.seed, err)));
    if (ok) {
        ks_config_set_threads(&e->policy.config, (int)e->sampling.threads);
        ok = format->write(e, err);
    }
    ks_opened_close(&e->policy);
    return ok;
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    const ks_export_format* format;
    ks_export e = {.sampling = ks_sampling_default()};
    e.sampling.steps = -1;
    int code = ks_command_read(&e, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    note_given(&e);
    bool ok = choose_format(&format, &e, err) && check_given(&e, format, err) && check_suffix(&e, format, err) &&
              open_and_write(&e, format, argv[optind], err);
    return ks_cli_exit(ok, err);
}

static const ks_option FORMAT_ROWS[] = {
    {"html", 0, NULL, "one page for a browser that shows it adapt: nothing to install, nothing from the network",
     KS_OPTION_FLAG(ks_export, html)},
    {"onnx", 0, NULL, "the network alone, for onnxruntime and other programs that run ONNX",
     KS_OPTION_FLAG(ks_export, onnx)},
    {0},
};

static const ks_option OPTIONS[] = {
    {"output", 'o', "OUT", "the file to write", KS_OPTION_TEXT(ks_export, output), .required = true,
     .completes = KS_COMPLETE_FILE},
    KS_OPTION_ROW_FORCE(ks_export, force),
    {"task", 0, "V[,V…]",
     "the task's numbers, or NAME=V[,NAME=V…] for some of them; of a curve AMPLITUDE,PHASE; of images its number. "
     "Several times: several tasks, at most 12 (default: held-out ones of --seed)",
     KS_OPTION_LIST(ks_export, task)},
    {"tasks", 0, "N", "so many held-out tasks, 1 to 12 (default 4)",
     KS_OPTION_INT(ks_export, tasks, 1, KS_EXPORT_MAX_TASKS)},
    KS_SAMPLING_ROW_STEPS(ks_export, "gradient steps (default 3, of curves 10)"),
    KS_SAMPLING_ROW_LR(ks_export),
    KS_SAMPLING_ROW_TRAJECTORIES(ks_export,
                                 "sampled for every gradient step (default: the environment's protocol, or 20)"),
    KS_SAMPLING_ROW_SEED(ks_export, "of tasks, start states, action noise, examples (default 1)"),
    KS_SAMPLING_ROW_BEST(ks_export),
    KS_SAMPLING_ROW_ENV(ks_export),
    KS_PROBLEM_ROW_SET(ks_export),
    KS_PROBLEM_ROW_DATA(ks_export, "of images: where they are"),
    KS_OPTION_ROW_THREADS(ks_export, sampling.threads),
    KS_OPTION_ROW_QUIET(ks_export, sampling.quiet),
    {0},
};

const ks_command ks_command_export = {
    .name = "export",
    .summary = "a model for those who do not have kshot: a page for browsers, ONNX",
    .usage = {"POLICY --html -o OUT.html [--task V[,V…]]… [--steps K] …", "POLICY --onnx -o OUT.onnx"},
    .about = {"Writes a model, and what becomes of it as it adapts, for programs that know nothing of kshot."},
    .groups = {{.heading = "Formats", .rows = FORMAT_ROWS}, {.rows = OPTIONS}},
    .arguments = {.name = "POLICY", .least = 1, .most = 1, .completes = KS_COMPLETE_POLICY},
    .examples = {{"kshot export zoo/half-cheetah-dir --html --best -o adaptation.html",
                  "both directions, before and after one to three gradient steps, side by side"},
                 {"kshot export zoo/sinusoid --html -s sinusoid.shots=5 -o curves.html",
                  "a page on which examples can be dragged, and the model adapts"},
                 {"kshot export zoo/half-cheetah-dir --onnx --best -o policy.onnx",
                  "the policy as a graph: observations in, mean actions out"}},
    .run = run,
};
