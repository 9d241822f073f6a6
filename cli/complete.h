/* complete.h: completion of command lines. The shells' scripts ask the program itself, which knows its tables. Internal to this room.
 * Thread rule: pure, but for what is printed. */
#ifndef KS_CLI_COMPLETE_H
#define KS_CLI_COMPLETE_H

#include "base/error.h"

#include <stdio.h>

/* Prints what may stand in place of the last of the words (count >= 1, the first is the program, the last may be ""): a line for each
 * word, a tab, and what it is. A word that ends in = goes on. Also lines for the shell to do the rest: ":files" or ":files SUFFIX" for
 * files (of that suffix) and folders, ":folders" for folders. Prints nothing where it does not know. Errors: KS_FAILED. */
bool ks_complete(int count, char** words, FILE* out, ks_error* err);

#define KS_COMPLETION_SHELLS "bash|zsh|fish"
extern const char* const ks_completion_scripts[]; /* of these, in that order */

#endif
