#include "viewer/director.h"

#include "base/number.h"
#include "base/text.h"
#include "viewer/lives.h"
#include "viewer/panel.h"
#include "viewer/rehearsal.h"
#include "viewer/task.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURE_RECT = 2, SLOW_FRAMES = 8, TEXT_ROOM = 256 };

static const double LAST_PICTURE = 1;              /* s, before it starts again */
static const double SLOW_FRAME = 1.0 / 18;         /* s; when pictures take longer, shadows go */
static const double NEAREST = 0.07, FARTHEST = 22; /* of a camera, as multiples of the first distance */
static const double AWAITED_FROM = 0.15;           /* s; what is adapted to sooner needs no announcement */
static const double CLICK = 4;                     /* pixels that a mouse moves at most while it clicks */

typedef struct director {
    ks_director_settings s;
    ks_scene* scene;
    ks_picture* picture;
    ks_rehearsal* rehearsal;
    ks_panel* panel;
    ks_panel_values values;
    mjuiState state;
    ks_view view;
    ks_caption caption;
    char status[96];
    char awaited[TEXT_ROOM + 32]; /* "adapting to: go backward"; empty: nothing that takes long is under way */
    double done;                  /* of it, 0 to 1 */

    ks_lives* lives;
    const ks_play* recorded; /* as it was performed */
    const ks_play* play;     /* what is shown: some of its acts may be live. NULL until the first is there */
    double time;             /* simulated seconds */
    uint64_t seed;
    bool restart; /* with the next play */
    bool dirty;   /* something is to be drawn */
    bool show_help, hide_panel, moved_goal;
    bool pulling;     /* at what is selected */
    double travelled; /* pixels, since the mouse button went down */
    int slow;         /* pictures in a row that took long */
} director;

/* ---- creation ------------------------------------------------------------------------------------------------------------ */

static void ask(director* d, bool restart);

static void init_values(director* d) {
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
    director* d = content;
    if (d) {
        ks_rehearsal_destroy(d->rehearsal);
        ks_lives_destroy(d->lives);
        ks_panel_destroy(d->panel);
        ks_picture_destroy(d->picture);
        ks_scene_destroy(d->scene);
        free(d);
    }
}

static bool init(director* d, const ks_screen* screen, ks_error* err) {
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
    ask(d, true);
    return true;
}

static void* director_open(const void* settings, const ks_screen* screen, ks_error* err) {
    director* d = calloc(1, sizeof *d);
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

static mjuiState* director_state(void* content) {
    return &((director*)content)->state;
}

static void director_resize(void* content, int width, int height) {
    director* d = content;
    int panel = d->hide_panel ? 0 : ks_panel_width(d->panel);
    panel = panel < width ? panel : width;
    d->state.rect[0] = (mjrRect){0, 0, width, height};
    d->state.rect[KS_PANEL_RECT] = (mjrRect){0, 0, panel, height};
    d->state.rect[PICTURE_RECT] = (mjrRect){panel, 0, width - panel, height};
    d->dirty = true;
}

/* ---- adaptations ----------------------------------------------------------------------------------------------------------- */

static void ask(director* d, bool restart) {
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
static void watch_adapting(director* d) {
    ks_theatre_request r;
    double seconds = 0, before = d->done;
    char text[sizeof d->awaited] = "";
    /* while a slider moves, one adaptation follows on the other */
    if (ks_rehearsal_is_busy(d->rehearsal, &r, &seconds) && (seconds >= AWAITED_FROM || *d->awaited)) {
        const ks_env_def* def = ks_env_model_def(d->s.model);
        char task[TEXT_ROOM];
        int done, of;
        ks_task_text(task, sizeof task, def, r.task, KS_TASK_NAMED);
        ks_theatre_progress(d->s.theatre, &done, &of);
        d->done = of > 0 ? (double)done / of : 0;
        snprintf(text, sizeof text, "adapting to:  %s", task);
    }
    d->dirty = d->dirty || strcmp(text, d->awaited) != 0 || (*text && d->done != before);
    memcpy(d->awaited, text, sizeof text);
}

static void take(director* d) {
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

static void refresh_panel(director* d) {
    ks_panel_refresh(d->panel, &d->state, ks_scene_context(d->scene));
    d->dirty = true;
}

static double clamp(double x, double low, double high) {
    return fmin(fmax(x, low), high);
}

/* the next task in a direction: the other way, the next of its values, or a twentieth of the range further */
static void other_task(director* d, int direction) {
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
        v->task[i] = ks_task_nearest(def, i, clamp(v->task[i] + direction * step, range[0], range[1]));
    }
    ask(d, true);
}

static void one_step(director* d, int direction) {
    d->values.paused = 1;
    if (d->play) {
        double at = floor(d->time / d->play->dt + 0.5) + direction;
        d->time = clamp(at * d->play->dt, 0, ks_play_duration(d->play));
    }
}

/* As it was recorded, from the start. */
static void start_again(director* d) {
    d->time = 0;
    if (d->recorded) {
        d->play = ks_lives_show(d->lives, d->recorded);
    }
}

static void first_camera(director* d) {
    ks_view v = d->s.view;
    v.joints = d->view.joints;
    v.contacts = d->view.contacts;
    v.forces = d->view.forces;
    d->view = v;
}

static void say(director* d, const ks_error* err) {
    char why[71];
    ks_text_to_ascii(why, sizeof why, err->text);
    snprintf(d->status, sizeof d->status, "%s", why);
}

/* Which pane the mouse is in, and where its scene is. */
static bool find_pane(const director* d, mjrRect* pane, int* row, int* step) {
    return d->play && ks_picture_find_pane(d->picture, d->state.rect[PICTURE_RECT], d->play, &d->caption, d->state.x,
                                           d->state.y, pane, row, step);
}

/* The pane under the mouse goes on by itself. */
static void go_live(director* d) {
    ks_error err = {0};
    mjrRect pane;
    int row, step;
    if (find_pane(d, &pane, &row, &step) && !ks_lives_start(d->lives, row, step, d->time, &err)) {
        say(d, &err);
    }
}

/* Returns false for the key that leaves. */
static bool on_key(director* d) {
    ks_panel_values* v = &d->values;
    switch (d->state.key) {
        case mjKEY_ESCAPE:
            return false;
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
            ask(d, true);
            break;
        case 'M':
            v->mean_actions = !v->mean_actions;
            ask(d, true);
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
            return true;
    }
    refresh_panel(d);
    return true;
}

/* ---- mouse ------------------------------------------------------------------------------------------------------------------- */

/* The camera of all panes, moved as MuJoCo's own viewers do. */
static void move_camera(director* d, int action, double dx, double dy) {
    mjvCamera camera;
    mjv_defaultCamera(&camera);
    camera.azimuth = d->view.azimuth;
    camera.elevation = d->view.elevation;
    camera.distance = d->view.distance;
    mju_copy3(camera.lookat, d->view.offset);
    mjv_moveCamera(ks_scene_stage(d->scene), action, dx, dy, &camera);
    d->view.azimuth = camera.azimuth;
    d->view.elevation = clamp(camera.elevation, -89, 20);
    d->view.distance = clamp(camera.distance, NEAREST * d->s.view.distance, FARTHEST * d->s.view.distance);
    mju_copy3(d->view.offset, camera.lookat);
    d->dirty = true;
}

/* Puts the goal where the mouse is on the floor. */
static void move_goal(director* d, bool restart) {
    const ks_env_def* def = ks_env_model_def(d->s.model);
    mjrRect pane;
    int row, step;
    double place[2], local[3];
    if (ks_env_goal_of(def) != KS_GOAL_PLACE || !find_pane(d, &pane, &row, &step) ||
        ks_scene_select(local, d->scene, pane, d->play, row, step, d->time, &d->view, d->state.x, d->state.y) > 0 ||
        !ks_scene_pick(place, d->scene, pane, d->play, row, step, d->time, &d->view, d->state.x, d->state.y)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        int number = def->look->goal_numbers[i];
        double range[2];
        if (ks_task_range(range, def, number)) {
            d->values.task[number] = ks_task_nearest(def, number, clamp(place[i], range[0], range[1]));
        }
    }
    refresh_panel(d);
    ask(d, restart);
}

/* Selects the body under the mouse; where there is none, nothing is selected any more. */
static void select_body(director* d) {
    mjrRect pane;
    int row, step;
    double local[3] = {0};
    if (find_pane(d, &pane, &row, &step)) {
        int body =
            ks_scene_select(local, d->scene, pane, d->play, row, step, d->time, &d->view, d->state.x, d->state.y);
        ks_lives_select(d->lives, row, step, body, local);
        d->dirty = true;
    }
}

/* The camera of the pane of what is selected; NULL: nothing is, or its pane is not there. */
static const mjvScene* aim_at_selected(director* d) {
    int row, step;
    mjrRect pane = d->state.rect[PICTURE_RECT];
    if (!d->play || !ks_lives_perturb(d->lives, &row, &step) || row >= d->play->rows || step > d->play->steps) {
        return NULL;
    }
    return ks_scene_aim(d->scene, pane, d->play, row, step, d->time, &d->view);
}

/* Ctrl and a button: pulls at what is selected. False: nothing is. */
static bool grab(director* d) {
    ks_error err = {0};
    const mjvScene* aimed = d->state.control ? aim_at_selected(d) : NULL;
    if (!aimed) {
        return false;
    }
    d->pulling = ks_lives_grab(d->lives, aimed, d->state.button == mjBUTTON_LEFT, d->time, &err);
    if (!d->pulling) {
        say(d, &err);
    } else if (d->values.paused) { /* nothing would move */
        d->values.paused = 0;
        refresh_panel(d);
    }
    return true;
}

static void pull(director* d, double height) {
    const mjuiState* s = &d->state;
    const mjvScene* aimed = aim_at_selected(d);
    int action = s->dragbutton == mjBUTTON_LEFT ? (s->shift ? mjMOUSE_ROTATE_H : mjMOUSE_ROTATE_V)
                                                : (s->shift ? mjMOUSE_MOVE_H : mjMOUSE_MOVE_V);
    if (aimed) {
        ks_lives_pull(d->lives, aimed, action, s->dx / height, -s->dy / height);
        d->dirty = true;
    }
}

static void on_picture_mouse(director* d) {
    mjuiState* s = &d->state;
    double height = fmax(s->rect[0].height, 1);
    if (s->type == mjEVENT_PRESS && s->doubleclick && s->button == mjBUTTON_LEFT) {
        select_body(d);
    }
    if (s->type == mjEVENT_PRESS && grab(d)) {
        return;
    }
    if (d->pulling && s->type == mjEVENT_MOVE) {
        pull(d, height);
        return;
    }
    if (d->pulling && s->type == mjEVENT_RELEASE) {
        ks_lives_release(d->lives);
        d->pulling = false;
        return;
    }
    if (s->type == mjEVENT_SCROLL) {
        move_camera(d, mjMOUSE_ZOOM, 0, -0.05 * s->sy);
    } else if (s->type == mjEVENT_PRESS) {
        d->travelled = 0;
        d->moved_goal = s->control && s->button == mjBUTTON_LEFT;
    } else if (s->type == mjEVENT_MOVE && s->dragrect == PICTURE_RECT) {
        d->travelled += fabs(s->dx) + fabs(s->dy);
        if (d->moved_goal) {
            move_goal(d, false);
        } else {
            int action = s->right    ? (s->shift ? mjMOUSE_MOVE_H : mjMOUSE_MOVE_V)
                         : s->middle ? mjMOUSE_ZOOM
                                     : (s->shift ? mjMOUSE_ROTATE_H : mjMOUSE_ROTATE_V);
            /* one movement for both: rotating about z and tilting, as everybody expects of a free camera */
            if (s->left && !s->shift) {
                move_camera(d, mjMOUSE_ROTATE_H, s->dx / height, 0);
                move_camera(d, mjMOUSE_ROTATE_V, 0, -s->dy / height);
            } else {
                move_camera(d, action, s->dx / height, -s->dy / height);
            }
        }
    } else if (s->type == mjEVENT_RELEASE && s->dragbutton == mjBUTTON_LEFT && d->travelled <= CLICK) {
        move_goal(d, true);
    }
}

static void on_panel(director* d) {
    bool dragging = d->state.type == mjEVENT_MOVE;
    switch (ks_panel_event(d->panel, &d->state, ks_scene_context(d->scene))) {
        case KS_CHANGED_NOTHING:
            break;
        case KS_CHANGED_SEED:
            d->seed++;
            ask(d, true);
            break;
        case KS_CHANGED_LEARNING:
            ask(d, !dragging); /* while a slider moves, the show goes on with the policies as they become */
            break;
        case KS_CHANGED_LOOK:
            break;
        case KS_PRESSED_STEP:
            one_step(d, +1);
            refresh_panel(d);
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
    director* d = content;
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
        return on_key(d);
    }
    if (s->dragrect == PICTURE_RECT || (s->dragrect == 0 && s->mouserect == PICTURE_RECT)) {
        on_picture_mouse(d);
    }
    return true;
}

/* ---- time and pictures --------------------------------------------------------------------------------------------------------- */

static bool director_advance(void* content, double seconds) {
    director* d = content;
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
static void watch_speed(director* d, double drawing_s) {
    d->slow = drawing_s > SLOW_FRAME ? d->slow + 1 : 0;
    if (d->slow == SLOW_FRAMES && (d->values.shadows || d->values.reflections)) {
        d->values.shadows = d->values.reflections = 0;
        refresh_panel(d);
    }
}

static void director_draw(void* content, double drawing_s) {
    director* d = content;
    const mjrContext* context = ks_scene_context(d->scene);
    mjrRect picture = d->state.rect[PICTURE_RECT];
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
    .state = director_state,
    .resize = director_resize,
    .event = director_event,
    .advance = director_advance,
    .draw = director_draw,
};
