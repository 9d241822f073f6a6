/* Caches of image sets: fewshot/image_cache.h. What is taken can be used to its last byte. */
#include "fewshot/image_cache.h"
#include "target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const ks_image_stamp STAMP = {.source = "a source", .settings = "some settings"};
    ks_image_set* set = calloc(1, sizeof *set);
    if (!set) {
        fuzz_finding("not enough memory");
    }
    volatile size_t sum = 0;
    if (ks_image_cache_read(set, fuzz_file(0, data, size), &STAMP)) {
        size_t pixels = set->size * set->size * set->channels;
        for (int k = 0; k < KS_IMAGES_SPLITS; k++) {
            ks_image_split split = (ks_image_split)k;
            for (size_t c = 0; c < ks_image_set_num_classes(set, split); c++) {
                sum += strlen(ks_image_set_class_name(set, split, c));
                for (size_t i = 0; i < ks_image_set_num_images(set, split, c); i++) {
                    const uint8_t* image = ks_image_set_image(set, split, c, i);
                    sum += image[0] + image[pixels - 1];
                }
            }
        }
    } else if (set->classes || set->names || set->images || set->cache) {
        fuzz_finding("something stays of a cache that is not taken");
    }
    ks_image_set_close(set);
    return 0;
}
