/* test_text: what of a text from outside reaches a terminal, a caption, or the label of a CSV. */
#include "base/error.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char* escaped(const char* text) {
    static char out[256];
    ks_text_escape(out, sizeof out, text);
    return out;
}

static void test_escape(void** state) {
    (void)state;
    assert_string_equal(escaped("größe, π ≈ 3, 走る, 🐜"), "größe, π ≈ 3, 走る, 🐜");
    assert_string_equal(escaped("\033]0;title\a"), "\\x1b]0;title\\x07");
    assert_string_equal(escaped("a\nb\rc\td\177"), "a\\nb\\rc\\td\\x7f");
    assert_string_equal(escaped("\302\233"
                                "31m"),
                        "\\u009b31m");                   /* CSI in one character */
    assert_string_equal(escaped("\23331m"), "\\x9b31m"); /* the same as a bare byte */
    assert_string_equal(escaped("\300\233 \355\240\200 \343\202"), "\\xc0\\x9b \\xed\\xa0\\x80 \\xe3\\x82");
    assert_string_equal(escaped("\342\200\256gnp.exe"), "\\u202egnp.exe"); /* would show as exe.png */
}

static void test_escape_cuts_between_characters(void** state) {
    (void)state;
    char out[8];
    ks_text_escape(out, sizeof out, "123456π");
    assert_string_equal(out, "123456");
    ks_text_escape(out, sizeof out, "1234\033");
    assert_string_equal(out, "1234");
    ks_text_escape(out, 1, "1");
    assert_string_equal(out, "");
}

static void test_print_is_escape(void** state) {
    (void)state;
    char read[64] = "";
    FILE* file = tmpfile();
    assert_non_null(file);
    ks_text_print(file, "a\033[2J π");
    rewind(file);
    assert_non_null(fgets(read, sizeof read, file));
    assert_string_equal(read, "a\\x1b[2J π");
    fclose(file);
}

static void test_errors_are_escaped(void** state) {
    (void)state;
    ks_error err = {0};
    ks_fail(&err, KS_FAILED, "%s: broken\nhere", "\033[31mred\302\205π.csv");
    assert_string_equal(err.text, "\\x1b[31mred\\u0085π.csv: broken here");
    ks_fail_in(&err, "file"); /* not twice */
    assert_string_equal(err.text, "file: \\x1b[31mred\\u0085π.csv: broken here");
    char many[sizeof err.text];
    memset(many, '\033', sizeof many - 1);
    many[sizeof many - 1] = 0;
    ks_fail(&err, KS_FAILED, "%s", many);
    assert_null(strchr(err.text, '\033'));
    assert_true(strlen(err.text) < sizeof err.text && strlen(err.text) > sizeof err.text - 8);
}

static void test_length(void** state) {
    (void)state;
    assert_int_equal(ks_text_length("größe 🐜"), 7);
    assert_int_equal(ks_text_length_of("größe 🐜", 4), 3);
}

static void test_ascii(void** state) {
    (void)state;
    char out[16];
    ks_text_to_ascii(out, sizeof out, "a\033π走b");
    assert_string_equal(out, "a???b");
    ks_text_to_ascii(out, 4, "abcdef");
    assert_string_equal(out, "abc");
}

static void test_labels(void** state) {
    (void)state;
    char text[KS_LABEL_MAX + 1];
    memset(text, 'x', KS_LABEL_MAX);
    text[KS_LABEL_MAX] = 0;
    assert_false(ks_text_is_label(text));
    text[KS_LABEL_MAX - 1] = 0;
    assert_true(ks_text_is_label(text));
    const char* const good[] = {"a", "pi = π; 'quoted'", "two words"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(ks_text_is_label(good[i]));
    }
    const char* const bad[] = {"", " ", "a ", " a", "a,b", "a\"b", "a\nb", "a\tb", "a\033", "\377", "\302\205"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(ks_text_is_label(bad[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),          cmocka_unit_test(test_escape_cuts_between_characters),
        cmocka_unit_test(test_print_is_escape), cmocka_unit_test(test_errors_are_escaped),
        cmocka_unit_test(test_ascii),           cmocka_unit_test(test_labels),
        cmocka_unit_test(test_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
