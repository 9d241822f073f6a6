#include "fewshot/images_source.h"

#include "fewshot/image_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = KS_IMAGES_PATH + 32 };

static ks_image_set_settings set_settings(const ks_images_settings* s) {
    static const char* const SPLITS[] = {
        [KS_SPLIT_OWN] = "", [KS_SPLIT_RANDOM] = "random", [KS_SPLIT_VINYALS] = "vinyals"};
    ks_image_set_settings set = ks_image_set_settings_default();
    set.data = s->data;
    set.split = *s->split_file ? s->split_file : SPLITS[s->split];
    set.seed = (uint64_t)s->split_seed;
    set.train = s->train_classes;
    set.validation = s->validation_classes;
    set.size = s->size;
    set.channels = s->channels;
    set.invert = s->invert;
    set.threads = s->threads;
    set.cache = strcmp(s->cache, "none") == 0 ? "" : s->cache;
    return set;
}

/* ---- what a run directory keeps -------------------------------------------------------------------------------------------- */

/* Characters that are drawn need not be kept. */
static bool is_kept(const ks_images_settings* s) {
    return *s->folder && !*s->cache && !ks_image_set_is_drawn(s->data);
}

static void kept_path(char path[PATH_ROOM], const ks_images_settings* s) {
    snprintf(path, PATH_ROOM, "%s/images.safetensors", s->folder);
}

/* What the file says that it is made from. */
static bool source_of(char source[KS_IMAGE_STAMP], const char* path) {
    ks_tensor_file* file = ks_tensor_file_open(path, "kshot.images.1", NULL);
    const char* text = file ? ks_tensor_file_meta(file, "source") : NULL;
    bool ok = text && strlen(text) < KS_IMAGE_STAMP;
    snprintf(source, KS_IMAGE_STAMP, "%s", ok ? text : "");
    ks_tensor_file_close(file);
    return ok;
}

/* The stamp that the file should have. Of what is no longer where it was, it is the best that there is, if it was read in the same
 * way, which a set says of itself that is made of no files. */
static bool make_stamp(ks_image_stamp* stamp, const ks_image_set_settings* set, const char* path) {
    if (access(set->data, F_OK) == 0) {
        return ks_image_stamp_make(stamp, set, NULL);
    }
    ks_image_set_settings drawn = *set;
    drawn.data = "strokes";
    return ks_image_stamp_make(stamp, &drawn, NULL) && source_of(stamp->source, path);
}

/* NULL if it is not there, or another. */
static ks_image_set* recall(const ks_images_settings* s, const ks_image_set_settings* set_from) {
    char path[PATH_ROOM];
    ks_image_stamp stamp;
    kept_path(path, s);
    if (access(path, F_OK) != 0 || !make_stamp(&stamp, set_from, path)) {
        return NULL;
    }
    ks_image_set* set = calloc(1, sizeof *set);
    if (set && !ks_image_cache_read(set, path, &stamp)) {
        free(set);
        set = NULL;
    }
    return set;
}

/* ---- all of it --------------------------------------------------------------------------------------------------------------- */

ks_image_set* ks_images_open(const ks_images_settings* s, ks_error* err) {
    ks_image_set_settings from = set_settings(s);
    ks_image_set* kept = is_kept(s) ? recall(s, &from) : NULL;
    return kept ? kept : ks_image_set_open(&from, err);
}

void ks_images_keep(const ks_image_set* set, const ks_images_settings* s) {
    char path[PATH_ROOM];
    ks_image_stamp stamp;
    ks_image_set_settings from = set_settings(s);
    kept_path(path, s);
    if (is_kept(s) && !set->cache && ks_image_stamp_make(&stamp, &from, NULL)) {
        ks_image_cache_write(set, path, &stamp);
    }
}
