/* child.h: this program run once more, for commands that consist of others: what they do, anybody can do by hand.
 * Thread rule: the main thread. */
#ifndef KS_CLI_CHILD_H
#define KS_CLI_CHILD_H

#include "base/error.h"

enum { KS_COMMAND_LINE_WORDS = 512 };

/* Words, and NULL behind them once it is run. Starts as {0}. */
typedef struct ks_command_line {
    char* word[KS_COMMAND_LINE_WORDS];
    int count;
} ks_command_line;

/* Adds copies. Errors: KS_BAD_INPUT (too many), KS_FAILED. */
bool ks_command_line_add(ks_command_line* line, const char* word, ks_error* err);
bool ks_command_line_add_all(ks_command_line* to, const ks_command_line* from, ks_error* err);
/* -j N, and -q where the command was given it */
bool ks_command_line_add_common(ks_command_line* line, int threads, bool quiet, ks_error* err);
void ks_command_line_free(ks_command_line* line);

/* What is done while a process runs, some fifty times a second; it ends in good order once stop says so. */
typedef struct ks_child_watch {
    bool (*stop)(void* user);
    void* user;
} ks_child_watch;

/* Runs the program in a process of its own; the first word is what it is called. What it prints goes nowhere; what it says of errors and
 * progress goes to stderr. Signals that end commands in good order are passed on. Of an MPI job that this process belongs to, it knows
 * nothing. watch: NULL is none. Errors: the code of what it failed for, with an empty text, since its own stands on stderr already;
 * KS_INTERRUPTED; KS_FAILED. */
bool ks_child_run(ks_command_line* line, const ks_child_watch* watch, ks_error* err);

/* Whether this process was started by ks_child_run: its exit code may then be KS_BROKE_DOWN. */
bool ks_child_is(void);

#endif
