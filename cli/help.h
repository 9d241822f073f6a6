/* help.h: what main says where no command is named, or none of ours. Internal to this room.
 * Thread rule: the main thread. */
#ifndef KS_CLI_HELP_H
#define KS_CLI_HELP_H

#include "base/error.h"

#include <stdio.h>

/* All commands and topics. */
void ks_help_overview(FILE* out);
/* Returns false with *err: there is no such command, and which is the nearest. */
bool ks_help_no_command(const char* name, ks_error* err);

#endif
