/* lives.h: which panes of a play go on by themselves, and what is pulled at in them. Internal to this room.
 *
 * A pane goes on from where it is when a body is pulled, or when it is told to; until then, and again after a reset, it shows what was
 * recorded. Thread rule: as the scene's. */
#ifndef KS_VIEWER_LIVES_H
#define KS_VIEWER_LIVES_H

#include "viewer/scene.h"
#include "viewer/theatre.h"

typedef struct ks_lives ks_lives;

/* theatre: whose plays are shown; must outlive this. Errors: KS_FAILED (memory). */
ks_lives* ks_lives_create(const ks_theatre* theatre, ks_error* err);
void ks_lives_destroy(ks_lives* lives);

/* From now on this play is shown (it must stay until the next call), as it was recorded, and nothing is selected. Returns what to
 * draw, the same until it is destroyed: the play with live acts in place of recorded ones. */
const ks_play* ks_lives_show(ks_lives* lives, const ks_play* play);
bool ks_lives_any(const ks_lives* lives);

/* The act goes on by itself from `time`; no-op if it does so already. Errors: as ks_live_create; KS_BAD_INPUT: there are no bodies. */
bool ks_lives_start(ks_lives* lives, int row, int step, double time, ks_error* err);
/* All that are live go on until `time`. */
void ks_lives_advance(ks_lives* lives, double time);

/* What the mouse has selected: a body of an act, and a place on it in the body's frame. body 0: nothing. */
void ks_lives_select(ks_lives* lives, int row, int step, int body, const double local[3]);
/* NULL if nothing is selected; *row and *step are the act's. */
const mjvPerturb* ks_lives_perturb(const ks_lives* lives, int* row, int* step);

/* Begins to pull at what is selected, whose act is live then, ends it. aimed: ks_scene_aim of the act. Errors: as ks_lives_start. */
bool ks_lives_grab(ks_lives* lives, const mjvScene* aimed, bool rotate, double time, ks_error* err);
void ks_lives_release(ks_lives* lives);
/* The mouse moves by this share of the pane's height. action: mjtMouse. */
void ks_lives_pull(ks_lives* lives, const mjvScene* aimed, int action, double dx, double dy);

#endif
