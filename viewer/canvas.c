#include "viewer/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ks_canvas_resize(ks_canvas* c, int width, int height, ks_error* err) {
    size_t pixels = (size_t)width * (size_t)height;
    if (pixels > c->room) {
        free(c->rgb);
        free(c->cover);
        c->rgb = malloc(3 * pixels);
        c->cover = calloc(pixels, sizeof *c->cover);
        c->room = c->rgb && c->cover ? pixels : 0;
    }
    bool ok = pixels <= c->room;
    c->width = ok ? width : 0;
    c->height = ok ? height : 0;
    return ok || ks_fail(err, KS_FAILED, "not enough memory for a picture of %dx%d pixels", width, height);
}

void ks_canvas_free(ks_canvas* c) {
    free(c->rgb);
    free(c->cover);
    *c = (ks_canvas){0};
}

/* Columns left … right-1 and rows bottom … top-1. */
typedef struct box {
    int left, bottom, right, top;
} box;

static int at_least(double x, int low) {
    return x > low ? (x < 1e6 ? (int)x : 1000000) : low;
}

static int at_most(double x, int high) {
    return x < high ? (x > -1e6 ? (int)x : -1000000) : high;
}

/* The pixels that what is within `reach` of a rectangle may cover, as far as they are on the canvas and in the clip. */
static box around(const ks_canvas* c, mjrRect clip, const double low[2], const double high[2], double reach) {
    int right = clip.left + clip.width, top = clip.bottom + clip.height;
    return (box){.left = at_least(floor(low[0] - reach), clip.left > 0 ? clip.left : 0),
                 .bottom = at_least(floor(low[1] - reach), clip.bottom > 0 ? clip.bottom : 0),
                 .right = at_most(ceil(high[0] + reach) + 1, right < c->width ? right : c->width),
                 .top = at_most(ceil(high[1] + reach) + 1, top < c->height ? top : c->height)};
}

void ks_canvas_fill(ks_canvas* c, mjrRect where, const float rgb[3]) {
    unsigned char colour[3];
    const double low[2] = {where.left, where.bottom};
    const double high[2] = {where.left + where.width - 1, where.bottom + where.height - 1};
    box b = around(c, where, low, high, 0);
    for (int i = 0; i < 3; i++) {
        colour[i] = (unsigned char)lround(255 * (double)rgb[i]);
    }
    for (int y = b.bottom; y < b.top; y++) {
        unsigned char* row = c->rgb + 3 * ((size_t)y * (size_t)c->width);
        for (int x = b.left; x < b.right; x++) {
            memcpy(row + 3 * x, colour, 3);
        }
    }
}

/* ---- images --------------------------------------------------------------------------------------------------------------- */

/* What a pixel covers along one axis, in numbers of an image: first, last, and the shares of both ends. */
typedef struct span {
    size_t first, last;
    double at_first, at_last;
} span;

static span covered(int pixel, int pixels, size_t side) {
    double scale = (double)side / pixels, low = pixel * scale, high = (pixel + 1) * scale;
    size_t first = (size_t)low, last = (size_t)ceil(high) - 1;
    last = last < side ? last : side - 1;
    first = first < last ? first : last;
    return (span){first, last, fmin((double)first + 1, high) - low, high - fmax((double)last, low)};
}

static double share_of(const span* s, size_t i) {
    return i == s->first ? s->at_first : i == s->last ? s->at_last : 1;
}

/* All that a pixel covers, as a mean. mean: (channels) */
static void mean_of(double* mean, const ks_real* image, size_t side, size_t channels, const span* y, const span* x) {
    double all = 0;
    for (size_t c = 0; c < channels; c++) {
        mean[c] = 0;
    }
    for (size_t row = y->first; row <= y->last; row++) {
        for (size_t column = x->first; column <= x->last; column++) {
            const ks_real* at = image + (row * side + column) * channels;
            double share = share_of(y, row) * share_of(x, column);
            all += share;
            for (size_t c = 0; c < channels; c++) {
                mean[c] += share * (double)at[c];
            }
        }
    }
    for (size_t c = 0; c < channels; c++) {
        mean[c] /= all;
    }
}

static unsigned char to_byte(double x) {
    return (unsigned char)(255 * fmin(fmax(x, 0), 1) + 0.5);
}

void ks_canvas_image(ks_canvas* c, mjrRect where, const ks_real* image, size_t side, size_t channels) {
    const double low[2] = {where.left, where.bottom};
    const double high[2] = {where.left + where.width - 1, where.bottom + where.height - 1};
    box b = around(c, where, low, high, 0);
    for (int y = b.bottom; y < b.top; y++) {
        span rows = covered(where.bottom + where.height - 1 - y, where.height, side);
        unsigned char* line = c->rgb + 3 * ((size_t)y * (size_t)c->width);
        for (int x = b.left; x < b.right; x++) {
            span columns = covered(x - where.left, where.width, side);
            double mean[3];
            mean_of(mean, image, side, channels, &rows, &columns);
            for (size_t i = 0; i < 3; i++) {
                line[3 * (size_t)x + i] = to_byte(mean[channels == 3 ? i : 0]);
            }
        }
    }
}

/* ---- lines ---------------------------------------------------------------------------------------------------------------- */

/* Distance of a pixel's middle to the piece from a to b. */
static double distance(double x, double y, const double a[2], const double b[2]) {
    double dx = b[0] - a[0], dy = b[1] - a[1];
    double square = dx * dx + dy * dy;
    double along = square > 0 ? ((x - a[0]) * dx + (y - a[1]) * dy) / square : 0;
    along = fmin(fmax(along, 0), 1);
    double across_x = x - a[0] - along * dx, across_y = y - a[1] - along * dy;
    return sqrt(across_x * across_x + across_y * across_y);
}

/* A pixel is covered as far as its middle is within the piece's width; pieces that overlap do not cover it more. */
static void cover_piece(ks_canvas* c, mjrRect clip, const double a[2], const double b[2], double width) {
    const double low[2] = {fmin(a[0], b[0]), fmin(a[1], b[1])}, high[2] = {fmax(a[0], b[0]), fmax(a[1], b[1])};
    box reached = around(c, clip, low, high, 0.5 * width + 1);
    for (int y = reached.bottom; y < reached.top; y++) {
        float* row = c->cover + (size_t)y * (size_t)c->width;
        for (int x = reached.left; x < reached.right; x++) {
            float covered = (float)(0.5 * width + 0.5 - distance(x + 0.5, y + 0.5, a, b));
            row[x] = fmaxf(row[x], fminf(covered, 1));
        }
    }
}

/* The piece from a to b, of which dashes cover a part; *gone: length of the line before it. */
static void cover_dashes(ks_canvas* c, mjrRect clip, const double a[2], const double b[2], const ks_pen* pen,
                         double* gone) {
    double length = hypot(b[0] - a[0], b[1] - a[1]);
    if (pen->dash <= 0 || length > 1e4) { /* so long only where it is out of sight */
        cover_piece(c, clip, a, b, pen->width);
        return;
    }
    double period = 2 * pen->dash;
    for (double start = floor(*gone / period) * period; start < *gone + length; start += period) {
        double from = fmax(start - *gone, 0), to = fmin(start + pen->dash - *gone, length);
        if (to > from) {
            double p[2] = {a[0] + (b[0] - a[0]) * from / length, a[1] + (b[1] - a[1]) * from / length};
            double q[2] = {a[0] + (b[0] - a[0]) * to / length, a[1] + (b[1] - a[1]) * to / length};
            cover_piece(c, clip, p, q, pen->width);
        }
    }
    *gone += length;
}

/* Puts the colour where the line covers, which is then forgotten. */
static void blend(ks_canvas* c, box b, const float rgb[3], float alpha) {
    for (int y = b.bottom; y < b.top; y++) {
        size_t row = (size_t)y * (size_t)c->width;
        for (int x = b.left; x < b.right; x++) {
            float share = c->cover[row + (size_t)x] * alpha;
            if (share <= 0) {
                continue;
            }
            unsigned char* pixel = c->rgb + 3 * (row + (size_t)x);
            for (int i = 0; i < 3; i++) {
                pixel[i] = (unsigned char)lroundf((float)pixel[i] * (1 - share) + 255 * rgb[i] * share);
            }
            c->cover[row + (size_t)x] = 0;
        }
    }
}

void ks_canvas_line(ks_canvas* c, mjrRect clip, const double* points, size_t count, const ks_pen* pen) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, gone = 0;
    for (size_t i = 0; i < count; i++) {
        const double* p = points + 2 * i;
        if (!isfinite(p[0]) || !isfinite(p[1])) {
            continue;
        }
        for (int d = 0; d < 2; d++) {
            low[d] = fmin(low[d], p[d]);
            high[d] = fmax(high[d], p[d]);
        }
        if (i > 0 && isfinite(p[-2]) && isfinite(p[-1])) {
            cover_dashes(c, clip, p - 2, p, pen, &gone);
        }
    }
    if (low[0] <= high[0]) {
        blend(c, around(c, clip, low, high, 0.5 * pen->width + 1), pen->rgb, pen->alpha);
    }
}

void ks_canvas_dot(ks_canvas* c, mjrRect clip, double x, double y, double radius, const float rgb[3]) {
    const double at[2] = {x, y};
    if (isfinite(x) && isfinite(y)) {
        cover_piece(c, clip, at, at, 2 * radius);
        blend(c, around(c, clip, at, at, radius + 1), rgb, 1);
    }
}
