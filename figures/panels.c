#include "figures/panels.h"

#include "base/number.h"
#include "figures/text.h"

/* cm: a panel's side, what is between two of them, and around all */
static const double SIDE = 5.4, GAP = 1.3, LEFT = 1.8, RIGHT = 0.6, TOP = 0.7, BOTTOM = 1.3, ROW = 0.4;
enum { ROWS = 2, COLUMNS_OF_ONE = 2 }; /* of the legend; below a single panel so many columns have room */

ks_panels ks_panels_begin(FILE* out, const ks_figure* figure, size_t count, size_t entries) {
    size_t rows = count > 1 || entries <= ROWS * COLUMNS_OF_ONE ? ROWS : (entries + 1) / COLUMNS_OF_ONE;
    double bottom = BOTTOM + ROW * (double)rows;
    bool headed = figure->title && *figure->title;
    ks_panels p = {.count = count,
                   .width = LEFT + (double)count * (SIDE + GAP) - GAP + RIGHT,
                   .height = bottom + SIDE + TOP + (headed ? 0.6 : 0)};
    fputs("set multiplot", out);
    if (headed) {
        fputs(" title ", out);
        ks_text_quote(out, figure->title, KS_TITLE_MOST);
        fputs(" noenhanced offset 0,-0.2", out);
    }
    ks_fprintf(out,
               "\nset xlabel 'x' offset 0,0.75\nset ylabel 'y' offset 0.5,0\n"
               "set bmargin at screen %.4f\nset tmargin at screen %.4f\n"
               "set key at screen 0.5,%.4f center center vertical Left reverse noenhanced samplen 2 spacing 1.05 "
               "maxrows %zu\n",
               bottom / p.height, (bottom + SIDE) / p.height, (0.05 + 0.5 * ROW * (double)rows) / p.height, rows);
    return p;
}

void ks_panels_next(FILE* out, const ks_panels* p, size_t index, const char* title) {
    double left = LEFT + (double)index * (SIDE + GAP);
    fputs("set title ", out);
    ks_text_quote(out, title, KS_LABEL_MOST);
    ks_fprintf(out, " noenhanced offset 0,-0.5\nset lmargin at screen %.4f\nset rmargin at screen %.4f\n",
               left / p->width, (left + SIDE) / p->width);
}

void ks_panels_after(FILE* out) {
    fputs("unset key\nset ylabel ''\n", out);
}

void ks_panels_end(FILE* out) {
    fputs("unset multiplot\n", out);
}
