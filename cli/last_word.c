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

void ks_cli_last_word_not_needed(void) {
    ours = 1;
}
