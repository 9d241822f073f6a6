/* offscreen.h: an OpenGL context without a display, by EGL.
 * Thread rule: the context is current in the thread that made it, which is also to destroy it. One at a time per thread. */
#ifndef KS_VIEWER_OFFSCREEN_H
#define KS_VIEWER_OFFSCREEN_H

#include "base/error.h"

typedef struct ks_offscreen ks_offscreen;

/* Makes a context and makes it current. Errors: KS_FAILED saying what is missing. */
ks_offscreen* ks_offscreen_create(ks_error* err);
void ks_offscreen_destroy(ks_offscreen* offscreen);

#endif
