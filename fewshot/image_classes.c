/* Splits by their names, and the classes of a set. */
#include "fewshot/image_list.h"
#include "fewshot/image_set_internal.h"

#include <stdlib.h>
#include <string.h>

const char* const ks_image_split_names[] = {"train", "validation", "test", NULL};

ks_image_split ks_image_split_named(const char* name, size_t length) {
    static const struct {
        const char* name;
        ks_image_split split;
    } NAMES[] = {{"train", KS_IMAGES_TRAIN},
                 {"val", KS_IMAGES_VALIDATION},
                 {"valid", KS_IMAGES_VALIDATION},
                 {"validation", KS_IMAGES_VALIDATION},
                 {"test", KS_IMAGES_TEST}};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (strlen(NAMES[i].name) == length && memcmp(name, NAMES[i].name, length) == 0) {
            return NAMES[i].split;
        }
    }
    return KS_IMAGES_SPLITS;
}

bool ks_image_set_number_classes(ks_image_set* set, const size_t* counts, ks_error* err) {
    size_t classes = set->start[KS_IMAGES_SPLITS];
    set->classes = malloc((classes + 1) * sizeof *set->classes);
    if (!set->classes) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    const char* name = set->names;
    set->num_images = 0;
    for (size_t c = 0; c < classes; c++) {
        set->classes[c] = (ks_image_set_class){.name = name, .first = set->num_images, .count = counts[c]};
        set->num_images += counts[c];
        name += strlen(name) + 1;
    }
    return true;
}
