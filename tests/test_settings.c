/* tables of settings: rows of several structs in one whole are found, filled, refused, printed and compared */
#include "base/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct first {
    int64_t number;
    char name[8];
    bool flag;
} first;

typedef struct second {
    double share;
    int count, kind;
    int num_widths, widths[3];
} second;

typedef struct whole {
    char before[5]; /* so that no struct stands at 0 */
    second b;
    first a;
} whole;

static bool not_bad(const char* text, ks_error* err) {
    return strcmp(text, "bad") != 0 || ks_fail(err, KS_BAD_INPUT, "never bad");
}

static const ks_setting FIRST[] = {
    {"number", KS_SETTING_INT64, offsetof(first, number), 0, 0x1p63, 7, .help = "a number"},
    {"name", KS_SETTING_TEXT, offsetof(first, name), .text = "some", .room = 8, .allows = not_bad, .help = "a name"},
    {"flag", KS_SETTING_BOOL, offsetof(first, flag), .initial = 1, .free_on_resume = true, .help = "a flag"},
};
static const ks_setting SECOND[] = {
    {"b.share", KS_SETTING_DOUBLE, offsetof(second, share), 0, 1, 0.25, .help = "a share"},
    {"b.count", KS_SETTING_INT, offsetof(second, count), 1, 9, 3, .help = "a count"},
    {"b.kind", KS_SETTING_CHOICE, offsetof(second, kind), .initial = 1, .text = "one|two|three", .help = "a kind"},
    {"b.widths", KS_SETTING_WIDTHS, offsetof(second, num_widths), 1, 100, .text = "10 20", .room = 3, .help = "widths"},
};
static const ks_settings_rows FIRST_ROWS = {FIRST, 3}, SECOND_ROWS = {SECOND, 4};
static const ks_settings_part PARTS[] = {{&FIRST_ROWS, offsetof(whole, a)}, {&SECOND_ROWS, offsetof(whole, b)}};
static const ks_settings_table TABLE = {PARTS, 2};

static void set_defaults(whole* w) {
    memset(w, 0x55, sizeof *w);
    ks_settings_default(&TABLE, w);
}

static void fills_the_structs(void** state) {
    (void)state;
    whole w;
    set_defaults(&w);
    assert_memory_equal(w.before, "UUUUU", 5);
    assert_int_equal(w.a.number, 7);
    assert_string_equal(w.a.name, "some");
    assert_true(w.a.flag && w.b.share == 0.25);
    assert_int_equal(w.b.count, 3);
    assert_int_equal(w.b.kind, 1);
    assert_int_equal(w.b.num_widths, 2);
    assert_int_equal(w.b.widths[0], 10);
    assert_int_equal(w.b.widths[1], 20);
}

static void finds_rows(void** state) {
    (void)state;
    for (int i = 0; i < 7; i++) {
        assert_int_equal(ks_settings_find(&TABLE, ks_settings_row(&TABLE, i)->key), i);
    }
    assert_null(ks_settings_row(&TABLE, 7));
    assert_int_equal(ks_settings_find(&TABLE, "b"), -1);
    assert_true(ks_settings_is_section(&TABLE, "b") && !ks_settings_is_section(&TABLE, "name"));
    assert_string_equal(ks_settings_nearest(&TABLE, "b.cuont"), "b.count");
    assert_string_equal(ks_settings_nearest(&TABLE, "share"), "b.share");
}

static bool set(whole* w, const char* key, const char* text, ks_error* err) {
    return ks_settings_set(&TABLE, ks_settings_find(&TABLE, key), w, text, err);
}

static void takes_and_refuses(void** state) {
    (void)state;
    static const struct {
        const char *key, *text, *says;
    } REFUSED[] = {
        {"number", "-1", "must be from 0 to 9223372036854775807"},
        {"number", "9223372036854775808", "out of range"},
        {"number", "1.0", "not a whole number"},
        {"name", "bad", "never bad"},
        {"name", "12345678", "longer than 7 bytes"},
        {"flag", "yes", "not true or false"},
        {"b.share", "1.5", "must be from 0 to 1"},
        {"b.share", "0,5", "not a number"},
        {"b.count", "10", "must be from 1 to 9"},
        {"b.kind", "on", "not one of one|two|three"},
        {"b.widths", "10", "not a list"},
    };
    ks_error err = {0};
    whole w, untouched;
    set_defaults(&w);
    set_defaults(&untouched);
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        assert_false(set(&w, REFUSED[i].key, REFUSED[i].text, &err));
        assert_int_equal(err.code, KS_BAD_INPUT);
        assert_non_null(strstr(err.text, REFUSED[i].says));
        assert_memory_equal(&w, &untouched, sizeof w);
    }
    assert_true(set(&w, "number", "9223372036854775807", &err) && w.a.number == INT64_MAX);
    assert_true(set(&w, "name", "1234567", &err) && strcmp(w.a.name, "1234567") == 0);
    assert_true(set(&w, "flag", "false", &err) && !w.a.flag);
    assert_true(set(&w, "b.kind", "three", &err) && w.b.kind == 2);
    int row = ks_settings_find(&TABLE, "b.widths");
    ks_settings_set_widths(&TABLE, row, &w);
    assert_int_equal(w.b.num_widths, 0);
    assert_false(ks_settings_add_width(&TABLE, row, &w, "101", &err));
    for (int i = 0; i < 3; i++) {
        assert_true(ks_settings_add_width(&TABLE, row, &w, "5", &err));
    }
    assert_false(ks_settings_add_width(&TABLE, row, &w, "5", &err));
    assert_non_null(strstr(err.text, "more than 3"));
}

static void prints(void** state) {
    (void)state;
    whole w;
    set_defaults(&w);
    char* text = NULL;
    size_t size;
    FILE* file = open_memstream(&text, &size);
    assert_true(ks_settings_write(&TABLE, &w, file, false));
    fclose(file);
    assert_string_equal(text,
                        "number: 7\nname: some\nflag: true\nb:\n  share: 0.25\n  count: 3\n  kind: two\n"
                        "  widths: [10, 20]\n");
    free(text);
    file = open_memstream(&text, &size);
    assert_true(ks_settings_write(&TABLE, &w, file, true));
    fclose(file);
    assert_non_null(strstr(text, "  count: 3  # a count (1 to 9)\n  kind: two  # a kind (one|two|three)\n"));
    free(text);
}

static void compares(void** state) {
    (void)state;
    whole a, b;
    set_defaults(&a);
    set_defaults(&b);
    b.b.widths[2] = 1; /* behind the list's end */
    b.a.flag = false;  /* free */
    assert_null(ks_settings_difference(&TABLE, &a, &b));
    b.b.widths[1] = 21;
    assert_string_equal(ks_settings_difference(&TABLE, &a, &b), "b.widths");
    b.b.num_widths = 1;
    assert_string_equal(ks_settings_difference(&TABLE, &a, &b), "b.widths");
    b.b.kind = 0;
    assert_string_equal(ks_settings_difference(&TABLE, &a, &b), "b.kind");
    snprintf(b.a.name, sizeof b.a.name, "other");
    assert_string_equal(ks_settings_difference(&TABLE, &a, &b), "name");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_the_structs), cmocka_unit_test(finds_rows),
        cmocka_unit_test(takes_and_refuses), cmocka_unit_test(prints),
        cmocka_unit_test(compares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
