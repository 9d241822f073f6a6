/* suite.h: a suite of comparisons as a file (docs/suite.md): domains, methods and seeds, each combination of which is one line: a
 * training and its evaluation, as two commands that anybody can give by hand.
 *
 * Thread rule: the main thread. */
#ifndef KS_CLI_SUITE_H
#define KS_CLI_SUITE_H

#include "base/lock.h"
#include "base/path.h"
#include "cli/child.h"
#include "run/config.h"

enum { KS_SUITE_NAME = 64, KS_SUITE_SEEDS = 64, KS_SUITE_DATA = 160 };

typedef struct ks_suite_line {
    char domain[KS_SUITE_NAME], method[KS_SUITE_NAME];
    int64_t seed;
    char name[2 * KS_SUITE_NAME + 32]; /* DOMAIN/METHOD/SEED: its run directory within the suite's */
    ks_command_line train;             /* `train CONFIG -s …`: without the seed, -o and -j */
    ks_command_line eval;              /* options of `eval` alone: `--tasks 40 …` */
    ks_command_line search; /* options of `tune` alone: `--search KEY=… --trials 16`; none: nothing is searched for */
    bool found;             /* what that search has found is among the settings of `train` */
    char goals[KS_PATH_ROOM];    /* where the file of its --goals is; "": it has none */
    char data_is[KS_SUITE_DATA]; /* what images the user has to give; "": none, all is there */
    char data[KS_PATH_ROOM];     /* where they are; "": not given */
} ks_suite_line;

typedef struct ks_suite {
    char name[KS_SUITE_NAME];
    ks_suite_line* lines;
    size_t count;
} ks_suite;

/* Reads a suite. Every line's config is read and checked. Free it with ks_suite_free, also after errors. Errors: KS_BAD_INPUT naming file
 * and line, or the suite's line and the config's key; KS_FAILED (memory). */
bool ks_suite_read(ks_suite* suite, const char* path, ks_error* err);
void ks_suite_free(ks_suite* suite);

/* Takes "DOMAIN=DIR": where a domain's images are, which are not part of the suite. Errors: KS_BAD_INPUT (no such domain, it takes none,
 * nothing is there). */
bool ks_suite_give_data(ks_suite* suite, const char* text, ks_error* err);

/* The config of a line. Errors: KS_BAD_INPUT. */
bool ks_suite_config(ks_config* config, const ks_suite_line* line, ks_error* err);

/* The key in which a config file is another than the line's, whatever its seed if asked; NULL: none; "config.yaml" if one of them cannot be
 * read. */
const char* ks_suite_difference(const ks_suite_line* line, const char* path, bool any_seed);

/* Whether a line is meant by DOMAIN, DOMAIN/METHOD or DOMAIN/METHOD/SEED, each of which may be `*`; NULL means all. */
bool ks_suite_is_meant(const ks_suite_line* line, const char* only);

/* ---- what is done with lines ------------------------------------------------------------------------------------------------ */

typedef struct ks_suite_place {
    const char* folder; /* of the whole suite */
    int threads;
    bool quiet;                  /* so are the processes */
    const ks_child_watch* watch; /* of the processes that are started; NULL: none */
} ks_suite_place;

/* A file in the run directory of a line; "": the directory. */
enum { KS_SUITE_PATH = 4096 };
void ks_suite_path(char out[KS_SUITE_PATH], const ks_suite_line* line, const ks_suite_place* place, const char* file);
/* Whether there is an evaluation of it. */
bool ks_suite_is_there(const ks_suite_line* line, const ks_suite_place* place);
/* A line, or a search, for this process alone: by a lock beside its directory, which is called `what`. NULL without an error: another
 * process has it, which note says. */
ks_lock* ks_suite_claim(const ks_suite_line* line, const ks_suite_place* place, const char* what, char note[256],
                        ks_error* err);

/* ---- settings that are searched for ------------------------------------------------------------------------------------------------
 *
 * Each domain and method has one search, `kshot tune` into DOMAIN/METHOD/tune, which all of its seeds are trained with the best of. */

enum { KS_SUITE_SEARCH_NAME = sizeof((ks_suite_line*)0)->name + 8 };

/* "DOMAIN/METHOD/tune", and a file in it; "": the directory */
void ks_suite_search_name(char out[KS_SUITE_SEARCH_NAME], const ks_suite_line* line);
void ks_suite_search_path(char out[KS_SUITE_PATH], const ks_suite_line* line, const ks_suite_place* place,
                          const char* file);
/* Adds what the search of a line has found to its settings. false: it has one, which is not done, or was another. */
bool ks_suite_know(ks_suite_line* line, const ks_suite_place* place);
/* Searches, or goes on where it was stopped, and adds what was found. note, errors: as ks_suite_run; KS_FAILED also if what was found
 * is not the line's. */
bool ks_suite_search(ks_suite_line* line, const ks_suite_place* place, char note[256], ks_error* err);
/* The value of an option of it, a whole number; otherwise: what it is where nobody says. */
int64_t ks_suite_search_option(const ks_suite_line* line, const char* name, int64_t otherwise);
/* What it costs, in trainings of the line. */
double ks_suite_search_share(const ks_suite_line* line);

/* ---- training and evaluation ---------------------------------------------------------------------------------------------------- */

/* Adds CONFIG -s … of a line, for `train` and `tune`: all settings but the seed. */
bool ks_suite_add_settings(ks_command_line* command, const ks_suite_line* line, ks_error* err);

typedef enum ks_suite_state {
    KS_SUITE_OPEN,        /* its search is not done, or it is not trained to its end, or not evaluated after that */
    KS_SUITE_TO_EVALUATE, /* trained, and evaluated with other options than the suite has now, or than is known */
    KS_SUITE_DONE,
} ks_suite_state;
ks_suite_state ks_suite_look(const ks_suite_line* line, const ks_suite_place* place);

/* Whether `kshot eval` and `kshot tune` take a line's options: better known now than after the training. Errors: as ks_child_run. */
bool ks_suite_check_options(const ks_suite_line* line, ks_error* err);
/* Trains a line, of which all is known (ks_suite_know), or goes on where it was stopped, and evaluates it into eval.csv of its run directory, each in a process of its own.
 * What has been done of it stays. note: empty, or why there was nothing to do here. Errors: what they said (their texts are on stderr
 * already, and err has none); KS_INTERRUPTED; KS_FAILED. */
bool ks_suite_run(const ks_suite_line* line, const ks_suite_place* place, char note[256], ks_error* err);

/* Options with their values, one a line, sorted or in order. The caller frees it. NULL: no memory. */
char* ks_suite_options_text(const ks_command_line* options, bool in_order);
/* Writes such a text into a file, in place of what is there; NULL is short of memory. Errors: KS_FAILED. */
bool ks_suite_write_options(const char* path, const char* text, ks_error* err);
/* eval.options beside eval.csv: the options that it was evaluated with, one a line, sorted, and then the sum of the policy that it
 * was of. */
typedef enum ks_options_state {
    KS_OPTIONS_UNKNOWN,     /* there is no such file, or an old one, without the sum */
    KS_OPTIONS_OTHER,       /* than the suite's */
    KS_OPTIONS_OTHER_MODEL, /* than the policy that is there now */
    KS_OPTIONS_SAME,
} ks_options_state;
ks_options_state ks_suite_options(const ks_suite_line* line, const ks_suite_place* place);
/* Beforehand, and afterwards: whoever is killed in between leaves no file. Errors: KS_FAILED. */
bool ks_suite_forget_options(const ks_suite_line* line, const ks_suite_place* place, ks_error* err);
bool ks_suite_keep_options(const ks_suite_line* line, const ks_suite_place* place, ks_error* err);

/* Does a line again, and compares to the last byte: the config with the suite's, the evaluation with eval.csv and, with again,
 * a new training with the run directory. text: empty where it came out so, else where it did not. Errors: KS_FAILED,
 * KS_INTERRUPTED. */
bool ks_suite_check(char text[256], const ks_suite_line* line, const ks_suite_place* place, bool again, ks_error* err);

/* What a line takes on this machine, as far as one iteration tells. */
typedef struct ks_suite_cost {
    int64_t iterations;
    double env_steps, seconds;
} ks_suite_cost;
bool ks_suite_measure(ks_suite_cost* cost, const ks_suite_line* line, int threads, ks_error* err);

/* Writes results.csv, table.md and a figure a domain into the suite's folder, of all lines that are done. Errors: KS_BAD_INPUT (none is),
 * KS_FAILED. */
bool ks_suite_report(const ks_suite* suite, const ks_suite_place* place, ks_error* err);

#endif
