#include "viewer/cards.h"

#include <math.h>

/* Lengths in units. */
static const double HEADER = 32, FOOTER = 30, STRIP = 22, MARGIN = 8, GAP = 5, BETWEEN = 10;
static const double LEAST = 26; /* side of an image that can still be recognised */
static const double CHART = 20; /* width of bars that are good to read, at least, */
static const double CLASS = 3;  /* or so much for each class, */
static const double CHART_HEIGHT = 14;
static const double CHARTS_WORTH = 1.35;        /* images may be smaller by so much for them */
static const double ENOUGH = 200;               /* side of an image that needs to be no larger */
static const double MOST = 240;                 /* and that is no larger, where there are others */
static const double HIGHEST_LINE = 1.8;         /* of the least height */
static const double PANEL[] = {0.28, 230, 460}; /* its share of the width, and its limits */
static const double ROW = 48, BAR_COLUMN = 140; /* of the panel: a row's height at most, a column's width at least */
enum { SHRINKS = 10, FEWEST_QUERIES = 3 };

static int px(const ks_cards_settings* s, double units) {
    return (int)lround(units * s->unit);
}

static int at_least(int x, int low) {
    return x > low ? x : low;
}

static int at_most(int x, int high) {
    return x < high ? x : high;
}

/* ---- one way to place them -------------------------------------------------------------------------------------------- */

/* Room within a card, below its strip. */
typedef struct room {
    int width, height;
} room;

static room room_of(const ks_cards* c) {
    const ks_cards_settings* s = &c->s;
    int gap = px(s, 2), margin = px(s, MARGIN);
    return (room){(c->area.width + gap) / c->columns - gap - 2 * margin,
                  (c->area.height + gap) / c->rows - gap - px(s, STRIP) - 2 * margin};
}

static int rows_of(size_t count, int columns) {
    return (int)((count + (size_t)columns - 1) / (size_t)columns);
}

static int support_height(const ks_cards* c) {
    return rows_of(c->s.shots, c->cell_columns) * (c->cell + px(&c->s, GAP)) - px(&c->s, GAP);
}

/* Width of a query with its lines. */
static int item_width(const ks_cards* c) {
    return (room_of(c).width + px(&c->s, BETWEEN)) / c->query_columns - px(&c->s, BETWEEN);
}

/* Below an image, with a gap. */
static int lines_height(const ks_cards* c) {
    return c->lines > 0 ? c->lines * c->line + (c->beside ? 0 : px(&c->s, GAP)) : 0;
}

static int item_height(const ks_cards* c) {
    return c->beside ? at_least(c->image, lines_height(c)) : c->image + lines_height(c);
}

/* What a query may be high. */
static int height_for_item(const ks_cards* c) {
    int rows = rows_of(c->queries, c->query_columns), gap = px(&c->s, GAP);
    return (room_of(c).height - support_height(c) - px(&c->s, BETWEEN) + gap) / rows - gap;
}

/* Width of a line of text. */
static int line_width(const ks_cards* c) {
    return c->beside ? item_width(c) - c->image - px(&c->s, GAP) : item_width(c);
}

static int chart_width(const ks_cards* c) {
    return at_least(px(&c->s, CHART), px(&c->s, CLASS * (double)c->s.ways));
}

/* Width of a line of text with its bars, or of the text alone. */
static int width_for_line(const ks_cards* c, bool chart) {
    int bars = chart_width(c), text = c->s.text;
    return !chart ? text : c->stacked ? at_least(text, bars) : text + bars;
}

/* The largest query images, where all else is chosen; below 1: none fits. */
static int largest_image(const ks_cards* c) {
    int high = height_for_item(c), wide = item_width(c), gap = px(&c->s, GAP);
    int text = c->lines > 0 ? width_for_line(c, false) : 0;
    if (!c->beside) {
        return text > wide ? 0 : at_most(at_most(wide, px(&c->s, MOST)), high - lines_height(c));
    }
    if (lines_height(c) > high) {
        return 0;
    }
    int with_chart = at_most(wide - gap - width_for_line(c, true), high);
    return with_chart >= px(&c->s, 1.5 * LEAST) ? with_chart : at_most(wide - gap - text, high);
}

/* How good it is to look at. */
static double score(const ks_cards* c) {
    double enough = ENOUGH * c->s.unit, cell = fmin(c->cell, enough), image = fmin(c->image, enough);
    bool chart = c->lines > 0 && line_width(c) >= width_for_line(c, true);
    return c->queries == 0 ? c->cell : (fmin(cell, image) + 0.3 * fmax(cell, image)) * (chart ? CHARTS_WORTH : 1);
}

/* ---- the best of them ------------------------------------------------------------------------------------------------- */

/* A search: the way that is tried, the best one so far, and what images must be at least. */
typedef struct search {
    ks_cards now, best;
    double most;
    int least;
} search;

/* The next larger number of columns in which things stand in fewer rows; 0: there is none. */
static int next_columns(size_t count, int columns) {
    int rows = rows_of(count, columns);
    return rows > 1 ? rows_of(count, rows - 1) : 0;
}

/* Keeps it if it is better. */
static void judge(search* s) {
    double value = score(&s->now);
    if (value > s->most) {
        s->most = value;
        s->best = s->now;
    }
}

static void try_queries(search* s) {
    ks_cards* c = &s->now;
    for (int way = 0; way < (c->lines > 0 ? 4 : 1); way++) {
        c->beside = way % 2;
        c->stacked = way / 2;
        c->line = c->s.line + (c->stacked ? px(&c->s, CHART_HEIGHT) : 0);
        for (c->query_columns = 1; c->query_columns > 0 && item_width(c) >= s->least;
             c->query_columns = next_columns(c->queries, c->query_columns)) {
            c->image = 1;
            c->image = largest_image(c);
            if (c->image >= s->least) {
                judge(s);
            }
        }
    }
}

static void try_support(search* s) {
    ks_cards* c = &s->now;
    int gap = px(&c->s, GAP);
    room r = room_of(c);
    for (c->cell_columns = 1; c->cell_columns > 0; c->cell_columns = next_columns(c->s.shots, c->cell_columns)) {
        int wide = (r.width + gap) / c->cell_columns - gap;
        int high = (r.height + gap) / rows_of(c->s.shots, c->cell_columns) - gap;
        int largest = at_most(at_most(wide, high), c->queries > 0 ? px(&c->s, MOST) : wide);
        for (int shrink = 0; shrink < SHRINKS; shrink++) {
            c->cell = largest * (SHRINKS - shrink) / SHRINKS;
            if (c->cell < s->least) {
                break;
            }
            if (c->queries == 0) {
                judge(s);
            } else {
                try_queries(s);
            }
        }
    }
}

/* With so many lines and queries of a class, and images of that side at least. */
static bool place(ks_cards* best, const ks_cards* frame, int lines, size_t queries, int least) {
    search s = {.now = *frame, .least = least};
    ks_cards* c = &s.now;
    c->lines = lines;
    c->queries = queries;
    for (c->columns = 1; c->columns > 0; c->columns = next_columns(c->s.ways, c->columns)) {
        c->rows = rows_of(c->s.ways, c->columns);
        try_support(&s);
    }
    if (s.most > 0) {
        *best = s.best;
    }
    return s.most > 0;
}

/* Lines get what is left. */
static ks_cards spread(ks_cards c) {
    if (c.lines > 0 && c.image > 0) {
        int high = c.beside ? at_least(c.image, lines_height(&c)) : height_for_item(&c) - c.image - px(&c.s, GAP);
        c.line = at_least(at_most(high / c.lines, (int)(HIGHEST_LINE * c.line)), c.line);
    }
    return c;
}

/* Lines of all steps before many queries, before no lines: the first that can be read; or else whatever there is room for. */
static ks_cards choose(const ks_cards* frame) {
    int lines[] = {frame->s.lines, 1, 0}, small = px(&frame->s, LEAST), least[] = {small * 3 / 2, small, small};
    size_t all = frame->s.queries, fewest[] = {all < FEWEST_QUERIES ? all : FEWEST_QUERIES, 1, 1};
    ks_cards best = *frame;
    best.columns = best.rows = best.cell_columns = best.query_columns = best.line = 1;
    for (int i = 0; i < 3 && all > 0; i++) {
        for (size_t queries = all; queries >= fewest[i]; queries -= 1 + queries / 8) {
            if (place(&best, frame, lines[i], queries, least[i])) {
                return spread(best);
            }
            if (queries <= queries / 8 + 1) {
                break;
            }
        }
    }
    place(&best, frame, 0, all > 0, 1);
    return best;
}

static void place_panel(ks_cards* c) {
    const ks_cards_settings* s = &c->s;
    int margin = px(s, MARGIN), strip = px(s, STRIP), guess = px(s, 42);
    int width = at_most((int)(PANEL[0] * s->width), px(s, PANEL[2]));
    width = at_most(at_least(width, px(s, PANEL[1])), s->width / 2);
    c->panel = (mjrRect){s->width - width, c->area.bottom, width, c->area.height};
    c->area.width -= width + px(s, 2);
    int left = c->panel.left + margin, wide = width - 2 * margin;
    int high = c->panel.height - strip - 2 * margin;
    int side = at_least(at_most(wide, (int)(0.55 * high)), 1);
    int top = c->panel.bottom + c->panel.height - strip - margin;
    c->sketch = (mjrRect){left + (wide - side) / 2, top - side, side, side};
    c->guess = (mjrRect){left, c->sketch.bottom - guess, wide, guess};
    c->bar_columns = 1;
    c->bars = (mjrRect){left, c->panel.bottom + margin, wide, at_least(c->guess.bottom - c->panel.bottom - margin, 0)};
    while (rows_of(s->ways, c->bar_columns) * s->line > c->bars.height &&
           c->bars.width / (c->bar_columns + 1) >= px(s, BAR_COLUMN)) {
        c->bar_columns++;
    }
}

ks_cards ks_cards_make(const ks_cards_settings* s) {
    int header = px(s, HEADER), footer = px(s, FOOTER);
    ks_cards c = {.s = *s,
                  .header = {0, s->height - header, s->width, header},
                  .footer = {0, 0, s->width, footer},
                  .area = {0, footer, s->width, at_least(s->height - header - footer, 1)}};
    if (s->panel) {
        place_panel(&c);
    }
    return choose(&c);
}

int ks_cards_height(const ks_cards_settings* settings) {
    enum { MOST_TIMES = 3, PARTS = 4 };
    ks_cards_settings s = *settings;
    for (int i = 0; i <= (MOST_TIMES - 1) * PARTS; i++) {
        s.height = settings->height + settings->height * i / PARTS;
        ks_cards c = ks_cards_make(&s);
        if (c.queries == s.queries && c.lines == s.lines) {
            return s.height;
        }
    }
    return settings->height;
}

/* ---- where things are --------------------------------------------------------------------------------------------------- */

mjrRect ks_cards_card(const ks_cards* c, size_t way) {
    int column = (int)way % c->columns, row = (int)way / c->columns, gap = px(&c->s, 2);
    int width = c->area.width + gap, height = c->area.height + gap, top = c->area.bottom + c->area.height;
    int left = width * column / c->columns, right = width * (column + 1) / c->columns - gap;
    int high = top - height * row / c->rows, low = top - height * (row + 1) / c->rows + gap;
    return (mjrRect){c->area.left + left, low, at_least(right - left, 0), at_least(high - low, 0)};
}

mjrRect ks_cards_strip(const ks_cards* c, size_t way) {
    mjrRect card = ks_cards_card(c, way);
    int height = at_most(px(&c->s, STRIP), card.height);
    return (mjrRect){card.left, card.bottom + card.height - height, card.width, height};
}

mjrRect ks_cards_cell(const ks_cards* c, size_t way, size_t shot) {
    mjrRect strip = ks_cards_strip(c, way);
    int pitch = c->cell + px(&c->s, GAP), margin = px(&c->s, MARGIN);
    int column = (int)shot % c->cell_columns, row = (int)shot / c->cell_columns;
    return (mjrRect){strip.left + margin + column * pitch, strip.bottom - margin - row * pitch - c->cell, c->cell,
                     c->cell};
}

mjrRect ks_cards_query(const ks_cards* c, size_t way, size_t query) {
    mjrRect strip = ks_cards_strip(c, way);
    int margin = px(&c->s, MARGIN), column = (int)query % c->query_columns, row = (int)query / c->query_columns;
    int left = strip.left + margin + column * (item_width(c) + px(&c->s, BETWEEN));
    int top = strip.bottom - margin - support_height(c) - px(&c->s, BETWEEN);
    top -= row * (item_height(c) + px(&c->s, GAP));
    return (mjrRect){left, top - c->image, c->image, c->image};
}

mjrRect ks_cards_line(const ks_cards* c, size_t way, size_t query, int line) {
    mjrRect image = ks_cards_query(c, way, query);
    int left = c->beside ? image.left + c->image + px(&c->s, GAP) : image.left;
    int spare = c->beside ? at_least(c->image - lines_height(c), 0) : 0;
    int top = c->beside ? image.bottom + c->image - spare / 2 : image.bottom - px(&c->s, GAP);
    return (mjrRect){left, top - (line + 1) * c->line, at_least(line_width(c), 0), c->line};
}

mjrRect ks_cards_line_text(const ks_cards* c, mjrRect line) {
    int below = c->stacked ? line.height - c->s.line : 0;
    return (mjrRect){line.left, line.bottom + below, line.width, line.height - below};
}

mjrRect ks_cards_line_chart(const ks_cards* c, mjrRect line) {
    int gap = px(&c->s, 2), beside = c->stacked ? 0 : c->s.text,
        high = c->stacked ? line.height - c->s.line : line.height;
    int width = line.width - beside;
    width = width >= chart_width(c) ? width : 0;
    return (mjrRect){line.left + beside, line.bottom + gap, width, at_least(high - gap - (c->stacked ? 0 : gap), 0)};
}

mjrRect ks_cards_bar(const ks_cards* c, size_t way) {
    int count = rows_of(c->s.ways, c->bar_columns), gap = px(&c->s, BETWEEN);
    int row = (int)way % count, column = (int)way / count, top = c->bars.bottom + c->bars.height;
    int height = at_most(c->bars.height, count * px(&c->s, ROW));
    int high = top - height * row / count, low = top - height * (row + 1) / count;
    int width = (c->bars.width + gap) / c->bar_columns;
    return (mjrRect){c->bars.left + column * width, low, at_least(width - gap, 0), high - low};
}

bool ks_rect_has(mjrRect r, double x, double y) {
    return x >= r.left && x < r.left + r.width && y >= r.bottom && y < r.bottom + r.height;
}
