/* Image sets in process: characters that are drawn, how images are resized, and Omniglot where KSHOT_TEST_DATA (or shared/data
 * beside the checkout) has it. With arguments KEY=VALUE…: opens that set, for test_image_files.py. */
#include "fewshot/image_set.h"

#include "fewshot/image_resize.h"
#include "fewshot/image_survey.h"
#include "fewshot/strokes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>
#include <sys/stat.h>
#include <zlib.h>

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

static size_t bytes_of(const ks_image_set* set) {
    size_t size = (size_t)ks_image_set_size(set);
    return size * size * (size_t)ks_image_set_channels(set);
}

/* ---- resizing ----------------------------------------------------------------------------------------------------------------- */

static double lanczos(double x) {
    const double pi = acos(-1.0);
    return fabs(x) >= 3 ? 0 : x == 0 ? 1 : 3 * sin(pi * x) * sin(pi * x / 3) / (pi * pi * x * x);
}

/* Pixel (row, column) of an image of that size, as the filter is defined: one sum over all pixels, in double. */
static double naive_pixel(const ks_image* image, size_t size, size_t row, size_t column, size_t channel) {
    double by[2] = {(double)image->height / (double)size, (double)image->width / (double)size};
    double center[2] = {((double)row + 0.5) * by[0], ((double)column + 0.5) * by[1]}, sum = 0, weights = 0;
    for (size_t y = 0; y < image->height; y++) {
        for (size_t x = 0; x < image->width; x++) {
            double w = lanczos(((double)y + 0.5 - center[0]) / fmax(by[0], 1)) *
                       lanczos(((double)x + 0.5 - center[1]) / fmax(by[1], 1));
            weights += w;
            sum += w * image->pixels[(y * image->width + x) * image->channels + channel];
        }
    }
    return fmin(fmax(sum / weights, 0), 255);
}

/* Smooth enough that nothing between the passes is cut off at 0 or 255. */
static void fill_softly(ks_image* image) {
    for (size_t i = 0; i < image->width * image->height * image->channels; i++) {
        image->pixels[i] = (uint8_t)(128 + 50 * sin(0.7 * (double)i) + 20 * cos(0.013 * (double)(i * i % 977)));
    }
}

static void test_resize_is_the_filter(void** state) {
    (void)state;
    static const size_t SIZES[][3] = {{105, 105, 28}, {32, 32, 84}, {40, 61, 28}, {28, 9, 28}, {3, 2, 9}, {1, 1, 4}};
    ks_error err = {0};
    ks_image_resizer* resizer = ks_image_resizer_create(&err);
    static uint8_t pixels[105 * 105 * 3], out[84 * 84 * 3];
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        for (size_t channels = 1; channels <= 3; channels += 2) {
            size_t size = SIZES[i][2];
            ks_image image = {.height = SIZES[i][0], .width = SIZES[i][1], .channels = channels, .pixels = pixels};
            fill_softly(&image);
            assert_true(ks_image_resize(out, size, &image, resizer, &err));
            for (size_t p = 0; p < size * size * channels; p++) {
                double exact = naive_pixel(&image, size, p / channels / size, p / channels % size, p % channels);
                assert_true(fabs(out[p] - exact) <= 1.25); /* two roundings to whole numbers */
            }
        }
    }
    ks_image_resizer_destroy(resizer);
}

/* ---- characters that are drawn ---------------------------------------------------------------------------------------------- */

static ks_image_set* open_strokes(int train, int validation, int size, uint64_t seed, int threads) {
    ks_image_set_settings s = ks_image_set_settings_default();
    s.train = train;
    s.validation = validation;
    s.size = size;
    s.seed = seed;
    s.invert = true;
    s.threads = threads;
    return open_set(&s);
}

static void test_strokes_are_a_function_of_their_numbers(void** state) {
    (void)state;
    ks_image_set* set = open_strokes(30, 10, 28, 1, 1);
    ks_image_set* more = open_strokes(40, 12, 28, 1, 3); /* other sizes of the splits, other threads */
    ks_image_set* other = open_strokes(30, 10, 28, 2, 1);
    static const size_t CLASSES[KS_IMAGES_SPLITS] = {30, 10, 423};
    assert_int_equal(ks_image_set_size(set), 28);
    assert_int_equal(ks_image_set_channels(set), 1);
    for (int k = 0; k < KS_IMAGES_SPLITS; k++) {
        ks_image_split split = (ks_image_split)k;
        assert_int_equal(ks_image_set_num_classes(set, split), CLASSES[k]);
        for (size_t c = 0; c < CLASSES[k]; c++) {
            assert_int_equal(ks_image_set_num_images(set, split, c), KS_STROKES_IMAGES);
            assert_string_equal(ks_image_set_class_name(set, split, c), ks_image_set_class_name(more, split, c));
            for (size_t i = 0; i < KS_STROKES_IMAGES; i++) {
                const uint8_t* image = ks_image_set_image(set, split, c, i);
                assert_memory_equal(image, ks_image_set_image(more, split, c, i), 784);
                assert_memory_not_equal(image, ks_image_set_image(other, split, c, i), 784);
                assert_memory_not_equal(image, ks_image_set_image(set, split, c, (i + 1) % KS_STROKES_IMAGES), 784);
            }
        }
    }
    assert_memory_not_equal(ks_image_set_image(set, KS_IMAGES_TRAIN, 0, 0),
                            ks_image_set_image(set, KS_IMAGES_TEST, 0, 0), 784);
    ks_image_set_close(set);
    ks_image_set_close(more);
    ks_image_set_close(other);
}

/* The same bytes on every machine. Whoever changes how characters are drawn changes what runs on them mean: then raise the number in
 * their stamp (image_cache.c), too. */
static void test_strokes_have_the_known_bytes(void** state) {
    (void)state;
    static const struct {
        size_t size;
        unsigned long crc;
    } KNOWN[] = {{28, 0x97ce2853}, {105, 0xeb383a9c}, {200, 0x1b65f5a6}};
    for (size_t k = 0; k < 3; k++) {
        ks_error err = {0};
        size_t size = KNOWN[k].size;
        uint8_t* image = malloc(size * size);
        ks_sheet* canvas = ks_sheet_create(size, &err);
        assert_true(image && canvas);
        unsigned long crc = crc32(0, NULL, 0);
        for (unsigned c = 0; c < 60; c++) {
            assert_true(ks_strokes_draw(image, canvas, 7, c % 3, c, c % 20, &err));
            crc = crc32(crc, image, (unsigned)(size * size));
        }
        if (crc != KNOWN[k].crc) {
            fail_msg("%zu pixels: crc32 is 0x%08lx", size, crc);
        }
        ks_sheet_destroy(canvas);
        free(image);
    }
}

static double distance(const uint8_t* a, const uint8_t* b) {
    double sum = 0;
    for (int i = 0; i < 784; i++) {
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sqrt(sum);
}

/* One example of each of five classes: the nearest names a new image far more often than chance, and far from always. */
static void test_strokes_can_be_told_apart(void** state) {
    (void)state;
    ks_image_set* set = open_strokes(0, 0, 28, 1, 2);
    size_t right = 0, asked = 0, touching = 0;
    for (size_t first = 0; first + 5 <= 1100; first += 5) {
        for (size_t c = 0; c < 5; c++, asked++) {
            const uint8_t* image = ks_image_set_image(set, KS_IMAGES_TRAIN, first + c, 1 + asked % 19);
            size_t nearest = 0;
            for (size_t k = 1; k < 5; k++) {
                nearest = distance(image, ks_image_set_image(set, KS_IMAGES_TRAIN, first + k, 0)) <
                                  distance(image, ks_image_set_image(set, KS_IMAGES_TRAIN, first + nearest, 0))
                              ? k
                              : nearest;
            }
            right += nearest == c;
            size_t ink = 0;
            bool edge = false;
            for (int p = 0; p < 784; p++) {
                ink += image[p] > 100;
                edge = edge || (image[p] > 100 && (p < 28 || p >= 756 || p % 28 == 0 || p % 28 == 27));
            }
            assert_true(ink > 10 && ink < 300); /* there is a character, on much empty paper */
            touching += edge;
        }
    }
    double accuracy = (double)right / (double)asked;
    print_message("nearest image: %.3f, at the edge: %.3f\n", accuracy, (double)touching / (double)asked);
    assert_true(accuracy > 0.45 && accuracy < 0.85);
    assert_true(touching < asked / 25);
    ks_image_set_close(set);
}

static void test_forms_of_strokes(void** state) {
    (void)state;
    ks_image_set_settings s = ks_image_set_settings_default();
    s.train = 2;
    s.validation = 1;
    ks_image_set* plain = open_set(&s);
    assert_int_equal(ks_image_set_size(plain), KS_STROKES_SIZE);
    s.invert = true;
    s.channels = 3;
    ks_image_set* colour = open_set(&s);
    assert_int_equal(bytes_of(colour), 3 * bytes_of(plain));
    const uint8_t *a = ks_image_set_image(plain, KS_IMAGES_TEST, 5, 7),
                  *b = ks_image_set_image(colour, KS_IMAGES_TEST, 5, 7);
    for (size_t i = 0; i < bytes_of(plain); i++) {
        assert_true(b[3 * i] == 255 - a[i] && b[3 * i + 1] == b[3 * i] && b[3 * i + 2] == b[3 * i]);
    }
    ks_image_set_close(plain);
    ks_image_set_close(colour);
    ks_error err = {0};
    s.split = "classes.json";
    assert_null(ks_image_set_open(&s, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, "classes.json"));
}

/* ---- Omniglot ------------------------------------------------------------------------------------------------------------------ */

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

/* ---- for tests in Python ------------------------------------------------------------------------------------------------------ */

static bool is(const char* word, const char* key) {
    return strncmp(word, key, strlen(key)) == 0;
}

/* KEY=VALUE…: opens a set and lists its classes, or says what is wrong. Its images are in the cache. */
static int list_classes(int argc, char** argv) {
    ks_image_set_settings s = ks_image_set_settings_default();
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *value = strchr(word, '=') + 1;
        int number = atoi(value);
        s.data = is(word, "data=") ? value : s.data;
        s.split = is(word, "split=") ? value : s.split;
        s.cache = is(word, "cache=") ? value : s.cache;
        s.seed = is(word, "seed=") ? (uint64_t)number : s.seed;
        s.train = is(word, "train=") ? number : s.train;
        s.validation = is(word, "validation=") ? number : s.validation;
        s.size = is(word, "size=") ? number : s.size;
        s.channels = is(word, "channels=") ? number : s.channels;
        s.threads = is(word, "threads=") ? number : s.threads;
        s.invert = is(word, "invert=") ? number != 0 : s.invert;
    }
    ks_error err = {0};
    ks_image_set* set = ks_image_set_open(&s, &err);
    if (!set) {
        puts(err.text);
        return (int)err.code;
    }
    for (int k = 0; k < KS_IMAGES_SPLITS; k++) {
        ks_image_split split = (ks_image_split)k;
        for (size_t c = 0; c < ks_image_set_num_classes(set, split); c++) {
            printf("%s\t%s\t%zu\n", ks_image_split_names[k], ks_image_set_class_name(set, split, c),
                   ks_image_set_num_images(set, split, c));
        }
    }
    ks_image_set_close(set);
    return 0;
}

int main(int argc, char** argv) {
    if (argc > 1) {
        return list_classes(argc, argv);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resize_is_the_filter),
        cmocka_unit_test(test_strokes_are_a_function_of_their_numbers),
        cmocka_unit_test(test_strokes_have_the_known_bytes),
        cmocka_unit_test(test_strokes_can_be_told_apart),
        cmocka_unit_test(test_forms_of_strokes),
        cmocka_unit_test(test_omniglot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
