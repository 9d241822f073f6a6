#include "base/number.h"
#include "base/text.h"
#include "base/ticks.h"
#include "figures/axis.h"
#include "figures/figure.h"
#include "figures/plot.h"
#include "figures/text.h"

#include <math.h>
#include <stdio.h>

static const char* const RAW_ALPHA = "a0"; /* of 0 … ff, how far one sees through it */

/* Where so few iterations were validated, each has a mark: one alone is no line. */
enum { FEW_MARKS = 10 };

/* Where a point stands on the axis, before units. */
static double point_at(const ks_curve* c, size_t point, bool env_steps) {
    return env_steps ? c->env_steps[point] : c->iteration[point];
}

static double curve_end(const ks_curve* c, bool env_steps) {
    return env_steps ? c->env_steps[c->points - 1] : (double)(c->rows - 1);
}

static double curves_end(const ks_curves* all, bool env_steps) {
    double end = 0;
    for (size_t i = 0; i < all->count; i++) {
        const ks_curve* c = &all->curves[i];
        end = fmax(end, curve_end(c, env_steps));
    }
    return fmax(end, 1);
}

/* What was validated at points of its own, between which lines go. */
static void validation_data(FILE* out, size_t index, const ks_curve* c, bool env_steps, double unit) {
    fprintf(out, "$validation%zu << EOD\n", index);
    for (size_t t = 0; c->validated && t < c->points; t++) {
        if (isfinite(c->mean[KS_VALIDATED][t])) {
            ks_fprintf(out, "%.9g %.9g %.9g %.9g\n", point_at(c, t, env_steps) / unit, c->mean[KS_VALIDATED][t],
                       c->low[KS_VALIDATED][t], c->high[KS_VALIDATED][t]);
        }
    }
    fputs("EOD\n", out);
}

static void curves_data(FILE* out, const ks_curves* all, bool env_steps, double unit) {
    for (size_t i = 0; i < all->count; i++) {
        const ks_curve* c = &all->curves[i];
        fprintf(out, "$curve%zu << EOD\n", i);
        for (size_t t = 0; t < c->points; t++) {
            ks_fprintf(out, "%.9g", point_at(c, t, env_steps) / unit);
            for (int s = 0; s < KS_VALIDATED; s++) {
                ks_fprintf(out, " %.9g %.9g %.9g", c->mean[s][t], c->low[s][t], c->high[s][t]);
            }
            for (int s = 0; s < KS_VALIDATED && all->beside > 0; s++) {
                ks_fprintf(out, " %.9g", c->raw[s][t]);
            }
            fputc('\n', out);
        }
        fputs("EOD\n", out);
        validation_data(out, i, c, env_steps, unit);
    }
}

static void curve_label(char* out, size_t room, const ks_curve* c, int stage) {
    if (stage == KS_VALIDATED) {
        snprintf(out, room, "%s, validation", c->label);
    } else if (c->steps == 0) {
        snprintf(out, room, "%s", c->label);
    } else if (stage == KS_BEFORE) {
        snprintf(out, room, "%s, before", c->label);
    } else {
        snprintf(out, room, "%s, after %d step%s", c->label, c->steps, c->steps == 1 ? "" : "s");
    }
}

/* One stage of a curve: its band or its line. Column 1 is x; three columns for each stage follow. */
static void curve_band(FILE* out, size_t index, int stage, const ks_style* look) {
    fprintf(out, "$curve%zu using 1:%d:%d with filledcurves lc '%s' fs transparent solid 0.2 noborder notitle, \\\n",
            index, 3 * stage + 3, 3 * stage + 4, look->colour);
}

/* What the smooth line was made of, pale behind it. */
static void curve_raw(FILE* out, size_t index, int stage, const ks_style* look) {
    fprintf(out, "$curve%zu using 1:%d with lines lc rgb '#%s%s' lw 0.6 notitle, \\\n", index,
            3 * KS_VALIDATED + 2 + stage, RAW_ALPHA, look->colour + 1);
}

static void curve_line(FILE* out, size_t index, const ks_curve* c, int stage, size_t every, const ks_style* look) {
    char label[sizeof c->label + 64];
    bool dashed = stage == KS_BEFORE && c->steps > 0;
    curve_label(label, sizeof label, c, stage);
    fprintf(out, "$curve%zu using 1:%d with linespoints lc '%s' lw %s dt %s pt %d pi %zu title ", index, 3 * stage + 2,
            look->colour, dashed ? "1.2" : "1.5", dashed ? "(6,4)" : "solid", dashed ? look->open : look->filled,
            every);
    ks_text_quote(out, label, KS_LABEL_MOST);
    fputs(" noenhanced, \\\n", out);
}

static void validation_line(FILE* out, size_t index, const ks_curve* c, const ks_style* look) {
    char label[sizeof c->label + 64];
    curve_label(label, sizeof label, c, KS_VALIDATED);
    if (c->runs > 1) {
        fprintf(out,
                "$validation%zu using 1:3:4 with filledcurves lc '%s' fs transparent solid 0.2 noborder notitle, \\\n",
                index, look->colour);
    }
    /* on white, or it would be lost where it lies on a line of the same colour */
    fprintf(out, "$validation%zu using 1:2 with lines lc '#ffffff' lw 2.4 notitle, \\\n", index);
    size_t marks = 0;
    for (size_t p = 0; p < c->points; p++) {
        marks += isfinite(c->mean[KS_VALIDATED][p]);
    }
    fprintf(out, "$validation%zu using 1:2 with %s lc '%s' lw 1.7 dt (1.5,3) pt %d title ", index,
            marks <= FEW_MARKS ? "linespoints" : "lines", look->colour, look->open);
    ks_text_quote(out, label, KS_LABEL_MOST);
    fputs(" noenhanced, \\\n", out);
}

/* Rows between two marks: six marks a figure's width, and two a curve's length at least. */
static size_t mark_every(const ks_curve* c, bool env_steps, double end) {
    double every = (double)c->points / 6 * end / fmax(curve_end(c, env_steps), 1) + 1;
    return c->points > 2 ? (size_t)fmin(every, (double)(c->points - 1)) : 1;
}

/* Calls for every curve and stage that is there: all bands, then all lines on top of them. Returns the longest label. */
static size_t curves_plot(FILE* out, const ks_curves* all, const ks_style* const* chosen, bool lines, bool env_steps) {
    double end = curves_end(all, env_steps);
    size_t longest = 0;
    for (size_t i = 0; i < all->count; i++) {
        const ks_curve* c = &all->curves[i];
        for (int stage = c->steps > 0 ? KS_AFTER : KS_BEFORE; stage >= KS_BEFORE; stage--) {
            char label[sizeof c->label + 64];
            curve_label(label, sizeof label, c, stage);
            longest = ks_text_length(label) > longest ? ks_text_length(label) : longest;
            if (out && lines) {
                curve_line(out, i, c, stage, mark_every(c, env_steps, end), chosen[i]);
            } else if (out && c->runs > 1) {
                curve_band(out, i, stage, chosen[i]);
            } else if (out && all->beside > 0) { /* a band would only be behind it */
                curve_raw(out, i, stage, chosen[i]);
            }
        }
        if (out && lines && c->validated) {
            validation_line(out, i, c, chosen[i]);
        }
        if (c->validated) {
            char label[sizeof c->label + 64];
            curve_label(label, sizeof label, c, KS_VALIDATED);
            longest = ks_text_length(label) > longest ? ks_text_length(label) : longest;
        }
    }
    return longest;
}

/* the band's entry in the legend; empty if there is none */
static void range_text(char* out, size_t room, const ks_curves* all) {
    size_t least = SIZE_MAX, most = 1;
    for (size_t i = 0; i < all->count; i++) {
        size_t runs = all->curves[i].runs;
        least = runs > 1 && runs < least ? runs : least;
        most = runs > most ? runs : most;
    }
    *out = 0;
    if (least == most) {
        snprintf(out, room, "range of %zu runs", most);
    } else if (most > 1) {
        snprintf(out, room, "range of runs");
    }
}

static ks_extent extent_of(const ks_curves* all) {
    ks_extent e = ks_extent_empty();
    for (size_t i = 0; i < all->count; i++) {
        const ks_curve* c = &all->curves[i];
        for (int stage = KS_BEFORE; stage <= (c->steps > 0 ? KS_AFTER : KS_BEFORE); stage++) {
            for (size_t p = 0; p < c->points; p++) {
                ks_extent_add(&e, c->low[stage][p]);
                ks_extent_add(&e, c->high[stage][p]);
                if (c->runs == 1) {
                    ks_extent_add(&e, c->raw[stage][p]);
                }
            }
        }
        for (size_t p = 0; c->validated && p < c->points; p++) {
            ks_extent_add(&e, c->mean[KS_VALIDATED][p]);
        }
    }
    return e;
}

/* What a mark of the horizontal axis counts, so that numbers have room. */
static double unit_of(double end, bool env_steps) {
    static const double MANY_ITERATIONS = 5000;
    return env_steps ? (end >= 1e6 ? 1e6 : 1e3) : end >= MANY_ITERATIONS ? 1e3 : 1;
}

/* Round numbers, and of iterations whole ones. The axis goes on to the next one where that is near: a run's last iteration is
 * one short of their number. */
static void horizontal_marks(FILE* out, double end, bool env_steps) {
    enum { MOST_MARKS = 7 };
    static const double NEAR = 1.125; /* of the axis without */
    double step = ks_tick_step(end, MOST_MARKS);
    step = env_steps ? step : fmax(step, 1);
    double next = step * ceil(end / step - 1e-9);
    ks_fprintf(out, "set xrange [0:%.9g]\nset xtics %.9g\n", next <= NEAR * end ? next : end, step);
}

static void curves_axes(FILE* out, const ks_curves* all, bool env_steps, double end, double unit) {
    const char* many = unit > 1e3 ? " (millions)" : unit > 1 ? " (thousands)" : "";
    horizontal_marks(out, end / unit, env_steps);
    fprintf(out, "set xlabel '%s%s", env_steps ? "environment steps" : "iteration", many);
    if (all->beside > 0 && env_steps) { /* over iterations */
        fputs(", smoothed", out);
    } else if (all->beside > 0) {
        fprintf(out, ", smoothed over %zu", (2 * all->beside + 1) * all->block);
    }
    fprintf(out, "' offset 0,0.75\nset ylabel '%s' offset 0.3,0\n", all->metric->text);
    ks_axis_vertical(out, all->metric, extent_of(all));
}

bool ks_plot_curves(const ks_figure* figure, const ks_curves* curves, bool against_env_steps, ks_error* err) {
    ks_script s;
    if (against_env_steps && !curves->metric->acts) {
        return ks_fail(err, KS_BAD_INPUT, "env-steps: these runs have none, they learn from examples");
    }
    if (!ks_script_open(&s, figure, err)) {
        return false;
    }
    const char* labels[KS_CURVES_MAX];
    const ks_style* chosen[KS_CURVES_MAX];
    size_t entries = 0;
    for (size_t i = 0; i < curves->count; i++) {
        labels[i] = curves->curves[i].label;
        entries += (curves->curves[i].steps > 0 ? 2 : 1) + curves->curves[i].validated;
    }
    ks_choose_styles(chosen, labels, curves->count, false);
    char range[64];
    range_text(range, sizeof range, curves);
    size_t longest = curves_plot(NULL, curves, chosen, false, against_env_steps);
    size_t rows = ks_script_legend(s.out, longest, entries + (*range != 0), 0);
    double end = curves_end(curves, against_env_steps);
    double unit = unit_of(end, against_env_steps);
    ks_script_title(s.out, figure);
    curves_axes(s.out, curves, against_env_steps, end, unit);
    curves_data(s.out, curves, against_env_steps, unit);
    fputs("plot ", s.out);
    curves_plot(s.out, curves, chosen, false, against_env_steps);
    curves_plot(s.out, curves, chosen, true, against_env_steps);
    if (*range) {
        fprintf(s.out, "NaN with boxes lc '#808080' fs transparent solid 0.35 noborder title '%s', \\\n", range);
    }
    fputs("NaN notitle\n", s.out);
    return ks_script_draw(&s, figure, ks_column_width, 6.2 + 0.4 * (double)rows, err);
}
