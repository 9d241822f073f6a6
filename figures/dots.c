#include "figures/dots.h"

#include <stdlib.h>

typedef struct cell {
    unsigned char bits; /* of Unicode's Braille patterns, U+2800 … */
    short ink;
} cell;

struct ks_dots {
    int columns, rows;
    cell cells[]; /* (rows x columns) */
};

/* (KS_DOTS_HIGH x KS_DOTS_WIDE) */
static const unsigned char BITS[] = {0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80};
static const unsigned char UPPER = 0x1b; /* the first two rows of dots */

ks_dots* ks_dots_create(int columns, int rows, ks_error* err) {
    ks_dots* dots = calloc(1, sizeof *dots + (size_t)columns * (size_t)rows * sizeof *dots->cells);
    if (!dots) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    dots->columns = columns;
    dots->rows = rows;
    return dots;
}

void ks_dots_destroy(ks_dots* dots) {
    free(dots);
}

void ks_dots_set(ks_dots* dots, int x, int y, int ink) {
    if (x < 0 || y < 0 || x >= dots->columns * KS_DOTS_WIDE || y >= dots->rows * KS_DOTS_HIGH) {
        return;
    }
    cell* c = &dots->cells[y / KS_DOTS_HIGH * dots->columns + x / KS_DOTS_WIDE];
    c->bits |= BITS[y % KS_DOTS_HIGH * KS_DOTS_WIDE + x % KS_DOTS_WIDE];
    c->ink = (short)ink;
}

void ks_dots_join(ks_dots* dots, int x, int from, int to, int ink) {
    int step = from < to ? 1 : -1;
    for (int y = from; y != to; y += step) { /* half of the way in either column */
        ks_dots_set(dots, 2 * abs(y - from) < abs(to - from) ? x : x + 1, y, ink);
    }
    ks_dots_set(dots, x, from, ink);
    ks_dots_set(dots, x + 1, to, ink);
}

int ks_dots_cell(char out[KS_DOTS_CELL], const ks_dots* dots, int column, int row, bool ascii) {
    cell c = dots->cells[row * dots->columns + column];
    out[0] = ' ';
    out[1] = 0;
    if (c.bits == 0) {
        return -1;
    }
    if (ascii) {
        out[0] = (c.bits & UPPER) == c.bits ? '\'' : (c.bits & UPPER) == 0 ? '.' : ':';
    } else {
        out[0] = (char)0xe2;
        out[1] = (char)(0xa0 | c.bits >> 6);
        out[2] = (char)(0x80 | (c.bits & 0x3f));
        out[3] = 0;
    }
    return c.ink;
}
