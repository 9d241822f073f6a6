/* gnuplot.h: runs gnuplot on a script, and puts what it draws where it belongs.
 *
 * The script goes to gnuplot's standard input and the figure comes from its standard output: no shell, no file names within
 * the script. Thread rule: one call at a time per output. */
#ifndef KS_FIGURES_GNUPLOT_H
#define KS_FIGURES_GNUPLOT_H

#include "base/error.h"

#include <signal.h>

/* By its suffix: .svg, .png or .pdf. Errors: KS_BAD_INPUT naming the path and the three. */
bool ks_gnuplot_check_output(const char* output, ks_error* err);

/* Draws a figure of width x height (cm in print, letters of 8 points) into `output`, whole or not at all (base/atomic_file.h).
 * The script has no `set terminal` and no `set output`. stop: as in ks_figure.
 * Errors: KS_BAD_INPUT (suffix), KS_FAILED (gnuplot is not installed, which names the package; it fails or hangs; no font has a
 * letter, but for .svg; the disk is full), KS_INTERRUPTED. */
bool ks_gnuplot_draw(const char* output, bool overwrite, double width, double height, const char* script,
                     const volatile sig_atomic_t* stop, ks_error* err);

#endif
