/* live.h: an act that goes on by itself. A world of its own plays the act's actions again up to a moment; from there on the act's
 * policy acts in it, by its mean actions, for up to 20000 more timesteps or until the environment ends it, while bodies may be pulled at. All physics is the
 * environment's: a pull is a force on its world's bodies.
 *
 * Thread rule: one thread. Nothing but create allocates. */
#ifndef KS_VIEWER_LIVE_H
#define KS_VIEWER_LIVE_H

#include "viewer/theatre.h"

#include <mujoco/mujoco.h>

typedef struct ks_live ks_live;

/* The act (row, step) of a play, recorded until `time` (simulated seconds). The actor is that row's, of an environment with a MuJoCo
 * model; it must outlive this. The play need not. Errors: KS_FAILED (memory, or the world does not go the same way again). */
ks_live* ks_live_create(const ks_theatre_policy* actor, const ks_play* play, int row, int step, double time,
                        ks_error* err);
void ks_live_destroy(ks_live* live);

/* What has happened until now; its world is there, and nothing of ghosts. The same until it is destroyed, its content grows. */
const ks_act* ks_live_act(const ks_live* live);
/* The world's, for MuJoCo's functions of perturbations. */
mjData* ks_live_data(ks_live* live);

/* Goes on until `time` has come, or the environment ends it. perturb: the pull, held while time passes; NULL: none. */
void ks_live_advance(ks_live* live, double time, const mjvPerturb* perturb);

#endif
