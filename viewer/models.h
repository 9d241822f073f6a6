/* models.h: the MJCF files of viewer/models, compiled into the library. Internal to this room.
 * Each array ends with a zero that the size does not count, so it is also a C string. */
#ifndef KS_VIEWER_MODELS_H
#define KS_VIEWER_MODELS_H

#include <stddef.h>

extern const unsigned char ks_model_stage[];
extern const size_t ks_model_stage_size;
extern const unsigned char ks_model_point[];
extern const size_t ks_model_point_size;

#endif
