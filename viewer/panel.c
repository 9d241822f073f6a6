#include "viewer/panel.h"

#include "base/text.h"
#include "viewer/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_GHOSTS = KS_PLAY_GHOSTS };
enum { FIRST_NUMBERS = 12 }; /* of a task, which are not folded away */
enum {
    LETTER = 9,
    USUAL_NAME = 11,
    LONGEST_NAME = 26
}; /* pixels of one; letters that there is room for, at least and at most */

struct ks_panel {
    const ks_env_def* def;
    ks_panel_values* values;
    mjUI ui; /* 2 MB */
};

/* One control at the end of the last section; `id` says what it changes. */
static void add(ks_panel* p, int type, const char* name, void* data, const char* other, ks_panel_change id) {
    mjuiDef def[2] = {{.type = type, .state = 1, .pdata = data}, {.type = mjITEM_END}};
    snprintf(def[0].name, sizeof def[0].name, "%s", name);
    snprintf(def[0].other, sizeof def[0].other, "%s", other);
    mjui_add(&p->ui, def);
    if (type != mjITEM_SECTION) {
        mjuiSection* section = &p->ui.sect[p->ui.nsect - 1];
        section->item[section->nitem - 1].userid = (int)id;
    }
}

/* "velocity, m/s", as far as it fits */
static void name_number(char name[mjMAXUINAME], const ks_env_def* def, int i) {
    char unit[KS_TASK_UNIT], text[KS_TASK_TEXT];
    ks_task_unit(unit, def, i);
    if (def->task_numbers) {
        snprintf(text, sizeof text, "%s%s%s", def->task_numbers[i].name, *unit ? ", " : "", unit);
    } else {
        snprintf(text, sizeof text, "task %d", i + 1);
    }
    ks_text_to_ascii(name, mjMAXUINAME, text);
}

/* A direction is one of two; any other number that there is a choice of has a slider. */
static void add_task(ks_panel* p) {
    ks_panel_values* v = p->values;
    int count = 0, direction = -1, longest = USUAL_NAME;
    add(p, mjITEM_SECTION, "Task", NULL, "", KS_CHANGED_NOTHING);
    if (ks_env_goal_of(p->def) == KS_GOAL_DIRECTION) {
        direction = ks_task_first(p->def);
        add(p, mjITEM_RADIO, "", &v->forward, "backward\nforward", KS_CHANGED_LEARNING);
    }
    for (int i = 0; i < p->def->task_dim; i++) {
        char name[mjMAXUINAME], text[64];
        double range[2];
        if (i == direction || !ks_task_range(range, p->def, i)) {
            continue;
        }
        if (count++ == FIRST_NUMBERS) {
            add(p, mjITEM_SECTION, "More of the task", NULL, "", KS_CHANGED_NOTHING);
            p->ui.sect[p->ui.nsect - 1].state = 0; /* folded */
        }
        name_number(name, p->def, i);
        snprintf(text, sizeof text, "%.6g %.6g", range[0],
                 range[1]); /* MuJoCo reads it back, in the program's locale */
        add(p, mjITEM_SLIDERNUM, name, &v->task[i], text, KS_CHANGED_LEARNING);
        longest = (int)strlen(name) > longest ? (int)strlen(name) : longest;
    }
    int more = LETTER * ((longest < LONGEST_NAME ? longest : LONGEST_NAME) - USUAL_NAME);
    p->ui.spacing.label += more;
    p->ui.spacing.total += more;
}

static void add_all(ks_panel* p, const ks_theatre_settings* limits) {
    ks_panel_values* v = p->values;
    char text[64];
    add_task(p);
    add(p, mjITEM_SECTION, "Learning", NULL, "", KS_CHANGED_NOTHING);
    snprintf(text, sizeof text, "0 %d", limits->max_steps);
    add(p, mjITEM_SLIDERINT, "Steps", &v->steps, text, KS_CHANGED_LEARNING);
    snprintf(text, sizeof text, "1 %zu", limits->max_trajectories);
    add(p, mjITEM_SLIDERINT, "Trajectories", &v->trajectories, text, KS_CHANGED_LEARNING);
    add(p, mjITEM_SLIDERNUM, "Step size x", &v->lr_factor, "0 3", KS_CHANGED_LEARNING);
    add(p, mjITEM_BUTTON, "Other noise", NULL, "", KS_CHANGED_SEED);
    add(p, mjITEM_SECTION, "Playing", NULL, "", KS_CHANGED_NOTHING);
    add(p, mjITEM_CHECKINT, "Pause", &v->paused, "", KS_CHANGED_LOOK);
    add(p, mjITEM_BUTTON, "Step", NULL, "", KS_PRESSED_STEP);
    add(p, mjITEM_BUTTON, "Restart", NULL, "", KS_PRESSED_RESTART);
    add(p, mjITEM_SLIDERNUM, "Speed", &v->speed, "0.05 2", KS_CHANGED_LOOK);
    add(p, mjITEM_RADIO, "", &v->mean_actions, "with noise\nmean only", KS_CHANGED_LEARNING);
    add(p, mjITEM_SECTION, "Look", NULL, "", KS_CHANGED_NOTHING);
    add(p, mjITEM_CHECKINT, "Shadows", &v->shadows, "", KS_CHANGED_LOOK);
    add(p, mjITEM_CHECKINT, "Reflections", &v->reflections, "", KS_CHANGED_LOOK);
    add(p, mjITEM_CHECKINT, "Charts", &v->charts, "", KS_CHANGED_LOOK);
    snprintf(text, sizeof text, "0 %d", MAX_GHOSTS);
    add(p, mjITEM_SLIDERINT, "Ghosts", &v->ghosts, text, KS_CHANGED_LOOK);
    add(p, mjITEM_BUTTON, "Camera", NULL, "", KS_PRESSED_CAMERA);
}

ks_panel* ks_panel_create(const ks_env_def* def, const ks_theatre_settings* limits, ks_panel_values* values,
                          ks_error* err) {
    ks_panel* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    p->def = def;
    p->values = values;
    p->ui.spacing = mjui_themeSpacing(1);
    p->ui.color = mjui_themeColor(1);
    p->ui.rectid = KS_PANEL_RECT;
    p->ui.auxid = KS_PANEL_AUX;
    add_all(p, limits);
    return p;
}

void ks_panel_destroy(ks_panel* p) {
    free(p);
}

int ks_panel_width(const ks_panel* p) {
    return p->ui.width;
}

void ks_panel_layout(ks_panel* p, mjuiState* state, mjrContext* context) {
    mjui_resize(&p->ui, context);
    mjr_addAux(p->ui.auxid, p->ui.width, p->ui.maxheight, p->ui.spacing.samples, context);
    ks_panel_refresh(p, state, context);
}

void ks_panel_refresh(ks_panel* p, const mjuiState* state, const mjrContext* context) {
    mjui_update(-1, -1, &p->ui, state, context);
}

/* What a control of the task means, in numbers that there are. */
static void take_task(ks_panel* p, const mjuiItem* item) {
    ks_panel_values* v = p->values;
    if (item->pdata == &v->forward) {
        v->task[ks_task_first(p->def)] = v->forward ? 1 : -1;
    }
    for (int i = 0; i < p->def->task_dim; i++) {
        if (item->pdata == &v->task[i]) {
            v->task[i] = ks_task_nearest(p->def, i, v->task[i]);
        }
    }
}

ks_panel_change ks_panel_event(ks_panel* p, mjuiState* state, const mjrContext* context) {
    mjuiItem* item = mjui_event(&p->ui, state, context);
    if (!item) {
        return KS_CHANGED_NOTHING;
    }
    take_task(p, item);
    mjui_update(-1, -1, &p->ui, state, context);
    return (ks_panel_change)item->userid;
}

void ks_panel_draw(ks_panel* p, const mjuiState* state, const mjrContext* context) {
    mjui_render(&p->ui, state, context);
}
