/* parallel.h: the one parallel loop, and the only place of OpenMP.
 * Thread rule: not to be called from inside itself. */
#ifndef KS_BASE_PARALLEL_H
#define KS_BASE_PARALLEL_H

#include <stddef.h>

/* Runs item 0 … count-1 on `threads` threads, each item once, in no particular order. `thread` is below `threads`, and no
 * two items run at once on the same one, so it can index scratch memory. What items compute must not depend on it. */
void ks_parallel_for(int threads, size_t count, void (*item)(void* user, size_t index, int thread), void* user);

/* The same for items that take equally long: item i always goes to the same of the threads, whose cache then has what the last loop
 * over the same items has left there. */
void ks_parallel_even(int threads, size_t count, void (*item)(void* user, size_t index, int thread), void* user);

#endif
