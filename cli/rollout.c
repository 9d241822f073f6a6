#include "base/safetensors.h"
#include "base/text.h"
#include "cli/sampling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct rollout_options {
    ks_cli_sampling sampling;
    const char *output, *task;
    bool force, deterministic;
} rollout_options;

static bool save(const char* path, const ks_cli_policy* p, const ks_batch* b, const rollout_options* o, ks_error* err) {
    const ks_batch_sizes* z = &b->sizes;
    size_t t = b->rows;
    int64_t* starts = malloc((b->n + 1) * sizeof *starts);
    ks_tensor_writer* w = starts ? ks_tensor_writer_create(err) : NULL;
    if (!w) {
        free(starts);
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    for (size_t i = 0; i <= b->n; i++) {
        starts[i] = (int64_t)b->traj_start[i];
    }
    ks_tensor_writer_meta(w, "format", "kshot.rollout.1");
    ks_tensor_writer_meta(w, "env", p->def->name);
    if (p->def->path) {
        char relative[KS_PATH_ROOM];
        ks_path_relative(relative, path, p->def->path);
        ks_tensor_writer_meta(w, "env_file", relative);
    }
    char policy[4096];
    ks_text_escape(policy, sizeof policy, p->path);
    ks_tensor_writer_meta(w, "policy", policy);
    ks_tensor_writer_meta_int(w, "seed", o->sampling.seed);
    ks_tensor_writer_meta_int(w, "gradient_steps", o->sampling.steps);
    if (z->nq > 0) { /* the widest elements first, so that every tensor is aligned */
        ks_tensor_writer_add(w, "qpos", KS_F64, 2, (size_t[]){t, z->nq}, b->qpos);
        ks_tensor_writer_add(w, "qvel", KS_F64, 2, (size_t[]){t, z->nv}, b->qvel);
        ks_tensor_writer_add(w, "qpos_last", KS_F64, 2, (size_t[]){b->n, z->nq}, b->qpos_last);
        ks_tensor_writer_add(w, "qvel_last", KS_F64, 2, (size_t[]){b->n, z->nv}, b->qvel_last);
    }
    /* exact, since the dynamics of the world may follow from it */
    ks_tensor_writer_add(w, "task", KS_F64, 2, (size_t[]){b->n, z->task_dim}, b->task);
    ks_tensor_writer_add(w, "traj_start", KS_I64, 1, (size_t[]){b->n + 1}, starts);
    ks_tensor_writer_add_real(w, "obs", 2, (size_t[]){t, z->obs_dim}, b->obs, sizeof(ks_real));
    ks_tensor_writer_add_real(w, "act", 2, (size_t[]){t, z->act_cols}, b->act, sizeof(ks_real));
    ks_tensor_writer_add_real(w, "rew", 1, &t, b->rew, sizeof(ks_real));
    ks_tensor_writer_add_real(w, "logp", 1, &t, b->logp, sizeof(ks_real));
    ks_tensor_writer_add(w, "terminated", KS_U8, 1, &b->n, b->terminated);
    bool ok = ks_tensor_writer_save(w, path, o->force ? 0 : KS_SAVE_NEW, err);
    ks_tensor_writer_destroy(w);
    free(starts);
    return ok;
}

static bool rollout(const rollout_options* o, const ks_cli_policy* p, ks_error* err) {
    double task[KS_TASK_MAX];
    ks_batch* batches[KS_EVAL_MAX_STEPS + 1] = {0};
    ks_rl_eval_settings s;
    ks_eval_model model = ks_opened_model(p);
    bool ok = ks_sampling_settings(&s, &o->sampling, p, err) &&
              ks_cli_task(task, o->task, p->def, o->sampling.seed, o->sampling.quiet, err) &&
              ks_rl_create_batches(batches, p->model, p->policy, &s, err);
    s.eval.deterministic = o->deterministic;
    ks_eval_result result;
    if (ok && ks_rl_evaluate(&result, p->model, &model, task, 1, &s, batches, NULL, NULL, err)) {
        ok = save(o->output, p, batches[s.eval.steps], o, err);
        if (ok) {
            ks_text_print(stdout, o->output);
            printf(": %zu trajectories, %zu timesteps, mean return %.2f\n", batches[s.eval.steps]->n,
                   batches[s.eval.steps]->rows, result.metric[s.eval.steps]);
            if (!o->sampling.quiet) {
                ks_cli_note_broken(batches[s.eval.steps]->rejected, batches[s.eval.steps]->n);
            }
        }
        ks_eval_result_free(&result);
    } else {
        ok = false;
    }
    for (int j = 0; j <= KS_EVAL_MAX_STEPS; j++) {
        ks_batch_destroy(batches[j]);
    }
    return ok;
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    rollout_options o = {.sampling = ks_sampling_default()};
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    ks_cli_policy policy;
    if (!ks_cli_check_output(o.output, o.force, err) ||
        !ks_cli_policy_open(&policy, argv[optind], o.sampling.best, o.sampling.env, o.sampling.quiet, err)) {
        return ks_cli_exit(false, err);
    }
    bool ok = ks_cli_policy_acts(&policy, "rollout", err) && ks_cli_check_apart(o.output, policy.path, err) &&
              rollout(&o, &policy, err);
    ks_opened_close(&policy);
    return ks_cli_exit(ok, err);
}

static const ks_option OPTIONS[] = {
    {"output", 'o', "FILE.safetensors", "where the trajectories go", KS_OPTION_TEXT(rollout_options, output),
     .required = true, .completes = KS_COMPLETE_FILE},
    KS_OPTION_ROW_TASK(rollout_options, task),
    KS_SAMPLING_ROW_TRAJECTORIES(rollout_options, "default: what the environment's protocol says, or 20"),
    KS_SAMPLING_ROW_STEPS(rollout_options, "adapt the policy to the task by K gradient steps first (default 0)"),
    KS_SAMPLING_ROW_LR(rollout_options),
    {"deterministic", 0, NULL, "act without noise", KS_OPTION_FLAG(rollout_options, deterministic)},
    KS_SAMPLING_ROW_HORIZON(rollout_options),
    KS_SAMPLING_ROW_GAE_LAMBDA(rollout_options),
    KS_SAMPLING_ROW_SEED(rollout_options, "of start states and action noise (default 1)"),
    KS_SAMPLING_ROW_ENV(rollout_options),
    KS_SAMPLING_ROW_BEST(rollout_options),
    KS_OPTION_ROW_FORCE(rollout_options, force),
    KS_OPTION_ROW_THREADS(rollout_options, sampling.threads),
    KS_OPTION_ROW_QUIET(rollout_options, sampling.quiet),
    {0},
};

const ks_command ks_command_rollout = {
    .name = "rollout",
    .summary = "write trajectories of a policy for other programs",
    .usage = {"POLICY -o FILE.safetensors [--task V[,V…]] [--trajectories N] [--steps K] [--deterministic] …"},
    .about = {"Writes trajectories of a policy on one task, with the physics state of every timestep "
              "(docs/files.md)."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "POLICY", .least = 1, .most = 1, .completes = KS_COMPLETE_POLICY},
    .examples = {{"kshot rollout zoo/point --task 0.3,-0.2 --steps 1 -o point.safetensors",
                  "20 trajectories to that goal, after one gradient step"}},
    .run = run,
};
