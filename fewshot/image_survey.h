/* image_survey.h: what is in an image set, without reading it: classes, and what the files say of themselves at their beginning.
 *
 * Thread rule: one call uses as many threads as it is told. */
#ifndef KS_FEWSHOT_IMAGE_SURVEY_H
#define KS_FEWSHOT_IMAGE_SURVEY_H

#include "fewshot/image_set.h"

/* Classes that belong together. */
typedef struct ks_image_count {
    size_t classes, images;
    size_t fewest, most; /* images of a class */
} ks_image_count;

typedef struct ks_image_survey {
    const char* kind; /* a few words: where the set comes from */
    bool has_splits;  /* it says itself which classes are for what */
    ks_image_count all;
    ks_image_count
        split[KS_IMAGES_SPLITS]; /* its own; otherwise classes alone: how many a random split by default has */
    size_t min_width, max_width, min_height, max_height;
    size_t coloured; /* images that may have colours; the rest is grey */
} ks_image_survey;

/* data: as of ks_image_set_settings. Errors: as ks_image_set_open. */
bool ks_image_survey_make(ks_image_survey* survey, const char* data, int threads, ks_error* err);

#endif
