/* Environments with a choice of actions, beside slow versions of them: how often arms pay, where a decision process goes and what it
 * gives, how the grid is walked. What depends on chance is held to more than four standard deviations of it. */
#include "env_support.h"

#include "envs/step_noise.h"
#include "rl/rollout.h"

#include <stdlib.h>
#include <string.h>

static bool near(double value, double expected, double std) {
    return fabs(value - expected) < 4.5 * std;
}

/* one step of a world */
static double take(fixture* f, int action, ks_real* obs) {
    const ks_real act[] = {(ks_real)action};
    ks_env_step_result result = ks_env_step(f->env, act, obs);
    assert_false(result.terminated || result.unstable);
    return result.rew;
}

/* ---- noise ------------------------------------------------------------------------------------------------- */

static void noise_of_steps_is_noise(void** unused) {
    (void)unused;
    enum { N = 100000 };
    const double start[2] = {0.3, 0.7}, other[2] = {0.3, 0.7000001};
    ks_step_noise a = ks_step_noise_start(start), b = ks_step_noise_start(start), c = ks_step_noise_start(other);
    double sum = 0, squares = 0, lagged = 0, crossed = 0, last = 0, normal = 0, normal2 = 0;
    for (int i = 0; i < N; i++) {
        double x = ks_step_noise_uniform(&a), z = ks_step_noise_normal(&a);
        assert_true(x > 0 && x < 1 && x == ks_step_noise_uniform(&b) && z == ks_step_noise_normal(&b));
        crossed += (x - 0.5) * (ks_step_noise_uniform(&c) - 0.5);
        sum += x;
        squares += (x - 0.5) * (x - 0.5);
        lagged += (x - 0.5) * last;
        last = x - 0.5;
        normal += z;
        normal2 += z * z;
    }
    assert_true(near(sum / N, 0.5, sqrt(1.0 / 12 / N)) && near(squares / N, 1.0 / 12, sqrt(1.0 / 180 / N)));
    assert_true(near(lagged / N, 0, 1.0 / 12 / sqrt(N)) && near(crossed / N, 0, 1.0 / 12 / sqrt(N)));
    assert_true(near(normal / N, 0, 1 / sqrt(N)) && near(normal2 / N, 1, sqrt(2.0 / N)));
}

/* ---- bandits ----------------------------------------------------------------------------------------------- */

static void arms_pay_as_often_as_they_should(void** unused) {
    (void)unused;
    enum { EPISODES = 400, PULLS = 50 };
    static const char* const names[] = {"bandit-2", "bandit-5", "bandit-10"};
    for (int e = 0; e < 3; e++) {
        fixture f = open_env(names[e]);
        const int k = f.def->num_actions;
        double paid[10] = {0}, pairs[10] = {0};
        ks_real obs[1];
        f.task[0] = 0;
        f.task[1] = 1;
        ks_env_set_task(f.env, f.task);
        for (int i = 0; i < EPISODES; i++) {
            for (int arm = 0; arm < k; arm++) {
                start(&f, obs);
                double last = 0;
                for (int t = 0; t < PULLS; t++) {
                    double rew = take(&f, arm, obs);
                    assert_true((rew == 0 || rew == 1) && obs[0] == 1);
                    paid[arm] += rew;
                    pairs[arm] += t % 2 ? rew * last : 0;
                    last = rew;
                }
            }
        }
        for (int arm = 0; arm < k; arm++) {
            double p = f.task[arm], n = EPISODES * PULLS;
            assert_true(near(paid[arm] / n, p, sqrt(p * (1 - p) / n) + 1e-12));
            /* one pull says nothing of the next */
            assert_true(near(pairs[arm] / (n / 2), p * p, sqrt(p * p * (1 - p * p) / (n / 2)) + 1e-12));
        }
        close_env(&f);
    }
}

/* what an arm gives in a step does not depend on what was pulled before */
static void luck_is_the_steps_own(void** unused) {
    (void)unused;
    fixture f = open_env("bandit-5"), twin = open_env("bandit-5");
    ks_real obs[1];
    uint64_t random = 5;
    start(&f, obs);
    start(&twin, obs);
    for (int t = 0; t < 200; t++) {
        take(&f, (int)(5 * uniform(&random)), obs);
        take(&twin, 2, obs);
        assert_true(take(&f, 3, obs) == take(&twin, 3, obs));
    }
    close_env(&f);
    close_env(&twin);
}

static void arms_are_uniform(void** unused) {
    (void)unused;
    const ks_env_def* def = ks_env_find("bandit-10", NULL);
    enum { N = 20000 };
    double* task = malloc(10 * N * sizeof *task);
    assert_non_null(task);
    ks_draw_tasks(task, def, 7, 3, 0, N);
    double both = 0;
    for (int arm = 0; arm < 10; arm++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < N; i++) {
            double p = task[10 * i + arm];
            sum += p;
            squares += p * p;
            both += (p - 0.5) * (task[10 * i + (arm + 1) % 10] - 0.5);
        }
        assert_true(near(sum / N, 0.5, sqrt(1.0 / 12 / N)) && near(squares / N, 1.0 / 3, sqrt(4.0 / 45 / N)));
    }
    assert_true(near(both / (10 * N), 0, 1.0 / 12 / sqrt(10 * N)));
    free(task);
}

/* ---- decision processes -------------------------------------------------------------------------------------- */

enum { S = 10, A = 5, TRANSITIONS = S * A };

/* the transition probabilities of a task, from the same random numbers, the slow way */
static void slow_probabilities(double p[S][A][S], const double* task) {
    uint64_t bits = (uint64_t)ldexp(task[TRANSITIONS], 53);
    ks_stream stream = {{(uint32_t)(bits & 0xffffffff), (uint32_t)(bits >> 32)}};
    for (uint32_t row = 0; row < S * A; row++) {
        double u[S], sum = 0;
        ks_stream_uniform(u, S, stream, row, 0, 0);
        for (int i = 0; i < S; i++) {
            sum += -log(u[i]);
        }
        for (int i = 0; i < S; i++) {
            p[row / A][row % A][i] = -log(u[i]) / sum;
        }
    }
}

static int state_of(const ks_real* obs) {
    int state = -1;
    for (int i = 0; i < S; i++) {
        assert_true(obs[i] == 0 || (obs[i] == 1 && state < 0));
        state = obs[i] == 1 ? i : state;
    }
    assert_true(state >= 0);
    return state;
}

static void processes_go_and_pay_as_they_should(void** unused) {
    (void)unused;
    enum { EPISODES = 4000, STEPS = 50 };
    static double p[S][A][S], seen[S][A][S], rew[S][A], squares[S][A];
    fixture f = open_env("mdp");
    ks_real obs[S];
    memset(seen, 0, sizeof seen);
    slow_probabilities(p, f.task);
    for (int i = 0; i < EPISODES; i++) {
        start(&f, obs);
        assert_int_equal(state_of(obs), 0);
        for (int t = 0; t < STEPS; t++) {
            int s = state_of(obs), a = (int)(A * uniform(&f.random));
            double excess = take(&f, a, obs) - f.task[s * A + a];
            rew[s][a] += excess;
            squares[s][a] += excess * excess;
            seen[s][a][state_of(obs)]++;
        }
    }
    double chi2 = 0, cells = 0, excess = 0, variance = 0;
    for (int s = 0; s < S; s++) {
        for (int a = 0; a < A; a++) {
            double n = 0;
            for (int i = 0; i < S; i++) {
                n += seen[s][a][i];
            }
            assert_true(n > 500 && near(rew[s][a] / n, 0, 1 / sqrt(n)));
            excess += rew[s][a];
            variance += squares[s][a];
            for (int i = 0; i < S; i++) {
                double expected = n * p[s][a][i];
                if (expected > 5) { /* where chi squared is one */
                    chi2 += (seen[s][a][i] - expected) * (seen[s][a][i] - expected) / expected;
                    cells++;
                }
            }
        }
    }
    assert_true(cells > 400 && chi2 < cells + 4.5 * sqrt(2 * cells));
    double n = EPISODES * STEPS;
    assert_true(near(excess / n, 0, 1 / sqrt(n)) && near(variance / n, 1, sqrt(2 / n)));
    close_env(&f);
}

/* Over all tasks, any state follows as often as any other, and two tries lead to the same one as often as Dirichlet(1) has it: the
 * expected sum of squares is 2/(S+1). */
static void transitions_are_dirichlet(void** unused) {
    (void)unused;
    enum { N = 20000 };
    fixture f = open_env("mdp");
    ks_real obs[S];
    double count[S] = {0}, same = 0;
    for (int i = 0; i < N; i++) {
        f.task[TRANSITIONS] = uniform(&f.random);
        ks_env_set_task(f.env, f.task);
        int to[2];
        for (int k = 0; k < 2; k++) {
            start(&f, obs);
            take(&f, 4, obs);
            to[k] = state_of(obs);
        }
        count[to[0]]++;
        same += to[0] == to[1];
    }
    for (int i = 0; i < S; i++) {
        assert_true(near(count[i] / N, 0.1, sqrt(0.09 / N)));
    }
    const double expected = 2.0 / (S + 1);
    assert_true(near(same / N, expected, sqrt(expected * (1 - expected) / N)));
    close_env(&f);
}

static void rewards_are_normal(void** unused) {
    (void)unused;
    enum { N = 4000 };
    const ks_env_def* def = ks_env_find("mdp", NULL);
    double* task = malloc((size_t)N * 51 * sizeof *task);
    assert_non_null(task);
    ks_draw_tasks(task, def, 11, 0, 0, N);
    double sum = 0, squares = 0, fourth = 0, together = 0, moves = 0;
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < 50; k++) {
            double z = task[51 * i + k] - 1;
            sum += z;
            squares += z * z;
            fourth += z * z * z * z;
            together += z * (task[51 * i + (k + 1) % 50] - 1);
        }
        moves += task[51 * i + 50];
    }
    const double n = 50.0 * N;
    assert_true(near(sum / n, 0, 1 / sqrt(n)) && near(squares / n, 1, sqrt(2 / n)) &&
                near(fourth / n, 3, sqrt(96 / n)));
    assert_true(near(together / n, 0, 1 / sqrt(n)) && near(moves / N, 0.5, sqrt(1.0 / 12 / N)));
    free(task);

    /* what is cut off */
    double z[KS_TASK_DRAWS] = {-7, 5.5, 0.5}, u[KS_TASK_DRAWS] = {0.25}, one[KS_TASK_MAX];
    def->sample_task(def, one, (ks_env_noise){.uniform = u, .normal = z});
    assert_true(one[0] == -4 && one[1] == 6 && one[2] == 1.5 && one[50] == 0.25);
}

/* a world that was of another task before is no other than a new one */
static void worlds_change_their_task(void** unused) {
    (void)unused;
    fixture f = open_env("mdp"), twin = open_env("mdp");
    double other[KS_TASK_MAX], moves[] = {0, 0.125, 0.5, 1};
    ks_real a[S], b[S];
    for (int i = 0; i < 4; i++) {
        memcpy(other, f.task, sizeof other);
        other[TRANSITIONS] = moves[i];
        other[3] += 0.5;
        ks_env_set_task(f.env, other);
        start(&f, a);
        for (int t = 0; t < 30; t++) {
            take(&f, t % A, a);
        }
        f.random = twin.random;
        ks_env_set_task(f.env, f.task);
        start(&f, a);
        start(&twin, b);
        for (int t = 0; t < 100; t++) {
            assert_true(take(&f, t % A, a) == take(&twin, t % A, b));
            assert_memory_equal(a, b, sizeof a);
        }
    }
    close_env(&f);
    close_env(&twin);
}

/* ---- the grid ------------------------------------------------------------------------------------------------- */

/* a wall between a cell and the one to its right, or the one above it */
static bool wall_right(int x, int y) {
    return x == 4 || (x == 1 && y != 2);
}

static bool wall_above(int x, int y) {
    return y == 4 || (y == 1 && (x == 2 || x == 4)) || (y == 2 && (x == 1 || x == 2 || x == 4));
}

static void the_grid_is_walked(void** unused) {
    (void)unused;
    fixture f = open_env("grid");
    ks_real obs[25];
    int visits[25] = {0}, x = 0, y = 0;
    const double goal[] = {3, 4};
    ks_env_set_task(f.env, goal);
    start(&f, obs);
    for (int t = 0; t < 20000; t++) {
        for (int i = 0; i < 25; i++) {
            assert_true(obs[i] == (i == 5 * y + x ? 1 : 0));
        }
        visits[5 * y + x]++;
        int action = (int)(5 * uniform(&f.random));
        if (action == 1 && !wall_above(x, y)) {
            y++;
        } else if (action == 2 && !wall_right(x, y)) {
            x++;
        } else if (action == 3 && y > 0 && !wall_above(x, y - 1)) {
            y--;
        } else if (action == 4 && x > 0 && !wall_right(x - 1, y)) {
            x--;
        }
        assert_true(take(&f, action, obs) == (x == 3 && y == 4 ? 1 : -0.1));
    }
    for (int i = 0; i < 25; i++) {
        assert_true(visits[i] > 100);
    }
    start(&f, obs);
    assert_true(obs[0] == 1);
    close_env(&f);
}

static void every_goal_comes_equally_often(void** unused) {
    (void)unused;
    const ks_env_def* def = ks_env_find("grid", NULL);
    double task[2 * 42];
    int count[25] = {0};
    ks_draw_held_out_tasks(task, def, 3, 0, 42);
    for (int i = 0; i < 42; i++) {
        count[5 * (int)task[2 * i + 1] + (int)task[2 * i]]++;
    }
    for (int i = 0; i < 25; i++) {
        assert_int_equal(count[i], i % 5 < 2 && i / 5 < 2 ? 0 : 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_of_steps_is_noise),
        cmocka_unit_test(arms_pay_as_often_as_they_should),
        cmocka_unit_test(luck_is_the_steps_own),
        cmocka_unit_test(arms_are_uniform),
        cmocka_unit_test(processes_go_and_pay_as_they_should),
        cmocka_unit_test(transitions_are_dirichlet),
        cmocka_unit_test(rewards_are_normal),
        cmocka_unit_test(worlds_change_their_task),
        cmocka_unit_test(the_grid_is_walked),
        cmocka_unit_test(every_goal_comes_equally_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
