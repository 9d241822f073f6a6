#include "figures/paths.h"

#include <stdlib.h>

void ks_paths_free(ks_paths* paths) {
    free(paths->start);
    free(paths->xy);
    *paths = (ks_paths){0};
}
