#include "base/number.h"
#include "base/ticks.h"
#include "figures/panels.h"
#include "figures/plot.h"

#include <math.h>
#include <stdio.h>

/* The gradient steps that a picture shows: 0, 1, and the last. Returns how many. */
static int stages_shown(int stages[3], int steps) {
    int count = 0;
    stages[count++] = 0;
    if (steps > 0) {
        stages[count++] = 1;
    }
    if (steps > 1) {
        stages[count++] = steps;
    }
    return count;
}

/* paths of a panel and gradient step, with a blank line between them; their ends; and the goal */
static void paths_data(FILE* out, const ks_paths* p, size_t panel) {
    int stages[3], shown = stages_shown(stages, p->steps);
    for (int k = 0; k < shown; k++) {
        int j = stages[k];
        fprintf(out, "$path%zu_%d << EOD\n", panel, j);
        for (size_t i = (size_t)j * p->rollouts; i < (size_t)(j + 1) * p->rollouts; i++) {
            for (size_t t = p->start[i]; t < p->start[i + 1]; t++) {
                ks_fprintf(out, "%.6g %.6g\n", p->xy[2 * t], p->xy[2 * t + 1]);
            }
            fputc('\n', out);
        }
        fprintf(out, "EOD\n$end%zu_%d << EOD\n", panel, j);
        for (size_t i = (size_t)j * p->rollouts; i < (size_t)(j + 1) * p->rollouts; i++) {
            size_t last = p->start[i + 1] - 1;
            ks_fprintf(out, "%.6g %.6g\n", p->xy[2 * last], p->xy[2 * last + 1]);
        }
        fputs("EOD\n", out);
    }
    ks_fprintf(out, "$goal%zu << EOD\n%.6g %.6g\nEOD\n", panel, p->goal[0], p->goal[1]);
}

/* A square that holds all that is shown; but not what goes far beyond all goals, beside which the others' paths would be dots. */
static void paths_range(double centre[2], double* half, const ks_paths* paths, size_t count) {
    double low[2] = {0, 0}, high[2] = {0, 0}; /* the start */
    for (size_t k = 0; k < count; k++) {
        const ks_paths* p = &paths[k];
        size_t positions = p->start[(size_t)(p->steps + 1) * p->rollouts];
        for (int d = 0; d < 2; d++) {
            low[d] = fmin(low[d], p->goal[d]);
            high[d] = fmax(high[d], p->goal[d]);
            for (size_t t = 0; t < positions; t++) {
                low[d] = fmin(low[d], p->xy[2 * t + (size_t)d]);
                high[d] = fmax(high[d], p->xy[2 * t + (size_t)d]);
            }
        }
    }
    for (int d = 0; d < 2; d++) {
        centre[d] = (low[d] + high[d]) / 2;
    }
    *half = 0.54 * fmax(fmax(high[0] - low[0], high[1] - low[1]), 0.02);
    double most = 0;
    for (size_t k = 0; k < count; k++) {
        most = fmax(most, 2 * paths[k].reach);
        most = fmax(most, 1.2 * fmax(fabs(paths[k].goal[0]), fabs(paths[k].goal[1])));
    }
    if (*half > most) {
        *half = most;
        centre[0] = centre[1] = 0;
    }
}

/* One path is a line; many cross each other and themselves: thin, and see-through where the kind of figure can. */
static const struct look {
    const char *colour, *pale, *dash;
    int point;
} LOOKS[] = {
    {"#555555", "#60777777", "(5,3)", 6}, {"#0072B2", "#500072B2", "solid", 7}, {"#D55E00", "#40D55E00", "solid", 9}};

static void line_look(FILE* out, const ks_paths* p, const struct look* look) {
    fprintf(out, "lc rgb '%s' lw %s dt %s", p->mean ? look->colour : look->pale, p->mean ? "1.6" : "0.8", look->dash);
}

enum { NUM_LOOKS = sizeof LOOKS / sizeof *LOOKS };

static void paths_panel(FILE* out, const ks_paths* p, size_t panel) {
    int stages[3], shown = stages_shown(stages, p->steps);
    fputs("plot ", out);
    for (int k = 0; k < shown; k++) {
        fprintf(out, "$path%zu_%d using 1:2 with lines ", panel, stages[k]);
        line_look(out, p, &LOOKS[k]);
        fputs(" notitle, \\\n", out);
    }
    for (int k = 0; k < shown; k++) { /* ends of paths on top, with a white rim */
        fprintf(out, "$end%zu_%d using 1:2 with points lc rgb '#ffffff' lw 1 pt 7 ps 0.85 notitle, \\\n", panel,
                stages[k]);
        fprintf(out, "$end%zu_%d using 1:2 with points lc rgb '%s' lw 1.2 pt %d ps 0.6 notitle, \\\n", panel, stages[k],
                LOOKS[k].colour, LOOKS[k].point);
    }
    for (int k = 0; k < shown; k++) { /* the path and the mark at its end are one entry of the legend */
        char text[64] = "before adaptation";
        if (k > 0) {
            snprintf(text, sizeof text, "%d gradient step%s", stages[k], stages[k] == 1 ? "" : "s");
        }
        fputs("NaN with linespoints ", out);
        line_look(out, p, &LOOKS[k]);
        fprintf(out, " pt %d ps 0.6 title '%s', \\\n", LOOKS[k].point, text);
    }
    fprintf(out, "$goal%zu using 1:2 with points pt 13 ps 2 lc rgb '#ffffff' notitle, \\\n", panel);
    fprintf(out, "$goal%zu using 1:2 with points pt 13 ps 1.5 lc rgb '#000000' title 'goal'\n", panel);
}

bool ks_plot_paths(const ks_figure* figure, const ks_paths* paths, const char* const* titles, size_t count,
                   ks_error* err) {
    ks_script s;
    if (!ks_script_open(&s, figure, err)) {
        return false;
    }
    double centre[2], half;
    paths_range(centre, &half, paths, count);
    for (size_t k = 0; k < count; k++) {
        paths_data(s.out, &paths[k], k);
    }
    double tics = ks_tick_step(2 * half, 5);
    ks_fprintf(s.out, "set xrange [%.6g:%.6g]\nset yrange [%.6g:%.6g]\nset xtics %.6g\nset ytics %.6g\n",
               centre[0] - half, centre[0] + half, centre[1] - half, centre[1] + half, tics, tics);
    fputs("set size ratio -1\n", s.out);
    ks_panels panels = ks_panels_begin(s.out, figure, count, NUM_LOOKS + 1);
    for (size_t k = 0; k < count; k++) {
        ks_panels_next(s.out, &panels, k, titles[k]);
        paths_panel(s.out, &paths[k], k);
        ks_panels_after(s.out);
    }
    ks_panels_end(s.out);
    return ks_script_draw(&s, figure, panels.width, panels.height, err);
}
