/* train_display.h: what a training says on stderr while it runs.
 * Thread rule: the main thread. */
#ifndef KS_CLI_TRAIN_DISPLAY_H
#define KS_CLI_TRAIN_DISPLAY_H

#include "run/train.h"

#include <signal.h>

typedef struct ks_train_display {
    const ks_config* config;
    const ks_train_options* options;
    const volatile sig_atomic_t* interrupted; /* whether somebody wants it to end */
    bool live;                                /* a terminal: one line, drawn anew */
    bool quiet;                               /* warnings alone: they say of which run they are */
    bool line_open;                           /* it stands there */
    int64_t done;                             /* iterations */
    double drawn_s;                           /* when it was drawn last, since the run began */
} ks_train_display;

/* What ks_train calls; user is the display. */
void ks_train_display_start(void* user, const ks_train_plan* plan);
void ks_train_display_iteration(void* user, const ks_train_report* report);
void ks_train_display_warning(void* user, const char* text);
/* Ends the line that is drawn anew. */
void ks_train_display_close(ks_train_display* display);

/* One iteration in at most `columns` letters, of which what matters least is left out first; with a bar or without.
 * out (room), room > columns. */
void ks_train_display_line(char* out, size_t room, size_t columns, bool bar, const ks_train_report* report);

#endif
