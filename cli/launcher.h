/* launcher.h: the processes that mpirun or srun has started with this one.
 * Thread rule: the main thread, once. */
#ifndef KS_CLI_LAUNCHER_H
#define KS_CLI_LAUNCHER_H

#include "run/dist.h"

/* Joins them: *dist, owned by the caller, or NULL if this process is alone. Errors: KS_FAILED if there are others, and this one
 * cannot join them: each would train alone, and all into one directory. */
bool ks_cli_join(ks_dist** dist, ks_error* err);

/* Leaves them, in the end of a command: says what is in err before any of them ends, and returns the code. dist: NULL is alone. */
int ks_cli_leave(ks_dist* dist, int code, ks_error* err);

/* The environment without what launchers have put there, so that a program that is started with it is alone, and with one more
 * "NAME=VALUE". Its other strings are those of environ; the caller frees the array. NULL: no memory. */
char** ks_cli_environment_alone(char* added);

#endif
