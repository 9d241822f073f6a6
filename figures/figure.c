#define _GNU_SOURCE /* open_memstream */
#include "figures/figure.h"

#include "base/text.h"
#include "figures/gnuplot.h"
#include "figures/text.h"

#include <stdlib.h>
#include <strings.h>

const double ks_column_width = 8.6;

/* ---- scripts --------------------------------------------------------------------------------------------------------------- */

bool ks_script_open(ks_script* s, const ks_figure* figure, ks_error* err) {
    *s = (ks_script){0};
    if (!ks_gnuplot_check_output(figure->output, err)) {
        return false;
    }
    if (figure->title && !ks_text_is_printable(figure->title)) {
        return ks_fail(err, KS_BAD_INPUT, "the title is not printable text in UTF-8");
    }
    s->out = open_memstream(&s->text, &s->size);
    if (!s->out) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    fputs(
        "set encoding utf8\nset minussign\nset format '%h'\nset border 3 lw 0.7 lc '#404040'\n"
        "set tics nomirror out scale 0.5 textcolor '#000000'\nset grid lt 1 lc '#dcdcdc' lw 0.6\nset xtics offset "
        "0,0.3\nset pointsize 0.6\n",
        s->out);
    return true;
}

bool ks_script_draw(ks_script* s, const ks_figure* figure, double width, double height, ks_error* err) {
    /* memory that runs out shows while writing, or only now, and then not as an error */
    bool ok = !ferror(s->out);
    ok = (fclose(s->out) == 0 && ok && s->text) || ks_fail(err, KS_FAILED, "not enough memory for the figure");
    ok = ok && ks_gnuplot_draw(figure->output, figure->overwrite, width, height, s->text, figure->stop, err);
    free(s->text);
    return ok;
}

void ks_script_title(FILE* out, const ks_figure* figure) {
    if (figure->title && *figure->title) {
        fputs("set title ", out);
        ks_text_quote(out, figure->title, KS_TITLE_MOST);
        fputs(" noenhanced offset 0,-0.5\nset tmargin 1.8\n", out);
    }
}

size_t ks_script_legend(FILE* out, size_t longest, size_t entries, size_t rows) {
    size_t columns = 58 / ((longest > KS_LABEL_MOST ? KS_LABEL_MOST : longest) + 7);
    columns = columns < 1 ? 1 : columns > 3 ? 3 : columns;
    size_t least = (entries + columns - 1) / columns;
    rows = rows > least ? rows : least;
    fprintf(out,
            "set key bmargin center vertical Left reverse noenhanced samplen 2.2 width 0 spacing 1.05 maxrows %zu "
            "title ' ' font ',2'\n",
            rows);
    return rows;
}

/* ---- styles ---------------------------------------------------------------------------------------------------------------- */

/* Okabe and Ito 2008, without their yellow, which is too light for a line; then two of Paul Tol's, "muted" */
const ks_style ks_styles[KS_NUM_STYLES] = {
    {"#0072B2", 7, 6},   {"#D55E00", 9, 8}, {"#009E73", 5, 4}, {"#CC79A7", 13, 12}, {"#E69F00", 11, 10},
    {"#56B4E9", 15, 14}, {"#666666", 2, 2}, {"#000000", 3, 3}, {"#882255", 1, 1},   {"#999933", 12, 12},
};
_Static_assert((int)KS_NUM_STYLES >= KS_RESULTS_MAX_LINES && (int)KS_NUM_STYLES >= KS_CURVES_MAX, "one a label");

static const char* const METHODS[][2] = {{"maml", "maml"}, {"pretrain", "pretrained"}, {"random", "random"}};
enum { NUM_METHODS = sizeof METHODS / sizeof *METHODS };

int ks_method_style(const char* label) {
    for (int i = 0; i < NUM_METHODS; i++) {
        if (strcasecmp(label, METHODS[i][0]) == 0 || strcasecmp(label, METHODS[i][1]) == 0) {
            return i;
        }
    }
    return -1;
}

bool ks_same_method(const char* a, const char* b) {
    return strcasecmp(a, b) == 0 || (ks_method_style(a) >= 0 && ks_method_style(a) == ks_method_style(b));
}

/* the first that is not taken; the last if none is left */
static int next_free(const bool* taken) {
    int i = 0;
    while (i < KS_NUM_STYLES - 1 && taken[i]) {
        i++;
    }
    return i;
}

void ks_choose_styles(const ks_style** chosen, const char* const* labels, size_t count, bool methods) {
    bool taken[KS_NUM_STYLES] = {methods, methods, methods};
    bool own[KS_NUM_STYLES] = {false}; /* a method's style goes to the first label that is called so */
    for (size_t i = 0; i < count; i++) {
        int method = ks_method_style(labels[i]);
        chosen[i] = method >= 0 && !own[method] ? &ks_styles[method] : NULL;
        if (chosen[i]) {
            own[method] = taken[method] = true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        int free_style = next_free(taken);
        if (!chosen[i]) {
            chosen[i] = &ks_styles[free_style];
            taken[free_style] = true;
        }
    }
}
