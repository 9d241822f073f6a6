#include "cli/last_word.h"

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* neither atexit nor a signal handler can be given anything */
static volatile sig_atomic_t ours;

static void tell(void) {
    static const char TEXT[] =
        "kshot: a library ended the program: not enough memory, unless the line above gives another reason\n";
    ssize_t written =
        write(STDERR_FILENO, TEXT, sizeof TEXT - 1); /* needs no memory, and may be called from a handler */
    (void)written;                                   /* there is nowhere left to say so */
}

static void on_exit_called(void) {
    if (!ours) {
        tell();
    }
}

static void on_abort(int number) {
    (void)number;
    tell();
    _exit(KS_FAILED);
}

void ks_cli_last_word(void) {
    atexit(on_exit_called);
    signal(SIGABRT, on_abort);
}

static void on_crash(int number) {
    static const char TEXT[] = "kshot: crashed, probably in a driver of OpenGL for want of memory\n";
    (void)number;
    ssize_t written = write(STDERR_FILENO, TEXT, sizeof TEXT - 1);
    (void)written;
    _exit(KS_FAILED);
}

void ks_cli_last_word_of_drivers(void) {
    static const int SIGNALS[] = {SIGSEGV, SIGBUS};
    struct sigaction before, action = {.sa_handler = on_crash};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++) {
        if (sigaction(SIGNALS[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL) { /* sanitizers have their own */
            sigaction(SIGNALS[i], &action, NULL);
        }
    }
}

void ks_cli_last_word_not_needed(void) {
    ours = 1;
}
