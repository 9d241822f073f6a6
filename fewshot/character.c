#include "base/elementary.h"
#include "fewshot/strokes_internal.h"

#include <math.h>

/* ---- numbers ---------------------------------------------------------------------------------------------------------------- */

/* No expression here draws twice: compilers may take the parts of one, and the arguments of a call, in any order. */

/* from 0 to 1 */
static double uniform(ks_dice* d) {
    enum { COUNT = sizeof d->number / sizeof *d->number };
    if (d->left == 0) {
        ks_stream_uniform(d->number, COUNT, d->stream, d->task, d->trajectory, d->step++);
        d->left = COUNT;
    }
    return d->number[COUNT - d->left--];
}

static double between(ks_dice* d, double low, double high) {
    return low + (high - low) * uniform(d);
}

/* Mean 0, standard deviation 1, within 3.5: the sum of four uniforms, of which no digit depends on the C library. */
static double normal(ks_dice* d) {
    double sum = -2;
    for (int i = 0; i < 4; i++) {
        sum += uniform(d);
    }
    return sum * 1.7320508075688772;
}

static bool chance(ks_dice* d, double probability) {
    return uniform(d) < probability;
}

/* A point about the middle, by normals of that standard deviation. */
static ks_point offset(ks_dice* d, double deviation) {
    double x = deviation * normal(d), y = deviation * normal(d);
    return (ks_point){x, y};
}

/* Which of n, by their weights. */
static int choose(ks_dice* d, const double* weight, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += weight[i];
    }
    double left = sum * uniform(d);
    int i = 0;
    while (i < n - 1 && (left -= weight[i]) >= 0) {
        i++;
    }
    return i;
}

/* The direction that many turns from the x axis. */
static ks_point direction(double turns) {
    ks_real sine, cosine;
    ks_turn(&sine, &cosine, (ks_real)(turns - floor(turns)));
    return (ks_point){(double)cosine, (double)sine};
}

static ks_point ahead(ks_point from, double turns, double length) {
    ks_point d = direction(turns);
    return (ks_point){from.x + length * d.x, from.y + length * d.y};
}

/* ---- strokes ------------------------------------------------------------------------------------------------------------------ */

/* Upright, level and slanting lines are more common than others. */
static double draw_angle(ks_dice* d) {
    static const double WEIGHT[8] = {3, 1.5, 4, 1.5, 0.7, 0.7, 0.7, 0.7}; /* from left to right and downwards, mostly */
    double any = uniform(d), eighth = choose(d, WEIGHT, 8) / 8.0, off = 0.015 * normal(d);
    return chance(d, 0.75) ? eighth + off : any;
}

static void add(ks_stroke* s, ks_point p, bool sharp) {
    if (s->count < KS_MAX_POINTS) {
        s->sharp[s->count] = sharp;
        s->point[s->count++] = p;
    }
}

static ks_point last(const ks_stroke* s) {
    return s->point[s->count - 1];
}

static void make_line(ks_stroke* s, ks_dice* d) {
    double angle = draw_angle(d), length = between(d, 0.3, 0.9), bow = 0.06 * normal(d) * length;
    ks_point middle = ahead(ahead((ks_point){0, 0}, angle, length / 2), angle + 0.25, bow);
    add(s, (ks_point){0, 0}, false);
    add(s, middle, false);
    add(s, ahead((ks_point){0, 0}, angle, length), false);
}

/* Points on a circle that is entered in a direction, and that widens or narrows by a factor until its end. */
static void bend(ks_stroke* s, double angle, double turns, double radius, double widening, int pieces) {
    double heading = angle, step = turns / pieces;
    for (int i = 0; i < pieces; i++) {
        double r = radius * (1 + (widening - 1) * i / pieces), t = step < 0 ? -step : step;
        ks_point half = direction(t / 2); /* the chord of a piece: 2 r sin(step / 2) */
        add(s, ahead(last(s), heading + step / 2, 2 * r * half.y), false);
        heading += step;
    }
}

/* A number from low to high, mostly positive. */
static double either_way(ks_dice* d, double low, double high) {
    double number = between(d, low, high);
    return chance(d, 0.6) ? number : -number;
}

static void make_arc(ks_stroke* s, ks_dice* d) {
    double angle = draw_angle(d), turns = either_way(d, 0.3, 0.75), radius = between(d, 0.15, 0.4);
    double widening = between(d, 0.8, 1.25);
    add(s, (ks_point){0, 0}, false);
    bend(s, angle, turns, radius, widening, 5);
}

static void make_ring(ks_stroke* s, ks_dice* d) {
    double angle = uniform(d), turns = either_way(d, 0.95, 1.05), radius = between(d, 0.1, 0.3);
    add(s, (ks_point){0, 0}, false);
    bend(s, angle, turns, radius, 1, 8);
}

/* A line that curls at its end. */
static void make_hook(ks_stroke* s, ks_dice* d) {
    double angle = draw_angle(d), length = between(d, 0.25, 0.7), turns = either_way(d, 0.3, 0.8);
    double radius = between(d, 0.08, 0.24), widening = between(d, 0.6, 1.3);
    add(s, (ks_point){0, 0}, false);
    add(s, ahead(last(s), angle, length / 2), false);
    add(s, ahead(last(s), angle, length / 2), false);
    bend(s, angle, turns, radius, widening, 5);
}

/* A line that crosses itself: a loop on its way. */
static void make_loop(ks_stroke* s, ks_dice* d) {
    double angle = draw_angle(d), turns = either_way(d, 0.7, 1), radius = between(d, 0.08, 0.17);
    double widening = between(d, 0.8, 1.2), before = between(d, 0.2, 0.45), behind = between(d, 0.15, 0.45);
    add(s, (ks_point){0, 0}, false);
    add(s, ahead(last(s), angle, before), false);
    bend(s, angle, turns, radius, widening, 6);
    add(s, ahead(last(s), angle + turns, behind), false);
}

/* There and back, round or with corners. */
static void make_wave(ks_stroke* s, ks_dice* d) {
    static const double PIECES[3] = {0.45, 0.4, 0.15}; /* 3, 4 or 5 */
    bool sharp = chance(d, 0.5);
    int pieces = 3 + choose(d, PIECES, 3);
    double angle = draw_angle(d), length = between(d, 0.15, 0.3), swing = either_way(d, 0.12, 0.32);
    add(s, (ks_point){0, 0}, false);
    for (int i = 0; i < pieces; i++, swing = -swing) {
        double on = length * between(d, 0.7, 1.3), aside = swing * between(d, 0.8, 1.2);
        bool end = i == 0 || i == pieces - 1;
        add(s, ahead(ahead(last(s), angle, on), angle + 0.25, end ? 0.6 * aside : aside), sharp);
    }
}

/* Two or three lines with corners between. */
static void make_corner(ks_stroke* s, ks_dice* d) {
    int pieces = 2 + chance(d, 0.4);
    double angle = draw_angle(d);
    add(s, (ks_point){0, 0}, false);
    for (int i = 0; i < pieces; i++) {
        add(s, ahead(last(s), angle, between(d, 0.25, 0.65)), true);
        angle += either_way(d, 0.2, 0.38);
    }
}

static void make_dot(ks_stroke* s, ks_dice* d) {
    double angle = uniform(d), length = between(d, 0.02, 0.09);
    add(s, (ks_point){0, 0}, false);
    add(s, ahead(last(s), angle, length), false);
}

/* What a stroke may be: the only one, the first, or another. */
static void make_stroke(ks_stroke* s, ks_dice* d, bool alone, bool first) {
    static void (*const MAKE[])(ks_stroke*, ks_dice*) = {make_line, make_arc,  make_ring,   make_hook,
                                                         make_loop, make_wave, make_corner, make_dot};
    static const double ALONE[] = {0, 0.5, 0, 2, 2, 2, 1, 0}, FIRST[] = {4, 3, 1, 2, 0.8, 1, 1.8, 0},
                        OTHER[] = {5, 3, 0.8, 1.5, 0.5, 0.8, 1.5, 0.9};
    *s = (ks_stroke){.anchor = -1};
    MAKE[choose(d, alone ? ALONE : first ? FIRST : OTHER, 8)](s, d);
}

/* ---- characters ------------------------------------------------------------------------------------------------------------- */

/* The point at a part of the way along a stroke, taken as straight between its points. */
static ks_point along(const ks_stroke* s, double part) {
    double place = part * (s->count - 1);
    int i = place >= s->count - 1 ? s->count - 2 : (int)place;
    double t = place - i;
    return (ks_point){s->point[i].x + t * (s->point[i + 1].x - s->point[i].x),
                      s->point[i].y + t * (s->point[i + 1].y - s->point[i].y)};
}

static void move(ks_stroke* s, double dx, double dy) {
    for (int i = 0; i < s->count; i++) {
        s->point[i].x += dx;
        s->point[i].y += dy;
    }
}

/* An end, the middle or any place. */
static double draw_place(ks_dice* d) {
    static const double WEIGHT[4] = {3, 3, 2, 2};
    const double places[4] = {0, 1, 0.5, uniform(d)};
    return places[choose(d, WEIGHT, 4)];
}

/* Puts a stroke on one of those before it, or somewhere near. */
static void place(ks_character* c, int number, ks_dice* d) {
    ks_stroke* s = &c->stroke[number];
    bool touches = number > 0 && s->count > 2 && chance(d, 0.75); /* dots do not */
    double from = draw_place(d), to = draw_place(d);
    int other = number > 0 ? (int)(uniform(d) * number) : 0;
    ks_point at = offset(d, 0.35), own = along(s, touches ? from : 0.5);
    if (touches) {
        at = along(&c->stroke[other], to);
        s->anchor = other;
        s->anchor_at = to;
    } else if (number == 0) {
        at = (ks_point){0, 0};
    }
    move(s, at.x - own.x, at.y - own.y);
}

/* The least rectangle around the character's points. */
static void bound(const ks_character* c, ks_point* low, ks_point* high) {
    *low = *high = c->stroke[0].point[0];
    for (int s = 0; s < c->count; s++) {
        for (int i = 0; i < c->stroke[s].count; i++) {
            const ks_point* p = &c->stroke[s].point[i];
            *low = (ks_point){fmin(low->x, p->x), fmin(low->y, p->y)};
            *high = (ks_point){fmax(high->x, p->x), fmax(high->y, p->y)};
        }
    }
}

/* Makes the character larger or smaller about a point, and brings that to another place. */
static void scale(ks_character* c, double factor, ks_point about, ks_point to) {
    for (int s = 0; s < c->count; s++) {
        for (int i = 0; i < c->stroke[s].count; i++) {
            ks_point* p = &c->stroke[s].point[i];
            *p = (ks_point){to.x + factor * (p->x - about.x), to.y + factor * (p->y - about.y)};
        }
    }
}

/* Makes the character as large as is written, in the middle of the image. */
static void fit(ks_character* c, ks_dice* d) {
    ks_point low, high;
    bound(c, &low, &high);
    ks_point center = {(low.x + high.x) / 2, (low.y + high.y) / 2};
    scale(c, between(d, 0.52, 0.72) / fmax(high.x - low.x, high.y - low.y), center, (ks_point){0.5, 0.5});
}

/* The nearest place to a middle where a part of that length stays on the paper. */
static double keep_on(double middle, double length) {
    const double margin = 0.04;
    return fmin(fmax(middle, margin + length / 2), 1 - margin - length / 2);
}

/* Nobody writes beyond the edge of the paper. */
static void keep_on_paper(ks_character* c) {
    ks_point low, high;
    bound(c, &low, &high);
    double width = high.x - low.x, height = high.y - low.y, factor = fmin(1, 0.92 / fmax(width, height));
    ks_point center = {(low.x + high.x) / 2, (low.y + high.y) / 2};
    scale(c, factor, center, (ks_point){keep_on(center.x, factor * width), keep_on(center.y, factor * height)});
}

void ks_character_invent(ks_character* c, ks_dice* d) {
    static const double WEIGHT[KS_MAX_STROKES] = {2, 3.5, 3.5, 2};
    c->count = 1 + choose(d, WEIGHT, KS_MAX_STROKES);
    c->pen = 0;
    for (int s = 0; s < c->count; s++) {
        make_stroke(&c->stroke[s], d, c->count == 1, s == 0);
        place(c, s, d);
    }
    fit(c, d);
}

/* ---- the hand ------------------------------------------------------------------------------------------------------------------ */

/* A plane's map: x' = a x + b y, y' = c x + d y */
typedef struct map {
    double a, b, c, d;
} map;

/* Slanted, stretched and turned a little. */
static map draw_map(ks_dice* d, double amount) {
    double size = 1 + 0.08 * amount * normal(d), slant = 0.13 * amount * normal(d);
    double wide = size + 0.08 * amount * normal(d), high = size + 0.08 * amount * normal(d);
    ks_point turn = direction(0.015 * amount * normal(d));
    return (map){turn.x * wide, turn.x * slant - turn.y * high, turn.y * wide, turn.y * slant + turn.x * high};
}

/* About a center, to another. */
static void apply(ks_stroke* s, map m, ks_point center, ks_point to) {
    for (int i = 0; i < s->count; i++) {
        double x = s->point[i].x - center.x, y = s->point[i].y - center.y;
        s->point[i] = (ks_point){to.x + m.a * x + m.b * y, to.y + m.c * x + m.d * y};
    }
}

/* One stroke by itself: bent otherwise, and off its place. What it hangs on takes it along. */
static void write_stroke(ks_stroke* s, ks_dice* d, ks_point carried) {
    ks_point center = along(s, 0.5), off = offset(d, 0.016);
    map m = draw_map(d, 0.8);
    apply(s, m, center, (ks_point){center.x + carried.x + off.x, center.y + carried.y + off.y});
    for (int i = 0; i < s->count; i++) {
        ks_point bent = offset(d, 0.016);
        s->point[i].x += bent.x;
        s->point[i].y += bent.y;
    }
}

void ks_character_write(ks_character* c, ks_dice* d) {
    const ks_character model = *c;
    for (int s = 0; s < c->count; s++) {
        ks_point carried = {0, 0};
        int anchor = c->stroke[s].anchor;
        if (anchor >= 0) {
            ks_point was = along(&model.stroke[anchor], c->stroke[s].anchor_at);
            ks_point is = along(&c->stroke[anchor], c->stroke[s].anchor_at);
            carried = (ks_point){is.x - was.x, is.y - was.y};
        }
        write_stroke(&c->stroke[s], d, carried);
    }
    map m = draw_map(d, 1);
    ks_point off = offset(d, 0.035);
    for (int s = 0; s < c->count; s++) {
        apply(&c->stroke[s], m, (ks_point){0.5, 0.5}, (ks_point){0.5 + off.x, 0.5 + off.y});
    }
    keep_on_paper(c);
    c->pen = between(d, 3.3, 4.3) / 105;
}
