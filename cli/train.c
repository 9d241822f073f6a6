#include "run/train.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/launcher.h"
#include "cli/option_table.h"
#include "cli/terminal.h"
#include "cli/train_display.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool should_stop(void* user) {
    const ks_train_display* display = user;
    return *display->interrupted != 0;
}

/* A setting of another outer step does no harm in a file, where several may stand; who gives it by hand expects something of it. */
static void warn_of_unread(ks_train_display* display, const ks_config* config, const ks_option_list* settings) {
    char why[KS_SETTINGS_WHY], text[2 * KS_SETTINGS_WHY];
    ks_error unused;
    for (int i = 0; ks_config_check(config, &unused) && i < settings->count; i++) {
        if (!ks_config_reads(config, settings->text[i], why)) {
            snprintf(text, sizeof text, "-s %.100s changes nothing: %s", settings->text[i], why);
            ks_train_display_warning(display, text);
        }
    }
}

static int train(const ks_config* config, ks_train_options* options, const ks_option_list* settings, bool quiet,
                 ks_error* err) {
    ks_train_display display = {.config = config,
                                .options = options,
                                .interrupted = ks_cli_catch_interrupts(),
                                .live = ks_cli_live(stderr),
                                .quiet = quiet};
    options->user = &display;
    options->on_start = quiet ? NULL : ks_train_display_start;
    options->on_iteration = quiet ? NULL : ks_train_display_iteration;
    options->on_warning = ks_train_display_warning;
    options->should_stop = should_stop;
    if (ks_dist_leads(options->dist)) {
        warn_of_unread(&display, config, settings);
    }
    bool ok = ks_train(config, options, err);
    ks_train_display_close(&display);
    bool leads = ks_dist_leads(options->dist);
    if (ok && leads) {
        printf("%s: %lld iteration%s of %s on %s done\n", options->directory, (long long)display.done,
               display.done == 1 ? "" : "s", ks_method_name((ks_method)config->method), ks_config_name(config));
        if (fflush(stdout) != 0) {
            clearerr(stdout); /* the run is done, whether it can be told or not */
        }
    } else if (!ok && err->code == KS_INTERRUPTED) {
        bool resumes = options->start == KS_RUN_RESUME || options->start == KS_RUN_RESUME_OR_NEW;
        ks_error inner = *err;
        ks_fail(err, KS_INTERRUPTED, "%s: give the same command%s", inner.text, resumes ? " again" : " with --resume");
        err->text[leads ? strlen(err->text) : 0] = 0; /* said once is enough */
    }
    return ks_cli_exit(ok, err);
}

/* ---- options ------------------------------------------------------------------------------------------------------------------- */

typedef struct resume {
    bool asked, or_new;
} resume;

typedef struct train_options {
    const char* config; /* NULL: none, with env alone */
    const char* env;    /* NULL: the config's */
    const char* output; /* NULL: not said */
    char directory[KS_RUN_PATH];
    ks_option_list settings;
    int64_t threads;
    bool force, quiet;
    resume resume;
} train_options;

static bool take_resume(void* member, const char* value, ks_error* err) {
    *(resume*)member = (resume){.asked = true, .or_new = value != NULL};
    return !value || strcmp(value, "auto") == 0 ||
           ks_fail(err, KS_BAD_INPUT, "--resume=%s: --resume, or --resume=auto to start where there is nothing yet",
                   value);
}

/* What no row can say, and the argument. */
static bool complete_options(train_options* o, int argc, char** argv, ks_error* err) {
    static const char* const NAMES[] = {"CONFIG"};
    bool alone = o->env && optind == argc; /* an environment, and every setting as by default */
    if (!alone && !ks_cli_arguments(argc, argv, 1, NAMES, err)) {
        return false;
    }
    o->config = alone ? NULL : argv[optind];
    if (!ks_cli_run_folder(o->directory, sizeof o->directory, o->output, o->config ? o->config : o->env, "", err)) {
        return false;
    }
    return !(o->resume.asked && o->force) || ks_fail(err, KS_BAD_INPUT, "--resume and --force exclude each other");
}

static bool read_config(ks_config* config, const train_options* o, ks_error* err) {
    ks_config_default(config);
    bool ok =
        (!o->config || ks_config_read(config, o->config, err)) && (!o->env || ks_config_set_env(config, o->env, err));
    for (int i = 0; ok && i < o->settings.count; i++) {
        ok = ks_config_set(config, o->settings.text[i], err);
    }
    return ok;
}

/* The settings, as the other options have them. */
static int print_settings(const void* options, ks_error* err) {
    const train_options* o = options;
    ks_config config;
    if (!read_config(&config, o, err)) {
        return ks_cli_exit(false, err);
    }
    printf(
        "\nSettings and their defaults. With -s problem=sinusoid --help, those of that problem; with -s outer=ppo "
        "--help, of\nthat outer step:\n\n");
    ks_config_write(&config, stdout, true);
    return 0;
}

/* ---- the command ----------------------------------------------------------------------------------------------------------------- */

static int run_alone(const train_options* o, const ks_config* config, ks_dist* dist, ks_error* err) {
    ks_train_options options = {.dist = dist, .directory = o->directory, .threads = (int)o->threads};
    options.start = o->force           ? KS_RUN_ANEW
                    : o->resume.or_new ? KS_RUN_RESUME_OR_NEW
                    : o->resume.asked  ? KS_RUN_RESUME
                                       : KS_RUN_NEW;
    return train(config, &options, &o->settings, o->quiet, err);
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    train_options o = {.threads = ks_cores()};
    ks_config config;
    ks_dist* dist;
    /* first of all: what one process cannot do, the others would wait for */
    if (!ks_cli_join(&dist, err)) {
        return KS_FAILED;
    }
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != 0) { /* no help was asked for */
        bool ok = code == KS_COMMAND_GO && complete_options(&o, argc, argv, err) && read_config(&config, &o, err);
        ok = ks_dist_agree(dist, ok, err);
        code = ok ? run_alone(&o, &config, dist, err) : ks_cli_exit(false, err);
    }
    return ks_cli_leave(dist, code, err);
}

static const ks_option OPTIONS[] = {
    {"output", 'o', "DIR", "the run directory (default: runs/ and the config's name)",
     KS_OPTION_TEXT(train_options, output), .completes = KS_COMPLETE_FOLDER},
    {"env", 'e', "ENV",
     "another environment than the config's: a name, or the path of a file (docs/robots.md); without a config, all "
     "other settings are the defaults",
     KS_OPTION_TEXT(train_options, env), .completes = KS_COMPLETE_ENV},
    KS_OPTION_ROW_SET(train_options, settings,
                      "a setting in place of the config's, as in `-s trpo.max_kl=0.02 -s policy.hidden=[64,64]`"),
    {"resume", 0, "auto",
     "go on with the run that DIR holds; with =auto, start it if there is none: the same line again and again, as "
     "schedulers give it",
     KS_OPTION_OWN(train_options, resume, take_resume), .optional = true, .names = "auto"},
    {"force", 0, NULL, "start anew in a directory that holds a run, which is lost",
     KS_OPTION_FLAG(train_options, force)},
    KS_OPTION_ROW_THREADS(train_options, threads),
    KS_OPTION_ROW_QUIET(train_options, quiet),
    {0},
};

const ks_command ks_command_train = {
    .name = "train",
    .summary = "meta-train (or pretrain, or train the oracle) from a config",
    .usage = {"CONFIG [-o DIR] [-e ENV] [-s KEY=VALUE]… [--resume[=auto] | --force] [-j THREADS]", "-e ENV …"},
    .about = {"Meta-trains a model into the run directory DIR: config.yaml, progress.csv, policy.safetensors, "
              "best.safetensors, checkpoint.safetensors.",
              "Ctrl-C ends the run after the iteration under way, with a checkpoint; so do SIGTERM, SIGHUP, SIGUSR1, "
              "SIGUSR2 and SIGXCPU, unless ignored when it begins (nohup). A second Ctrl-C ends at once."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "CONFIG", .most = INT_MAX, .completes = KS_COMPLETE_CONFIG},
    .examples = {{"kshot train configs/half-cheetah-dir.yaml -o runs/dir",
                  "MAML on the half-cheetah, with a checkpoint now and then"},
                 {"kshot train configs/sinusoid.yaml -s iterations=2000", "the regression, in a second"}},
    .run = run,
    .more_help = print_settings,
};
