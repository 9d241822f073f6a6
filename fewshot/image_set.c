#include "fewshot/image_set.h"

#include "fewshot/image_cache.h"
#include "fewshot/image_files.h"
#include "fewshot/image_list.h"
#include "fewshot/image_read.h"
#include "fewshot/image_set_internal.h"
#include "fewshot/image_split.h"

#include <stdlib.h>
#include <string.h>

ks_image_set_settings ks_image_set_settings_default(void) {
    return (ks_image_set_settings){.data = "strokes", .split = "", .cache = ""};
}

/* ---- from files ------------------------------------------------------------------------------------------------------------- */

/* Room for what the classes of a list are called. */
static bool make_names(ks_image_set* set, const ks_image_list* list, ks_error* err) {
    size_t room = 1;
    for (size_t c = 0; c < list->num_classes; c++) {
        room += strlen(list->classes[c].name) + 1;
    }
    set->names = malloc(room);
    return set->names || ks_fail(err, KS_FAILED, "not enough memory");
}

/* Takes the classes of a list, split after split. counts: (classes) images of each; file: (images) where each is */
static bool take_classes(ks_image_set* set, size_t* counts, size_t* file, const ks_image_list* list, ks_error* err) {
    if (!make_names(set, list, err)) {
        return false;
    }
    size_t n = 0, images = 0;
    for (int split = 0; split < KS_IMAGES_SPLITS; split++) {
        set->start[split] = n;
        for (size_t c = 0; c < list->num_classes; c++) {
            const ks_image_class* from = &list->classes[c];
            if ((int)from->split == split) {
                size_t length = strlen(from->name) + 1;
                memcpy(set->names + set->names_length, from->name, length);
                set->names_length += length;
                memcpy(file + images, list->files + from->first, from->count * sizeof *file);
                images += from->count;
                counts[n++] = from->count;
            }
        }
    }
    set->start[KS_IMAGES_SPLITS] = n;
    return ks_image_set_number_classes(set, counts, err);
}

static bool read_list(ks_image_set* set, const ks_image_files* files, ks_image_list* list,
                      const ks_image_set_settings* s, ks_error* err) {
    size_t* file = malloc(list->num_files * sizeof *file);
    size_t* counts = malloc(list->num_classes * sizeof *counts);
    bool ok = (file && counts) || ks_fail(err, KS_FAILED, "not enough memory");
    ok = ok && ks_image_split_classes(list, s, err) && take_classes(set, counts, file, list, err);
    ok = ok && (set->num_images > 0 || ks_fail(err, KS_BAD_INPUT, "%s: no class is in any split", s->data));
    if (ok) {
        ks_image_form form = {
            .size = (size_t)s->size, .channels = (size_t)s->channels, .invert = s->invert, .threads = s->threads};
        set->images = set->owned = ks_image_read(&form, files, file, set->num_images, err);
        set->size = form.size;
        set->channels = form.channels;
        ok = set->images;
    }
    free(file);
    free(counts);
    return ok;
}

static bool read_files(ks_image_set* set, const ks_image_set_settings* s, ks_error* err) {
    ks_image_files* files = ks_image_files_open(s->data, err);
    ks_image_list list = {0};
    bool ok = files && ks_image_list_make(&list, files, err) && read_list(set, files, &list, s, err);
    ks_image_list_free(&list);
    ks_image_files_close(files);
    return ok;
}

/* By way of the cache, if there is to be one. */
static bool read_or_recall(ks_image_set* set, const ks_image_set_settings* s, ks_error* err) {
    bool (*read)(ks_image_set*, const ks_image_set_settings*, ks_error*) =
        ks_image_set_is_drawn(s->data) ? ks_image_set_draw : read_files;
    if (!*s->cache) {
        return read(set, s, err);
    }
    ks_image_stamp stamp;
    if (!ks_image_stamp_make(&stamp, s, err)) {
        return false;
    }
    if (ks_image_cache_read(set, s->cache, &stamp)) {
        return true;
    }
    if (!read(set, s, err)) {
        return false;
    }
    ks_image_cache_write(set, s->cache, &stamp);
    return true;
}

/* ---- the set ------------------------------------------------------------------------------------------------------------------ */

static bool check_settings(const ks_image_set_settings* s, ks_error* err) {
    if (!s->data || !*s->data) {
        return ks_fail(err, KS_BAD_INPUT, "no image set is named: a folder, a zip file, or strokes");
    }
    if (s->size < 0 || s->size > KS_IMAGE_MAX_SIZE) {
        return ks_fail(err, KS_BAD_INPUT, "images of %d x %d pixels; up to %d are possible", s->size, s->size,
                       KS_IMAGE_MAX_SIZE);
    }
    if (s->channels != 0 && s->channels != 1 && s->channels != 3) {
        return ks_fail(err, KS_BAD_INPUT, "images of %d channels; 1 (grey) and 3 (colour) are possible", s->channels);
    }
    return (s->train >= 0 && s->validation >= 0) ||
           ks_fail(err, KS_BAD_INPUT, "less than no class is wanted for training or validation");
}

ks_image_set* ks_image_set_open(const ks_image_set_settings* settings, ks_error* err) {
    ks_image_set_settings s = *settings;
    s.split = s.split ? s.split : "";
    s.cache = s.cache ? s.cache : "";
    if (!check_settings(&s, err)) {
        return NULL;
    }
    ks_image_set* set = calloc(1, sizeof *set);
    if (!set) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    if (!read_or_recall(set, &s, err)) {
        ks_image_set_close(set);
        return NULL;
    }
    return set;
}

void ks_image_set_close(ks_image_set* set) {
    if (set) {
        ks_tensor_file_close(set->cache);
        free(set->owned);
        free(set->classes);
        free(set->names);
        free(set);
    }
}

/* ---- what is in it ------------------------------------------------------------------------------------------------------------ */

static const ks_image_set_class* class_at(const ks_image_set* set, ks_image_split split, size_t c) {
    return &set->classes[set->start[split] + c];
}

int ks_image_set_size(const ks_image_set* set) {
    return (int)set->size;
}

int ks_image_set_channels(const ks_image_set* set) {
    return (int)set->channels;
}

size_t ks_image_set_num_classes(const ks_image_set* set, ks_image_split split) {
    return set->start[split + 1] - set->start[split];
}

const char* ks_image_set_class_name(const ks_image_set* set, ks_image_split split, size_t c) {
    return class_at(set, split, c)->name;
}

size_t ks_image_set_num_images(const ks_image_set* set, ks_image_split split, size_t c) {
    return class_at(set, split, c)->count;
}

const uint8_t* ks_image_set_image(const ks_image_set* set, ks_image_split split, size_t c, size_t i) {
    return set->images + (class_at(set, split, c)->first + i) * set->size * set->size * set->channels;
}
