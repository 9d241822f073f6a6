#include "fewshot/image_read.h"

#include "fewshot/image_decode.h"
#include "fewshot/image_each.h"
#include "fewshot/image_resize.h"
#include "fewshot/image_set.h"

#include <stdlib.h>

/* What one thread works with. */
typedef struct scratch {
    ks_image_resizer* resizer;
    uint8_t* small; /* (size x size x 3) */
    bool coloured;  /* there was an image that is not grey */
} scratch;

typedef struct reading {
    const ks_image_files* files;
    const size_t* file; /* (count) */
    size_t count;
    ks_image_form form;
    bool one_size; /* images must have the form's size */
    uint8_t* images;
    scratch* scratch; /* (threads) */
    size_t threads;
} reading;

/* ---- one image -------------------------------------------------------------------------------------------------------------- */

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

/* Resizes, spreads grey to as many channels as are wanted, inverts. */
static bool store(uint8_t* out, ks_image* image, const ks_image_form* form, scratch* w, ks_error* err) {
    if (form->channels == 1) {
        make_grey(image);
    }
    if (!ks_image_resize(w->small, form->size, image, w->resizer, err)) {
        return false;
    }
    size_t repeat = form->channels / image->channels;
    unsigned flip = form->invert ? 255 : 0;
    for (size_t i = 0; i < form->size * form->size * form->channels; i++) {
        out[i] = (uint8_t)(w->small[i / repeat] ^ flip);
    }
    return true;
}

static bool check_size(const reading* r, const ks_image* image, ks_error* err) {
    return !r->one_size || (image->width == r->form.size && image->height == r->form.size) ||
           ks_fail(err, KS_BAD_INPUT,
                   "it has %zu x %zu pixels, where the first image has %zu x %zu; set the size that all are to get",
                   image->width, image->height, r->form.size, r->form.size);
}

static bool read_one(void* user, size_t i, int thread, ks_image_reader* reader, ks_error* err) {
    const reading* r = user;
    scratch* w = &r->scratch[thread];
    size_t length, bytes = r->form.size * r->form.size * r->form.channels;
    const uint8_t* data = ks_image_reader_read(reader, r->file[i], &length, err);
    if (!data) {
        return false;
    }
    ks_image image;
    bool ok = ks_image_decode(&image, data, length, err);
    if (ok) {
        w->coloured = w->coloured || is_coloured(&image);
        ok = check_size(r, &image, err) && store(r->images + i * bytes, &image, &r->form, w, err);
        ks_image_free(&image);
    }
    return ok || ks_image_files_fail_in(r->files, r->file[i], err);
}

/* ---- all of them ------------------------------------------------------------------------------------------------------------ */

static void free_scratch(reading* r) {
    for (size_t t = 0; r->scratch && t < r->threads; t++) {
        ks_image_resizer_destroy(r->scratch[t].resizer);
        free(r->scratch[t].small);
    }
    free(r->scratch);
    r->scratch = NULL;
}

static bool make_scratch(reading* r, ks_error* err) {
    r->scratch = calloc(r->threads, sizeof *r->scratch);
    bool ok = r->scratch;
    for (size_t t = 0; ok && t < r->threads; t++) {
        scratch* w = &r->scratch[t];
        w->small = malloc(r->form.size * r->form.size * 3);
        w->resizer = ks_image_resizer_create(err);
        ok = w->small && w->resizer;
    }
    return ok || ks_fail(err, KS_FAILED, "not enough memory");
}

/* *coloured: an image is not grey. */
static bool read_all(reading* r, bool* coloured, ks_error* err) {
    bool ok = make_scratch(r, err) && ks_image_each(r->files, r->count, (int)r->threads, read_one, r, err);
    *coloured = false;
    for (size_t t = 0; ok && t < r->threads; t++) {
        *coloured = *coloured || r->scratch[t].coloured;
    }
    free_scratch(r);
    return ok;
}

/* Asks the first image for what is not set. */
static bool look_at_first(ks_image_form* form, const ks_image_files* files, size_t file, ks_error* err) {
    ks_image_reader* reader = ks_image_reader_create(files, err);
    size_t length = 0;
    const uint8_t* data = reader ? ks_image_reader_read(reader, file, &length, err) : NULL;
    ks_image image;
    bool ok = false;
    if (data) {
        ok = ks_image_decode(&image, data, length, err);
        if (ok) {
            ok = form->size > 0 || (image.width == image.height && image.width <= KS_IMAGE_MAX_SIZE) ||
                 ks_fail(err, KS_BAD_INPUT, "it has %zu x %zu pixels; set the size that all images are to get",
                         image.width, image.height);
            form->size = form->size > 0 ? form->size : image.width;
            form->channels = form->channels > 0 ? form->channels : is_coloured(&image) ? 3 : 1;
            ks_image_free(&image);
        }
        ok = ok || ks_image_files_fail_in(files, file, err);
    }
    ks_image_reader_destroy(reader);
    return ok;
}

uint8_t* ks_image_read(ks_image_form* form, const ks_image_files* files, const size_t* file, size_t count,
                       ks_error* err) {
    reading r = {.files = files,
                 .file = file,
                 .count = count,
                 .form = *form,
                 .one_size = form->size == 0,
                 .threads = form->threads > 1 ? (size_t)form->threads : 1};
    bool any_channels = form->channels == 0;
    if ((r.one_size || any_channels) && !look_at_first(&r.form, files, file[0], err)) {
        return NULL;
    }
    for (bool ok = true, again = true; ok && again;) {
        size_t bytes = r.form.size * r.form.size * r.form.channels;
        bool coloured = false;
        r.images = count > SIZE_MAX / bytes ? NULL : malloc(count * bytes);
        ok = r.images ? read_all(&r, &coloured, err)
                      : ks_fail(err, KS_FAILED, "not enough memory for %zu images of %zu bytes", count, bytes);
        again = ok && coloured && any_channels && r.form.channels == 1;
        if (!ok || again) { /* colours after all */
            free(r.images);
            r.images = NULL;
            r.form.channels = 3;
        }
    }
    *form = r.form;
    return r.images;
}
