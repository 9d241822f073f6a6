/* `record` of a model that learns to tell images apart: the images of a task, and what it takes them for from step to step. */
#include "cli/record.h"
#include "viewer/classification_film.h"
#include "viewer/pace.h"

static const double DEFAULT_SPEED = 0.5; /* there is more to read than in a curve */

typedef struct filming {
    ks_classification_film* film;
    const ks_classification* classification;
} filming;

static const unsigned char* shoot(void* user, double time, ks_error* err) {
    const filming* f = user;
    ks_classification_view view = {.position = ks_pace_position(f->classification->steps, time), .cell = KS_NO_CELL};
    return ks_classification_film_frame(f->film, f->classification, &view, err);
}

static void choose_size(ks_record_options* o, const ks_classification* c, ks_video_kind kind) {
    if (!o->size) {
        o->width = kind == KS_VIDEO_GIF ? 800 : 1280;
        o->height = ks_classification_film_height(o->width, c);
    }
}

bool ks_record_images(ks_record_options* o, ks_show* show, ks_video_kind kind, ks_error* err) {
    ks_classification* c = &show->classification;
    if (!ks_record_check_options(o, show, err)) {
        return false;
    }
    choose_size(o, c, kind);
    ks_record_choose_fps(o, kind);
    o->speed = o->speed > 0 ? o->speed : DEFAULT_SPEED;
    ks_video video = {.kind = kind, .width = o->width, .height = o->height, .stop = o->interrupted};
    if ((kind != KS_VIDEO_PNG && !ks_video_check(&video, err)) || !ks_classification_draw(c, err)) {
        return false;
    }
    ks_classification_adapt(c);
    ks_images_form form = ks_images_fit_form(c->fit);
    filming f = {.classification = c, .film = ks_classification_film_create(o->width, o->height, &form, err)};
    ks_shooting shooting = {.options = o, .duration = ks_pace_duration(c->steps), .frame = shoot, .user = &f};
    bool ok = f.film && (kind == KS_VIDEO_PNG ? ks_record_still(o, shoot(&f, shooting.duration, err), err)
                                              : ks_record_video(&shooting, kind, err));
    if (ok) {
        ks_show_tell_accuracy(c);
    }
    ks_classification_film_destroy(f.film);
    return ok;
}
