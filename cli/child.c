#include "cli/child.h"

#include "cli/interrupt.h"
#include "cli/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

bool ks_command_line_add(ks_command_line* c, const char* word, ks_error* err) {
    if (c->count == KS_COMMAND_LINE_WORDS - 1) {
        return ks_fail(err, KS_BAD_INPUT, "more than %d words in a command", KS_COMMAND_LINE_WORDS - 1);
    }
    c->word[c->count] = strdup(word);
    return c->word[c->count++] != NULL || ks_fail(err, KS_FAILED, "not enough memory");
}

bool ks_command_line_add_all(ks_command_line* to, const ks_command_line* from, ks_error* err) {
    bool ok = true;
    for (int i = 0; ok && i < from->count; i++) {
        ok = ks_command_line_add(to, from->word[i], err);
    }
    return ok;
}

bool ks_command_line_add_common(ks_command_line* c, int threads, bool quiet, ks_error* err) {
    char text[32];
    snprintf(text, sizeof text, "%d", threads);
    return ks_command_line_add(c, "-j", err) && ks_command_line_add(c, text, err) &&
           (!quiet || ks_command_line_add(c, "-q", err));
}

void ks_command_line_free(ks_command_line* c) {
    for (int i = 0; i < c->count; i++) {
        free(c->word[i]);
    }
    c->count = 0;
}

#define IS_CHILD "KSHOT_CHILD"

bool ks_child_is(void) {
    return getenv(IS_CHILD) != NULL;
}

static bool start(pid_t* child, ks_command_line* c, ks_error* err) {
    static char is_child[] = IS_CHILD "=1";
    posix_spawn_file_actions_t quiet;
    char** environment = ks_cli_environment_alone(is_child);
    if (!environment) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    c->word[c->count] = NULL;
    signal(SIGCHLD, SIG_DFL); /* where it is ignored, nobody learns how a child ended */
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    int failed = posix_spawn(child, "/proc/self/exe", &quiet, NULL, c->word, environment);
    posix_spawn_file_actions_destroy(&quiet);
    free(environment);
    return !failed || ks_fail(err, KS_FAILED, "cannot start a process: %s", strerror(failed));
}

bool ks_child_run(ks_command_line* c, const ks_child_watch* watch, ks_error* err) {
    pid_t child, ended;
    int status = 0;
    if (!start(&child, c, err)) {
        return false;
    }
    const volatile sig_atomic_t* interrupted = ks_cli_catch_interrupts();
    bool told = false, stopped = false;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        stopped = (watch && watch->stop(watch->user)) || stopped;
        if ((*interrupted || stopped) &&
            !told) { /* Ctrl-C in a terminal has reached the child by itself; other signals have not */
            told = kill(child, SIGTERM) == 0;
        }
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    if (ended < 0) {
        return ks_fail(err, KS_FAILED, "cannot wait for a process: %s", strerror(errno));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return !(*interrupted || stopped) || ks_fail(err, KS_INTERRUPTED, "interrupted; the same command goes on");
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : KS_FAILED;
    bool known = code == KS_INTERRUPTED || code == KS_BAD_INPUT || code == KS_BROKE_DOWN;
    ks_fail(err, known ? (ks_code)code : KS_FAILED, "%s",
            WIFSIGNALED(status) ? "a process was killed; the same command goes on" : "");
    return false;
}
