/* record.h: what the files of `record` share. Internal to this room. */
#ifndef KS_CLI_RECORD_H
#define KS_CLI_RECORD_H

#include "cli/show.h"

/* As typed; 0: the default. */
typedef struct ks_record_options {
    const char *output, *size;
    int width, height;
    int64_t fps, frames;
    double speed;
    bool no_charts, force, quiet;
    const volatile sig_atomic_t* interrupted;
} ks_record_options;

/* Frames per second of that kind, where none are typed. */
void ks_record_choose_fps(ks_record_options* options, ks_video_kind kind);

/* What is filmed. */
typedef struct ks_shooting {
    const ks_record_options* options;
    double duration; /* s, at speed 1; the last picture stays for a while */
    /* rgb (height x width x 3, from the top) of a moment, until the next call; NULL with *err. */
    const unsigned char* (*frame)(void* user, double time, ks_error* err);
    void* user;
    size_t frames; /* filled in */
    bool live;     /* likewise: a bar on the terminal */
} ks_shooting;

/* Writes a video, and says so on stdout. Errors: as ks_video_write. */
bool ks_record_video(ks_shooting* shooting, ks_video_kind kind, ks_error* err);

/* Writes a picture, and says so. Errors: KS_FAILED. */
bool ks_record_still(const ks_record_options* options, const unsigned char* rgb, ks_error* err);
/* Errors: KS_BAD_INPUT (an option that is for policies alone). */
bool ks_record_check_options(const ks_record_options* options, const ks_show* show, ks_error* err);

/* By kind. */
bool ks_record_policies(ks_record_options* options, ks_show* show, ks_video_kind kind, ks_error* err);
bool ks_record_curves(ks_record_options* options, ks_show* show, ks_video_kind kind, ks_error* err);
bool ks_record_images(ks_record_options* options, ks_show* show, ks_video_kind kind, ks_error* err);

#endif
