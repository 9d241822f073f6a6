/* camera.h: pictures of worlds: a library of its own, which alone needs EGL. Part of kshot_api.h, which has the rules. */
#ifndef KS_PYTHON_CAMERA_H
#define KS_PYTHON_CAMERA_H

#include "python/worlds.h"

typedef struct ks_api_camera ks_api_camera;

/* Pictures of width x height pixels, to be made and destroyed in the same thread. env must outlive it. Errors: KS_BAD_INPUT (size),
 * KS_FAILED (no EGL). */
ks_api_camera* ks_api_camera_create(const ks_api_env* env, int width, int height, ks_error* err);
void ks_api_camera_destroy(ks_api_camera* camera);
/* rgb (height x width x 3, from the top) of a world at the end of its way, states (count x nq; of worlds without physics count x 2),
 * with the task (task_dim). Errors: KS_FAILED. */
bool ks_api_camera_shoot(ks_api_camera* camera, const double* states, size_t count, const double* task, uint8_t* rgb,
                         ks_error* err);

#endif
