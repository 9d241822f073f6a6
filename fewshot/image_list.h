/* image_list.h: which of a set's files are images, and of which class each is.
 *
 * Thread rule: plain data. */
#ifndef KS_FEWSHOT_IMAGE_LIST_H
#define KS_FEWSHOT_IMAGE_LIST_H

#include "fewshot/image_files.h"
#include "fewshot/image_set.h"

typedef struct ks_image_class {
    char* name;
    size_t first, count;  /* of its images, in the list's files */
    ks_image_split split; /* KS_IMAGES_SPLITS: it belongs nowhere */
} ks_image_class;

/* Who says what is in the set. */
typedef enum ks_image_layout {
    KS_LAYOUT_CLASSES,  /* CLASS/IMAGE */
    KS_LAYOUT_SPLITS,   /* SPLIT/CLASS/IMAGE */
    KS_LAYOUT_TABLES,   /* SPLIT.csv */
    KS_LAYOUT_OMNIGLOT, /* images_background/ALPHABET/CHARACTER/IMAGE, and images_evaluation/ */
} ks_image_layout;

typedef struct ks_image_list {
    ks_image_class* classes; /* (num_classes) sorted by name */
    size_t num_classes;
    size_t* files; /* (num_files) numbers in the list of files, class by class, by name within a class */
    size_t num_files;
    ks_image_layout layout; /* the second and the third say in which split a class is */
} ks_image_list;

/* Fills *list. Errors, after which there is nothing to free: KS_BAD_INPUT naming the file (no images, an image that is in no class,
 * a class that is in two splits, a damaged table), KS_FAILED (memory). */
bool ks_image_list_make(ks_image_list* list, const ks_image_files* files, ks_error* err);
void ks_image_list_free(ks_image_list* list);

/* Which split is called that (length bytes of it): train, val, valid, validation, test; KS_IMAGES_SPLITS if none is. */
ks_image_split ks_image_split_named(const char* name, size_t length);

#endif
