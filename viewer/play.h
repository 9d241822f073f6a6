/* play.h: what is shown: one task, and policies before and after gradient steps on it.
 *
 * An act shows one trajectory: of all that were sampled after its number of steps the one whose return is the median, so that it
 * stands for their mean return; or the one of the mean actions, from a start that all acts have in common.
 *
 * A play is plain data: the theatre fills it (theatre.h), pictures are drawn from it (picture.h), and neither knows the other.
 * An act is one policy after so many gradient steps; acts stand in rows of policies, columns of gradient steps.
 *
 * Thread rule: filled by one thread, then read by any number. */
#ifndef KS_VIEWER_PLAY_H
#define KS_VIEWER_PLAY_H

#include "envs/env.h"

enum {
    KS_PLAY_MAX_ROWS = 4,  /* policies */
    KS_PLAY_MAX_STEPS = 9, /* gradient steps */
    KS_PLAY_GHOSTS = 20,   /* sampled trajectories kept per act, at most */
};

typedef struct ks_play_sizes {
    int rows;                 /* 1 … KS_PLAY_MAX_ROWS */
    int steps;                /* gradient steps at most, 0 … KS_PLAY_MAX_STEPS */
    int nq;                   /* numbers of a position */
    size_t length;            /* timesteps of an act at most */
    size_t sampled;           /* trajectories sampled per act, at most */
    size_t params;            /* numbers of a policy, at most */
    size_t act_cols;          /* numbers of an action */
    size_t uniforms, normals; /* that a world is reset with */
    size_t ghosts;            /* trajectories kept per act, at most */
    size_t ghost_len;         /* timesteps of such a trajectory at most */
} ks_play_sizes;

/* Positions are states 0 … length: one more than there are rewards. */
typedef struct ks_act {
    double mean_return; /* undiscounted, mean over all trajectories that were sampled after this many steps */
    double* returns;    /* (num_sampled) theirs */
    size_t num_sampled;
    size_t median;   /* which of them has the median return, of two the lower */
    size_t broken;   /* how many of those broke down, and end there */
    size_t length;   /* timesteps T of what is shown */
    bool terminated; /* the environment ended it, not the time limit */
    double* qpos;    /* ((T+1) x nq) */
    double* rew;     /* (T) */
    double* ret;     /* (T+1) sum of the rewards before each state */

    size_t
        num_ghosts; /* trajectories sampled after this many steps, from which the next step learned; not the one shown */
    size_t* ghost_start; /* (num_ghosts+1) first position of each, then their number */
    double* ghost_qpos;  /* (ghost_start[num_ghosts] x nq) */

    /* what it takes to go the same way again, and on from anywhere (live.h) */
    ks_real* theta;           /* (params) the policy after this many steps */
    ks_real* actions;         /* (T x act_cols) */
    double *uniform, *normal; /* that its world was reset with */
    const void* world;        /* struct mjData_ of an act that goes on by itself; else NULL */
} ks_act;

typedef struct ks_play {
    ks_play_sizes sizes;
    const ks_env_def* def;
    double task[KS_TASK_MAX];
    double dt;      /* simulated seconds per timestep; where the environment has no time, what looks well */
    int rows;       /* policies */
    int steps;      /* gradient steps shown: columns 0 … steps */
    double seconds; /* that adapting took */
    bool is_median; /* what is shown; else the mean actions */
    double top;     /* m, of the highest point of a body in any act, above what its camera looks at; 0: not known */
    ks_act acts[KS_PLAY_MAX_ROWS][KS_PLAY_MAX_STEPS + 1];
} ks_play;

/* Owned by the caller; everything is allocated here. Errors: KS_FAILED (memory). */
ks_play* ks_play_create(const ks_play_sizes* sizes, ks_error* err);
void ks_play_destroy(ks_play* play);

/* Simulated seconds until the longest act has ended. */
double ks_play_duration(const ks_play* play);

#endif
