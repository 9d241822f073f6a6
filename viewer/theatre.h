/* theatre.h: adapts policies to a task and lets each stage of the adaptation perform.
 *
 * Per policy: sample trajectories on the task, take a REINFORCE step, sample anew, and so on, as evaluation does (same random
 * streams, so the returns are those of `kshot eval`). Of what was sampled at a stage, the trajectory with the median return is
 * shown; or with `deterministic` every stage acts once more, with its mean actions from one start state, so that what differs
 * between them is the policy alone.
 *
 * Thread rule: one call at a time per object, ks_theatre_progress aside; it uses its own threads inside. Only the create functions allocate. */
#ifndef KS_VIEWER_THEATRE_H
#define KS_VIEWER_THEATRE_H

#include "rl/rl_evaluate.h"
#include "viewer/play.h"

/* A policy on stage. All of a theatre's are for the same environment. Everything is the caller's and must outlive the theatre. */
typedef struct ks_theatre_policy {
    const ks_env_model* model;
    const ks_policy* policy;
    const ks_real* params; /* (Q) */
    ks_step_sizes sizes;   /* how it adapts */
    ks_advantage_settings advantage;
    double lr[KS_EVAL_MAX_STEPS]; /* size of each gradient step; of learned ones: factor of it */
} ks_theatre_policy;

typedef struct ks_theatre_settings {
    int max_steps;           /* gradient steps at most, default 3 */
    size_t max_trajectories; /* per gradient step at most, default 20 */
    size_t horizon;          /* timesteps of a trajectory that is learned from, default 200 */
    size_t length;           /* timesteps of what is shown, default 200 */
    size_t ghosts;           /* trajectories kept per act, at most KS_PLAY_GHOSTS, which is the default */
    int threads;             /* default 1; results do not depend on it */
} ks_theatre_settings;
ks_theatre_settings ks_theatre_settings_default(void);

/* One adaptation. */
typedef struct ks_theatre_request {
    double task[KS_TASK_MAX];
    int steps;           /* gradient steps, 0 … max_steps */
    size_t trajectories; /* per gradient step, 1 … max_trajectories */
    double lr_factor;    /* of every step size; 1: as they are */
    uint64_t seed;
    bool deterministic; /* show the mean actions (learning needs the noise), else the median of what was sampled */
} ks_theatre_request;

typedef struct ks_theatre ks_theatre;

/* count: 1 … KS_PLAY_MAX_ROWS. Errors: KS_BAD_INPUT (different environments, one that cannot be drawn, a policy that does not
 * fit), KS_FAILED (memory). */
ks_theatre* ks_theatre_create(const ks_theatre_policy* policies, int count, const ks_theatre_settings* settings,
                              ks_error* err);
void ks_theatre_destroy(ks_theatre* theatre);

/* A play of the right sizes for this theatre. */
ks_play* ks_theatre_make_play(const ks_theatre* theatre, ks_error* err);

/* What was given for a row: constant, so from any thread. */
const ks_theatre_policy* ks_theatre_policy_of(const ks_theatre* theatre, int row);

/* How many stages of what is being performed are done, and of how many: from any thread, at any time. */
void ks_theatre_progress(const ks_theatre* theatre, int* done, int* of);

/* Fills the play. Errors: KS_FAILED (physics, a step that is too long for the task). The play's content is then undefined. */
bool ks_theatre_perform(ks_theatre* theatre, ks_play* play, const ks_theatre_request* request, ks_error* err);

#endif
