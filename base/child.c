#define _GNU_SOURCE /* environ, memfd_create */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const double QUIET_S = 30, IDLE_S = 600; /* without a sign of life; without a byte */
static const double LITTLE = 0.5;               /* s of processor time within QUIET_S that are none */

/* ---- starting -------------------------------------------------------------------------------------------------------------- */

enum { MOST = 3 }; /* the highest descriptor that a program gets */

/* The environment with the locale C, in which numbers have a point. The caller frees the list, not its strings. */
static char** make_environment(void) {
    static char c[] = "LC_ALL=C";
    size_t count = 0;
    while (environ && environ[count]) {
        count++;
    }
    char** list = malloc((count + 2) * sizeof *list);
    if (!list) {
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "LC_ALL=", 7) != 0) {
            list[n++] = environ[i];
        }
    }
    list[n++] = c;
    list[n] = NULL;
    return list;
}

static int add_actions(posix_spawn_file_actions_t* actions, const ks_child_settings* s, int in, int messages) {
    int error = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);
    error = error ? error : posix_spawn_file_actions_adddup2(actions, messages, STDOUT_FILENO);
    error = error ? error : posix_spawn_file_actions_adddup2(actions, messages, STDERR_FILENO);
    return error || s->out < 0 ? error : posix_spawn_file_actions_adddup2(actions, s->out, s->out_as);
}

/* a process group of its own, and signals as they are for any program */
static int set_attributes(posix_spawnattr_t* attributes) {
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    error = error ? error : posix_spawnattr_setsigdefault(attributes, &usual);
    return error ? error
                 : posix_spawnattr_setflags(attributes,
                                            POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* Returns 0 or the error's number. All descriptors are above MOST. */
static int spawn(pid_t* child, const ks_child_settings* s, int in, int messages) {
    char** environment = make_environment();
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = environment ? posix_spawn_file_actions_init(&actions) : ENOMEM;
    if (error != 0) {
        free(environment);
        return error;
    }
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = add_actions(&actions, s, in, messages);
        error = error ? error : set_attributes(&attributes);
        /* posix_spawn takes the strings as its main would, and does not change them */
        error = error ? error
                      : posix_spawnp(child, s->argv[0], &actions, &attributes, (char* const*)(uintptr_t)s->argv,
                                     environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return error;
}

/* A descriptor that the child's own cannot overwrite. */
static bool move_up(int* fd) {
    int moved = *fd < 0 ? -1 : fcntl(*fd, F_DUPFD_CLOEXEC, MOST + 1);
    if (moved < 0) {
        return false;
    }
    close(*fd);
    *fd = moved;
    return true;
}

static void close_input(ks_child* c) {
    if (c->to >= 0) {
        close(c->to);
    }
    c->to = -1;
}

static void release(ks_child* c) {
    close_input(c);
    if (c->messages) {
        fclose(c->messages);
    }
    c->messages = NULL;
}

static double processor_time(const ks_child* c) {
    clockid_t clock;
    struct timespec time;
    return clock_getcpuclockid(c->pid, &clock) == 0 && clock_gettime(clock, &time) == 0
               ? (double)time.tv_sec + 1e-9 * (double)time.tv_nsec
               : 0;
}

bool ks_child_start(ks_child* c, const ks_child_settings* settings, ks_error* err) {
    *c = (ks_child){.settings = settings, .to = -1};
    int pair[2] = {-1, -1};
    int messages = memfd_create("messages", MFD_CLOEXEC);
    bool ok = move_up(&messages) && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 &&
              move_up(&pair[0]) && move_up(&pair[1]);
    c->messages = ok ? fdopen(messages, "r+") : NULL;
    int error = c->messages ? spawn(&c->pid, settings, pair[1], messages) : errno;
    if (pair[1] >= 0) {
        close(pair[1]); /* the child alone reads there now, so that its end is noticed */
    }
    c->to = pair[0];
    if (error == 0) {
        return true;
    }
    if (!c->messages && messages >= 0) {
        close(messages);
    }
    release(c);
    return error == ENOENT ? ks_fail(err, KS_FAILED, "%s", settings->missing)
                           : ks_fail(err, KS_FAILED, "cannot run %s: %s", settings->argv[0], strerror(error));
}

/* ---- watching --------------------------------------------------------------------------------------------------------------- */

static void note_life(ks_child* c) {
    c->idle_s = c->quiet_s = 0;
    c->processor_s = processor_time(c);
}

/* After so many seconds in which nothing was taken. False if there is no use in waiting on. Time is the sum of our waits, so
 * that what we slept through does not count (Ctrl-Z). */
static bool watch(ks_child* c, double seconds) {
    struct stat info;
    if (c->settings->stop && *c->settings->stop) {
        c->state = KS_CHILD_STOPPED;
        return false;
    }
    if (c->settings->out >= 0 && fstat(c->settings->out, &info) == 0 && (long long)info.st_size != c->written) {
        c->written = (long long)info.st_size;
        note_life(c);
    }
    c->idle_s += seconds;
    c->quiet_s += seconds;
    bool hangs = c->idle_s >= (c->settings->patience_s > 0 ? c->settings->patience_s : IDLE_S);
    if (c->quiet_s >= QUIET_S) {
        double now = processor_time(c);
        hangs = hangs || now - c->processor_s < LITTLE;
        c->processor_s = now;
        c->quiet_s = 0;
    }
    c->state = hangs ? KS_CHILD_HANGS : c->state;
    return !hangs;
}

bool ks_child_send(ks_child* c, const void* bytes, size_t size) {
    enum { TICK_MS = 100 };
    const unsigned char* at = bytes;
    while (size > 0) {
        struct pollfd look = {.fd = c->to, .events = POLLOUT};
        int ready = poll(&look, 1, TICK_MS);
        if (ready == 0 && !watch(c, 1e-3 * TICK_MS)) {
            return false;
        }
        ssize_t sent = ready > 0 ? send(c->to, at, size, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
        bool later = errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
        if ((sent < 0 || ready < 0) && !later) {
            c->state = KS_CHILD_DEAF;
            return false;
        }
        if (sent > 0) {
            at += sent;
            size -= (size_t)sent;
            note_life(c);
        }
    }
    return true;
}

/* ---- ending ----------------------------------------------------------------------------------------------------------------- */

static void kill_it(ks_child* c) {
    close_input(c); /* a program that, against all odds, cannot be killed ends then */
    kill(c->pid, SIGKILL);
    kill(-c->pid, SIGKILL); /* and what it may have started itself */
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* Its exit status. False if there is no use in waiting on. */
static bool wait_for_end(ks_child* c, int* status) {
    double pause = 0.001;
    for (;;) {
        pid_t ended = waitpid(c->pid, status, WNOHANG);
        if (ended != 0 && !(ended < 0 && errno == EINTR)) {
            return ended > 0;
        }
        struct timespec time = {.tv_nsec = (long)(1e9 * pause)};
        nanosleep(&time, NULL);
        if (!watch(c, pause)) {
            kill_it(c);
            return false;
        }
        pause = pause < 0.05 ? 2 * pause : pause;
    }
}

/* its last line that says something */
static void read_complaint(char* out, size_t room, const ks_child* c) {
    char line[512];
    snprintf(out, room, "it gives no reason");
    rewind(c->messages);
    while (fgets(line, sizeof line, c->messages)) {
        line[strcspn(line, "\n")] = 0;
        const char* text = c->settings->words ? c->settings->words(line) : line;
        if (*text) {
            snprintf(out, room, "%.300s", text);
        }
    }
}

bool ks_child_finish(ks_child* c, ks_error* err) {
    int status = 0;
    char text[400];
    bool ended = false, ok = false;
    if (c->state == KS_CHILD_HANGS || c->state == KS_CHILD_STOPPED) {
        kill_it(c);
    } else {
        close_input(c);
        ended = wait_for_end(c, &status);
    }
    if (c->state == KS_CHILD_STOPPED) {
        ks_fail(err, KS_INTERRUPTED, "interrupted; nothing was written");
    } else if (c->state == KS_CHILD_HANGS) {
        ks_fail(err, KS_FAILED, "%s hangs: it has neither taken nor written a byte for %.0f s, and was ended",
                c->settings->argv[0], c->idle_s);
    } else if (!ended) {
        ks_fail(err, KS_FAILED, "lost %s: %s", c->settings->argv[0], strerror(errno));
    } else if (c->state == KS_CHILD_WELL && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        ok = true;
    } else {
        read_complaint(text, sizeof text, c);
        ks_fail(err, KS_FAILED, "%s: %s", c->settings->failed, text);
    }
    release(c);
    return ok;
}

void ks_child_abandon(ks_child* c) {
    kill_it(c);
    release(c);
}
