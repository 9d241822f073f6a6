#include "maml/audit.h"

#include "base/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* arrays that have to live until the file is written */
enum { MAX_OWNED = 16 * (KS_MAX_INNER_STEPS + 1) };

typedef struct audit {
    const ks_maml* maml;
    ks_tensor_writer* writer;
    void* owned[MAX_OWNED];
    size_t num_owned;
    bool out_of_memory;
} audit;

static void* own(audit* a, size_t bytes) {
    void* memory = a->num_owned < MAX_OWNED ? malloc(bytes ? bytes : 1) : NULL;
    if (!memory) {
        a->out_of_memory = true;
        return NULL;
    }
    a->owned[a->num_owned++] = memory;
    return memory;
}

/* ---- one stage: the batches of all tasks, one after the other ------------------------------------------------------ */

typedef struct stage {
    int index;
    size_t groups, rows, trajectories;
} stage;

typedef const ks_real* (*column)(const ks_batch* batch);

static const ks_real* batch_obs(const ks_batch* b) {
    return b->obs;
}
static const ks_real* batch_act(const ks_batch* b) {
    return b->act;
}
static const ks_real* batch_rew(const ks_batch* b) {
    return b->rew;
}
static const ks_real* batch_logp(const ks_batch* b) {
    return b->logp;
}
static const ks_real* batch_adv(const ks_batch* b) {
    return b->adv;
}
static const ks_real* batch_sweep_rew(const ks_batch* b) {
    return b->sweep_rew;
}
static const ks_real* batch_sweep_adv(const ks_batch* b) {
    return b->sweep_adv;
}

/* Adds stage.J.name, (rows x cols), or (rows) if cols is 0. */
static void add_column(audit* a, const stage* s, const char* name, size_t cols, column get) {
    size_t width = cols ? cols : 1;
    float* data = own(a, s->rows * width * sizeof *data);
    if (!data) {
        return;
    }
    float* at = data;
    for (size_t g = 0; g < s->groups; g++) {
        const ks_batch* batch = ks_maml_batch(a->maml, s->index, g);
        const ks_real* from = get(batch);
        for (size_t i = 0; i < batch->rows * width; i++) {
            *at++ = (float)from[i];
        }
    }
    char full[64];
    snprintf(full, sizeof full, "stage.%d.%s", s->index, name);
    ks_tensor_writer_add(a->writer, full, KS_F32, cols ? 2 : 1, (size_t[]){s->rows, width}, data);
}

/* Adds stage.J.traj_start, .task_start and .terminated, counted over all tasks. */
static void add_structure(audit* a, const stage* s) {
    int64_t* traj_start = own(a, (s->trajectories + 1) * sizeof *traj_start);
    int64_t* task_start = own(a, (s->groups + 1) * sizeof *task_start);
    uint8_t* terminated = own(a, s->trajectories);
    if (!traj_start || !task_start || !terminated) {
        return;
    }
    size_t row = 0;
    size_t traj = 0;
    for (size_t g = 0; g < s->groups; g++) {
        const ks_batch* batch = ks_maml_batch(a->maml, s->index, g);
        task_start[g] = (int64_t)traj;
        for (size_t i = 0; i < batch->n; i++) {
            traj_start[traj] = (int64_t)(row + batch->traj_start[i]);
            terminated[traj++] = batch->terminated[i];
        }
        row += batch->rows;
    }
    traj_start[traj] = (int64_t)row;
    task_start[s->groups] = (int64_t)traj;
    char name[64];
    snprintf(name, sizeof name, "stage.%d.traj_start", s->index);
    ks_tensor_writer_add(a->writer, name, KS_I64, 1, (size_t[]){traj + 1}, traj_start);
    snprintf(name, sizeof name, "stage.%d.task_start", s->index);
    ks_tensor_writer_add(a->writer, name, KS_I64, 1, (size_t[]){s->groups + 1}, task_start);
    snprintf(name, sizeof name, "stage.%d.terminated", s->index);
    ks_tensor_writer_add(a->writer, name, KS_U8, 1, (size_t[]){traj}, terminated);
}

static void add_stage(audit* a, int index, size_t num_params) {
    stage s = {.index = index, .groups = ks_maml_num_groups(a->maml)};
    const ks_batch_sizes* sizes = &ks_maml_batch(a->maml, index, 0)->sizes;
    for (size_t g = 0; g < s.groups; g++) {
        s.rows += ks_maml_batch(a->maml, index, g)->rows;
        s.trajectories += ks_maml_batch(a->maml, index, g)->n;
    }
    char name[64];
    snprintf(name, sizeof name, "stage.%d.theta", index);
    /* the tasks' parameters stand one after the other */
    ks_tensor_writer_add_real(a->writer, name, 2, (size_t[]){s.groups, num_params},
                              ks_maml_stage_theta(a->maml, index, 0), sizeof(ks_real));
    add_column(a, &s, "obs", sizes->obs_dim, batch_obs);
    add_column(a, &s, "act", sizes->act_cols, batch_act);
    add_column(a, &s, "rew", 0, batch_rew);
    add_column(a, &s, "logp", 0, batch_logp);
    add_column(a, &s, "adv", 0, batch_adv);
    if (sizes->sweep) {
        add_column(a, &s, "sweep_rew", 0, batch_sweep_rew);
        add_column(a, &s, "sweep_adv", 0, batch_sweep_adv);
    }
    add_structure(a, &s);
}

/* ---- what belongs to the whole iteration --------------------------------------------------------------------------- */

static void add_tasks(audit* a) {
    size_t groups = ks_maml_num_groups(a->maml);
    const ks_batch* first = ks_maml_batch(a->maml, 0, 0);
    bool per_trajectory = ks_maml_get_settings(a->maml)->method != KS_MAML;
    size_t dim = first->sizes.task_dim;
    size_t rows = per_trajectory ? first->n : groups;
    double* task = own(a, rows * dim * sizeof *task);
    if (!task) {
        return;
    }
    for (size_t i = 0; i < rows; i++) {
        const double* from = per_trajectory ? first->task + i * dim : ks_maml_batch(a->maml, 0, i)->task;
        memcpy(task + i * dim, from, dim * sizeof *task);
    }
    ks_tensor_writer_add_real(a->writer, "task", 2, (size_t[]){rows, dim}, task, sizeof *task);
}

static void add_meta(audit* a, int64_t iteration, const ks_maml_stats* stats) {
    ks_tensor_writer* w = a->writer;
    const ks_maml_settings* s = ks_maml_get_settings(a->maml);
    ks_policy_info info = {
        .inner_lr = s->inner_lr,
        .inner_steps = ks_maml_num_stages(a->maml) - 1,
        .gamma = s->advantage.gamma,
        .gae_lambda = s->advantage.gae_lambda,
        .horizon = (int)s->horizon,
        .iteration = iteration,
        .seed = (int64_t)s->seed,
    };
    snprintf(info.env, sizeof info.env, "%s", ks_maml_env(a->maml)->name);
    snprintf(info.method, sizeof info.method, "%s", ks_method_name(s->method));
    ks_tensor_writer_meta(w, "format", "kshot.audit.1");
    ks_policy_write_meta(w, ks_maml_policy(a->maml), &info);
    ks_tensor_writer_meta(w, "first_order", s->first_order ? "true" : "false");
    if (ks_maml_sweep(s) > 0) {
        ks_tensor_writer_meta_double(w, "sweep", s->sweep);
    }
    ks_tensor_writer_meta_double(w, "trpo_gae_lambda", ks_maml_advantage(s, info.inner_steps).gae_lambda);
    ks_tensor_writer_meta_double(w, "max_kl", ks_maml_max_kl(s, (uint64_t)iteration));
    ks_tensor_writer_meta_int(w, "cg_iterations", s->trpo.cg_iterations);
    ks_tensor_writer_meta_double(w, "cg_damping", s->trpo.cg_damping);
    ks_tensor_writer_meta_double(w, "backtrack_ratio", s->trpo.backtrack_ratio);
    ks_tensor_writer_meta_int(w, "backtrack_steps", s->trpo.backtrack_steps);
    ks_tensor_writer_meta_double(w, "curvature_fraction", s->curvature_fraction);
    ks_tensor_writer_meta_double(w, "surrogate_before", stats->surrogate_before);
    ks_tensor_writer_meta_double(w, "surrogate_after", stats->surrogate_after);
    ks_tensor_writer_meta_double(w, "kl", stats->trpo.kl);
    ks_tensor_writer_meta(w, "accepted", stats->trpo.verdict == KS_TRPO_ACCEPTED ? "true" : "false");
    ks_tensor_writer_meta_int(w, "backtracks", stats->trpo.backtracks);
}

bool ks_audit_save(const char* path, bool overwrite, const ks_maml* maml, const ks_real* theta,
                   const ks_real* theta_new, int64_t iteration, const ks_maml_stats* stats, ks_error* err) {
    if (stats->left_out > 0) { /* the file has no place for tasks that do not count */
        return ks_fail(
            err, KS_FAILED,
            "%s: not written: the step size of the inner steps is too large for %zu of the tasks, inner.lr: %g", path,
            stats->left_out, ks_maml_get_settings(maml)->inner_lr);
    }
    audit a = {.maml = maml, .writer = ks_tensor_writer_create(err)};
    if (!a.writer) {
        return false;
    }
    size_t p = ks_policy_num_params(ks_maml_policy(maml));
    size_t cg_done = (size_t)stats->trpo.cg_iterations;
    add_meta(&a, iteration, stats);
    ks_tensor_writer_add_real(a.writer, "theta", 1, &p, theta, sizeof *theta);
    ks_tensor_writer_add_real(a.writer, "theta_new", 1, &p, theta_new, sizeof *theta_new);
    add_tasks(&a);
    ks_tensor_writer_add_real(a.writer, "meta_gradient", 1, &p, ks_maml_meta_gradient(maml), sizeof(double));
    ks_tensor_writer_add_real(a.writer, "direction", 1, &p, ks_maml_direction(maml), sizeof(double));
    ks_tensor_writer_add_real(a.writer, "cg.p", 2, (size_t[]){cg_done, p}, ks_maml_cg_directions(maml),
                              sizeof(ks_real));
    for (int j = 0; j < ks_maml_num_stages(maml); j++) {
        add_stage(&a, j, p);
    }
    bool ok = a.out_of_memory ? ks_fail(err, KS_FAILED, "%s: not enough memory to write it", path)
                              : ks_tensor_writer_save(a.writer, path, overwrite ? 0 : KS_SAVE_NEW, err);
    for (size_t i = 0; i < a.num_owned; i++) {
        free(a.owned[i]);
    }
    ks_tensor_writer_destroy(a.writer);
    return ok;
}
