/* film.h: pictures of a play without a display: EGL, a scene and a picture in one, and pixels out of it.
 *
 * Thread rule: belongs to the thread that made it. Only create allocates. */
#ifndef KS_VIEWER_FILM_H
#define KS_VIEWER_FILM_H

#include "viewer/picture.h"
#include "viewer/plate.h"

typedef struct ks_film ks_film;

/* For pictures of width x height pixels. Errors: KS_BAD_INPUT (size), KS_FAILED (no EGL, memory). */
ks_film* ks_film_create(const ks_env_model* model, int width, int height, ks_error* err);
void ks_film_destroy(ks_film* film);

/* rgb (height x width x 3, from the top): as ks_picture_draw and ks_picture_sheet. Lives until the next call.
 * Errors: KS_FAILED (OpenGL). */
const unsigned char* ks_film_frame(ks_film* film, const ks_play* play, double time, const ks_view* view,
                                   const ks_caption* caption, ks_error* err);
const unsigned char* ks_film_sheet(ks_film* film, const ks_play* play, int columns, const ks_view* view,
                                   const ks_caption* caption, ks_error* err);

#endif
