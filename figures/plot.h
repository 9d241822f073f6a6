/* plot.h: figures for papers, drawn by gnuplot: returns against gradient steps, learning curves, and paths of `point`.
 *
 * One column wide (8.6 cm) with letters of 8 points; Okabe and Ito's colours, which colour-blind readers tell apart, together
 * with marks and dashes, which are enough in black and white: dashed is the oracle, or before adaptation; dotted with open
 * marks are the paper's own numbers.
 *
 * All of them put the figure where figure->output says, atomically. Errors: KS_BAD_INPUT (suffix, texts that are not printable
 * UTF-8), KS_FAILED (gnuplot is missing or fails, no permission, disk full, memory), KS_INTERRUPTED (stop).
 * Thread rule: one call at a time per output. */
#ifndef KS_FIGURES_PLOT_H
#define KS_FIGURES_PLOT_H

#include "figures/curves.h"
#include "figures/paper_returns.h"
#include "figures/paths.h"
#include "figures/predictions.h"
#include "figures/results.h"

#include <signal.h>

typedef struct ks_figure {
    const char* output;                /* .svg, .png or .pdf */
    const char* title;                 /* NULL: none */
    bool overwrite;                    /* what stands there */
    const volatile sig_atomic_t* stop; /* not 0: to end, as set by a signal handler; NULL: never */
} ks_figure;

/* The metric against gradient steps, with a band of the 95 % interval per label; the label `oracle` is a dashed line at its value
 * after 0 steps. results may be empty if paper (else NULL) is not. Errors: KS_BAD_INPUT (no number is finite). */
bool ks_plot_results(const ks_figure* figure, const ks_results* results, const ks_paper_returns* paper, ks_error* err);

/* The same as a table in Markdown: a row per label with its mean ± the 95 % interval, below it the paper's numbers of that method,
 * and what is missing after one step to what the oracle has (each to its own). figure->output is a file of any name; the title
 * stands over the labels. Needs no gnuplot. */
bool ks_table_results(const ks_figure* figure, const ks_results* results, const ks_paper_returns* paper, ks_error* err);

/* The metric before (dashed) and after adaptation against iterations, or against environment steps; where a label has several
 * runs, their mean, and a band from the lowest to the highest. At least one curve, summed up. Errors: KS_BAD_INPUT (environment
 * steps of runs that have none). */
bool ks_plot_curves(const ks_figure* figure, const ks_curves* curves, bool against_env_steps, ks_error* err);

/* Paths before adaptation (dashed), after one gradient step and after all of them, with the goal: one panel per policy
 * (count of them, side by side) under its title. At most KS_PLOT_MAX_PANELS. */
enum { KS_PLOT_MAX_PANELS = 3 };
bool ks_plot_paths(const ks_figure* figure, const ks_paths* paths, const char* const* titles, size_t count,
                   ks_error* err);

/* The picture of a regression: a function, the examples, and what a model predicts before adaptation (dashed), after one gradient
 * step and after all of them: one panel per model, as above. */
bool ks_plot_predictions(const ks_figure* figure, const ks_predictions* predictions, const char* const* titles,
                         size_t count, ks_error* err);

#endif
