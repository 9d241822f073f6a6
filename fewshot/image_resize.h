/* image_resize.h: an image of any size becomes a square one, by Lanczos' filter of three lobes.
 *
 * The filter is widened where the image shrinks, and runs along the rows, then along the columns, with 8 bits between and weights of
 * 22 bits: to the byte what Pillow's resize(…, LANCZOS) gives.
 *
 * Thread rule: a resizer is used by one thread at a time. */
#ifndef KS_FEWSHOT_IMAGE_RESIZE_H
#define KS_FEWSHOT_IMAGE_RESIZE_H

#include "fewshot/image_decode.h"

/* Keeps the weights of the last size, and memory for what is between the passes. */
typedef struct ks_image_resizer ks_image_resizer;

/* Owned by the caller. Errors: KS_FAILED (memory). */
ks_image_resizer* ks_image_resizer_create(ks_error* err);
void ks_image_resizer_destroy(ks_image_resizer* resizer);

/* out (size x size x the image's channels). Errors: KS_FAILED (memory). */
bool ks_image_resize(uint8_t* out, size_t size, const ks_image* image, ks_image_resizer* resizer, ks_error* err);

#endif
