#include "base/number.h"
#include "figures/figure.h"
#include "figures/plot.h"
#include "figures/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char* const BAND = "95 % interval";

static bool is_oracle(const char* label) {
    return strcasecmp(label, "oracle") == 0;
}

static void returns_data(FILE* out, const ks_returns* r, const ks_paper_returns* paper) {
    for (size_t i = 0; i < r->count; i++) {
        const ks_return_line* line = &r->lines[i];
        fprintf(out, "$line%zu << EOD\n", i);
        for (int j = 0; j <= line->steps; j++) {
            if (line->tasks[j] > 0) {
                ks_fprintf(out, "%d %.9g %.9g %.9g\n", j, line->mean[j], line->mean[j] - line->interval[j],
                           line->mean[j] + line->interval[j]);
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
static void paper_label(char* out, size_t room, const ks_returns* r, const char* label) {
    const char* name = label;
    for (size_t i = 0; i < r->count; i++) {
        name = ks_same_method(r->lines[i].label, label) ? r->lines[i].label : name;
    }
    snprintf(out, room, "%s (paper)", name);
}

static void returns_bands(FILE* out, const ks_returns* r, const ks_style* const* chosen) {
    for (size_t i = 0; i < r->count; i++) {
        const ks_return_line* line = &r->lines[i];
        if (is_oracle(line->label)) {
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

static void returns_lines(FILE* out, const ks_returns* r, const ks_style* const* chosen) {
    for (size_t i = 0; i < r->count; i++) {
        const ks_return_line* line = &r->lines[i];
        if (is_oracle(line->label) && line->tasks[0] > 0) {
            oracle_line(out, line->mean[0], "(8,5)", line->label);
            continue;
        }
        fprintf(out, "$line%zu using 1:2 with linespoints lc '%s' lw 1.6 pt %d title ", i, chosen[i]->colour,
                chosen[i]->filled);
        ks_text_quote(out, line->label, KS_LABEL_MOST);
        fputs(" noenhanced, \\\n", out);
    }
}

static void paper_lines(FILE* out, const ks_returns* r, const ks_paper_returns* paper) {
    char label[KS_LABEL_MAX + 16];
    for (int i = 0; i < KS_PAPER_METHODS; i++) {
        const ks_paper_line* line = &paper->lines[i];
        paper_label(label, sizeof label, r, line->label);
        if (is_oracle(line->label)) {
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
static size_t count_tasks(const ks_returns* r) {
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < r->count; i++) {
        for (int j = 0; !is_oracle(r->lines[i].label) && j <= r->lines[i].steps; j++) {
            size_t tasks = r->lines[i].tasks[j];
            least = tasks > 0 && tasks < least ? tasks : least;
            most = tasks > most ? tasks : most;
        }
    }
    return least == most ? most : 0;
}

/* characters of the longest entry in the legend */
static size_t longest_entry(const ks_returns* r, bool with_paper) {
    size_t longest = with_paper ? strlen("pretrain (paper)") : strlen(BAND);
    for (size_t i = 0; i < r->count; i++) {
        size_t length = ks_text_length(r->lines[i].label) + (with_paper ? strlen(" (paper)") : 0);
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void returns_axes(FILE* out, const ks_returns* r, const ks_paper_returns* paper) {
    int steps = paper ? KS_PAPER_STEPS : 1;
    for (size_t i = 0; i < r->count; i++) {
        const ks_return_line* line = &r->lines[i];
        steps = !is_oracle(line->label) && line->steps > steps ? line->steps : steps;
    }
    ks_fprintf(out, "set xrange [%.9g:%.9g]\nset xtics %d\nset xlabel 'gradient steps' offset 0,0.75\n", -0.04 * steps,
               steps * 1.04, steps > 10 ? (steps + 9) / 10 : 1);
    size_t tasks = r->count > 0 ? count_tasks(r) : KS_PAPER_TASKS;
    if (tasks > 1) {
        fprintf(out, "set ylabel 'mean return, %zu tasks'", tasks);
    } else {
        fputs("set ylabel 'mean return'", out);
    }
    fputs(" offset 0.3,0\nset autoscale yfix\nset offsets 0,0,graph 0.04,graph 0.04\n", out);
}

bool ks_plot_returns(const ks_figure* figure, const ks_returns* returns, const ks_paper_returns* paper, ks_error* err) {
    ks_script s;
    if (!ks_script_open(&s, figure, err)) {
        return false;
    }
    const char* labels[KS_RETURNS_MAX_LINES];
    const ks_style* chosen[KS_RETURNS_MAX_LINES];
    for (size_t i = 0; i < returns->count; i++) {
        labels[i] = returns->lines[i].label;
    }
    ks_choose_styles(chosen, labels, returns->count, paper != NULL);
    size_t entries = returns->count + (paper ? KS_PAPER_METHODS : 0) + (returns->count > 0);
    size_t rows =
        ks_script_legend(s.out, longest_entry(returns, paper != NULL), entries, paper ? returns->count + 1 : 0);
    ks_script_title(s.out, figure);
    returns_axes(s.out, returns, paper);
    returns_data(s.out, returns, paper);
    fputs("plot ", s.out);
    returns_bands(s.out, returns, chosen);
    returns_lines(s.out, returns, chosen);
    if (returns->count > 0) {
        fprintf(s.out, "NaN with boxes lc '#808080' fs transparent solid 0.35 noborder title '%s', \\\n", BAND);
    }
    if (paper) {
        paper_lines(s.out, returns, paper);
    }
    fputs("NaN notitle\n", s.out);
    return ks_script_draw(&s, figure, ks_column_width, 6.2 + 0.4 * (double)rows, err);
}
