/* plugin.h: environments from shared libraries (KS_ENV_PLUGIN of env.h).
 *
 * A plug-in is code, and does what code can do: nothing here protects from one that means harm, or from one that writes where it should
 * not. What is checked is what goes wrong by oversight: another version of the headers, a def that makes no sense.
 *
 * Internal to this room: ks_env_open and ks_env_close are for everybody.
 * Thread rule: any number of threads at once. */
#ifndef KS_ENVS_PLUGIN_H
#define KS_ENVS_PLUGIN_H

#include "envs/env.h"

/* Loads the library and copies its def, whose path is then the absolute one of the file. Its functions are given the copy. To be closed
 * once nothing uses it any more.
 * Errors: KS_BAD_INPUT that names the file: it cannot be loaded, is no plug-in or one of another version, or its def makes no sense. */
const ks_env_def* ks_env_plugin_open(const char* path, ks_error* err);
/* NULL: no-op. It is the def's own `close`. */
void ks_env_plugin_close(const ks_env_def* def);

#endif
