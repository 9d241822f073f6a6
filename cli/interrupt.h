/* interrupt.h: signals that end a command in good order: a run with a checkpoint, a video with nothing half done.
 * Thread rule: the main thread. */
#ifndef KS_CLI_INTERRUPT_H
#define KS_CLI_INTERRUPT_H

#include <signal.h>

/* From now on SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU set what is returned and end nothing by themselves, except for a
 * second Ctrl-C, which ends at once. Those that are ignored already, as by nohup, stay so. */
const volatile sig_atomic_t* ks_cli_catch_interrupts(void);

#endif
