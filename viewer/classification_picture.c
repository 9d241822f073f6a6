#include "viewer/classification_picture.h"

#include "base/number.h"
#include "viewer/canvas.h"
#include "viewer/cards.h"
#include "viewer/charts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LINES = 3 };

struct ks_classification_picture {
    const mjrContext* context;
    double unit;
    ks_images_form form;
    bool panel;
    ks_charts* charts; /* for letters */
    ks_canvas canvas;
    ks_cards cards;
    int placed;      /* lines that cards are made for; 0: not made */
    bool placed_own; /* and whether without queries */
    double* p;       /* (ways) */
};

static const float WHITE[3] = {1, 1, 1};
static const float DARK[3] = {0.14f, 0.17f, 0.21f};
static const float INK[3] = {0.20f, 0.23f, 0.27f};
static const float GREY[3] = {0.50f, 0.53f, 0.57f};
static const float PALE[3] = {0.93f, 0.94f, 0.95f};
static const float RULE[3] = {0.84f, 0.86f, 0.88f};
static const float BAR[3] = {0.70f, 0.73f, 0.77f};
/* told apart by colour-blind people, too (Okabe and Ito) */
static const float RIGHT[3] = {0, 0.55f, 0.41f};
static const float WRONG[3] = {0.84f, 0.37f, 0};
static const float GUESS[3] = {0, 0.45f, 0.70f};
static const float HELD[3] = {0.90f, 0.62f, 0};

/* ---- creation ------------------------------------------------------------------------------------------------------------- */

ks_classification_picture* ks_classification_picture_create(const mjrContext* context, double unit,
                                                            const ks_images_form* form, bool panel, ks_error* err) {
    ks_classification_picture* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    p->context = context;
    p->unit = unit;
    p->form = *form;
    p->panel = panel;
    p->charts = ks_charts_create(context, unit, err);
    p->p = calloc(form->ways, sizeof *p->p);
    if (!p->charts || !p->p) {
        ks_fail(err, KS_FAILED, "not enough memory");
        ks_classification_picture_destroy(p);
        return NULL;
    }
    return p;
}

void ks_classification_picture_destroy(ks_classification_picture* p) {
    if (p) {
        ks_charts_destroy(p->charts);
        ks_canvas_free(&p->canvas);
        free(p->p);
        free(p);
    }
}

bool ks_classification_picture_resize(ks_classification_picture* p, int width, int height, ks_error* err) {
    p->placed = 0;
    return ks_canvas_resize(&p->canvas, width, height, err);
}

/* ---- lines of a query ----------------------------------------------------------------------------------------------------- */

static int px(const ks_classification_picture* p, double units) {
    return (int)lround(units * p->unit);
}

static int text_width(const ks_classification_picture* p, const char* text) {
    return ks_charts_text_width(p->charts, text);
}

/* The gradient steps that have a line: before, after the first, after all. */
static int shown_steps(int steps[MOST_LINES], int all) {
    int count = 0;
    for (int i = 0; i < MOST_LINES; i++) {
        int step = i == 0 ? 0 : i == 1 ? 1 : all;
        if (step <= all && (count == 0 || step > steps[count - 1])) {
            steps[count++] = step;
        }
    }
    return count;
}

/* What a line shows at the moment: a place between gradient steps. */
typedef struct line {
    bool there, arrived; /* it is time for its bars; and for what they say, since they have come to a step of its own */
    double position;
    int step;
} line;

/* Each line goes from the step of the one before it to its own. */
static line line_at(const ks_cards* cards, const ks_classification* c, double position, int index) {
    int steps[MOST_LINES], count = shown_steps(steps, c->steps);
    int of = cards->lines < count ? count - cards->lines + index : index;
    bool alone = cards->lines < count;
    double from = of > 0 ? steps[of - 1] : 0, to = steps[of];
    line l = {.there = alone || of == 0 || position > from, .position = fmin(position, to)};
    l.step = (int)floor(l.position);
    l.arrived = alone || of == 0 || l.step > from;
    return l;
}

static int number_width(const ks_classification_picture* p, int steps) {
    char text[16];
    snprintf(text, sizeof text, "%d", steps);
    return text_width(p, text);
}

/* Places everything, unless it is. */
static void place(ks_classification_picture* p, const ks_classification* c) {
    int steps[MOST_LINES], lines = shown_steps(steps, c->steps);
    char name[KS_CLASS_LETTERS], text[32];
    if (p->placed == lines && p->placed_own == c->own) {
        return;
    }
    ks_class_letters(name, p->form.ways - 1, p->form.ways);
    snprintf(text, sizeof text, "%.*s 100%%", (int)strlen(name), "MMMMMMMM"); /* M is as wide as letters are */
    ks_cards_settings s = {.width = p->canvas.width,
                           .height = p->canvas.height,
                           .unit = p->unit,
                           .line = p->context->charHeight + px(p, 2),
                           .text = number_width(p, 10) + px(p, 24) + text_width(p, text),
                           .lines = lines,
                           .ways = p->form.ways,
                           .shots = p->form.shots,
                           .queries = c->own ? 0 : p->form.queries,
                           .panel = p->panel};
    p->cards = ks_cards_make(&s);
    p->placed = lines;
    p->placed_own = c->own;
}

/* ---- pixels --------------------------------------------------------------------------------------------------------------- */

static int middle_of(mjrRect r) {
    return r.bottom + r.height / 2;
}

static mjrRect all_of(const ks_classification_picture* p) {
    return (mjrRect){0, 0, p->canvas.width, p->canvas.height};
}

static mjrRect grown(mjrRect r, int by) {
    return (mjrRect){r.left - by, r.bottom - by, r.width + 2 * by, r.height + 2 * by};
}

/* A tick or a cross around a place. */
static void sign(ks_classification_picture* p, double x, double y, double size, bool right, const float rgb[3]) {
    const double tick[] = {x - 0.5 * size,  y + 0.02 * size, x - 0.14 * size,
                           y - 0.36 * size, x + 0.5 * size,  y + 0.42 * size};
    const double a[] = {x - 0.38 * size, y - 0.38 * size, x + 0.38 * size, y + 0.38 * size};
    const double b[] = {x - 0.38 * size, y + 0.38 * size, x + 0.38 * size, y - 0.38 * size};
    ks_pen pen = {.rgb = {rgb[0], rgb[1], rgb[2]}, .alpha = 1, .width = fmax(0.19 * size, 1)};
    mjrRect all = all_of(p);
    if (right) {
        ks_canvas_line(&p->canvas, all, tick, 3, &pen);
    } else {
        ks_canvas_line(&p->canvas, all, a, 2, &pen);
        ks_canvas_line(&p->canvas, all, b, 2, &pen);
    }
}

static void image(ks_classification_picture* p, mjrRect where, const ks_real* pixels) {
    ks_canvas_image(&p->canvas, where, pixels, p->form.side, p->form.channels);
}

/* Probabilities p->p as bars; the true class has a mark below its own. */
static void bars(ks_classification_picture* p, mjrRect where, size_t truth, size_t guess, const float rgb[3]) {
    int ways = (int)p->form.ways, gap = where.width / ways > 3 ? px(p, 1) : 0, base = px(p, 3);
    if (where.width < ways || where.height < 2 * base) {
        return;
    }
    int pitch = where.width / ways < px(p, 24) ? where.width / ways : px(p, 24);
    for (int i = 0; i < ways; i++) {
        double share = isfinite(p->p[i]) ? p->p[i] : 0;
        mjrRect bar = {where.left + i * pitch, where.bottom + base, pitch - gap,
                       (int)lround(share * (where.height - base))};
        mjrRect mark = {bar.left, where.bottom, bar.width, base - px(p, 1)};
        ks_canvas_fill(&p->canvas, (mjrRect){bar.left, bar.bottom, bar.width, px(p, 1)}, RULE);
        ks_canvas_fill(&p->canvas, bar, (size_t)i == guess ? rgb : BAR);
        if ((size_t)i == truth) {
            ks_canvas_fill(&p->canvas, mark, INK);
        }
    }
}

static void query(ks_classification_picture* p, const ks_classification* c, ks_question q, double position) {
    const ks_cards* k = &p->cards;
    int now = (int)floor(position), frame = px(p, k->image >= px(p, 40) ? 3 : 2);
    bool right = ks_classification_guess(c, q, now).way == q.way;
    mjrRect where = ks_cards_query(k, q.way, q.query);
    ks_canvas_fill(&p->canvas, where, right ? RIGHT : WRONG);
    image(p, grown(where, -frame), ks_images_fit_query(c->fit, q.way, q.query));
    for (int i = 0; i < k->lines; i++) {
        line l = line_at(k, c, position, i);
        mjrRect strip = ks_cards_line(k, q.way, q.query, i);
        if (l.there) {
            ks_guess guess = ks_classification_guess(c, q, l.step);
            const float* colour = guess.way == q.way ? RIGHT : WRONG;
            double x = strip.left + number_width(p, 10) + px(p, 12);
            if (l.arrived) {
                sign(p, x, middle_of(ks_cards_line_text(k, strip)), px(p, 11), guess.way == q.way, colour);
            }
            ks_classification_ask(p->p, c, q, l.position);
            bars(p, ks_cards_line_chart(k, strip), q.way, guess.way, colour);
        }
    }
    if (k->lines == 0 && k->image > px(p, 8)) {
        double size = fmin(px(p, 14), 0.28 * k->image), x = where.left + where.width - 0.7 * size;
        double y = where.bottom + 0.7 * size;
        ks_canvas_dot(&p->canvas, all_of(p), x, y, 0.75 * size, WHITE);
        sign(p, x, y, 0.9 * size, right, right ? RIGHT : WRONG);
    }
}

/* An image that may be drawn on; with a frame that does not hide any of it. */
static void cell_image(ks_classification_picture* p, const ks_classification* c, mjrRect where, size_t cell,
                       const ks_classification_view* v) {
    bool held = v->cell == cell;
    ks_canvas_fill(&p->canvas, grown(where, px(p, held ? 2 : 1)), held ? HELD : RULE);
    image(p, where, ks_images_fit_image(c->fit, cell));
}

static void card(ks_classification_picture* p, const ks_classification* c, size_t way,
                 const ks_classification_view* v) {
    const ks_cards* k = &p->cards;
    ks_canvas_fill(&p->canvas, ks_cards_card(k, way), WHITE);
    ks_canvas_fill(&p->canvas, ks_cards_strip(k, way), PALE);
    for (size_t i = 0; i < p->form.shots; i++) {
        size_t cell = ks_images_fit_cell(c->fit, way, i);
        cell_image(p, c, ks_cards_cell(k, way, i), cell, v);
    }
    for (size_t i = 0; i < k->queries; i++) {
        query(p, c, (ks_question){.way = way, .query = i}, v->position);
    }
}

/* ---- the panel ------------------------------------------------------------------------------------------------------------ */

/* Of a row: its class's letters, the first image of its support, and from where to where its bar can be. */
typedef struct bar_row {
    mjrRect row, image, bar;
} bar_row;

static bar_row bar_row_of(const ks_classification_picture* p, size_t way) {
    mjrRect r = ks_cards_bar(&p->cards, way);
    int side = r.height - px(p, 4), letters = px(p, 22), percent = text_width(p, "100%") + px(p, 6);
    side = side > 0 && side < px(p, 40) ? side : side > 0 ? px(p, 40) : 1;
    int left = r.left + letters + side + px(p, 8), right = r.left + r.width - percent;
    int high = r.height * 2 / 3 < px(p, 20) ? r.height * 2 / 3 : px(p, 20);
    return (bar_row){.row = r,
                     .image = {r.left + letters, r.bottom + (r.height - side) / 2, side, side},
                     .bar = {left, r.bottom + (r.height - high) / 2, right > left ? right - left : 0, high}};
}

static bool has_sketch(const ks_classification* c) {
    return ks_images_fit_filled(c->fit, ks_images_fit_sketch(c->fit));
}

static const ks_question SKETCH = {.sketch = true};

static void panel(ks_classification_picture* p, const ks_classification* c, const ks_classification_view* v) {
    const ks_cards* k = &p->cards;
    size_t sketch = ks_images_fit_sketch(c->fit);
    mjrRect strip = {k->panel.left, k->panel.bottom + k->panel.height - px(p, 22), k->panel.width, px(p, 22)};
    ks_canvas_fill(&p->canvas, k->panel, WHITE);
    ks_canvas_fill(&p->canvas, strip, PALE);
    cell_image(p, c, k->sketch, sketch, v);
    size_t guess = has_sketch(c) ? ks_classification_guess(c, SKETCH, (int)floor(v->position)).way : p->form.ways;
    for (size_t way = 0; way < p->form.ways; way++) {
        bar_row r = bar_row_of(p, way);
        if (r.row.height < px(p, 8)) {
            continue;
        }
        image(p, r.image, ks_images_fit_image(c->fit, ks_images_fit_cell(c->fit, way, 0)));
        ks_canvas_fill(&p->canvas, r.bar, PALE);
        if (has_sketch(c)) {
            int before = r.bar.height / 4;
            ks_classification_ask(p->p, c, SKETCH, 0);
            double share = isfinite(p->p[way]) ? p->p[way] : 0;
            mjrRect first = {r.bar.left, r.bar.bottom, (int)lround(share * r.bar.width), before};
            ks_canvas_fill(&p->canvas, first, GREY);
            ks_classification_ask(p->p, c, SKETCH, v->position);
            share = isfinite(p->p[way]) ? p->p[way] : 0;
            mjrRect now = {r.bar.left, r.bar.bottom + before, (int)lround(share * r.bar.width), r.bar.height - before};
            ks_canvas_fill(&p->canvas, now, way == guess ? GUESS : BAR);
        }
    }
}

/* ---- texts ---------------------------------------------------------------------------------------------------------------- */

static void text_if_room(const ks_classification_picture* p, mjrRect r, const char* text, const float rgb[3]) {
    if (text_width(p, text) <= r.width) {
        ks_charts_text(p->charts, r.left, middle_of(r), text, rgb);
    }
}

static void line_text(const ks_classification_picture* p, const ks_classification* c, ks_question q, double position,
                      int index) {
    mjrRect strip = ks_cards_line_text(&p->cards, ks_cards_line(&p->cards, q.way, q.query, index));
    line l = line_at(&p->cards, c, position, index);
    char text[48], name[KS_CLASS_LETTERS];
    if (!l.there || !l.arrived) {
        return;
    }
    ks_guess guess = ks_classification_guess(c, q, l.step);
    snprintf(text, sizeof text, "%d", l.step);
    int number = number_width(p, 10);
    ks_charts_text(p->charts, strip.left + number - text_width(p, text), middle_of(strip), text, GREY);
    ks_class_letters(name, guess.way, p->form.ways);
    ks_snprintf(text, sizeof text, guess.way < p->form.ways ? "%s %.0f%%" : "%s", name, 100 * guess.probability);
    ks_charts_text(p->charts, strip.left + number + px(p, 22), middle_of(strip), text,
                   guess.way == q.way ? RIGHT : WRONG);
}

/* A class's letters, and its name as far as there is room: whole, or behind its last slash. */
static void card_text(const ks_classification_picture* p, const ks_classification* c, size_t way) {
    mjrRect strip = ks_cards_strip(&p->cards, way);
    const char* name = ks_images_fit_class_name(c->fit, way);
    const char* slash = strrchr(name, '/');
    char letters[KS_CLASS_LETTERS], text[2][128];
    ks_class_letters(letters, way, p->form.ways);
    snprintf(text[0], sizeof text[0], "%s   %s", letters, name);
    snprintf(text[1], sizeof text[1], "%s   %s", letters, slash ? slash + 1 : name);
    strip.left += px(p, 8);
    strip.width -= px(p, 12);
    for (int i = c->own ? 2 : 0; i < 3; i++) {
        const char* tried = i < 2 ? text[i] : letters;
        if (text_width(p, tried) <= strip.width || i == 2) {
            text_if_room(p, strip, tried, INK);
            return;
        }
    }
}

/* In a cell with nothing in it. */
static void hint(const ks_classification_picture* p, mjrRect cell) {
    static const char TEXT[] = "draw here";
    int width = text_width(p, TEXT);
    if (width < cell.width && p->panel) {
        ks_charts_text(p->charts, cell.left + (cell.width - width) / 2, middle_of(cell), TEXT, GREY);
    }
}

static void panel_texts(const ks_classification_picture* p, const ks_classification* c,
                        const ks_classification_view* v) {
    const ks_cards* k = &p->cards;
    mjrRect strip = {k->panel.left, k->panel.bottom + k->panel.height - px(p, 22), k->panel.width, px(p, 22)};
    char text[96], name[KS_CLASS_LETTERS];
    snprintf(text, sizeof text, "after %d step%s", (int)floor(v->position), floor(v->position) == 1 ? "" : "s");
    ks_charts_text_ends(p->charts, strip, "Your query", text, INK);
    if (!has_sketch(c)) {
        hint(p, k->sketch);
    } else {
        ks_guess guess = ks_classification_guess(c, SKETCH, (int)floor(v->position));
        ks_class_letters(name, guess.way, p->form.ways);
        ks_snprintf(text, sizeof text, guess.way < p->form.ways ? "%s  %.0f%%" : "diverged", name,
                    100 * guess.probability);
        ks_charts_headline(p->charts, k->guess, text, GUESS);
    }
    for (size_t way = 0; way < p->form.ways; way++) {
        bar_row r = bar_row_of(p, way);
        if (r.row.height < p->context->charHeight) {
            continue;
        }
        ks_class_letters(name, way, p->form.ways);
        ks_charts_text(p->charts, r.row.left, middle_of(r.row), name, INK);
        if (has_sketch(c)) {
            ks_classification_ask(p->p, c, SKETCH, v->position);
            ks_snprintf(text, sizeof text, "%.0f%%", isfinite(p->p[way]) ? 100 * p->p[way] : 0.0);
            int right = r.row.left + r.row.width;
            ks_charts_text(p->charts, right - text_width(p, text), middle_of(r.row), text, INK);
        }
    }
}

/* Accuracy at the steps that have lines: "right: 20% -> 96%". */
static void accuracy_text(char* out, size_t room, const ks_classification* c) {
    int steps[MOST_LINES], count = shown_steps(steps, c->steps);
    size_t used = 0;
    *out = 0;
    for (int i = 0; i < count && !c->own && used < room; i++) {
        used += (size_t)ks_snprintf(out + used, room - used, "%s%.0f%%", i == 0 ? "right: " : " -> ",
                                    100 * ks_images_fit_accuracy(c->fit, steps[i]));
    }
}

static void title(const ks_classification_picture* p, const ks_classification* c, const ks_classification_view* v) {
    char task[64], text[256], accuracy[160], both[320], shown[64] = "";
    ks_classification_text(task, sizeof task, c);
    accuracy_text(accuracy, sizeof accuracy, c);
    if (p->cards.queries < p->form.queries && !c->own) {
        snprintf(shown, sizeof shown, ", %zu of %zu queries", p->cards.queries, p->form.queries);
    }
    snprintf(text, sizeof text, "%s on %s:  %s,  %zu ways, %zu shot%s%s", c->label, c->data, task, p->form.ways,
             p->form.shots, p->form.shots == 1 ? "" : "s", shown);
    snprintf(both, sizeof both, "%s     %s", accuracy, v->status ? v->status : "");
    mjrRect header = p->cards.header;
    bool room = text_width(p, text) + text_width(p, both) + px(p, 30) <= header.width;
    ks_charts_text_ends(p->charts, header, text, room && v->status ? both : accuracy, WHITE);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------ */

/* What else there is to say, from long to short. */
enum { SHEET, PANEL, OWN };
static const char* const LEGENDS[][2] = {
    [SHEET] = {"top: learned from     framed: queries; after 0, 1, ... gradient steps the likeliest class, and bars "
               "for all, the true "
               "one marked",
               "top: learned from     framed: queries"},
    [PANEL] =
        {"top: learned from     framed: queries, after 0, 1, ... steps     draw anywhere: left button     rub out: "
         "right     F1: keys",
         "F1: keys"},
    [OWN] = {
        "draw what is to be learned, one image or more of each class, then your query     rub out: right button     "
        "R: the task's images again     F1: keys",
        "F1: keys"}};

static void legend(ks_classification_picture* p, const ks_classification* c, bool texts) {
    static const char* const ENTRIES[] = {"right", "wrong"};
    mjrRect r = p->cards.footer;
    int left = r.left + px(p, 12);
    if (!texts) {
        ks_canvas_fill(&p->canvas, r, PALE);
    }
    for (int i = 0; i < 2 && !c->own; i++) {
        const float* colour = i == 0 ? RIGHT : WRONG;
        if (texts) {
            ks_charts_text(p->charts, left + px(p, 16), middle_of(r), ENTRIES[i], colour);
        } else {
            sign(p, left + px(p, 6), r.bottom + 0.5 * r.height, px(p, 11), i == 0, colour);
        }
        left += px(p, 36) + text_width(p, ENTRIES[i]);
    }
    mjrRect room = {left, r.bottom, r.left + r.width - left, r.height};
    const char* const* rest = LEGENDS[c->own ? OWN : p->panel ? PANEL : SHEET];
    if (texts) {
        text_if_room(p, room, rest[text_width(p, rest[0]) > room.width], INK);
    }
}

void ks_classification_picture_draw(ks_classification_picture* p, const ks_classification* c,
                                    const ks_classification_view* v) {
    place(p, c);
    const ks_cards* k = &p->cards;
    ks_canvas_fill(&p->canvas, all_of(p), RULE);
    ks_canvas_fill(&p->canvas, k->header, DARK);
    for (size_t way = 0; way < p->form.ways; way++) {
        card(p, c, way, v);
    }
    if (p->panel) {
        panel(p, c, v);
    }
    legend(p, c, false);
    mjr_drawPixels(p->canvas.rgb, NULL, all_of(p), p->context);
    title(p, c, v);
    for (size_t way = 0; way < p->form.ways; way++) {
        card_text(p, c, way);
        for (size_t i = 0; i < p->form.shots; i++) {
            if (!ks_images_fit_filled(c->fit, ks_images_fit_cell(c->fit, way, i))) {
                hint(p, ks_cards_cell(k, way, i));
            }
        }
        for (size_t i = 0; i < k->queries; i++) {
            for (int of = 0; of < k->lines; of++) {
                line_text(p, c, (ks_question){.way = way, .query = i}, v->position, of);
            }
        }
    }
    if (p->panel) {
        panel_texts(p, c, v);
    }
    legend(p, c, true);
}

/* ---- where things are ----------------------------------------------------------------------------------------------------- */

/* Where a cell is drawn. */
static mjrRect cell_rect(const ks_classification_picture* p, size_t cell) {
    size_t shots = p->form.shots;
    return cell == p->form.ways * shots ? p->cards.sketch : ks_cards_cell(&p->cards, cell / shots, cell % shots);
}

size_t ks_classification_picture_cell(ks_classification_picture* p, const ks_classification* c, double x, double y) {
    size_t cells = p->form.ways * p->form.shots + (p->panel ? 1 : 0);
    place(p, c);
    for (size_t i = 0; i < cells; i++) {
        if (ks_rect_has(cell_rect(p, i), x, y)) {
            return i;
        }
    }
    return KS_NO_CELL;
}

void ks_classification_picture_place(double at[2], const ks_classification_picture* p, size_t cell, double x,
                                     double y) {
    mjrRect r = cell_rect(p, cell);
    double scale = (double)p->form.side / (r.width > 0 ? r.width : 1);
    at[0] = (x - r.left) * scale;
    at[1] = (r.bottom + r.height - y) * scale;
}

bool ks_classification_picture_query(ks_classification_picture* p, const ks_classification* c, double x, double y,
                                     size_t* way, size_t* query) {
    place(p, c);
    for (size_t i = 0; i < p->form.ways * p->cards.queries; i++) {
        *way = i / p->cards.queries;
        *query = i % p->cards.queries;
        if (ks_rect_has(ks_cards_query(&p->cards, *way, *query), x, y)) {
            return true;
        }
    }
    return false;
}
