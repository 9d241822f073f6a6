#include "viewer/brush.h"

#include <math.h>

double ks_brush_width(size_t side) {
    return 5.0 / 105 * (double)side;
}

/* From a place to the piece between a and b. */
static double distance(double x, double y, const double a[2], const double b[2]) {
    double dx = b[0] - a[0], dy = b[1] - a[1], square = dx * dx + dy * dy;
    double along = square > 0 ? ((x - a[0]) * dx + (y - a[1]) * dy) / square : 0;
    along = fmin(fmax(along, 0), 1);
    return hypot(x - a[0] - along * dx, y - a[1] - along * dy);
}

/* The first pixel from a place on, within the image. */
static size_t within(double place, size_t side) {
    return place > 0 ? (place < (double)side ? (size_t)place : side) : 0;
}

void ks_brush_stroke(ks_real* image, size_t side, size_t channels, const double a[2], const double b[2],
                     const ks_brush* brush) {
    double reach = 0.5 * brush->width + 1;
    size_t left = within(fmin(a[0], b[0]) - reach, side), right = within(fmax(a[0], b[0]) + reach + 1, side);
    size_t top = within(fmin(a[1], b[1]) - reach, side), bottom = within(fmax(a[1], b[1]) + reach + 1, side);
    for (size_t y = top; y < bottom; y++) {
        for (size_t x = left; x < right; x++) {
            double far = distance((double)x + 0.5, (double)y + 0.5, a, b);
            double covered = fmin(fmax(0.5 * brush->width + 0.5 - far, 0), 1);
            for (size_t c = 0; c < channels; c++) {
                ks_real* at = image + (y * side + x) * channels + c;
                double off = (double)(*at - brush->ink), most = 1 - covered;
                *at = (ks_real)((double)brush->ink + fmin(fmax(off, -most), most));
            }
        }
    }
}
