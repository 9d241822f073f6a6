/* Where a suite has what it does, on the disk. */
#include "cli/suite.h"

#include "run/directory.h"

#include <stdio.h>
#include <unistd.h>

void ks_suite_path(char out[KS_SUITE_PATH], const ks_suite_line* line, const ks_suite_place* place, const char* file) {
    snprintf(out, KS_SUITE_PATH, *file ? "%s/%s/%s" : "%s/%s%s", place->folder, line->name, file);
}

void ks_suite_search_name(char out[KS_SUITE_SEARCH_NAME], const ks_suite_line* line) {
    snprintf(out, KS_SUITE_SEARCH_NAME, "%s/%s/tune", line->domain, line->method);
}

void ks_suite_search_path(char out[KS_SUITE_PATH], const ks_suite_line* line, const ks_suite_place* place,
                          const char* file) {
    char name[KS_SUITE_SEARCH_NAME];
    ks_suite_search_name(name, line);
    snprintf(out, KS_SUITE_PATH, *file ? "%s/%s/%s" : "%s/%s%s", place->folder, name, file);
}

bool ks_suite_is_there(const ks_suite_line* line, const ks_suite_place* place) {
    char csv[KS_SUITE_PATH];
    ks_suite_path(csv, line, place, "eval.csv");
    return access(csv, F_OK) == 0;
}

ks_lock* ks_suite_claim(const ks_suite_line* line, const ks_suite_place* place, const char* what, char note[256],
                        ks_error* err) {
    char path[KS_SUITE_PATH], name[64];
    snprintf(path, sizeof path, "%s/%s/%s", place->folder, line->domain, line->method);
    snprintf(name, sizeof name, ".%.40s.lock", what);
    if (!ks_run_directory_make(path, err)) {
        return NULL;
    }
    ks_lock* lock = ks_lock_named(path, name, err);
    if (!lock && err->code == KS_BAD_INPUT) {
        snprintf(note, 256, "another process is at it");
        *err = (ks_error){0};
    }
    return lock;
}
