/* image sets: Omniglot as its makers hand it out, where KSHOT_TEST_DATA (or shared/data beside the checkout) has it */
#include "fewshot/image_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>

/* Where the data is that is no part of the project; skips the test if it is nowhere. */
static const char* data_path(const char* name) {
    static char path[4096];
    struct stat info;
    const char* folder = getenv("KSHOT_TEST_DATA");
    snprintf(path, sizeof path, "%s/%s", folder ? folder : KS_SOURCE_DIR "/../shared/data", name);
    if (stat(path, &info) != 0) {
        print_message("skipped: there is no %s; KSHOT_TEST_DATA names the folder that it is in\n", path);
        skip();
    }
    return path;
}

static ks_image_set* open_set(const ks_image_set_settings* settings) {
    ks_error err = {0};
    ks_image_set* set = ks_image_set_open(settings, &err);
    if (!set) {
        fail_msg("%s", err.text);
    }
    return set;
}

static void test_omniglot(void** state) {
    (void)state;
    static const size_t CLASSES[KS_IMAGES_SPLITS] = {1100, 100, 423};
    ks_image_set_settings s = ks_image_set_settings_default();
    s.data = data_path("omniglot");
    s.size = 28;
    s.invert = true;
    ks_image_set* set = open_set(&s);
    s.threads = 3;
    ks_image_set* again = open_set(&s);
    s.seed = 1;
    ks_image_set* other = open_set(&s);
    assert_int_equal(ks_image_set_channels(set), 1);
    size_t same = 0;
    double ink = 0;
    for (int k = 0; k < KS_IMAGES_SPLITS; k++) {
        ks_image_split split = (ks_image_split)k;
        assert_int_equal(ks_image_set_num_classes(set, split), CLASSES[k]);
        assert_int_equal(ks_image_set_num_classes(other, split), CLASSES[k]);
        for (size_t c = 0; c < CLASSES[k]; c++) {
            const char* name = ks_image_set_class_name(set, split, c);
            assert_string_equal(name, ks_image_set_class_name(again, split, c));
            assert_non_null(strstr(name, "/character"));
            same += strcmp(name, ks_image_set_class_name(other, split, c)) == 0;
            assert_int_equal(ks_image_set_num_images(set, split, c), 20);
            for (size_t i = 0; i < 20; i++) {
                const uint8_t* image = ks_image_set_image(set, split, c, i);
                assert_memory_equal(image, ks_image_set_image(again, split, c, i), 784);
                for (int p = 0; p < 784; p++) {
                    ink += image[p];
                }
            }
        }
    }
    assert_true(same < 50); /* of 1,623: the seed draws the split */
    ink /= 32460.0 * 784 * 255;
    assert_true(ink > 0.05 && ink < 0.15); /* strokes are light, and there are few */
    ks_image_set_close(set);
    ks_image_set_close(again);
    ks_image_set_close(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_omniglot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
