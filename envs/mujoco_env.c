#include "envs/mujoco_env.h"

#include "envs/mujoco_load.h"
#include "envs/stable.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const double START_POSITION_STD = 0.01;
static const double START_POSITION_RANGE = 0.1;
static const double START_VELOCITY_STD = 0.1;

/* ---- creation ----------------------------------------------------------------------------------------------- */

ks_mujoco_model* ks_mujoco_model_create(const ks_mujoco_config* config, ks_error* err) {
    ks_mujoco_model* model = calloc(1, sizeof *model);
    if (!model) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    model->config = config;
    const ks_stable_file* body = ks_stable_find(config->model);
    assert(body);
    model->m = ks_mujoco_compile(body->text, err);
    if (!model->m) {
        free(model);
        return NULL;
    }
    /* an unstable state is to end the trajectory, not to be reset behind our back */
    model->m->opt.disableflags |= mjDSBL_AUTORESET;
    return model;
}

void ks_mujoco_model_destroy(void* model) {
    ks_mujoco_model* mm = model;
    if (mm) {
        mj_deleteModel(mm->m);
        free(mm);
    }
}

ks_mujoco_state* ks_mujoco_state_create(const ks_mujoco_model* model, ks_error* err) {
    ks_mujoco_state* s = calloc(1, sizeof *s);
    if (!s) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    s->m = model->m;
    s->config = model->config;
    s->d = ks_mujoco_make_data(model->m, err);
    if (!s->d) {
        free(s);
        return NULL;
    }
    return s;
}

void ks_mujoco_state_destroy(void* state) {
    ks_mujoco_state* s = state;
    if (s) {
        mj_deleteData(s->d);
        free(s);
    }
}

/* ---- stepping -------------------------------------------------------------------------------------------------- */

static int needs_of(const ks_mujoco_state* s) {
    return s->config->contact_forces ? KS_NEED_FORCES | KS_NEED_RNE : KS_NEED_NOTHING;
}

void ks_mujoco_derive(const mjModel* m, mjData* d, int needs) {
    if (needs & KS_NEED_RNE) {
        mj_rnePostConstraint(m, d);
    }
    if (needs & KS_NEED_SUBTREE_VEL) {
        mj_subtreeVel(m, d);
    }
}

void ks_mujoco_reset(ks_mujoco_state* s, ks_env_noise noise) {
    const mjModel* m = s->m;
    mjData* d = s->d;
    bool uniform = s->config->uniform_start;
    mj_resetData(m, d);
    for (int i = 0; i < m->nq; i++) {
        double start = s->config->init_qpos ? s->config->init_qpos[i] : m->qpos0[i];
        d->qpos[i] = start + (uniform ? START_POSITION_RANGE * (2 * noise.uniform[i] - 1)
                                      : START_POSITION_STD * noise.normal[i]);
    }
    mj_normalizeQuat(m, d->qpos);
    const double* velocity = uniform ? noise.normal : noise.normal + m->nq;
    for (int i = 0; i < m->nv; i++) {
        d->qvel[i] = START_VELOCITY_STD * velocity[i];
    }
    mj_forward(m, d);
    ks_mujoco_derive(m, d, needs_of(s));
}

static bool sane(const mjtNum* x, mjtSize n) {
    for (mjtSize i = 0; i < n; i++) {
        if (!(fabs(x[i]) <= mjMAXVAL)) { /* written so that not-a-number fails */
            return false;
        }
    }
    return true;
}

/* the checks of mj_step, which split stepping skips, but for positions and velocities */
static bool stable(const mjModel* m, const mjData* d) {
    return d->warning[mjWARN_BADQPOS].number == 0 && d->warning[mjWARN_BADQVEL].number == 0 &&
           d->warning[mjWARN_BADQACC].number == 0 && d->warning[mjWARN_INERTIA].number == 0 &&
           d->warning[mjWARN_CONTACTFULL].number == 0 && d->warning[mjWARN_CNSTRFULL].number == 0 &&
           sane(d->qacc, m->nv);
}

/* Since positions and velocities of the present state are there already, the first physics step only needs what depends on
 * the control: its second half. The result is mj_step's, bit for bit. */
static void first_substep(const mjModel* m, mjData* d) {
    if (m->opt.integrator == mjINT_RK4) { /* mj_step2 would silently take Euler steps */
        mj_forwardSkip(m, d, mjSTAGE_VEL, 1);
        mj_RungeKutta(m, d, 4);
    } else {
        mj_step2(m, d);
    }
}

/* velocities, positions and whatever the needs ask for are those of the new state afterwards */
static void refresh(const mjModel* m, mjData* d, int needs) {
    if (needs & (KS_NEED_FORCES | KS_NEED_RNE)) {
        mj_forward(m, d); /* forces need one more solve */
    } else {
        mj_step1(m, d);
    }
    ks_mujoco_derive(m, d, needs);
}

bool ks_mujoco_advance(const mjModel* m, mjData* d, int frame_skip, int needs) {
    first_substep(m, d);
    for (int i = 1; i < frame_skip; i++) {
        mj_step(m, d);
    }
    if (!sane(d->qpos, m->nq) || !sane(d->qvel, m->nv)) {
        return false; /* before the solver sees it */
    }
    refresh(m, d, needs);
    return stable(m, d);
}

bool ks_mujoco_step(ks_mujoco_state* s, const ks_real* act, double* cost) {
    const mjModel* m = s->m;
    mjData* d = s->d;
    double sum = 0;
    for (int i = 0; i < m->nu; i++) {
        double a = fmax(-1, fmin(1, (double)act[i]));
        double low = m->actuator_ctrlrange[2 * i];
        double high = m->actuator_ctrlrange[2 * i + 1];
        d->ctrl[i] = 0.5 * (low + high) + 0.5 * (high - low) * a;
        sum += a * a;
    }
    if (cost) {
        *cost = sum;
    }
    return ks_mujoco_advance(m, d, s->config->frame_skip, needs_of(s));
}

/* Σ m v / Σ m. cvel is (ω, v) of a body's points as they pass through the tree's centre of mass; its own centre of mass is
 * at xipos: v_x + (ω × (xipos - subtree_com))_x */
double ks_mujoco_forward_velocity(const ks_mujoco_state* s, int root) {
    const mjModel* m = s->m;
    const mjData* d = s->d;
    const mjtNum* center = d->subtree_com + 3 * root;
    double momentum = 0;
    for (int b = root; b < m->nbody && m->body_rootid[b] == root; b++) {
        const mjtNum* velocity = d->cvel + 6 * b;
        const mjtNum* at = d->xipos + 3 * b;
        momentum +=
            m->body_mass[b] * (velocity[3] + velocity[1] * (at[2] - center[2]) - velocity[2] * (at[1] - center[1]));
    }
    return momentum / m->body_subtreemass[root];
}

/* ---- state -------------------------------------------------------------------------------------------------------- */

void ks_mujoco_size(double** at, int count, double size) {
    for (int i = 0; i < count; i++) {
        *(*at)++ = size;
    }
}

void ks_mujoco_get_physics(const void* state, double* qpos, double* qvel) {
    const ks_mujoco_state* s = state;
    mju_copy(qpos, s->d->qpos, (int)s->m->nq);
    mju_copy(qvel, s->d->qvel, (int)s->m->nv);
}

const void* ks_mujoco_get_model(const void* model) {
    return ((const ks_mujoco_model*)model)->m;
}

void* ks_mujoco_get_data(void* state) {
    return ((ks_mujoco_state*)state)->d;
}
