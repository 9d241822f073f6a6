/* figure.h: what all figures share: the script that is written for gnuplot, its looks, a style for every label. Internal to
 * this room. Thread rule: an object is used by one thread at a time. */
#ifndef KS_FIGURES_FIGURE_H
#define KS_FIGURES_FIGURE_H

#include "figures/plot.h"

#include <stdio.h>

enum { KS_TITLE_MOST = 60, KS_LABEL_MOST = 40 }; /* characters that fit */

extern const double ks_column_width; /* cm: of a paper with two columns */

/* ---- scripts ------------------------------------------------------------------------------------------------------- */

/* A script in memory, while it is written to `out`. */
typedef struct ks_script {
    FILE* out;
    char* text;
    size_t size;
} ks_script;

/* Starts a script with the looks that all figures share. Errors: as ks_plot_… */
bool ks_script_open(ks_script* script, const ks_figure* figure, ks_error* err);
/* Draws what has been written (width x height cm), and frees it in any case. */
bool ks_script_draw(ks_script* script, const ks_figure* figure, double width, double height, ks_error* err);

/* Above the data, if there is a title. */
void ks_script_title(FILE* out, const ks_figure* figure);
/* The legend, below the data, in as many columns as texts of `longest` characters fit, but no column shorter than `rows`.
 * Returns its number of rows. */
size_t ks_script_legend(FILE* out, size_t longest, size_t entries, size_t rows);

/* ---- styles -------------------------------------------------------------------------------------------------------- */

/* How a label is drawn. Marks are gnuplot's point types. */
typedef struct ks_style {
    const char* colour;
    int filled, open;
} ks_style;

enum { KS_NUM_STYLES = 10 };
extern const ks_style ks_styles[KS_NUM_STYLES];

/* The paper's methods have styles of their own, the same in every figure: the index of maml's, pretrain's (or pretrained),
 * random's; -1 for any other label. */
int ks_method_style(const char* label);

/* Both labels mean the same of the paper's methods, or are the same but for capitals. */
bool ks_same_method(const char* a, const char* b);

/* A style for each of at most KS_NUM_STYLES labels, no style twice. With methods, those of the paper's methods are taken. */
void ks_choose_styles(const ks_style** chosen, const char* const* labels, size_t count, bool methods);

#endif
