#include "cli/choose_size.h"

#include <math.h>

ks_paired ks_paired_difference(const double* a, const double* b, size_t tasks) {
    ks_paired d = {0};
    for (size_t i = 0; i < tasks; i++) {
        d.mean += (a[i] - b[i]) / (double)tasks;
    }
    double square = 0;
    for (size_t i = 0; i < tasks; i++) {
        double off = a[i] - b[i] - d.mean;
        square += off * off;
    }
    d.error = tasks > 1 ? sqrt(square / (double)(tasks - 1) / (double)tasks) : 0;
    return d;
}

static double mean_of(const double* returns, size_t tasks) {
    double sum = 0;
    for (size_t i = 0; i < tasks; i++) {
        sum += returns[i];
    }
    return sum / (double)tasks;
}

/* The best mean; of equal ones the smaller size. */
static size_t best_of(const double* lr, const double* returns, size_t count, size_t tasks) {
    size_t best = count;
    double most = -INFINITY;
    for (size_t c = 0; c < count; c++) {
        double mean = mean_of(returns + c * tasks, tasks);
        if (isfinite(mean) && (mean > most || (mean == most && lr[c] < lr[best]))) {
            most = mean;
            best = c;
        }
    }
    return best;
}

size_t ks_choose_size(const double* lr, const double* returns, size_t count, size_t tasks, bool trained) {
    size_t best = best_of(lr, returns, count, tasks), chosen = best;
    for (size_t c = 0; !trained && best < count && c < count; c++) {
        ks_paired worse = ks_paired_difference(returns + best * tasks, returns + c * tasks, tasks);
        if (worse.mean <= worse.error && lr[c] < lr[chosen]) { /* false where it did not work */
            chosen = c;
        }
    }
    return chosen;
}
