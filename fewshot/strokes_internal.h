/* strokes_internal.h: a character as its strokes, how it comes about and how a hand writes it (character.c), how it is drawn (strokes.c).
 *
 * Lengths are in sides of the image, x to the right, y downwards. */
#ifndef KS_FEWSHOT_STROKES_INTERNAL_H
#define KS_FEWSHOT_STROKES_INTERNAL_H

#include "base/rng.h"

#include <stdbool.h>

/* Numbers of a stream, one after the other. */
typedef struct ks_dice {
    ks_stream stream;
    uint32_t task, trajectory, step;
    double number[16];
    int left; /* of the numbers */
} ks_dice;

typedef struct ks_point {
    double x, y;
} ks_point;

enum { KS_MAX_STROKES = 4, KS_MAX_POINTS = 9 };

/* A curve through its points, straight on where one is not sharp. */
typedef struct ks_stroke {
    int count;
    ks_point point[KS_MAX_POINTS];
    bool sharp[KS_MAX_POINTS]; /* a corner */
    int anchor;                /* the stroke that it begins on, or -1 */
    double anchor_at;          /* where on it: 0 its beginning, 1 its end */
} ks_stroke;

typedef struct ks_character {
    int count;
    ks_stroke stroke[KS_MAX_STROKES];
    double pen; /* width */
} ks_character;

/* A new character. */
void ks_character_invent(ks_character* character, ks_dice* dice);

/* The same once more, as a hand writes it. */
void ks_character_write(ks_character* character, ks_dice* dice);

#endif
