/* Pictures of images: nothing is outside of its place or over another thing, whatever there is to place and however large the picture;
 * a pixel of a picture is the mean of what it covers; a pen leaves as much ink as it is wide, and not more where it goes twice. */
#include "viewer/brush.h"
#include "viewer/canvas.h"
#include "viewer/cards.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- places --------------------------------------------------------------------------------------------------------------- */

static bool is_within(mjrRect in, mjrRect of) {
    return in.left >= of.left && in.bottom >= of.bottom && in.left + in.width <= of.left + of.width &&
           in.bottom + in.height <= of.bottom + of.height && in.width >= 0 && in.height >= 0;
}

static bool overlap(mjrRect a, mjrRect b) {
    return a.left < b.left + b.width && b.left < a.left + a.width && a.bottom < b.bottom + b.height &&
           b.bottom < a.bottom + a.height;
}

enum { MOST_RECTS = 1024 };
typedef struct places {
    mjrRect rect[MOST_RECTS];
    size_t count;
} places;

static void add(places* p, mjrRect r) {
    assert_true(p->count < MOST_RECTS);
    p->rect[p->count++] = r;
}

static void check_card(const ks_cards* c, size_t way) {
    places p = {0};
    mjrRect card = ks_cards_card(c, way);
    add(&p, ks_cards_strip(c, way));
    for (size_t i = 0; i < c->s.shots; i++) {
        add(&p, ks_cards_cell(c, way, i));
    }
    for (size_t i = 0; i < c->queries; i++) {
        add(&p, ks_cards_query(c, way, i));
        for (int line = 0; line < c->lines; line++) {
            mjrRect whole = ks_cards_line(c, way, i, line);
            mjrRect chart = ks_cards_line_chart(c, whole), text = ks_cards_line_text(c, whole);
            assert_true(is_within(chart, whole) && is_within(text, whole) && whole.width >= c->s.text);
            assert_false(c->stacked && overlap(chart, text));
            assert_true(c->stacked || chart.width == 0 || chart.left >= text.left + c->s.text);
            add(&p, whole);
        }
    }
    for (size_t i = 0; i < p.count; i++) {
        assert_true(is_within(p.rect[i], card));
        for (size_t j = 0; j < i; j++) {
            assert_false(overlap(p.rect[i], p.rect[j]));
        }
    }
}

static void check(const ks_cards* c) {
    mjrRect all = {0, 0, c->s.width, c->s.height};
    assert_true(is_within(c->header, all) && is_within(c->footer, all) && is_within(c->area, all));
    for (size_t way = 0; way < c->s.ways; way++) {
        assert_true(is_within(ks_cards_card(c, way), c->area));
        for (size_t other = 0; other < way; other++) {
            assert_false(overlap(ks_cards_card(c, way), ks_cards_card(c, other)));
        }
        check_card(c, way);
    }
    if (c->s.panel) {
        assert_false(overlap(c->panel, c->area));
        assert_true(is_within(c->panel, all) && is_within(c->sketch, c->panel));
        assert_false(overlap(c->sketch, c->guess) || overlap(c->guess, c->bars) || overlap(c->sketch, c->bars));
        for (size_t way = 0; way < c->s.ways; way++) {
            assert_true(is_within(ks_cards_bar(c, way), c->bars));
            for (size_t other = 0; other < way; other++) {
                assert_false(overlap(ks_cards_bar(c, way), ks_cards_bar(c, other)));
            }
        }
    }
}

static const int SIZES[][2] = {{1280, 720}, {800, 560}, {640, 480}, {720, 1280}, {1920, 1080}};

static ks_cards_settings settings(int size, size_t ways, size_t shots, size_t queries, bool panel) {
    return (ks_cards_settings){.width = SIZES[size][0],
                               .height = SIZES[size][1],
                               .unit = 1,
                               .line = 20,
                               .text = 90,
                               .lines = 3,
                               .ways = ways,
                               .shots = shots,
                               .queries = queries,
                               .panel = panel};
}

static void test_everything_has_a_place_of_its_own(void** state) {
    static const size_t WAYS[] = {2, 5, 20}, SHOTS[] = {1, 5, 10}, QUERIES[] = {0, 1, 5, 15};
    (void)state;
    for (int size = 0; size < 5; size++) {
        for (int i = 0; i < 3 * 3 * 4 * 2; i++) {
            ks_cards_settings s = settings(size, WAYS[i % 3], SHOTS[i / 3 % 3], QUERIES[i / 9 % 4], i / 36);
            ks_cards c = ks_cards_make(&s);
            check(&c);
            assert_true(c.queries <= s.queries && (c.queries > 0) == (s.queries > 0));
        }
    }
}

/* What the documents promise of usual tasks at a usual size. */
static void test_usual_tasks_are_shown_whole(void** state) {
    static const size_t TASKS[][3] = {{5, 1, 1}, {5, 5, 5}, {20, 1, 1}, {5, 1, 5}};
    (void)state;
    for (int i = 0; i < 4; i++) {
        for (int size = 0; size < 5; size += 4) {
            ks_cards_settings s = settings(size, TASKS[i][0], TASKS[i][1], TASKS[i][2], false);
            ks_cards c = ks_cards_make(&s);
            assert_int_equal(c.queries, s.queries);
            assert_int_equal(c.lines, 3);
            assert_true(c.cell >= 50 && c.image >= 50);
            assert_true(ks_cards_line_chart(&c, ks_cards_line(&c, 0, 0, 0)).width >= 20);
        }
    }
}

/* A picture may be made as high as they need. */
static void test_a_higher_picture_shows_more(void** state) {
    (void)state;
    ks_cards_settings s = settings(0, 20, 5, 5, false);
    int height = ks_cards_height(&s);
    assert_true(height > s.height && height <= 3 * s.height);
    s.height = height;
    ks_cards c = ks_cards_make(&s);
    assert_true(c.queries == 5 && c.lines == 3);
    check(&c);
    s = settings(0, 5, 1, 1, false);
    assert_int_equal(ks_cards_height(&s), s.height); /* there is room */
    s = settings(0, 100, 50, 100, false);
    assert_int_equal(ks_cards_height(&s), s.height); /* there is no hope */
}

/* In pictures that are far too small for it, nothing breaks. */
static void test_there_may_be_no_room(void** state) {
    (void)state;
    for (int side = 64; side < 200; side += 17) {
        ks_cards_settings s = settings(0, 20, 5, 5, side % 2);
        s.width = s.height = side;
        ks_cards c = ks_cards_make(&s);
        for (size_t way = 0; way < s.ways; way++) {
            assert_true(ks_cards_card(&c, way).width >= 0 && ks_cards_cell(&c, way, 0).width >= 0);
        }
    }
}

/* ---- pixels --------------------------------------------------------------------------------------------------------------- */

static void test_pixels_are_means(void** state) {
    (void)state;
    ks_error err = {0};
    ks_canvas canvas = {0};
    assert_true(ks_canvas_resize(&canvas, 12, 12, &err));
    ks_real image[6 * 6 * 3];
    for (size_t i = 0; i < 6 * 6 * 3; i++) {
        image[i] = (ks_real)(i * 37 % 101) / 100;
    }
    static const int SIDES[] = {12, 6, 4, 3, 1};
    for (int k = 0; k < 5; k++) { /* larger, as large, smaller by shares and by whole numbers */
        int side = SIDES[k];
        ks_canvas_image(&canvas, (mjrRect){0, 0, side, side}, image, 6, 3);
        double sum = 0, wanted = 0;
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < 3 * side; x++) {
                sum += canvas.rgb[(size_t)y * 36 + (size_t)x] / 255.0 / (3.0 * side * side);
            }
        }
        for (size_t i = 0; i < 6 * 6 * 3; i++) {
            wanted += (double)image[i] / 108;
        }
        assert_true(fabs(sum - wanted) < 0.003);
    }
    ks_canvas_image(&canvas, (mjrRect){0, 0, 12, 12}, image, 6, 3);
    for (int y = 0; y < 12; y++) { /* the first row is on top */
        for (int x = 0; x < 12; x++) {
            double at = (double)image[((11 - y) / 2 * 6 + x / 2) * 3 + 1];
            assert_int_equal(canvas.rgb[(y * 12 + x) * 3 + 1], (int)(255 * at + 0.5));
        }
    }
    ks_canvas_image(&canvas, (mjrRect){-5, 8, 10, 10}, image, 6, 1); /* partly outside */
    ks_canvas_free(&canvas);
}

static double ink_of(const ks_real* image, size_t numbers) {
    double sum = 0;
    for (size_t i = 0; i < numbers; i++) {
        sum += (double)image[i];
    }
    return sum;
}

static void test_a_pen_leaves_what_it_is_wide(void** state) {
    (void)state;
    enum { SIDE = 28 };
    ks_real image[SIDE * SIDE] = {0}, twice[SIDE * SIDE] = {0};
    ks_brush pen = {.width = ks_brush_width(SIDE), .ink = 1};
    assert_true(fabs(pen.width - 4.0 / 3) < 1e-9);
    const double a[2] = {5, 7.3}, b[2] = {22, 19.6};
    ks_brush_stroke(image, SIDE, 1, a, b, &pen);
    double length = hypot(b[0] - a[0], b[1] - a[1]);
    assert_true(fabs(ink_of(image, SIDE * SIDE) / (length * pen.width) - 1) < 0.12);
    double most = 0;
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        most = fmax(most, (double)image[i]);
        assert_true(image[i] >= 0 && image[i] <= 1);
    }
    assert_true(most > 0.9);
    for (int i = 0; i < 40; i++) { /* the same in pieces, to and fro */
        double t[2] = {i / 40.0, (i + 1) / 40.0}, from[2], to[2];
        for (int d = 0; d < 2; d++) {
            from[d] = a[d] + (b[d] - a[d]) * t[0];
            to[d] = a[d] + (b[d] - a[d]) * t[1];
        }
        ks_brush_stroke(twice, SIDE, 1, from, to, &pen);
        ks_brush_stroke(twice, SIDE, 1, to, from, &pen);
    }
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        assert_true(fabs((double)(image[i] - twice[i])) < 1e-5);
    }
}

static void test_a_rubber_takes_it_away(void** state) {
    (void)state;
    enum { SIDE = 20, COUNT = SIDE * SIDE * 3 };
    ks_real image[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        image[i] = 1; /* dark on light, in colour */
    }
    const double a[2] = {-30, 10}, b[2] = {50, 10}; /* from outside to outside */
    ks_brush_stroke(image, SIDE, 3, a, b, &(ks_brush){.width = 2, .ink = 0});
    double dark = COUNT - ink_of(image, COUNT);
    assert_true(fabs(dark - 3 * SIDE * 2) < 3);
    assert_true(image[10 * SIDE * 3] < 0.01 && image[2 * SIDE * 3] == 1);
    ks_brush_stroke(image, SIDE, 3, a, b, &(ks_brush){.width = 8, .ink = 1});
    assert_true(ink_of(image, COUNT) == COUNT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_has_a_place_of_its_own),
        cmocka_unit_test(test_usual_tasks_are_shown_whole),
        cmocka_unit_test(test_a_higher_picture_shows_more),
        cmocka_unit_test(test_there_may_be_no_room),
        cmocka_unit_test(test_pixels_are_means),
        cmocka_unit_test(test_a_pen_leaves_what_it_is_wide),
        cmocka_unit_test(test_a_rubber_takes_it_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
