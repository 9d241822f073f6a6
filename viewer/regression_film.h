/* regression_film.h: pictures of models on one sine curve without a display. Thread rule: belongs to the thread that made it. Only
 * create allocates. */
#ifndef KS_VIEWER_REGRESSION_FILM_H
#define KS_VIEWER_REGRESSION_FILM_H

#include "viewer/regression_picture.h"

typedef struct ks_regression_film ks_regression_film;

/* For pictures of width x height pixels. Errors: KS_BAD_INPUT (size), KS_FAILED (no EGL, memory). */
ks_regression_film* ks_regression_film_create(int width, int height, ks_error* err);
void ks_regression_film_destroy(ks_regression_film* film);

/* rgb (height x width x 3, from the top), until the next call. Errors: KS_FAILED (OpenGL). */
const unsigned char* ks_regression_film_frame(ks_regression_film* film, const ks_regression* regression,
                                              const ks_regression_view* view, ks_error* err);

#endif
