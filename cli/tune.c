/* kshot tune: settings found by a search that is written down, on tasks and a seed that are not those of the results. */
#include "cli/tune.h"
#include "base/atomic_file.h"
#include "base/number.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/crew.h"
#include "cli/launcher.h"
#include "cli/option_table.h"
#include "cli/scores.h"
#include "cli/search_space.h"
#include "run/config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

typedef struct tune_options {
    const char* folder;
    ks_option_list fixed, search;
    int64_t trials, halvings, seed, steps, tasks;
    int64_t threads; /* 0: not said */
    bool quiet;
} tune_options;

typedef struct trial {
    double score[KS_TUNE_MAX_HALVINGS + 1]; /* of each rung, the higher the better; NaN: it did not get there */
    double last;                            /* of the rung that it is in */
    size_t number;
} trial;

typedef struct tuning {
    const tune_options* o;
    const char* config; /* its path */
    char folder[PATH_ROOM - 256];
    ks_config base; /* with the fixed settings */
    ks_search_space space;
    trial* trials;
    bool higher_is_better;
    int steps; /* gradient steps after which it is judged */
    int threads;
    bool quiet; /* so are the processes */
    ks_crew* crew;
    ks_error* err;
    /* of the first process: the rung that is under way, how many trials are in it, and which of them is next */
    int64_t rung, left, at;
} tuning;

/* ---- trials ------------------------------------------------------------------------------------------------------------------ */

/* what the last rung has of an amount, a half of it in the rung before, … */
static int64_t share_of(const tuning* t, int64_t amount, int64_t rung) {
    int64_t parts = (int64_t)1 << (t->o->halvings - rung);
    return (amount + parts - 1) / parts;
}

static bool trial_config(ks_config* config, const tuning* t, size_t number, ks_error* err) {
    char setting[KS_SEARCH_TEXT];
    *config = t->base;
    bool ok = true;
    for (int k = 0; ok && k < t->space.count; k++) {
        ks_search_draw(setting, &t->space, (uint64_t)t->o->seed, (uint32_t)number, k);
        ok = ks_config_set(config, setting, err);
    }
    return ok && ks_config_check(config, err);
}

static bool add_setting(ks_command_line* c, const char* key, int64_t value, ks_error* err) {
    char text[128];
    snprintf(text, sizeof text, "%s=%lld", key, (long long)value);
    return ks_command_line_add(c, "-s", err) && ks_command_line_add(c, text, err);
}

/* train CONFIG -s … -o DIR --resume=auto: the same run, further in every rung */
static bool train(const tuning* t, size_t number, int64_t rung, const char* directory, ks_error* err) {
    ks_command_line c = {0};
    char setting[KS_SEARCH_TEXT];
    bool ok = ks_command_line_add(&c, "kshot", err) && ks_command_line_add(&c, "train", err) &&
              ks_command_line_add(&c, t->config, err);
    for (int i = 0; ok && i < t->o->fixed.count; i++) {
        ok = ks_command_line_add(&c, "-s", err) && ks_command_line_add(&c, t->o->fixed.text[i], err);
    }
    for (int k = 0; ok && k < t->space.count; k++) {
        ks_search_draw(setting, &t->space, (uint64_t)t->o->seed, (uint32_t)number, k);
        ok = ks_command_line_add(&c, "-s", err) && ks_command_line_add(&c, setting, err);
    }
    ok = ok && add_setting(&c, "seed", t->o->seed, err) &&
         add_setting(&c, "iterations", share_of(t, t->base.iterations, rung), err) &&
         (t->base.rl.env_steps == 0 || add_setting(&c, "env_steps", share_of(t, t->base.rl.env_steps, rung), err)) &&
         ks_command_line_add(&c, "-o", err) && ks_command_line_add(&c, directory, err) &&
         ks_command_line_add(&c, "--resume=auto", err) && ks_command_line_add_common(&c, t->threads, t->quiet, err) &&
         ks_child_run(&c, ks_crew_watch(t->crew), err);
    ks_command_line_free(&c);
    return ok;
}

/* label: what it is an evaluation of */
static bool evaluate(const tuning* t, const char* directory, const char* csv, const char* label, ks_error* err) {
    ks_command_line c = {0};
    char steps[24], seed[24], tasks[24];
    snprintf(steps, sizeof steps, "%d", t->steps);
    snprintf(seed, sizeof seed, "%lld", (long long)t->o->seed);
    snprintf(tasks, sizeof tasks, "%lld", (long long)t->o->tasks);
    const char* const words[] = {"kshot", "eval",    directory, "--steps", steps, "--seed",  seed,      "--tasks",
                                 tasks,   "--label", label,     "-o",      csv,   "--force", "--split", "search"};
    size_t count = sizeof words / sizeof *words - (t->base.problem == KS_PROBLEM_images ? 0 : 2);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        ok = ks_command_line_add(&c, words[i], err);
    }
    ok = ok && ks_command_line_add_common(&c, t->threads, t->quiet, err) &&
         ks_child_run(&c, ks_crew_watch(t->crew), err);
    ks_command_line_free(&c);
    return ok;
}

/* Whether a budget is that of a rung, this one or a later one. */
static bool is_budget(const tuning* t, int64_t env_steps, int64_t rung) {
    for (; rung <= t->o->halvings; rung++) {
        if (env_steps == share_of(t, t->base.rl.env_steps, rung)) {
            return true;
        }
    }
    return false;
}

/* Whether what was done before in a trial's run directory was for this search. */
static bool is_ours(const tuning* t, size_t number, const char* directory, ks_error* err) {
    char path[PATH_ROOM + 16];
    ks_config ours, saved;
    snprintf(path, sizeof path, "%s/config.yaml", directory);
    ks_config_default(&saved);
    if (!trial_config(&ours, t, number, err) || !ks_config_read(&saved, path, err)) {
        return false;
    }
    ours.seed = t->o->seed;
    const char* key = ks_config_difference(&saved, &ours);
    key = key                                          ? key
          : !is_budget(t, saved.rl.env_steps, t->rung) ? "env_steps"
                                                       : ks_config_validation_difference(&saved, &ours);
    return !key || ks_fail(err, KS_BAD_INPUT, "%s is of another search (%s); -o names another folder", directory, key);
}

static bool read_score(const tuning* t, double* score, const char* csv, const char* label, ks_error* err) {
    ks_scores s;
    bool read = ks_scores_read(&s, csv, label, err);
    if (!read && err->code == KS_BAD_INPUT) {
        ks_error inner = *err;
        ks_fail(err, KS_BAD_INPUT, "%.400s; if it is of another search, -o names another folder", inner.text);
    }
    bool ok = read && ((s.tasks == (size_t)t->o->tasks && s.steps == t->steps) ||
                       ks_fail(err, KS_BAD_INPUT, "%s has %zu tasks and %d gradient steps; -o names another folder",
                               csv, s.tasks, s.steps));
    if (ok) {
        double mean = ks_scores_mean(&s, s.steps);
        *score = !isfinite(mean) ? -INFINITY : t->higher_is_better ? mean : -mean;
    }
    ks_scores_free(&s);
    return ok;
}

/* Where a trial is, and its evaluation after a rung. */
typedef struct place {
    char directory[PATH_ROOM], csv[PATH_ROOM + 64], label[64];
} place;

static void find_place(place* p, const tuning* t, size_t number, int64_t rung) {
    snprintf(p->directory, sizeof p->directory, "%s/trial-%03zu", t->folder, number);
    snprintf(p->csv, sizeof p->csv, "%s/rung-%lld.csv", p->directory, (long long)rung);
    snprintf(p->label, sizeof p->label, "%lld iterations", (long long)share_of(t, t->base.iterations, rung));
}

/* ---- trials that are done by whoever is free (cli/crew.h) -------------------------------------------------------------------- */

/* Trains and evaluates a trial, unless it was before. The job: its rung and its number. */
static bool do_trial(void* user, int64_t job, char note[256], ks_error* err) {
    const tuning* t = user;
    int64_t rung = job / KS_TUNE_MAX_TRIALS;
    size_t number = (size_t)(job % KS_TUNE_MAX_TRIALS);
    place p;
    (void)note;
    find_place(&p, t, number, rung);
    if (access(p.csv, F_OK) == 0) {
        return true;
    }
    if (!t->quiet) {
        fprintf(stderr, "== trial %zu, rung %lld\n", number, (long long)rung);
    }
    return train(t, number, rung, p.directory, err) && evaluate(t, p.directory, p.csv, p.label, err);
}

static bool next_trial(void* user, int64_t* job) {
    tuning* t = user;
    if (t->at == t->left) {
        return false;
    }
    *job = t->rung * KS_TUNE_MAX_TRIALS + (int64_t)t->trials[t->at++].number;
    return true;
}

static bool keep_trials(tuning* t);

/* Judges a trial. A training that breaks down is the worst there is; one that fails for another reason ends the search. */
static bool trial_done(void* user, int64_t job, const char* note, const ks_error* outcome, ks_error* err) {
    tuning* t = user;
    trial* r = t->trials;
    place p;
    (void)note;
    while (r->number != (size_t)(job % KS_TUNE_MAX_TRIALS)) {
        r++;
    }
    find_place(&p, t, r->number, t->rung);
    double* score = &r->score[t->rung];
    *score = -INFINITY;
    bool broke_down = outcome->code == KS_BROKE_DOWN; /* and has said so itself */
    if (outcome->code != KS_OK && !broke_down) {
        *err = *outcome;
        return false;
    }
    bool ok = broke_down || (is_ours(t, r->number, p.directory, err) && read_score(t, score, p.csv, p.label, err));
    r->last = *score;
    return ok && keep_trials(t);
}

/* ---- what is written --------------------------------------------------------------------------------------------------------- */

static bool write_trials(void* user, FILE* f) {
    const tuning* t = user;
    char setting[KS_SEARCH_TEXT];
    fprintf(f, "trial");
    for (int k = 0; k < t->space.count; k++) {
        fprintf(f, ",%s", t->space.keys[k].key);
    }
    for (int64_t r = 0; r <= t->o->halvings; r++) {
        fprintf(f, ",score_%lld_iterations", (long long)share_of(t, t->base.iterations, r));
    }
    fputc('\n', f);
    for (int64_t i = 0; i < t->o->trials; i++) {
        fprintf(f, "%zu", t->trials[i].number);
        for (int k = 0; k < t->space.count; k++) {
            ks_search_draw(setting, &t->space, (uint64_t)t->o->seed, (uint32_t)t->trials[i].number, k);
            const char* value = strchr(setting, '=') + 1;
            fprintf(f, strchr(value, ',') ? ",\"%s\"" : ",%s", value);
        }
        for (int64_t r = 0; r <= t->o->halvings; r++) {
            double score = t->trials[i].score[r];
            fputc(',', f);
            if (!isnan(score)) {
                ks_fprintf(f, "%.9g", isfinite(score) && !t->higher_is_better ? -score : score);
            }
        }
        fputc('\n', f);
    }
    return !ferror(f);
}

static bool keep_trials(tuning* t) {
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/trials.csv", t->folder);
    return ks_replace_file(path, write_trials, t, t->err);
}

static bool keep_best(const tuning* t, size_t number) {
    char path[PATH_ROOM];
    ks_config best;
    snprintf(path, sizeof path, "%s/best.yaml", t->folder);
    return trial_config(&best, t, number, t->err) && ks_config_save(&best, path, t->err);
}

/* ---- the search ----------------------------------------------------------------------------------------------------------------- */

static int by_score(const void* a, const void* b) {
    const trial *x = a, *y = b;
    return x->last != y->last ? (x->last < y->last) - (x->last > y->last)
                              : (x->number > y->number) - (x->number < y->number);
}

static bool search(tuning* t) {
    t->left = t->o->trials;
    for (t->rung = 0; t->rung <= t->o->halvings; t->rung++) {
        t->at = 0;
        if (!ks_crew_do(t->crew, t->err)) {
            return false;
        }
        qsort(t->trials, (size_t)t->left, sizeof *t->trials, by_score);
        t->left = t->rung < t->o->halvings ? (t->left + 1) / 2 : t->left;
    }
    return keep_trials(t) && (isfinite(t->trials[0].last) || ks_fail(t->err, KS_FAILED, "every trial broke down")) &&
           keep_best(t, t->trials[0].number);
}

/* ---- the command ------------------------------------------------------------------------------------------------------------- */

/* What the search itself sets. */
static bool check_key(const char* key, ks_error* err) {
    bool own = strcmp(key, "seed") == 0 || strcmp(key, "iterations") == 0 || strcmp(key, "env_steps") == 0;
    return !own || ks_fail(err, KS_BAD_INPUT, "--search: %s is set by the search (--seed, -s iterations=…)", key);
}

static bool read_all(tuning* t, ks_error* err) {
    const tune_options* o = t->o;
    ks_config_default(&t->base);
    bool ok = ks_config_read(&t->base, t->config, err);
    for (int i = 0; ok && i < o->fixed.count; i++) {
        ok = ks_config_set(&t->base, o->fixed.text[i], err);
    }
    for (int i = 0; ok && i < o->search.count; i++) {
        ok = ks_search_add(&t->space, o->search.text[i], err) && check_key(t->space.keys[i].key, err);
    }
    for (int64_t i = 0; ok && i < o->trials; i++) { /* better now than after hours */
        ks_config unused;
        ok = trial_config(&unused, t, (size_t)i, err);
        t->trials[i].number = (size_t)i;
        for (int r = 0; r <= KS_TUNE_MAX_HALVINGS; r++) {
            t->trials[i].score[r] = NAN;
        }
    }
    uint64_t most = ks_search_combinations(&t->space);
    if (ok && (uint64_t)o->trials > most) {
        ok = ks_fail(err, KS_BAD_INPUT,
                     "--trials %lld: --search lists %llu combinations of values; --trials %llu is all of them",
                     (long long)o->trials, (unsigned long long)most, (unsigned long long)most);
    }
    t->higher_is_better = ks_config_problem(&t->base)->higher_is_better;
    t->steps = o->steps >= 0 ? (int)o->steps : t->base.method == KS_MAML ? t->base.inner.steps : 0;
    return ok;
}

static void print_best(const tuning* t) {
    char setting[KS_SEARCH_TEXT];
    double score = t->trials[0].last;
    ks_fprintf(stdout, "%s/best.yaml: trial %zu, %s %.4g:", t->folder, t->trials[0].number,
               ks_config_problem(&t->base)->metric, t->higher_is_better ? score : -score);
    for (int k = 0; k < t->space.count; k++) {
        ks_search_draw(setting, &t->space, (uint64_t)t->o->seed, (uint32_t)t->trials[0].number, k);
        printf(" %s", setting);
    }
    putchar('\n');
}

static int run_together(tuning* t, ks_dist* dist) {
    bool leads = ks_dist_leads(dist);
    t->threads = t->o->threads > 0 ? (int)t->o->threads : ks_dist_threads(dist);
    t->quiet = t->o->quiet || !leads; /* one process alone tells of progress */
    t->crew = ks_crew_create(dist, &(ks_crew_jobs){t, do_trial, next_trial, trial_done}, t->err);
    if (!ks_dist_agree(dist, t->crew != NULL, t->err)) {
        ks_crew_destroy(t->crew);
        return ks_cli_exit(false, t->err);
    }
    int code;
    if (leads) {
        bool ok = search(t);
        if (ok) {
            print_best(t);
        }
        code = ks_cli_exit(ok, t->err);
        ks_crew_dismiss(t->crew, code);
    } else {
        code = ks_crew_serve(t->crew);
    }
    ks_crew_destroy(t->crew);
    return code;
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    tune_options o = {.trials = KS_TUNE_TRIALS, .seed = KS_TUNE_SEED, .steps = -1, .tasks = KS_TUNE_TASKS};
    tuning t = {.o = &o, .err = err};
    ks_dist* dist;
    if (!ks_cli_join(&dist, err)) {
        return KS_FAILED;
    }
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != 0) { /* no help was asked for */
        bool ok = code == KS_COMMAND_GO;
        t.config = ok ? argv[optind] : NULL;
        t.trials = ok ? calloc((size_t)o.trials, sizeof *t.trials) : NULL;
        ok = ok && (t.trials || ks_fail(err, KS_FAILED, "not enough memory")) &&
             ks_cli_run_folder(t.folder, sizeof t.folder, o.folder, t.config, "-tune", err) && read_all(&t, err);
        ok = ks_dist_agree(dist, ok, err);
        code = ok ? run_together(&t, dist) : ks_cli_exit(false, err);
    }
    free(t.trials);
    return ks_cli_leave(dist, code, err);
}

static const ks_option OPTIONS[] = {
    {"search", 0, "KEY=VALUES",
     "a setting that is tried: `KEY=A,B,C`, one of these; `KEY=LOW..HIGH`, a number between; `KEY=log:LOW..HIGH`, the "
     "same in its logarithm. Can be given for several; of whole numbers, list the values",
     KS_OPTION_LIST(tune_options, search), .required = true, .completes = KS_COMPLETE_SETTING},
    {"trials", 0, "N", "how many are drawn (default 16)", KS_OPTION_INT(tune_options, trials, 1, KS_TUNE_MAX_TRIALS)},
    {"halvings", 0, "H",
     "the first rung trains each with a 2^H-th of the iterations (and `env_steps`); the better half goes on with twice "
     "as many, H times (default 0: all are trained to the end)",
     KS_OPTION_INT(tune_options, halvings, 0, KS_TUNE_MAX_HALVINGS)},
    {"seed", 0, "N", "of the draws, trainings and tasks: one that is not reported (default 1000)",
     KS_OPTION_INT(tune_options, seed, 0, INT64_MAX)},
    {"tasks", 0, "N", "held-out tasks that a trial is judged on (default 40)",
     KS_OPTION_INT(tune_options, tasks, 1, 1000000)},
    {"steps", 0, "K",
     "gradient steps after which it is judged (default: as many as are trained for; 0 where nothing adapts)",
     KS_OPTION_INT(tune_options, steps, 0, 64)},
    KS_OPTION_ROW_SET(tune_options, fixed, "a setting of all trials"),
    {"output", 'o', "DIR",
     "trials.csv, best.yaml and a run directory a trial (default: runs/ and the config's name with -tune)",
     KS_OPTION_TEXT(tune_options, folder), .completes = KS_COMPLETE_FOLDER},
    KS_OPTION_ROW_THREADS(tune_options, threads),
    KS_OPTION_ROW_QUIET(tune_options, quiet),
    {0},
};

const ks_command ks_command_tune = {
    .name = "tune",
    .summary = "search for settings, by trials on tasks that are not reported",
    .usage = {"CONFIG --search KEY=VALUES [--search …] [--trials N] [--halvings H] [-o DIR]"},
    .about =
        {"Draws settings, trains with each, and judges them on held-out tasks: random search or, with --halvings, "
         "successive halving. trials.csv lists all of them, the best first; best.yaml is the config with the best.",
         "It can be stopped at any time: the same command goes on. Everything follows from --seed, so that the same "
         "command finds the same; also under `mpirun`, where processes share trials out among themselves."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "CONFIG", .least = 1, .most = 1, .completes = KS_COMPLETE_CONFIG},
    .examples = {{"kshot tune configs/point.yaml --search inner.lr=log:0.05..2 --search trpo.max_kl=0.01,0.02 "
                  "--halvings 2",
                  "sixteen trials, of which eight and then four go on"}},
    .run = run,
};
