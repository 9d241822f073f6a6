/* image_set_internal.h: what an image set is made of; the cache (image_cache.c) writes it down and reads it back. */
#ifndef KS_FEWSHOT_IMAGE_SET_INTERNAL_H
#define KS_FEWSHOT_IMAGE_SET_INTERNAL_H

#include "base/safetensors.h"
#include "fewshot/image_set.h"

typedef struct ks_image_set_class {
    const char* name;    /* in the set's names */
    size_t first, count; /* of its images */
} ks_image_set_class;

struct ks_image_set {
    size_t size, channels;
    size_t start[KS_IMAGES_SPLITS + 1]; /* first class of each split; the last: how many there are */
    ks_image_set_class* classes;        /* (classes) split after split, sorted by name within */
    char* names;                        /* (names_length) of the classes in that order, each with a zero behind it */
    size_t names_length;
    const uint8_t* images; /* (num_images x size x size x channels) in the order of the classes */
    size_t num_images;
    uint8_t* owned;        /* what the images are in: memory of the set, */
    ks_tensor_file* cache; /* or a file that it has read */
};

/* Classes by their names, which stand in `names` already, and the number of images of each; adds up the rest. Errors: KS_FAILED. */
bool ks_image_set_number_classes(ks_image_set* set, const size_t* counts, ks_error* err);

/* Is the set one that is drawn? Then draw fills it, instead of files (image_strokes.c). Errors: KS_BAD_INPUT (a split file is wanted),
 * KS_FAILED. */
bool ks_image_set_is_drawn(const char* data);
bool ks_image_set_draw(ks_image_set* set, const ks_image_set_settings* settings, ks_error* err);

#endif
