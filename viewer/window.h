/* window.h: a director in a window, by GLFW.
 * Thread rule: the main thread; one window at a time. */
#ifndef KS_VIEWER_WINDOW_H
#define KS_VIEWER_WINDOW_H

#include "viewer/director.h"

#include <signal.h>

typedef struct ks_window_stats {
    size_t frames;
    double frame_s; /* mean time to draw one, until the pixels are there */
} ks_window_stats;

/* Shows the window until it is closed or *stop (may be NULL) is not 0. settings->wake is the window's own.
 * Errors: KS_FAILED (no display, no OpenGL). */
bool ks_window_run(const ks_director_settings* settings, const char* title, int width, int height,
                   const volatile sig_atomic_t* stop, ks_window_stats* stats, ks_error* err);

#endif
