/* The sampler: the same bytes for any number of threads; what it wrote down, played again step by step, gives the same; early
 * ends, unstable physics, tasks and random streams end up where they belong. */
#include "rollout_support.h"

#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
enum { MAX_OBS = 160, MAX_NOISE = 64, MAX_STATE = 16 };

extern const ks_env_def ks_env_corridor;

static void check_same(const void* a, const void* b, size_t count, size_t size) {
    if (count > 0) {
        assert_memory_equal(a, b, count * size);
    }
}

/* rows first … first+n-1 of a are rows other … of b */
static void check_same_rows(const ks_batch* a, size_t first, const ks_batch* b, size_t other, size_t n) {
    const ks_batch_sizes* z = &a->sizes;
    check_same(a->obs + first * z->obs_dim, b->obs + other * z->obs_dim, n * z->obs_dim, sizeof *a->obs);
    check_same(a->act + first * z->act_cols, b->act + other * z->act_cols, n * z->act_cols, sizeof *a->act);
    check_same(a->head + first * z->head_cols, b->head + other * z->head_cols, n * z->head_cols, sizeof *a->head);
    check_same(a->logp + first, b->logp + other, n, sizeof *a->logp);
    check_same(a->rew + first, b->rew + other, n, sizeof *a->rew);
    check_same(a->qpos + first * z->nq, b->qpos + other * z->nq, n * z->nq, sizeof *a->qpos);
    check_same(a->qvel + first * z->nv, b->qvel + other * z->nv, n * z->nv, sizeof *a->qvel);
}

static void check_same_batch(const ks_batch* a, const ks_batch* b) {
    const ks_batch_sizes* z = &a->sizes;
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->rejected, b->rejected);
    check_same(a->traj_start, b->traj_start, a->n + 1, sizeof *a->traj_start);
    check_same(a->terminated, b->terminated, a->n, sizeof *a->terminated);
    check_same(a->task, b->task, a->n * z->task_dim, sizeof *a->task);
    check_same(a->qpos_last, b->qpos_last, a->n * z->nq, sizeof *a->qpos_last);
    check_same(a->qvel_last, b->qvel_last, a->n * z->nv, sizeof *a->qvel_last);
    check_same_rows(a, 0, b, 0, a->rows);
}

/* ---- threads ------------------------------------------------------------------------------------------------------------ */

static void check_threads(const ks_env_def* def) {
    world w = open_world(def, false);
    run one = sampled(&w, 25, 1);
    for (int threads = 2; threads <= 3; threads++) {
        run other = sampled(&w, 25, threads);
        for (size_t i = 0; i < REQUESTS; i++) {
            check_same_batch(one.batch[i], other.batch[i]);
        }
        free_run(&other);
    }
    free_run(&one);
    close_world(&w);
}

static void threads_do_not_matter(void** state) {
    (void)state;
    check_threads(&WALKER);
    check_threads(&ks_env_corridor);
    check_threads(ks_env_find("half-cheetah-dir", NULL));
    check_threads(ks_env_find("ant-vel", NULL));
    check_threads(ks_env_find("bandit-5", NULL));
    check_threads(ks_env_find("mdp", NULL));
}

/* ---- played again ------------------------------------------------------------------------------------------------------- */

/* the start of a trajectory, from the same random numbers */
static void restart(ks_env* env, const world* w, uint32_t task, uint32_t trajectory, ks_real* obs) {
    double uniform[MAX_NOISE], normal[MAX_NOISE];
    ks_stream stream = ks_stream_make(NOISE.seed, KS_RNG_RESET, NOISE.iteration, NOISE.stage);
    assert_true(w->def->reset_uniforms <= MAX_NOISE && w->def->reset_normals <= MAX_NOISE);
    ks_stream_uniform(uniform, (size_t)w->def->reset_uniforms, stream, task, trajectory, 0);
    ks_stream_normal(normal, (size_t)w->def->reset_normals, stream, task, trajectory, 1);
    ks_env_reset(env, (ks_env_noise){.uniform = uniform, .normal = normal}, obs);
}

static void check_physics(const ks_env* env, const ks_batch* b, const double* qpos, const double* qvel) {
    double q[MAX_STATE], v[MAX_STATE];
    if (b->sizes.nq > 0) {
        ks_env_get_physics(env, q, v);
        assert_memory_equal(q, qpos, b->sizes.nq * sizeof *q);
        assert_memory_equal(v, qvel, b->sizes.nv * sizeof *v);
    }
}

static void check_close(ks_real got, ks_real want, double tolerance) {
    assert_true(fabs((double)(got - want)) < tolerance * (1 + fabs((double)want)));
}

/* the action follows from the head's output and the noise of this place; the head's from the observation */
static void check_action(const world* w, const ks_batch* b, size_t row, uint32_t task, uint32_t trajectory,
                         uint32_t step, ks_policy_ws* ws) {
    ks_real noise[MAX_STATE], act[MAX_STATE], head[MAX_STATE], logp;
    ks_stream stream = ks_stream_make(NOISE.seed, KS_RNG_ACTION, NOISE.iteration, NOISE.stage);
    const ks_batch_sizes* z = &b->sizes;
    (w->def->num_actions ? ks_stream_uniform_rows : ks_stream_normal_rows)(noise, 1, ks_policy_noise_cols(w->policy),
                                                                           stream, task, &trajectory, step);
    const ks_real* recorded = b->head + row * z->head_cols;
    ks_policy_sample(w->policy, w->theta, 1, recorded, noise, act, &logp);
    for (size_t c = 0; c < z->act_cols; c++) {
        check_close(b->act[row * z->act_cols + c], act[c], 1e-6);
    }
    check_close(b->logp[row], logp, 1e-5);
    ks_policy_forward(w->policy, w->theta, 1, b->obs + row * z->obs_dim, head, ws);
    for (size_t c = 0; c < z->head_cols; c++) {
        check_close(recorded[c], head[c], 1e-4);
    }
}

static void replay(const world* w, const run* r, size_t i, uint32_t trajectory, ks_env* env, ks_policy_ws* ws) {
    const ks_batch* b = r->batch[i];
    const ks_batch_sizes* z = &b->sizes;
    size_t first = b->traj_start[trajectory], end = b->traj_start[trajectory + 1];
    uint32_t task = r->request[i].task_index;
    ks_real obs[MAX_OBS];
    assert_true(end > first && end - first <= z->horizon && z->obs_dim <= MAX_OBS);
    assert_memory_equal(b->task + trajectory * z->task_dim, r->task[i], z->task_dim * sizeof *b->task);
    ks_env_set_task(env, r->task[i]);
    restart(env, w, task, trajectory, obs);
    for (size_t row = first; row < end; row++) {
        assert_memory_equal(obs, b->obs + row * z->obs_dim, z->obs_dim * sizeof *obs);
        check_physics(env, b, b->qpos + row * z->nq, b->qvel + row * z->nv);
        check_action(w, b, row, task, trajectory, (uint32_t)(row - first), ws);
        ks_env_step_result step = ks_env_step(env, b->act + row * z->act_cols, obs);
        assert_true(b->rew[row] == (ks_real)step.rew);
        assert_false(step.unstable);
        assert_true(step.terminated == (row + 1 == end && b->terminated[trajectory]));
    }
    assert_true(b->terminated[trajectory] || end - first == z->horizon);
    check_physics(env, b, b->qpos_last + trajectory * z->nq, b->qvel_last + trajectory * z->nv);
}

/* returns how many trajectories the environment ended */
static size_t check_replay(const ks_env_def* def, bool append_task, size_t horizon) {
    world w = open_world(def, append_task);
    run r = sampled(&w, horizon, 2);
    ks_error err = {0};
    ks_env* env = ks_env_create(w.model, &err);
    ks_policy_ws* ws = ks_policy_ws_create(w.policy, 0, &err);
    assert_true(env && ws);
    size_t ended = 0;
    for (size_t i = 0; i < REQUESTS; i++) {
        assert_int_equal(r.batch[i]->n, TRAJECTORIES[i]);
        assert_int_equal(r.batch[i]->rejected, 0);
        for (uint32_t k = 0; k < r.batch[i]->n; k++) {
            replay(&w, &r, i, k, env, ws);
            ended += r.batch[i]->terminated[k];
        }
    }
    ks_env_destroy(env);
    ks_policy_ws_destroy(ws);
    free_run(&r);
    close_world(&w);
    return ended;
}

static void a_recorded_trajectory_plays_again(void** state) {
    (void)state;
    check_replay(ks_env_find("point", NULL), false, 20);
    assert_int_equal(check_replay(ks_env_find("half-cheetah-vel", NULL), false, 20), 0);
    assert_int_equal(check_replay(ks_env_find("half-cheetah-vel", NULL), true, 20), 0);
    check_replay(ks_env_find("gym/ant-goal", NULL), false, 10);
    assert_true(check_replay(&ks_env_corridor, false, 30) > 0);
    check_replay(ks_env_find("bandit-2", NULL), false, 40);
    check_replay(ks_env_find("mdp", NULL), true, 40);
    check_replay(ks_env_find("grid", NULL), false, 15);
}

/* the ant, as it falls over */
static void early_ends_play_again(void** state) {
    (void)state;
    size_t ended = check_replay(ks_env_find("ant-dir", NULL), false, 100);
    assert_true(ended > 3 && ended < TRAJECTORIES[0] + TRAJECTORIES[1] + TRAJECTORIES[2]);
}

/* ---- ends ------------------------------------------------------------------------------------------------------------------ */

static size_t length_of(const ks_batch* b, size_t trajectory) {
    return b->traj_start[trajectory + 1] - b->traj_start[trajectory];
}

/* in which step the fate of a trajectory comes */
static size_t fated_step(uint32_t task, uint32_t trajectory) {
    double uniform;
    ks_stream stream = ks_stream_make(NOISE.seed, KS_RNG_RESET, NOISE.iteration, NOISE.stage);
    ks_stream_uniform(&uniform, 1, stream, task, trajectory, 0);
    return (size_t)life_of(uniform);
}

static void the_environment_or_the_time_limit_ends(void** state) {
    (void)state;
    enum { HORIZON = 20 };
    world w = open_world(&WALKER, false);
    run r = sampled_walkers(&w, ENDS, HORIZON);
    run on = sampled_walkers(&w, RUNS_ON, HORIZON);
    assert_true(r.ok && on.ok);
    size_t seen[3] = {0};
    for (uint32_t i = 0; i < REQUESTS; i++) {
        assert_int_equal(on.batch[i]->rows, TRAJECTORIES[i] * HORIZON);
        for (uint32_t k = 0; k < r.batch[i]->n; k++) {
            size_t life = fated_step(i, k);
            size_t length = life < HORIZON ? life : HORIZON;
            seen[life < HORIZON ? 0 : life == HORIZON ? 1 : 2]++;
            assert_int_equal(length_of(r.batch[i], k), length);
            assert_int_equal(r.batch[i]->terminated[k], life <= HORIZON);
            assert_int_equal(on.batch[i]->terminated[k], 0);
            /* and until then it is the same walk, whoever has left the block meanwhile; but for the rounding of the policy */
            for (size_t t = 0; t < length; t++) {
                size_t row = r.batch[i]->traj_start[k] + t, other = k * HORIZON + t;
                assert_true(fabs((double)(r.batch[i]->obs[2 * row] - on.batch[i]->obs[2 * other])) < 1e-4);
            }
        }
    }
    assert_true(seen[0] > 10 && seen[1] > 0 && seen[2] > 10);
    free_run(&r);
    free_run(&on);
    close_world(&w);
}

static void ends_in_the_first_step(void** state) {
    (void)state;
    world w = open_world(&WALKER, false);
    run r = sampled_walkers(&w, ENDS_AT_ONCE, 20);
    assert_true(r.ok);
    for (size_t i = 0; i < REQUESTS; i++) {
        const ks_batch* b = r.batch[i];
        assert_int_equal(b->rows, TRAJECTORIES[i]);
        for (size_t k = 0; k < b->n; k++) {
            assert_int_equal(b->traj_start[k], k);
            assert_int_equal(b->terminated[k], 1);
            assert_true(b->rew[k] == (ks_real)((1 + (double)i) * b->qpos_last[k]));
        }
    }
    free_run(&r);
    close_world(&w);
}

static void check_finite(const ks_batch* b) {
    const ks_batch_sizes* z = &b->sizes;
    for (size_t t = 0; t < b->rows; t++) {
        assert_true(isfinite(b->rew[t]) && isfinite(b->logp[t]) && (!b->sweep_rew || isfinite(b->sweep_rew[t])));
        for (size_t c = 0; c < z->obs_dim; c++) {
            assert_true(isfinite(b->obs[t * z->obs_dim + c]));
        }
        for (size_t c = 0; c < z->act_cols; c++) {
            assert_true(isfinite(b->act[t * z->act_cols + c]));
        }
        for (size_t c = 0; c < z->head_cols; c++) {
            assert_true(isfinite(b->head[t * z->head_cols + c]));
        }
    }
}

static void broken_physics_is_cut_off(void** state) {
    (void)state;
    enum { HORIZON = 20 };
    world w = open_world(&WALKER, false);
    run broken = sampled_walkers(&w, BREAKS, HORIZON);
    run ended = sampled_walkers(&w, ENDS, HORIZON);
    assert_true(broken.ok && ended.ok);
    size_t empty = 0;
    for (uint32_t i = 0; i < REQUESTS; i++) {
        const ks_batch *b = broken.batch[i], *e = ended.batch[i];
        size_t rejected = 0;
        assert_int_equal(b->traj_start[b->n], b->rows);
        for (uint32_t k = 0; k < b->n; k++) {
            size_t life = fated_step(i, k);
            bool breaks = life <= HORIZON;
            size_t length = length_of(e, k) - breaks;
            rejected += breaks;
            empty += length == 0;
            assert_int_equal(length_of(b, k), length);
            assert_int_equal(b->terminated[k], breaks);
            check_same_rows(b, b->traj_start[k], e, e->traj_start[k], length);
            /* the last state is the one that the refused step started from */
            const double* qpos = breaks ? e->qpos + (e->traj_start[k] + length) : e->qpos_last + k;
            assert_true(b->qpos_last[k] == *qpos);
            assert_true(b->qvel_last[2 * k] == (double)length);
        }
        assert_int_equal(b->rejected, rejected);
        assert_int_equal(e->rejected, 0);
        check_finite(b);
    }
    assert_true(empty > 0); /* trajectories without a timestep are among them */
    free_run(&broken);
    free_run(&ended);
    close_world(&w);
}

static void nothing_but_broken_physics_is_an_error(void** state) {
    (void)state;
    world w = open_world(&WALKER, false);
    run r = make_run(&w, 10);
    for (size_t i = 0; i < REQUESTS; i++) {
        r.task[i][0] = i == 1 ? BREAKS_AT_ONCE : RUNS_ON;
    }
    r.request[1].task_index = 17;
    sample(&r, &w, 2, NOISE);
    assert_false(r.ok);
    assert_int_equal(r.err.code, KS_BROKE_DOWN);
    assert_non_null(strstr(r.err.text, "walker"));
    assert_non_null(strstr(r.err.text, "task 17"));
    free_run(&r);
    close_world(&w);

    w = open_world(ks_env_find("half-cheetah-vel", NULL), false);
    w.theta[0] = NAN; /* parameters that are not finite are no reason to crash either */
    r = make_run(&w, 10);
    sample(&r, &w, 2, NOISE);
    assert_false(r.ok);
    assert_int_equal(r.err.code, KS_BROKE_DOWN);
    assert_non_null(strstr(r.err.text, "half-cheetah-vel"));
    free_run(&r);
    close_world(&w);
}

/* ---- the sweep -------------------------------------------------------------------------------------------------------- */

static void a_sweep_goes_through_all_tasks(void** state) {
    (void)state;
    enum { HORIZON = 40 };
    const ks_env_def* vel = ks_env_find("half-cheetah-vel", NULL);
    const ks_env_def* dir = ks_env_find("ant-dir", NULL);
    const ks_env_def* point = ks_env_find("point", NULL);
    double task[2];
    for (size_t t = 0; t < HORIZON; t++) {
        ks_sweep_task(task, vel, t, HORIZON);
        assert_true(fabs(task[0] - 2 * ((double)t + 0.5) / HORIZON) < 1e-12);
        ks_sweep_task(task, dir, t, HORIZON);
        assert_true(task[0] == (t < HORIZON / 2 ? -1 : 1));
        /* across once, and up, down and up again */
        ks_sweep_task(task, point, t, HORIZON);
        double way = ((double)t + 0.5) / HORIZON;
        double height = way < 1.0 / 3 ? 3 * way : way < 2.0 / 3 ? 2 - 3 * way : 3 * way - 2;
        assert_true(fabs(task[0] - (way - 0.5)) < 1e-12 && fabs(task[1] - (height - 0.5)) < 1e-12);
    }
}

/* as sampled_walkers, with rewards of the sweep */
static run sampled_with_sweep(const world* w, int fate, size_t horizon) {
    run r = make_run(w, horizon);
    for (size_t i = 0; i < REQUESTS; i++) {
        ks_batch_sizes sizes = r.batch[i]->sizes;
        sizes.sweep = true;
        ks_batch_destroy(r.batch[i]);
        r.batch[i] = ks_batch_create(&sizes, &r.err);
        assert_non_null(r.batch[i]);
        r.request[i].batch = r.batch[i];
        r.task[i][0] = fate;
        r.task[i][1] = 1 + (double)i;
    }
    sample(&r, w, 2, NOISE);
    assert_true(r.ok);
    return r;
}

/* walkers of any fate: rewards of the sweep stand beside the timesteps that they are of, and change nothing else */
static void check_sweep_of(int fate) {
    enum { HORIZON = 20 };
    world w = open_world(&WALKER, false);
    run plain = sampled_walkers(&w, fate, HORIZON);
    run r = sampled_with_sweep(&w, fate, HORIZON);
    for (size_t i = 0; i < REQUESTS; i++) {
        const ks_batch* b = r.batch[i];
        check_same_batch(b, plain.batch[i]);
        assert_null(plain.batch[i]->sweep_rew);
        for (size_t k = 0; k < b->n; k++) {
            for (size_t row = b->traj_start[k]; row < b->traj_start[k + 1]; row++) {
                double task[KS_TASK_MAX];
                ks_sweep_task(task, &WALKER, row - b->traj_start[k], HORIZON);
                /* a walker's reward is linear in where it stands */
                double x = (double)b->rew[row] / r.task[i][1];
                check_close(b->sweep_rew[row], (ks_real)(task[1] * x + 100 * task[0]), 1e-5);
            }
        }
    }
    free_run(&plain);
    free_run(&r);
    close_world(&w);
}

static void rewards_of_a_sweep(void** state) {
    (void)state;
    check_sweep_of(RUNS_ON);
    check_sweep_of(ENDS);
    check_sweep_of(BREAKS);
}

/* ---- numbers that are not finite ------------------------------------------------------------------------------------------- */

/* What is finite in double and not as it is kept ends a trajectory: `kept` timesteps after the one before the fated step, and all
 * that stays is what it is without that fate. */
static void check_huge(int fate, bool sweep, size_t kept) {
    enum { HORIZON = 20 };
    world w = open_world(&WALKER, false);
    run r = sweep ? sampled_with_sweep(&w, fate, HORIZON) : sampled_walkers(&w, fate, HORIZON);
    run on = sampled_walkers(&w, RUNS_ON, HORIZON);
    assert_true(r.ok && on.ok);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        const ks_batch* b = r.batch[i];
        size_t rejected = 0;
        check_finite(b);
        for (uint32_t k = 0; k < b->n; k++) {
            size_t length = fated_step(i, k) - 1 + kept;
            bool breaks = length < HORIZON;
            rejected += breaks;
            length = breaks ? length : HORIZON;
            assert_int_equal(length_of(b, k), length);
            assert_int_equal(b->terminated[k], breaks);
            for (size_t t = 0; t < length; t++) { /* but for the rounding of the policy in blocks of another size */
                check_close(b->act[b->traj_start[k] + t], on.batch[i]->act[k * HORIZON + t], 1e-4);
            }
        }
        assert_int_equal(b->rejected, rejected);
        assert_true(rejected > 0 || TRAJECTORIES[i] == 1);
    }
    free_run(&r);
    free_run(&on);
    close_world(&w);
}

static void numbers_that_single_precision_does_not_hold(void** state) {
    (void)state;
    check_huge(HUGE_REWARD, false, 0);
    check_huge(HUGE_SWEEP, true, 0);
    check_huge(HUGE_OBS, false, 1); /* the step that led there is fine, the next cannot be taken */
}

/* no head makes an action of numbers that are not finite: neither the Gaussian nor the categorical, which could always take the
 * last one */
static void heads_that_are_not_finite(void** state) {
    (void)state;
    const ks_env_def* defs[] = {&WALKER, &ks_env_corridor, ks_env_find("point", NULL)};
    const ks_real bad[] = {(ks_real)NAN, (ks_real)INFINITY, (ks_real)-INFINITY};
    for (size_t d = 0; d < LENGTH(defs); d++) {
        for (size_t i = 0; i < LENGTH(bad); i++) {
            world w = open_world(defs[d], false);
            run r = make_run(&w, 10);
            for (size_t k = 0; k < REQUESTS; k++) {
                r.task[k][0] = defs[d] == &WALKER ? RUNS_ON : r.task[k][0];
            }
            /* a bias of the last layer: one number of the head */
            size_t last = ks_policy_log_std_offset(w.policy);
            w.theta[last - 1] = bad[i];
            for (int deterministic = 0; deterministic < 2; deterministic++) {
                ks_rollout_noise noise = NOISE;
                noise.deterministic = deterministic;
                sample(&r, &w, 2, noise);
                assert_false(r.ok);
                assert_int_equal(r.err.code, KS_BROKE_DOWN);
                assert_non_null(strstr(r.err.text, defs[d]->name));
                assert_non_null(strstr(r.err.text, "not finite"));
                for (size_t k = 0; k < REQUESTS; k++) {
                    assert_int_equal(r.batch[k]->rows, 0);
                    assert_int_equal(r.batch[k]->rejected, TRAJECTORIES[k]);
                    r.request[k].may_break_down = true;
                }
                sample(&r, &w, 2, noise); /* and whoever looks at the rows need not have it told */
                assert_true(r.ok);
                for (size_t k = 0; k < REQUESTS; k++) {
                    r.request[k].may_break_down = false;
                }
            }
            free_run(&r);
            close_world(&w);
        }
    }
}

/* ---- requests ---------------------------------------------------------------------------------------------------------------- */

static void a_batch_remembers_nothing(void** state) {
    (void)state;
    world w = open_world(&WALKER, false);
    run fresh = sampled(&w, 20, 1);
    run used = make_run(&w, 20);
    sample(&used, &w, 1, (ks_rollout_noise){.seed = 99});
    assert_true(used.ok);
    sample(&used, &w, 1, NOISE);
    assert_true(used.ok);
    for (size_t i = 0; i < REQUESTS; i++) {
        check_same_batch(fresh.batch[i], used.batch[i]);
    }
    free_run(&fresh);
    free_run(&used);
    close_world(&w);
}

static void a_task_for_each_trajectory(void** state) {
    (void)state;
    world w = open_world(&WALKER, true); /* which the policy sees, too */
    run r = make_run(&w, 5);
    for (size_t i = 0; i < REQUESTS; i++) {
        r.request[i].task_per_trajectory = true;
        for (size_t k = 0; k < TRAJECTORIES[i]; k++) {
            r.task[i][2 * k] = RUNS_ON;
            r.task[i][2 * k + 1] = (double)(k + 100 * i);
        }
    }
    sample(&r, &w, 2, NOISE);
    assert_true(r.ok);
    for (size_t i = 0; i < REQUESTS; i++) {
        const ks_batch* b = r.batch[i];
        assert_memory_equal(b->task, r.task[i], 2 * b->n * sizeof *b->task);
        for (size_t row = 0; row < b->rows; row++) {
            double task = (double)(row / 5 + 100 * i);
            assert_true((double)b->obs[4 * row + 3] == task);
            double x = row % 5 < 4 ? b->qpos[row + 1] : b->qpos_last[row / 5];
            assert_true(b->rew[row] == (ks_real)(task * x));
        }
    }
    free_run(&r);
    close_world(&w);
}

static void without_noise_the_mean_is_done(void** state) {
    (void)state;
    world w = open_world(ks_env_find("point", NULL), false);
    run noisy = sampled(&w, 8, 1);
    run calm = make_run(&w, 8);
    ks_rollout_noise noise = NOISE;
    noise.deterministic = true;
    sample(&calm, &w, 1, noise);
    assert_true(calm.ok);
    for (size_t i = 0; i < REQUESTS; i++) {
        const ks_batch *a = noisy.batch[i], *b = calm.batch[i];
        assert_memory_equal(b->act, b->head, b->rows * b->sizes.act_cols * sizeof *b->act);
        assert_memory_equal(a->obs, b->obs, a->sizes.obs_dim * sizeof *a->obs); /* the same start */
        assert_memory_not_equal(a->act, b->act, a->sizes.act_cols * sizeof *a->act);
    }
    free_run(&noisy);
    free_run(&calm);
    close_world(&w);
}

/* start and first action of a single trajectory */
static void first_numbers(double out[2], const world* w, ks_rollout_noise noise, uint32_t task_index) {
    run r = make_run(w, 1);
    for (size_t i = 0; i < REQUESTS; i++) {
        r.request[i].task_index = task_index;
    }
    sample(&r, w, 1, noise);
    assert_true(r.ok);
    out[0] = r.batch[1]->qpos[0];
    out[1] = (double)(r.batch[1]->act[0] - r.batch[1]->head[0]);
    free_run(&r);
}

static void noise_follows_from_its_place(void** state) {
    (void)state;
    world w = open_world(&WALKER, false);
    const ks_rollout_noise noises[] = {{0}, {.seed = 1}, {.iteration = 1}, {.stage = 1}, {0}, {0}};
    enum { COUNT = LENGTH(noises) };
    double seen[COUNT][2];
    for (size_t i = 0; i < COUNT; i++) {
        first_numbers(seen[i], &w, noises[i], i == COUNT - 2 ? 1 : 0);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < i; j++) {
            bool same = i == COUNT - 1 && j == 0; /* these two have everything in common */
            assert_true((seen[i][0] == seen[j][0]) == same);
            assert_true((seen[i][1] == seen[j][1]) == same);
        }
    }
    close_world(&w);
}

static void policies_that_do_not_fit_are_refused(void** state) {
    (void)state;
    world point = open_world(ks_env_find("point", NULL), false);
    world corridor = open_world(&ks_env_corridor, false);
    ks_error err = {0};
    assert_null(ks_sampler_create(point.model, corridor.policy, 1, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, "discrete"));
    assert_non_null(strstr(err.text, "point"));
    err = (ks_error){0};
    assert_null(ks_sampler_create(corridor.model, point.policy, 1, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    close_world(&point);
    close_world(&corridor);
}

static void tasks_are_drawn_by_their_number(void** state) {
    (void)state;
    enum { COUNT = 12 };
    double all[2 * COUNT], some[2 * COUNT], held_out[2 * COUNT], fewer[2 * COUNT];
    ks_draw_tasks(all, &WALKER, 1, 5, 0, COUNT);
    ks_draw_tasks(some, &WALKER, 1, 5, 4, 3); /* as a machine does that has the tasks 4 to 6 */
    assert_memory_equal(some, all + 2 * 4, 6 * sizeof *some);
    ks_draw_tasks(some, &WALKER, 1, 6, 0, COUNT);
    assert_memory_not_equal(some, all, sizeof all);
    ks_draw_held_out_tasks(held_out, &WALKER, 1, 0, COUNT);
    ks_draw_held_out_tasks(fewer, &WALKER, 1, 0, COUNT / 2);
    assert_memory_equal(held_out, fewer, COUNT * sizeof *fewer);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal((int)held_out[2 * i], i % NUM_FATES); /* equally many of each kind */
        for (int j = 0; j < COUNT; j++) {
            assert_true(held_out[2 * i + 1] != all[2 * j + 1]);
            assert_true(i == j || held_out[2 * i + 1] != held_out[2 * j + 1]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(a_recorded_trajectory_plays_again),
        cmocka_unit_test(early_ends_play_again),
        cmocka_unit_test(the_environment_or_the_time_limit_ends),
        cmocka_unit_test(ends_in_the_first_step),
        cmocka_unit_test(broken_physics_is_cut_off),
        cmocka_unit_test(nothing_but_broken_physics_is_an_error),
        cmocka_unit_test(a_sweep_goes_through_all_tasks),
        cmocka_unit_test(rewards_of_a_sweep),
        cmocka_unit_test(numbers_that_single_precision_does_not_hold),
        cmocka_unit_test(heads_that_are_not_finite),
        cmocka_unit_test(a_batch_remembers_nothing),
        cmocka_unit_test(a_task_for_each_trajectory),
        cmocka_unit_test(without_noise_the_mean_is_done),
        cmocka_unit_test(noise_follows_from_its_place),
        cmocka_unit_test(policies_that_do_not_fit_are_refused),
        cmocka_unit_test(tasks_are_drawn_by_their_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
