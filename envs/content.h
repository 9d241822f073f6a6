/* content.h: whether the files of an environment are what they were. Thread rule: pure. */
#ifndef KS_ENVS_CONTENT_H
#define KS_ENVS_CONTENT_H

#include "envs/env.h"

/* What the environment was made from, where that is a file: its name, and sums of the file and of the compiled model, so that texts
 * differ where files do. "" for those that ship. */
void ks_env_content(const ks_env_model* model, char* text, size_t room);

#endif
