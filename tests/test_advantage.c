/* Returns, baseline, GAE and normalisation against their definitions, in the double build; and bad luck: one trajectory, one
 * timestep, no variance, features that say the same thing twice, a fit that is impossible, trajectories without a timestep. */
#include "rl/advantage.h"

#include "policy_support.h"

#include <float.h>
#include <string.h>

enum { MAX_FEATURES = 32 };
#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- batches -------------------------------------------------------------------------------------------------------- */

/* a batch of n trajectories of these lengths, its observations and rewards random */
static ks_batch* make_batch(size_t obs_dim, size_t n, const size_t* length) {
    ks_error err = {0};
    ks_batch_sizes sizes = {.trajectories = n, .obs_dim = obs_dim, .act_cols = 1, .head_cols = 1, .task_dim = 1};
    for (size_t i = 0; i < n; i++) {
        sizes.horizon = length[i] > sizes.horizon ? length[i] : sizes.horizon;
    }
    ks_batch* b = ks_batch_create(&sizes, &err);
    assert_non_null(b);
    b->n = n;
    for (size_t i = 0; i < n; i++) {
        b->traj_start[i + 1] = b->traj_start[i] + length[i];
    }
    b->rows = b->traj_start[n];
    arena memory = {0};
    memcpy(b->obs, normals(&memory, b->rows * obs_dim, 4), b->rows * obs_dim * sizeof *b->obs);
    memcpy(b->rew, normals(&memory, b->rows, 1), b->rows * sizeof *b->rew);
    arena_free(&memory);
    for (size_t t = 0; t < b->rows; t++) { /* a reward that the baseline has something to say about */
        b->rew[t] += 0.3 * b->obs[t * obs_dim] + 1;
    }
    return b;
}

static bool compute(ks_batch* b, double gamma, double lambda) {
    ks_error err = {0};
    ks_advantage_ws* ws = ks_advantage_ws_create(b->sizes.obs_dim, b->rows, &err);
    assert_non_null(ws);
    bool failed = true;
    memset(b->adv, 0xff, b->rows * sizeof *b->adv);
    ks_advantage_compute(b, (ks_advantage_settings){.gamma = gamma, .gae_lambda = lambda}, &failed, ws);
    ks_advantage_ws_destroy(ws);
    return !failed;
}

/* ---- the definition, slowly ------------------------------------------------------------------------------------------- */

/* w = (ΦᵀΦ + 1e-5 I)⁻¹ ΦᵀR by elimination with pivots */
static void solve(long double* w, long double a[MAX_FEATURES][MAX_FEATURES + 1], size_t k) {
    for (size_t c = 0; c < k; c++) {
        size_t pivot = c;
        for (size_t r = c; r < k; r++) {
            pivot = fabsl(a[r][c]) > fabsl(a[pivot][c]) ? r : pivot;
        }
        for (size_t j = 0; j <= k; j++) {
            long double x = a[c][j];
            a[c][j] = a[pivot][j];
            a[pivot][j] = x;
        }
        for (size_t r = 0; r < k; r++) {
            long double factor = r == c ? 0 : a[r][c] / a[c][c];
            for (size_t j = c; j <= k; j++) {
                a[r][j] -= factor * a[c][j];
            }
        }
    }
    for (size_t c = 0; c < k; c++) {
        w[c] = a[c][k] / a[c][c];
    }
}

static size_t slow_features(long double* phi, const ks_batch* b, size_t row, size_t t) {
    size_t d = b->sizes.obs_dim;
    for (size_t i = 0; i < d; i++) {
        long double o = b->obs[row * d + i];
        o = o < -10 ? -10 : o > 10 ? 10 : o;
        phi[i] = o;
        phi[d + i] = o * o;
    }
    for (size_t power = 0; power < 4; power++) {
        phi[2 * d + power] = powl((long double)t / 100, (long double)power);
    }
    return 2 * d + 4;
}

/* R_t = Σ_i γ^i r_{t+i} */
static long double slow_return(const ks_batch* b, size_t row, size_t end, double gamma) {
    long double sum = 0;
    for (size_t u = row; u < end; u++) {
        sum += powl(gamma, (long double)(u - row)) * b->rew[u];
    }
    return sum;
}

static void slow_baseline(long double* value, const ks_batch* b, double gamma) {
    long double a[MAX_FEATURES][MAX_FEATURES + 1] = {{0}}, phi[MAX_FEATURES], w[MAX_FEATURES];
    size_t k = 2 * b->sizes.obs_dim + 4;
    assert_true(k <= MAX_FEATURES);
    for (size_t i = 0; i < b->n; i++) {
        for (size_t row = b->traj_start[i]; row < b->traj_start[i + 1]; row++) {
            slow_features(phi, b, row, row - b->traj_start[i]);
            for (size_t r = 0; r < k; r++) {
                for (size_t c = 0; c < k; c++) {
                    a[r][c] += phi[r] * phi[c];
                }
                a[r][k] += phi[r] * slow_return(b, row, b->traj_start[i + 1], gamma);
            }
        }
    }
    for (size_t r = 0; r < k; r++) {
        a[r][r] += 1e-5L;
    }
    solve(w, a, k);
    for (size_t i = 0; i < b->n; i++) {
        for (size_t row = b->traj_start[i]; row < b->traj_start[i + 1]; row++) {
            slow_features(phi, b, row, row - b->traj_start[i]);
            value[row] = 0;
            for (size_t c = 0; c < k; c++) {
                value[row] += phi[c] * w[c];
            }
        }
    }
}

/* A_t = Σ_l (γλ)^l δ_{t+l}, δ_t = r_t + γ V_{t+1} - V_t; then mean 0 and standard deviation 1 */
static void slow_advantages(double* out, const ks_batch* b, double gamma, double lambda) {
    long double* value = calloc(2 * b->rows, sizeof *value);
    assert_non_null(value);
    long double *adv = value + b->rows, mean = 0, variance = 0;
    slow_baseline(value, b, gamma);
    for (size_t i = 0; i < b->n; i++) {
        size_t end = b->traj_start[i + 1];
        for (size_t row = b->traj_start[i]; row < end; row++) {
            for (size_t u = row; u < end; u++) {
                long double next = u + 1 < end ? value[u + 1] : 0;
                adv[row] +=
                    powl((long double)gamma * lambda, (long double)(u - row)) * (b->rew[u] + gamma * next - value[u]);
            }
            mean += adv[row] / b->rows;
        }
    }
    for (size_t row = 0; row < b->rows; row++) {
        variance += (adv[row] - mean) * (adv[row] - mean) / b->rows;
    }
    for (size_t row = 0; row < b->rows; row++) {
        out[row] = (double)((adv[row] - mean) / (sqrtl(variance) + 1e-8L));
    }
    free(value);
}

static void check_against_slow(ks_batch* b, double gamma, double lambda, double tolerance) {
    assert_true(compute(b, gamma, lambda));
    double* want = malloc(b->rows * sizeof *want);
    assert_non_null(want);
    slow_advantages(want, b, gamma, lambda);
    double error = relative_error(b->adv, want, b->rows);
    if (!(error < tolerance)) {
        fail_msg("off by %g: %zu trajectories, gamma %g, lambda %g", error, b->n, gamma, lambda);
    }
    free(want);
}

/* ---- tests --------------------------------------------------------------------------------------------------------------- */

static void agrees_with_the_definition(void** state) {
    (void)state;
    static const size_t EVEN[] = {100, 100, 100, 100}; /* features are held 128 rows at a time */
    static const size_t EARLY[] = {1, 60, 2, 1, 127, 3, 0, 200, 1};
    static const struct {
        const size_t* length;
        size_t n;
    } BATCHES[] = {{EVEN, LENGTH(EVEN)}, {EARLY, LENGTH(EARLY)}, {EARLY + 1, 1}};
    static const double SETTINGS[][2] = {{0.99, 1}, {0.99, 0.95}, {1, 1}, {0.9, 0}, {0, 0.5}};
    for (size_t i = 0; i < LENGTH(BATCHES); i++) {
        ks_batch* b = make_batch(3, BATCHES[i].n, BATCHES[i].length);
        for (size_t s = 0; s < LENGTH(SETTINGS); s++) {
            check_against_slow(b, SETTINGS[s][0], SETTINGS[s][1], 1e-7);
        }
        ks_batch_destroy(b);
    }
}

/* with λ = 1 it is the return less the baseline; here without a baseline's help, since nothing is observed but time */
static void a_case_done_by_hand(void** state) {
    (void)state;
    ks_batch* b = make_batch(1, 2, (size_t[]){2, 2});
    const double rewards[4] = {1, 2, 3, 6};
    memcpy(b->rew, rewards, sizeof rewards);
    memset(b->obs, 0, 4 * sizeof *b->obs);
    /* γ = .5: returns 2, 2, 6, 6, which time does not explain: V = 4 (but for the ridge); A = ±2, so ±1 */
    assert_true(compute(b, 0.5, 1));
    const double want[4] = {-1, -1, 1, 1};
    for (int t = 0; t < 4; t++) {
        assert_true(fabs(b->adv[t] - want[t]) < 1e-4);
    }
    ks_batch_destroy(b);
}

static void observations_are_clipped(void** state) {
    (void)state;
    ks_batch* b = make_batch(3, 3, (size_t[]){40, 40, 40});
    double adv[120];
    for (size_t i = 0; i < b->rows; i += 7) {
        b->obs[3 * i + 1] = i % 2 ? 10 : -10;
    }
    assert_true(compute(b, 0.99, 1));
    memcpy(adv, b->adv, sizeof adv);
    for (size_t i = 0; i < b->rows; i += 7) {
        b->obs[3 * i + 1] = i % 2 ? 1e30 : -INFINITY;
    }
    assert_true(compute(b, 0.99, 1));
    assert_memory_equal(adv, b->adv, sizeof adv);
    ks_batch_destroy(b);
}

static void advantages_are_normalised(void** state) {
    (void)state;
    ks_batch* b = make_batch(2, 5, (size_t[]){50, 3, 1, 80, 9});
    for (int i = 0; i < 4; i++) { /* rewards of about 1e3 … 1e12 */
        for (size_t t = 0; t < b->rows; t++) {
            b->rew[t] *= 1e3;
        }
        assert_true(compute(b, 0.99, 0.95));
        double mean = 0, variance = 0;
        for (size_t t = 0; t < b->rows; t++) {
            mean += b->adv[t] / (double)b->rows;
            variance += b->adv[t] * b->adv[t] / (double)b->rows;
        }
        assert_true(fabs(mean) < 1e-10 && fabs(variance - 1) < 1e-6);
    }
    ks_batch_destroy(b);
}

static void check_all_zero(ks_batch* b) {
    assert_true(compute(b, 0.99, 0.95));
    for (size_t t = 0; t < b->rows; t++) {
        assert_true(fabs(b->adv[t]) < 1e-3);
    }
    ks_batch_destroy(b);
}

static void without_variance_advantages_are_zero(void** state) {
    (void)state;
    check_all_zero(make_batch(3, 1, (size_t[]){1})); /* one timestep, all in all */
    ks_batch* b = make_batch(3, 6, (size_t[]){1, 1, 1, 1, 1, 1});
    for (size_t t = 0; t < b->rows; t++) { /* every episode ends at once with the same reward */
        b->rew[t] = -2.5;
        for (size_t i = 0; i < 3; i++) {
            b->obs[3 * t + i] = 0.5;
        }
    }
    check_all_zero(b);
    b = make_batch(3, 3, (size_t[]){20, 20, 20});
    memset(b->rew, 0, b->rows * sizeof *b->rew);
    check_all_zero(b);
}

/* features that are multiples of each other: the ridge decides, and it is solved all the same */
static void singular_features(void** state) {
    (void)state;
    ks_batch* b = make_batch(4, 5, (size_t[]){100, 100, 30, 100, 2});
    for (size_t t = 0; t < b->rows; t++) {
        b->obs[4 * t + 1] = b->obs[4 * t];
        b->obs[4 * t + 2] = 10;
        b->obs[4 * t + 3] = 0;
    }
    check_against_slow(b, 0.99, 1, 1e-4);
    ks_batch_destroy(b);
    b = make_batch(5, 1, (size_t[]){2}); /* 14 features, two timesteps */
    check_against_slow(b, 0.99, 1, 1e-4);
    ks_batch_destroy(b);
}

/* rewards so large that the normal equations overflow */
static void an_impossible_fit_is_reported(void** state) {
    (void)state;
    ks_batch* b = make_batch(2, 2, (size_t[]){10, 10});
    for (size_t t = 0; t < b->rows; t++) {
        b->obs[2 * t] = 10;
        b->rew[t] = t % 2 ? DBL_MAX / 30 : -DBL_MAX / 40;
    }
    assert_false(compute(b, 0.5, 1));
    for (size_t t = 0; t < b->rows; t++) {
        assert_true(isfinite(b->adv[t]));
    }
    ks_batch_destroy(b);
}

/* a workspace is used for batches of any size up to its own, and remembers none of them */
static void workspaces_have_no_memory(void** state) {
    (void)state;
    ks_error err = {0};
    ks_advantage_ws* ws = ks_advantage_ws_create(3, 400, &err);
    assert_non_null(ws);
    ks_batch* large = make_batch(3, 4, (size_t[]){100, 100, 100, 100});
    ks_batch* small = make_batch(3, 2, (size_t[]){9, 5});
    double alone[14];
    assert_true(compute(small, 0.99, 1));
    memcpy(alone, small->adv, sizeof alone);
    ks_advantage_compute(large, ks_advantage_settings_default(), NULL, ws);
    ks_advantage_compute(small, ks_advantage_settings_default(), NULL, ws);
    assert_memory_equal(small->adv, alone, sizeof alone);
    ks_batch_destroy(large);
    ks_batch_destroy(small);
    ks_advantage_ws_destroy(ws);
}

static void batch_means(void** state) {
    (void)state;
    ks_batch* b = make_batch(1, 3, (size_t[]){2, 0, 1});
    b->rew[0] = 1;
    b->rew[1] = 2;
    b->rew[2] = 6;
    assert_true(ks_batch_mean_return(b) == 3 && ks_batch_mean_length(b) == 1);
    b->n = b->rows = 0;
    assert_true(ks_batch_mean_return(b) == 0 && ks_batch_mean_length(b) == 0);
    ks_batch_destroy(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(a_case_done_by_hand),
        cmocka_unit_test(observations_are_clipped),
        cmocka_unit_test(advantages_are_normalised),
        cmocka_unit_test(without_variance_advantages_are_zero),
        cmocka_unit_test(singular_features),
        cmocka_unit_test(an_impossible_fit_is_reported),
        cmocka_unit_test(workspaces_have_no_memory),
        cmocka_unit_test(batch_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
