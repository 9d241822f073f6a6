/* kshot_api.h: what the Python package calls (python/kshot, docs/python.md): a flat interface of opaque objects, plain structs and
 * arrays, which ctypes can call. It is the package's own: both come in one wheel, and change together.
 *
 * Functions that can fail return false or NULL and fill *err; messages are those of the command. Arrays that are handed over are
 * read or written during the call only, unless said otherwise. Observations, actions and parameters are float, tasks and rewards
 * double, all C-contiguous. Text that is returned lives as long as the object that it was asked of.
 *
 * Thread rule: one call at a time per object, from any thread; an environment and a model may be read by any number at once. Calls
 * with a number of threads start their own; with 1 of them a call about worlds starts none, so that a forked process may make it. */
#ifndef KS_PYTHON_KSHOT_API_H
#define KS_PYTHON_KSHOT_API_H

#include "python/camera.h"
#include "python/models.h"
#include "python/training.h"
#include "python/worlds.h"

#endif
