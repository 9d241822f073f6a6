/* `record` of models that learn from examples: the curve, the examples, and the models on their way from step to step. */
#include "base/text.h"
#include "cli/record.h"
#include "viewer/regression_director.h"
#include "viewer/regression_film.h"

#include <stdio.h>

typedef struct filming {
    ks_regression_film* film;
    const ks_regression* regression;
} filming;

static const unsigned char* shoot(void* user, double time, ks_error* err) {
    const filming* f = user;
    ks_regression_view view = {.position = ks_regression_position(f->regression->steps, time), .held = -1};
    return ks_regression_film_frame(f->film, f->regression, &view, err);
}

static bool write_still(filming* f, const ks_record_options* o, ks_error* err) {
    const unsigned char* rgb = shoot(f, ks_regression_duration(f->regression->steps), err);
    if (!rgb || !ks_png_write(o->output, o->force, o->width, o->height, rgb, err)) {
        return false;
    }
    ks_text_print(stdout, o->output);
    printf(": %dx%d\n", o->width, o->height);
    return true;
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

bool ks_record_examples(ks_record_options* o, ks_show* show, ks_video_kind kind, ks_error* err) {
    ks_regression* r = &show->regression;
    if (o->frames || o->no_charts) {
        return ks_fail(err, KS_BAD_INPUT, "%s is for policies, and %s is a model of problem: %s",
                       o->frames ? "--frames" : "--no-charts", show->policies[0].path, show->policies[0].kind->name);
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
    ks_shooting shooting = {.options = o, .duration = ks_regression_duration(r->steps), .frame = shoot, .user = &f};
    bool ok = f.film && (kind == KS_VIDEO_PNG ? write_still(&f, o, err) : ks_record_video(&shooting, kind, err));
    if (ok) {
        ks_show_tell(r);
    }
    ks_regression_film_destroy(f.film);
    return ok;
}
