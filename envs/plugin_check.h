/* plugin_check.h: whether a def that somebody else has written makes sense. Internal to this room. Thread rule: pure. */
#ifndef KS_ENVS_PLUGIN_CHECK_H
#define KS_ENVS_PLUGIN_CHECK_H

#include "envs/env.h"

/* Errors: KS_BAD_INPUT that names the first field that is not right, as "its obs_dim is 0, …". */
bool ks_env_plugin_check(const ks_env_def* def, ks_error* err);

#endif
