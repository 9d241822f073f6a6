/* kshot suite: many trainings that are to be compared, from one file. */
#include "cli/suite.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "run/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* const HELP =
    "usage: kshot suite plan|run|report|check SUITE.yaml [-o DIR] [--only DOMAIN[/METHOD[/SEED]]] …\n"
    "\n"
    "Trains and evaluates every combination of domains, methods and seeds that a file lists.\n"
    "\n"
    "  plan      lists the lines, and which are done; with --measure, runs an iteration of each domain and method, "
    "and\n"
    "            says how long all will take here\n"
    "  run       trains and evaluates what is not done yet. It can be stopped at any time: the same command goes on\n"
    "  report    writes results.csv, table.md and a figure a domain into DIR: means, interquartile means, intervals\n"
    "  check     evaluates again, and says whether every number comes out to the last digit; with --again also trains\n"
    "            again. Exit code 1 if one does not\n"
    "\n"
    "  -o DIR          where runs are, as DIR/DOMAIN/METHOD/SEED (default: runs/ and the file's name)\n"
    "  --only PART     lines of this domain, method or seed, as point/maml/1; * is any\n"
    "  --share I/N     of these lines, every N-th from the I-th on: for N machines or jobs at once\n"
    "  --measure       of plan\n"
    "  --again         of check\n"
    "  -j THREADS      default: the number of cores; results do not depend on it\n";

typedef struct arguments {
    const char *verb, *file, *only;
    char folder[KS_RUN_PATH - 256];
    int64_t share, shares, threads;
    bool measure, again;
} arguments;

/* ---- verbs ------------------------------------------------------------------------------------------------------------------ */

typedef struct job {
    const arguments* a;
    const ks_suite* suite;
    ks_suite_place place;
    ks_error* err;
} job;

/* the lines that are meant, in order: the next from *i on, or NULL */
static const ks_suite_line* next(const job* j, size_t* i, size_t* meant) {
    while (*i < j->suite->count) {
        const ks_suite_line* line = &j->suite->lines[(*i)++];
        if (ks_suite_is_meant(line, j->a->only) && (int64_t)((*meant)++ % (size_t)j->a->shares) == j->a->share - 1) {
            return line;
        }
    }
    return NULL;
}

static void duration(char out[32], double s) {
    snprintf(out, 32,
             s < 100    ? "%.0f s"
             : s < 6000 ? "%.0f min"
                        : "%.1f h",
             s < 100    ? s
             : s < 6000 ? s / 60
                        : s / 3600);
}

static bool plan(const job* j) {
    const ks_suite_line *line, *before = NULL;
    ks_suite_cost cost = {0};
    double seconds = 0;
    char text[32];
    size_t lines = 0, done = 0;
    for (size_t i = 0, meant = 0; (line = next(j, &i, &meant));) {
        bool is_done = ks_suite_is_done(line, &j->place);
        bool same = before && strcmp(before->domain, line->domain) == 0 && strcmp(before->method, line->method) == 0;
        if (j->a->measure && !same && !ks_suite_measure(&cost, line, j->place.threads, j->err)) {
            return ks_fail_in(j->err, line->name);
        }
        before = line;
        lines++;
        done += is_done;
        printf("%-40s %-5s", line->name, is_done ? "done" : "");
        if (j->a->measure) {
            duration(text, cost.seconds);
            printf(" %8lld iterations %12.4g env steps %9s", (long long)cost.iterations, cost.env_steps, text);
            seconds += is_done ? 0 : cost.seconds;
        }
        putchar('\n');
    }
    printf("%s: %zu lines, %zu done", j->suite->name, lines, done);
    if (j->a->measure) {
        duration(text, seconds);
        printf("; the others take about %s with %d threads, and their evaluations", text, j->place.threads);
    }
    putchar('\n');
    return true;
}

static bool run(const job* j) {
    const ks_suite_line* line;
    for (size_t i = 0, meant = 0; (line = next(j, &i, &meant));) {
        if (ks_suite_is_done(line, &j->place)) {
            continue;
        }
        fprintf(stderr, "== %s\n", line->name);
        if (!ks_suite_run(line, &j->place, j->err)) {
            return false;
        }
        printf("%s done\n", line->name);
        fflush(stdout);
    }
    return true;
}

static bool check(const job* j) {
    const ks_suite_line* line;
    size_t lines = 0, others = 0;
    for (size_t i = 0, meant = 0; (line = next(j, &i, &meant)); lines++) {
        char text[256];
        bool same;
        if (!ks_suite_check(&same, text, line, &j->place, j->a->again, j->err)) {
            return false;
        }
        printf("%-40s %s\n", line->name, same ? "the same" : text);
        fflush(stdout);
        others += !same;
    }
    return others == 0 ||
           ks_fail(j->err, KS_FAILED, "%s: %zu of %zu lines did not come out the same", j->suite->name, others, lines);
}

static bool report(const job* j) {
    if (!ks_suite_report(j->suite, &j->place, j->err)) {
        return false;
    }
    printf("%s/table.md and results.csv written\n", j->place.folder);
    return true;
}

static const struct {
    const char* name;
    bool (*run)(const job* j);
} VERBS[] = {{"plan", plan}, {"run", run}, {"report", report}, {"check", check}};

/* ---- the command -------------------------------------------------------------------------------------------------------------- */

static bool parse_share(arguments* a, const char* text, ks_error* err) {
    char first[24];
    const char* slash = strchr(text, '/');
    snprintf(first, sizeof first, "%.*s", slash ? (int)(slash - text) : 0, text);
    return (slash && ks_cli_int("--share", slash + 1, 1, 1000000, &a->shares, err) &&
            ks_cli_int("--share", first, 1, a->shares, &a->share, err)) ||
           ks_fail(err, KS_BAD_INPUT, "--share: '%s' is not I/N, as 1/4 is the first of four", text);
}

/* runs/NAME, NAME being the file's without its ending */
static void default_folder(arguments* a) {
    const char* slash = strrchr(a->file, '/');
    const char* name = slash ? slash + 1 : a->file;
    snprintf(a->folder, sizeof a->folder, "runs/%.*s", (int)strcspn(name, "."), name);
}

static bool parse(arguments* a, bool* help, int argc, char** argv, ks_error* err) {
    enum { ONLY = 256, SHARE, MEASURE, AGAIN };
    static const struct option OPTIONS[] = {
        {"help", no_argument, NULL, 'h'},          {"output", required_argument, NULL, 'o'},
        {"threads", required_argument, NULL, 'j'}, {"only", required_argument, NULL, ONLY},
        {"share", required_argument, NULL, SHARE}, {"measure", no_argument, NULL, MEASURE},
        {"again", no_argument, NULL, AGAIN},       {0}};
    static const char* const NAMES[] = {"plan, run, report or check", "SUITE.yaml"};
    bool ok = true;
    optind = 0;
    for (int c; ok && (c = ks_cli_option(argc, argv, "ho:j:", OPTIONS, err)) != -1;) {
        switch (c) {
            case 'h':
                return *help = true;
            case 'o':
                snprintf(a->folder, sizeof a->folder, "%s", optarg);
                break;
            case 'j':
                ok = ks_cli_int("-j", optarg, 1, 1024, &a->threads, err);
                break;
            case ONLY:
                a->only = optarg;
                break;
            case SHARE:
                ok = parse_share(a, optarg, err);
                break;
            case MEASURE:
                a->measure = true;
                break;
            case AGAIN:
                a->again = true;
                break;
            default:
                ok = false;
        }
    }
    if (!ok || !ks_cli_arguments(argc, argv, 2, NAMES, err)) {
        return false;
    }
    a->verb = argv[optind];
    a->file = argv[optind + 1];
    if (!*a->folder) {
        default_folder(a);
    }
    return true;
}

int ks_cli_suite(int argc, char** argv, ks_error* err) {
    arguments a = {.share = 1, .shares = 1, .threads = ks_cli_cores()};
    bool help = false;
    if (!parse(&a, &help, argc, argv, err)) {
        return KS_BAD_INPUT;
    }
    if (help) {
        fputs(HELP, stdout);
        return 0;
    }
    for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++) {
        if (strcmp(a.verb, VERBS[i].name) == 0) {
            ks_suite suite;
            bool ok = ks_suite_read(&suite, a.file, err);
            job j = {&a, &suite, {a.folder, (int)a.threads}, err};
            ok = ok && VERBS[i].run(&j);
            ks_suite_free(&suite);
            return ks_cli_exit(ok, err);
        }
    }
    ks_fail(err, KS_BAD_INPUT, "suite: '%s' is none of plan, run, report and check", a.verb);
    return KS_BAD_INPUT;
}
