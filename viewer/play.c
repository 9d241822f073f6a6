#include "viewer/play.h"

#include <assert.h>
#include <stdlib.h>

static bool act_init(ks_act* act, const ks_play_sizes* z) {
    size_t nq = (size_t)z->nq;
    act->qpos = calloc((z->length + 1) * nq, sizeof *act->qpos);
    act->rew = calloc(z->length, sizeof *act->rew);
    act->ret = calloc(z->length + 1, sizeof *act->ret);
    act->returns = calloc(z->sampled + 1, sizeof *act->returns);
    act->theta = calloc(z->params + 1, sizeof *act->theta);
    act->actions = calloc(z->length * z->act_cols + 1, sizeof *act->actions);
    act->uniform = calloc(z->uniforms + 1, sizeof *act->uniform);
    act->normal = calloc(z->normals + 1, sizeof *act->normal);
    act->ghost_start = calloc(z->ghosts + 1, sizeof *act->ghost_start);
    act->ghost_qpos = calloc(z->ghosts * (z->ghost_len + 1) * nq + 1, sizeof *act->ghost_qpos);
    return act->theta && act->actions && act->uniform && act->normal && act->qpos && act->rew && act->ret &&
           act->returns && act->ghost_start && act->ghost_qpos;
}

ks_play* ks_play_create(const ks_play_sizes* sizes, ks_error* err) {
    assert(sizes->rows >= 1 && sizes->rows <= KS_PLAY_MAX_ROWS);
    assert(sizes->steps >= 0 && sizes->steps <= KS_PLAY_MAX_STEPS);
    ks_play* play = calloc(1, sizeof *play);
    bool ok = play != NULL;
    if (ok) {
        play->sizes = *sizes;
        play->rows = sizes->rows;
    }
    for (int r = 0; ok && r < sizes->rows; r++) {
        for (int j = 0; ok && j <= sizes->steps; j++) {
            ok = act_init(&play->acts[r][j], sizes);
        }
    }
    if (!ok) {
        ks_fail(err, KS_FAILED, "not enough memory to show %zu timesteps", sizes->length);
        ks_play_destroy(play);
        return NULL;
    }
    return play;
}

void ks_play_destroy(ks_play* play) {
    if (!play) {
        return;
    }
    for (int r = 0; r < KS_PLAY_MAX_ROWS; r++) {
        for (int j = 0; j <= KS_PLAY_MAX_STEPS; j++) {
            ks_act* act = &play->acts[r][j];
            free(act->qpos);
            free(act->rew);
            free(act->ret);
            free(act->returns);
            free(act->theta);
            free(act->actions);
            free(act->uniform);
            free(act->normal);
            free(act->ghost_start);
            free(act->ghost_qpos);
        }
    }
    free(play);
}

double ks_play_duration(const ks_play* play) {
    size_t longest = 0;
    for (int r = 0; r < play->rows; r++) {
        for (int j = 0; j <= play->steps; j++) {
            longest = play->acts[r][j].length > longest ? play->acts[r][j].length : longest;
        }
    }
    return (double)longest * play->dt;
}
