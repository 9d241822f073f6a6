#include "base/safetensors.h"
#include "base/text.h"
#include "cli/sampling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* const HELP =
    "usage: kshot rollout POLICY -o FILE.safetensors [--task V[,V…]] [--trajectories N] [--steps K] [--deterministic] "
    "…\n"
    "\n"
    "Writes trajectories of a policy on one task, with the physics state of every timestep (docs/files.md).\n"
    "\n"
    "  --task V[,V…]      the task's numbers (default: the first held-out task of --seed); or NAME=V[,NAME=V…]: some "
    "of "
    "them\n"
    "  --trajectories N   default: what the environment's protocol says, or 20\n"
    "  --steps K          adapt the policy to the task by K gradient steps first (default 0)\n"
    "  --lr A1[,A2…]      their step sizes (default: kept ones, or the environment's protocol)\n"
    "  --deterministic    act without noise\n"
    "  --horizon T        timesteps per trajectory (default: the policy's own)\n"
    "  --gae-lambda L     lambda of the advantages that it adapts by (default: the policy's own)\n"
    "  --seed N           of start states and action noise (default 1)\n"
    "  -e ENV             another environment than the policy's own\n"
    "  --best             of a run directory, best.safetensors instead of policy.safetensors\n"
    "  --force            replace a file that exists\n"
    "  -j THREADS         default: the number of cores; results do not depend on it\n";

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
    ks_tensor_writer_meta(w, "policy", p->path);
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

/* Batches of all gradient steps of one task; the last keeps the physics. */
static bool create_batches(ks_batch** batches, const ks_rl_eval_settings* s, const ks_cli_policy* p, ks_error* err) {
    ks_sampler* sampler = ks_sampler_create(p->model, p->policy, 1, err);
    if (!sampler) {
        return false;
    }
    bool ok = true;
    for (int j = 0; ok && j <= s->eval.steps; j++) {
        ks_batch_sizes sizes = ks_sampler_batch_sizes(sampler, s->trajectories, s->horizon, j == s->eval.steps);
        batches[j] = ks_batch_create(&sizes, err);
        ok = batches[j] != NULL;
    }
    ks_sampler_destroy(sampler);
    return ok;
}

static bool rollout(const rollout_options* o, const ks_cli_policy* p, ks_error* err) {
    double task[KS_TASK_MAX];
    ks_batch* batches[KS_EVAL_MAX_STEPS + 1] = {0};
    ks_rl_eval_settings s;
    ks_eval_model model = ks_cli_policy_model(p);
    bool ok = ks_sampling_settings(&s, &o->sampling, p, err) &&
              ks_cli_task(task, o->task, p->def, o->sampling.seed, err) && create_batches(batches, &s, p, err);
    s.eval.deterministic = o->deterministic;
    ks_eval_result result;
    if (ok && ks_rl_evaluate(&result, p->model, &model, task, 1, &s, batches, NULL, NULL, err)) {
        ok = save(o->output, p, batches[s.eval.steps], o, err);
        if (ok) {
            ks_text_print(stdout, o->output);
            printf(": %zu trajectories, %zu timesteps, mean return %.2f\n", batches[s.eval.steps]->n,
                   batches[s.eval.steps]->rows, result.metric[s.eval.steps]);
            ks_cli_note_broken(batches[s.eval.steps]->rejected, batches[s.eval.steps]->n);
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

enum { TASK = KS_SAMPLING_END, DETERMINISTIC, FORCE };
static const struct option OPTIONS[] = {KS_SAMPLING_OPTIONS,
                                        {"task", required_argument, NULL, TASK},
                                        {"deterministic", no_argument, NULL, DETERMINISTIC},
                                        {"output", required_argument, NULL, 'o'},
                                        {"force", no_argument, NULL, FORCE},
                                        {0}};

static bool parse_option(rollout_options* o, int option, const char* value, ks_error* err) {
    switch (option) {
        case TASK:
            o->task = value;
            return true;
        case 'o':
            o->output = value;
            return true;
        case DETERMINISTIC:
            return o->deterministic = true;
        case FORCE:
            return o->force = true;
        default:
            return ks_sampling_option(&o->sampling, option, value, err);
    }
}

int ks_cli_rollout(int argc, char** argv, ks_error* err) {
    static const char* const NAMES[] = {"POLICY"};
    rollout_options o = {.sampling = {.seed = 1, .threads = ks_cli_cores()}};
    optind = 0;
    for (int c; (c = ks_cli_option(argc, argv, KS_SAMPLING_LETTERS "o:", OPTIONS, err)) != -1;) {
        if (c == 'h') {
            fputs(HELP, stdout);
            return 0;
        }
        if (!parse_option(&o, c, optarg, err)) {
            return KS_BAD_INPUT;
        }
    }
    if (!ks_cli_arguments(argc, argv, 1, NAMES, err)) {
        return KS_BAD_INPUT;
    }
    if (!o.output) {
        ks_fail(err, KS_BAD_INPUT, "rollout: -o FILE.safetensors is missing; `kshot rollout --help` explains");
        return KS_BAD_INPUT;
    }
    ks_cli_policy policy;
    if (!ks_cli_check_output(o.output, o.force, err) ||
        !ks_cli_policy_open(&policy, argv[optind], o.sampling.best, o.sampling.env, err)) {
        return ks_cli_exit(false, err);
    }
    bool ok = ks_cli_policy_acts(&policy, "rollout", err) && ks_cli_check_apart(o.output, policy.path, err) &&
              rollout(&o, &policy, err);
    ks_cli_policy_close(&policy);
    return ks_cli_exit(ok, err);
}
