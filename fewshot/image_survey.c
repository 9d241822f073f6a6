#include "fewshot/image_survey.h"

#include "fewshot/image_decode.h"
#include "fewshot/image_each.h"
#include "fewshot/image_list.h"
#include "fewshot/image_set_internal.h"
#include "fewshot/image_split.h"
#include "fewshot/strokes.h"

#include <stdlib.h>

enum { BEGINNING = 4096 }; /* bytes of a file, within which its size mostly stands */

/* What was seen, of every thread by itself. */
typedef struct seen {
    size_t min_width, max_width, min_height, max_height, coloured;
} seen;

typedef struct looking {
    const ks_image_files* files;
    const size_t* file; /* (images) */
    seen* seen;         /* (threads) */
} looking;

static size_t lesser(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t greater(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Looks at one image: its beginning, and if that does not say it, all of it. */
static bool look(void* user, size_t i, int thread, ks_image_reader* reader, ks_error* err) {
    const looking* l = user;
    seen* s = &l->seen[thread];
    size_t file = l->file[i], length;
    ks_image image;
    const uint8_t* data = ks_image_reader_begin(reader, file, BEGINNING, &length, err);
    if (data && !ks_image_measure(&image, data, length, err)) {
        data = ks_image_reader_read(reader, file, &length, err);
        if (data && !ks_image_measure(&image, data, length, err)) {
            return ks_image_files_fail_in(l->files, file, err);
        }
    }
    if (data) {
        s->min_width = lesser(s->min_width, image.width);
        s->max_width = greater(s->max_width, image.width);
        s->min_height = lesser(s->min_height, image.height);
        s->max_height = greater(s->max_height, image.height);
        s->coloured += image.channels == 3;
    }
    return data;
}

static bool look_at_all(ks_image_survey* survey, const ks_image_files* files, const ks_image_list* list, int threads,
                        ks_error* err) {
    looking l = {.files = files, .file = list->files, .seen = calloc((size_t)threads, sizeof *l.seen)};
    if (!l.seen) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    for (int t = 0; t < threads; t++) {
        l.seen[t] = (seen){.min_width = SIZE_MAX, .min_height = SIZE_MAX};
    }
    bool ok = ks_image_each(files, list->num_files, threads, look, &l, err);
    survey->min_width = survey->min_height = SIZE_MAX;
    for (int t = 0; t < threads; t++) {
        const seen* s = &l.seen[t];
        survey->min_width = lesser(survey->min_width, s->min_width);
        survey->max_width = greater(survey->max_width, s->max_width);
        survey->min_height = lesser(survey->min_height, s->min_height);
        survey->max_height = greater(survey->max_height, s->max_height);
        survey->coloured += s->coloured;
    }
    free(l.seen);
    return ok;
}

static void count_class(ks_image_count* count, size_t images) {
    count->fewest = count->classes == 0 ? images : lesser(count->fewest, images);
    count->most = greater(count->most, images);
    count->images += images;
    count->classes++;
}

static bool count_classes(ks_image_survey* survey, ks_image_list* list, const char* data, ks_error* err) {
    static const char* const KINDS[] = {
        [KS_LAYOUT_CLASSES] = "images in folders of classes",
        [KS_LAYOUT_SPLITS] = "images in folders of splits and classes",
        [KS_LAYOUT_TABLES] = "images that tables name",
        [KS_LAYOUT_OMNIGLOT] = "Omniglot",
    };
    survey->kind = KINDS[list->layout];
    survey->has_splits = list->layout == KS_LAYOUT_SPLITS || list->layout == KS_LAYOUT_TABLES;
    ks_image_set_settings s = ks_image_set_settings_default();
    s.data = data;
    if (!ks_image_split_classes(list, &s, err)) {
        return false;
    }
    for (size_t c = 0; c < list->num_classes; c++) {
        ks_image_count* split = &survey->split[list->classes[c].split];
        count_class(&survey->all, list->classes[c].count);
        if (survey->has_splits) {
            count_class(split, list->classes[c].count);
        } else {
            split->classes++;
        }
    }
    return true;
}

static void describe_strokes(ks_image_survey* survey) {
    static const size_t CLASSES[] = {KS_OMNIGLOT_TRAIN, KS_OMNIGLOT_VALIDATION, KS_STROKES_TESTS};
    *survey = (ks_image_survey){.kind = "characters that are drawn by program", .has_splits = true};
    for (int k = 0; k < KS_IMAGES_SPLITS; k++) {
        for (size_t c = 0; c < CLASSES[k]; c++) {
            count_class(&survey->all, KS_STROKES_IMAGES);
            count_class(&survey->split[k], KS_STROKES_IMAGES);
        }
    }
    survey->min_width = survey->max_width = survey->min_height = survey->max_height = KS_STROKES_SIZE;
}

bool ks_image_survey_make(ks_image_survey* survey, const char* data, int threads, ks_error* err) {
    *survey = (ks_image_survey){0};
    if (ks_image_set_is_drawn(data)) {
        describe_strokes(survey);
        return true;
    }
    ks_image_files* files = ks_image_files_open(data, err);
    ks_image_list list = {0};
    bool ok = files && ks_image_list_make(&list, files, err) && count_classes(survey, &list, data, err) &&
              look_at_all(survey, files, &list, threads, err);
    ks_image_list_free(&list);
    ks_image_files_close(files);
    return ok;
}
