/* launcher.h: the processes that mpirun or srun has started with this one.
 * Thread rule: the main thread, once. */
#ifndef KS_CLI_LAUNCHER_H
#define KS_CLI_LAUNCHER_H

#include "run/dist.h"

/* Joins them: *dist, owned by the caller, or NULL if this process is alone. Errors: KS_FAILED if there are others, and this one
 * cannot join them: each would train alone, and all into one directory. */
bool ks_cli_join(ks_dist** dist, ks_error* err);

#endif
