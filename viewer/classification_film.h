/* classification_film.h: pictures of a model on one task of images without a display. Thread rule: belongs to the thread that made
 * it. Only create allocates. */
#ifndef KS_VIEWER_CLASSIFICATION_FILM_H
#define KS_VIEWER_CLASSIFICATION_FILM_H

#include "viewer/classification_picture.h"

typedef struct ks_classification_film ks_classification_film;

/* For pictures of width x height pixels, of tasks of that form. Errors: KS_BAD_INPUT (size), KS_FAILED (no EGL, memory). */
ks_classification_film* ks_classification_film_create(int width, int height, const ks_images_form* form, ks_error* err);
void ks_classification_film_destroy(ks_classification_film* film);

/* A height for pictures of that width: 9 to 16, or more where there is more to show. Even. */
int ks_classification_film_height(int width, const ks_classification* c);

/* rgb (height x width x 3, from the top), until the next call. Errors: KS_FAILED (OpenGL). */
const unsigned char* ks_classification_film_frame(ks_classification_film* film, const ks_classification* c,
                                                  const ks_classification_view* view, ks_error* err);

#endif
