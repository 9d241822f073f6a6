/* canvas.h: images, and lines and dots with smooth edges, put into pixels by the processor: the same on every machine, with a graphics card or
 * without, in a file as in a window.
 *
 * Coordinates are pixels from the bottom left, with fractions. Internal to this room.
 * Thread rule: an object is used by one thread at a time. Only resize allocates. */
#ifndef KS_VIEWER_CANVAS_H
#define KS_VIEWER_CANVAS_H

#include "base/error.h"
#include "base/real.h"

#include <mujoco/mujoco.h>

typedef struct ks_canvas {
    int width, height;
    unsigned char* rgb; /* (height x width x 3) from the bottom, as mjr_drawPixels takes it */
    float* cover;       /* (height x width) of the line that is being drawn; 0 else */
    size_t room;        /* pixels */
} ks_canvas;

/* Start with {0}. What was on it is lost. Errors: KS_FAILED (memory). */
bool ks_canvas_resize(ks_canvas* canvas, int width, int height, ks_error* err);
void ks_canvas_free(ks_canvas* canvas);

/* How lines look. dash: pixels of a dash, and of the gap behind it; 0: none. */
typedef struct ks_pen {
    float rgb[3], alpha;
    double width, dash;
} ks_pen;

void ks_canvas_fill(ks_canvas* canvas, mjrRect where, const float rgb[3]);
/* An image (side x side x channels, 1 or 3) of numbers from 0 to 1, its first row on top: every pixel is the mean of what it covers. */
void ks_canvas_image(ks_canvas* canvas, mjrRect where, const ks_real* image, size_t side, size_t channels);
/* A line through points (count x 2), within `clip`; it is broken where a number is not finite. */
void ks_canvas_line(ks_canvas* canvas, mjrRect clip, const double* points, size_t count, const ks_pen* pen);
void ks_canvas_dot(ks_canvas* canvas, mjrRect clip, double x, double y, double radius, const float rgb[3]);

#endif
