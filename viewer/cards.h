/* cards.h: where everything of a task of images is: a card per class with its support and, below, its queries with a line of text
 * for some of the gradient steps; beside the cards, where it is wanted, a panel with a sketch. Sizes are chosen so that images are
 * as large as they can be.
 *
 * Rectangles are OpenGL's: pixels, from the bottom left. Internal to this room. Thread rule: plain data. */
#ifndef KS_VIEWER_CARDS_H
#define KS_VIEWER_CARDS_H

#include <mujoco/mujoco.h>
#include <stdbool.h>
#include <stddef.h>

/* What there is to place. */
typedef struct ks_cards_settings {
    int width, height;           /* of the whole picture, pixels */
    double unit;                 /* pixels per unit of letters and margins */
    int line, text;              /* height of a line at least, width of its text at most */
    int lines;                   /* of a query */
    size_t ways, shots, queries; /* shots and queries of a class; queries may be 0 */
    bool panel;
} ks_cards_settings;

typedef struct ks_cards {
    ks_cards_settings s;
    mjrRect header, footer, area; /* area: of all cards */
    mjrRect panel, sketch, guess,
        bars;                 /* the whole panel; within, the sketch, what it is taken for, and a bar for each class */
    int columns, rows;        /* of cards */
    int bar_columns;          /* that rows of the panel stand in */
    int cell, cell_columns;   /* side of a support image, and how many are in a row */
    int image, query_columns; /* likewise of queries */
    size_t queries;           /* of each class that there is room for */
    int lines;                /* of a query that there is room for: all, the last, or none */
    int line;                 /* height of one */
    bool beside;              /* lines are beside their image; else below it */
    bool stacked;             /* bars are below the text of their line; else at its right */
} ks_cards;

ks_cards ks_cards_make(const ks_cards_settings* settings);
/* The least height, from that of the settings on, at which all queries are shown with all lines, if twice or thrice of it is enough;
 * else the height of the settings. */
int ks_cards_height(const ks_cards_settings* settings);

mjrRect ks_cards_card(const ks_cards* c, size_t way);
mjrRect ks_cards_strip(const ks_cards* c, size_t way);
mjrRect ks_cards_cell(const ks_cards* c, size_t way, size_t shot);
/* An image of those that are shown, and the strip of one of its lines. */
mjrRect ks_cards_query(const ks_cards* c, size_t way, size_t query);
mjrRect ks_cards_line(const ks_cards* c, size_t way, size_t query, int line);
/* Within that strip: text, and bars, which are of width 0 where there is no room for them. */
mjrRect ks_cards_line_text(const ks_cards* c, mjrRect line);
mjrRect ks_cards_line_chart(const ks_cards* c, mjrRect line);
/* Row of a class in the panel. */
mjrRect ks_cards_bar(const ks_cards* c, size_t way);

bool ks_rect_has(mjrRect r, double x, double y);

#endif
