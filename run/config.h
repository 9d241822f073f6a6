/* config.h: the settings of a training run, and the one table that parses, checks, prints and documents them. Its rows stand
 * with what they set: here, and in the rooms of the problems, outer steps, models and inner steps.
 *
 * Thread rule: plain data. */
#ifndef KS_RUN_CONFIG_H
#define KS_RUN_CONFIG_H

#include "maml/maml.h"
#include "policy/policy_file.h"
#include "policy/settings.h"
#include "run/kinds.h"

#include <stdio.h>

#define KS_CONFIG_PROBLEM(name) ks_##name##_settings name;
#define KS_CONFIG_OUTER(name) ks_outer_##name##_settings name;

enum { KS_LOG_NONE, KS_LOG_TENSORBOARD };

typedef struct ks_config {
    int problem;                   /* KS_PROBLEM_… */
    int outer;                     /* KS_OUTER_… */
    int method;                    /* ks_method */
    int64_t seed;                  /* 0 … 2^63-1 */
    char start_from[KS_PATH_ROOM]; /* the absolute path of a policy file, or "" */
    int iterations;                /* 0 writes an untrained model: the random baseline */
    int tasks;                     /* per iteration */
    int checkpoint_every;          /* iterations */
    int validate_every;            /* iterations; 0: never */
    int validation_tasks;
    int validate_patience;   /* looks without a new best after which training goes back to it, or stops; 0: never */
    int validate_recoveries; /* how often it goes back */
    int log;                 /* KS_LOG_…: where the numbers of progress.csv go, too */
    ks_policy_config policy;
    ks_inner_settings inner;
    KS_PROBLEM_KINDS(KS_CONFIG_PROBLEM) /* rl, sinusoid, …: of the problem that is chosen, that one counts */
    KS_OUTER_KINDS(KS_CONFIG_OUTER)     /* trpo, adam, …: likewise */
    bool given[KS_SETTINGS_MAX];        /* rows of the table that somebody has set */
} ks_config;

/* All defaults of the table. */
void ks_config_default(ks_config* config);

/* Reads a YAML file onto *config (keys that it does not name keep their values). Every key is checked against the table.
 * Errors: KS_BAD_INPUT as `FILE:LINE: KEY: …` with the nearest known name, or the type or range that would be right. */
bool ks_config_read(ks_config* config, const char* path, ks_error* err);
/* One `-s` option: "trpo.max_kl=0.02"; the value is YAML. Errors: KS_BAD_INPUT. */
bool ks_config_set(ks_config* config, const char* assignment, ks_error* err);
/* Sets a key of type TEXT to text that is no YAML, as of an option. Errors: KS_BAD_INPUT. */
bool ks_config_set_text(ks_config* config, const char* key, const char* text, ks_error* err);
/* The environment as an option names it: by name, or by a path from the working directory. Errors: KS_BAD_INPUT. */
bool ks_config_set_env(ks_config* config, const char* env, ks_error* err);
/* Makes paths (of an environment's file, of start_from) absolute, from `folder` (NULL: the working directory). Errors: KS_BAD_INPUT (too long). */
bool ks_config_resolve(ks_config* config, const char* folder, ks_error* err);
/* Notes that a row was set; where it chooses the problem, that problem's defaults are set of all rows that nobody has. */
void ks_config_note(ks_config* config, int row);
/* Whether what an assignment ("adam.lr=0.1") sets counts, as problem and outer step are; or why not: why (KS_SETTINGS_WHY). */
bool ks_config_reads(const ks_config* config, const char* assignment, char* why);
/* What no single key can say: keys belong to the problem, the environment exists, sizes fit each other. Errors: KS_BAD_INPUT. */
bool ks_config_check(const ks_config* config, ks_error* err);

/* Every field that counts as YAML that reads back exactly; with comments (unit and range) if asked. Returns false on a write error. */
bool ks_config_write(const ks_config* config, FILE* file, bool comments);
/* Writes it to a path, with comments, atomically; paths (of an environment's file, of start_from) become relative to it. Errors: KS_FAILED. */
bool ks_config_save(const ks_config* config, const char* path, ks_error* err);
/* First key in which the two differ, or NULL. Keys that may change on resume (iterations, checkpoint_every, …) do not count. */
const char* ks_config_difference(const ks_config* a, const ks_config* b);
/* Of those that may: the first by which another model would be the best, or the run be over before; NULL. Not how long it is. */
const char* ks_config_validation_difference(const ks_config* a, const ks_config* b);

/* Where things are on this machine is not kept with models. Missing: the first such key on which it depends what is learned from, and
 * that nobody has set; NULL: none. Take: sets those that are missing as another config has them. */
const char* ks_config_missing(const ks_config* config);
void ks_config_take_missing(ks_config* config, const ks_config* from);

/* The run directory, where the problem may keep what it has read; it stands in no file. */
void ks_config_set_folder(ks_config* config, const char* folder);
/* How many threads may read files; likewise. */
void ks_config_set_threads(ks_config* config, int threads);

/* ---- what follows from a config -------------------------------------------------------------------------------------------- */

const ks_problem_kind* ks_config_problem(const ks_config* config);
const ks_outer_kind* ks_config_outer(const ks_config* config);
/* What is trained on: the environment (the file's name, without its folder), or the problem's own name. */
const char* ks_config_name(const ks_config* config);
/* Of the problem and the outer step that are chosen. */
const void* ks_config_problem_settings(const ks_config* config);
const void* ks_config_outer_settings(const ks_config* config);

/* Whether a run is over, by its iterations or by what they took of environment steps. */
bool ks_config_is_done(const ks_config* config, int64_t iterations, uint64_t env_steps);

/* The settings of the library's objects. The config must outlive what is made of them. */
ks_maml_settings ks_config_maml(const ks_config* config, int threads);
/* Errors: KS_BAD_INPUT naming the key. */
bool ks_config_policy(ks_policy_settings* settings, const ks_config* config, const ks_problem* problem, ks_error* err);
/* How a model of this run came to be, after so many iterations. */
ks_policy_info ks_config_info(const ks_config* config, const ks_problem* problem, int64_t iteration);

#endif
