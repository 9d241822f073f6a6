/* brush.h: a round pen on an image of few pixels, with smooth edges, so that what is drawn with the mouse looks to a model like what
 * it has learned from.
 *
 * Places are in pixels of the image, with fractions, from its top left. Internal to this room. Thread rule: pure. */
#ifndef KS_VIEWER_BRUSH_H
#define KS_VIEWER_BRUSH_H

#include "base/real.h"

#include <stddef.h>

typedef struct ks_brush {
    double width; /* pixels of the image */
    ks_real ink;  /* 0 to 1, of all channels */
} ks_brush;

/* Omniglot's lines are 5 of 105 pixels wide. */
double ks_brush_width(size_t side);

/* From a to b, which may be the same, and anywhere. What is there comes nearer to the ink as far as the stroke covers it, but is not
 * covered twice where strokes overlap. image: (side x side x channels) */
void ks_brush_stroke(ks_real* image, size_t side, size_t channels, const double a[2], const double b[2],
                     const ks_brush* brush);

#endif
