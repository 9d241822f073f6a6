#include "cli/record.h"
#include "base/text.h"
#include "cli/interrupt.h"
#include "cli/last_word.h"
#include "cli/terminal.h"
#include "viewer/film.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_FRAMES = 5 };
static const double SHORTEST = 4;     /* s, of a video with the default speed */
static const double LAST_PICTURE = 1; /* s, that it stays */

/* ---- a video ----------------------------------------------------------------------------------------------------------------------- */

static void show_bar(const ks_shooting* s, size_t done) {
    enum { CELLS = 30 };
    char line[256];
    int filled = (int)(CELLS * done / s->frames);
    size_t width = ks_cli_width(stderr);
    if (width > 2 * CELLS) {
        snprintf(line, sizeof line, "\r%.*s%.*s %zu/%zu frames", 3 * filled, "██████████████████████████████",
                 CELLS - filled, "..............................", done, s->frames);
    } else { /* a line that wraps could not be redrawn */
        snprintf(line, sizeof line, "\r%zu/%zu", done, s->frames);
    }
    ks_cli_tell(stderr, line);
}

static const unsigned char* shoot(void* user, size_t index, ks_error* err) {
    ks_shooting* s = user;
    if (*s->options->interrupted) {
        ks_fail(err, KS_INTERRUPTED, "interrupted; nothing was written");
        return NULL;
    }
    if (s->live) {
        show_bar(s, index + 1);
    }
    double time = (double)index * s->options->speed / (double)s->options->fps;
    return s->frame(s->user, fmin(time, s->duration), err);
}

bool ks_record_video(ks_shooting* s, ks_video_kind kind, ks_error* err) {
    const ks_record_options* o = s->options;
    s->frames = 1 + (size_t)ceil((s->duration / o->speed + LAST_PICTURE) * (double)o->fps);
    ks_video video = {.kind = kind,
                      .width = o->width,
                      .height = o->height,
                      .fps = (int)o->fps,
                      .frames = s->frames,
                      .overwrite = o->force,
                      .stop = o->interrupted,
                      .frame = shoot,
                      .user = s};
    s->live = !o->quiet && ks_cli_live(stderr);
    bool ok = ks_video_write(o->output, &video, err);
    if (s->live) {
        ks_cli_tell(stderr, "\r\033[K");
    }
    if (ok) {
        ks_text_print(stdout, o->output);
        printf(": %dx%d, %zu frames, %.1f s\n", o->width, o->height, s->frames, (double)s->frames / (double)o->fps);
    }
    return ok;
}

bool ks_record_still(const ks_record_options* o, const unsigned char* rgb, ks_error* err) {
    if (!rgb || !ks_png_write(o->output, o->force, o->width, o->height, rgb, err)) {
        return false;
    }
    ks_text_print(stdout, o->output);
    printf(": %dx%d\n", o->width, o->height);
    return true;
}

bool ks_record_check_options(const ks_record_options* o, const ks_show* show, ks_error* err) {
    return (!o->frames && !o->no_charts) ||
           ks_fail(err, KS_BAD_INPUT, "%s is for policies, and %s is a model of problem: %s",
                   o->frames ? "--frames" : "--no-charts", show->policies[0].path, show->policies[0].kind->name);
}

/* ---- policies ---------------------------------------------------------------------------------------------------------- */

/* A play, and what it is drawn with. */
typedef struct scenery {
    const ks_show* show;
    const ks_play* play;
    ks_film* film;
} scenery;

static const unsigned char* shoot_play(void* user, double time, ks_error* err) {
    const scenery* s = user;
    return ks_film_frame(s->film, s->play, time, &s->show->view, &s->show->caption, err);
}

static bool write_sheet(const scenery* s, const ks_record_options* o, ks_error* err) {
    const unsigned char* rgb = ks_film_sheet(s->film, s->play, (int)o->frames, &s->show->view, &s->show->caption, err);
    if (!rgb || !ks_png_write(o->output, o->force, o->width, o->height, rgb, err)) {
        return false;
    }
    ks_text_print(stdout, o->output);
    printf(": %dx%d, %lld moments of %d stages\n", o->width, o->height, (long long)o->frames,
           s->play->rows * (s->play->steps + 1));
    return true;
}

/* ---- the command --------------------------------------------------------------------------------------------------------------------- */

static void print_returns(const ks_play* play, const ks_show* show) {
    size_t broken = 0;
    for (int row = 0; row < play->rows; row++) {
        printf("%s%smean return of %zu trajectories after 0 … %d gradient steps:",
               show->caption.labels[row] ? show->caption.labels[row] : "", show->caption.labels[row] ? ": " : "",
               show->request.trajectories, play->steps);
        for (int j = 0; j <= play->steps; j++) {
            printf(" %.2f", play->acts[row][j].mean_return);
            broken += play->acts[row][j].broken;
        }
        printf("\n");
    }
    if (!show->quiet) {
        ks_cli_note_broken(broken, show->request.trajectories * (size_t)(play->steps + 1) * (size_t)play->rows);
    }
}

void ks_record_choose_fps(ks_record_options* o, ks_video_kind kind) {
    o->fps = o->fps ? o->fps : kind == KS_VIDEO_GIF ? 20 : 30;
}

static void choose_size(ks_record_options* o, const ks_show* show, ks_video_kind kind) {
    if (!o->size) {
        int stages = show->count * ((int)show->steps + 1);
        int high = 32 + 372 * show->count + (o->no_charts ? 0 : 176); /* panes a little higher than wide */
        o->width = kind == KS_VIDEO_GIF ? 800 : 1280;
        o->height = kind == KS_VIDEO_PNG ? 32 + 216 * stages : kind == KS_VIDEO_GIF ? high * 5 / 8 : high;
    }
}

static void choose_speed(ks_record_options* o, const ks_play* play) {
    double duration = ks_play_duration(play);
    if (o->speed <= 0) { /* a round number that leaves time to look */
        o->speed = duration >= SHORTEST ? 1 : duration >= SHORTEST / 2 ? 0.5 : fmax(duration / SHORTEST, 0.01);
    }
}

bool ks_record_policies(ks_record_options* o, ks_show* show, ks_video_kind kind, ks_error* err) {
    char status[64] = "";
    o->frames = o->frames ? o->frames : DEFAULT_FRAMES;
    choose_size(o, show, kind);
    ks_record_choose_fps(o, kind);
    ks_video video = {.kind = kind, .width = o->width, .height = o->height, .stop = o->interrupted};
    bool possible = kind == KS_VIDEO_PNG || ks_video_check(&video, err);
    ks_theatre* theatre = possible ? ks_theatre_create(show->actors, show->count, &show->settings, err) : NULL;
    ks_play* play = theatre ? ks_theatre_make_play(theatre, err) : NULL;
    bool ok = play && ks_theatre_perform(theatre, play, &show->request, err);
    if (ok) {
        choose_speed(o, play);
        show->caption.charts = !o->no_charts;
        if (kind != KS_VIDEO_PNG && o->speed != 1) {
            snprintf(status, sizeof status, "speed %.2g", o->speed);
            show->caption.status = status;
        }
    }
    scenery s = {.show = show, .play = play};
    s.film = ok ? ks_film_create(show->policies[0].model, o->width, o->height, err) : NULL;
    if (s.film) {
        ks_shooting shooting = {.options = o, .duration = ks_play_duration(play), .frame = shoot_play, .user = &s};
        ok = kind == KS_VIDEO_PNG ? write_sheet(&s, o, err) : ks_record_video(&shooting, kind, err);
    }
    ok = s.film && ok;
    if (ok) {
        print_returns(play, show);
    }
    ks_film_destroy(s.film);
    ks_play_destroy(play);
    ks_theatre_destroy(theatre);
    return ok;
}

typedef struct record_command {
    ks_record_options record;
    ks_show show;
} record_command;

static bool take_size(void* member, const char* value, ks_error* err) {
    ks_record_options* o = member;
    o->size = value;
    return ks_show_size(&o->width, &o->height, value, KS_PLATE_MIN_SIDE, KS_PLATE_MAX_SIDE, err);
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    record_command c = {.show = ks_show_default()};
    ks_record_options* o = &c.record;
    ks_video_kind kind;
    int code = ks_command_read(&c, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    c.show.quiet = o->quiet;
    o->interrupted = ks_cli_catch_interrupts();
    ks_cli_last_word_of_drivers();
    bool ok = ks_cli_check_output(o->output, o->force, err) && ks_video_kind_of(&kind, o->output, err) &&
              ks_show_open(&c.show, argv + optind, argc - optind, err);
    for (int i = 0; ok && i < c.show.count; i++) {
        ok = ks_cli_check_apart(o->output, c.show.policies[i].path, err);
    }
    ok = ok && c.show.kind->record(o, &c.show, kind, err);
    ks_show_close(&c.show);
    return ks_cli_exit(ok, err);
}

static const ks_option OPTIONS[] = {
    {"output", 'o', "OUT.(mp4|gif|png)", "its suffix says the kind", KS_OPTION_TEXT(record_command, record.output),
     .required = true, .completes = KS_COMPLETE_FILE},
    KS_OPTION_ROW_FORCE(record_command, record.force),
    KS_OPTION_ROW_QUIET(record_command, record.quiet),
    {"size", 0, "WxH", "pixels (default 1280 wide, a gif 800, and as high as the content needs)",
     KS_OPTION_OWN(record_command, record, take_size)},
    {"fps", 0, "N", "frames per second, 1 to 60 (default 30; a gif 20)",
     KS_OPTION_INT(record_command, record.fps, 1, 60)},
    {"speed", 0, "X",
     "of the show, 1 is the simulated world's (default: at most that, and 4 s at least; of curves 1, of images 0.5)",
     KS_OPTION_REAL(record_command, record.speed, 0.01, 100)},
    KS_SHOW_ROWS(record_command),
    {0},
};

static const ks_option OF_POLICIES[] = {
    {"frames", 0, "N", "moments per row of a contact sheet (default 5)",
     KS_OPTION_INT(record_command, record.frames, 1, 20)},
    {"no-charts", 0, NULL, "without the bars and curves below", KS_OPTION_FLAG(record_command, record.no_charts)},
    KS_SHOW_ROWS_OF_POLICIES(record_command),
    {0},
};

const ks_command ks_command_record = {
    .name = "record",
    .summary = "the same as a video or a picture, without a display",
    .usage = {"POLICY… -o OUT.(mp4|gif|png) [--task V[,V…]] [--steps K] [--size WxH] …"},
    .about = {"Pictures of policies before and after gradient steps on a task, side by side, without a display: a "
              "video, or as .png a contact sheet with a row per number of steps. One row per policy, at most 4. Of "
              "models of problem: sinusoid the curve, the examples, and what they predict, one pane per model; of a "
              "model of problem: images the images of a task and how likely it finds each class. Of both a video goes "
              "from step to step, a .png shows the last."},
    .groups = {{.rows = OPTIONS}, {.heading = "Of policies alone:", .rows = OF_POLICIES}},
    .arguments = {.name = "POLICY", .least = 1, .most = INT_MAX, .completes = KS_COMPLETE_POLICY},
    .examples = {{"kshot record zoo/half-cheetah-dir --best --task 1 --steps 1 -o forward.mp4",
                  "before and after one gradient step on the task of running forward"}},
    .run = run,
};
