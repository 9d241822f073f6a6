/* Environments, and many worlds of one that are stepped in a single call. */
#include "python/objects.h"

#include "base/parallel.h"
#include "base/rng.h"
#include "rl/rollout.h"
#include "run/cores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNKS = 8 /* of worlds, for each thread */ };

int ks_api_cores(void) {
    return ks_cores();
}

/* ---- environments ---------------------------------------------------------------------------------------------------------- */

const char* ks_api_env_name(size_t index) {
    return index < ks_env_names() ? ks_env_name(index) : NULL;
}

ks_api_env* ks_api_env_open(const char* reference, bool append_task, ks_error* err) {
    ks_api_env* e = calloc(1, sizeof *e);
    if (!e) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    e->def = ks_env_open(reference, NULL, err);
    e->model = e->def ? ks_env_model_create(e->def, append_task, err) : NULL;
    if (!e->model) {
        ks_api_env_close(e);
        return NULL;
    }
    return e;
}

void ks_api_env_close(ks_api_env* e) {
    if (e) {
        ks_env_model_destroy(e->model);
        ks_env_close(e->def);
        free(e);
    }
}

ks_api_env_facts ks_api_env_describe(const ks_api_env* e) {
    const ks_env_def* d = e->def;
    return (ks_api_env_facts){.name = d->name,
                              .file = ks_env_file(d),
                              .summary = d->summary,
                              .task_summary = d->task_summary,
                              .obs_dim = ks_env_model_obs_dim(e->model),
                              .act_dim = d->act_dim,
                              .num_actions = d->num_actions,
                              .task_dim = d->task_dim,
                              .horizon = d->horizon,
                              .nq = d->nq,
                              .nv = d->nv,
                              .dt = d->dt};
}

bool ks_api_env_task_number(const ks_api_env* e, int index, ks_api_task_number* out) {
    if (!e->def->task_numbers || index < 0 || index >= e->def->task_dim) {
        return false;
    }
    const ks_task_number* n = &e->def->task_numbers[index];
    *out = (ks_api_task_number){.name = n->name,
                                .unit = n->unit,
                                .trained = {n->trained[0], n->trained[1]},
                                .known = {n->known[0], n->known[1]}};
    return true;
}

bool ks_api_env_check_task(const ks_api_env* e, const double* task, ks_error* err) {
    return ks_env_check_task(e->def, task, err);
}

void ks_api_env_held_out_tasks(const ks_api_env* e, uint64_t seed, size_t count, double* task) {
    ks_draw_held_out_tasks(task, e->def, seed, 0, count);
}

/* ---- worlds ---------------------------------------------------------------------------------------------------------------- */

typedef struct world {
    ks_env* env;
    uint64_t seed, episode; /* episode: the one that comes next */
    size_t elapsed;
    bool over;       /* its episode has ended, and the next has not begun */
    bool terminated; /* how it ended; else its time limit truncated it */
    bool given;
} world;

struct ks_api_worlds {
    const ks_env_def* def;
    size_t count, horizon, obs_dim, act_cols, task_dim;
    size_t uniforms, normals; /* that a reset reads */
    int autoreset;
    world* world;  /* (count) */
    double* task;  /* (count x task_dim) of the episodes under way */
    double* next;  /* (count x task_dim) that are given */
    double* noise; /* (count x (uniforms + normals)) */
    float* obs;    /* (count x obs_dim) the last ones */
};

ks_api_worlds* ks_api_worlds_create(const ks_api_env* env, size_t count, size_t horizon, int autoreset, ks_error* err) {
    ks_api_worlds* w = calloc(1, sizeof *w);
    if (!w) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    w->def = env->def;
    w->count = count;
    w->horizon = horizon;
    w->obs_dim = (size_t)ks_env_model_obs_dim(env->model);
    w->act_cols = env->def->num_actions > 0 ? 1 : (size_t)env->def->act_dim;
    w->task_dim = (size_t)env->def->task_dim;
    w->uniforms = (size_t)env->def->reset_uniforms;
    w->normals = (size_t)env->def->reset_normals;
    w->autoreset = autoreset;
    w->world = calloc(count, sizeof *w->world);
    w->task = calloc(count * w->task_dim, sizeof *w->task);
    w->next = calloc(count * w->task_dim, sizeof *w->next);
    w->noise = calloc(count * (w->uniforms + w->normals) + 1, sizeof *w->noise);
    w->obs = calloc(count * w->obs_dim, sizeof *w->obs);
    bool ok = (w->world && w->task && w->next && w->noise && w->obs) ||
              ks_fail(err, KS_FAILED, "not enough memory for %zu worlds", count);
    for (size_t i = 0; ok && i < count; i++) {
        w->world[i].seed = i;
        w->world[i].env = ks_env_create(env->model, err);
        ok = w->world[i].env != NULL;
    }
    if (!ok) {
        ks_api_worlds_destroy(w);
        return NULL;
    }
    return w;
}

void ks_api_worlds_destroy(ks_api_worlds* w) {
    if (!w) {
        return;
    }
    for (size_t i = 0; w->world && i < w->count; i++) {
        ks_env_destroy(w->world[i].env);
    }
    free(w->world);
    free(w->task);
    free(w->next);
    free(w->noise);
    free(w->obs);
    free(w);
}

void ks_api_worlds_seed(ks_api_worlds* w, size_t i, uint64_t seed) {
    w->world[i].seed = seed;
    w->world[i].episode = 0;
}

void ks_api_worlds_set_task(ks_api_worlds* w, size_t i, const double* task) {
    w->world[i].given = task != NULL;
    if (task) {
        memcpy(w->next + i * w->task_dim, task, w->task_dim * sizeof *task);
    }
}

/* The next episode: task, start state and what else the environment draws follow from the world's seed and the episode's number. */
static void start(ks_api_worlds* w, size_t i) {
    world* v = &w->world[i];
    double* task = w->task + i * w->task_dim;
    double* uniform = w->noise + i * (w->uniforms + w->normals);
    ks_env_noise noise = {.uniform = uniform, .normal = uniform + w->uniforms};
    ks_stream reset = ks_stream_make(v->seed, KS_RNG_RESET, v->episode, 0);
    if (v->given) {
        memcpy(task, w->next + i * w->task_dim, w->task_dim * sizeof *task);
    } else {
        ks_draw_tasks(task, w->def, v->seed, v->episode, 0, 1);
    }
    ks_stream_uniform(uniform, w->uniforms, reset, 0, 0, 0);
    ks_stream_normal(uniform + w->uniforms, w->normals, reset, 0, 0, 1);
    ks_env_set_task(v->env, task);
    ks_env_reset(v->env, noise, w->obs + i * w->obs_dim);
    v->episode++;
    v->elapsed = 0;
    v->over = false;
}

/* One step of a world that runs. Observations that stand are those before it where the physics breaks down. */
static void advance(ks_api_worlds* w, size_t i, const float* act, const ks_api_step* out) {
    world* v = &w->world[i];
    float* obs = w->obs + i * w->obs_dim;
    float* fresh = out->obs + i * w->obs_dim;
    ks_env_step_result step = ks_env_step(v->env, act + i * w->act_cols, fresh);
    bool broken = step.unstable || !isfinite(step.rew);
    v->elapsed++;
    out->rew[i] = broken ? 0 : step.rew;
    out->unstable[i] = broken;
    out->terminated[i] = broken || step.terminated;
    out->truncated[i] = !out->terminated[i] && v->elapsed >= w->horizon;
    v->terminated = out->terminated[i];
    v->over = out->terminated[i] || out->truncated[i];
    if (!broken) {
        memcpy(obs, fresh, w->obs_dim * sizeof *obs);
    }
}

/* One step of a world whose episode is over. Where nobody but the caller resets it, it goes on saying so: who has missed the end would
 * wait for ever. */
static void rest(const ks_api_worlds* w, size_t i, const ks_api_step* out) {
    bool stays = w->autoreset == KS_API_NO_RESET;
    out->rew[i] = 0;
    out->unstable[i] = false;
    out->terminated[i] = stays && w->world[i].terminated;
    out->truncated[i] = stays && !w->world[i].terminated;
}

static void step(ks_api_worlds* w, size_t i, const float* act, const ks_api_step* out) {
    world* v = &w->world[i];
    float* obs = w->obs + i * w->obs_dim;
    if (!v->over) {
        advance(w, i, act, out);
    } else {
        rest(w, i, out);
        if (w->autoreset == KS_API_NEXT_STEP) {
            start(w, i);
        }
    }
    memcpy(out->task + i * w->task_dim, w->task + i * w->task_dim, w->task_dim * sizeof *out->task);
    if (v->over && w->autoreset == KS_API_SAME_STEP) {
        memcpy(out->final_obs + i * w->obs_dim, obs, w->obs_dim * sizeof *obs);
        start(w, i);
    }
    memcpy(out->obs + i * w->obs_dim, obs, w->obs_dim * sizeof *obs);
}

/* ---- all of them ----------------------------------------------------------------------------------------------------------- */

typedef struct job {
    ks_api_worlds* worlds;
    size_t chunk;
    const float* act; /* NULL: a reset */
    const uint8_t* mask;
    const ks_api_step* out;
} job;

static void chunk_item(void* user, size_t index, int thread) {
    const job* j = user;
    ks_api_worlds* w = j->worlds;
    size_t first = index * j->chunk, end = first + j->chunk < w->count ? first + j->chunk : w->count;
    (void)thread;
    for (size_t i = first; i < end; i++) {
        if (j->act) {
            step(w, i, j->act, j->out);
        } else if (!j->mask || j->mask[i]) {
            start(w, i);
        }
    }
}

/* In chunks, of which a thread takes the next when it is done with one: worlds take unequally long. */
static void run(job j, int threads) {
    size_t count = j.worlds->count;
    if (threads <= 1 || count == 1) {
        j.chunk = count;
        chunk_item(&j, 0, 0);
        return;
    }
    j.chunk = 1 + (count - 1) / (CHUNKS * (size_t)threads);
    ks_parallel_for(threads, (count + j.chunk - 1) / j.chunk, chunk_item, &j);
}

void ks_api_worlds_reset(ks_api_worlds* w, const uint8_t* mask, float* obs, double* task, int threads) {
    run((job){.worlds = w, .mask = mask}, threads);
    memcpy(obs, w->obs, w->count * w->obs_dim * sizeof *obs);
    memcpy(task, w->task, w->count * w->task_dim * sizeof *task);
}

void ks_api_worlds_step(ks_api_worlds* w, const float* act, const ks_api_step* out, int threads) {
    run((job){.worlds = w, .act = act, .out = out}, threads);
}

void ks_api_worlds_physics(const ks_api_worlds* w, size_t i, double* qpos, double* qvel) {
    ks_env_get_physics(w->world[i].env, qpos, qvel);
}
