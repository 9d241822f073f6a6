/* names.h: which known name did the user mean? Thread rule: pure. */
#ifndef KS_BASE_NAMES_H
#define KS_BASE_NAMES_H

#include <stddef.h>

/* Number of letters to insert, delete, replace or swap with a neighbour to get from a to b (names of up to 63 letters). */
size_t ks_edit_distance(const char* a, const char* b);

#endif
