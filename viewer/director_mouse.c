/* The mouse over a viewer's picture. */
#include "viewer/director_state.h"
#include "viewer/task.h"

static const double NEAREST = 0.07, FARTHEST = 22; /* of a camera, as multiples of the first distance */
static const double CLICK = 4;                     /* pixels that a mouse moves at most while it clicks */

/* The camera of all panes, moved as MuJoCo's own viewers do. */
static void move_camera(ks_director_state* d, int action, double dx, double dy) {
    mjvCamera camera;
    mjv_defaultCamera(&camera);
    camera.azimuth = d->view.azimuth;
    camera.elevation = d->view.elevation;
    camera.distance = d->view.distance;
    mju_copy3(camera.lookat, d->view.offset);
    mjv_moveCamera(ks_scene_stage(d->scene), action, dx, dy, &camera);
    d->view.azimuth = camera.azimuth;
    d->view.elevation = ks_director_clamp(camera.elevation, -89, 20);
    d->view.distance = ks_director_clamp(camera.distance, NEAREST * d->s.view.distance, FARTHEST * d->s.view.distance);
    mju_copy3(d->view.offset, camera.lookat);
    d->dirty = true;
}

/* Puts the goal where the mouse is on the floor. */
static void move_goal(ks_director_state* d, bool restart) {
    const ks_env_def* def = ks_env_model_def(d->s.model);
    mjrRect pane;
    int row, step;
    double place[2], local[3];
    if (ks_env_goal_of(def) != KS_GOAL_PLACE || !ks_director_find_pane(d, &pane, &row, &step) ||
        ks_scene_select(local, d->scene, pane, d->play, row, step, d->time, &d->view, d->state.x, d->state.y) > 0 ||
        !ks_scene_pick(place, d->scene, pane, d->play, row, step, d->time, &d->view, d->state.x, d->state.y)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        int number = def->look->goal_numbers[i];
        double range[2];
        if (ks_task_range(range, def, number)) {
            d->values.task[number] = ks_task_nearest(def, number, ks_director_clamp(place[i], range[0], range[1]));
        }
    }
    ks_director_refresh_panel(d);
    ks_director_ask(d, restart);
}

/* Selects the body under the mouse; where there is none, nothing is selected any more. */
static void select_body(ks_director_state* d) {
    mjrRect pane;
    int row, step;
    double local[3] = {0};
    if (ks_director_find_pane(d, &pane, &row, &step)) {
        int body =
            ks_scene_select(local, d->scene, pane, d->play, row, step, d->time, &d->view, d->state.x, d->state.y);
        ks_lives_select(d->lives, row, step, body, local);
        d->selected = pane;
        d->dirty = true;
    }
}

/* The camera of the pane of what is selected; NULL: nothing is, or its pane is not there. */
static const mjvScene* aim_at_selected(ks_director_state* d) {
    int row, step;
    if (!d->play || !ks_lives_perturb(d->lives, &row, &step) || row >= d->play->rows || step > d->play->steps) {
        return NULL;
    }
    return ks_scene_aim(d->scene, d->selected, d->play, row, step, d->time, &d->view);
}

/* Ctrl and a button: pulls at what is selected. False: nothing is. */
static bool grab(ks_director_state* d) {
    ks_error err = {0};
    const mjvScene* aimed = d->state.control ? aim_at_selected(d) : NULL;
    if (!aimed) {
        return false;
    }
    d->pulling = ks_lives_grab(d->lives, aimed, d->state.button == mjBUTTON_LEFT, d->time, &err);
    if (!d->pulling) {
        ks_director_say(d, &err);
    } else if (d->values.paused) { /* nothing would move */
        d->values.paused = 0;
        ks_director_refresh_panel(d);
    }
    return true;
}

static void pull(ks_director_state* d) {
    const mjuiState* s = &d->state;
    const mjvScene* aimed = aim_at_selected(d);
    int action = s->dragbutton == mjBUTTON_LEFT ? (s->shift ? mjMOUSE_ROTATE_H : mjMOUSE_ROTATE_V)
                                                : (s->shift ? mjMOUSE_MOVE_H : mjMOUSE_MOVE_V);
    if (aimed) {
        double height = fmax(d->selected.height, 1);
        ks_lives_pull(d->lives, aimed, action, s->dx / height, -s->dy / height);
        d->dirty = true;
    }
}

void ks_director_mouse(ks_director_state* d) {
    mjuiState* s = &d->state;
    double height = fmax(s->rect[0].height, 1);
    if (s->type == mjEVENT_PRESS && s->doubleclick && s->button == mjBUTTON_LEFT) {
        select_body(d);
    }
    if (s->type == mjEVENT_PRESS && grab(d)) {
        return;
    }
    if (d->pulling && s->type == mjEVENT_MOVE) {
        pull(d);
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
    } else if (s->type == mjEVENT_MOVE && s->dragrect == KS_PICTURE_RECT) {
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
