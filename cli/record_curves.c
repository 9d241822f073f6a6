/* `record` of models that learn sine curves: the curve, the examples, and the models on their way from step to step. */
#include "cli/record.h"
#include "viewer/pace.h"
#include "viewer/regression_film.h"

typedef struct filming {
    ks_regression_film* film;
    const ks_regression* regression;
} filming;

static const unsigned char* shoot(void* user, double time, ks_error* err) {
    const filming* f = user;
    ks_regression_view view = {.position = ks_pace_position(f->regression->steps, time), .held = -1};
    return ks_regression_film_frame(f->film, f->regression, &view, err);
}

/* Square panes in one row, or a wide picture; even numbers, as videos need them. */
static void choose_size(ks_record_options* o, int count, ks_video_kind kind) {
    enum { HEADER = 88 };
    if (!o->size) {
        bool row = count > 1 && count < KS_REGRESSION_MAX;
        o->width = kind == KS_VIDEO_GIF ? 800 : 1280;
        o->height = (row ? o->width / count + HEADER : o->width * 5 / 8) / 2 * 2;
    }
}

bool ks_record_curves(ks_record_options* o, ks_show* show, ks_video_kind kind, ks_error* err) {
    ks_regression* r = &show->regression;
    if (!ks_record_check_options(o, show, err)) {
        return false;
    }
    choose_size(o, r->count, kind);
    ks_record_choose_fps(o, kind);
    o->speed = o->speed > 0 ? o->speed : 1;
    ks_video video = {.kind = kind, .width = o->width, .height = o->height, .stop = o->interrupted};
    if ((kind != KS_VIDEO_PNG && !ks_video_check(&video, err)) || !ks_regression_draw(r, err)) {
        return false;
    }
    ks_regression_adapt(r);
    filming f = {.regression = r, .film = ks_regression_film_create(o->width, o->height, err)};
    ks_shooting shooting = {.options = o, .duration = ks_pace_duration(r->steps), .frame = shoot, .user = &f};
    bool ok = f.film && (kind == KS_VIDEO_PNG ? ks_record_still(o, shoot(&f, shooting.duration, err), err)
                                              : ks_record_video(&shooting, kind, err));
    if (ok) {
        ks_show_tell(r);
    }
    ks_regression_film_destroy(f.film);
    return ok;
}
