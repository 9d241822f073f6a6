/* batch.h: the trajectories of one task, flat and without padding.
 *
 * Timesteps stand in order within a trajectory, trajectories in order within the batch; trajectory i is the rows
 * traj_start[i] … traj_start[i+1]-1. A batch is sized once and refilled every iteration.
 *
 * Thread rule: written by one thread at a time (the sampler's threads write disjoint trajectories). */
#ifndef KS_RL_BATCH_H
#define KS_RL_BATCH_H

#include "base/error.h"
#include "base/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ks_batch_sizes {
    size_t trajectories; /* n at most */
    size_t horizon;      /* timesteps per trajectory at most */
    size_t obs_dim;
    size_t act_cols;  /* ks_policy_act_cols */
    size_t head_cols; /* ks_policy_head_cols */
    size_t task_dim;
    bool sweep;    /* rewards of the sweep are kept (rollout.h) */
    size_t nq, nv; /* physics state kept per timestep; 0: none */
} ks_batch_sizes;

typedef struct ks_batch {
    ks_batch_sizes sizes;

    /* filled by ks_sampler_run */
    size_t n;            /* trajectories */
    size_t rows;         /* timesteps T, all trajectories together */
    size_t* traj_start;  /* (n+1) first row of each trajectory, then T */
    uint8_t* terminated; /* (n) 1: the environment ended it; 0: the time limit did */
    double* task;        /* (n x task_dim) */
    ks_real* obs;        /* (T x obs_dim) as the policy saw them */
    ks_real* act;        /* (T x act_cols) as sampled, before clipping */
    ks_real* head;       /* (T x head_cols) means or logits that the actions were sampled from */
    ks_real* logp;       /* (T) log π(a|s), summed over action dimensions */
    ks_real* rew;        /* (T) */
    ks_real* sweep_rew;  /* (T) what the same steps are worth for the sweep's tasks; NULL without sweep */
    double* qpos;        /* (T x nq) state before each action; NULL if nq = 0 */
    double* qvel;        /* (T x nv) */
    double* qpos_last;   /* (n x nq) state after the last action */
    double* qvel_last;   /* (n x nv) */
    size_t rejected;     /* trajectories that ended before a step that broke down (ks_sampler_run) */

    /* filled by ks_advantage_compute */
    ks_real* adv; /* (T) normalised advantage */

    ks_real* sweep_adv; /* (T) the same of sweep_rew, filled by whoever wants it; NULL without sweep */
} ks_batch;

/* Owned by the caller; everything is allocated here. Errors: KS_FAILED (memory). */
ks_batch* ks_batch_create(const ks_batch_sizes* sizes, ks_error* err);
void ks_batch_destroy(ks_batch* batch);

/* Mean over trajectories of the undiscounted return; 0 for an empty batch. */
double ks_batch_mean_return(const ks_batch* batch);
/* Mean number of timesteps of a trajectory. */
double ks_batch_mean_length(const ks_batch* batch);

#endif
