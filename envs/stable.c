#include "envs/stable.h"

#include <stdbool.h>
#include <string.h>

const ks_stable_file* ks_stable_find(const char* path) {
    const char* slash = strrchr(path, '/');
    const char* name = slash ? slash + 1 : path;
    for (size_t i = 0; i < ks_stable_files_count; i++) {
        if (strcmp(ks_stable_files[i].name, name) == 0) {
            return &ks_stable_files[i];
        }
    }
    return NULL;
}

static bool is_family(const ks_stable_file* file) {
    size_t length = strlen(file->name);
    return length > 5 && strcmp(file->name + length - 5, ".yaml") == 0;
}

size_t ks_stable_count(void) {
    size_t count = 0;
    for (size_t i = 0; i < ks_stable_files_count; i++) {
        count += is_family(&ks_stable_files[i]);
    }
    return count;
}

const ks_stable_file* ks_stable_at(size_t index) {
    size_t i = 0;
    for (;; i++) {
        if (is_family(&ks_stable_files[i]) && index-- == 0) {
            return &ks_stable_files[i];
        }
    }
}
