#include "run/train.h"
#include "cli/cli.h"
#include "cli/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* const HELP =
    "usage: kshot train CONFIG [-o DIR] [-s KEY=VALUE]… [--resume | --force] [-j THREADS]\n"
    "\n"
    "Meta-trains a policy into the run directory DIR (default: runs/ and the config's name): config.yaml, "
    "progress.csv,\n"
    "policy.safetensors, best.safetensors, checkpoint.safetensors.\n"
    "\n"
    "  -o DIR           the run directory\n"
    "  -s KEY=VALUE     a setting in place of the config's, as in -s trpo.max_kl=0.02 -s policy.hidden=[64,64]\n"
    "  --resume         go on with the run that DIR holds\n"
    "  --force          start anew in a directory that holds a run, which is lost\n"
    "  -j THREADS       default: the number of cores; results do not depend on it\n"
    "\n"
    "Ctrl-C ends the run after the iteration under way, with a checkpoint. Settings and their defaults:\n\n";

/* set by the signal handler: the one thing that cannot be passed to it */
static volatile sig_atomic_t stop_requested;

static void on_signal(int number) {
    stop_requested = 1;
    signal(number, SIG_DFL); /* a second Ctrl-C ends at once */
}

static bool should_stop(void* user) {
    (void)user;
    return stop_requested != 0;
}

typedef struct display {
    bool live; /* a terminal: one line, redrawn */
    bool line_open;
} display;

static void duration(char* out, size_t room, double s) {
    if (s < 100) {
        snprintf(out, room, "%.0f s", s);
    } else if (s < 6000) {
        snprintf(out, room, "%.0f min", s / 60);
    } else {
        snprintf(out, room, "%.1f h", s / 3600);
    }
}

static void on_iteration(void* user, const ks_train_report* r) {
    enum { BAR = 16 };
    display* d = user;
    const ks_maml_stats* s = r->stats;
    long long done = r->iteration + 1, all = r->iterations;
    double rate = r->elapsed_s / (double)(done - r->first);
    char left[32], line[1024];
    duration(left, sizeof left, rate * (double)(all - done));
    size_t n = 0;
    if (d->live) {
        int filled = (int)(BAR * done / all);
        n += (size_t)snprintf(line, sizeof line, "[%.*s%*s] ", filled, "################", BAR - filled, "");
    }
    n += (size_t)snprintf(line + n, sizeof line - n, "%s%lld/%lld  return", d->live ? "" : "iteration ", done, all);
    for (int j = 0; j < s->stages; j++) {
        n += (size_t)snprintf(line + n, sizeof line - n, j ? " -> %.2f" : " %.2f", s->mean_return[j]);
    }
    snprintf(line + n, sizeof line - n, "  %.2f s each, %s left  kl %.4f", rate, left, s->trpo.kl);
    if (d->live) { /* a line that wraps could not be redrawn */
        fprintf(stderr, "\r\033[K%.*s", (int)ks_cli_width(stderr) - 1, line);
    } else {
        fprintf(stderr, "%s\n", line);
    }
    fflush(stderr);
    d->line_open = d->live;
}

static void close_line(display* d) {
    if (d->line_open) {
        fputc('\n', stderr);
        d->line_open = false;
    }
}

static void on_warning(void* user, const char* text) {
    close_line(user);
    fprintf(stderr, "kshot: warning: %s\n", text);
}

/* runs/NAME, NAME being the config's file name without its ending */
static void default_directory(char* out, size_t room, const char* config) {
    const char* slash = strrchr(config, '/');
    const char* name = slash ? slash + 1 : config;
    const char* dot = strrchr(name, '.');
    int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    snprintf(out, room, "runs/%.*s", length, name);
}

enum { OPT_RESUME = 256, OPT_FORCE };
static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'},
                                        {"output", required_argument, NULL, 'o'},
                                        {"set", required_argument, NULL, 's'},
                                        {"threads", required_argument, NULL, 'j'},
                                        {"resume", no_argument, NULL, OPT_RESUME},
                                        {"force", no_argument, NULL, OPT_FORCE},
                                        {0}};

static int help(void) {
    ks_config config;
    ks_config_default(&config);
    fputs(HELP, stdout);
    ks_config_write(&config, stdout, true);
    return 0;
}

/* Joins the processes that mpirun has started. */
static bool join_team(ks_dist** dist, ks_error* err) {
    static const char* const SIZES[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
    *dist = NULL;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        const char* size = getenv(SIZES[i]);
        if (size && atoi(size) > 1) {
            *dist = ks_dist_create(err);
            return *dist != NULL;
        }
    }
    return true;
}

static int train(const ks_config* config, ks_train_options* options, ks_error* err) {
    display d = {.live = ks_cli_live(stderr)};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    options->user = &d;
    options->on_iteration = on_iteration;
    options->on_warning = on_warning;
    options->should_stop = should_stop;
    bool ok = ks_train(config, options, err);
    close_line(&d);
    bool leads = ks_dist_leads(options->dist);
    if (ok && leads) {
        printf("%s: %d iterations of %s on %s done\n", options->directory, config->iterations,
               ks_method_name((ks_method)config->method), config->env);
    } else if (!ok && err->code == KS_INTERRUPTED) {
        ks_error inner = *err;
        ks_fail(err, KS_INTERRUPTED, "%s: give the same command with --resume", inner.text);
    }
    return ks_cli_exit(ok, err);
}

int ks_cli_train(int argc, char** argv, ks_error* err) {
    static const char* const NAMES[] = {"CONFIG"};
    enum { MAX_SETTINGS = 256 };
    const char* settings[MAX_SETTINGS];
    int num_settings = 0;
    char directory[4096] = "";
    int64_t threads = ks_cli_cores();
    ks_train_options options = {0};
    optind = 0;
    for (int c; (c = ks_cli_option(argc, argv, "ho:s:j:", OPTIONS, err)) != -1;) {
        switch (c) {
            case 'h':
                return help();
            case 'o':
                if (!*optarg) {
                    ks_fail(err, KS_BAD_INPUT, "-o: the run directory's name is empty");
                    return KS_BAD_INPUT;
                }
                snprintf(directory, sizeof directory, "%s", optarg);
                break;
            case 's':
                if (num_settings == MAX_SETTINGS) {
                    ks_fail(err, KS_BAD_INPUT, "-s: more than %d settings", MAX_SETTINGS);
                    return KS_BAD_INPUT;
                }
                settings[num_settings++] = optarg;
                break;
            case 'j':
                if (!ks_cli_int("-j", optarg, 1, 1024, &threads, err)) {
                    return KS_BAD_INPUT;
                }
                break;
            case OPT_RESUME:
                options.resume = true;
                break;
            case OPT_FORCE:
                options.overwrite = true;
                break;
            default:
                return KS_BAD_INPUT;
        }
    }
    if (!ks_cli_arguments(argc, argv, 1, NAMES, err)) {
        return KS_BAD_INPUT;
    }
    if (options.resume && options.overwrite) {
        ks_fail(err, KS_BAD_INPUT, "--resume and --force exclude each other");
        return KS_BAD_INPUT;
    }
    ks_config config;
    ks_config_default(&config);
    bool ok = ks_config_read(&config, argv[optind], err);
    for (int i = 0; ok && i < num_settings; i++) {
        ok = ks_config_set(&config, settings[i], err);
    }
    if (!ok) {
        return ks_cli_exit(ok, err);
    }
    if (!*directory) {
        default_directory(directory, sizeof directory, argv[optind]);
    }
    options.directory = directory;
    options.threads = (int)threads;
    if (!join_team(&options.dist, err)) {
        return KS_FAILED;
    }
    int code = train(&config, &options, err);
    if (!ks_dist_leads(options.dist) && err->code == KS_INTERRUPTED) {
        err->text[0] = 0; /* said once is enough */
    }
    ks_dist_destroy(options.dist);
    return code;
}
