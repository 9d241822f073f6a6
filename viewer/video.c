#define _GNU_SOURCE /* environ */
#include "viewer/video.h"

#include "base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

bool ks_video_kind_of(ks_video_kind* kind, const char* path, ks_error* err) {
    static const char* const SUFFIXES[] = {".mp4", ".gif", ".png"};
    const char* name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const char* suffix = strrchr(name, '.');
    for (int i = 0; suffix && suffix != name && i < 3; i++) {
        if (strcmp(suffix, SUFFIXES[i]) == 0) {
            *kind = (ks_video_kind)i;
            return true;
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "%s: the name ends in .mp4, .gif or .png (a contact sheet)", path);
}

/* ---- ffmpeg ---------------------------------------------------------------------------------------------------------------------- */

enum { OUT = 3 }; /* descriptor of the file in the child */

/* Starts ffmpeg with pixels from `in`, complaints to `messages`, and the file at OUT. Returns 0 or the error's number. */
static int spawn(pid_t* child, const ks_video* v, int in, int out, int messages) {
    char size[32], rate[16];
    snprintf(size, sizeof size, "%dx%d", v->width, v->height);
    snprintf(rate, sizeof rate, "%d", v->fps);
    const char* const mp4[] = {"-vf",
                               "scale=out_color_matrix=bt709",
                               "-c:v",
                               "libx264",
                               "-preset",
                               "medium",
                               "-crf",
                               "18",
                               "-pix_fmt",
                               "yuv420p",
                               "-colorspace",
                               "bt709",
                               "-color_primaries",
                               "bt709",
                               "-color_trc",
                               "bt709",
                               "-movflags",
                               "+faststart",
                               "-f",
                               "mp4",
                               NULL};
    const char* const gif[] = {
        "-filter_complex",
        "[0:v]split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=bayer:bayer_scale=4:"
        "diff_mode=rectangle",
        "-loop",
        "0",
        "-f",
        "gif",
        NULL};
    const char* argv[48] = {"ffmpeg", "-hide_banner", "-loglevel", "error",      "-f", "rawvideo", "-pixel_format",
                            "rgb24",  "-video_size",  size,        "-framerate", rate, "-i",       "pipe:0"};
    size_t n = 14;
    for (const char* const* more = v->kind == KS_VIDEO_MP4 ? mp4 : gif; *more; more++) {
        argv[n++] = *more;
    }
    argv[n++] = "-y";
    argv[n++] = "/dev/fd/3";
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        return error;
    }
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
        error = error ? error : posix_spawn_file_actions_adddup2(&actions, messages, STDOUT_FILENO);
        error = error ? error : posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO);
        error = error ? error : posix_spawn_file_actions_adddup2(&actions, out, OUT);
        /* a process group of its own: Ctrl-C is for us, who then end it */
        error = error ? error : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        /* posix_spawn takes the strings as its main would, and does not change them */
        error =
            error ? error : posix_spawnp(child, argv[0], &actions, &attributes, (char* const*)(uintptr_t)argv, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static bool say_spawn_error(int error, ks_error* err) {
    return error == ENOENT
               ? ks_fail(err, KS_FAILED,
                         "ffmpeg is not installed: it writes mp4 and gif (Debian: ffmpeg); a .png needs none")
               : ks_fail(err, KS_FAILED, "cannot run ffmpeg: %s", strerror(error));
}

bool ks_video_check(const ks_video* v, ks_error* err) {
    if (v->kind == KS_VIDEO_MP4 && (v->width % 2 != 0 || v->height % 2 != 0)) {
        return ks_fail(err, KS_BAD_INPUT, "an mp4 is an even number of pixels wide and high, and %dx%d is not",
                       v->width, v->height);
    }
    /* searched for as execvp does, before an hour of drawing */
    pid_t child;
    char name[] = "ffmpeg", version[] = "-version";
    char* argv[] = {name, version, NULL};
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        for (int fd = 0; error == 0 && fd < 3; fd++) {
            error = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
        }
        error = error ? error : posix_spawnp(&child, name, &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    if (error != 0) {
        return say_spawn_error(error, err);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    return true;
}

/* ffmpeg's complaint: its last line */
static void read_complaint(char* out, size_t room, FILE* messages) {
    char line[512];
    snprintf(out, room, "it gives no reason");
    rewind(messages);
    while (fgets(line, sizeof line, messages)) {
        line[strcspn(line, "\n")] = 0;
        if (*line) {
            snprintf(out, room, "%.300s", line);
        }
    }
}

/* A socket, unlike a pipe, tells by an error, not by a signal, that nobody reads any more. */
static bool send_all(int to, const unsigned char* bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(to, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return false;
        }
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        }
    }
    return true;
}

typedef struct writing {
    const ks_video* video;
    ks_error err; /* what ks_replace_file cannot know */
} writing;

/* Every frame to ffmpeg; *broken: it does not listen any more. False if `frame` failed. */
static bool feed(writing* w, int to, bool* broken) {
    const ks_video* v = w->video;
    size_t size = (size_t)v->width * (size_t)v->height * 3;
    *broken = false;
    for (size_t i = 0; i < v->frames && !*broken; i++) {
        const unsigned char* rgb = v->frame(v->user, i, &w->err);
        if (!rgb) {
            return false;
        }
        *broken = !send_all(to, rgb, size);
    }
    return true;
}

static bool encode(writing* w, int pair[2], int out, FILE* messages) {
    pid_t child;
    int error = spawn(&child, w->video, pair[1], out, fileno(messages));
    close(pair[1]); /* the child alone reads there now, so that its end is noticed */
    pair[1] = -1;
    if (error != 0) {
        return say_spawn_error(error, &w->err);
    }
    bool broken, ok = feed(w, pair[0], &broken);
    close(pair[0]); /* the end of the pictures */
    pair[0] = -1;
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return ks_fail(&w->err, KS_FAILED, "lost ffmpeg: %s", strerror(errno));
        }
    }
    if (ok && (broken || !WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
        char text[400];
        read_complaint(text, sizeof text, messages);
        return ks_fail(&w->err, KS_FAILED, "ffmpeg failed: %s", text);
    }
    return ok;
}

/* A descriptor that the child's own, 0 to OUT, cannot overwrite. */
static int move_up(int fd) {
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, OUT + 1);
    return moved;
}

static bool write_video(void* user, FILE* file) {
    writing* w = user;
    int made[2] = {-1, -1};
    FILE* messages = tmpfile();
    bool ok = messages && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, made) == 0;
    int pair[2] = {made[0], move_up(made[1])};
    int out = move_up(fileno(file));
    if (made[1] >= 0) {
        close(made[1]);
    }
    ok = (ok && pair[1] >= 0 && out >= 0) || ks_fail(&w->err, KS_FAILED, "cannot run ffmpeg: %s", strerror(errno));
    ok = ok && encode(w, pair, out, messages);
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0) {
            close(pair[i]);
        }
    }
    if (out >= 0) {
        close(out);
    }
    if (messages) {
        fclose(messages);
    }
    return ok;
}

/* What went wrong inside is told rather than that the writing failed. */
static bool tell(bool ok, const char* path, const ks_error* inside, ks_error* err) {
    if (ok || inside->code == KS_OK) {
        return ok;
    }
    return ks_fail(err, inside->code, "%s: %s", path, inside->text);
}

bool ks_video_write(const char* path, const ks_video* video, ks_error* err) {
    writing w = {.video = video};
    return tell(ks_replace_file(path, write_video, &w, err), path, &w.err, err);
}

/* ---- png ------------------------------------------------------------------------------------------------------------------------- */

typedef struct drawing {
    png_image image;
    const unsigned char* rgb;
    ks_error err;
} drawing;

static bool write_png(void* user, FILE* file) {
    drawing* d = user;
    errno = 0;
    if (png_image_write_to_stdio(&d->image, file, 0, d->rgb, 0, NULL)) {
        return true;
    }
    return errno ? false : ks_fail(&d->err, KS_FAILED, "libpng failed: %s", d->image.message);
}

bool ks_png_write(const char* path, int width, int height, const unsigned char* rgb, ks_error* err) {
    drawing d = {.image = {.version = PNG_IMAGE_VERSION,
                           .width = (png_uint_32)width,
                           .height = (png_uint_32)height,
                           .format = PNG_FORMAT_RGB},
                 .rgb = rgb};
    return tell(ks_replace_file(path, write_png, &d, err), path, &d.err, err);
}
