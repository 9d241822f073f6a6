/* axis.h: the vertical axis of a metric. Internal to this room. Thread rule: as a script's. */
#ifndef KS_FIGURES_AXIS_H
#define KS_FIGURES_AXIS_H

#include "figures/metric.h"

#include <stdio.h>

/* What is to be seen. Starts with ks_extent_empty. */
typedef struct ks_extent {
    double low, high;
} ks_extent;
ks_extent ks_extent_empty(void);
/* Numbers that are not finite do not count. */
void ks_extent_add(ks_extent* extent, double value);

/* Writes range and marks. Errors start at 0, or are on a logarithmic axis where they go over a decade or more. */
void ks_axis_vertical(FILE* out, const ks_metric* metric, ks_extent extent);

#endif
