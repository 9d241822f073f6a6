/* strokes.h: characters of no alphabet, drawn by program, so that few-shot classification can be tried without a data set.
 *
 * A character is one to four strokes of a pen: lines, arcs, hooks, waves, corners, loops, which mostly begin where others are. An image
 * of it is the character written once more by an unsteady hand: every stroke a little elsewhere and otherwise bent, the whole slanted,
 * stretched and moved, the pen finer or broader. Ink is dark on light paper; on 105 pixels the pen is 3 to 4 wide.
 *
 * Character and image are functions of (seed, split, number, image) through counted streams, the same bytes on every machine.
 *
 * Thread rule: pure, but for the canvas, which is of one thread. */
#ifndef KS_FEWSHOT_STROKES_H
#define KS_FEWSHOT_STROKES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    KS_STROKES_SIZE = 105,  /* side in pixels that is drawn; smaller images are resized from it */
    KS_STROKES_IMAGES = 20, /* of a class, in the set */
    KS_STROKES_TESTS = 423, /* classes for tests, in the set; those for training and validation are a setting */
};

/* What an image is drawn on, of size x size pixels in the end. Owned by the caller. Errors: KS_FAILED (memory). */
typedef struct ks_sheet ks_sheet;
ks_sheet* ks_sheet_create(size_t size, ks_error* err);
void ks_sheet_destroy(ks_sheet* canvas);

/* Image number `image` of a character. out: (size x size). Errors: KS_FAILED (memory). */
bool ks_strokes_draw(uint8_t* out, ks_sheet* canvas, uint64_t seed, unsigned split, uint32_t character, uint32_t image,
                     ks_error* err);

#endif
