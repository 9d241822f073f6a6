/* What an environment's files say, as a text that is the same for the same. */
#include "envs/content.h"

#include "base/file_sum.h"

#include <inttypes.h>
#include <mujoco/mujoco.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* of a compiled model, which included files and meshes have become part of; 0: there is none, or no memory */
static unsigned long model_sum(const mjModel* m) {
    mjtSize size = m ? mj_sizeModel(m) : 0;
    unsigned char* bytes = size > 0 && size <= INT32_MAX ? malloc((size_t)size) : NULL;
    unsigned long sum = 0;
    if (bytes) {
        mj_saveModel(m, NULL, bytes, size);
        sum = crc32(0, bytes, (uInt)size);
    }
    free(bytes);
    return sum;
}

void ks_env_content(const ks_env_model* model, char* text, size_t room) {
    const ks_env_def* def = ks_env_model_def(model);
    *text = 0;
    if (def->path) {
        snprintf(text, room, "%.60s (file %08" PRIx32 ", model %08lx)", def->name, ks_file_sum(def->path),
                 model_sum(ks_env_model_mujoco(model)));
    }
}
