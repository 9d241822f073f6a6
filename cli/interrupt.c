#include "cli/interrupt.h"

#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

/* set by the signal handler: the one thing that cannot be passed to it */
static volatile sig_atomic_t interrupted;
static _Atomic long long first_ctrl_c; /* ms; 0: none yet */

static long long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1000LL * t.tv_sec + t.tv_nsec / 1000000 + 1;
}

/* Schedulers and timeout(1) send a signal twice, to the process and to its group; no finger is that fast. */
static void on_signal(int number) {
    enum { ONE_PRESS = 100 };
    interrupted = 1;
    if (number != SIGINT) {
        return;
    }
    long long now = now_ms();
    if (first_ctrl_c == 0) {
        first_ctrl_c = now;
    } else if (now - first_ctrl_c > ONE_PRESS) {
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
}

const volatile sig_atomic_t* ks_cli_catch_interrupts(void) {
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++) {
        if (sigaction(SIGNALS[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(SIGNALS[i], &action, NULL);
        }
    }
    return &interrupted;
}
