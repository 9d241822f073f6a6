/* image_items.h: images as they are found, before they are sorted into classes (image_list.c).
 *
 * Thread rule: plain data. */
#ifndef KS_FEWSHOT_IMAGE_ITEMS_H
#define KS_FEWSHOT_IMAGE_ITEMS_H

#include "base/text_file.h"
#include "fewshot/image_list.h"

typedef struct ks_image_item {
    size_t file;
    const char* class_name; /* length bytes, in the name of a file or in a table */
    size_t length;
    ks_image_split split; /* KS_IMAGES_SPLITS: not said */
} ks_image_item;

enum { KS_IMAGE_MAX_TABLES = 5 };

typedef struct ks_image_items {
    ks_image_item* item; /* (room) */
    size_t count, room;
    ks_image_layout layout;
    ks_text_file tables[KS_IMAGE_MAX_TABLES]; /* where class names are */
    size_t num_tables;
} ks_image_items;

/* Errors: KS_FAILED (memory). */
bool ks_image_items_add(ks_image_items* items, ks_image_item item, ks_error* err);
/* Leaves none. */
void ks_image_items_free(ks_image_items* items);

/* What the folders say (image_items_folders.c): CLASS/IMAGE or SPLIT/CLASS/IMAGE, in as many folders more as there are around all. */
bool ks_image_items_of_folders(ks_image_items* items, const ks_image_files* files, ks_error* err);

/* What tables say (image_items_tables.c): SPLIT.csv with the columns filename and label. */
bool ks_image_has_tables(const ks_image_files* files);
bool ks_image_items_of_tables(ks_image_items* items, const ks_image_files* files, ks_error* err);

#endif
