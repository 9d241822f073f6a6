#include "figures/axis.h"

#include "base/number.h"

#include <math.h>

/* An axis is logarithmic if its ends are apart by this factor. */
static const double DECADES_FROM = 10;
enum { FEW_DECADES = 3, MOST_MARKS = 8 };

ks_extent ks_extent_empty(void) {
    return (ks_extent){INFINITY, -INFINITY};
}

void ks_extent_add(ks_extent* e, double value) {
    if (isfinite(value)) {
        e->low = fmin(e->low, value);
        e->high = fmax(e->high, value);
    }
}

/* Marks at 1, 2 and 5 times powers of ten; where there are many decades at powers of ten, or at some of them. */
static void logarithmic_marks(FILE* out, double low, double high) {
    static const double DIGITS[] = {1, 2, 5};
    int from = (int)floor(log10(low)), to = (int)ceil(log10(high));
    int digits = to - from > FEW_DECADES ? 1 : 3;
    int stride = 1 + (to - from) / MOST_MARKS;
    const char* separator = "";
    fputs("set ytics (", out);
    for (int decade = from; decade <= to; decade += stride) {
        for (int i = 0; i < digits; i++) {
            double mark = DIGITS[i] * pow(10, decade);
            if (mark >= low && mark <= high) {
                ks_fprintf(out, "%s%.9g", separator, mark);
                separator = ", ";
            }
        }
    }
    fputs(")\n", out);
}

void ks_axis_vertical(FILE* out, const ks_metric* metric, ks_extent e) {
    if (!metric->is_error || !(e.high > 0)) {
        fputs("set autoscale yfix\nset offsets 0,0,graph 0.04,graph 0.04\n", out);
    } else if (e.low > 0 && e.high / e.low >= DECADES_FROM) {
        double margin = pow(e.high / e.low, 0.04);
        ks_fprintf(out, "set logscale y\nset yrange [%.9g:%.9g]\n", e.low / margin, e.high * margin);
        logarithmic_marks(out, e.low / margin, e.high * margin);
    } else {
        ks_fprintf(out, "set yrange [0:%.9g]\n", 1.04 * e.high);
    }
}
