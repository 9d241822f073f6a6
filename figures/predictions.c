#include "figures/predictions.h"

#include <stdlib.h>

bool ks_predictions_create(ks_predictions* p, size_t points, size_t examples, int stages, ks_error* err) {
    *p = (ks_predictions){.points = points, .examples = examples, .stages = stages};
    p->x = calloc((2 + (size_t)stages) * points + 2 * examples, sizeof *p->x);
    if (!p->x) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu points", points);
    }
    p->truth = p->x + points;
    p->y = p->truth + points;
    p->example_x = p->y + (size_t)stages * points;
    p->example_y = p->example_x + examples;
    return true;
}

void ks_predictions_free(ks_predictions* p) {
    free(p->x);
    *p = (ks_predictions){0};
}
