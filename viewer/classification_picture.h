/* classification_picture.h: the picture of a model on one task of images: a card per class with its support and its queries, what
 * the model finds likeliest before and after gradient steps, and in a window the cell to draw in. What is right and what is wrong is
 * told by colours and by signs. The same for a window, a video and a still.
 *
 * Thread rule: as the scene's. Only create and resize allocate. */
#ifndef KS_VIEWER_CLASSIFICATION_PICTURE_H
#define KS_VIEWER_CLASSIFICATION_PICTURE_H

#include "viewer/classification.h"

#include <mujoco/mujoco.h>

/* What is to be seen of it. */
typedef struct ks_classification_view {
    double position;    /* gradient steps taken, 0 … steps; between two of them bars are between theirs */
    size_t cell;        /* that the mouse is on; KS_NO_CELL: none */
    const char* status; /* right end of the header, ASCII; NULL: none */
} ks_classification_view;
#define KS_NO_CELL SIZE_MAX

typedef struct ks_classification_picture ks_classification_picture;

/* context: for letters; must outlive it. unit: pixels per unit of letters and margins. panel: with a cell to draw in. Of tasks of
 * that form. Errors: KS_FAILED (memory). */
ks_classification_picture* ks_classification_picture_create(const mjrContext* context, double unit,
                                                            const ks_images_form* form, bool panel, ks_error* err);
void ks_classification_picture_destroy(ks_classification_picture* picture);
/* Before the first picture of this size. Errors: KS_FAILED (memory). */
bool ks_classification_picture_resize(ks_classification_picture* picture, int width, int height, ks_error* err);

/* Draws into the rectangle of the last size, whose lower left corner is the framebuffer's. */
void ks_classification_picture_draw(ks_classification_picture* picture, const ks_classification* c,
                                    const ks_classification_view* view);

/* ---- where things are ----------------------------------------------------------------------------------------------------- */

/* The cell at a pixel, or KS_NO_CELL. */
size_t ks_classification_picture_cell(ks_classification_picture* picture, const ks_classification* c, double x,
                                      double y);
/* at: what a pixel stands for in a cell that was found, in pixels of its image from the top left, also outside of it. */
void ks_classification_picture_place(double at[2], const ks_classification_picture* picture, size_t cell, double x,
                                     double y);
/* The query at a pixel; false: none. */
bool ks_classification_picture_query(ks_classification_picture* picture, const ks_classification* c, double x, double y,
                                     size_t* way, size_t* query);

#endif
