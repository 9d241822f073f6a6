/* regression_picture.h: the picture of models on one sine curve: a header, a pane per model, a legend. The same for a window, a
 * video and a still. Rectangles are OpenGL's: pixels, from the bottom left.
 *
 * Thread rule: as the scene's. Only create and resize allocate. */
#ifndef KS_VIEWER_REGRESSION_PICTURE_H
#define KS_VIEWER_REGRESSION_PICTURE_H

#include "viewer/regression.h"

#include <mujoco/mujoco.h>

/* What is to be seen of it. */
typedef struct ks_regression_view {
    double position;    /* gradient steps taken, 0 … steps; between two of them the prediction is between theirs */
    int held;           /* the example that the mouse is on; -1: none */
    const char* status; /* right end of the header, ASCII; NULL: none */
} ks_regression_view;

typedef struct ks_regression_picture ks_regression_picture;

/* context: for letters; must outlive it. unit: pixels per unit of letters and margins. Errors: KS_FAILED (memory). */
ks_regression_picture* ks_regression_picture_create(const mjrContext* context, double unit, ks_error* err);
void ks_regression_picture_destroy(ks_regression_picture* picture);
/* Before the first picture of this size. Errors: KS_FAILED (memory). */
bool ks_regression_picture_resize(ks_regression_picture* picture, int width, int height, ks_error* err);

/* Draws into the rectangle of the last size, whose lower left corner is the framebuffer's. */
void ks_regression_picture_draw(ks_regression_picture* picture, const ks_regression* regression,
                                const ks_regression_view* view);

/* The example that is drawn at the pixel, and the pane that this is in; false: none. */
bool ks_regression_picture_find(const ks_regression_picture* picture, const ks_regression* regression, double x,
                                double y, int* pane, size_t* example);
/* What a pixel stands for in a pane; from outside, what is nearest within. */
ks_sinusoid_point ks_regression_picture_place(const ks_regression_picture* picture, const ks_regression* regression,
                                              int pane, double x, double y);

#endif
