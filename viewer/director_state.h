/* director_state.h: what a viewer of policies knows while it is open. Internal to director.c and director_mouse.c. Thread rule: as
 * director.h. */
#ifndef KS_VIEWER_DIRECTOR_STATE_H
#define KS_VIEWER_DIRECTOR_STATE_H

#include "viewer/director.h"
#include "viewer/lives.h"
#include "viewer/panel.h"
#include "viewer/rehearsal.h"

#include <math.h>

enum { KS_PICTURE_RECT = 2, KS_DIRECTOR_TEXT = 256 };

typedef struct ks_director_state {
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
    char awaited[KS_DIRECTOR_TEXT + 32]; /* "adapting to: go backward"; empty: nothing that takes long is under way */
    double done;                         /* of it, 0 to 1 */

    ks_lives* lives;
    const ks_play* recorded; /* as it was performed */
    const ks_play* play;     /* what is shown: some of its acts may be live. NULL until the first is there */
    double time;             /* simulated seconds */
    uint64_t seed;
    bool restart; /* with the next play */
    bool dirty;   /* something is to be drawn */
    bool show_help, hide_panel, moved_goal;
    mjrRect selected; /* where the scene was in which a body was selected */
    bool pulling;     /* at it */
    double travelled; /* pixels, since the mouse button went down */
    int slow;         /* pictures in a row that took long */
} ks_director_state;

/* Asks for the adaptation that the panel says; restart: shows it from its start. */
void ks_director_ask(ks_director_state* d, bool restart);
/* The panel shows values that have changed elsewhere. */
void ks_director_refresh_panel(ks_director_state* d);
/* An error, in the picture. */
void ks_director_say(ks_director_state* d, const ks_error* err);
/* Which pane the mouse is in, and where its scene is. */
bool ks_director_find_pane(const ks_director_state* d, mjrRect* pane, int* row, int* step);

/* A mouse event over the picture: the camera, the goal, bodies that are pulled at. */
void ks_director_mouse(ks_director_state* d);

static inline double ks_director_clamp(double x, double low, double high) {
    return fmin(fmax(x, low), high);
}

#endif
