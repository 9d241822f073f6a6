/* panels.h: square panels side by side, with a legend below and one scale for all. Internal to this room. Thread rule: as a
 * script's. */
#ifndef KS_FIGURES_PANELS_H
#define KS_FIGURES_PANELS_H

#include "figures/figure.h"

typedef struct ks_panels {
    double width, height; /* cm, of the whole figure */
    size_t count;
} ks_panels;

/* Begins `count` panels under the figure's title; the legend gets so many entries. Ranges and marks, which all have in common, are
 * set before the first. */
ks_panels ks_panels_begin(FILE* out, const ks_figure* figure, size_t count, size_t entries);
/* Puts the next plot in its place, under its own title. */
void ks_panels_next(FILE* out, const ks_panels* panels, size_t index, const char* title);
/* After a plot: the first one's legend serves all. */
void ks_panels_after(FILE* out);
void ks_panels_end(FILE* out);

#endif
