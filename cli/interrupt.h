/* interrupt.h: signals that end a run in good order.
 * Thread rule: the main thread. */
#ifndef KS_CLI_INTERRUPT_H
#define KS_CLI_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU are noted and end nothing by themselves, except for a second
 * Ctrl-C, which ends at once. Those that are ignored already, as by nohup, stay so. */
void ks_cli_catch_signals(void);

/* Whether one of them has come. */
bool ks_cli_interrupted(void);

#endif
