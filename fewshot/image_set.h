/* image_set.h: images by class, for few-shot classification: read once, then kept as bytes of one size.
 *
 * Where they come from, by what the path is:
 *   a folder SPLIT/CLASS/IMAGE        with SPLIT one of train, val (or valid, validation), test; IMAGE .png, .jpg or .jpeg
 *   a folder CLASS/IMAGE              with a split file that says which class belongs where, or drawn at random
 *   a folder with SPLIT.csv           tables with the columns filename and label; the images are in it, or in its folder images
 *   a .zip file with any of these     read in place, never unpacked
 *   a folder with images_background.zip and images_evaluation.zip
 *                                     Omniglot as its makers hand it out (or unpacked): ALPHABET/CHARACTER/IMAGE
 *   the word strokes                  characters that are drawn by program: no file is read
 *
 * A class is a folder with images in it; its name is its path below the folder of its split or of the set, whichever comes last. A
 * class may be in one split only. Folders around everything count for nothing, and so do hidden files and __MACOSX. What an image is,
 * its content says, not its name (image_decode.h).
 *
 * Images are resized to size x size by Lanczos' filter. They stand as row x column x channel, one byte a number.
 *
 * Thread rule: read-only after creation, and may be shared. */
#ifndef KS_FEWSHOT_IMAGE_SET_H
#define KS_FEWSHOT_IMAGE_SET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KS_IMAGE_MAX_SIZE = 1024 };

typedef enum ks_image_split { KS_IMAGES_TRAIN, KS_IMAGES_VALIDATION, KS_IMAGES_TEST, KS_IMAGES_SPLITS } ks_image_split;

extern const char* const ks_image_split_names[]; /* "train", "validation", "test"; NULL ends */

typedef struct ks_image_set_settings {
    /* path, or "strokes" */
    const char* data;
    /* "": the set's own, else at random; "random"; the path of a split file (JSON, image_split.h), or of a folder with
     * vinyals-train.json, vinyals-val.json and vinyals-test.json; "vinyals": those beside the data */
    const char* split;
    /* of a random split, and of the characters that are drawn */
    uint64_t seed;
    /* classes of a random split that go there, the rest are for tests; 0 both: 1,100 and 100 of Omniglot and strokes, 64 % and 16 % of
     * others. Of strokes there are 423 for tests in any case. */
    int train, validation;
    int size; /* side in pixels, up to KS_IMAGE_MAX_SIZE; 0: as the first image's (all must then have it); strokes: 105 */
    int channels;      /* 1 grey, 3 colour; 0: colour if any image is not grey */
    bool invert;       /* dark on light becomes light on dark: every number v becomes 255 - v */
    const char* cache; /* file that keeps what was read, checked against its source; "" or NULL: none */
    int threads;       /* that read images; 0 or 1: the caller's alone. What is read does not depend on it. */
} ks_image_set_settings;

/* Strokes with everything else 0, or "". */
ks_image_set_settings ks_image_set_settings_default(void);

typedef struct ks_image_set ks_image_set;

/* Owned by the caller. Errors: KS_BAD_INPUT naming the file and what is wrong with it (damaged, no image, too few classes, …),
 * KS_FAILED. */
ks_image_set* ks_image_set_open(const ks_image_set_settings* settings, ks_error* err);
void ks_image_set_close(ks_image_set* set);

int ks_image_set_size(const ks_image_set* set);     /* side */
int ks_image_set_channels(const ks_image_set* set); /* 1 or 3 */

size_t ks_image_set_num_classes(const ks_image_set* set, ks_image_split split);
/* Its name: the folder's, with its alphabet for Omniglot ("Greek/character01"). Lives as long as the set. */
const char* ks_image_set_class_name(const ks_image_set* set, ks_image_split split, size_t c);
/* Images of a class: 1 or more. */
size_t ks_image_set_num_images(const ks_image_set* set, ks_image_split split, size_t c);
/* (size x size x channels) Lives as long as the set. */
const uint8_t* ks_image_set_image(const ks_image_set* set, ks_image_split split, size_t c, size_t i);

#endif
