#include "viewer/video.h"

#include "base/atomic_file.h"
#include "base/child.h"
#include "base/whole.h"

#include <errno.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

enum { OUT = 3, ARGV_MOST = 48 }; /* descriptor of the file in the child; its arguments */

/* ffmpeg's arguments, which live as long as size and rate. */
static void make_arguments(const char* argv[ARGV_MOST], const ks_video* v, const char* size, const char* rate) {
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
    const char* const start[] = {"ffmpeg", "-hide_banner", "-loglevel", "error",      "-f", "rawvideo", "-pixel_format",
                                 "rgb24",  "-video_size",  size,        "-framerate", rate, "-i",       "pipe:0"};
    size_t n = sizeof start / sizeof *start;
    memcpy(argv, start, sizeof start);
    for (const char* const* more = v->kind == KS_VIDEO_MP4 ? mp4 : gif; *more; more++) {
        argv[n++] = *more;
    }
    argv[n++] = "-y";
    argv[n++] = "/dev/fd/3";
    argv[n] = NULL;
}

static const ks_child_settings FFMPEG = {
    .out = -1,
    .missing = "ffmpeg is not installed: it writes mp4 and gif (Debian: ffmpeg); a .png needs none",
    .failed = "ffmpeg failed",
};

bool ks_video_check(const ks_video* v, ks_error* err) {
    if (v->kind == KS_VIDEO_MP4 && (v->width % 2 != 0 || v->height % 2 != 0)) {
        return ks_fail(err, KS_BAD_INPUT, "an mp4 is an even number of pixels wide and high, and %dx%d is not",
                       v->width, v->height);
    }
    /* before an hour of drawing */
    static const char* const ARGV[] = {"ffmpeg", "-version", NULL};
    ks_child_settings settings = FFMPEG;
    settings.argv = ARGV;
    settings.patience_s = 60; /* where memory is limited, a library that it loads may look for some for ever */
    settings.stop = v->stop;
    ks_child child;
    return ks_child_start(&child, &settings, err) && ks_child_finish(&child, err);
}

typedef struct writing {
    const ks_video* video;
    size_t frames; /* that there were */
    ks_error err;  /* what ks_write_file cannot know */
} writing;

/* Every frame to ffmpeg, or as many as it takes. False if `frame` failed. */
static bool feed(writing* w, ks_child* child) {
    const ks_video* v = w->video;
    size_t size = (size_t)v->width * (size_t)v->height * 3;
    for (size_t i = 0; i < v->frames; i++) {
        const unsigned char* rgb = v->frame(v->user, i, &w->err);
        if (!rgb) {
            return i > 0 && w->err.code == KS_OK;
        }
        if (!ks_child_send(child, rgb, size)) {
            break;
        }
        w->frames = i + 1;
    }
    return true;
}

static bool write_video(void* user, FILE* file) {
    writing* w = user;
    const ks_video* v = w->video;
    char size[32], rate[16];
    const char* argv[ARGV_MOST];
    snprintf(size, sizeof size, "%dx%d", v->width, v->height);
    snprintf(rate, sizeof rate, "%d", v->fps);
    make_arguments(argv, v, size, rate);
    ks_child_settings settings = FFMPEG;
    settings.argv = argv;
    settings.out = fileno(file);
    settings.out_as = OUT;
    settings.stop = v->stop;
    ks_child child;
    if (!ks_child_start(&child, &settings, &w->err)) {
        return false;
    }
    if (!feed(w, &child)) {
        ks_child_abandon(&child);
        return false;
    }
    if (!ks_child_finish(&child, &w->err)) {
        return false;
    }
    bool whole =
        v->kind == KS_VIDEO_MP4 ? ks_whole_mp4(settings.out, w->frames) : ks_whole_gif(settings.out, w->frames);
    return whole || ks_fail(&w->err, KS_FAILED,
                            "ffmpeg says that all went well, but not all of the film is there: is the disk full?");
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
    return tell(ks_write_file(path, video->overwrite, write_video, &w, err), path, &w.err, err);
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
    if (png_image_write_to_stdio(&d->image, file, 0, d->rgb, 0, NULL) && fflush(file) == 0) {
        return ks_whole_between(fileno(file), ks_png_begin, ks_png_end) ||
               ks_fail(&d->err, KS_FAILED, "not all of the picture is there: is the disk full?");
    }
    return errno ? false : ks_fail(&d->err, KS_FAILED, "libpng failed: %s", d->image.message);
}

bool ks_png_write(const char* path, bool overwrite, int width, int height, const unsigned char* rgb, ks_error* err) {
    drawing d = {.image = {.version = PNG_IMAGE_VERSION,
                           .width = (png_uint_32)width,
                           .height = (png_uint_32)height,
                           .format = PNG_FORMAT_RGB},
                 .rgb = rgb};
    return tell(ks_write_file(path, overwrite, write_png, &d, err), path, &d.err, err);
}
