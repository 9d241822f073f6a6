/* offscreen.h: an OpenGL context without a display, by EGL.
 * Thread rule: the context is current in the thread that made it, which is also to destroy it. Where a thread has several, the last
 * that was made or used is current. */
#ifndef KS_VIEWER_OFFSCREEN_H
#define KS_VIEWER_OFFSCREEN_H

#include "base/error.h"

typedef struct ks_offscreen ks_offscreen;

/* Makes a context and makes it current. Errors: KS_FAILED saying what is missing. */
ks_offscreen* ks_offscreen_create(ks_error* err);
/* Makes it current again, before anything is drawn in it or freed of it, where its thread has another. Errors: KS_FAILED. */
bool ks_offscreen_use(ks_offscreen* offscreen, ks_error* err);
/* None is current in the thread then. */
void ks_offscreen_destroy(ks_offscreen* offscreen);

#endif
