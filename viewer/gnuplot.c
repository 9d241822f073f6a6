#define _GNU_SOURCE /* environ */
#include "viewer/gnuplot.h"

#include "base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A kind of figure. Pixels per cm and the scales make all three look alike: 8 points where 1 cm is 28.35 points. */
typedef struct format {
    const char* suffix;
    const char* terminal;    /* printf format: width, height */
    double unit;             /* of width and height, per cm */
    const char *begin, *end; /* a whole file begins with the one and ends with the other */
} format;

static const format FORMATS[] = {
    {".svg",
     "set terminal svg noenhanced size %.0f,%.0f fixed dynamic font 'DejaVu Sans,16' linewidth 1.6 dashlength 1.2 "
     "background 'white'\n",
     56.7, "<?xml", "</svg>"},
    {".png",
     "set terminal pngcairo noenhanced size %.0f,%.0f font 'DejaVu Sans,8' fontscale 3.125 linewidth 3.2 "
     "pointscale 3.2 dashlength 1.2\n",
     118.1, "\x89PNG\r\n\x1a\n", "IEND\xae\x42\x60\x82"},
    {".pdf",
     "set terminal pdfcairo noenhanced size %.2fcm,%.2fcm font 'DejaVu Sans,8' fontscale 0.75 linewidth 1.2 pointscale "
     "0.8 dashlength 1.2\n",
     1, "%PDF", "%%EOF"},
};
enum { NUM_FORMATS = sizeof FORMATS / sizeof *FORMATS };

static const format* find_format(const char* output) {
    size_t length = strlen(output);
    for (int i = 0; i < NUM_FORMATS; i++) {
        size_t suffix = strlen(FORMATS[i].suffix);
        const char* name = strrchr(output, '/') ? strrchr(output, '/') + 1 : output;
        if (strlen(name) > suffix && strcmp(output + length - suffix, FORMATS[i].suffix) == 0) {
            return &FORMATS[i];
        }
    }
    return NULL;
}

bool ks_gnuplot_check_output(const char* output, ks_error* err) {
    return find_format(output) || ks_fail(err, KS_BAD_INPUT, "%s: a figure's name ends in .svg, .png or .pdf", output);
}

typedef struct drawing {
    const format* format;
    double width, height;
    const char* script;
    ks_error err; /* what ks_replace_file cannot know */
} drawing;

/* ---- the child process --------------------------------------------------------------------------------------------------- */

/* Sends text to a socket, which unlike a pipe tells by an error, not by a signal, that nobody reads any more. */
static bool send_text(int to, const char* text) {
    for (size_t left = strlen(text); left > 0;) {
        ssize_t sent = send(to, text, left, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return false;
        }
        if (sent > 0) {
            text += sent;
            left -= (size_t)sent;
        }
    }
    return true;
}

/* Starts gnuplot with the three as its standard streams. Returns 0 or the error's number. */
static int spawn(pid_t* child, int in, int out, int messages) {
    /* -d: nobody's own settings */
    static char name[] = "gnuplot", defaults[] = "-d";
    char* argv[] = {name, defaults, NULL};
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        return error;
    }
    const int streams[] = {in, out, messages};
    for (int i = 0; error == 0 && i < 3; i++) {
        error = posix_spawn_file_actions_adddup2(&actions, streams[i], i);
    }
    if (error == 0) {
        error = posix_spawnp(child, name, &actions, NULL, argv, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* gnuplot's complaint: the last line that holds a text, without its `line 12:` */
static void read_complaint(char* out, size_t room, FILE* messages) {
    char line[512];
    snprintf(out, room, "it gives no reason");
    rewind(messages);
    while (fgets(line, sizeof line, messages)) {
        line[strcspn(line, "\n")] = 0;
        char* text = strstr(line, " line ");
        text = text && strchr(text, ':') ? strchr(text, ':') + 1 : line;
        text += strspn(text, " ^\t");
        if (*text) {
            snprintf(out, room, "%s", text);
        }
    }
}

/* Runs gnuplot with its output going to the descriptor `out`. */
static bool run(drawing* d, int pair[2], int out, FILE* messages) {
    pid_t child;
    int error = spawn(&child, pair[1], out, fileno(messages));
    close(pair[1]); /* the child alone reads there now, so that its end is noticed */
    pair[1] = -1;
    if (error == ENOENT) {
        return ks_fail(&d->err, KS_FAILED, "gnuplot is not installed: it draws the figures (Debian: gnuplot-nox)");
    }
    if (error != 0) {
        return ks_fail(&d->err, KS_FAILED, "cannot run gnuplot: %s", strerror(error));
    }
    char terminal[256];
    snprintf(terminal, sizeof terminal, d->format->terminal, d->width * d->format->unit, d->height * d->format->unit);
    send_text(pair[0], terminal); /* if not all arrives, gnuplot has failed, and says why */
    send_text(pair[0], d->script);
    shutdown(pair[0], SHUT_WR);
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return ks_fail(&d->err, KS_FAILED, "lost gnuplot: %s", strerror(errno));
        }
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        char text[400];
        read_complaint(text, sizeof text, messages);
        return ks_fail(&d->err, KS_FAILED, "gnuplot failed (tested: version 5.4, Debian's gnuplot-nox): %s", text);
    }
    return true;
}

/* gnuplot does not notice a full disk */
static bool is_whole(const format* f, int fd) {
    enum { END = 32 };
    struct stat info;
    char start[8], end[END];
    size_t length = strlen(f->begin);
    return fstat(fd, &info) == 0 && info.st_size > END && pread(fd, start, length, 0) == (ssize_t)length &&
           memcmp(start, f->begin, length) == 0 && pread(fd, end, END, info.st_size - END) == END &&
           memmem(end, END, f->end, strlen(f->end));
}

/* Descriptors 0 to 2 would be overwritten in the child while they are still needed; a program may be started without them. */
static bool above_standard(int* fd) {
    if (*fd > 2) {
        return true;
    }
    int moved = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
    if (moved < 0) {
        return false;
    }
    close(*fd);
    *fd = moved;
    return true;
}

static bool draw(void* user, FILE* file) {
    drawing* d = user;
    int pair[2] = {-1, -1};
    int out = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
    FILE* messages = tmpfile();
    bool ok = out >= 0 && messages && fileno(messages) > 2 &&
              socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 && above_standard(&pair[1]);
    if (!ok) {
        ks_fail(&d->err, KS_FAILED, "cannot run gnuplot: %s", errno ? strerror(errno) : "a standard stream is closed");
    }
    ok = ok && run(d, pair, out, messages);
    if (ok && !is_whole(d->format, out)) {
        ok = ks_fail(&d->err, KS_FAILED, "gnuplot could not write all of the figure: is the disk full?");
    }
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0) {
            close(pair[i]);
        }
    }
    if (messages) {
        fclose(messages);
    }
    if (out >= 0) {
        close(out);
    }
    return ok;
}

bool ks_gnuplot_draw(const char* output, double width, double height, const char* script, ks_error* err) {
    drawing d = {.format = find_format(output), .width = width, .height = height, .script = script};
    if (!d.format) {
        return ks_gnuplot_check_output(output, err);
    }
    if (ks_replace_file(output, draw, &d, err)) {
        return true;
    }
    return d.err.code == KS_OK ? false : ks_fail(err, d.err.code, "%s: %s", output, d.err.text);
}
