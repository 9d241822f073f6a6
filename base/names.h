/* names.h: names in lists, and which one the user meant. Thread rule: pure. */
#ifndef KS_BASE_NAMES_H
#define KS_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Number of letters to insert, delete, replace or swap with a neighbour to get from a to b (names of up to 63 letters). */
size_t ks_edit_distance(const char* a, const char* b);

/* The index-th name of "a|b|c" into out (room bytes); false behind the last. */
bool ks_names_at(char* out, size_t room, const char* names, int index);

#endif
