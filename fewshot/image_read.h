/* image_read.h: files become images of one form.
 *
 * Thread rule: one call uses as many threads as it is told; what comes out does not depend on how many. */
#ifndef KS_FEWSHOT_IMAGE_READ_H
#define KS_FEWSHOT_IMAGE_READ_H

#include "fewshot/image_files.h"

#include <stdbool.h>

/* What images are to be like. */
typedef struct ks_image_form {
    size_t size;     /* side in pixels; 0: as the first image's, which all must then have */
    size_t channels; /* 1 grey, 3 red, green, blue; 0: 3 if any image is not grey */
    bool invert;     /* every number v becomes 255 - v */
    int threads;
} ks_image_form;

/* Reads image number i (0 … count-1) from file[i] of the list. Returns (count x size x size x channels) bytes, the caller's to free, and
 * says in *form what a 0 has become. NULL on errors: KS_BAD_INPUT naming the first file that is damaged or has the wrong size,
 * KS_FAILED (memory). */
uint8_t* ks_image_read(ks_image_form* form, const ks_image_files* files, const size_t* file, size_t count,
                       ks_error* err);

#endif
