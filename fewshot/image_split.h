/* image_split.h: which classes are for training, validation and tests.
 *
 * Thread rule: plain data. */
#ifndef KS_FEWSHOT_IMAGE_SPLIT_H
#define KS_FEWSHOT_IMAGE_SPLIT_H

#include "fewshot/image_list.h"

/* Says of every class of a list in which split it is, as the settings want. Errors: KS_BAD_INPUT (not that many classes; a split file
 * that is damaged, or names what is not there), KS_FAILED (memory). */
bool ks_image_split_classes(ks_image_list* list, const ks_image_set_settings* settings, ks_error* err);

#endif
