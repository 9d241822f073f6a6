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
static const ks_settings_part PARTS[] = {{.rows = &FIRST_ROWS, .offset = offsetof(whole, a)},
                                         {.rows = &SECOND_ROWS, .offset = offsetof(whole, b)}};
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

/* ---- conditions -------------------------------------------------------------------------------------------------- */

typedef struct machine {
    int fuel, gear; /* choices: */
    int octane;     /* of petrol, */
    double volts;   /* of electric, */
    int reverse;    /* and of petrol in the third gear */
    int wheels;
} machine;

enum { PETROL, ELECTRIC };
static const ks_setting MACHINE[] = {
    {"fuel", KS_SETTING_CHOICE, offsetof(machine, fuel), .text = "petrol|electric", .help = "what it runs on"},
    {"gear", KS_SETTING_CHOICE, offsetof(machine, gear), .text = "one|two|three", .help = "a gear"},
};
static const ks_setting OCTANE[] = {
    {"tank.octane", KS_SETTING_INT, offsetof(machine, octane), 0, 200, 95, .help = "o"}};
static const ks_setting REVERSE[] = {
    {"tank.reverse", KS_SETTING_INT, offsetof(machine, reverse), 0, 9, 1, .help = "r"}};
static const ks_setting VOLTS[] = {{"volts", KS_SETTING_DOUBLE, offsetof(machine, volts), 0, 1e3, 12, .help = "v"}};
/* a section whose name begins as another's */
static const ks_setting WHEELS[] = {{"tan.wheels", KS_SETTING_INT, offsetof(machine, wheels), 0, 9, 4, .help = "w"}};
static const ks_settings_rows MACHINE_ROWS = {MACHINE, 2}, OCTANE_ROWS = {OCTANE, 1}, REVERSE_ROWS = {REVERSE, 1},
                              VOLTS_ROWS = {VOLTS, 1}, WHEELS_ROWS = {WHEELS, 1};
static const ks_settings_part MACHINE_PARTS[] = {
    {.rows = &MACHINE_ROWS},
    {.rows = &VOLTS_ROWS, .num_when = 1, .when = {{offsetof(machine, fuel), ELECTRIC}}},
    {.rows = &OCTANE_ROWS, .num_when = 1, .when = {{offsetof(machine, fuel), PETROL}}},
    {.rows = &REVERSE_ROWS, .num_when = 2, .when = {{offsetof(machine, fuel), PETROL}, {offsetof(machine, gear), 2}}},
    {.rows = &WHEELS_ROWS},
};
static const ks_settings_table MACHINES = {MACHINE_PARTS, 5};

static bool applies(const machine* m, const char* key, const char* why_not) {
    char why[KS_SETTINGS_WHY] = "";
    int row = ks_settings_find(&MACHINES, key);
    bool yes = ks_settings_applies(&MACHINES, row, m, why);
    assert_true(ks_settings_applies(&MACHINES, row, m, NULL) == yes);
    assert_string_equal(why, why_not);
    return yes;
}

static void applies_where_its_choices_are_made(void** state) {
    (void)state;
    machine m;
    ks_settings_default(&MACHINES, &m); /* of all rows, applying or not */
    assert_true(m.octane == 95 && m.volts == 12 && m.reverse == 1);
    assert_true(applies(&m, "fuel", "") && applies(&m, "tank.octane", "") && applies(&m, "tan.wheels", ""));
    assert_false(applies(&m, "volts", "it is a key of fuel: electric, and here it is fuel: petrol"));
    assert_false(applies(&m, "tank.reverse", "it is a key of gear: three, and here it is gear: one"));
    m.gear = 2;
    assert_true(applies(&m, "tank.reverse", ""));
    m.fuel = ELECTRIC;
    assert_true(applies(&m, "volts", ""));
    assert_false(applies(&m, "tank.reverse", "it is a key of fuel: petrol, and here it is fuel: electric"));
}

static void check_printed(const machine* m, const char* want) {
    char* text = NULL;
    size_t size;
    FILE* file = open_memstream(&text, &size);
    assert_true(ks_settings_write(&MACHINES, m, file, false));
    fclose(file);
    assert_string_equal(text, want);
    free(text);
}

static void prints_and_compares_what_applies(void** state) {
    (void)state;
    machine a, b;
    ks_settings_default(&MACHINES, &a);
    b = a;
    b.volts = 5;
    assert_null(ks_settings_difference(&MACHINES, &a, &b));
    b.octane = 98;
    assert_string_equal(ks_settings_difference(&MACHINES, &a, &b), "tank.octane");
    check_printed(&a, "fuel: petrol\ngear: one\ntank:\n  octane: 95\ntan:\n  wheels: 4\n");
    a.gear = 2;
    check_printed(&a, "fuel: petrol\ngear: three\ntank:\n  octane: 95\n  reverse: 1\ntan:\n  wheels: 4\n");
    a.fuel = ELECTRIC;
    check_printed(&a, "fuel: electric\ngear: three\nvolts: 12\ntan:\n  wheels: 4\n");
}

static void one_row_gets_its_default(void** state) {
    (void)state;
    machine m;
    ks_settings_default(&MACHINES, &m);
    m.octane = 1;
    m.volts = 1;
    ks_settings_row_default(&MACHINES, ks_settings_find(&MACHINES, "tank.octane"), &m);
    assert_true(m.octane == 95 && m.volts == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_the_structs),
        cmocka_unit_test(finds_rows),
        cmocka_unit_test(takes_and_refuses),
        cmocka_unit_test(prints),
        cmocka_unit_test(compares),
        cmocka_unit_test(applies_where_its_choices_are_made),
        cmocka_unit_test(prints_and_compares_what_applies),
        cmocka_unit_test(one_row_gets_its_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
