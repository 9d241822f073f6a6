/* image_cache.h: a set that has been read, as one file that is read again in milliseconds.
 *
 * Safetensors with the format kshot.images.1: `images` U8 (images x size x size x channels), `counts` I64 (classes) images of each,
 * `start` I64 (4) first class of each split and the end, `names` U8, each with a zero behind it; metadata `source` and `settings`: what it was
 * made from (names, lengths and times of change), and how.
 *
 * Thread rule: as base/safetensors.h. */
#ifndef KS_FEWSHOT_IMAGE_CACHE_H
#define KS_FEWSHOT_IMAGE_CACHE_H

#include "fewshot/image_set_internal.h"

enum { KS_IMAGE_STAMP = 512 };

/* What a set of these settings is made from, and how. Errors: KS_BAD_INPUT (the source cannot be read), KS_FAILED. */
typedef struct ks_image_stamp {
    char source[KS_IMAGE_STAMP];
    char settings[KS_IMAGE_STAMP];
} ks_image_stamp;
bool ks_image_stamp_make(ks_image_stamp* stamp, const ks_image_set_settings* settings, ks_error* err);

/* Fills an empty set from the file, if that is whole and has this stamp; else the set stays empty. */
bool ks_image_cache_read(ks_image_set* set, const char* path, const ks_image_stamp* stamp);

/* Writes the file as far as that is possible; a file that is there is replaced only if it is empty or an older cache. */
void ks_image_cache_write(const ks_image_set* set, const char* path, const ks_image_stamp* stamp);

#endif
