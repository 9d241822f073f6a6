#include "fewshot/strokes.h"

#include "base/rng.h"
#include "fewshot/image_resize.h"
#include "fewshot/strokes_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STAGE_STROKES = 1 }; /* what numbers of the purpose KS_RNG_IMAGES are for */

struct ks_sheet {
    size_t size, side; /* of what comes out, of what is drawn */
    float* ink;        /* (side x side) how much of a pixel the pen has covered */
    uint8_t* pixels;   /* (side x side) */
    ks_image_resizer* resizer;
};

ks_sheet* ks_sheet_create(size_t size, ks_error* err) {
    ks_sheet* c = calloc(1, sizeof *c);
    if (c) {
        c->size = size;
        c->side = size > KS_STROKES_SIZE ? size : KS_STROKES_SIZE;
        c->ink = malloc(c->side * c->side * sizeof *c->ink);
        c->pixels = malloc(c->side * c->side);
        c->resizer = ks_image_resizer_create(err);
    }
    if (!c || !c->ink || !c->pixels || !c->resizer) {
        ks_sheet_destroy(c);
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    return c;
}

void ks_sheet_destroy(ks_sheet* c) {
    if (c) {
        ks_image_resizer_destroy(c->resizer);
        free(c->ink);
        free(c->pixels);
        free(c);
    }
}

/* ---- the pen ---------------------------------------------------------------------------------------------------------------- */

static int clamp(double x, int most) {
    return x < 0 ? 0 : x > most ? most : (int)x;
}

/* A straight piece of a stroke, in pixels: its ends are round, its edge is half a pixel soft on either side. */
static void draw_piece(ks_sheet* c, ks_point a, ks_point b, double radius) {
    double reach = radius + 0.5, inner = radius > 0.5 ? radius - 0.5 : 0;
    double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    int last = (int)c->side - 1;
    int left = clamp((a.x < b.x ? a.x : b.x) - reach, last), right = clamp((a.x > b.x ? a.x : b.x) + reach, last);
    int top = clamp((a.y < b.y ? a.y : b.y) - reach, last), bottom = clamp((a.y > b.y ? a.y : b.y) + reach, last);
    for (int y = top; y <= bottom; y++) {
        for (int x = left; x <= right; x++) {
            double px = x + 0.5 - a.x, py = y + 0.5 - a.y;
            double t = length2 > 0 ? (px * dx + py * dy) / length2 : 0;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            double ex = px - t * dx, ey = py - t * dy, distance2 = ex * ex + ey * ey;
            if (distance2 < reach * reach) {
                float* ink = &c->ink[(size_t)y * c->side + (size_t)x];
                float more = distance2 <= inner * inner ? 1 : (float)(reach - sqrt(distance2));
                *ink = more > *ink ? more > 1 ? 1 : more : *ink;
            }
        }
    }
}

/* Catmull and Rom's spline through four points, between the second and the third */
static ks_point on_spline(const ks_point p[4], double t) {
    double t2 = t * t, t3 = t2 * t;
    double w0 = -0.5 * t3 + t2 - 0.5 * t, w1 = 1.5 * t3 - 2.5 * t2 + 1, w2 = -1.5 * t3 + 2 * t2 + 0.5 * t,
           w3 = 0.5 * t3 - 0.5 * t2;
    return (ks_point){w0 * p[0].x + w1 * p[1].x + w2 * p[2].x + w3 * p[3].x,
                      w0 * p[0].y + w1 * p[1].y + w2 * p[2].y + w3 * p[3].y};
}

/* The point beyond an end that continues what comes before it evenly. */
static ks_point beyond(ks_point end, ks_point before) {
    return (ks_point){2 * end.x - before.x, 2 * end.y - before.y};
}

static void draw_stroke(ks_sheet* c, const ks_stroke* s, double radius) {
    enum { PIECES = 8 };
    double side = (double)c->side;
    for (int i = 0; i + 1 < s->count; i++) {
        const ks_point* p = s->point;
        bool starts = i == 0 || s->sharp[i], ends = i + 2 == s->count || s->sharp[i + 1];
        ks_point four[4] = {starts ? beyond(p[i], p[i + 1]) : p[i - 1], p[i], p[i + 1],
                            ends ? beyond(p[i + 1], p[i]) : p[i + 2]};
        ks_point from = {p[i].x * side, p[i].y * side};
        for (int k = 1; k <= PIECES; k++) {
            ks_point to = on_spline(four, k / (double)PIECES);
            to.x *= side;
            to.y *= side;
            draw_piece(c, from, to, radius);
            from = to;
        }
    }
}

bool ks_strokes_draw(uint8_t* out, ks_sheet* c, uint64_t seed, unsigned split, uint32_t character, uint32_t image,
                     ks_error* err) {
    ks_stream stream = ks_stream_make(seed, KS_RNG_IMAGES, split, STAGE_STROKES);
    ks_character written;
    ks_dice dice = {.stream = stream, .task = character};
    ks_character_invent(&written, &dice);
    dice = (ks_dice){.stream = stream, .task = character, .trajectory = image + 1};
    ks_character_write(&written, &dice);
    memset(c->ink, 0, c->side * c->side * sizeof *c->ink);
    for (int s = 0; s < written.count; s++) {
        draw_stroke(c, &written.stroke[s], written.pen / 2 * (double)c->side);
    }
    for (size_t i = 0; i < c->side * c->side; i++) {
        c->pixels[i] = (uint8_t)(255.5f - 255 * c->ink[i]);
    }
    const ks_image large = {.width = c->side, .height = c->side, .channels = 1, .pixels = c->pixels};
    return ks_image_resize(out, c->size, &large, c->resizer, err);
}
