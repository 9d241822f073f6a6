/* models.h: the MJCF files of envs/models, compiled into the library so that the command needs no files beside it.
 * Each array ends with a zero that the size does not count, so it is also a C string. */
#ifndef KS_ENVS_MODELS_H
#define KS_ENVS_MODELS_H

#include <stddef.h>

extern const unsigned char ks_model_half_cheetah[];
extern const size_t ks_model_half_cheetah_size;
extern const unsigned char ks_model_ant[];
extern const size_t ks_model_ant_size;
extern const unsigned char ks_model_ant_gym[];
extern const size_t ks_model_ant_gym_size;

#endif
