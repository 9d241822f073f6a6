#include "rl/advantage.h"

#include "nn/gemm.h"
#include "nn/linear.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 128, RIDGES = 6 }; /* rows of features held at once; ridges tried: the first and 5 larger ones */
static const double FIRST_RIDGE = 1e-5;
static const double CLIP = 10;

struct ks_advantage_ws {
    size_t obs_dim, features, max_rows;
    double* phi;     /* (BLOCK x features) */
    double* gram;    /* (features x features), upper triangle, ΦᵀΦ */
    double* factor;  /* (features x features) */
    double* moment;  /* (features) ΦᵀR */
    double* weight;  /* (features) w */
    double* returns; /* (max_rows) R, then the advantages */
    double* value;   /* (max_rows) V */
};

ks_advantage_settings ks_advantage_settings_default(void) {
    return (ks_advantage_settings){.gamma = 0.99, .gae_lambda = 1.0};
}

ks_advantage_ws* ks_advantage_ws_create(size_t obs_dim, size_t max_rows, ks_error* err) {
    ks_advantage_ws* ws = calloc(1, sizeof *ws);
    size_t k = 2 * obs_dim + 4;
    if (ws) {
        ws->obs_dim = obs_dim;
        ws->features = k;
        ws->max_rows = max_rows;
        ws->phi = malloc(BLOCK * k * sizeof(double));
        ws->gram = malloc(k * k * sizeof(double));
        ws->factor = malloc(k * k * sizeof(double));
        ws->moment = malloc(k * sizeof(double));
        ws->weight = malloc(k * sizeof(double));
        ws->returns = malloc(max_rows * sizeof(double));
        ws->value = malloc(max_rows * sizeof(double));
    }
    if (!ws || !ws->phi || !ws->gram || !ws->factor || !ws->moment || !ws->weight || !ws->returns || !ws->value) {
        ks_fail(err, KS_FAILED, "not enough memory for the advantages of %zu timesteps", max_rows);
        ks_advantage_ws_destroy(ws);
        return NULL;
    }
    return ws;
}

void ks_advantage_ws_destroy(ks_advantage_ws* ws) {
    if (ws) {
        free(ws->phi);
        free(ws->gram);
        free(ws->factor);
        free(ws->moment);
        free(ws->weight);
        free(ws->returns);
        free(ws->value);
        free(ws);
    }
}

/* ---- the baseline --------------------------------------------------------------------------------------------------- */

/* R_t = r_t + γ R_t+1 */
static void compute_returns(double* returns, const ks_batch* batch, double gamma) {
    for (size_t i = 0; i < batch->n; i++) {
        double sum = 0;
        for (size_t t = batch->traj_start[i + 1]; t-- > batch->traj_start[i];) {
            sum = (double)batch->rew[t] + gamma * sum;
            returns[t] = sum;
        }
    }
}

/* φ = [clip(o), clip(o)², t/100, (t/100)², (t/100)³, 1] */
static void features(double* phi, const ks_real* obs, size_t obs_dim, size_t t) {
    for (size_t i = 0; i < obs_dim; i++) {
        double o = fmax(-CLIP, fmin(CLIP, (double)obs[i]));
        phi[i] = o;
        phi[obs_dim + i] = o * o;
    }
    double time = (double)t / 100;
    double* rest = phi + 2 * obs_dim;
    rest[0] = time;
    rest[1] = time * time;
    rest[2] = time * time * time;
    rest[3] = 1;
}

/* fills the block of features that starts at `row`; *traj is the trajectory that row is in, and is moved on */
static size_t feature_block(ks_advantage_ws* ws, const ks_batch* batch, size_t row, size_t* traj) {
    size_t n = batch->rows - row < BLOCK ? batch->rows - row : BLOCK;
    for (size_t i = 0; i < n; i++) {
        while (row + i >= batch->traj_start[*traj + 1]) {
            (*traj)++;
        }
        features(ws->phi + i * ws->features, batch->obs + (row + i) * ws->obs_dim, ws->obs_dim,
                 row + i - batch->traj_start[*traj]);
    }
    return n;
}

static bool all_finite(const double* x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            return false;
        }
    }
    return true;
}

/* w = (ΦᵀΦ + λI)⁻¹ ΦᵀR by Cholesky, with ten times the λ as long as that gives no finite solution */
static bool solve(ks_advantage_ws* ws) {
    size_t k = ws->features;
    double ridge = FIRST_RIDGE;
    for (int attempt = 0; attempt < RIDGES; attempt++, ridge *= 10) {
        memcpy(ws->factor, ws->gram, k * k * sizeof(double));
        memcpy(ws->weight, ws->moment, k * sizeof(double));
        for (size_t i = 0; i < k; i++) {
            ws->factor[i * k + i] += ridge;
        }
        if (ks_cholesky_solve(ws->factor, ws->weight, k) && all_finite(ws->weight, k)) {
            return true;
        }
    }
    return false;
}

/* the upper triangle of gram += ΦᵀΦ for n rows of Φ, in strips of columns so that little is computed below the diagonal */
static void add_gram(ks_advantage_ws* ws, size_t n) {
    enum { STRIP = 48 };
    size_t k = ws->features;
    for (size_t first = 0; first < k; first += STRIP) {
        size_t m = k - first < STRIP ? k - first : STRIP;
        ks_gemm_shape shape = {m, k - first, n, k, k, k, true, true};
        ks_gemm_double(ws->gram + first * k + first, ws->phi + first, ws->phi + first, &shape);
    }
}

/* V = Φw, w fitted to the returns; 0 if that is not possible */
static bool fit_and_predict(ks_advantage_ws* ws, const ks_batch* batch) {
    size_t k = ws->features;
    memset(ws->gram, 0, k * k * sizeof(double));
    memset(ws->moment, 0, k * sizeof(double));
    size_t traj = 0;
    for (size_t row = 0; row < batch->rows; row += BLOCK) {
        size_t n = feature_block(ws, batch, row, &traj);
        add_gram(ws, n);
        ks_gemm_double(ws->moment, ws->returns + row, ws->phi, &(ks_gemm_shape){1, k, n, n, k, k, false, true});
    }
    if (!solve(ws)) {
        memset(ws->value, 0, batch->rows * sizeof(double));
        return false;
    }
    traj = 0;
    for (size_t row = 0; row < batch->rows; row += BLOCK) {
        size_t n = feature_block(ws, batch, row, &traj);
        ks_gemm_double(ws->value + row, ws->phi, ws->weight, &(ks_gemm_shape){n, 1, k, k, 1, 1, false, false});
    }
    if (!all_finite(ws->value, batch->rows)) {
        memset(ws->value, 0, batch->rows * sizeof(double));
        return false;
    }
    return true;
}

/* ---- advantages ------------------------------------------------------------------------------------------------------- */

/* δ_t = r_t + γ V_t+1 - V_t, A_t = δ_t + γλ A_t+1, V = 0 after the last timestep (Schulman et al. 2016, eq. 16) */
static void gae(double* adv, const double* value, const ks_batch* batch, ks_advantage_settings s) {
    for (size_t i = 0; i < batch->n; i++) {
        double next_value = 0;
        double next_adv = 0;
        for (size_t t = batch->traj_start[i + 1]; t-- > batch->traj_start[i];) {
            double delta = (double)batch->rew[t] + s.gamma * next_value - value[t];
            next_adv = delta + s.gamma * s.gae_lambda * next_adv;
            next_value = value[t];
            adv[t] = next_adv;
        }
    }
}

/* mean 0, std 1 over the batch; 1e-8 keeps a batch without variance at 0 */
static void normalise(ks_real* out, const double* adv, size_t n) {
    double mean = 0;
    double variance = 0;
    for (size_t t = 0; t < n; t++) {
        mean += adv[t] / (double)n;
    }
    for (size_t t = 0; t < n; t++) {
        variance += (adv[t] - mean) * (adv[t] - mean) / (double)n;
    }
    double scale = 1 / (sqrt(variance) + 1e-8);
    for (size_t t = 0; t < n; t++) {
        out[t] = (ks_real)((adv[t] - mean) * scale);
    }
}

void ks_advantage_compute(ks_batch* batch, ks_advantage_settings settings, bool* baseline_failed, ks_advantage_ws* ws) {
    assert(batch->rows <= ws->max_rows && batch->sizes.obs_dim == ws->obs_dim);
    compute_returns(ws->returns, batch, settings.gamma);
    bool fitted = fit_and_predict(ws, batch);
    if (baseline_failed) {
        *baseline_failed = !fitted;
    }
    gae(ws->returns, ws->value, batch, settings);
    normalise(batch->adv, ws->returns, batch->rows);
}
