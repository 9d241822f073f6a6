/* video.h: pictures into files: mp4 and gif by the program ffmpeg, which gets raw pixels through a socket (no shell); png by libpng.
 *
 * A file is there whole or not at all. Thread rule: one call at a time per file. */
#ifndef KS_VIEWER_VIDEO_H
#define KS_VIEWER_VIDEO_H

#include "base/error.h"

#include <signal.h>
#include <stddef.h>

typedef enum ks_video_kind { KS_VIDEO_MP4, KS_VIDEO_GIF, KS_VIDEO_PNG } ks_video_kind;

/* By the path's suffix. Errors: KS_BAD_INPUT naming the path and the three. */
bool ks_video_kind_of(ks_video_kind* kind, const char* path, ks_error* err);

typedef struct ks_video {
    ks_video_kind kind;                /* mp4 or gif */
    int width, height;                 /* pixels; even for mp4 */
    int fps;                           /* frames per second; a gif keeps hundredths of a second between frames */
    size_t frames;                     /* at most */
    bool overwrite;                    /* what stands there */
    const volatile sig_atomic_t* stop; /* not 0: to end, as set by a signal handler; NULL: never */
    /* Frame 0 … frames-1 (height x width x 3, from the top), valid until the next call; NULL ends with its error,
     * or, where there is none and frame 0 was there, as it is. */
    const unsigned char* (*frame)(void* user, size_t index, ks_error* err);
    void* user;
} ks_video;

/* Is what is asked for possible at all? Errors: KS_BAD_INPUT (odd size), KS_FAILED (ffmpeg is not installed, or does not run). */
bool ks_video_check(const ks_video* video, ks_error* err);

/* Errors: as ks_video_check; KS_FAILED (ffmpeg fails, hangs, or has not written all frames; disk full, no permission),
 * KS_INTERRUPTED (stop); what `frame` said. */
bool ks_video_write(const char* path, const ks_video* video, ks_error* err);

/* One picture. Errors: KS_FAILED. */
bool ks_png_write(const char* path, bool overwrite, int width, int height, const unsigned char* rgb, ks_error* err);

#endif
