#include "base/number.h"
#include "base/text.h"
#include "figures/axis.h"
#include "figures/figure.h"
#include "figures/plot.h"
#include "figures/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char* const BAND = "95 % interval (tasks)"; /* a longer one would take a row for itself */

/* Where more than half of the tasks have diverged there is no median, and where nearly half have, no end of its interval. */
static bool is_there(const ks_result_line* line, int step) {
    return line->tasks[step] > 0 && isfinite(line->low[step]) && isfinite(line->value[step]) &&
           isfinite(line->high[step]);
}

static void results_data(FILE* out, const ks_results* r, const ks_paper_returns* paper) {
    for (size_t i = 0; i < r->count; i++) {
        const ks_result_line* line = &r->lines[i];
        fprintf(out, "$line%zu << EOD\n", i);
        for (int j = 0; j <= line->steps; j++) {
            if (is_there(line, j)) {
                ks_fprintf(out, "%d %.9g %.9g %.9g\n", j, line->value[j], line->low[j], line->high[j]);
            }
        }
        fputs("EOD\n", out);
    }
    for (int i = 0; paper && i < KS_PAPER_METHODS; i++) {
        fprintf(out, "$paper%d << EOD\n", i);
        for (int j = 0; j <= paper->lines[i].steps; j++) {
            ks_fprintf(out, "%d %.9g\n", j, paper->lines[i].mean[j]);
        }
        fputs("EOD\n", out);
    }
}

/* how a line of the paper is called in the legend: as ours of the same method, if there is one */
static void paper_label(char* out, size_t room, const ks_results* r, const char* label) {
    const char* name = label;
    for (size_t i = 0; i < r->count; i++) {
        name = ks_same_method(r->lines[i].label, label) ? r->lines[i].label : name;
    }
    snprintf(out, room, "%s (paper)", name);
}

static void legend_label(char* out, size_t room, const ks_result_line* line) {
    if (line->diverged > 0) {
        snprintf(out, room, "%s (%zu of %zu diverge)", line->label, line->diverged, line->tasks[line->steps]);
    } else {
        snprintf(out, room, "%s", line->label);
    }
}

static void results_bands(FILE* out, const ks_results* r, const ks_style* const* chosen) {
    for (size_t i = 0; i < r->count; i++) {
        const ks_result_line* line = &r->lines[i];
        if (ks_is_oracle(line->label)) {
            continue;
        }
        if (line->steps > 0) {
            fprintf(out,
                    "$line%zu using 1:3:4 with filledcurves lc '%s' fs transparent solid 0.2 noborder notitle, \\\n", i,
                    chosen[i]->colour);
        } else {
            fprintf(out, "$line%zu using 1:2:3:4 with yerrorbars lc '%s' lw 1 pt 0 notitle, \\\n", i,
                    chosen[i]->colour);
        }
    }
}

static void oracle_line(FILE* out, double value, const char* dash, const char* label) {
    ks_fprintf(out, "%.9g with lines lc '#000000' lw 1.4 dt %s title ", value, dash);
    ks_text_quote(out, label, KS_LABEL_MOST);
    fputs(" noenhanced, \\\n", out);
}

static void results_lines(FILE* out, const ks_results* r, const ks_style* const* chosen) {
    for (size_t i = 0; i < r->count; i++) {
        const ks_result_line* line = &r->lines[i];
        char label[KS_LABEL_MAX + 64];
        legend_label(label, sizeof label, line);
        if (ks_is_oracle(line->label) && line->tasks[0] > 0) {
            oracle_line(out, line->value[0], "(8,5)", label);
            continue;
        }
        fprintf(out, "$line%zu using 1:2 with linespoints lc '%s' lw 1.6 pt %d title ", i, chosen[i]->colour,
                chosen[i]->filled);
        ks_text_quote(out, label, KS_LABEL_MOST);
        fputs(" noenhanced, \\\n", out);
    }
}

static void paper_lines(FILE* out, const ks_results* r, const ks_paper_returns* paper) {
    char label[KS_LABEL_MAX + 16];
    for (int i = 0; i < KS_PAPER_METHODS; i++) {
        const ks_paper_line* line = &paper->lines[i];
        paper_label(label, sizeof label, r, line->label);
        if (ks_is_oracle(line->label)) {
            oracle_line(out, line->mean[0], "(1.5,3)", label);
            continue;
        }
        const ks_style* look = &ks_styles[ks_method_style(line->label)];
        fprintf(out, "$paper%d using 1:2 with linespoints lc '%s' lw 1.1 dt (1.5,3) pt %d title ", i, look->colour,
                look->open);
        ks_text_quote(out, label, KS_LABEL_MOST);
        fputs(" noenhanced, \\\n", out);
    }
}

/* Number of tasks behind every mean that has a band; 0 if they are not all of the same number. */
static size_t count_tasks(const ks_results* r) {
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < r->count; i++) {
        for (int j = 0; !ks_is_oracle(r->lines[i].label) && j <= r->lines[i].steps; j++) {
            size_t tasks = r->lines[i].tasks[j];
            least = tasks > 0 && tasks < least ? tasks : least;
            most = tasks > most ? tasks : most;
        }
    }
    return least == most ? most : 0;
}

/* characters of the longest entry in the legend */
static size_t longest_entry(const ks_results* r, bool with_paper) {
    size_t longest = ks_text_length(BAND);
    for (size_t i = 0; i < r->count; i++) {
        char label[KS_LABEL_MAX + 64];
        legend_label(label, sizeof label, &r->lines[i]);
        size_t length = ks_text_length(label) + (with_paper ? strlen(" (paper)") : 0);
        longest = length > longest ? length : longest;
    }
    return longest;
}

/* All that is drawn; of the oracle that is its value without adaptation alone. */
static ks_extent extent_of(const ks_results* r) {
    ks_extent e = ks_extent_empty();
    for (size_t i = 0; i < r->count; i++) {
        const ks_result_line* line = &r->lines[i];
        bool oracle = ks_is_oracle(line->label);
        for (int j = 0; j <= (oracle ? 0 : line->steps); j++) {
            if (is_there(line, j)) {
                ks_extent_add(&e, oracle ? line->value[j] : line->low[j]);
                ks_extent_add(&e, oracle ? line->value[j] : line->high[j]);
            }
        }
    }
    return e;
}

static void results_axes(FILE* out, const ks_results* r, const ks_paper_returns* paper) {
    int steps = paper ? KS_PAPER_STEPS : 1;
    for (size_t i = 0; i < r->count; i++) {
        const ks_result_line* line = &r->lines[i];
        steps = !ks_is_oracle(line->label) && line->steps > steps ? line->steps : steps;
    }
    ks_fprintf(out, "set xrange [%.9g:%.9g]\nset xtics %d\nset xlabel 'gradient steps' offset 0,0.75\n", -0.04 * steps,
               steps * 1.04, steps > 10 ? (steps + 9) / 10 : 1);
    size_t tasks = r->count > 0 ? count_tasks(r) : KS_PAPER_TASKS;
    const ks_metric* metric = r->metric ? r->metric : ks_metric_of_returns();
    fprintf(out, "set ylabel '%s%s", r->medians ? "median " : "", r->medians ? metric->brief : metric->text);
    if (tasks > 1) {
        fprintf(out, ", %zu tasks", tasks);
    }
    fputs("' offset 0.3,0\n", out);
    ks_axis_vertical(out, metric, extent_of(r));
}

bool ks_plot_results(const ks_figure* figure, const ks_results* results, const ks_paper_returns* paper, ks_error* err) {
    ks_script s;
    if (results->metric && results->metric->is_error && !(extent_of(results).high >= 0)) {
        return ks_fail(err, KS_BAD_INPUT, "there is nothing to draw: all tasks diverge");
    }
    if (!ks_script_open(&s, figure, err)) {
        return false;
    }
    const char* labels[KS_RESULTS_MAX_LINES];
    const ks_style* chosen[KS_RESULTS_MAX_LINES];
    for (size_t i = 0; i < results->count; i++) {
        labels[i] = results->lines[i].label;
    }
    ks_choose_styles(chosen, labels, results->count, paper != NULL);
    size_t entries = results->count + (paper ? KS_PAPER_METHODS : 0) + (results->count > 0);
    size_t rows =
        ks_script_legend(s.out, longest_entry(results, paper != NULL), entries, paper ? results->count + 1 : 0);
    ks_script_title(s.out, figure);
    results_axes(s.out, results, paper);
    results_data(s.out, results, paper);
    fputs("plot ", s.out);
    results_bands(s.out, results, chosen);
    results_lines(s.out, results, chosen);
    if (results->count > 0) {
        fprintf(s.out, "NaN with boxes lc '#808080' fs transparent solid 0.35 noborder title '%s', \\\n", BAND);
    }
    if (paper) {
        paper_lines(s.out, results, paper);
    }
    fputs("NaN notitle\n", s.out);
    return ks_script_draw(&s, figure, ks_column_width, 6.2 + 0.4 * (double)rows, err);
}
