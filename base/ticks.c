#include "base/ticks.h"

#include <assert.h>
#include <math.h>

double ks_tick_step(double span, int most) {
    double least = span / most;
    double unit = pow(10, floor(log10(least)));
    double ratio = least / unit;
    return unit * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
}

/* What is as good as a whole number is one. */
static double steps_down(double x) {
    return floor(x + 1e-6);
}

static double steps_up(double x) {
    return ceil(x - 1e-6);
}

ks_ticks ks_ticks_around(double low, double high, int most) {
    assert(most >= 2);
    if (!(low < high)) {
        double margin = fmax(1e-3, 1e-3 * fabs(low));
        low -= margin;
        high += margin;
    }
    ks_ticks t = {.step = ks_tick_step(high - low, most)};
    double first = steps_down(low / t.step), last = steps_up(high / t.step);
    while (last - first > most) { /* the ends have moved outward; two steps around 0 always do in the end */
        t.step = ks_tick_step(1.01 * t.step, 1);
        first = steps_down(low / t.step);
        last = steps_up(high / t.step);
    }
    t.low = first * t.step;
    t.high = last * t.step;
    t.count = (int)(last - first) + 1;
    t.decimals = (int)fmax(0, ceil(-log10(t.step) - 1e-9));
    return t;
}
