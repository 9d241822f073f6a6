/* ticks.h: marks on an axis that people read at a glance: multiples of 1, 2 or 5 times a power of ten. Thread rule: pure
 * functions. */
#ifndef KS_BASE_TICKS_H
#define KS_BASE_TICKS_H

typedef struct ks_ticks {
    double low, high; /* the first mark and the last */
    double step;      /* from one to the next */
    int count;        /* of marks, both ends included: 2 at least */
    int decimals;     /* that a mark is written with */
} ks_ticks;

/* The step with which `span` (more than 0) has at most so many steps in it. */
double ks_tick_step(double span, int most);

/* Marks around low … high, at most `most` (2 or more) steps from the first to the last. Where low is not less than high, around a
 * little more. Both are finite. */
ks_ticks ks_ticks_around(double low, double high, int most);

#endif
