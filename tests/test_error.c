/* errors are one line, keep their code, and never overflow; the distance between names finds misspellings */
#include "base/error.h"
#include "base/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_one_line(void** state) {
    (void)state;
    ks_error err = {0};
    assert_false(ks_fail(&err, KS_BAD_INPUT, "line %d\nof\r%s", 1, "many"));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_string_equal(err.text, "line 1 of many");
    assert_false(ks_fail_in(&err, "file.yaml"));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_string_equal(err.text, "file.yaml: line 1 of many");
}

static void test_nobody_listens(void** state) {
    (void)state;
    assert_false(ks_fail(NULL, KS_FAILED, "unheard"));
    assert_false(ks_fail_in(NULL, "file"));
}

static void test_too_long(void** state) {
    (void)state;
    ks_error err = {0};
    char text[4096];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    ks_fail(&err, KS_FAILED, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    ks_fail_in(&err, "file");
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "file: xxx", 9);
}

static void test_edit_distance(void** state) {
    (void)state;
    char text[200];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(ks_edit_distance("max_kl", "max_kl"), 0);
    assert_int_equal(ks_edit_distance("", "abc"), 3);
    assert_int_equal(ks_edit_distance("itertaions", "iterations"), 1); /* neighbours swapped */
    assert_int_equal(ks_edit_distance("horizn", "horizon"), 1);
    assert_int_equal(ks_edit_distance("kitten", "sitting"), 3);
    assert_int_equal(ks_edit_distance(text, ""), 63);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_edit_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
