/* phases.c: where the time of sampling and of an update goes, phase by phase, on one thread. For developers:
 *
 *     build/release/bin/phases [ENV [TRAJECTORIES [HORIZON]]]
 *
 * Each line: microseconds per timestep of the batch, milliseconds for the whole batch of one task, and for the products of
 * matrices the rate. */
#include "bench/bench.h"
#include "maml/inner.h"
#include "policy/kfac.h"
#include "policy/policy.h"
#include "rl/advantage.h"
#include "rl/rl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20 };

typedef struct bench {
    ks_config config;
    const ks_env_def* def;
    ks_problem* problem;
    const ks_env_model* model; /* the problem's */
    ks_policy* policy;
    ks_policy_ws* ws;
    ks_sampler* sampler;
    ks_advantage_ws* advantage_ws;
    ks_inner* inner;
    ks_batch* batch;
    ks_tape *hessian, *fisher;
    ks_kfac* kfac;
    double* factors;
    ks_real *theta, *v, *head;
    double* out;
    double task[KS_TASK_MAX];
    ks_rows rows;
    ks_error err;
} bench;

static void report(const char* name, const bench* b, double seconds, double flop_per_row) {
    double n = (double)b->rows.n;
    printf("%-34s %9.3f us %9.3f ms", name, 1e6 * seconds / n, 1e3 * seconds);
    if (flop_per_row > 0) {
        printf(" %8.1f GFLOP/s", 1e-9 * flop_per_row * n / seconds);
    }
    puts("");
}

/* seconds of the fastest round */
static double best(bench* b, void (*phase)(bench* b)) {
    double fastest = INFINITY;
    for (int i = 0; i < ROUNDS; i++) {
        double start = ks_clock();
        phase(b);
        fastest = fmin(fastest, ks_clock() - start);
    }
    return fastest;
}

static void sample(bench* b) {
    ks_rollout_request request = {
        .batch = b->batch, .trajectories = (size_t)b->config.rl.trajectories, .theta = b->theta, .task = b->task};
    ks_sampler_run(b->sampler, &request, 1, (ks_rollout_noise){.seed = 1}, &b->err);
}

static void noise(bench* b) {
    ks_stream stream = ks_stream_make(1, KS_RNG_ACTION, 0, 0);
    uint32_t trajectory[20] = {0};
    for (size_t row = 0; row < b->rows.n; row += 20) {
        ks_stream_normal_rows(b->head, 20, (size_t)b->def->act_dim, stream, 0, trajectory, (uint32_t)row);
    }
}

static void forward_20(bench* b) { /* as sampling does it: 20 worlds at a time */
    ks_policy_prepare(b->ws, b->policy, b->theta);
    for (size_t row = 0; row + 20 <= b->rows.n; row += 20) {
        ks_policy_forward_prepared(b->policy, 20, b->rows.obs + row * (size_t)ks_env_model_obs_dim(b->model), b->head,
                                   b->ws);
    }
}

static void forward(bench* b) {
    ks_policy_forward(b->policy, b->theta, b->rows.n, b->rows.obs, b->head, b->ws);
}

static void advantages(bench* b) {
    ks_advantage_compute(b->batch, ks_advantage_settings_default(), NULL, b->advantage_ws);
}

static void gradient(bench* b) {
    ks_policy_nll_grad(b->out, b->policy, b->theta, b->rows, 1, b->ws);
}

static void record(bench* b) {
    ks_tape_record(b->hessian, NULL, b->theta, b->rows, 1, b->ws);
}

static void hvp(bench* b) {
    ks_tape_hvp(b->out, b->hessian, b->v, b->ws);
}

static void fvp(bench* b) {
    ks_tape_fvp(b->out, b->fisher, b->v, b->ws);
}

static void compare(bench* b) {
    ks_old_policy old = {.logp = b->batch->logp, .head = b->batch->head, .theta = b->theta};
    double ratio, kl;
    ks_policy_compare(&ratio, &kl, b->policy, b->theta, b->rows, old, b->ws);
}

static void kfac_factors(bench* b) {
    memset(b->factors, 0, ks_kfac_size(b->policy) * sizeof *b->factors);
    ks_kfac_factors(b->factors, b->kfac, b->theta, b->rows, 1.0 / (double)b->rows.n, b->ws);
}

static void kfac_invert(bench* b) {
    ks_kfac_invert(b->kfac, b->factors, 0.001, &b->err);
}

static void kfac_solve(bench* b) {
    ks_kfac_solve(b->out, b->kfac, b->out);
}

/* what a user waits for after sampling: baseline, advantages, gradient, step */
static void reinforce_step(bench* b) {
    advantages(b);
    ks_group group = {.rows = b->rows, .theta = b->theta};
    ks_inner_step(b->v, b->inner, &group, 1, 0, 0.1, (ks_inner_trace){0});
}

static bool create(bench* b) {
    ks_config* c = &b->config;
    ks_error* err = &b->err;
    b->problem = ks_problem_rl.create(&c->rl, KS_MAML, 1, err);
    if (!b->problem) {
        return false;
    }
    b->model = ks_rl_model(b->problem);
    b->def = ks_rl_env(b->problem);
    size_t rows = (size_t)(c->rl.trajectories * c->rl.horizon);
    ks_policy_settings settings;
    if (!ks_config_policy(&settings, c, b->problem, err)) {
        return false;
    }
    b->policy = ks_policy_create(&settings, err);
    b->ws = b->policy ? ks_policy_ws_create(b->policy, 0, err) : NULL;
    b->sampler = b->ws ? ks_sampler_create(b->model, b->policy, 1, err) : NULL;
    b->advantage_ws = ks_advantage_ws_create((size_t)ks_env_model_obs_dim(b->model), rows, err);
    ks_step_sizes sizes = {.lr = 0.1, .steps = 1};
    b->inner = b->sampler ? ks_inner_create(b->policy, &sizes, 1, rows, 1, err) : NULL;
    if (!b->inner || !b->advantage_ws) {
        return false;
    }
    ks_batch_sizes batch_sizes =
        ks_sampler_batch_sizes(b->sampler, (size_t)c->rl.trajectories, (size_t)c->rl.horizon, false);
    size_t n = ks_policy_num_params(b->policy);
    b->batch = ks_batch_create(&batch_sizes, err);
    b->hessian = ks_tape_create(b->policy, KS_TAPE_HESSIAN, rows, err);
    b->fisher = ks_tape_create(b->policy, KS_TAPE_FISHER, rows, err);
    b->kfac = ks_kfac_create(b->policy, err);
    b->factors = malloc(ks_kfac_size(b->policy) * sizeof *b->factors);
    b->theta = calloc(n, sizeof *b->theta);
    b->v = calloc(n, sizeof *b->v);
    b->out = calloc(n, sizeof *b->out);
    b->head = calloc((rows + 20) * ks_policy_head_cols(b->policy), sizeof *b->head);
    if (!b->batch || !b->hessian || !b->fisher || !b->kfac || !b->factors || !b->theta || !b->v || !b->out ||
        !b->head) {
        return false;
    }
    ks_draw_tasks(b->task, b->def, 1, 0, 0, 1);
    return ks_initial_theta(b->theta, c, b->problem, b->policy, err);
}

static void destroy(bench* b) {
    ks_batch_destroy(b->batch);
    ks_tape_destroy(b->hessian);
    ks_tape_destroy(b->fisher);
    ks_kfac_destroy(b->kfac);
    free(b->factors);
    free(b->theta);
    free(b->v);
    free(b->out);
    free(b->head);
    ks_inner_destroy(b->inner);
    ks_advantage_ws_destroy(b->advantage_ws);
    ks_sampler_destroy(b->sampler);
    ks_policy_ws_destroy(b->ws);
    ks_policy_destroy(b->policy);
    ks_rl_destroy(b->problem);
}

static void measure(bench* b) {
    ks_policy_flop f = ks_policy_count_flop(b->policy);
    sample(b);
    advantages(b);
    b->rows = ks_batch_rows(b->batch);
    memcpy(b->v, b->theta, ks_policy_num_params(b->policy) * sizeof *b->v);
    printf("%s, one task of %zu timesteps, one thread, best of %d\n", b->def->name, b->rows.n, ROUNDS);
    report("sampling, everything", b, best(b, sample), 0);
    report("  of it action noise", b, best(b, noise), 0);
    report("  of it policy, 20 rows at a time", b, best(b, forward_20), f.forward);
    report("baseline and advantages", b, best(b, advantages), 0);
    report("forward", b, best(b, forward), f.forward);
    report("gradient", b, best(b, gradient), f.forward + f.deltas + f.weights);
    report("surrogate and KL", b, best(b, compare), f.forward);
    report("tape: record", b, best(b, record), f.forward + f.deltas);
    report("tape: Hessian-vector product", b, best(b, hvp), f.hvp);
    ks_tape_record(b->fisher, NULL, b->theta, b->rows, 1, b->ws);
    report("tape: Fisher-vector product", b, best(b, fvp), f.fvp);
    report("K-FAC: factors", b, best(b, kfac_factors), ks_kfac_flop(b->policy));
    report("K-FAC: decomposition, once", b, best(b, kfac_invert), 0);
    report("K-FAC: solution", b, best(b, kfac_solve), 0);
    report("REINFORCE step, all but sampling", b, best(b, reinforce_step), 0);
}

int main(int argc, char** argv) {
    bench b = {0};
    ks_config_default(&b.config);
    snprintf(b.config.rl.env, sizeof b.config.rl.env, "%s", argc > 1 ? argv[1] : "half-cheetah-vel");
    b.config.rl.trajectories = argc > 2 ? atoi(argv[2]) : 20;
    b.config.rl.horizon = argc > 3 ? atoi(argv[3]) : 200;
    bool ok = b.config.rl.trajectories > 0 && b.config.rl.horizon > 0 && create(&b);
    if (ok) {
        measure(&b);
    } else {
        fprintf(stderr, "phases: %s\n", b.err.text[0] ? b.err.text : "usage: phases [ENV [TRAJECTORIES [HORIZON]]]");
    }
    destroy(&b);
    return ok ? 0 : 1;
}
