#include "rl/rl_audit.h"

#include "base/safetensors.h"
#include "maml/outer_adam.h"
#include "maml/outer_ppo.h"
#include "maml/outer_reptile.h"
#include "maml/outer_trpo.h"
#include "policy/policy_file.h"
#include "rl/rl.h"

#include <stdio.h>
#include <string.h>

typedef struct audit {
    const ks_problem* problem;
    const ks_audit* of;
    ks_tensor_writer* writer;
} audit;

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
    float* data = ks_tensor_writer_alloc(a->writer, s->rows * width * sizeof *data);
    if (!data) {
        return;
    }
    float* at = data;
    for (size_t g = 0; g < s->groups; g++) {
        const ks_batch* batch = ks_rl_batch(a->problem, s->index, g);
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
    int64_t* traj_start = ks_tensor_writer_alloc(a->writer, (s->trajectories + 1) * sizeof *traj_start);
    int64_t* task_start = ks_tensor_writer_alloc(a->writer, (s->groups + 1) * sizeof *task_start);
    uint8_t* terminated = ks_tensor_writer_alloc(a->writer, s->trajectories);
    if (!traj_start || !task_start || !terminated) {
        return;
    }
    size_t row = 0;
    size_t traj = 0;
    for (size_t g = 0; g < s->groups; g++) {
        const ks_batch* batch = ks_rl_batch(a->problem, s->index, g);
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
    stage s = {.index = index, .groups = ks_maml_num_groups(a->of->maml)};
    const ks_batch_sizes* sizes = &ks_rl_batch(a->problem, index, 0)->sizes;
    for (size_t g = 0; g < s.groups; g++) {
        s.rows += ks_rl_batch(a->problem, index, g)->rows;
        s.trajectories += ks_rl_batch(a->problem, index, g)->n;
    }
    char name[64];
    snprintf(name, sizeof name, "stage.%d.theta", index);
    /* the tasks' parameters stand one after the other */
    ks_tensor_writer_add_real(a->writer, name, 2, (size_t[]){s.groups, num_params},
                              ks_maml_stage_theta(a->of->maml, index, 0), sizeof(ks_real));
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
    size_t groups = ks_maml_num_groups(a->of->maml);
    const ks_batch* first = ks_rl_batch(a->problem, 0, 0);
    bool per_trajectory = ks_rl_method(a->problem) != KS_MAML;
    size_t dim = first->sizes.task_dim;
    size_t rows = per_trajectory ? first->n : groups;
    double* task = ks_tensor_writer_alloc(a->writer, rows * dim * sizeof *task);
    if (!task) {
        return;
    }
    for (size_t i = 0; i < rows; i++) {
        const double* from = per_trajectory ? first->task + i * dim : ks_rl_batch(a->problem, 0, i)->task;
        memcpy(task + i * dim, from, dim * sizeof *task);
    }
    ks_tensor_writer_add_real(a->writer, "task", 2, (size_t[]){rows, dim}, task, sizeof *task);
}

/* Adds `name` (rows x P) and, where step sizes are learned, `alpha_name` (rows x count): the parts of data (rows x Q). */
static void add_rows(audit* a, const char* name, const char* alpha_name, const void* data, size_t element,
                     size_t rows) {
    size_t p = ks_policy_num_params(ks_maml_policy(a->of->maml)), q = ks_maml_num_params(a->of->maml);
    if (q == p) {
        ks_tensor_writer_add_real(a->writer, name, 2, (size_t[]){rows, p}, data, element);
        return;
    }
    char* theta = ks_tensor_writer_alloc(a->writer, rows * p * element);
    char* alpha = ks_tensor_writer_alloc(a->writer, rows * (q - p) * element);
    for (size_t i = 0; theta && alpha && i < rows; i++) {
        const char* from = (const char*)data + i * q * element;
        memcpy(theta + i * p * element, from, p * element);
        memcpy(alpha + i * (q - p) * element, from + p * element, (q - p) * element);
    }
    if (theta && alpha) {
        ks_tensor_writer_add_real(a->writer, name, 2, (size_t[]){rows, p}, theta, element);
        ks_tensor_writer_add_real(a->writer, alpha_name, 2, (size_t[]){rows, q - p}, alpha, element);
    }
}

static void add_trpo_meta(audit* a) {
    ks_tensor_writer* w = a->writer;
    const ks_outer_trpo_settings* trpo = ks_maml_get_settings(a->of->maml)->outer_settings;
    const ks_trpo_result* result = ks_outer_trpo_result(ks_maml_outer(a->of->maml));
    ks_tensor_writer_meta_double(
        w, "max_kl", ks_outer_trpo_max_kl(trpo, (uint64_t)a->of->iteration) * ks_meta_step_scale(a->of->maml));
    ks_tensor_writer_meta_int(w, "cg_iterations", trpo->step.cg_iterations);
    ks_tensor_writer_meta_double(w, "cg_damping", trpo->step.cg_damping);
    if (ks_maml_size_rms(a->of->maml)) {
        ks_tensor_writer_meta_double(w, "size_damping", trpo->size_damping);
    }
    ks_tensor_writer_meta_double(w, "backtrack_ratio", trpo->step.backtrack_ratio);
    ks_tensor_writer_meta_int(w, "backtrack_steps", trpo->step.backtrack_steps);
    ks_tensor_writer_meta_double(w, "curvature_fraction", trpo->curvature_fraction);
    ks_tensor_writer_meta_double(w, "surrogate_before", ks_audit_column(a->of, "surrogate_before"));
    ks_tensor_writer_meta_double(w, "surrogate_after", result->loss_after);
    ks_tensor_writer_meta_double(w, "kl", result->kl);
    ks_tensor_writer_meta(w, "accepted", result->verdict == KS_TRPO_ACCEPTED ? "true" : "false");
    ks_tensor_writer_meta_int(w, "backtracks", result->backtracks);
}

static void add_trpo(audit* a, size_t p) {
    const void* outer = ks_maml_outer(a->of->maml);
    const double* direction = ks_outer_trpo_direction(outer);
    const double* rms = ks_maml_size_rms(a->of->maml);
    size_t cg_done = (size_t)ks_outer_trpo_result(outer)->cg_iterations;
    size_t count = ks_maml_num_params(a->of->maml) - p;
    ks_tensor_writer_add_real(a->writer, "meta_gradient", 1, &p, ks_outer_trpo_gradient(outer), sizeof(double));
    ks_tensor_writer_add_real(a->writer, "direction", 1, &p, direction, sizeof(double));
    add_rows(a, "cg.p", "cg.alpha_p", ks_outer_trpo_directions(outer), sizeof(ks_real), cg_done);
    if (rms) {
        ks_tensor_writer_add_real(a->writer, "alpha_direction", 1, &count, direction + p, sizeof(double));
        ks_tensor_writer_add_real(a->writer, "size_rms", 1, &count, rms, sizeof(double));
    }
}

static void add_ppo_meta(audit* a) {
    ks_tensor_writer* w = a->writer;
    const ks_outer_ppo_settings* ppo = ks_maml_get_settings(a->of->maml)->outer_settings;
    ks_tensor_writer_meta(w, "outer", "ppo");
    ks_tensor_writer_meta_int(w, "epochs", ppo->epochs);
    ks_tensor_writer_meta_double(w, "clip", ppo->clip);
    ks_tensor_writer_meta_double(w, "max_kl", ppo->max_kl);
    ks_audit_add_adam_meta(w, a->of, &ppo->adam, ppo->adam.lr);
    ks_tensor_writer_meta_double(w, "surrogate_before", ks_audit_column(a->of, "surrogate_before"));
    ks_tensor_writer_meta_double(w, "surrogate_after", ks_audit_column(a->of, "surrogate_after"));
    ks_tensor_writer_meta_double(w, "kl", ks_audit_column(a->of, "kl"));
}

static void add_ppo(audit* a, size_t p) {
    const void* outer = ks_maml_outer(a->of->maml);
    size_t epochs = (size_t)ks_audit_column(a->of, "epochs");
    ks_tensor_writer_add_real(a->writer, "meta_gradient", 1, &p, ks_outer_ppo_gradient(outer), sizeof(double));
    add_rows(a, "ppo.gradient", "ppo.alpha_gradient", ks_outer_ppo_gradients(outer), sizeof(double), epochs);
    add_rows(a, "ppo.theta", "ppo.log_alpha", ks_outer_ppo_path(outer), sizeof(ks_real), epochs);
}

static void add_adam_meta(audit* a) {
    ks_tensor_writer* w = a->writer;
    const ks_outer_adam_settings* adam = ks_maml_get_settings(a->of->maml)->outer_settings;
    ks_tensor_writer_meta(w, "outer", "adam");
    ks_audit_add_adam_meta(w, a->of, &adam->step, ks_outer_adam_lr(adam, (uint64_t)a->of->iteration));
    ks_tensor_writer_meta_double(w, "clip", adam->step.clip);
    ks_tensor_writer_meta_double(w, "outer_loss", ks_audit_column(a->of, "outer_loss"));
}

/* the meta-gradient (Q) of the outer step, whichever it was; NULL: it takes none */
static const double* gradient_of(const audit* a) {
    const void* outer = ks_maml_outer(a->of->maml);
    const ks_outer_kind* kind = ks_maml_get_settings(a->of->maml)->outer;
    return kind == &ks_outer_trpo   ? ks_outer_trpo_gradient(outer)
           : kind == &ks_outer_ppo  ? ks_outer_ppo_gradient(outer)
           : kind == &ks_outer_adam ? ks_outer_adam_gradient(outer)
                                    : NULL;
}

static void add_meta(audit* a) {
    ks_tensor_writer* w = a->writer;
    ks_maml* maml = a->of->maml;
    const ks_maml_settings* s = ks_maml_get_settings(maml);
    const ks_rl_settings* rl = ks_rl_get_settings(a->problem);
    ks_policy_info info = {
        .inner_lr = s->inner.lr,
        .inner_steps = ks_maml_num_stages(maml) - 1,
        .gamma = rl->gamma,
        .gae_lambda = rl->gae_lambda,
        .horizon = rl->horizon,
        .iteration = a->of->iteration,
        .seed = (int64_t)s->seed,
    };
    if (info.inner_steps > 0) {
        info.learned = s->inner.learned;
        info.per_step = s->inner.per_step;
        info.adapts = s->inner.adapts;
    }
    snprintf(info.env, sizeof info.env, "%s", a->problem->name);
    snprintf(info.env_file, sizeof info.env_file, "%s", ks_env_file(ks_rl_env(a->problem)));
    snprintf(info.method, sizeof info.method, "%s", ks_method_name(ks_rl_method(a->problem)));
    ks_tensor_writer_meta(w, "format", "kshot.audit.1");
    ks_policy_write_meta(w, a->of->path, ks_maml_policy(maml), &info);
    ks_tensor_writer_meta(w, "first_order", s->inner.first_order ? "true" : "false");
    if (a->problem->extra > 0 && info.inner_steps > 0) {
        ks_tensor_writer_meta_double(w, "sweep", a->problem->extra);
    }
    if (a->problem->emaml > 0 && info.inner_steps > 0) {
        ks_tensor_writer_meta_double(w, "emaml", a->problem->emaml);
    }
    if (rl->inner_loss == KS_LOSS_RATIO && info.inner_steps > 0) {
        ks_tensor_writer_meta(w, "inner_loss", "ratio");
    }
    ks_tensor_writer_meta_double(w, "trpo_gae_lambda", ks_rl_advantage(rl, true).gae_lambda);
    if (s->outer == &ks_outer_trpo) {
        add_trpo_meta(a);
    } else if (s->outer == &ks_outer_ppo) {
        add_ppo_meta(a);
    } else if (s->outer == &ks_outer_adam) {
        add_adam_meta(a);
    }
}

/* the outer step, and the step sizes */
static void add_outer(audit* a, size_t p) {
    const ks_outer_kind* kind = ks_maml_get_settings(a->of->maml)->outer;
    if (kind == &ks_outer_trpo) {
        add_trpo(a, p);
    } else if (kind == &ks_outer_ppo) {
        add_ppo(a, p);
    } else if (kind == &ks_outer_reptile) {
        ks_audit_add_reptile(a->writer, a->of);
    } else {
        ks_tensor_writer_add_real(a->writer, "meta_gradient", 1, &p, gradient_of(a), sizeof(double));
    }
    ks_audit_add_step_sizes(a->writer, a->of, gradient_of(a));
    if (kind == &ks_outer_ppo || kind == &ks_outer_adam) {
        ks_audit_add_moments(a->writer, a->of);
    }
}

bool ks_rl_audit(const ks_problem* problem, const ks_audit* of, ks_error* err) {
    const ks_outer_kind* outer = ks_maml_get_settings(of->maml)->outer;
    if (outer != &ks_outer_trpo && outer != &ks_outer_ppo && outer != &ks_outer_adam && outer != &ks_outer_reptile) {
        return ks_fail(err, KS_BAD_INPUT, "an audit of rl is of outer: trpo, ppo, adam or reptile, not of %s",
                       outer->name);
    }
    audit a = {.problem = problem, .of = of, .writer = ks_tensor_writer_create(err)};
    if (!a.writer) {
        return false;
    }
    size_t p = ks_policy_num_params(ks_maml_policy(of->maml));
    add_meta(&a);
    ks_tensor_writer_add_real(a.writer, "theta", 1, &p, of->params, sizeof *of->params);
    ks_tensor_writer_add_real(a.writer, "theta_new", 1, &p, of->params_new, sizeof *of->params_new);
    add_tasks(&a);
    add_outer(&a, p);
    for (int j = 0; j < ks_maml_num_stages(of->maml); j++) {
        add_stage(&a, j, p);
    }
    bool ok = ks_tensor_writer_save(a.writer, of->path, of->overwrite ? 0 : KS_SAVE_NEW, err);
    ks_tensor_writer_destroy(a.writer);
    return ok;
}
