#include "viewer/lives.h"

#include "viewer/live.h"

#include <stdlib.h>
#include <string.h>

struct ks_lives {
    const ks_theatre* theatre;
    const ks_play* recorded;
    ks_play shown; /* arrays are those of the recorded play and of live acts */
    ks_live* live[KS_PLAY_MAX_ROWS][KS_PLAY_MAX_STEPS + 1];
    int row, step; /* of the selected body */
    mjvPerturb perturb;
};

ks_lives* ks_lives_create(const ks_theatre* theatre, ks_error* err) {
    ks_lives* l = calloc(1, sizeof *l);
    if (!l) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    l->theatre = theatre;
    mjv_defaultPerturb(&l->perturb);
    return l;
}

static void end_all(ks_lives* l) {
    for (int r = 0; r < KS_PLAY_MAX_ROWS; r++) {
        for (int j = 0; j <= KS_PLAY_MAX_STEPS; j++) {
            ks_live_destroy(l->live[r][j]);
            l->live[r][j] = NULL;
        }
    }
    mjv_defaultPerturb(&l->perturb);
}

void ks_lives_destroy(ks_lives* l) {
    if (l) {
        end_all(l);
        free(l);
    }
}

const ks_play* ks_lives_show(ks_lives* l, const ks_play* play) {
    end_all(l);
    l->recorded = play;
    l->shown = *play;
    return &l->shown;
}

bool ks_lives_any(const ks_lives* l) {
    for (int r = 0; r < KS_PLAY_MAX_ROWS; r++) {
        for (int j = 0; j <= KS_PLAY_MAX_STEPS; j++) {
            if (l->live[r][j]) {
                return true;
            }
        }
    }
    return false;
}

bool ks_lives_start(ks_lives* l, int row, int step, double time, ks_error* err) {
    const ks_theatre_policy* actor = ks_theatre_policy_of(l->theatre, row);
    if (l->live[row][step]) {
        return true;
    }
    if (!ks_env_model_mujoco(actor->model)) {
        return ks_fail(err, KS_BAD_INPUT, "%s has no bodies that could be pulled at", l->recorded->def->name);
    }
    l->live[row][step] = ks_live_create(actor, l->recorded, row, step, time, err);
    if (!l->live[row][step]) {
        return false;
    }
    l->shown.acts[row][step] = *ks_live_act(l->live[row][step]);
    return true;
}

void ks_lives_advance(ks_lives* l, double time) {
    for (int r = 0; r < KS_PLAY_MAX_ROWS; r++) {
        for (int j = 0; j <= KS_PLAY_MAX_STEPS; j++) {
            if (l->live[r][j]) {
                ks_live_advance(l->live[r][j], time, r == l->row && j == l->step ? &l->perturb : NULL);
                l->shown.acts[r][j] = *ks_live_act(l->live[r][j]);
            }
        }
    }
}

void ks_lives_select(ks_lives* l, int row, int step, int body, const double local[3]) {
    mjv_defaultPerturb(&l->perturb);
    l->row = row;
    l->step = step;
    l->perturb.select = body;
    mju_copy3(l->perturb.localpos, local);
}

const mjvPerturb* ks_lives_perturb(const ks_lives* l, int* row, int* step) {
    *row = l->row;
    *step = l->step;
    return l->perturb.select > 0 ? &l->perturb : NULL;
}

static const mjModel* model_of(const ks_lives* l) {
    return ks_env_model_mujoco(ks_theatre_policy_of(l->theatre, l->row)->model);
}

bool ks_lives_grab(ks_lives* l, const mjvScene* aimed, bool rotate, double time, ks_error* err) {
    if (l->perturb.select <= 0) {
        return true;
    }
    if (!ks_lives_start(l, l->row, l->step, time, err)) {
        return false;
    }
    mjv_initPerturb(model_of(l), ks_live_data(l->live[l->row][l->step]), aimed, &l->perturb);
    l->perturb.active = rotate ? mjPERT_ROTATE : mjPERT_TRANSLATE;
    return true;
}

void ks_lives_release(ks_lives* l) {
    l->perturb.active = 0;
}

void ks_lives_pull(ks_lives* l, const mjvScene* aimed, int action, double dx, double dy) {
    if (l->perturb.active) {
        mjv_movePerturb(model_of(l), ks_live_data(l->live[l->row][l->step]), action, dx, dy, aimed, &l->perturb);
    }
}
