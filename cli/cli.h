/* cli.h: what the subcommands share; each is a table (cli/option_table.h). Internal to this room, the only one that prints, exits and reads the terminal.
 *
 * A subcommand gets its own arguments (argv[0] is its name), fills *err and returns an exit code (interface: 0 done, 1 failed,
 * 2 wrong usage or input, 130 interrupted). main prints the error as one line. */
#ifndef KS_CLI_CLI_H
#define KS_CLI_CLI_H

#include "policy/policy_file.h"
#include "rl/protocol.h"
#include "rl/rl_evaluate.h"
#include "run/config.h"
#include "run/cores.h"
#include "run/opened.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>

/* ---- options ----------------------------------------------------------------------------------------------------------- */

/* getopt_long without its messages, for ks_command_read: the next option, -1 after the last, '?' with *err filled. Start with optind = 0.
 * Options without a short form have values from 256 on. Non-options are moved to the end (optind … argc-1). */
int ks_cli_option(int argc, char** argv, const char* short_options, const struct option* options, ks_error* err);

/* Exactly the named arguments must be left; otherwise false, naming what is missing or too much. */
bool ks_cli_arguments(int argc, char** argv, int count, const char* const* names, ks_error* err);

/* Numbers from an option's text. Errors: KS_BAD_INPUT naming the option and its range. */
bool ks_cli_int(const char* option, const char* text, int64_t min, int64_t max, int64_t* value, ks_error* err);
/* "A" or "A,B,…": at most max numbers; *count is how many there were. */
bool ks_cli_numbers(const char* option, const char* text, size_t max, double* values, size_t* count, ks_error* err);

/* A folder to write runs into: what -o says (given), or where it is NULL runs/NAME and `ending`, NAME being a file's without its own
 * ending. Errors: KS_BAD_INPUT (empty, too long). */
bool ks_cli_run_folder(char* out, size_t room, const char* given, const char* file, const char* ending, ks_error* err);

/* Whether the program can run here at all. Errors: KS_FAILED. */
bool ks_cli_check_processor(ks_error* err);

/* Early: whether an output file can be written: it must not exist unless force, and must not be "-" (ks_check_output). */
bool ks_cli_check_output(const char* path, bool force, ks_error* err);

/* An output, by whatever name, is none of the files that are read, which even --force does not replace by what came of them. NULL
 * is no file. Errors: KS_BAD_INPUT. */
bool ks_cli_check_apart(const char* output, const char* input, ks_error* err);

/* Says on stderr how many trajectories broke down, if any did: their returns are those of a part. */
void ks_cli_note_broken(size_t broken, size_t trajectories);

/* Prints an error as the one line that it is; an empty one is said elsewhere. main does it for what subcommands return. */
void ks_cli_say(const char* text);

/* Prints an object as JSON and frees it (NULL, or incomplete: memory was short). Returns an exit code. */
struct cJSON;
int ks_cli_print_json(struct cJSON* object, ks_error* err);

/* Exit code for what a library call said. */
int ks_cli_exit(bool ok, const ks_error* err);

/* ---- tasks -------------------------------------------------------------------------------------------------------------- */

/* A task (task_dim) from the text of --task: all its numbers, or NAME=VALUE for some, while the others are those of the first held-out
 * one of a seed; where it is NULL, that one. Says on stderr, unless quiet, if training never went there. Errors: KS_BAD_INPUT (no such numbers, or a task that the environment
 * does not know). */
bool ks_cli_task(double* task, const char* text, const ks_env_def* def, int64_t seed, bool quiet, ks_error* err);

/* Tasks (*count x task_dim) from a file: one a line, its numbers separated by commas. The caller frees them. Says on stderr,
 * unless quiet, if training never went to some of them. NULL on errors: KS_BAD_INPUT naming file and line. */
double* ks_cli_read_goals(const char* path, const ks_env_def* def, size_t* count, bool quiet, ks_error* err);
/* What it asks of every line's task, and says in the end. */
bool ks_cli_check_goal(const double* task, const ks_env_def* def, const char* path, size_t line, ks_error* err);
void ks_cli_note_goals(const double* tasks, size_t count, const ks_env_def* def, const char* path);

/* ---- policies ------------------------------------------------------------------------------------------------------------- */

typedef ks_opened ks_cli_policy;

/* ks_opened_open, and says on stderr, unless quiet, if tensors were converted. Errors: KS_BAD_INPUT. */
bool ks_cli_policy_open(ks_cli_policy* p, const char* argument, bool best, const char* env, bool quiet, ks_error* err);
/* Whether it is a policy, which acts in an environment, as a command needs. Errors: KS_BAD_INPUT. */
bool ks_cli_policy_acts(const ks_cli_policy* p, const char* command, ks_error* err);

/* ---- step sizes -------------------------------------------------------------------------------------------------------------- */

/* --keep-lr: puts the step sizes into the policy's file, and says so on `told`, which may be NULL. Check is early: whether they belong there, and the file can be written.
 * Errors: KS_BAD_INPUT (another environment; a training writes the run directory), KS_FAILED (not the policy that was opened any
 * more, disk). */
bool ks_cli_check_keep_lr(const ks_cli_policy* p, ks_error* err);
bool ks_cli_keep_lr(const ks_cli_policy* p, const double lr[KS_EVAL_MAX_STEPS], FILE* told, ks_error* err);

/* Where step sizes are listed: each step takes its own, and the last serves all further ones. */
bool ks_cli_lr(const char* text, double lr[KS_EVAL_MAX_STEPS], ks_error* err);

#endif
