/* window.h: a window, by GLFW.
 * Thread rule: the main thread; one window at a time. */
#ifndef KS_VIEWER_WINDOW_H
#define KS_VIEWER_WINDOW_H

#include "viewer/content.h"

#include <signal.h>

typedef struct ks_window_stats {
    size_t frames;
    double frame_s; /* mean time to draw one, until the pixels are there */
} ks_window_stats;

typedef struct ks_window_settings {
    const char* title;
    int width, height;
    const volatile sig_atomic_t* stop; /* not 0: to end; NULL: never */
    /* Is told of every picture (Ctrl+P) and video (Ctrl+R, and again to end it) that was written, or why one was not; may be NULL. */
    void (*on_file)(void* user, const char* name, const ks_error* failed);
    void* user;
} ks_window_settings;

/* Shows content, made of what it takes as settings, until the window is closed or the user leaves.
 * Errors: KS_FAILED (no display, no OpenGL); what the content says. */
bool ks_window_run(const ks_content* content, const void* of_what, const ks_window_settings* settings,
                   ks_window_stats* stats, ks_error* err);

#endif
