#include "fewshot/image_split.h"

#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { STAGE_SPLIT }; /* what numbers of the purpose KS_RNG_IMAGES are for */

/* ---- at random -------------------------------------------------------------------------------------------------------------- */

/* How many classes of a random split go to training and to validation. */
static bool count_classes(size_t part[2], const ks_image_list* list, const ks_image_set_settings* s, ks_error* err) {
    size_t n = list->num_classes;
    part[0] = (size_t)s->train;
    part[1] = (size_t)s->validation;
    if (s->train == 0 && s->validation == 0) {
        bool paper = list->layout == KS_LAYOUT_OMNIGLOT && n == KS_OMNIGLOT_CLASSES;
        part[0] = paper ? KS_OMNIGLOT_TRAIN : (n * 64 + 50) / 100;
        part[1] = paper ? KS_OMNIGLOT_VALIDATION : (n * 16 + 50) / 100;
    }
    return part[0] + part[1] <= n ||
           ks_fail(err, KS_BAD_INPUT,
                   "%s: %zu classes are wanted for training and %zu for validation, and there are %zu in all", s->data,
                   part[0], part[1], n);
}

/* Fisher and Yates' shuffle of classes that are sorted by name: it depends on nothing but the seed and what there is. */
static bool split_at_random(ks_image_list* list, const ks_image_set_settings* s, ks_error* err) {
    size_t n = list->num_classes, part[2];
    if (!count_classes(part, list, s, err)) {
        return false;
    }
    double* uniform = malloc(n * sizeof *uniform);
    size_t* order = malloc(n * sizeof *order);
    bool ok = (uniform && order) || ks_fail(err, KS_FAILED, "not enough memory");
    if (ok) {
        ks_stream_uniform(uniform, n, ks_stream_make(s->seed, KS_RNG_IMAGES, 0, STAGE_SPLIT), 0, 0, 0);
        for (size_t i = 0; i < n; i++) {
            order[i] = i;
        }
        for (size_t i = 0; i < n; i++) {
            size_t j = i + (size_t)(uniform[i] * (double)(n - i)), chosen = order[j];
            order[j] = order[i];
            list->classes[chosen].split = i < part[0]             ? KS_IMAGES_TRAIN
                                          : i < part[0] + part[1] ? KS_IMAGES_VALIDATION
                                                                  : KS_IMAGES_TEST;
        }
    }
    free(uniform);
    free(order);
    return ok;
}

/* ---- by files --------------------------------------------------------------------------------------------------------------- */

static bool is_folder(const char* path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* The folder that a set is in, or that it is. */
static void folder_of(char* folder, size_t room, const char* data) {
    const char* slash = strrchr(data, '/');
    if (is_folder(data)) {
        snprintf(folder, room, "%s", data);
    } else if (slash) {
        snprintf(folder, room, "%.*s", slash == data ? 1 : (int)(slash - data), data);
    } else {
        snprintf(folder, room, ".");
    }
}

bool ks_image_split_source(char path[KS_IMAGE_SPLIT_PATH], const ks_image_set_settings* s, int which) {
    static const char* const PARTS[KS_IMAGES_SPLITS] = {"train", "val", "test"};
    if (!*s->split || strcmp(s->split, "random") == 0) {
        return false;
    }
    bool beside = strcmp(s->split, "vinyals") == 0;
    if (!beside && !is_folder(s->split)) {
        snprintf(path, KS_IMAGE_SPLIT_PATH, "%s", s->split);
        return which == 0;
    }
    if (which >= KS_IMAGES_SPLITS) {
        return false;
    }
    char folder[KS_IMAGE_SPLIT_PATH - 32];
    folder_of(folder, sizeof folder, beside ? s->data : s->split);
    snprintf(path, KS_IMAGE_SPLIT_PATH, "%s/vinyals-%s.json", folder, PARTS[which]);
    return true;
}

static bool split_by_files(ks_image_list* list, const ks_image_set_settings* s, ks_error* err) {
    char path[KS_IMAGE_SPLIT_PATH];
    bool several = ks_image_split_source(path, s, 1), ok = true;
    for (int i = 0; ok && ks_image_split_source(path, s, i); i++) {
        ok = ks_image_split_by_file(list, path, several ? (ks_image_split)i : KS_IMAGES_SPLITS, err);
    }
    return ok;
}

bool ks_image_split_classes(ks_image_list* list, const ks_image_set_settings* s, ks_error* err) {
    bool own = list->layout == KS_LAYOUT_SPLITS || list->layout == KS_LAYOUT_TABLES;
    if (own && !*s->split) {
        return true;
    }
    for (size_t c = 0; c < list->num_classes; c++) {
        list->classes[c].split = KS_IMAGES_SPLITS;
    }
    bool files = *s->split && strcmp(s->split, "random") != 0;
    return files ? split_by_files(list, s, err) : split_at_random(list, s, err);
}
