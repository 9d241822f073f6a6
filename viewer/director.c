#include "viewer/director_state.h"

#include "base/number.h"
#include "base/text.h"
#include "viewer/task.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOW_FRAMES = 8 };

static const double LAST_PICTURE = 1;      /* s, before it starts again */
static const double SLOW_FRAME = 1.0 / 18; /* s; when pictures take longer, shadows go */
static const double AWAITED_FROM = 0.15;   /* s; what is adapted to sooner needs no announcement */

/* ---- creation ------------------------------------------------------------------------------------------------------------ */

static void init_values(ks_director_state* d) {
    const ks_theatre_request* r = &d->s.request;
    ks_panel_values* v = &d->values;
    memcpy(v->task, r->task, sizeof v->task);
    v->forward = r->task[ks_task_first(ks_env_model_def(d->s.model))] > 0;
    v->steps = r->steps;
    v->trajectories = (int)r->trajectories;
    v->lr_factor = r->lr_factor;
    v->mean_actions = r->deterministic;
    v->speed = d->s.speed;
    v->shadows = d->view.shadows;
    v->reflections = d->view.reflections;
    v->ghosts = d->view.ghosts;
    v->charts = d->caption.charts;
}

static void director_close(void* content) {
    ks_director_state* d = content;
    if (d) {
        ks_rehearsal_destroy(d->rehearsal);
        ks_lives_destroy(d->lives);
        ks_panel_destroy(d->panel);
        ks_picture_destroy(d->picture);
        ks_scene_destroy(d->scene);
        free(d);
    }
}

static bool init(ks_director_state* d, const ks_screen* screen, ks_error* err) {
    const ks_director_settings* s = &d->s;
    ks_scene_settings scene = {.font = screen->font};
    d->view = s->view;
    d->caption = s->caption;
    d->seed = s->request.seed;
    init_values(d);
    d->scene = ks_scene_create(s->model, &scene, err);
    d->picture = d->scene ? ks_picture_create(d->scene, screen->scale, err) : NULL;
    d->panel = d->picture ? ks_panel_create(ks_env_model_def(s->model), &s->limits, &d->values, err) : NULL;
    d->lives = d->panel ? ks_lives_create(s->theatre, err) : NULL;
    d->rehearsal = d->lives ? ks_rehearsal_create(s->theatre, screen->wake, err) : NULL;
    if (!d->rehearsal) {
        return false;
    }
    d->state.nrect = 3;
    ks_panel_layout(d->panel, &d->state, ks_scene_context(d->scene));
    ks_director_ask(d, true);
    return true;
}

static void* director_open(const void* settings, const ks_screen* screen, ks_error* err) {
    ks_director_state* d = calloc(1, sizeof *d);
    if (!d) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    d->s = *(const ks_director_settings*)settings;
    if (!init(d, screen, err)) {
        director_close(d);
        return NULL;
    }
    return d;
}

static mjuiState* director_ui(void* content) {
    return &((ks_director_state*)content)->state;
}

static void director_resize(void* content, int width, int height) {
    ks_director_state* d = content;
    int panel = d->hide_panel ? 0 : ks_panel_width(d->panel);
    panel = panel < width ? panel : width;
    d->state.rect[0] = (mjrRect){0, 0, width, height};
    d->state.rect[KS_PANEL_RECT] = (mjrRect){0, 0, panel, height};
    d->state.rect[KS_PICTURE_RECT] = (mjrRect){panel, 0, width - panel, height};
    d->dirty = true;
}

/* ---- adaptations ----------------------------------------------------------------------------------------------------------- */

void ks_director_ask(ks_director_state* d, bool restart) {
    const ks_panel_values* v = &d->values;
    ks_theatre_request r = d->s.request;
    memcpy(r.task, v->task, sizeof r.task);
    r.steps = v->steps;
    r.trajectories = (size_t)v->trajectories;
    r.lr_factor = v->lr_factor;
    r.deterministic = v->mean_actions;
    r.seed = d->seed;
    d->restart = restart;
    ks_rehearsal_ask(d->rehearsal, &r);
}

/* What is being adapted to, once that takes long: until it is ready, the old task is shown. */
static void watch_adapting(ks_director_state* d) {
    ks_theatre_request r;
    double seconds = 0, before = d->done;
    char text[sizeof d->awaited] = "";
    /* while a slider moves, one adaptation follows on the other */
    if (ks_rehearsal_is_busy(d->rehearsal, &r, &seconds) && (seconds >= AWAITED_FROM || *d->awaited)) {
        const ks_env_def* def = ks_env_model_def(d->s.model);
        char task[KS_DIRECTOR_TEXT];
        int done, of;
        ks_task_text(task, sizeof task, def, r.task, KS_TASK_NAMED);
        ks_theatre_progress(d->s.theatre, &done, &of);
        d->done = of > 0 ? (double)done / of : 0;
        snprintf(text, sizeof text, "adapting to:  %s", task);
    }
    d->dirty = d->dirty || strcmp(text, d->awaited) != 0 || (*text && d->done != before);
    memcpy(d->awaited, text, sizeof text);
}

static void take(ks_director_state* d) {
    ks_error failed = {0};
    double latency = 0;
    ks_rehearsal_news news = ks_rehearsal_take(d->rehearsal, &d->recorded, &latency, &failed);
    if (news == KS_NO_NEWS) {
        return;
    }
    d->dirty = true;
    if (news == KS_NEW_PLAY) {
        ks_snprintf(d->status, sizeof d->status, "adapted in %.0f ms", 1e3 * latency);
        bool was_live = ks_lives_any(d->lives);
        d->play = ks_lives_show(d->lives, d->recorded);
        d->time = d->restart || was_live ? 0 : d->time;
    } else {
        char why[71];
        ks_text_to_ascii(why, sizeof why, failed.text);
        snprintf(d->status, sizeof d->status, "adapting failed: %s", why);
    }
    if (d->s.on_play) {
        d->s.on_play(d->s.user, d->recorded, latency, news == KS_PLAY_FAILED ? &failed : NULL);
    }
}

/* ---- keys -------------------------------------------------------------------------------------------------------------------- */

static const char KEYS[] =
    "F1\nSpace\nRight, Left\nBackspace\nUp, Down\nN\nM\nG\nC\nS\nTab\nHome\nLeft drag\nRight drag\nScroll\n"
    "Click on floor\nCtrl + drag\nDouble click\nCtrl + left drag\nCtrl + right drag\nL\nJ\nP\nF\nCtrl + P\nCtrl + "
    "R\nEsc";
static const char MEANINGS[] =
    "this help\npause\none step on, back\nas recorded, from the start\nother task\n"
    "other noise\nthe median or the mean actions\nghosts\ncharts\nshadows\npanel\n"
    "camera as at first\nturn the camera\nmove it\nnearer, farther\nset the goal\n"
    "move the goal, where nothing is selected\nselect a body\nturn what is selected\n"
    "push it\nthe pane under the mouse goes on live\njoints\ncontact points\n"
    "contact forces, of live panes\na picture of the window\n"
    "a video of it, from here to the next time\nleave";

void ks_director_refresh_panel(ks_director_state* d) {
    ks_panel_refresh(d->panel, &d->state, ks_scene_context(d->scene));
    d->dirty = true;
}

/* the next task in a direction: the other way, the next of its values, or a twentieth of the range further */
static void other_task(ks_director_state* d, int direction) {
    const ks_env_def* def = ks_env_model_def(d->s.model);
    ks_panel_values* v = &d->values;
    double range[2];
    int i = ks_task_first(def);
    if (ks_env_goal_of(def) == KS_GOAL_DIRECTION) {
        v->forward = direction > 0;
        v->task[i] = direction;
    } else if (ks_task_range(range, def, i)) {
        double step =
            def->task_numbers && def->task_numbers[i].step > 0 ? def->task_numbers[i].step : (range[1] - range[0]) / 20;
        v->task[i] = ks_task_nearest(def, i, ks_director_clamp(v->task[i] + direction * step, range[0], range[1]));
    }
    ks_director_ask(d, true);
}

static void one_step(ks_director_state* d, int direction) {
    d->values.paused = 1;
    if (d->play) {
        double at = floor(d->time / d->play->dt + 0.5) + direction;
        d->time = ks_director_clamp(at * d->play->dt, 0, ks_play_duration(d->play));
    }
}

/* As it was recorded, from the start. */
static void start_again(ks_director_state* d) {
    d->time = 0;
    if (d->recorded) {
        d->play = ks_lives_show(d->lives, d->recorded);
    }
}

static void first_camera(ks_director_state* d) {
    ks_view v = d->s.view;
    v.joints = d->view.joints;
    v.contacts = d->view.contacts;
    v.forces = d->view.forces;
    d->view = v;
}

void ks_director_say(ks_director_state* d, const ks_error* err) {
    char why[71];
    ks_text_to_ascii(why, sizeof why, err->text);
    snprintf(d->status, sizeof d->status, "%s", why);
}

bool ks_director_find_pane(const ks_director_state* d, mjrRect* pane, int* row, int* step) {
    return d->play && ks_picture_find_pane(d->picture, d->state.rect[KS_PICTURE_RECT], d->play, &d->caption, d->state.x,
                                           d->state.y, pane, row, step);
}

/* The pane under the mouse goes on by itself. */
static void go_live(ks_director_state* d) {
    ks_error err = {0};
    mjrRect pane;
    int row, step;
    if (ks_director_find_pane(d, &pane, &row, &step) && !ks_lives_start(d->lives, row, step, d->time, &err)) {
        ks_director_say(d, &err);
    }
}

static void on_key(ks_director_state* d) {
    ks_panel_values* v = &d->values;
    switch (d->state.key) {
        case mjKEY_F1:
            d->show_help = !d->show_help;
            break;
        case ' ':
            v->paused = !v->paused;
            break;
        case mjKEY_RIGHT:
            one_step(d, +1);
            break;
        case mjKEY_LEFT:
            one_step(d, -1);
            break;
        case mjKEY_BACKSPACE:
            start_again(d);
            break;
        case 'L':
            go_live(d);
            break;
        case 'J':
            d->view.joints = !d->view.joints;
            break;
        case 'P':
            d->view.contacts = !d->view.contacts;
            break;
        case 'F':
            d->view.forces = !d->view.forces;
            break;
        case mjKEY_UP:
            other_task(d, +1);
            break;
        case mjKEY_DOWN:
            other_task(d, -1);
            break;
        case 'N':
            d->seed++;
            ks_director_ask(d, true);
            break;
        case 'M':
            v->mean_actions = !v->mean_actions;
            ks_director_ask(d, true);
            break;
        case 'G':
            v->ghosts = v->ghosts ? 0 : d->s.view.ghosts ? d->s.view.ghosts : KS_PLAY_GHOSTS;
            break;
        case 'C':
            v->charts = !v->charts;
            break;
        case 'S':
            v->shadows = !v->shadows;
            break;
        case mjKEY_TAB:
            d->hide_panel = !d->hide_panel;
            director_resize(d, d->state.rect[0].width, d->state.rect[0].height);
            break;
        case mjKEY_HOME:
            first_camera(d);
            break;
        default:
            return;
    }
    ks_director_refresh_panel(d);
}

/* ---- events ------------------------------------------------------------------------------------------------------------------- */

static void on_panel(ks_director_state* d) {
    bool dragging = d->state.type == mjEVENT_MOVE;
    switch (ks_panel_event(d->panel, &d->state, ks_scene_context(d->scene))) {
        case KS_CHANGED_NOTHING:
            break;
        case KS_CHANGED_SEED:
            d->seed++;
            ks_director_ask(d, true);
            break;
        case KS_CHANGED_LEARNING:
            ks_director_ask(d, !dragging); /* while a slider moves, the show goes on with the policies as they become */
            break;
        case KS_CHANGED_LOOK:
            break;
        case KS_PRESSED_STEP:
            one_step(d, +1);
            ks_director_refresh_panel(d);
            break;
        case KS_PRESSED_RESTART:
            start_again(d);
            break;
        case KS_PRESSED_CAMERA:
            first_camera(d);
            break;
    }
    d->dirty = true;
}

static bool director_event(void* content) {
    ks_director_state* d = content;
    mjuiState* s = &d->state;
    bool key = s->type == mjEVENT_KEY;
    if (key && s->key == mjKEY_ESCAPE) {
        return false;
    }
    if (!d->hide_panel &&
        (key || s->dragrect == KS_PANEL_RECT || (s->dragrect == 0 && s->mouserect == KS_PANEL_RECT))) {
        on_panel(d);
        if (s->type == 0) { /* a control has used it */
            return true;
        }
    }
    if (key) {
        on_key(d);
        return true;
    }
    if (s->dragrect == KS_PICTURE_RECT || (s->dragrect == 0 && s->mouserect == KS_PICTURE_RECT)) {
        ks_director_mouse(d);
    }
    return true;
}

/* ---- time and pictures --------------------------------------------------------------------------------------------------------- */

static bool director_advance(void* content, double seconds) {
    ks_director_state* d = content;
    take(d);
    watch_adapting(d);
    if (d->play && !d->values.paused) {
        double end = ks_play_duration(d->play);
        d->time += seconds * d->values.speed;
        if (ks_lives_any(d->lives)) { /* has no end */
            ks_lives_advance(d->lives, d->time);
        } else if (d->time > end + LAST_PICTURE * d->values.speed) {
            d->time = 0;
        }
        d->dirty = true;
    }
    bool dirty = d->dirty;
    d->dirty = false;
    return dirty;
}

/* Shadows go when pictures take too long, for good: whoever wants them nevertheless switches them on. */
static void watch_speed(ks_director_state* d, double drawing_s) {
    d->slow = drawing_s > SLOW_FRAME ? d->slow + 1 : 0;
    if (d->slow == SLOW_FRAMES && (d->values.shadows || d->values.reflections)) {
        d->values.shadows = d->values.reflections = 0;
        ks_director_refresh_panel(d);
    }
}

static void director_draw(void* content, double drawing_s) {
    ks_director_state* d = content;
    const mjrContext* context = ks_scene_context(d->scene);
    mjrRect picture = d->state.rect[KS_PICTURE_RECT];
    watch_speed(d, drawing_s);
    d->view.shadows = d->values.shadows;
    d->view.reflections = d->values.reflections;
    d->view.ghosts = d->values.ghosts;
    d->view.perturb = ks_lives_perturb(d->lives, &d->view.perturb_row, &d->view.perturb_step);
    d->caption.charts = d->values.charts;
    d->caption.status = d->status;
    d->caption.awaited = *d->awaited ? d->awaited : NULL;
    d->caption.done = d->done;
    if (picture.width > 0 && picture.height > 0) {
        if (d->play) {
            double time = fmin(d->time, ks_play_duration(d->play));
            ks_picture_draw(d->picture, picture, d->play, time, &d->view, &d->caption);
        } else {
            mjr_rectangle(picture, 0.14f, 0.17f, 0.21f, 1);
            const char* said = *d->status ? d->status : *d->awaited ? d->awaited : "adapting ...";
            mjr_overlay(mjFONT_NORMAL, mjGRID_TOPLEFT, picture, said, NULL, context);
        }
        if (d->show_help) {
            mjr_rectangle(picture, 0.09f, 0.11f, 0.14f, 0.8f);
            mjr_overlay(mjFONT_NORMAL, mjGRID_TOPLEFT, picture, KEYS, MEANINGS, context);
        }
    }
    if (!d->hide_panel) {
        ks_panel_draw(d->panel, &d->state, context);
    }
}

const ks_content ks_director = {
    .open = director_open,
    .close = director_close,
    .state = director_ui,
    .resize = director_resize,
    .event = director_event,
    .advance = director_advance,
    .draw = director_draw,
};
