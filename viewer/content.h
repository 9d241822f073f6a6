/* content.h: what a window shows, as the window sees it: it is told of keys, mouse and time, and draws when it is asked to.
 * Thread rule: everything from the thread that the OpenGL context is current in. */
#ifndef KS_VIEWER_CONTENT_H
#define KS_VIEWER_CONTENT_H

#include "base/error.h"

#include <mujoco/mujoco.h>

/* Where it is shown. */
typedef struct ks_screen {
    double scale;       /* framebuffer pixels per unit of letters and margins */
    int font;           /* mjtFontScale that fits */
    void (*wake)(void); /* may be called from any thread when something is to be drawn */
} ks_screen;

typedef struct ks_content {
    /* Makes it of settings of its own, which must outlive it; OpenGL is there. NULL with *err. */
    void* (*open)(const void* settings, const ks_screen* screen, ks_error* err);
    void (*close)(void* content);
    /* What events are put into; the window fills it, then calls event. */
    mjuiState* (*state)(void* content);
    /* The framebuffer has this size now. */
    void (*resize)(void* content, int width, int height);
    /* False when the user wants to leave. */
    bool (*event)(void* content);
    /* Lets seconds of real time pass. Is there something new to draw? */
    bool (*advance)(void* content, double seconds);
    /* Draws everything. drawing_s: what the last picture took. */
    void (*draw)(void* content, double drawing_s);
} ks_content;

#endif
