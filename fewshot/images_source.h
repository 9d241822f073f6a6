/* images_source.h: where the images of problem: images come from: what its settings name, or what a run directory has kept of it.
 * Internal to this room. Thread rule: one call at a time per folder. */
#ifndef KS_FEWSHOT_IMAGES_SOURCE_H
#define KS_FEWSHOT_IMAGES_SOURCE_H

#include "fewshot/images.h"

/* The images that the settings name; as the folder's images.safetensors has them, if that is made of the same (or of what is no
 * longer there). Owned by the caller (ks_image_set_close). Errors: as ks_image_set_open. */
ks_image_set* ks_images_open(const ks_images_settings* settings, ks_error* err);

/* Writes them to the folder's images.safetensors, if there is a folder and they do not stand there, as far as that is possible: it
 * saves time, and nothing depends on it. */
void ks_images_keep(const ks_image_set* set, const ks_images_settings* settings);

#endif
