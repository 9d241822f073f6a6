#include "viewer/regression_director.h"

#include "base/number.h"
#include "viewer/flat.h"
#include "viewer/pace.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double FINER_SIZE = 1.25;     /* of a step size, per key */
static const double SIZES[] = {1e-3, 1e3}; /* of lr_factor */

typedef struct director {
    ks_regression_director_settings s;
    ks_regression regression;
    mjrContext context; /* of no model: for letters and pixels */
    bool has_context;
    ks_regression_picture* picture;
    mjuiState state;
    ks_pace pace;
    bool dirty, show_help, failed;
    int held; /* example that the mouse is on, or -1 */
    int pane; /* where it is dragged; -1: it is not */
    bool moved;
    char status[96];
} director;

/* ---- adapting ------------------------------------------------------------------------------------------------------------- */

static void show_end(director* d) {
    ks_pace_end(&d->pace, d->regression.steps);
}

static void adapt(director* d) {
    ks_regression_adapt(&d->regression);
    ks_snprintf(d->status, sizeof d->status, "step size x%.3g     adapted in %.2f ms", d->regression.lr_factor,
                1e3 * d->regression.seconds);
    d->dirty = true;
}

static void tell(director* d) {
    if (d->s.on_adapted) {
        d->s.on_adapted(d->s.user, &d->regression);
    }
}

static bool other_task(director* d, size_t number, ks_error* err) {
    d->regression.number = number;
    if (!ks_regression_draw(&d->regression, err)) {
        return false;
    }
    d->held = d->pane = -1;
    adapt(d);
    d->pace.time = 0;
    tell(d);
    return true;
}

/* Draws the next task. What is given is one curve, and the first that is drawn comes after it. */
static void next_task(director* d) {
    size_t number = d->regression.given ? d->regression.number : d->regression.number + 1;
    ks_error err = {0};
    d->regression.given = NULL;
    d->failed = !other_task(d, number, &err);
}

static void reset(director* d) {
    ks_error err = {0};
    ks_regression* r = &d->regression;
    r->lr_factor = d->s.regression.lr_factor;
    r->steps = d->s.regression.steps;
    d->failed = !other_task(d, r->number, &err);
}

static void set_steps(director* d, int steps) {
    d->regression.steps = steps < 0 ? 0 : steps > d->s.max_steps ? d->s.max_steps : steps;
    adapt(d);
    show_end(d);
    tell(d);
}

static void set_size(director* d, double factor) {
    d->regression.lr_factor = fmin(fmax(d->regression.lr_factor * factor, SIZES[0]), SIZES[1]);
    if (fabs(d->regression.lr_factor - 1) < 1e-9) {
        d->regression.lr_factor = 1; /* there and back again */
    }
    adapt(d);
    show_end(d);
    tell(d);
}

/* ---- keys ----------------------------------------------------------------------------------------------------------------- */

static const char KEYS[] = "F1\nSpace\nRight, Left\nBackspace\nN\nUp, Down\n+, -\nR\nDrag an example\nEsc";
static const char MEANINGS[] =
    "this help\npause, go on\none gradient step on, back\nfrom the start\nother task\nmore, fewer gradient steps\n"
    "larger, smaller steps\nexamples and steps as at first\nmove it, and adapt\nleave";

/* GLFW names keys by their places on an American keyboard. Plus and minus are elsewhere on others. */
enum { PLUS_KEYPAD = 334, MINUS_KEYPAD = 333 };

/* Returns false for the key that leaves. */
static bool on_key(director* d) {
    switch (d->state.key) {
        case mjKEY_ESCAPE:
            return false;
        case mjKEY_F1:
            d->show_help = !d->show_help;
            break;
        case ' ':
            ks_pace_play(&d->pace, d->regression.steps);
            break;
        case mjKEY_RIGHT:
            ks_pace_step(&d->pace, d->regression.steps, +1);
            break;
        case mjKEY_LEFT:
            ks_pace_step(&d->pace, d->regression.steps, -1);
            break;
        case mjKEY_BACKSPACE:
            d->pace.time = 0;
            break;
        case 'N':
            next_task(d);
            break;
        case 'R':
            reset(d);
            break;
        case mjKEY_UP:
            set_steps(d, d->regression.steps + 1);
            break;
        case mjKEY_DOWN:
            set_steps(d, d->regression.steps - 1);
            break;
        case '=':
        case ']':
        case PLUS_KEYPAD:
            set_size(d, FINER_SIZE);
            break;
        case '-':
        case '/':
        case MINUS_KEYPAD:
            set_size(d, 1 / FINER_SIZE);
            break;
        default:
            return true;
    }
    d->dirty = true;
    return true;
}

/* ---- mouse ---------------------------------------------------------------------------------------------------------------- */

static void drag(director* d) {
    ks_regression* r = &d->regression;
    ks_regression_move(r, (size_t)d->held, ks_regression_picture_place(d->picture, r, d->pane, d->state.x, d->state.y));
    adapt(d);
    show_end(d);
    d->moved = true;
}

static void on_mouse(director* d) {
    const mjuiState* s = &d->state;
    int pane, before = d->held;
    size_t example;
    if (d->pane >= 0 && s->type == mjEVENT_MOVE) {
        drag(d);
        return;
    }
    bool found = ks_regression_picture_find(d->picture, &d->regression, s->x, s->y, &pane, &example);
    if (s->type == mjEVENT_RELEASE && d->pane >= 0 && s->button == mjBUTTON_LEFT) {
        d->pane = -1;
        if (d->moved) {
            tell(d);
        }
    }
    d->held = found ? (int)example : -1;
    if (s->type == mjEVENT_PRESS && s->button == mjBUTTON_LEFT && found) {
        d->pane = pane;
        d->moved = false;
    }
    d->dirty = d->dirty || d->held != before;
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
        ks_regression_picture_destroy(d->picture);
        if (d->has_context) {
            mjr_freeContext(&d->context);
        }
        free(d);
    }
}

static void* director_open(const void* settings, const ks_screen* screen, ks_error* err) {
    director* d = calloc(1, sizeof *d);
    if (!d) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    d->s = *(const ks_regression_director_settings*)settings;
    d->regression = d->s.regression;
    d->state.nrect = 1;
    ks_flat_context(&d->context, screen->font);
    d->has_context = true;
    mjr_setBuffer(mjFB_WINDOW, &d->context);
    d->picture = ks_regression_picture_create(&d->context, screen->scale, err);
    if (!d->picture || !other_task(d, d->regression.number, err)) {
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
    d->failed = !ks_regression_picture_resize(d->picture, width, height, &err); /* nothing is drawn then */
    d->dirty = true;
}

static bool director_advance(void* content, double seconds) {
    director* d = content;
    bool dirty = ks_pace_advance(&d->pace, d->regression.steps, seconds * d->s.speed) || d->dirty;
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
    ks_regression_view view = {
        .position = ks_pace_position(d->regression.steps, d->pace.time), .held = d->held, .status = d->status};
    ks_regression_picture_draw(d->picture, &d->regression, &view);
    if (d->show_help) {
        mjr_rectangle(all, 0.09f, 0.11f, 0.14f, 0.8f);
        mjr_overlay(mjFONT_NORMAL, mjGRID_TOPLEFT, all, KEYS, MEANINGS, &d->context);
    }
}

const ks_content ks_regression_director = {
    .open = director_open,
    .close = director_close,
    .state = director_state,
    .resize = director_resize,
    .event = director_event,
    .advance = director_advance,
    .draw = director_draw,
};
