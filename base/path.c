#include "base/path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool too_long(const char* path, ks_error* err) {
    return ks_fail(err, KS_BAD_INPUT, "%.60s…: a path of more than %d letters", path, KS_PATH_ROOM - 1);
}

/* real: without links and "..". The file itself need not exist, but its folder does. */
static bool resolve(char real[PATH_MAX], const char* path) {
    char folder[PATH_MAX];
    const char* slash = strrchr(path, '/');
    if (realpath(path, real)) {
        return true;
    }
    if (!slash || (size_t)(slash - path) >= sizeof folder) {
        return false;
    }
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = 0;
    if (!realpath(*folder ? folder : "/", real)) {
        return false;
    }
    size_t used = strcmp(real, "/") == 0 ? 0 : strlen(real);
    return (size_t)snprintf(real + used, PATH_MAX - used, "%s", slash) < PATH_MAX - used;
}

bool ks_path_absolute(char out[KS_PATH_ROOM], const char* folder, const char* path, ks_error* err) {
    char cwd[PATH_MAX] = "", joined[2 * PATH_MAX], real[PATH_MAX];
    if (*path != '/' && (!folder || *folder != '/') && !getcwd(cwd, sizeof cwd)) {
        return ks_fail(err, KS_FAILED, "the working directory cannot be found any more");
    }
    int length = *path == '/' ? snprintf(joined, sizeof joined, "%s", path)
                              : snprintf(joined, sizeof joined, "%s%s%s/%s", cwd, *cwd && folder ? "/" : "",
                                         folder ? folder : "", path);
    if (length < 0 || (size_t)length >= sizeof joined) {
        return too_long(path, err);
    }
    const char* found = resolve(real, joined) ? real : joined;
    if (strlen(found) >= KS_PATH_ROOM) {
        return too_long(path, err);
    }
    memcpy(out, found, strlen(found) + 1);
    return true;
}

bool ks_path_folder(char out[KS_PATH_ROOM], const char* file, ks_error* err) {
    const char* slash = strrchr(file, '/');
    size_t length = !slash ? 1 : slash == file ? 1 : (size_t)(slash - file);
    if (length >= KS_PATH_ROOM) {
        return too_long(file, err);
    }
    memcpy(out, slash ? file : ".", length);
    out[length] = 0;
    return true;
}

/* letters up to and with the last slash that two absolute paths to folders have in common; a and b end in a slash */
static size_t common_folders(const char* a, const char* b) {
    size_t common = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
        if (a[i] == '/') {
            common = i + 1;
        }
    }
    return common;
}

void ks_path_relative(char out[KS_PATH_ROOM], const char* file, const char* target) {
    char folder[KS_PATH_ROOM], from[KS_PATH_ROOM + 1];
    snprintf(out, KS_PATH_ROOM, "%s", target);
    if (*target != '/' || !ks_path_folder(folder, file, NULL) || !ks_path_absolute(from, NULL, folder, NULL)) {
        return;
    }
    size_t end = strlen(from);
    if (from[end - 1] != '/') {
        memcpy(from + end, "/", 2);
    }
    size_t common = common_folders(from, target);
    char way[KS_PATH_ROOM] = "";
    size_t used = 0;
    for (const char* c = from + common; *c; c++) {
        used += *c == '/' && used + 4 < sizeof way ? (size_t)snprintf(way + used, sizeof way - used, "../") : 0;
    }
    int length = snprintf(way + used, sizeof way - used, "%s%s", used ? "" : "./", target + common);
    if (common > 1 && length > 0 && used + (size_t)length < sizeof way) {
        memcpy(out, way, used + (size_t)length + 1);
    }
}
