/* the image set that is drawn (strokes.h) */
#include "base/parallel.h"
#include "fewshot/image_set_internal.h"
#include "fewshot/image_split.h"
#include "fewshot/strokes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 32 };

typedef struct drawing {
    const ks_image_set* set;
    uint64_t seed;
    uint8_t* images;
    ks_sheet** canvas; /* (threads) */
    bool* failed;      /* (threads) memory was short */
} drawing;

/* All images of class c. */
static void draw_class(void* user, size_t c, int thread) {
    const drawing* d = user;
    const ks_image_set* set = d->set;
    unsigned split = 0;
    while (c >= set->start[split + 1]) {
        split++;
    }
    size_t pixels = set->size * set->size;
    uint8_t* out = d->images + set->classes[c].first * pixels * set->channels;
    for (uint32_t i = 0; i < KS_STROKES_IMAGES; i++, out += pixels * set->channels) {
        if (!ks_strokes_draw(out, d->canvas[thread], d->seed, split, (uint32_t)(c - set->start[split]), i, NULL)) {
            d->failed[thread] = true;
        }
        for (size_t p = pixels; set->channels == 3 && p-- > 0;) { /* grey thrice, from behind, in place */
            out[3 * p] = out[3 * p + 1] = out[3 * p + 2] = out[p];
        }
    }
}

static bool draw_all(ks_image_set* set, const ks_image_set_settings* s, ks_error* err) {
    int threads = s->threads > 1 ? s->threads : 1;
    drawing d = {.set = set, .seed = s->seed, .images = set->owned};
    d.canvas = calloc((size_t)threads, sizeof(ks_sheet*));
    d.failed = calloc((size_t)threads, sizeof *d.failed);
    bool ok = d.canvas && d.failed;
    for (int t = 0; ok && t < threads; t++) {
        d.canvas[t] = ks_sheet_create(set->size, err);
        ok = d.canvas[t];
    }
    if (ok) {
        ks_parallel_for(threads, set->start[KS_IMAGES_SPLITS], draw_class, &d);
    }
    for (int t = 0; d.canvas && t < threads; t++) {
        ok = ok && !d.failed[t];
        ks_sheet_destroy(d.canvas[t]);
    }
    free(d.canvas);
    free(d.failed);
    return ok || ks_fail(err, KS_FAILED, "not enough memory");
}

/* How many classes each split has, and what they are called. */
static bool make_classes(ks_image_set* set, const ks_image_set_settings* s, ks_error* err) {
    bool paper = s->train == 0 && s->validation == 0;
    size_t count[KS_IMAGES_SPLITS] = {(size_t)(paper ? KS_OMNIGLOT_TRAIN : s->train),
                                      (size_t)(paper ? KS_OMNIGLOT_VALIDATION : s->validation), KS_STROKES_TESTS};
    for (int k = 0; k < KS_IMAGES_SPLITS; k++) {
        set->start[k + 1] = set->start[k] + count[k];
    }
    size_t classes = set->start[KS_IMAGES_SPLITS];
    size_t* images = malloc(classes * sizeof *images);
    set->names = malloc(classes * NAME_ROOM);
    bool ok = (images && set->names) || ks_fail(err, KS_FAILED, "not enough memory for %zu classes", classes);
    for (int k = 0; ok && k < KS_IMAGES_SPLITS; k++) {
        for (size_t c = 0; c < count[k]; c++) {
            set->names_length +=
                (size_t)snprintf(set->names + set->names_length, NAME_ROOM, "%s%05zu", ks_image_split_names[k], c) + 1;
            images[set->start[k] + c] = KS_STROKES_IMAGES;
        }
    }
    ok = ok && ks_image_set_number_classes(set, images, err);
    free(images);
    return ok;
}

bool ks_image_set_is_drawn(const char* data) {
    return strcmp(data, "strokes") == 0;
}

bool ks_image_set_draw(ks_image_set* set, const ks_image_set_settings* s, ks_error* err) {
    if (*s->split && strcmp(s->split, "random") != 0) {
        return ks_fail(err, KS_BAD_INPUT, "strokes: characters that are drawn are in no split file (%s)", s->split);
    }
    if (!make_classes(set, s, err)) {
        return false;
    }
    set->size = s->size > 0 ? (size_t)s->size : KS_STROKES_SIZE;
    set->channels = s->channels > 0 ? (size_t)s->channels : 1;
    size_t bytes = set->size * set->size * set->channels;
    set->images = set->owned = set->num_images > SIZE_MAX / bytes ? NULL : malloc(set->num_images * bytes);
    if (!set->images) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu images of %zu bytes", set->num_images, bytes);
    }
    if (!draw_all(set, s, err)) {
        return false;
    }
    for (size_t i = 0; s->invert && i < set->num_images * bytes; i++) {
        set->owned[i] ^= 255;
    }
    return true;
}
