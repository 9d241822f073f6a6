/* kshot suite: many trainings that are to be compared, from one file. */
#include "cli/suite.h"
#include "cli/cli.h"
#include "cli/option_table.h"
#include "run/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDER = KS_RUN_PATH - 256 };

typedef struct share {
    int64_t number, of; /* from 1 */
} share;

typedef struct arguments {
    const char *folder, *only;
    share share;
    int64_t threads;
    bool measure, again, quiet;
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
        if (ks_suite_is_meant(line, j->a->only) &&
            (int64_t)((*meant)++ % (size_t)j->a->share.of) == j->a->share.number - 1) {
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
        if (!j->a->quiet) {
            fprintf(stderr, "== %s\n", line->name);
        }
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

static bool take_share(void* member, const char* text, ks_error* err) {
    share* s = member;
    char first[24];
    const char* slash = strchr(text, '/');
    snprintf(first, sizeof first, "%.*s", slash ? (int)(slash - text) : 0, text);
    return (slash && ks_cli_int("--share", slash + 1, 1, 1000000, &s->of, err) &&
            ks_cli_int("--share", first, 1, s->of, &s->number, err)) ||
           ks_fail(err, KS_BAD_INPUT, "--share: '%s' is not I/N, as 1/4 is the first of four", text);
}

/* What a verb has no use for. */
static bool check_options(const arguments* a, const char* verb, ks_error* err) {
    bool chosen = a->only || a->share.of > 1;
    const char* wrong = a->measure && strcmp(verb, "plan") != 0  ? "--measure goes with plan"
                        : a->again && strcmp(verb, "check") != 0 ? "--again goes with check"
                        : chosen && strcmp(verb, "report") == 0  ? "report is of all lines that are done"
                                                                 : NULL;
    return !wrong || ks_fail(err, KS_BAD_INPUT, "suite %s: %s", verb, wrong);
}

static bool check_only(const ks_suite* suite, const char* only, ks_error* err) {
    for (size_t i = 0; i < suite->count; i++) {
        if (ks_suite_is_meant(&suite->lines[i], only)) {
            return true;
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "--only: no line of %s is '%s'; `kshot suite plan` lists them", suite->name,
                   only);
}

static int run_command(const ks_command* self, int argc, char** argv, ks_error* err) {
    arguments a = {.share = {1, 1}, .threads = ks_cores()};
    char folder[FOLDER];
    int code = ks_command_read(&a, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    const char *verb = argv[optind], *file = argv[optind + 1];
    if (!ks_cli_run_folder(folder, sizeof folder, a.folder, file, "", err) || !check_options(&a, verb, err)) {
        return KS_BAD_INPUT;
    }
    for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++) {
        if (strcmp(verb, VERBS[i].name) == 0) {
            ks_suite suite;
            bool ok = ks_suite_read(&suite, file, err);
            job j = {&a, &suite, {folder, (int)a.threads, a.quiet}, err};
            ok = ok && check_only(&suite, a.only, err) && VERBS[i].run(&j);
            ks_suite_free(&suite);
            return ks_cli_exit(ok, err);
        }
    }
    ks_fail(err, KS_BAD_INPUT, "suite: '%s' is none of plan, run, report and check", verb);
    return KS_BAD_INPUT;
}

static const ks_option OPTIONS[] = {
    {"output", 'o', "DIR", "where runs are, as DIR/DOMAIN/METHOD/SEED (default: runs/ and the file's name)",
     KS_OPTION_TEXT(arguments, folder), .completes = KS_COMPLETE_FOLDER},
    {"only", 0, "PART", "lines of this `DOMAIN`, `DOMAIN/METHOD` or `DOMAIN/METHOD/SEED`; `*` is any",
     KS_OPTION_TEXT(arguments, only)},
    {"share", 0, "I/N", "of these lines every N-th, from the I-th on: for N machines or jobs at once",
     KS_OPTION_OWN(arguments, share, take_share)},
    {"measure", 0, NULL, "of plan: run an iteration of each domain and method, and say how long all will take here",
     KS_OPTION_FLAG(arguments, measure)},
    {"again", 0, NULL, "of check: also train again, and compare the policies", KS_OPTION_FLAG(arguments, again)},
    KS_OPTION_ROW_THREADS(arguments, threads),
    KS_OPTION_ROW_QUIET(arguments, quiet),
    {0},
};

const ks_command ks_command_suite = {
    .name = "suite",
    .summary = "train and compare many combinations of domains, methods and seeds",
    .usage = {"plan SUITE.yaml", "run SUITE.yaml [-o DIR]", "report SUITE.yaml [-o DIR]", "check SUITE.yaml [-o DIR]"},
    .about = {"Trains and evaluates every combination of domains, methods and seeds that a file lists.",
              "`plan` lists the lines, and which of them are done. `run` trains and evaluates what is not done yet; it "
              "can be stopped at any time, and the same command goes on. `report` writes results.csv, table.md and a "
              "figure a domain into DIR: means, interquartile means, and intervals over runs. `check` evaluates "
              "again, and says whether every number comes out to the last digit; its exit code is 1 if one does not."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "plan, run, report or check, and SUITE.yaml",
                  .least = 2,
                  .most = 2,
                  .completes = KS_COMPLETE_CONFIG,
                  .names = "plan|run|report|check"},
    .examples = {{"kshot suite run configs/suites/kshot-suite-1.yaml --only point", "one domain of kshot's own suite"}},
    .run = run_command,
};
