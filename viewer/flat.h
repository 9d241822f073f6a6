/* flat.h: what pictures of no scene are made with when there is no display: EGL, letters, and pixels out of it.
 *
 * Internal to this room. Thread rule: belongs to the thread that opened it. Only open allocates. */
#ifndef KS_VIEWER_FLAT_H
#define KS_VIEWER_FLAT_H

#include "viewer/offscreen.h"
#include "viewer/plate.h"

typedef struct ks_flat {
    ks_plate plate;
    ks_offscreen* offscreen;
    mjrContext context; /* of no model: for letters and pixels */
    bool has_context;
} ks_flat;

/* For pictures of width x height pixels; flat starts with {0}. Close it in any case.
 * Errors: KS_BAD_INPUT (size), KS_FAILED (no EGL, memory). */
bool ks_flat_open(ks_flat* flat, int width, int height, ks_error* err);
void ks_flat_close(ks_flat* flat);

/* Letters and pixels on the framebuffer that is current, of a display or of none. font: mjtFontScale. */
void ks_flat_context(mjrContext* context, int font);

#endif
