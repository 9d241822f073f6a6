/* texts as other programs save them: marks, line ends, encodings; fields of CSV; and what is refused */
#include "base/text_file.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int make_path(void** state) {
    (void)state;
    snprintf(path, sizeof path, "/tmp/kshot-text.XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void** state) {
    (void)state;
    return unlink(path);
}

static void write_bytes(const char* bytes, size_t length) {
    FILE* file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* the lines of a text, with | behind each that had an end */
static void expect_lines(const char* bytes, size_t length, const char* expected) {
    char all[256] = "";
    ks_text_file f;
    ks_error err = {0};
    bool ended;
    write_bytes(bytes, length);
    if (!ks_text_file_read(&f, path, 1000, &err)) {
        fail_msg("%s", err.text);
    }
    size_t lines = 0;
    for (char* line; (line = ks_text_file_line(&f, &ended));) {
        strcat(strcat(all, line), ended ? "|" : "");
        assert_int_equal(f.line, ++lines);
    }
    assert_string_equal(all, expected);
    ks_text_file_free(&f);
    ks_text_file same;
    assert_true(ks_text_file_read(&f, path, 1000, &err) && ks_text_file_copy(&same, "name", bytes, length, &err));
    assert_int_equal(same.length, f.length);
    assert_memory_equal(same.text, f.text, f.length + 1);
    assert_ptr_equal(same.next, same.text);
    ks_text_file_free(&f);
    ks_text_file_free(&same);
}
#define EXPECT_LINES(bytes, expected) expect_lines(bytes, sizeof(bytes) - 1, expected)

static void test_lines(void** state) {
    (void)state;
    EXPECT_LINES("", "");
    EXPECT_LINES("a\nb\n", "a|b|");
    EXPECT_LINES("a\nb", "a|b");
    EXPECT_LINES("a\r\nb\r\n", "a|b|");
    EXPECT_LINES("a\rb\r", "a|b|");
    EXPECT_LINES("a\r\r\nb\n\nc\n\r", "a||b||c||");
    EXPECT_LINES(
        "\xef\xbb\xbf"
        "a\n",
        "a|");
    EXPECT_LINES("\xef\xbb\xbf", "");
    EXPECT_LINES("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80|");
}

static void refuse(const char* bytes, size_t length, const char* mention) {
    ks_text_file f;
    ks_error err = {0};
    write_bytes(bytes, length);
    if (ks_text_file_read(&f, path, 1000, &err)) {
        fail_msg("what should be refused because of '%s' was read", mention);
    }
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, path));
    if (!strstr(err.text, mention)) {
        fail_msg("'%s' does not mention '%s'", err.text, mention);
    }
    assert_null(f.text);
    ks_error same = {0};
    if (length <= 1000) {
        assert_false(ks_text_file_copy(&f, path, bytes, length, &same));
        assert_string_equal(same.text, err.text);
        assert_null(f.text);
    }
}
#define REFUSE(bytes, mention) refuse(bytes, sizeof(bytes) - 1, mention)

static void test_encodings(void** state) {
    (void)state;
    REFUSE("1,2\n3\0,4\n", ":2: a zero byte");
    REFUSE("1,2\r3\0,4\n", ":2: a zero byte");
    REFUSE("1,2\r\n3\0,4\n", ":2: a zero byte");
    REFUSE("abcdef\n\0", ":2: a zero byte");
    REFUSE("\0\0\0\0\0\0\0\0", ":1: a zero byte");
    REFUSE(
        "\xff\xfe"
        "1\0\n\0",
        "UTF-16");
    REFUSE(
        "\xfe\xff"
        "\0"
        "1\0\n",
        "UTF-16");
    REFUSE(
        "1\0,\0"
        "2\0\n\0",
        "UTF-16");
    REFUSE(
        "\0"
        "1\0,\0"
        "2\0\n",
        "UTF-16");
    REFUSE("a\n\xe4\n", ":2: byte 0xe4");
    REFUSE("\xc0\x80", "0xc0");         /* too long a form */
    REFUSE("\xed\xa0\x80", "0xed");     /* a surrogate */
    REFUSE("\xf4\x90\x80\x80", "0xf4"); /* above U+10FFFF */
    REFUSE("a\xe2\x82", "0xe2");        /* cut off */
}

static void test_sizes(void** state) {
    (void)state;
    char text[1001];
    ks_text_file f;
    ks_error err = {0};
    memset(text, 'x', sizeof text);
    refuse(text, sizeof text, "longer than 1000 bytes");
    write_bytes(text, 1000);
    assert_true(ks_text_file_read(&f, path, 1000, &err));
    assert_int_equal(f.length, 1000);
    ks_text_file_free(&f);
    assert_int_equal(truncate(path, (off_t)1 << 40), 0); /* a sparse file; its length is all there is of it */
    assert_false(ks_text_file_read(&f, path, 1000, &err));
    assert_non_null(strstr(err.text, "longer than"));
    assert_false(ks_text_file_read(&f, "/tmp", 1000, &err));
    assert_string_equal(err.text, "cannot read /tmp: it is a directory");
    assert_false(ks_text_file_read(&f, "/dev/zero", 1000, &err));
    assert_string_equal(err.text, "cannot read /dev/zero: it is neither a file nor a pipe");
    assert_false(ks_text_file_read(&f, "/none", 1000, &err));
    assert_string_equal(err.text, "cannot read /none: No such file or directory");
}

static void test_pipe(void** state) {
    (void)state;
    ks_text_file f;
    ks_error err = {0};
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(ks_text_file_read(&f, path, 1000, &err)); /* and does not wait for a writer */
    assert_non_null(strstr(err.text, "nothing came out of this pipe"));

    int ends[2];
    char name[32];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "a\nb\n", 4), 4);
    close(ends[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    assert_true(ks_text_file_read(&f, name, 1000, &err));
    assert_string_equal(f.text, "a\nb\n");
    ks_text_file_free(&f);
    close(ends[0]);
}

/* fields with | between, or what is wrong */
static void expect_fields(const char* line, const char* expected) {
    char copy[64], all[128] = "";
    char* fields[4];
    size_t count;
    snprintf(copy, sizeof copy, "%s", line);
    const char* wrong = ks_text_cut(copy, fields, 4, &count);
    for (size_t i = 0; !wrong && i < count && i < 4; i++) {
        strcat(strcat(all, i ? "|" : ""), fields[i]);
    }
    assert_string_equal(wrong ? wrong : all, expected);
}

static void test_fields(void** state) {
    (void)state;
    expect_fields("", "");
    expect_fields("a", "a");
    expect_fields("a,b,c", "a|b|c");
    expect_fields(" a ,\tb\t, c d ", "a|b|c d");
    expect_fields(",,", "||");
    expect_fields(" , ,", "||");
    expect_fields("\"a\",\"b, c\", \"\" ", "a|b, c|");
    expect_fields("\" a \"", " a ");
    expect_fields("\"say \"\"so\"\"\",\"\"\"\"", "say \"so\"|\"");
    expect_fields("5\" nail,b", "5\" nail|b");
    expect_fields("\"a", "a quoted field does not end");
    expect_fields("x,\"a\"\"", "a quoted field does not end");
    expect_fields("\"a\"b", "there is more behind a quoted field than a comma");
    char many[] = "1,2,3,4,5,6";
    char* fields[4];
    size_t count;
    assert_null(ks_text_cut(many, fields, 4, &count));
    assert_int_equal(count, 6);
    assert_true(ks_text_is_blank("") && ks_text_is_blank(" ,\t,") && !ks_text_is_blank(",\"\","));
}

static void test_lookalikes(void** state) {
    (void)state;
    size_t column;
    assert_null(ks_text_lookalike("plain, äöü €", &column));
    assert_string_equal(ks_text_lookalike("ä:\xc2\xa0"
                                          "3",
                                          &column),
                        "a no-break space");
    assert_int_equal(column, 3);
    assert_string_equal(ks_text_lookalike("\u22121", &column), "a minus sign (U+2212)");
    assert_int_equal(column, 1);
    assert_int_equal(ks_utf8_bytes(""), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_encodings, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_sizes, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_pipe, make_path, remove_path),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_lookalikes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
