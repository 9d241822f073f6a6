/* info_images.h: `kshot info` of an image set. */
#ifndef KS_CLI_INFO_IMAGES_H
#define KS_CLI_INFO_IMAGES_H

#include "base/error.h"

/* Is what is at this path, or a word, probably an image set: "strokes", a zip file, or a folder that is no run directory? */
bool ks_cli_is_image_set(const char* path);

/* Says what is in it. Returns an exit code. */
int ks_cli_info_images(const char* path, bool json, ks_error* err);

#endif
