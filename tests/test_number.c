/* numbers as text: what is one, that printing and reading are each other's inverse, and that neither follows the locale */
#include "base/number.h"

#include "base/safetensors.h"
#include "cli/cli.h"
#include "figures/csv.h"
#include "run/config.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char* const NUMBERS[] = {"0.5", " 0.5", "0.5 ", "\t.5", "5e-1", "+5E-1", "50.e-2", "0000.5000"};
static const char* const NONE[] = {"",
                                   " ",
                                   ".",
                                   "e5",
                                   "0,5",
                                   "0.5x",
                                   "0.5 1",
                                   "inf",
                                   "-inf",
                                   "nan",
                                   "0x1p3",
                                   "1e",
                                   "1e+",
                                   "--1",
                                   "1e999",
                                   "-1e999",
                                   "1e-999",
                                   "-0.001e-400",
                                   "1.2.3",
                                   "1_000",
                                   "½",
                                   "+-1",
                                   "\xc2\xa0"
                                   "1",
                                   "1'000"};

static void test_parse_double(void** state) {
    (void)state;
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        double value = 7;
        assert_true(ks_parse_double(NUMBERS[i], &value));
        assert_true(value == 0.5);
    }
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) {
        double value = 7;
        if (ks_parse_double(NONE[i], &value)) {
            fail_msg("'%s' was taken", NONE[i]);
        }
        assert_true(value == 7);
    }
}

static void test_parse_int(void** state) {
    (void)state;
    int64_t value = 7;
    assert_true(ks_parse_int(" 12 ", 0, 12, &value));
    assert_int_equal(value, 12);
    assert_true(ks_parse_int("9223372036854775807", 0, INT64_MAX, &value));
    assert_true(value == INT64_MAX);
    assert_true(ks_parse_int("-9223372036854775808", INT64_MIN, 0, &value));
    assert_true(value == INT64_MIN);
    value = 7;
    static const char* const wrong[] = {"", "-", "13", "-1", "1.0", "1e1", "0x1", "1,", "9223372036854775808", "1 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(ks_parse_int(wrong[i], 0, 12, &value));
        assert_int_equal(value, 7);
    }
    assert_false(ks_parse_int("9223372036854775808", 0, INT64_MAX, &value));
}

static void test_scan(void** state) {
    (void)state;
    const char* at = "1.5, -2e3x";
    double value;
    assert_true(ks_scan_double(&at, &value) && value == 1.5 && *at == ',');
    at++;
    assert_true(ks_scan_double(&at, &value) && value == -2000 && *at == 'x');
    assert_false(ks_scan_double(&at, &value));
    assert_string_equal(at, "x");
    at = "3e"; /* an exponent without digits does not belong to the number */
    assert_true(ks_scan_double(&at, &value) && value == 3);
    assert_string_equal(at, "e");
}

static void test_print(void** state) {
    (void)state;
    static const double values[] = {
        0,       -0.0,    1,    0.1,       0.05,       1.0 / 3, 1e-5,    -13.815510557964274,
        DBL_MAX, DBL_MIN, 1e21, 0x1p-1074, 1e15 + 0.5, 123456,  1234567, 0.30000000000000004};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[KS_NUMBER_ROOM];
        double back;
        assert_true(ks_parse_double(ks_print_double(text, values[i]), &back));
        assert_memory_equal(&back, &values[i], sizeof back);
    }
    char text[KS_NUMBER_ROOM];
    assert_string_equal(ks_print_double(text, 0.1), "0.1");
    assert_string_equal(ks_print_double(text, 1e-5), "1e-05");
    assert_string_equal(ks_print_double(text, -1.7976931348623157e308), "-1.7976931348623157e+308");
    assert_string_equal(ks_print_double(text, INFINITY), "inf");
}

/* ---- another locale ------------------------------------------------------------------------------------------------------- */

/* Germans write 0,5. A machine that does not have the locale makes it, where it can. */
static bool speak_german(void) {
    static const char* const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (setlocale(LC_ALL, names[i])) {
            return true;
        }
    }
    char command[512];
    setenv("LOCPATH", "locales", 1);
    snprintf(command, sizeof command,
             "mkdir -p locales && localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8 2>/dev/null");
    return system(command) == 0 && setlocale(LC_ALL, "de_DE.UTF-8");
}

static void write_text(const char* path, const char* text) {
    FILE* file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void check_config(void) {
    ks_config config, back;
    ks_error err = {0};
    ks_config_default(&config);
    ks_config_default(&back);
    write_text("a.yaml", "gamma: 0.25\ninner:\n  lr: 1.5e-2\n");
    assert_true(ks_config_read(&config, "a.yaml", &err));
    assert_true(ks_config_set(&config, "trpo.max_kl=0.125", &err));
    assert_true(config.rl.gamma == 0.25 && config.inner.lr == 0.015 && config.trpo.step.max_kl == 0.125);
    assert_false(ks_config_set(&config, "gamma=0,5", &err));
    assert_false(ks_config_set(&config, "gamma=1.5", &err));
    assert_non_null(strstr(err.text, "1.5 is out of range; it must be from 0 to 1"));
    assert_true(ks_config_save(&config, "b.yaml", &err));
    assert_true(ks_config_read(&back, "b.yaml", &err));
    assert_null(ks_config_difference(&config, &back));
    config.policy.log_std_init = -14.5;
    assert_false(ks_config_check(&config, &err));
    assert_non_null(strstr(err.text, "(-14.5)"));
}

static void check_safetensors(void) {
    ks_error err = {0};
    ks_tensor_writer* w = ks_tensor_writer_create(&err);
    const float data[3] = {1, 2, 3};
    ks_tensor_writer_meta_double(w, "step", 0.05);
    ks_tensor_writer_add(w, "x", KS_F32, 1, (size_t[]){3}, data);
    assert_true(ks_tensor_writer_save(w, "a.safetensors", true, &err));
    ks_tensor_writer_destroy(w);
    ks_tensor_file* f = ks_tensor_file_open("a.safetensors", NULL, &err);
    assert_non_null(f);
    assert_string_equal(ks_tensor_file_meta(f, "step"), "0.05");
    double step;
    const void* back;
    assert_true(ks_tensor_file_meta_double(f, "step", 0, 1, &step, &err) && step == 0.05);
    assert_true(ks_tensor_file_get(f, "x", KS_F32, 1, (size_t[]){3}, &back, &err));
    assert_memory_equal(back, data, sizeof data);
    ks_tensor_file_close(f);
}

static void check_csv(void) {
    ks_error err = {0};
    ks_csv csv;
    bool more;
    double value;
    write_text("a.csv", "a,b\n0.5,-1e-3\n");
    assert_true(ks_csv_open(&csv, "a.csv", &err));
    assert_true(ks_csv_next(&csv, &more, false, &err) && more);
    assert_true(ks_csv_number(&value, &csv, 0, &err) && value == 0.5);
    assert_true(ks_csv_number(&value, &csv, 1, &err) && value == -1e-3);
    ks_csv_close(&csv);
    write_text("goals.csv", "0.5,-1.25\n");
    size_t count;
    double* goals = ks_cli_read_goals("goals.csv", ks_env_find("point", &err), &count, false, &err);
    assert_non_null(goals);
    assert_true(count == 1 && goals[0] == 0.5 && goals[1] == -1.25);
    free(goals);
}

static void test_locale(void** state) {
    char directory[] = "/tmp/kshot-number.XXXXXX", before[4096];
    assert_non_null(mkdtemp(directory));
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(directory), 0);
    bool german = speak_german();
    char comma[8] = "";
    snprintf(comma, sizeof comma, "%.1f", 0.5);
    german = german && strcmp(comma, "0,5") == 0;
    if (german) {
        test_parse_double(state);
        test_scan(state);
        test_print(state);
        check_config();
        check_safetensors();
        check_csv();
        snprintf(comma, sizeof comma, "%.1f", 0.5);
        assert_string_equal(comma, "0,5"); /* the program's own locale is as it was */
    }
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    assert_int_equal(chdir(before), 0);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    assert_int_equal(system(command), 0);
    if (!german) {
        print_message("skipped: neither has this machine a locale with decimal commas, nor can localedef make one\n");
        skip();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_double), cmocka_unit_test(test_parse_int), cmocka_unit_test(test_scan),
        cmocka_unit_test(test_print),        cmocka_unit_test(test_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
