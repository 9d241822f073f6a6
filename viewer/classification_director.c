#include "viewer/classification_director.h"

#include "base/number.h"
#include "viewer/brush.h"
#include "viewer/flat.h"
#include "viewer/pace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double FINER_SIZE = 1.25;     /* of a step size, per key */
static const double SIZES[] = {1e-3, 1e3}; /* of lr_factor */
static const double RUBBER = 2.5;          /* pens wide */
static const double AT_ONCE_S = 0.04;      /* an adaptation that takes no longer is done while a line is drawn */

/* A cell as it was before the last change. */
typedef struct keepsake {
    size_t cell; /* KS_NO_CELL: nothing is kept */
    bool filled;
    ks_real* image; /* (inputs) */
} keepsake;

typedef struct director {
    ks_classification_director_settings s;
    ks_classification c;
    ks_images_form form;
    mjrContext context; /* of no model: for letters and pixels */
    bool has_context;
    ks_classification_picture* picture;
    mjuiState state;
    ks_pace pace;
    bool dirty, show_help, failed;
    bool stale;      /* the support was changed since the last adaptation */
    size_t held;     /* cell that the mouse is on */
    size_t drawn;    /* cell that is drawn into, or KS_NO_CELL */
    double pen[2];   /* where the pen is in it */
    bool rubs;       /* it is the rubber */
    keepsake before; /* what undoing brings back */
    char status[96];
} director;

/* ---- adapting ------------------------------------------------------------------------------------------------------------- */

static void adapt(director* d) {
    static const char* const NORMS[] = {[KS_TRANSDUCTIVE] = "transductive     ", [KS_INDUCTIVE] = "inductive     "};
    ks_classification_adapt(&d->c);
    ks_snprintf(d->status, sizeof d->status, "%sstep size x%.3g     adapted in %.3g ms",
                d->form.coupled ? NORMS[ks_images_fit_norm(d->c.fit)] : "", d->c.lr_factor, 1e3 * d->c.seconds);
    d->stale = false;
    d->dirty = true;
}

static bool has_sketch(const director* d) {
    return ks_images_fit_filled(d->c.fit, ks_images_fit_sketch(d->c.fit));
}

static void tell_sketch(director* d) {
    if (d->s.on_sketch && has_sketch(d)) {
        d->s.on_sketch(d->s.user, &d->c);
    }
}

static void tell(director* d) {
    if (d->s.on_adapted) {
        d->s.on_adapted(d->s.user, &d->c);
    }
    tell_sketch(d);
}

static void forget(director* d) {
    d->drawn = d->before.cell = KS_NO_CELL;
}

/* Adapts, shows the end, and says so. */
static void adapt_now(director* d) {
    adapt(d);
    ks_pace_end(&d->pace, d->c.steps);
    tell(d);
}

static bool other_task(director* d, size_t number, ks_error* err) {
    d->c.number = number;
    d->c.own = false;
    if (!ks_classification_draw(&d->c, err)) {
        return false;
    }
    forget(d);
    adapt(d);
    d->pace.time = 0;
    tell(d);
    return true;
}

static void reset(director* d) {
    ks_error err = {0};
    d->c.lr_factor = d->s.classification.lr_factor;
    d->c.steps = d->s.classification.steps;
    d->failed = !other_task(d, d->c.number, &err);
}

static void next_task(director* d) {
    ks_error err = {0};
    d->failed = !other_task(d, d->c.number + 1, &err);
}

static void set_steps(director* d, int steps) {
    int most = ks_images_fit_max_steps(d->c.fit);
    d->c.steps = steps < 0 ? 0 : steps > most ? most : steps;
    adapt_now(d);
}

static void set_size(director* d, double factor) {
    d->c.lr_factor = fmin(fmax(d->c.lr_factor * factor, SIZES[0]), SIZES[1]);
    if (fabs(d->c.lr_factor - 1) < 1e-9) {
        d->c.lr_factor = 1; /* there and back again */
    }
    adapt_now(d);
}

static void other_norm(director* d) {
    bool inductive = ks_images_fit_norm(d->c.fit) == KS_INDUCTIVE;
    if (d->form.coupled) {
        ks_images_fit_set_norm(d->c.fit, inductive ? KS_TRANSDUCTIVE : KS_INDUCTIVE);
        adapt_now(d);
    }
}

/* ---- drawing -------------------------------------------------------------------------------------------------------------- */

static void remember(director* d, size_t cell) {
    d->before.cell = cell;
    d->before.filled = ks_images_fit_filled(d->c.fit, cell);
    memcpy(d->before.image, ks_images_fit_image(d->c.fit, cell), d->form.inputs * sizeof *d->before.image);
}

static bool is_sketch(const director* d, size_t cell) {
    return cell == ks_images_fit_sketch(d->c.fit);
}

/* A cell has another image: what follows, while it is still being drawn, and when it is done. */
static void changed(director* d, size_t cell) {
    d->stale = d->stale || !is_sketch(d, cell);
    d->dirty = true;
    ks_pace_end(&d->pace, d->c.steps);
}

static void done(director* d, size_t cell) {
    if (is_sketch(d, cell)) {
        tell_sketch(d);
    } else {
        adapt_now(d);
    }
}

static void stroke(director* d, const double to[2]) {
    ks_real paper = ks_images_fit_paper(d->c.fit);
    double width = ks_brush_width(d->form.side);
    ks_brush brush = {.width = d->rubs ? RUBBER * width : width, .ink = d->rubs ? paper : 1 - paper};
    if (!d->rubs || ks_images_fit_filled(d->c.fit, d->drawn)) {
        ks_brush_stroke(ks_images_fit_edit(d->c.fit, d->drawn), d->form.side, d->form.channels, d->pen, to, &brush);
        changed(d, d->drawn);
    }
    d->pen[0] = to[0];
    d->pen[1] = to[1];
}

static void begin_stroke(director* d, size_t cell, bool rubs) {
    remember(d, cell);
    d->drawn = cell;
    d->rubs = rubs;
    ks_classification_picture_place(d->pen, d->picture, cell, d->state.x, d->state.y);
    stroke(d, (double[]){d->pen[0], d->pen[1]});
}

static void end_stroke(director* d) {
    size_t cell = d->drawn;
    d->drawn = KS_NO_CELL;
    done(d, cell);
}

static void clear(director* d, size_t cell) {
    if (ks_images_fit_filled(d->c.fit, cell)) {
        remember(d, cell);
        ks_images_fit_clear(d->c.fit, cell);
        changed(d, cell);
        done(d, cell);
    }
}

/* Nothing is left of the task, and queries would be of no class that is drawn now. */
static void clear_all(director* d) {
    for (size_t cell = 0; cell <= ks_images_fit_sketch(d->c.fit); cell++) {
        ks_images_fit_clear(d->c.fit, cell);
    }
    d->c.own = true;
    forget(d);
    adapt_now(d);
}

static void undo(director* d) {
    size_t cell = d->before.cell;
    if (cell == KS_NO_CELL) {
        return;
    }
    bool filled = ks_images_fit_filled(d->c.fit, cell);
    ks_real* image = ks_images_fit_edit(d->c.fit, cell);
    for (size_t i = 0; i < d->form.inputs; i++) {
        ks_real kept = image[i];
        image[i] = d->before.image[i];
        d->before.image[i] = kept;
    }
    if (!d->before.filled) {
        ks_images_fit_clear(d->c.fit, cell);
    }
    d->before.filled = filled;
    changed(d, cell);
    done(d, cell);
}

/* A query of the task becomes the sketch. */
static void take_query(director* d, size_t way, size_t query) {
    size_t cell = ks_images_fit_sketch(d->c.fit);
    remember(d, cell);
    memcpy(ks_images_fit_edit(d->c.fit, cell), ks_images_fit_query(d->c.fit, way, query),
           d->form.inputs * sizeof(ks_real));
    changed(d, cell);
    done(d, cell);
}

/* ---- keys ----------------------------------------------------------------------------------------------------------------- */

static const char KEYS[] =
    "F1\nLeft button\nRight button\nClick on a query\nC\nX\nU\nN\nR\nUp, Down\n+, -\nT\n"
    "Space\nRight, Left\nBackspace\nEsc";
static const char MEANINGS[] =
    "this help\ndraw into your query, or any image of the support\nrub out\nmake it your query\n"
    "clear the image under the mouse, or your query\nclear all images, to draw your own\nundo, redo\nother task\n"
    "images and steps as at first\nmore, fewer gradient steps\nlarger, smaller steps\n"
    "batch norm of the queries together (transductive), or by the support (inductive)\npause, go on\n"
    "one gradient step on, back\nfrom the start\nleave";

/* GLFW names keys by their places on an American keyboard. Plus and minus are elsewhere on others. */
enum { PLUS_KEYPAD = 334, MINUS_KEYPAD = 333 };

/* Keys of learning. Returns false for another one. */
static bool learning_key(director* d) {
    switch (d->state.key) {
        case 'N':
            next_task(d);
            return true;
        case 'R':
            reset(d);
            return true;
        case 'T':
            other_norm(d);
            return true;
        case mjKEY_UP:
            set_steps(d, d->c.steps + 1);
            return true;
        case mjKEY_DOWN:
            set_steps(d, d->c.steps - 1);
            return true;
        case '=':
        case ']':
        case PLUS_KEYPAD:
            set_size(d, FINER_SIZE);
            return true;
        case '-':
        case '/':
        case MINUS_KEYPAD:
            set_size(d, 1 / FINER_SIZE);
            return true;
        default:
            return false;
    }
}

static bool drawing_key(director* d) {
    switch (d->state.key) {
        case 'C':
            clear(d, d->held == KS_NO_CELL ? ks_images_fit_sketch(d->c.fit) : d->held);
            return true;
        case 'X':
            clear_all(d);
            return true;
        case 'U':
            undo(d);
            return true;
        default:
            return false;
    }
}

static void show_key(director* d) {
    switch (d->state.key) {
        case mjKEY_F1:
            d->show_help = !d->show_help;
            break;
        case ' ':
            ks_pace_play(&d->pace, d->c.steps);
            break;
        case mjKEY_RIGHT:
            ks_pace_step(&d->pace, d->c.steps, +1);
            break;
        case mjKEY_LEFT:
            ks_pace_step(&d->pace, d->c.steps, -1);
            break;
        case mjKEY_BACKSPACE:
            d->pace.time = 0;
            break;
        default:
            return;
    }
    d->dirty = true;
}

/* Returns false for the key that leaves. While a line is drawn, only that one counts. */
static bool on_key(director* d) {
    if (d->state.key == mjKEY_ESCAPE) {
        return false;
    }
    if (d->drawn == KS_NO_CELL && !learning_key(d) && !drawing_key(d)) {
        show_key(d);
    }
    return true;
}

/* ---- mouse ---------------------------------------------------------------------------------------------------------------- */

static void on_press(director* d) {
    const mjuiState* s = &d->state;
    size_t way, query;
    if (s->button != mjBUTTON_LEFT && s->button != mjBUTTON_RIGHT) {
        return;
    }
    if (d->held != KS_NO_CELL) {
        begin_stroke(d, d->held, s->button == mjBUTTON_RIGHT);
    } else if (s->button == mjBUTTON_LEFT &&
               ks_classification_picture_query(d->picture, &d->c, s->x, s->y, &way, &query)) {
        take_query(d, way, query);
    }
}

static void on_mouse(director* d) {
    const mjuiState* s = &d->state;
    if (d->drawn != KS_NO_CELL) {
        if (s->type == mjEVENT_MOVE) {
            double to[2];
            ks_classification_picture_place(to, d->picture, d->drawn, s->x, s->y);
            stroke(d, to);
        } else if (s->type == mjEVENT_RELEASE && s->button == (d->rubs ? mjBUTTON_RIGHT : mjBUTTON_LEFT)) {
            end_stroke(d);
        }
        return;
    }
    size_t before = d->held;
    d->held = ks_classification_picture_cell(d->picture, &d->c, s->x, s->y);
    d->dirty = d->dirty || d->held != before;
    if (s->type == mjEVENT_PRESS) {
        on_press(d);
    }
}

static bool director_event(void* content) {
    director* d = content;
    if (d->state.type == mjEVENT_KEY) {
        return on_key(d);
    }
    if (d->state.type == mjEVENT_PRESS || d->state.type == mjEVENT_MOVE || d->state.type == mjEVENT_RELEASE) {
        on_mouse(d);
    }
    return true;
}

/* ---- what a window asks for ----------------------------------------------------------------------------------------------- */

static void director_close(void* content) {
    director* d = content;
    if (d) {
        ks_classification_picture_destroy(d->picture);
        if (d->has_context) {
            mjr_freeContext(&d->context);
        }
        free(d->before.image);
        free(d);
    }
}

static void* director_open(const void* settings, const ks_screen* screen, ks_error* err) {
    director* d = calloc(1, sizeof *d);
    if (!d) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    d->s = *(const ks_classification_director_settings*)settings;
    d->c = d->s.classification;
    d->form = ks_images_fit_form(d->c.fit);
    d->held = KS_NO_CELL;
    d->state.nrect = 1;
    d->before.image = calloc(d->form.inputs, sizeof *d->before.image);
    ks_flat_context(&d->context, screen->font);
    d->has_context = true;
    mjr_setBuffer(mjFB_WINDOW, &d->context);
    d->picture = ks_classification_picture_create(&d->context, screen->scale, &d->form, true, err);
    if (!d->before.image) {
        ks_fail(err, KS_FAILED, "not enough memory");
    }
    if (!d->before.image || !d->picture || !other_task(d, d->c.number, err)) {
        director_close(d);
        return NULL;
    }
    return d;
}

static mjuiState* director_state(void* content) {
    return &((director*)content)->state;
}

static void director_resize(void* content, int width, int height) {
    director* d = content;
    ks_error err = {0};
    d->state.rect[0] = (mjrRect){0, 0, width, height};
    d->failed = !ks_classification_picture_resize(d->picture, width, height, &err); /* nothing is drawn then */
    d->dirty = true;
}

static bool director_advance(void* content, double seconds) {
    director* d = content;
    if (d->stale && d->c.seconds < AT_ONCE_S) {
        adapt(d);
    }
    bool dirty = ks_pace_advance(&d->pace, d->c.steps, seconds * d->s.speed) || d->dirty;
    d->dirty = false;
    return dirty;
}

static void director_draw(void* content, double drawing_s) {
    director* d = content;
    mjrRect all = d->state.rect[0];
    (void)drawing_s;
    if (d->failed || all.width <= 0 || all.height <= 0) {
        return;
    }
    ks_classification_view view = {
        .position = ks_pace_position(d->c.steps, d->pace.time), .cell = d->held, .status = d->status};
    ks_classification_picture_draw(d->picture, &d->c, &view);
    if (d->show_help) {
        mjr_rectangle(all, 0.09f, 0.11f, 0.14f, 0.8f);
        mjr_overlay(mjFONT_NORMAL, mjGRID_TOPLEFT, all, KEYS, MEANINGS, &d->context);
    }
}

const ks_content ks_classification_director = {
    .open = director_open,
    .close = director_close,
    .state = director_state,
    .resize = director_resize,
    .event = director_event,
    .advance = director_advance,
    .draw = director_draw,
};
