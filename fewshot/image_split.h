/* image_split.h: which classes are for training, validation and tests.
 *
 * A split file is JSON: {"train": CLASSES, "val": CLASSES, "test": CLASSES} ("valid" and "validation" are "val", too), where CLASSES
 * is a list of names, or an object that sorts them into folders: {"Greek": ["character01", …]} is "Greek/character01". Three files
 * that hold the CLASSES of one split each may stand for it: vinyals-train.json, vinyals-val.json and vinyals-test.json, as they come
 * with Omniglot; images_background and images_evaluation, also by their second halves, are no part of a name there.
 *
 * Thread rule: plain data. */
#ifndef KS_FEWSHOT_IMAGE_SPLIT_H
#define KS_FEWSHOT_IMAGE_SPLIT_H

#include "fewshot/image_list.h"

/* Says of every class of a list in which split it is, as the settings want. Errors: KS_BAD_INPUT (not that many classes; a split file
 * that is damaged, or names what is not there), KS_FAILED (memory). */
bool ks_image_split_classes(ks_image_list* list, const ks_image_set_settings* settings, ks_error* err);

/* The files that the settings want a split to be read from: path becomes that of number `which` (0, …); false: there are no more. */
enum { KS_IMAGE_SPLIT_PATH = 4096 };
bool ks_image_split_source(char path[KS_IMAGE_SPLIT_PATH], const ks_image_set_settings* settings, int which);

/* Reads one such file (image_split_file.c): a whole split (KS_IMAGES_SPLITS), or the classes of that one. */
bool ks_image_split_by_file(ks_image_list* list, const char* path, ks_image_split split, ks_error* err);

/* Omniglot's split at random in the paper */
enum { KS_OMNIGLOT_CLASSES = 1623, KS_OMNIGLOT_TRAIN = 1100, KS_OMNIGLOT_VALIDATION = 100 };

#endif
