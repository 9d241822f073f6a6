/* clock.h: how long something takes. Any thread. */
#ifndef KS_BASE_CLOCK_H
#define KS_BASE_CLOCK_H

#include <time.h>

/* Seconds since some moment, of a clock that is never set back. */
static inline double ks_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
