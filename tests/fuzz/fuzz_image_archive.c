/* Image sets in a zip file: fewshot/image_set.h. The first byte chooses how it is read. */
#include "fewshot/image_survey.h"
#include "target.h"

static void look_at_all(const ks_image_set* set) {
    size_t pixels =
        (size_t)ks_image_set_size(set) * (size_t)ks_image_set_size(set) * (size_t)ks_image_set_channels(set);
    volatile unsigned sum = 0;
    for (int k = 0; k < KS_IMAGES_SPLITS; k++) {
        ks_image_split split = (ks_image_split)k;
        for (size_t c = 0; c < ks_image_set_num_classes(set, split); c++) {
            if (!*ks_image_set_class_name(set, split, c) || ks_image_set_num_images(set, split, c) == 0) {
                fuzz_finding("a class without a name or without images");
            }
            for (size_t i = 0; i < ks_image_set_num_images(set, split, c); i++) {
                const uint8_t* image = ks_image_set_image(set, split, c, i);
                sum += image[0] + image[pixels - 1];
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    static const char* const SPLITS[] = {"", "random"};
    ks_image_set_settings s = ks_image_set_settings_default();
    s.data = fuzz_file(0, data + 1, size - 1);
    s.split = SPLITS[data[0] & 1];
    s.size = data[0] & 2 ? 7 : 0;
    s.channels = data[0] & 4 ? 3 : 0;
    s.invert = data[0] & 8;
    ks_error err = {0}, also = {0};
    ks_image_set* set = ks_image_set_open(&s, &err);
    fuzz_check(set != NULL, &err);
    if (set) {
        look_at_all(set);
    }
    ks_image_set_close(set);
    ks_image_survey survey;
    fuzz_check(ks_image_survey_make(&survey, s.data, 1, &also), &also);
    return 0;
}
