#include "rl/batch.h"

#include <stdlib.h>

ks_batch* ks_batch_create(const ks_batch_sizes* sizes, ks_error* err) {
    ks_batch* b = calloc(1, sizeof *b);
    if (!b) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    size_t n = sizes->trajectories;
    size_t rows = n * sizes->horizon;
    bool physics = sizes->nq > 0;
    b->sizes = *sizes;
    b->traj_start = calloc(n + 1, sizeof *b->traj_start);
    b->terminated = calloc(n + 1, sizeof *b->terminated);
    b->task = calloc(n * sizes->task_dim + 1, sizeof *b->task);
    b->obs = malloc(rows * sizes->obs_dim * sizeof *b->obs);
    b->act = malloc(rows * sizes->act_cols * sizeof *b->act);
    b->head = malloc(rows * sizes->head_cols * sizeof *b->head);
    b->logp = malloc(rows * sizeof *b->logp);
    b->rew = malloc(rows * sizeof *b->rew);
    b->adv = malloc(rows * sizeof *b->adv);
    bool ok = b->traj_start && b->terminated && b->task && b->obs && b->act && b->head && b->logp && b->rew && b->adv;
    if (sizes->sweep) {
        b->sweep_rew = malloc(rows * sizeof *b->sweep_rew);
        b->sweep_adv = malloc(rows * sizeof *b->sweep_adv);
        ok = ok && b->sweep_rew && b->sweep_adv;
    }
    if (physics) {
        b->qpos = malloc(rows * sizes->nq * sizeof *b->qpos);
        b->qvel = malloc(rows * sizes->nv * sizeof *b->qvel);
        b->qpos_last = malloc(n * sizes->nq * sizeof *b->qpos_last);
        b->qvel_last = malloc(n * sizes->nv * sizeof *b->qvel_last);
        ok = ok && b->qpos && b->qvel && b->qpos_last && b->qvel_last;
    }
    if (!ok) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu trajectories of %zu timesteps", n, sizes->horizon);
        ks_batch_destroy(b);
        return NULL;
    }
    return b;
}

void ks_batch_destroy(ks_batch* b) {
    if (!b) {
        return;
    }
    free(b->traj_start);
    free(b->terminated);
    free(b->task);
    free(b->obs);
    free(b->act);
    free(b->head);
    free(b->logp);
    free(b->rew);
    free(b->adv);
    free(b->sweep_rew);
    free(b->sweep_adv);
    free(b->qpos);
    free(b->qvel);
    free(b->qpos_last);
    free(b->qvel_last);
    free(b);
}

double ks_batch_mean_return(const ks_batch* batch) {
    double sum = 0;
    for (size_t t = 0; t < batch->rows; t++) {
        sum += (double)batch->rew[t];
    }
    return batch->n ? sum / (double)batch->n : 0;
}

double ks_batch_mean_length(const ks_batch* batch) {
    return batch->n ? (double)batch->rows / (double)batch->n : 0;
}
