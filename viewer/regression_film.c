#include "viewer/regression_film.h"

#include "viewer/flat.h"

#include <stdlib.h>

struct ks_regression_film {
    ks_flat flat;
    ks_regression_picture* picture;
};

ks_regression_film* ks_regression_film_create(int width, int height, ks_error* err) {
    ks_regression_film* f = calloc(1, sizeof *f);
    if (!f) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    bool ok = ks_flat_open(&f->flat, width, height, err);
    const ks_plate* plate = &f->flat.plate;
    f->picture = ok ? ks_regression_picture_create(&f->flat.context, plate->unit, err) : NULL;
    if (!f->picture ||
        !ks_regression_picture_resize(f->picture, plate->fine_rect.width, plate->fine_rect.height, err)) {
        ks_regression_film_destroy(f);
        return NULL;
    }
    return f;
}

void ks_regression_film_destroy(ks_regression_film* f) {
    if (f) {
        ks_regression_picture_destroy(f->picture);
        ks_flat_close(&f->flat);
        free(f);
    }
}

const unsigned char* ks_regression_film_frame(ks_regression_film* f, const ks_regression* regression,
                                              const ks_regression_view* view, ks_error* err) {
    ks_regression_picture_draw(f->picture, regression, view);
    return ks_plate_develop(&f->flat.plate, &f->flat.context, err);
}
