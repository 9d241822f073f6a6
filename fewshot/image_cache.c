#define _GNU_SOURCE /* memmem */
#include "fewshot/image_cache.h"

#include "base/number.h"
#include "fewshot/image_files_internal.h"
#include "fewshot/image_split.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char FORMAT[] = "kshot.images.1";

/* ---- what it is made from --------------------------------------------------------------------------------------------------- */

/* Adds the split files: those of another time or length mean another set. */
static void add_split_files(char* text, const ks_image_set_settings* s) {
    char path[KS_IMAGE_SPLIT_PATH];
    for (int i = 0; ks_image_split_source(path, s, i); i++) {
        struct stat info = {0};
        size_t length = strlen(text);
        (void)!stat(path, &info); /* what is not there is found out by who reads it */
        snprintf(text + length, KS_IMAGE_STAMP - length, " %lld@%lld.%09ld", (long long)info.st_size,
                 (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    }
}

bool ks_image_stamp_make(ks_image_stamp* stamp, const ks_image_set_settings* s, ks_error* err) {
    if (ks_image_set_is_drawn(s->data)) {
        snprintf(stamp->source, sizeof stamp->source, "strokes 1");
    } else if (!ks_image_files_stamp(stamp->source, sizeof stamp->source, s->data, err)) {
        return false;
    }
    add_split_files(stamp->source, s);
    unsigned long long split = ks_image_hash(KS_IMAGE_HASH_START, s->split, strlen(s->split));
    snprintf(stamp->settings, sizeof stamp->settings,
             "seed %llu, train %d, validation %d, size %d, channels %d, invert %d, split %016llx",
             (unsigned long long)s->seed, s->train, s->validation, s->size, s->channels, s->invert, split);
    return true;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------ */

static bool has_meta(const ks_tensor_file* file, const char* key, const char* value) {
    const char* found = ks_tensor_file_meta(file, key);
    return found && strcmp(found, value) == 0;
}

/* A tensor of that type and number of dimensions, or NULL. */
static const ks_tensor* find(const ks_tensor_file* file, const char* name, ks_dtype dtype, int ndim) {
    const ks_tensor* t = ks_tensor_file_find(file, name);
    return t && t->dtype == dtype && t->ndim == ndim ? t : NULL;
}

/* Where each split starts. */
static bool read_start(ks_image_set* set, const ks_tensor* start, size_t classes) {
    const int64_t* value = start->data;
    size_t before = 0;
    for (int k = 0; k <= KS_IMAGES_SPLITS; k++) {
        if (value[k] < (int64_t)before || (uint64_t)value[k] > classes) {
            return false;
        }
        set->start[k] = before = (size_t)value[k];
    }
    return set->start[0] == 0 && before == classes;
}

/* A name and one or more images for each class, and none over. */
static bool read_classes(ks_image_set* set, const ks_tensor* names, const ks_tensor* counts, size_t images) {
    size_t classes = counts->count, left = images, ends = 0;
    for (size_t i = 0; i < names->bytes; i++) {
        ends += ((const char*)names->data)[i] == 0;
    }
    size_t* count = malloc((classes + 1) * sizeof *count);
    bool ok = count && ends == classes && classes > 0 && ((const char*)names->data)[names->bytes - 1] == 0;
    for (size_t c = 0; ok && c < classes; c++) {
        int64_t value = ((const int64_t*)counts->data)[c];
        ok = value > 0 && (uint64_t)value <= left;
        count[c] = (size_t)value;
        left -= ok ? count[c] : 0;
    }
    if (ok && left == 0 && (set->names = malloc(names->bytes))) {
        memcpy(set->names, names->data, names->bytes);
        set->names_length = names->bytes;
        ok = ks_image_set_number_classes(set, count, NULL);
    } else {
        ok = false;
    }
    free(count);
    return ok;
}

static bool read_tensors(ks_image_set* set, const ks_tensor_file* file) {
    const ks_tensor *images = find(file, "images", KS_U8, 4), *counts = find(file, "counts", KS_I64, 1),
                    *start = find(file, "start", KS_I64, 1), *names = find(file, "names", KS_U8, 1);
    if (!images || !counts || !start || !names || start->count != KS_IMAGES_SPLITS + 1) {
        return false;
    }
    size_t size = images->shape[1], channels = images->shape[3];
    if (size < 1 || size > KS_IMAGE_MAX_SIZE || images->shape[2] != size || (channels != 1 && channels != 3)) {
        return false;
    }
    set->size = size;
    set->channels = channels;
    set->images = images->data;
    return read_start(set, start, counts->count) && read_classes(set, names, counts, images->shape[0]);
}

bool ks_image_cache_read(ks_image_set* set, const char* path, const ks_image_stamp* stamp) {
    set->cache = ks_tensor_file_open(path, FORMAT, NULL);
    if (set->cache && has_meta(set->cache, "source", stamp->source) &&
        has_meta(set->cache, "settings", stamp->settings) && read_tensors(set, set->cache)) {
        return true;
    }
    ks_tensor_file_close(set->cache);
    free(set->names);
    free(set->classes);
    *set = (ks_image_set){0};
    return false;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------ */

/* Is there nothing at the path that somebody may miss? A cache names its format near its beginning, also where it is damaged. */
static bool may_replace(const char* path) {
    char begin[256];
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return true; /* the writer sees to what cannot be opened */
    }
    ssize_t got = read(fd, begin, sizeof begin);
    close(fd);
    return got == 0 || (got > 0 && memmem(begin, (size_t)got, FORMAT, strlen("kshot.images.")));
}

void ks_image_cache_write(const ks_image_set* set, const char* path, const ks_image_stamp* stamp) {
    size_t classes = set->start[KS_IMAGES_SPLITS], splits = KS_IMAGES_SPLITS + 1;
    ks_tensor_writer* w = may_replace(path) ? ks_tensor_writer_create(NULL) : NULL;
    if (!w) {
        return;
    }
    int64_t* counts = ks_tensor_writer_alloc(w, classes * sizeof *counts);
    int64_t* start = ks_tensor_writer_alloc(w, splits * sizeof *start);
    if (counts && start) {
        for (size_t c = 0; c < classes; c++) {
            counts[c] = (int64_t)set->classes[c].count;
        }
        for (size_t k = 0; k < splits; k++) {
            start[k] = (int64_t)set->start[k];
        }
        ks_tensor_writer_meta(w, "format", FORMAT);
        ks_tensor_writer_meta(w, "source", stamp->source);
        ks_tensor_writer_meta(w, "settings", stamp->settings);
        ks_tensor_writer_add(w, "images", KS_U8, 4, (size_t[]){set->num_images, set->size, set->size, set->channels},
                             set->images);
        ks_tensor_writer_add(w, "counts", KS_I64, 1, &classes, counts);
        ks_tensor_writer_add(w, "start", KS_I64, 1, &splits, start);
        ks_tensor_writer_add(w, "names", KS_U8, 1, &set->names_length, set->names);
        ks_tensor_writer_save(w, path, KS_SAVE_CHECKSUM | KS_SAVE_AGAIN, NULL);
    }
    ks_tensor_writer_destroy(w);
}
