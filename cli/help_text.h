/* help_text.h: text as wide as the terminal, and the help of a command. Internal to this room.
 * Thread rule: the main thread. */
#ifndef KS_CLI_HELP_TEXT_H
#define KS_CLI_HELP_TEXT_H

#include "cli/option_table.h"

#include <stdio.h>

/* Columns to fill: those of the terminal behind `out`, 100 at most and 40 at least; 100 if it is none. */
int ks_help_width(FILE* out);

/* Text (UTF-8) in lines of at most `width` columns, those after the first from column `indent` on. `column` is where the first one
 * begins: so much stands in it already. Ends with a line feed. */
void ks_help_wrap(FILE* out, int width, int column, int indent, const char* text);

/* Two columns: a name, and from column `column` on a text. A name that is too long for its own has a line to itself. */
void ks_help_row(FILE* out, int width, int column, const char* name, const char* text);

/* How an option is written: "-o, --output FILE", "--steps K", "--resume[=auto]". */
enum { KS_OPTION_FORM = 80 };
void ks_help_option_form(char form[KS_OPTION_FORM], const ks_option* row);

/* What `kshot COMMAND --help` says of every command. */
void ks_help_command(const ks_command* command, FILE* out);

#endif
