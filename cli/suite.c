/* kshot suite: many trainings that are to be compared, from one file. */
#include "cli/suite.h"
#include "cli/cli.h"
#include "cli/crew.h"
#include "cli/launcher.h"
#include "cli/option_table.h"
#include "cli/terminal.h"
#include "run/directory.h"
#include "run/dist.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDER = KS_RUN_PATH - 256 };

typedef struct share {
    int64_t number, of; /* from 1 */
} share;

typedef struct arguments {
    const char *folder, *only;
    ks_option_list data;
    share share;
    int64_t threads; /* 0: not said */
    bool measure, again, quiet;
} arguments;

/* ---- verbs ------------------------------------------------------------------------------------------------------------------ */

typedef struct job job;

typedef struct suite_verb {
    const char* name;
    bool (*run)(job* j); /* on the first process */
    /* of verbs that all processes work for (cli/crew.h) */
    bool (*work)(void* user, int64_t line, char note[256], ks_error* err);
    bool (*tell)(const job* j, const char* name, const char* note); /* false: it is as bad as a failure */
} suite_verb;

/* of the command, on every process */
struct job {
    const arguments* a;
    const suite_verb* verb;
    ks_suite* suite;
    ks_suite_place place;
    ks_crew* crew;
    ks_error* err;
    /* of the first one: */
    bool searches;                 /* it hands out searches for settings, and lines after that */
    const ks_suite_line* searched; /* the last one whose search was handed out */
    size_t at, meant;              /* where it is in the suite */
    size_t done, wrong;            /* how many lines and searches were done, how many of them went wrong, */
    bool input;                    /* all of these for what they were given, */
    char which[256];               /* and what they are called, as far as there is room */
};

/* the lines that are meant, in order: the next from *i on, or NULL */
static ks_suite_line* next(const job* j, size_t* i, size_t* meant) {
    while (*i < j->suite->count) {
        ks_suite_line* line = &j->suite->lines[(*i)++];
        if (ks_suite_is_meant(line, j->a->only) &&
            (int64_t)((*meant)++ % (size_t)j->a->share.of) == j->a->share.number - 1) {
            return line;
        }
    }
    return NULL;
}

/* Whether nothing can be done of a line before somebody says where its images are. */
static bool lacks_data(const job* j, const ks_suite_line* line) {
    return *line->data_is && !*line->data && (j->a->again || ks_suite_look(line, &j->place) == KS_SUITE_OPEN);
}

/* Says once a domain that lines are left out for want of data. Errors: KS_BAD_INPUT if these are all. */
static bool tell_of_data(const job* j) {
    const ks_suite_line *line, *told = NULL;
    size_t all = 0, lacking = 0;
    ks_error text = {0};
    for (size_t i = 0, meant = 0; (line = next(j, &i, &meant)); all++) {
        lacking += lacks_data(j, line);
    }
    for (size_t i = 0, meant = 0; lacking > 0 && (line = next(j, &i, &meant));) {
        if (lacks_data(j, line) && (!told || strcmp(told->domain, line->domain) != 0)) {
            told = line;
            ks_fail(&text, KS_BAD_INPUT, "%s: lines are left out; --data %s=PATH says where its images are: %s",
                    line->domain, line->domain, line->data_is);
            if (lacking == all) {
                *j->err = text;
                return false;
            }
            ks_cli_say(text.text);
        }
    }
    return true;
}

/* Whether a line is of another domain or method than the one before it, which may be NULL. */
static bool begins(const ks_suite_line* line, const ks_suite_line* before) {
    return !before || strcmp(before->domain, line->domain) != 0 || strcmp(before->method, line->method) != 0;
}

static bool run_job(void* user, int64_t number, char note[256], ks_error* err);

static void state_text(char out[32], const job* j, const ks_suite_line* line, ks_suite_state state) {
    snprintf(out, 32, "%s",
             state == KS_SUITE_DONE          ? "done"
             : state == KS_SUITE_TO_EVALUATE ? "to be evaluated again"
             : lacks_data(j, line)           ? "needs --data"
                                             : "");
}

/* what `plan` adds up */
typedef struct total {
    size_t lines, done, unknown;
    double seconds;
} total;

static void print_cost(const ks_suite_cost* cost, double times) {
    char text[32];
    ks_cli_duration(text, sizeof text, times * cost->seconds);
    printf(" %8lld iterations %12.4g env steps %9s", (long long)ceil(times * (double)cost->iterations),
           times * cost->env_steps, text);
}

/* The row of the search for a line's settings. */
static void plan_search(const job* j, const ks_suite_line* line, const ks_suite_cost* cost, total* sum) {
    char name[KS_SUITE_SEARCH_NAME];
    ks_suite_search_name(name, line);
    printf("%-40s %-5s", name, line->found ? "done" : lacks_data(j, line) ? "needs --data" : "");
    if (cost) {
        print_cost(cost, ks_suite_search_share(line));
        sum->seconds += line->found ? 0 : ks_suite_search_share(line) * cost->seconds;
    }
    putchar('\n');
}

static bool plan(job* j) {
    const ks_suite_line *line, *before = NULL;
    ks_suite_cost cost = {0};
    char text[32];
    total sum = {0};
    for (size_t i = 0, meant = 0; (line = next(j, &i, &meant));) {
        ks_suite_state state = ks_suite_look(line, &j->place);
        bool measure = j->a->measure && !lacks_data(j, line);
        if (measure && begins(line, before) && !ks_suite_measure(&cost, line, j->place.threads, j->err)) {
            return ks_fail_in(j->err, line->name);
        }
        if (line->search.count > 0 && begins(line, before)) {
            plan_search(j, line, measure ? &cost : NULL, &sum);
        }
        before = line;
        sum.lines++;
        sum.done += state == KS_SUITE_DONE;
        sum.unknown += j->a->measure && !measure;
        state_text(text, j, line, state);
        printf("%-40s %-5s", line->name, text);
        if (measure) {
            print_cost(&cost, 1);
            sum.seconds += state == KS_SUITE_OPEN ? cost.seconds : 0;
        }
        putchar('\n');
    }
    printf("%s: %zu lines, %zu done", j->suite->name, sum.lines, sum.done);
    if (j->a->measure) {
        ks_cli_duration(text, sizeof text, sum.seconds);
        printf("; the others%s take about %s with %d threads, and their evaluations",
               sum.unknown ? ", but for those without data," : "", text, j->place.threads);
    }
    putchar('\n');
    return true;
}

/* ---- run and check, on several processes if there are ----------------------------------------------------------------------- */

/* A job is a line, by its number in the suite; or, counted from the end of the lines, the search for its settings. */
static bool is_search(const job* j, int64_t number) {
    return number >= (int64_t)j->suite->count;
}

static ks_suite_line* line_of(const job* j, int64_t number) {
    return &j->suite->lines[number % (int64_t)j->suite->count];
}

static void name_of(char out[KS_SUITE_SEARCH_NAME], const job* j, int64_t number) {
    if (is_search(j, number)) {
        ks_suite_search_name(out, line_of(j, number));
    } else {
        snprintf(out, KS_SUITE_SEARCH_NAME, "%s", line_of(j, number)->name);
    }
}

/* Whether there is something to do of a line, or of its search. */
static bool is_due(const job* j, ks_suite_line* line) {
    if (lacks_data(j, line)) {
        return false;
    }
    if (j->verb->work != run_job) {
        return ks_suite_is_there(line, &j->place);
    }
    return j->searches ? !ks_suite_know(line, &j->place)
                       : ks_suite_know(line, &j->place) && ks_suite_look(line, &j->place) != KS_SUITE_DONE;
}

static bool next_job(void* user, int64_t* number) {
    job* j = user;
    ks_suite_line* line;
    while ((line = next(j, &j->at, &j->meant))) {
        if (is_due(j, line) && (!j->searches || begins(line, j->searched))) {
            j->searched = line;
            *number = line - j->suite->lines + (j->searches ? (int64_t)j->suite->count : 0);
            return true;
        }
    }
    return false;
}

static void add_wrong(job* j, const char* name) {
    size_t used = strlen(j->which);
    if (used + strlen(name) + 8 < sizeof j->which) {
        snprintf(j->which + used, sizeof j->which - used, "%s%s", used ? ", " : "", name);
    } else if (strcmp(j->which + used - 3, "…") != 0) {
        snprintf(j->which + used, sizeof j->which - used, ", …");
    }
    j->wrong++;
}

static bool job_done(void* user, int64_t number, const char* note, const ks_error* outcome, ks_error* err) {
    job* j = user;
    char name[KS_SUITE_SEARCH_NAME];
    name_of(name, j, number);
    (void)err;
    j->done++;
    if (outcome->code == KS_OK) {
        j->wrong += j->verb->tell(j, name, note) ? 0 : 1;
    } else if (outcome->code != KS_INTERRUPTED) {
        ks_error text = *outcome;
        if (*text.text) {
            ks_fail_in(&text, name);
            ks_cli_say(text.text);
        }
        j->input = (j->wrong == 0 || j->input) && outcome->code == KS_BAD_INPUT;
        add_wrong(j, name);
    }
    return true; /* whatever came of it, the others go on */
}

static bool run_job(void* user, int64_t number, char note[256], ks_error* err) {
    const job* j = user;
    ks_suite_line* line = line_of(j, number);
    char name[KS_SUITE_SEARCH_NAME];
    name_of(name, j, number);
    if (!j->place.quiet) {
        fprintf(stderr, "== %s\n", name);
    }
    if (is_search(j, number)) {
        return ks_suite_search(line, &j->place, note, err);
    }
    return (ks_suite_know(line, &j->place) || ks_fail(err, KS_FAILED, "its search was taken away")) &&
           ks_suite_run(line, &j->place, note, err);
}

static bool tell_run(const job* j, const char* name, const char* note) {
    if (!*note) {
        printf("%s done\n", name);
        fflush(stdout);
    } else if (!j->a->quiet) {
        fprintf(stderr, "%s: %s\n", name, note);
    }
    return true;
}

/* Lines whose settings are not found yet. */
static size_t count_waiting(const job* j) {
    size_t count = 0;
    ks_suite_line* line;
    for (size_t i = 0, meant = 0; (line = next(j, &i, &meant));) {
        count += !lacks_data(j, line) && !ks_suite_know(line, &j->place);
    }
    return count;
}

static bool run(job* j) {
    ks_suite_line *line, *before = NULL;
    for (size_t i = 0, meant = 0; (line = next(j, &i, &meant));) {
        if (begins(line, before) && ks_suite_look(line, &j->place) != KS_SUITE_DONE && !lacks_data(j, line)) {
            if (!ks_suite_check_options(line, j->err)) {
                return false;
            }
            before = line;
        }
    }
    if (!tell_of_data(j)) {
        return false;
    }
    j->searches = true;
    bool ok = ks_crew_do(j->crew, j->err);
    bool searched = j->done > 0;
    size_t failed = j->wrong;
    j->searches = false;
    j->at = j->meant = 0;
    if (!ok || !ks_crew_do(j->crew, j->err)) {
        return false;
    }
    size_t waiting = count_waiting(j);
    if (waiting > 0 && !j->a->quiet) {
        fprintf(stderr, "kshot: %zu lines were not begun: %s; the same command goes on\n", waiting,
                failed > 0 ? "their search failed, or another process is at it" : "another process is at their search");
    }
    return j->wrong == 0 ||
           ks_fail(j->err, j->input ? KS_BAD_INPUT : KS_FAILED, "%s: %zu of %zu %s failed: %s", j->suite->name,
                   j->wrong, j->done, searched ? "searches and lines" : "lines", j->which);
}

static bool check_line(void* user, int64_t number, char note[256], ks_error* err) {
    const job* j = user;
    return ks_suite_check(note, &j->suite->lines[number], &j->place, j->a->again, err);
}

static bool tell_check(const job* j, const char* name, const char* note) {
    (void)j;
    printf("%-40s %s\n", name, *note ? note : "the same");
    fflush(stdout);
    return !*note;
}

/* Says how many lines there is nothing of yet. Errors: KS_BAD_INPUT if these are all. */
static bool tell_of_missing(const job* j) {
    const ks_suite_line *line, *first = NULL;
    size_t there = 0, missing = 0;
    for (size_t i = 0, meant = 0; (line = next(j, &i, &meant));) {
        bool lacks = !ks_suite_is_there(line, &j->place);
        first = lacks && !first ? line : first;
        missing += lacks && !lacks_data(j, line);
        there += !lacks;
    }
    if (missing > 0 && there == 0) {
        return ks_fail(j->err, KS_BAD_INPUT, "%s is not done: `kshot suite run` does it", first->name);
    }
    if (missing > 0) {
        fprintf(stderr, "kshot: %zu lines are left out: they are not done yet; `kshot suite run` does them\n", missing);
    }
    return true;
}

static bool check(job* j) {
    return tell_of_missing(j) && tell_of_data(j) && ks_crew_do(j->crew, j->err) &&
           (j->wrong == 0 || ks_fail(j->err, KS_FAILED, "%s: %zu of %zu lines did not come out the same",
                                     j->suite->name, j->wrong, j->done));
}

static bool report(job* j) {
    size_t stale = 0;
    for (size_t i = 0; i < j->suite->count; i++) {
        stale += ks_suite_look(&j->suite->lines[i], &j->place) == KS_SUITE_TO_EVALUATE;
    }
    if (!ks_suite_report(j->suite, &j->place, j->err)) {
        return false;
    }
    printf("%s/table.md and results.csv written\n", j->place.folder);
    if (stale > 0) {
        fprintf(stderr, "kshot: %zu lines are left out: they are to be evaluated again, by `kshot suite run`\n", stale);
    }
    return true;
}

static const suite_verb VERBS[] = {{"plan", plan, NULL, NULL},
                                   {"run", run, run_job, tell_run},
                                   {"report", report, NULL, NULL},
                                   {"check", check, check_line, tell_check}};

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
static bool check_options(const arguments* a, const char* verb, size_t processes, ks_error* err) {
    bool chosen = a->only || a->share.of > 1, report = strcmp(verb, "report") == 0;
    const char* wrong = a->measure && strcmp(verb, "plan") != 0  ? "--measure goes with plan"
                        : a->again && strcmp(verb, "check") != 0 ? "--again goes with check"
                        : chosen && report                       ? "report is of all lines that are done"
                        : a->data.count > 0 && report            ? "--data goes with plan, run and check"
                        : a->share.of > 1 && processes > 1
                            ? "--share is for runs of their own; processes of one MPI job share lines out by themselves"
                            : NULL;
    return !wrong || ks_fail(err, KS_BAD_INPUT, "suite %s: %s", verb, wrong);
}

static bool check_only(const ks_suite* suite, const char* only, ks_error* err) {
    for (size_t i = 0; i < suite->count; i++) {
        if (ks_suite_is_meant(&suite->lines[i], only) && (!only || *only)) {
            return true;
        }
    }
    return ks_fail(err, KS_BAD_INPUT,
                   "--only: no line of %s is '%s'; `kshot suite plan` lists them (a search is done with its lines)",
                   suite->name, only);
}

static const suite_verb* find_verb(const char* name, ks_error* err) {
    for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++) {
        if (strcmp(name, VERBS[i].name) == 0) {
            return &VERBS[i];
        }
    }
    ks_fail(err, KS_BAD_INPUT, "suite: '%s' is none of plan, run, report and check", name);
    return NULL;
}

static bool prepare(job* j, ks_suite* suite, char folder[FOLDER], char** words, size_t processes) {
    const arguments* a = j->a;
    ks_error* err = j->err;
    bool ok = (j->verb = find_verb(words[0], err)) && ks_cli_run_folder(folder, FOLDER, a->folder, words[1], "", err) &&
              check_options(a, words[0], processes, err) && ks_suite_read(suite, words[1], err) &&
              check_only(suite, a->only, err);
    for (int i = 0; ok && i < a->data.count; i++) {
        ok = ks_suite_give_data(suite, a->data.text[i], err);
    }
    j->suite = suite;
    j->place.folder = folder;
    return ok;
}

static int run_together(job* j, ks_dist* dist) {
    bool leads = ks_dist_leads(dist);
    const ks_crew_jobs jobs = {j, j->verb->work, next_job, job_done};
    j->place.threads = j->a->threads > 0 ? (int)j->a->threads : ks_dist_threads(dist);
    j->place.quiet = j->a->quiet || !leads; /* one process alone tells of progress */
    j->crew = ks_crew_create(dist, &jobs, j->err);
    if (!ks_dist_agree(dist, j->crew != NULL, j->err)) {
        ks_crew_destroy(j->crew);
        return ks_cli_exit(false, j->err);
    }
    j->place.watch = ks_crew_watch(j->crew);
    for (size_t i = 0; i < j->suite->count; i++) {
        ks_suite_know(&j->suite->lines[i], &j->place);
    }
    int code;
    if (leads) {
        code = ks_cli_exit(j->verb->run(j), j->err);
        ks_crew_dismiss(j->crew, code);
    } else {
        code = ks_crew_serve(j->crew);
    }
    ks_crew_destroy(j->crew);
    return code;
}

static int run_command(const ks_command* self, int argc, char** argv, ks_error* err) {
    arguments a = {.share = {1, 1}};
    job j = {.a = &a, .err = err};
    ks_suite suite = {0};
    char folder[FOLDER];
    ks_dist* dist;
    if (!ks_cli_join(&dist, err)) {
        return KS_FAILED;
    }
    int code = ks_command_read(&a, self, argc, argv, err);
    if (code != 0) { /* no help was asked for */
        bool ok = code == KS_COMMAND_GO && prepare(&j, &suite, folder, argv + optind, ks_dist_team(dist).size);
        ok = ks_dist_agree(dist, ok, err);
        code = ok ? run_together(&j, dist) : ks_cli_exit(false, err);
    }
    ks_suite_free(&suite);
    return ks_cli_leave(dist, code, err);
}

static const ks_option OPTIONS[] = {
    {"output", 'o', "DIR", "where runs are, as DIR/DOMAIN/METHOD/SEED (default: runs/ and the file's name)",
     KS_OPTION_TEXT(arguments, folder), .completes = KS_COMPLETE_FOLDER},
    {"only", 0, "PART", "lines of this `DOMAIN`, `DOMAIN/METHOD` or `DOMAIN/METHOD/SEED`; `*` is any",
     KS_OPTION_TEXT(arguments, only)},
    {"share", 0, "I/N",
     "of these lines every N-th, from the I-th on: for N machines or jobs at once that share no disk",
     KS_OPTION_OWN(arguments, share, take_share)},
    {"data", 0, "DOMAIN=PATH",
     "where the images of a domain are that are not part of kshot, as Omniglot's archives; can be given for several",
     KS_OPTION_LIST(arguments, data), .completes = KS_COMPLETE_FOLDER},
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
    .about =
        {"Trains and evaluates every combination of domains, methods and seeds that a file lists.",
         "`plan` lists the lines, and which of them are done. `run` trains and evaluates what is not done yet; it "
         "can be stopped at any time, and the same command goes on. `report` writes results.csv, table.md and a "
         "figure a domain into DIR: means, interquartile means, and intervals over runs. `check` evaluates "
         "again, and says whether every number comes out to the last digit; its exit code is 1 if one does not.",
         "Where the file has `tune`, `run` first searches for settings, as `kshot tune` does, once for each domain and "
         "method. Where `evaluate` of the file has changed, `run` evaluates again, without training. A line that "
         "fails does not end the others. Several processes share lines out among themselves: those that `mpirun` "
         "starts, and those that are given the same command on the same disk (docs/suite.md)."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "plan, run, report or check, and SUITE.yaml",
                  .least = 2,
                  .most = 2,
                  .completes = KS_COMPLETE_CONFIG,
                  .names = "plan|run|report|check"},
    .examples = {{"kshot suite run configs/suites/kshot-suite-1.yaml --only point", "one domain of kshot's own suite"}},
    .run = run_command,
};
