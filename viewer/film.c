#include "viewer/film.h"

#include "viewer/offscreen.h"

#include <stdlib.h>

struct ks_film {
    ks_plate plate;
    ks_offscreen* offscreen;
    ks_scene* scene;
    ks_picture* picture;
};

ks_film* ks_film_create(const ks_env_model* model, int width, int height, ks_error* err) {
    ks_film* f = calloc(1, sizeof *f);
    if (!f) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    bool ok = ks_plate_init(&f->plate, width, height, err);
    mjrRect all = f->plate.fine_rect;
    ks_scene_settings settings = {.width = all.width, .height = all.height, .font = f->plate.font};
    f->offscreen = ok ? ks_offscreen_create(err) : NULL;
    f->scene = f->offscreen ? ks_scene_create(model, &settings, err) : NULL;
    f->picture = f->scene ? ks_picture_create(f->scene, f->plate.unit, err) : NULL;
    if (!f->picture) {
        ks_film_destroy(f);
        return NULL;
    }
    return f;
}

void ks_film_destroy(ks_film* f) {
    if (f) {
        ks_picture_destroy(f->picture);
        ks_scene_destroy(f->scene);
        ks_offscreen_destroy(f->offscreen);
        ks_plate_free(&f->plate);
        free(f);
    }
}

const unsigned char* ks_film_frame(ks_film* f, const ks_play* play, double time, const ks_view* view,
                                   const ks_caption* caption, ks_error* err) {
    ks_picture_draw(f->picture, f->plate.fine_rect, play, time, view, caption);
    return ks_plate_develop(&f->plate, ks_scene_context(f->scene), err);
}

const unsigned char* ks_film_sheet(ks_film* f, const ks_play* play, int columns, const ks_view* view,
                                   const ks_caption* caption, ks_error* err) {
    ks_picture_sheet(f->picture, f->plate.fine_rect, play, columns, view, caption);
    return ks_plate_develop(&f->plate, ks_scene_context(f->scene), err);
}
