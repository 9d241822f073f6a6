#include "envs/file_env.h"

#include "envs/mujoco_env.h"
#include "envs/mujoco_load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One world. */
typedef struct robot {
    const ks_file_env* f;
    mjModel* own;                 /* a model of its own, where tasks differ in dynamics; else NULL */
    bool is_set, stable;          /* the task is; the last step was */
    double own_task[KS_TASK_MAX]; /* that it is set to, and its model was made for */
    const mjModel* m;
    mjData* d;
    ks_world world;
    double *action, *action_before; /* (act_dim) */
    double root_before[3];
    const double* task; /* its own, or for the time of a call another */
} robot;

/* ---- what expressions read --------------------------------------------------------------------------------------- */

static void read_name(const void* state, int handle, double* value) {
    const robot* r = state;
    if (handle < KS_TASK_MAX) {
        *value = r->task[handle];
    } else if (handle < KS_TASK_MAX + 2) {
        memcpy(value, handle == KS_TASK_MAX ? r->action : r->action_before, (size_t)r->world.act_dim * sizeof *value);
    } else {
        ks_quantity_read(r->f->quantities[handle - KS_TASK_MAX - 2], &r->world, value);
    }
}

static double evaluate(const robot* r, const ks_expression* expression) {
    double value;
    ks_expression_eval(expression, read_name, r, &value);
    return value;
}

/* ---- creation ---------------------------------------------------------------------------------------------------- */

static void destroy(void* state) {
    robot* r = state;
    if (r) {
        mj_deleteData(r->d);
        ks_dynamics_free_model(r->own);
        free(r->action);
        free(r->action_before);
        free(r);
    }
}

static void* create(const ks_env_def* def, const void* model, ks_error* err) {
    const ks_file_env* f = model;
    robot* r = calloc(1, sizeof *r);
    if (!r) {
        ks_fail(err, KS_FAILED, "%s: no memory for one more world", def->name);
        return NULL;
    }
    r->f = f;
    r->task = r->own_task;
    r->own = f->num_dynamics > 0 ? ks_dynamics_copy_model(f->m, err) : NULL;
    r->m = r->own ? r->own : f->m;
    r->d = ks_mujoco_make_data(r->m, err);
    r->action = calloc((size_t)def->act_dim, sizeof *r->action);
    r->action_before = calloc((size_t)def->act_dim, sizeof *r->action_before);
    if (!r->d || !r->action || !r->action_before || (f->num_dynamics > 0 && !r->own)) {
        destroy(r);
        ks_fail(err, KS_FAILED, "%s: no memory for one more world", def->name);
        return NULL;
    }
    r->world = (ks_world){.m = r->m,
                          .d = r->d,
                          .action = r->action,
                          .action_before = r->action_before,
                          .root_before = r->root_before,
                          .act_dim = def->act_dim,
                          .period = f->period};
    return r;
}

/* the file env itself is what its worlds share */
static void* model_create(const ks_env_def* def, ks_error* err) {
    (void)err;
    return (void*)(uintptr_t)def->config;
}

static void model_destroy(void* model) {
    (void)model;
}

/* ---- stepping ---------------------------------------------------------------------------------------------------- */

/* dynamics of the world's own task, to apply */
static void apply(void* of) {
    const robot* r = of;
    const ks_file_env* f = r->f;
    ks_dynamics_apply(r->own, r->d, f->m, f->dynamics, f->num_dynamics, r->own_task + f->first_dynamic);
}

/* Observations may read it from the first one on. The model is made anew only where its numbers are others than the last time, as between
 * trajectories of a task they are not. */
static void set_task(void* state, const double* task) {
    robot* r = state;
    const ks_file_env* f = r->f;
    size_t first = (size_t)f->first_dynamic, count = (size_t)f->def.task_dim - first;
    bool same = r->is_set && memcmp(r->own_task + first, task + first, count * sizeof *task) == 0;
    memcpy(r->own_task, task, (size_t)f->def.task_dim * sizeof *task);
    r->is_set = true;
    if (f->num_dynamics > 0 && !same && !ks_mujoco_try(apply, r)) {
        mj_resetData(r->m, r->d);
    }
}

/* not-a-number stays what it is, and ends the episode */
static double clip(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}

/* The numbers of an observation in single precision, for which no more than the longest term's room is needed at once. */
static void observe(const robot* r, ks_real* obs) {
    double value[KS_EXPRESSION_SIZE_MAX];
    for (int i = 0; i < r->f->num_observations; i++) {
        const ks_file_observation* o = &r->f->observations[i];
        if (o->quantity) {
            ks_quantity_read(o->quantity, &r->world, value);
        } else {
            ks_expression_eval(o->expression, read_name, r, value);
        }
        for (int k = 0; k < o->size; k++) {
            *obs++ = (ks_real)(o->scale * clip(value[k], o->low, o->high));
        }
    }
}

static double noise_of(ks_file_noise n, const double** uniform, const double** normal) {
    return n.uniform ? n.size * (2 * *(*uniform)++ - 1) : n.size > 0 ? n.size * *(*normal)++ : 0;
}

static void settle(void* of) {
    robot* r = of;
    mj_forward(r->m, r->d);
    ks_mujoco_derive(r->m, r->d, r->f->needs);
}

static void reset(void* state, ks_env_noise noise, ks_real* obs) {
    robot* r = state;
    const ks_file_env* f = r->f;
    mjData* d = r->d;
    const double *uniform = noise.uniform, *normal = noise.normal;
    if (f->keyframe >= 0) {
        mj_resetDataKeyframe(r->m, d, f->keyframe);
    } else {
        mj_resetData(r->m, d);
    }
    for (int i = 0; i < r->m->nq; i++) {
        d->qpos[i] = f->start[i] + noise_of(f->position_noise, &uniform, &normal);
    }
    mj_normalizeQuat(r->m, d->qpos);
    for (int i = 0; i < r->m->nv; i++) {
        d->qvel[i] += noise_of(f->velocity_noise, &uniform, &normal);
    }
    mju_copy(d->ctrl, f->rest, (int)r->m->nu);
    memset(r->action, 0, (size_t)r->world.act_dim * sizeof *r->action);
    memset(r->action_before, 0, (size_t)r->world.act_dim * sizeof *r->action_before);
    if (!ks_mujoco_try(settle, r)) {
        mj_resetData(r->m, d); /* the first step will find the same, and say so */
    }
    mju_copy3(r->root_before, d->xpos + 3 * f->root);
    r->world.steps = 0;
    observe(r, obs);
}

static double reward(const void* state, const double* task) {
    robot r = *(const robot*)state;
    r.task = task;
    double sum = 0;
    for (int i = 0; i < r.f->num_rewards; i++) {
        sum += r.f->rewards[i].weight * evaluate(&r, r.f->rewards[i].expression);
    }
    return sum;
}

static void act_on(robot* r, const ks_real* act) {
    const ks_file_env* f = r->f;
    for (int i = 0; i < r->world.act_dim; i++) {
        const ks_file_action* a = &f->actions[i];
        r->action_before[i] = r->action[i];
        r->action[i] = fmax(-1, fmin(1, (double)act[i]));
        double ctrl = a->center + a->scale * r->action[i];
        r->d->ctrl[a->control] = a->limited ? fmax(a->low, fmin(a->high, ctrl)) : ctrl;
    }
}

static void advance(void* of) {
    robot* r = of;
    r->stable = ks_mujoco_advance(r->m, r->d, r->f->frame_skip, r->f->needs);
}

static ks_env_step_result step(void* state, const double* task, const ks_real* act, ks_real* obs) {
    robot* r = state;
    act_on(r, act);
    mju_copy3(r->root_before, r->d->xpos + 3 * r->f->root);
    if (!ks_mujoco_try(advance, r) || !r->stable) {
        return (ks_env_step_result){.terminated = true, .unstable = true};
    }
    r->world.steps++;
    observe(r, obs);
    ks_env_step_result result = {.rew = reward(r, task)};
    for (int i = 0; i < r->f->num_ends && !result.terminated; i++) {
        result.terminated = evaluate(r, r->f->ends[i].expression) != 0; /* also if it is not a number */
    }
    return result;
}

/* ---- the def ------------------------------------------------------------------------------------------------------- */

static void sample_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    const ks_file_env* f = def->config;
    const double* uniform = noise.uniform;
    for (int i = 0; i < def->task_dim; i++) {
        task[i] = ks_distribution_draw(&f->draws[i], uniform);
        uniform += ks_distribution_uniforms(&f->draws[i]);
    }
}

static void obs_size(const ks_env_def* def, double* size) {
    const ks_file_env* f = def->config;
    for (int i = 0; i < f->num_observations; i++) {
        const ks_file_observation* o = &f->observations[i];
        for (int k = 0; k < o->size; k++) {
            size[k] = o->usual;
        }
        if (o->usual == 0) {
            ks_quantity_usual(o->quantity, size);
        }
        for (int k = 0; k < o->size; k++) {
            *size++ *= fabs(o->scale);
        }
    }
}

static void get_physics(const void* state, double* qpos, double* qvel) {
    const robot* r = state;
    mju_copy(qpos, r->d->qpos, (int)r->m->nq);
    mju_copy(qvel, r->d->qvel, (int)r->m->nv);
}

static const void* mujoco_model(const void* model) {
    return ((const ks_file_env*)model)->m;
}

static void* mujoco_data(void* state) {
    return ((robot*)state)->d;
}

static void close_file(const ks_env_def* def) {
    ks_file_env_free((ks_file_env*)(uintptr_t)def);
}

const ks_file_env* ks_file_env_of(const ks_env_def* def) {
    return def->close == close_file ? def->config : NULL;
}

void ks_file_env_finish(ks_file_env* f) {
    ks_env_def* def = &f->def;
    int positions = (int)f->m->nq, velocities = (int)f->m->nv;
    def->name = f->name;
    def->path = *f->path ? f->path : NULL;
    def->summary = f->summary;
    def->task_summary = f->task_summary;
    def->task_numbers = f->numbers;
    def->dt = f->period;
    def->look = &f->look;
    def->reset_uniforms = (f->position_noise.uniform ? positions : 0) + (f->velocity_noise.uniform ? velocities : 0);
    def->reset_normals = (!f->position_noise.uniform && f->position_noise.size > 0 ? positions : 0) +
                         (!f->velocity_noise.uniform && f->velocity_noise.size > 0 ? velocities : 0);
    def->nq = positions;
    def->nv = velocities;
    def->sample_task = sample_task;
    def->model_create = model_create;
    def->model_destroy = model_destroy;
    def->create = create;
    def->destroy = destroy;
    def->reset = reset;
    def->step = step;
    def->set_task = set_task;
    def->reward = f->num_dynamics > 0 ? NULL : reward; /* in another world the step would have been another */
    def->obs_size = obs_size;
    def->get_physics = get_physics;
    def->mujoco_model = mujoco_model;
    def->mujoco_data = mujoco_data;
    def->close = close_file;
    def->config = f;
}

void ks_file_env_free(ks_file_env* f) {
    if (!f) {
        return;
    }
    for (int i = 0; i < f->num_observations; i++) {
        ks_quantity_destroy(f->observations[i].quantity);
        ks_expression_destroy(f->observations[i].expression);
    }
    for (int i = 0; i < f->num_rewards; i++) {
        ks_expression_destroy(f->rewards[i].expression);
    }
    for (int i = 0; i < f->num_ends; i++) {
        ks_expression_destroy(f->ends[i].expression);
    }
    for (int i = 0; i < f->num_quantities; i++) {
        ks_quantity_destroy(f->quantities[i]);
    }
    for (int i = 0; i < f->num_dynamics; i++) {
        ks_dynamics_destroy(f->dynamics[i]);
    }
    free(f->observations);
    free(f->rewards);
    free(f->ends);
    free(f->quantities);
    free(f->dynamics);
    free(f->actions);
    free(f->rest);
    free(f->start);
    mj_deleteModel(f->m);
    free(f);
}
