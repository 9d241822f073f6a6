/* panel.h: the settings beside the picture: task, learning, playing, look; drawn and handled by MuJoCo's user interface.
 * Thread rule: as the scene's. */
#ifndef KS_VIEWER_PANEL_H
#define KS_VIEWER_PANEL_H

#include "viewer/scene.h"
#include "viewer/theatre.h"

enum { KS_PANEL_RECT = 1, KS_PANEL_AUX = 0 }; /* its rectangle in mjuiState, and its buffer in mjrContext */

/* What can be set, in the types that MuJoCo's controls want. */
typedef struct ks_panel_values {
    mjtNum task[KS_TASK_MAX];
    int forward; /* for tasks that are a direction: 0 backward, 1 forward */
    int steps, trajectories;
    mjtNum lr_factor;
    int mean_actions; /* 0 sampled, 1 deterministic */
    int paused;
    mjtNum speed;
    int shadows, reflections, charts, ghosts;
} ks_panel_values;

/* What a control stands for. */
typedef enum ks_panel_change {
    KS_CHANGED_NOTHING,
    KS_CHANGED_LEARNING, /* task, steps, …: adapt anew */
    KS_CHANGED_SEED,     /* draw other numbers, and adapt anew */
    KS_CHANGED_LOOK,     /* pause, speed, look: only draw */
    KS_PRESSED_STEP,
    KS_PRESSED_RESTART,
    KS_PRESSED_CAMERA
} ks_panel_change;

typedef struct ks_panel ks_panel;

/* `values` is the caller's, read and written; must outlive the panel. Errors: KS_FAILED (memory). */
ks_panel* ks_panel_create(const ks_env_def* def, const ks_theatre_settings* limits, ks_panel_values* values,
                          ks_error* err);
void ks_panel_destroy(ks_panel* panel);

/* Pixels; known after the first layout. */
int ks_panel_width(const ks_panel* panel);
/* After creation, and when the context's letters have changed. */
void ks_panel_layout(ks_panel* panel, mjuiState* state, mjrContext* context);
/* After values have changed from outside. */
void ks_panel_refresh(ks_panel* panel, const mjuiState* state, const mjrContext* context);
/* An event that belongs to the panel, or a key. state->type becomes 0 if the panel has used it. */
ks_panel_change ks_panel_event(ks_panel* panel, mjuiState* state, const mjrContext* context);
void ks_panel_draw(ks_panel* panel, const mjuiState* state, const mjrContext* context);

#endif
