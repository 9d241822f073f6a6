/* What an environment's files say, as a text that is the same for the same. */
#include "envs/content.h"

#include <mujoco/mujoco.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { CHUNK = 1 << 16 };

/* of a file's bytes; 0: it cannot be read any more */
static unsigned long file_sum(const char* path) {
    unsigned long sum = 0;
    unsigned char bytes[CHUNK];
    FILE* f = fopen(path, "rb");
    for (size_t n; f && (n = fread(bytes, 1, sizeof bytes, f)) > 0;) {
        sum = crc32(sum, bytes, (uInt)n);
    }
    if (f) {
        fclose(f);
    }
    return sum;
}

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
        snprintf(text, room, "%.60s (file %08lx, model %08lx)", def->name, file_sum(def->path),
                 model_sum(ks_env_model_mujoco(model)));
    }
}
