#include "run/train.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/launcher.h"
#include "cli/terminal.h"
#include "cli/train_display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* const HELP =
    "usage: kshot train CONFIG [-o DIR] [--env ENV] [-s KEY=VALUE]… [--resume[=auto] | --force] [-j THREADS]\n"
    "       kshot train --env ENV …\n"
    "\n"
    "Meta-trains a model into the run directory DIR (default: runs/ and the config's name): config.yaml, "
    "progress.csv,\n"
    "policy.safetensors, best.safetensors, checkpoint.safetensors.\n"
    "\n"
    "  -o DIR           the run directory\n"
    "  --env ENV        another environment than the config's: a name, or the path of a file (docs/robots.md); without "
    "a "
    "config,\n"
    "                   all other settings are the defaults\n"
    "  -s KEY=VALUE     a setting in place of the config's, as in -s trpo.max_kl=0.02 -s policy.hidden=[64,64]\n"
    "  --resume         go on with the run that DIR holds\n"
    "  --resume=auto    go on with it if there is one, otherwise start it: the same line again and again, as "
    "schedulers give it\n"
    "  --force          start anew in a directory that holds a run, which is lost\n"
    "  -j THREADS       default: the number of cores; results do not depend on it\n"
    "\n"
    "Ctrl-C ends the run after the iteration under way, with a checkpoint; so do SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and "
    "SIGXCPU, "
    "unless\n"
    "ignored when it begins (nohup). A second Ctrl-C ends at once.\n"
    "\n"
    "Settings and their defaults. With -s problem=sinusoid --help, those of that problem; with -s outer=ppo --help, of "
    "that outer step:\n\n";

static bool should_stop(void* user) {
    const ks_train_display* display = user;
    return *display->interrupted != 0;
}

/* runs/NAME, NAME being the config's file name without its ending */
static void default_directory(char* out, size_t room, const char* config) {
    const char* slash = strrchr(config, '/');
    const char* name = slash ? slash + 1 : config;
    const char* dot = strrchr(name, '.');
    int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    snprintf(out, room, "runs/%.*s", length, name);
}

enum { OPT_RESUME = 256, OPT_FORCE, OPT_ENV };
static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'},
                                        {"output", required_argument, NULL, 'o'},
                                        {"set", required_argument, NULL, 's'},
                                        {"threads", required_argument, NULL, 'j'},
                                        {"resume", optional_argument, NULL, OPT_RESUME},
                                        {"force", no_argument, NULL, OPT_FORCE},
                                        {"env", required_argument, NULL, OPT_ENV},
                                        {0}};

static int train(const ks_config* config, ks_train_options* options, ks_error* err) {
    ks_train_display display = {
        .config = config, .options = options, .interrupted = ks_cli_catch_interrupts(), .live = ks_cli_live(stderr)};
    options->user = &display;
    options->on_start = ks_train_display_start;
    options->on_iteration = ks_train_display_iteration;
    options->on_warning = ks_train_display_warning;
    options->should_stop = should_stop;
    bool ok = ks_train(config, options, err);
    ks_train_display_close(&display);
    bool leads = ks_dist_leads(options->dist);
    if (ok && leads) {
        printf("%s: %lld iterations of %s on %s done\n", options->directory, (long long)display.done,
               ks_method_name((ks_method)config->method), ks_config_name(config));
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

enum { MAX_SETTINGS = 256 };

typedef struct arguments {
    const char* config; /* NULL: none, with env alone */
    const char* env;    /* NULL: the config's */
    const char* settings[MAX_SETTINGS];
    int num_settings;
    char directory[4096];
    int64_t threads;
    bool help, force, resume, or_new;
} arguments;

static bool parse_resume(arguments* a, const char* value, ks_error* err) {
    a->resume = true;
    a->or_new = value != NULL;
    return !value || strcmp(value, "auto") == 0 ||
           ks_fail(err, KS_BAD_INPUT, "--resume=%s: --resume, or --resume=auto to start where there is nothing yet",
                   value);
}

static bool parse_option(arguments* a, int option, const char* value, ks_error* err) {
    switch (option) {
        case 'h':
            return a->help = true;
        case 'o':
            snprintf(a->directory, sizeof a->directory, "%s", value);
            return *value || ks_fail(err, KS_BAD_INPUT, "-o: the run directory's name is empty");
        case 's':
            if (a->num_settings == MAX_SETTINGS) {
                return ks_fail(err, KS_BAD_INPUT, "-s: more than %d settings", MAX_SETTINGS);
            }
            a->settings[a->num_settings++] = value;
            return true;
        case 'j':
            return ks_cli_int("-j", value, 1, 1024, &a->threads, err);
        case OPT_RESUME:
            return parse_resume(a, value, err);
        case OPT_FORCE:
            return a->force = true;
        case OPT_ENV:
            a->env = value;
            return true;
        default:
            return false;
    }
}

static bool parse(arguments* a, int argc, char** argv, ks_error* err) {
    static const char* const NAMES[] = {"CONFIG"};
    optind = 0;
    for (int c; (c = ks_cli_option(argc, argv, "ho:s:j:", OPTIONS, err)) != -1;) {
        if (!parse_option(a, c, optarg, err)) {
            return false;
        }
    }
    if (a->help) {
        return true;
    }
    bool alone = a->env && optind == argc; /* an environment, and every setting as by default */
    if (!alone && !ks_cli_arguments(argc, argv, 1, NAMES, err)) {
        return false;
    }
    a->config = alone ? NULL : argv[optind];
    if (!*a->directory) {
        default_directory(a->directory, sizeof a->directory, alone ? a->env : a->config);
    }
    return !(a->resume && a->force) || ks_fail(err, KS_BAD_INPUT, "--resume and --force exclude each other");
}

static bool set_env(ks_config* config, const char* env, ks_error* err) {
    return ks_config_set_text(config, "env", env, err) && ks_config_resolve(config, NULL, err);
}

static bool read_config(ks_config* config, const arguments* a, ks_error* err) {
    ks_config_default(config);
    bool ok = a->help || !a->config || ks_config_read(config, a->config, err);
    ok = ok && (!a->env || set_env(config, a->env, err));
    for (int i = 0; ok && i < a->num_settings; i++) {
        ok = ks_config_set(config, a->settings[i], err);
    }
    return ok;
}

/* ---- the command ----------------------------------------------------------------------------------------------------------------- */

int ks_cli_train(int argc, char** argv, ks_error* err) {
    arguments a = {.threads = ks_cli_cores()};
    ks_config config;
    ks_train_options options = {0};
    /* first of all: what one process cannot do, the others would wait for */
    if (!ks_cli_join(&options.dist, err)) {
        return KS_FAILED;
    }
    bool ok = parse(&a, argc, argv, err) && read_config(&config, &a, err);
    ok = ks_dist_agree(options.dist, ok, err);
    int code = ks_cli_exit(ok, err);
    if (ok && a.help) {
        fputs(HELP, stdout);
        ks_config_write(&config, stdout, true);
    } else if (ok) {
        options.directory = a.directory;
        options.threads = (int)a.threads;
        options.start = a.force ? KS_RUN_ANEW : a.or_new ? KS_RUN_RESUME_OR_NEW : a.resume ? KS_RUN_RESUME : KS_RUN_NEW;
        code = train(&config, &options, err);
    }
    if (options.dist && code != 0) { /* it is said before the first process ends: mpirun then ends the others */
        ks_cli_say(err->text);
        err->text[0] = 0;
        ks_dist_any(options.dist, true);
    }
    if (options.dist && code != 0 && *err->text) { /* now: mpirun ends all as soon as one has ended so */
        fprintf(stderr, "kshot: %s\n", err->text);
        err->text[0] = 0;
    }
    ks_dist_destroy(options.dist);
    return code;
}
