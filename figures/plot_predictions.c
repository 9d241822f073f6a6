#include "base/number.h"
#include "base/ticks.h"
#include "figures/panels.h"
#include "figures/plot.h"

#include <math.h>
#include <stdio.h>

enum { MARKS = 7 }; /* on an axis, at most */

static void write_line(FILE* out, const char* name, size_t panel, size_t count, const double* x, const double* y) {
    fprintf(out, "$%s%zu << EOD\n", name, panel);
    for (size_t i = 0; i < count; i++) {
        if (isfinite(y[i])) {
            ks_fprintf(out, "%.6g %.6g\n", x[i], y[i]);
        } else {
            ks_fprintf(out, "%.6g NaN\n", x[i]);
        }
    }
    fputs("EOD\n", out);
}

static void write_data(FILE* out, const ks_predictions* p, size_t panel) {
    char name[32];
    write_line(out, "truth", panel, p->points, p->x, p->truth);
    write_line(out, "example", panel, p->examples, p->example_x, p->example_y);
    for (int k = 0; k < p->stages; k++) {
        snprintf(name, sizeof name, "stage%d_", k);
        write_line(out, name, panel, p->points, p->x, p->y + (size_t)k * p->points);
    }
}

static void include(double range[2], const double* values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (isfinite(values[i])) {
            range[0] = fmin(range[0], values[i]);
            range[1] = fmax(range[1], values[i]);
        }
    }
}

/* All that is shown; but of predictions that go far beyond the function only what is near it, beside which it would be a line. */
static void find_range(double range[2], const ks_predictions* p, size_t count) {
    double most[2] = {INFINITY, -INFINITY};
    for (size_t k = 0; k < count; k++) {
        include(most, p[k].truth, p[k].points);
        include(most, p[k].example_y, p[k].examples);
    }
    range[0] = most[0];
    range[1] = most[1];
    for (size_t k = 0; k < count; k++) {
        include(range, p[k].y, (size_t)p[k].stages * p[k].points);
    }
    double height = fmax(most[1] - most[0], 0.1);
    range[0] = fmax(range[0], most[0] - 0.75 * height) - 0.05 * height;
    range[1] = fmin(range[1], most[1] + 0.75 * height) + 0.05 * height;
}

/* before, after the first, after the last */
static const char* const LOOKS[] = {"'#777777' lw 1.4 dt (6,4)", "'#0072B2' lw 1.4 dt (3,2)",
                                    "'#D55E00' lw 1.8 dt solid"};

static const char* look_of(const ks_predictions* p, int stage) {
    return LOOKS[stage == 0 ? 0 : stage + 1 < p->stages ? 1 : 2];
}

static void draw_panel(FILE* out, const ks_predictions* p, size_t panel) {
    fprintf(out, "plot $truth%zu using 1:2 with lines lc rgb '#8CCBF0' lw 4 title 'true curve', \\\n", panel);
    for (int k = 0; k < p->stages; k++) {
        char text[64] = "before adaptation";
        if (k > 0) {
            snprintf(text, sizeof text, "%d gradient step%s", p->steps[k], p->steps[k] == 1 ? "" : "s");
        }
        fprintf(out, "$stage%d_%zu using 1:2 with lines lc rgb %s title '%s', \\\n", k, panel, look_of(p, k), text);
    }
    fprintf(out, "$example%zu using 1:2 with points lc rgb '#ffffff' pt 7 ps 1.2 notitle, \\\n", panel);
    fprintf(out, "$example%zu using 1:2 with points lc rgb '#000000' pt 7 ps 0.8 title 'examples'\n", panel);
}

bool ks_plot_predictions(const ks_figure* figure, const ks_predictions* predictions, const char* const* titles,
                         size_t count, ks_error* err) {
    ks_script s;
    if (!ks_script_open(&s, figure, err)) {
        return false;
    }
    const ks_predictions* first = &predictions[0];
    double y[2], low = first->x[0], high = first->x[first->points - 1];
    find_range(y, predictions, count);
    for (size_t k = 0; k < count; k++) {
        write_data(s.out, &predictions[k], k);
    }
    ks_fprintf(s.out, "set xrange [%.6g:%.6g]\nset yrange [%.6g:%.6g]\nset xtics %.6g\nset ytics %.6g\n", low, high,
               y[0], y[1], ks_tick_step(high - low, MARKS), ks_tick_step(y[1] - y[0], MARKS));
    ks_panels panels = ks_panels_begin(s.out, figure, count, (size_t)first->stages + 2);
    for (size_t k = 0; k < count; k++) {
        ks_panels_next(s.out, &panels, k, titles[k]);
        draw_panel(s.out, first + k, k);
        ks_panels_after(s.out);
    }
    ks_panels_end(s.out);
    return ks_script_draw(&s, figure, panels.width, panels.height, err);
}
