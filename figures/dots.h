/* dots.h: drawing with characters: each is a field of 2 x 4 dots of Braille, or of ASCII letters that come near it.
 * Thread rule: one call at a time per object. */
#ifndef KS_FIGURES_DOTS_H
#define KS_FIGURES_DOTS_H

#include "base/error.h"

enum { KS_DOTS_WIDE = 2, KS_DOTS_HIGH = 4, KS_DOTS_CELL = 5 };

typedef struct ks_dots ks_dots;

/* Characters: columns x rows. Owned by the caller. NULL on errors: KS_FAILED (memory). */
ks_dots* ks_dots_create(int columns, int rows, ks_error* err);
void ks_dots_destroy(ks_dots* dots);

/* A dot, from the upper left; outside it is none. ink: any number from 0 on, of which a character has the last. */
void ks_dots_set(ks_dots* dots, int x, int y, int ink);
/* From one dot up or down to another one of the next column of dots. */
void ks_dots_join(ks_dots* dots, int x, int from, int to, int ink);

/* The character there: UTF-8, or ASCII, a space if it is empty. Returns its ink, -1 if it is empty. */
int ks_dots_cell(char out[KS_DOTS_CELL], const ks_dots* dots, int column, int row, bool ascii);

#endif
