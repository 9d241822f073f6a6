/* Paths in files: relative to the file, absolute in memory. */
#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* a folder of the test's own, without links in its name */
static int enter(void** state) {
    static char folder[KS_PATH_ROOM];
    char made[] = "/tmp/kshot_path.XXXXXX";
    assert_non_null(mkdtemp(made));
    assert_non_null(realpath(made, folder));
    *state = folder;
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("robots", 0777), 0);
    assert_int_equal(mkdir("runs", 0777), 0);
    assert_int_equal(mkdir("runs/a", 0777), 0);
    FILE* file = fopen("robots/dog.yaml", "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(symlink("runs/a", "link"), 0);
    return 0;
}

static int leave(void** state) {
    (void)state;
    unlink("robots/dog.yaml");
    unlink("link");
    rmdir("runs/a");
    rmdir("runs");
    rmdir("robots");
    assert_int_equal(chdir("/"), 0);
    return rmdir(*state);
}

static void test_folders(void** state) {
    (void)state;
    char out[KS_PATH_ROOM], longer[KS_PATH_ROOM + 10];
    ks_error err = {0};
    assert_true(ks_path_folder(out, "a/b/c.yaml", NULL));
    assert_string_equal(out, "a/b");
    assert_true(ks_path_folder(out, "c.yaml", NULL));
    assert_string_equal(out, ".");
    assert_true(ks_path_folder(out, "/c.yaml", NULL));
    assert_string_equal(out, "/");
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 3] = '/';
    longer[sizeof longer - 1] = 0;
    assert_false(ks_path_folder(out, longer, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_false(ks_path_absolute(out, NULL, longer, &err));
}

static void test_absolute(void** state) {
    const char* here = *state;
    char out[KS_PATH_ROOM], wanted[2 * KS_PATH_ROOM];
    snprintf(wanted, sizeof wanted, "%s/robots/dog.yaml", here);
    assert_true(ks_path_absolute(out, NULL, "robots/dog.yaml", NULL));
    assert_string_equal(out, wanted);
    assert_true(ks_path_absolute(out, "robots", "dog.yaml", NULL));
    assert_string_equal(out, wanted);
    assert_true(ks_path_absolute(out, "runs", "../robots/./dog.yaml", NULL));
    assert_string_equal(out, wanted);
    assert_true(ks_path_absolute(out, here, "robots/dog.yaml", NULL));
    assert_string_equal(out, wanted);
    assert_true(ks_path_absolute(out, "/nowhere", "x.yaml", NULL)); /* what is not there is left to who opens it */
    assert_string_equal(out, "/nowhere/x.yaml");
}

static void check_relative(const char* here, const char* file, const char* wanted) {
    char target[2 * KS_PATH_ROOM], out[KS_PATH_ROOM], folder[KS_PATH_ROOM], back[KS_PATH_ROOM];
    snprintf(target, sizeof target, "%s/robots/dog.yaml", here);
    ks_path_relative(out, file, target);
    assert_string_equal(out, wanted);
    assert_true(ks_path_folder(folder, file, NULL)); /* and it leads back */
    assert_true(ks_path_absolute(back, folder, out, NULL));
    assert_string_equal(back, target);
}

static void test_relative(void** state) {
    check_relative(*state, "runs/a/policy.safetensors", "../../robots/dog.yaml");
    check_relative(*state, "runs/a/../policy.safetensors", "../robots/dog.yaml");
    check_relative(*state, "link/policy.safetensors", "../../robots/dog.yaml");
    check_relative(*state, "policy.safetensors", "./robots/dog.yaml");
    check_relative(*state, "robots/policy.safetensors", "./dog.yaml");
    char out[KS_PATH_ROOM];
    ks_path_relative(out, "policy.safetensors", "/elsewhere/dog.yaml");
    assert_string_equal(out, "/elsewhere/dog.yaml");
    ks_path_relative(out, "policy.safetensors", "point");
    assert_string_equal(out, "point");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folders), cmocka_unit_test(test_absolute),
                                       cmocka_unit_test(test_relative)};
    return cmocka_run_group_tests(tests, enter, leave);
}
