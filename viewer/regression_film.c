#include "viewer/regression_film.h"

#include "viewer/offscreen.h"

#include <stdlib.h>

enum { GL_RGB = 0x1907 };

struct ks_regression_film {
    ks_plate plate;
    ks_offscreen* offscreen;
    mjrContext context; /* of no model: for letters and pixels */
    bool has_context;
    ks_regression_picture* picture;
};

static bool open_context(ks_regression_film* f, ks_error* err) {
    mjrRect all = f->plate.fine_rect;
    mjr_defaultContext(&f->context);
    mjr_makeContext(NULL, &f->context, f->plate.font);
    f->context.readPixelFormat = GL_RGB; /* which a context of a model has */
    f->has_context = true;
    mjr_resizeOffscreen(all.width, all.height, &f->context);
    mjr_setBuffer(mjFB_OFFSCREEN, &f->context);
    return f->context.currentBuffer == mjFB_OFFSCREEN ||
           ks_fail(err, KS_FAILED, "OpenGL has no off-screen buffer of %d x %d pixels", all.width, all.height);
}

ks_regression_film* ks_regression_film_create(int width, int height, ks_error* err) {
    ks_regression_film* f = calloc(1, sizeof *f);
    if (!f) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    bool ok = ks_plate_init(&f->plate, width, height, err);
    mjrRect all = f->plate.fine_rect;
    f->offscreen = ok ? ks_offscreen_create(err) : NULL;
    ok = f->offscreen && open_context(f, err);
    f->picture = ok ? ks_regression_picture_create(&f->context, f->plate.unit, err) : NULL;
    if (!f->picture || !ks_regression_picture_resize(f->picture, all.width, all.height, err)) {
        ks_regression_film_destroy(f);
        return NULL;
    }
    return f;
}

void ks_regression_film_destroy(ks_regression_film* f) {
    if (f) {
        ks_regression_picture_destroy(f->picture);
        if (f->has_context) {
            mjr_freeContext(&f->context);
        }
        ks_offscreen_destroy(f->offscreen);
        ks_plate_free(&f->plate);
        free(f);
    }
}

const unsigned char* ks_regression_film_frame(ks_regression_film* f, const ks_regression* regression,
                                              const ks_regression_view* view, ks_error* err) {
    ks_regression_picture_draw(f->picture, regression, view);
    return ks_plate_develop(&f->plate, &f->context, err);
}
