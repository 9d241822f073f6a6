/* images.h: what a page tells of a model that learns to tell images apart: several tasks, the images to be learned from and to be
 * judged, and how likely it finds each class after 0 … K gradient steps.
 *
 * Thread rule: one call at a time. */
#ifndef KS_PAGE_IMAGES_H
#define KS_PAGE_IMAGES_H

#include "page/json.h"
#include "viewer/classification.h"

typedef struct ks_page_images {
    ks_classification shown; /* number is set for each task */
    const size_t* numbers;   /* (count) of the tasks among those of the seed */
    size_t count;
    void* user;
    void (*on_task)(void* user, const ks_classification* shown); /* is told of every task; may be NULL */
} ks_page_images;

/* Into the document. Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_page_tell_images(ks_json* json, ks_page_images* images, ks_error* err);

#endif
