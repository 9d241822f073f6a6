#include "viewer/classification_film.h"

#include "viewer/cards.h"
#include "viewer/flat.h"

#include <stdlib.h>

struct ks_classification_film {
    ks_flat flat;
    ks_classification_picture* picture;
};

ks_classification_film* ks_classification_film_create(int width, int height, const ks_images_form* form,
                                                      ks_error* err) {
    ks_classification_film* f = calloc(1, sizeof *f);
    if (!f) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    bool ok = ks_flat_open(&f->flat, width, height, err);
    const ks_plate* plate = &f->flat.plate;
    f->picture = ok ? ks_classification_picture_create(&f->flat.context, plate->unit, form, false, err) : NULL;
    if (!f->picture ||
        !ks_classification_picture_resize(f->picture, plate->fine_rect.width, plate->fine_rect.height, err)) {
        ks_classification_film_destroy(f);
        return NULL;
    }
    return f;
}

void ks_classification_film_destroy(ks_classification_film* f) {
    if (f) {
        ks_classification_picture_destroy(f->picture);
        ks_flat_close(&f->flat);
        free(f);
    }
}

int ks_classification_film_height(int width, const ks_classification* c) {
    ks_images_form form = ks_images_fit_form(c->fit);
    ks_cards_settings s = {.width = width,
                           .height = width * 9 / 16,
                           .unit = 1,
                           .line = 21, /* roughly what letters take then */
                           .text = 98,
                           .lines = c->steps < 2 ? c->steps + 1 : 3,
                           .ways = form.ways,
                           .shots = form.shots,
                           .queries = form.queries};
    return (ks_cards_height(&s) + 1) / 2 * 2;
}

const unsigned char* ks_classification_film_frame(ks_classification_film* f, const ks_classification* c,
                                                  const ks_classification_view* view, ks_error* err) {
    ks_classification_picture_draw(f->picture, c, view);
    return ks_plate_develop(&f->flat.plate, &f->flat.context, err);
}
