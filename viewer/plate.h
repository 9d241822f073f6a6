/* plate.h: pixels of a picture that is drawn without a display: finer than asked for, and averaged, which also smooths letters.
 * Internal to this room. Thread rule: as the scene's. Only init allocates. */
#ifndef KS_VIEWER_PLATE_H
#define KS_VIEWER_PLATE_H

#include "base/error.h"

#include <mujoco/mujoco.h>

enum { KS_PLATE_MIN_SIDE = 64, KS_PLATE_MAX_SIDE = 4096 };

typedef struct ks_plate {
    int width, height;
    mjrRect fine_rect;   /* what to draw into */
    double unit;         /* of that picture: pixels per unit of letters and margins, in proportion to its size */
    int font;            /* mjtFontScale */
    unsigned char* fine; /* (FINER height x FINER width x 3) from the bottom */
    unsigned char* rgb;  /* (height x width x 3) from the top */
} ks_plate;

/* Errors: KS_BAD_INPUT (size), KS_FAILED (memory). Free it in any case. */
bool ks_plate_init(ks_plate* plate, int width, int height, ks_error* err);
void ks_plate_free(ks_plate* plate);

/* What was drawn into fine_rect: rgb, until the next call. Errors: KS_FAILED (OpenGL). */
const unsigned char* ks_plate_develop(ks_plate* plate, const mjrContext* context, ks_error* err);

#endif
