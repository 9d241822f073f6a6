/* names.h: names in lists, and which one the user meant. Thread rule: pure. */
#ifndef KS_BASE_NAMES_H
#define KS_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Number of letters to insert, delete, replace or swap with a neighbour to get from a to b (names of up to 63 letters). */
size_t ks_edit_distance(const char* a, const char* b);

/* The index-th name of "a|b|c" into out (room bytes); false behind the last. */
bool ks_names_at(char* out, size_t room, const char* names, int index);

/* A list of choices stands once, as `#define LIST(X) X(KS_ONE, one) X(KS_TWO, two)`. From it follow the constants of an enum, the words by
 * constant, and "one|two". */
#define KS_CHOICE_CONSTANT(constant, word) constant,
#define KS_CHOICE_WORD(constant, word) [constant] = #word,
#define KS_CHOICE_TEXT(constant, word) "|" #word
#define KS_CHOICES(list) (list(KS_CHOICE_TEXT) + 1)

#endif
