/* man.h: manual pages, from the tables of commands, settings and topics. Internal to this room.
 * Thread rule: the main thread. */
#ifndef KS_CLI_MAN_H
#define KS_CLI_MAN_H

#include "base/error.h"

/* Writes kshot.1, a kshot-COMMAND.1 for each command, and kshot-config.5 into a directory that exists. Without overwrite nothing
 * there is replaced. Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_man_write(const char* directory, bool overwrite, ks_error* err);

#endif
