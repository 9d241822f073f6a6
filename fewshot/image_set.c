#include "fewshot/image_set.h"

#include "base/parallel.h"
#include "fewshot/image_decode.h"
#include "fewshot/image_files.h"
#include "fewshot/image_list.h"
#include "fewshot/image_resize.h"
#include "fewshot/image_split.h"

#include <stdlib.h>
#include <string.h>

const char* const ks_image_split_names[] = {"train", "validation", "test", NULL};

typedef struct class_of_set {
    char* name;
    size_t first, count; /* images */
} class_of_set;

struct ks_image_set {
    size_t size, channels;
    class_of_set* classes;              /* (num_classes) split after split, sorted by name within */
    size_t start[KS_IMAGES_SPLITS + 1]; /* first class of each split; the last: num_classes */
    uint8_t* images;                    /* (images x size x size x channels) */
    size_t num_images;
};

ks_image_set_settings ks_image_set_settings_default(void) {
    return (ks_image_set_settings){.data = "strokes", .split = "", .cache = ""};
}

/* ---- decoding --------------------------------------------------------------------------------------------------------------- */

/* What one thread works with, and the first of its images that could not be read. */
typedef struct worker {
    ks_image_reader* reader;
    ks_image_resizer* resizer;
    uint8_t* small; /* (size x size x 3) */
    size_t failed;  /* SIZE_MAX: none */
    bool coloured;  /* there was an image that is not grey */
    ks_error err;
} worker;

typedef struct decoding {
    const ks_image_files* files;
    const size_t* file; /* (images) numbers of the files */
    size_t size, channels;
    bool square; /* images must have that size */
    bool invert;
    uint8_t* images;
    worker* workers;
} decoding;

static bool is_coloured(const ks_image* image) {
    const uint8_t* p = image->pixels;
    for (size_t i = 0; image->channels == 3 && i < image->width * image->height; i++, p += 3) {
        if (p[0] != p[1] || p[1] != p[2]) {
            return true;
        }
    }
    return false;
}

/* Luminance by ITU-R 601, in units of 2^-16, in place. */
static void make_grey(ks_image* image) {
    const uint8_t* p = image->pixels;
    for (size_t i = 0; image->channels == 3 && i < image->width * image->height; i++, p += 3) {
        image->pixels[i] = (uint8_t)((p[0] * 19595U + p[1] * 38470U + p[2] * 7471U + 0x8000U) >> 16);
    }
    image->channels = 1;
}

/* Resizes, spreads grey to as many channels as the set has, inverts. */
static bool store(const decoding* d, worker* w, ks_image* image, uint8_t* out) {
    if (d->channels == 1) {
        make_grey(image);
    }
    if (!ks_image_resize(w->small, d->size, image, w->resizer, &w->err)) {
        return false;
    }
    size_t repeat = d->channels / image->channels;
    for (size_t i = 0; i < d->size * d->size * d->channels; i++) {
        uint8_t value = w->small[i / repeat];
        out[i] = d->invert ? (uint8_t)(255 - value) : value;
    }
    return true;
}

static bool decode(const decoding* d, worker* w, size_t i) {
    size_t length, bytes = d->size * d->size * d->channels;
    const uint8_t* data = ks_image_reader_read(w->reader, d->file[i], &length, &w->err);
    if (!data) {
        return false;
    }
    ks_image image;
    bool ok = ks_image_decode(&image, data, length, &w->err);
    if (ok) {
        w->coloured = w->coloured || is_coloured(&image);
        ok = !d->square || (image.width == d->size && image.height == d->size) ||
             ks_fail(&w->err, KS_BAD_INPUT,
                     "it has %zu x %zu pixels, the first image has %zu x %zu; say what size "
                     "all are to get",
                     image.width, image.height, d->size, d->size);
        ok = ok && store(d, w, &image, d->images + i * bytes);
        ks_image_free(&image);
    }
    return ok || ks_image_files_fail_in(d->files, d->file[i], &w->err);
}

/* A thread that has failed tries no later image, but every earlier one, so that the first that is wrong is always the one named. */
static void decode_item(void* user, size_t i, int thread) {
    const decoding* d = user;
    worker* w = &d->workers[thread];
    ks_error before = w->err;
    if (i < w->failed) {
        if (decode(d, w, i)) {
            w->err = before;
        } else {
            w->failed = i;
        }
    }
}

static void free_workers(worker* workers, size_t count) {
    for (size_t t = 0; workers && t < count; t++) {
        ks_image_reader_destroy(workers[t].reader);
        ks_image_resizer_destroy(workers[t].resizer);
        free(workers[t].small);
    }
    free(workers);
}

static worker* make_workers(size_t count, const ks_image_files* files, size_t size, ks_error* err) {
    worker* workers = calloc(count, sizeof *workers);
    if (!workers) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    for (size_t t = 0; t < count; t++) {
        worker* w = &workers[t];
        w->failed = SIZE_MAX;
        w->small = malloc(size * size * 3);
        w->reader = ks_image_reader_create(files, err);
        w->resizer = w->reader ? ks_image_resizer_create(err) : NULL;
        if (!w->small || !w->resizer) {
            ks_fail(err, KS_FAILED, "not enough memory");
            free_workers(workers, count);
            return NULL;
        }
    }
    return workers;
}

/* All images, on `threads` threads. *coloured: one of them is not grey. */
static bool decode_all(decoding* d, size_t count, int threads, bool* coloured, ks_error* err) {
    d->workers = make_workers((size_t)threads, d->files, d->size, err);
    if (!d->workers) {
        return false;
    }
    ks_parallel_for(threads, count, decode_item, d);
    const worker* first = d->workers;
    *coloured = false;
    for (int t = 0; t < threads; t++) {
        const worker* w = &d->workers[t];
        *coloured = *coloured || w->coloured;
        first = w->failed < first->failed ? w : first;
    }
    bool ok = first->failed == SIZE_MAX;
    if (!ok && err) {
        *err = first->err;
    }
    free_workers(d->workers, (size_t)threads);
    return ok;
}

/* ---- the set ------------------------------------------------------------------------------------------------------------------ */

/* Size and channels, as the settings or the first image have them. */
static bool choose_form(ks_image_set* set, const ks_image_files* files, size_t first, const ks_image_set_settings* s,
                        ks_error* err) {
    set->size = (size_t)s->size;
    set->channels = (size_t)s->channels;
    if (s->size > 0 && s->channels > 0) {
        return true;
    }
    ks_image_reader* reader = ks_image_reader_create(files, err);
    size_t length = 0;
    const uint8_t* data = reader ? ks_image_reader_read(reader, first, &length, err) : NULL;
    ks_image image;
    bool ok = false;
    if (data && ks_image_decode(&image, data, length, err)) {
        ok = s->size > 0 || image.width == image.height ||
             ks_fail(err, KS_BAD_INPUT, "it has %zu x %zu pixels; say what size all images are to get", image.width,
                     image.height);
        set->size = s->size > 0 ? set->size : image.width;
        set->channels = s->channels > 0 ? set->channels : is_coloured(&image) ? 3 : 1;
        ks_image_free(&image);
    }
    ks_image_reader_destroy(reader);
    return ok || (data && ks_image_files_fail_in(files, first, err));
}

static bool read_images(ks_image_set* set, const ks_image_files* files, const size_t* file,
                        const ks_image_set_settings* s, ks_error* err) {
    if (!choose_form(set, files, file[0], s, err)) {
        return false;
    }
    for (bool again = true; again;) {
        size_t bytes = set->size * set->size * set->channels;
        free(set->images);
        set->images = set->num_images > SIZE_MAX / bytes ? NULL : malloc(set->num_images * bytes);
        if (!set->images) {
            return ks_fail(err, KS_FAILED, "not enough memory for %zu images of %zu bytes", set->num_images, bytes);
        }
        decoding d = {.files = files,
                      .file = file,
                      .size = set->size,
                      .channels = set->channels,
                      .square = s->size == 0,
                      .invert = s->invert,
                      .images = set->images};
        bool coloured;
        if (!decode_all(&d, set->num_images, s->threads > 1 ? s->threads : 1, &coloured, err)) {
            return false;
        }
        again = coloured && s->channels == 0 && set->channels == 1;
        set->channels = again ? 3 : set->channels;
    }
    return true;
}

/* Takes the classes of a list, split after split. file: (images) where each image is */
static bool take_classes(ks_image_set* set, size_t* file, ks_image_list* list, ks_error* err) {
    set->classes = calloc(list->num_classes, sizeof *set->classes);
    if (!set->classes) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    size_t n = 0;
    for (int split = 0; split < KS_IMAGES_SPLITS; split++) {
        set->start[split] = n;
        for (size_t c = 0; c < list->num_classes; c++) {
            ks_image_class* from = &list->classes[c];
            if ((int)from->split == split) {
                set->classes[n++] = (class_of_set){.name = from->name, .first = set->num_images, .count = from->count};
                memcpy(file + set->num_images, list->files + from->first, from->count * sizeof *file);
                set->num_images += from->count;
                from->name = NULL;
            }
        }
    }
    set->start[KS_IMAGES_SPLITS] = n;
    return true;
}

static bool read_files(ks_image_set* set, const ks_image_set_settings* s, ks_error* err) {
    ks_image_files* files = ks_image_files_open(s->data, err);
    if (!files) {
        return false;
    }
    ks_image_list list = {0};
    bool ok = ks_image_list_make(&list, files, err);
    if (ok) {
        size_t* file = malloc(list.num_files * sizeof *file);
        ok = file || ks_fail(err, KS_FAILED, "not enough memory");
        ok = ok && ks_image_split_classes(&list, s, err) && take_classes(set, file, &list, err) &&
             read_images(set, files, file, s, err);
        free(file);
    }
    ks_image_list_free(&list);
    ks_image_files_close(files);
    return ok;
}

ks_image_set* ks_image_set_open(const ks_image_set_settings* settings, ks_error* err) {
    ks_image_set* set = calloc(1, sizeof *set);
    if (!set) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    if (!read_files(set, settings, err)) {
        ks_image_set_close(set);
        return NULL;
    }
    return set;
}

void ks_image_set_close(ks_image_set* set) {
    if (set) {
        for (size_t c = 0; set->classes && c < set->start[KS_IMAGES_SPLITS]; c++) {
            free(set->classes[c].name);
        }
        free(set->classes);
        free(set->images);
        free(set);
    }
}

/* ---- what is in it ------------------------------------------------------------------------------------------------------------ */

static const class_of_set* class_at(const ks_image_set* set, ks_image_split split, size_t c) {
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
