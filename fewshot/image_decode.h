/* image_decode.h: one image file, as bytes, becomes grey or coloured pixels.
 *
 * What it is, its first bytes say, not its name. Palettes, 1 to 16 bits a channel, interlaced and animated PNG (its first picture)
 * become 8 bits; what is transparent lies on white. Colour profiles and the turn that a camera notes are passed over.
 *
 * Thread rule: distinct images are independent. */
#ifndef KS_FEWSHOT_IMAGE_DECODE_H
#define KS_FEWSHOT_IMAGE_DECODE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    KS_IMAGE_MAX_SIDE = 1 << 15, /* pixels */
    KS_IMAGE_MAX_PIXELS =
        1 << 25, /* width x height: a small file may claim any size, and memory goes by what it claims */
};

typedef struct ks_image {
    size_t width, height; /* pixels */
    size_t channels;      /* 1 grey, 3 red, green, blue */
    uint8_t* pixels;      /* (height x width x channels), the owner's to free */
} ks_image;

/* Fills *image. Errors, after which there is nothing to free: KS_BAD_INPUT, what is wrong with the file (not its name), KS_FAILED. */
bool ks_image_decode(ks_image* image, const uint8_t* bytes, size_t length, ks_error* err);
void ks_image_free(ks_image* image);

/* The same without pixels, from the beginning of the file alone: its size, and whether it may have colours. */
bool ks_image_measure(ks_image* image, const uint8_t* bytes, size_t length, ks_error* err);

/* Both of one format, whose first bytes have been seen. */
typedef enum ks_image_depth { KS_IMAGE_SIZE_ONLY, KS_IMAGE_PIXELS } ks_image_depth;
bool ks_image_read_png(ks_image* image, const uint8_t* bytes, size_t length, ks_image_depth depth, ks_error* err);
bool ks_image_read_jpeg(ks_image* image, const uint8_t* bytes, size_t length, ks_image_depth depth, ks_error* err);

/* An image of that size, with memory for its pixels if they are wanted; or says that it is too large. */
bool ks_image_make(ks_image* image, size_t width, size_t height, size_t channels, ks_image_depth depth, ks_error* err);

#endif
