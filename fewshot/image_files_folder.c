#include "fewshot/image_files_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 16, MAX_PATH = 4096 };

/* A walk: the path so far, and the folders that it leads through, so that a link back to one of them is not followed. */
typedef struct walk {
    ks_image_files* files;
    size_t place;
    char path[MAX_PATH];
    size_t root; /* bytes of the path up to where names begin */
    struct {
        dev_t device;
        ino_t number;
    } above[MAX_DEPTH];
    int depth;
    ks_error* err;
} walk;

static bool cannot_read(const walk* w) {
    return ks_fail(w->err, KS_BAD_INPUT, "cannot read %s: %s", w->path, strerror(errno));
}

static bool is_above(const walk* w, const struct stat* info) {
    for (int i = 0; i < w->depth; i++) {
        if (w->above[i].device == info->st_dev && w->above[i].number == info->st_ino) {
            return true;
        }
    }
    return false;
}

static uint64_t version_of(const struct stat* info) {
    uint64_t sum = ks_image_hash(KS_IMAGE_HASH_START, &info->st_size, sizeof info->st_size);
    return ks_image_hash(sum, &info->st_mtim, sizeof info->st_mtim);
}

static bool visit_folder(walk* w, const struct stat* info);

/* The entry whose name now ends the path. */
static bool visit(walk* w) {
    struct stat info;
    if (stat(w->path, &info) != 0) {
        return cannot_read(w); /* a link that leads nowhere, for one */
    }
    if (S_ISDIR(info.st_mode)) {
        return is_above(w, &info) || visit_folder(w, &info);
    }
    return !S_ISREG(info.st_mode) ||
           ks_image_files_add(w->files, w->path + w->root, w->place, version_of(&info), w->err);
}

static bool visit_folder(walk* w, const struct stat* info) {
    if (w->depth == MAX_DEPTH) {
        return ks_fail(w->err, KS_BAD_INPUT, "%s: more than %d folders within each other", w->path, MAX_DEPTH);
    }
    DIR* folder = opendir(w->path);
    if (!folder) {
        return cannot_read(w);
    }
    w->above[w->depth].device = info->st_dev;
    w->above[w->depth++].number = info->st_ino;
    size_t length = strlen(w->path);
    bool ok = true;
    const struct dirent* entry;
    while (ok && (errno = 0, entry = readdir(folder))) {
        if (*entry->d_name == '.') {
            continue;
        }
        int written = snprintf(w->path + length, MAX_PATH - length, "/%s", entry->d_name);
        ok = (size_t)written < MAX_PATH - length
                 ? visit(w)
                 : ks_fail(w->err, KS_BAD_INPUT, "%s: a path of more than %d bytes", w->path, MAX_PATH);
        w->path[length] = 0;
    }
    ok = ok && (errno == 0 || cannot_read(w));
    w->depth--;
    closedir(folder);
    return ok;
}

bool ks_image_folder_list(ks_image_files* files, size_t place, const char* path, ks_error* err) {
    struct stat info;
    walk* w = calloc(1, sizeof *w);
    if (!w) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    w->files = files;
    w->place = place;
    w->err = err;
    w->root = strlen(path) + 1;
    bool ok = w->root < MAX_PATH || ks_fail(err, KS_BAD_INPUT, "%s: a path of more than %d bytes", path, MAX_PATH);
    if (ok) {
        memcpy(w->path, path, w->root);
        ok = stat(path, &info) == 0 ? visit_folder(w, &info) : cannot_read(w);
    }
    free(w);
    return ok;
}

/* The first bytes of an open regular file. */
static bool read_open(ks_image_bytes* bytes, int fd, uint64_t most, ks_error* err) {
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "cannot be read: %s", strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return ks_fail(err, KS_BAD_INPUT, "cannot be read: it is not a regular file");
    }
    if (!ks_image_bytes_resize(bytes, (uint64_t)info.st_size < most ? (uint64_t)info.st_size : most, err)) {
        return false;
    }
    size_t at = 0;
    ssize_t got = 1;
    while (at < bytes->length && (got = read(fd, bytes->data + at, bytes->length - at)) != 0) {
        if (got < 0 && errno != EINTR) {
            return ks_fail(err, KS_BAD_INPUT, "cannot be read: %s", strerror(errno));
        }
        at += got > 0 ? (size_t)got : 0;
    }
    bytes->length = at;
    return true;
}

bool ks_image_folder_read(ks_image_bytes* bytes, const char* path, uint64_t most, ks_error* err) {
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return ks_fail(err, KS_BAD_INPUT, "cannot be read: %s", strerror(errno));
    }
    bool ok = read_open(bytes, fd, most, err);
    close(fd);
    return ok;
}
