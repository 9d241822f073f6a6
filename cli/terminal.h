/* terminal.h: what of the terminal the command may use. Progress is a comfort: whether it can be told never decides how a
 * command ends, nor how long it takes.
 * Thread rule: the main thread. */
#ifndef KS_CLI_TERMINAL_H
#define KS_CLI_TERMINAL_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether a line behind `file` can be drawn anew ("\r\033[K…"): it is a terminal that knows escape sequences (TERM is neither
 * unset nor "dumb"), and the user has not asked for plain text (NO_COLOR). */
bool ks_cli_live(FILE* file);

/* Columns of the terminal behind `file`; 80 if it is none, or does not say. */
size_t ks_cli_width(FILE* file);

/* Writes text to `file` if whoever reads it takes it now: what a stopped terminal or a full pipe would wait for, and what a
 * closed one refuses, is left out. For progress and warnings. */
void ks_cli_tell(FILE* file, const char* text);

/* A time as people say it: "12 s", "5 min", "3.4 h". */
void ks_cli_duration(char* out, size_t room, double seconds);

/* Opens /dev/null in place of descriptors 0, 1 and 2 that are closed, so that no file of ours becomes standard output or
 * standard error. To be called before anything is opened. */
void ks_cli_open_standard_streams(void);

/* From here on what is printed on stdout goes nowhere. Errors: KS_FAILED (no /dev/null). */
bool ks_cli_silence_output(ks_error* err);

/* Whether nobody reads `file` any more: a pipe or socket whose other end is closed, as of `| head`. */
bool ks_cli_reader_gone(FILE* file);

#endif
