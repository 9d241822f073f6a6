/* Where the time of one meta-iteration of few-shot regression goes: many groups of few rows (25 tasks of 10 + 10 rows, a network
 * of 1-40-40-1 units, ReLU, squared error), on one and on two threads. Each line: microseconds for all groups, and of one core
 * per group. */
#include "base/clock.h"
#include "base/rng.h"
#include "policy/derivatives.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { GROUPS = 25, ROWS = 10, HIDDEN = 40, ROUNDS = 4000, PHASES = 5 };

typedef struct bench {
    ks_policy* policy;
    ks_derivatives* derivatives;
    ks_tapes* tapes;
    size_t p;
    ks_real *theta, *adapted, *v; /* (P), (GROUPS x P), (GROUPS x P) */
    double *gradient, *query, *product, *mean;
    ks_real obs[2][GROUPS * ROWS], act[2][GROUPS * ROWS];
    ks_group support[GROUPS], test[GROUPS];
    double loss[GROUPS];
    ks_error err;
} bench;

static void record(bench* b) {
    ks_tapes_record(b->tapes, NULL, b->gradient, b->derivatives, b->support, GROUPS);
}

static void step(bench* b) {
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t i = 0; i < b->p; i++) {
            b->adapted[g * b->p + i] = (ks_real)((double)b->theta[i] - 0.01 * b->gradient[g * b->p + i]);
        }
    }
}

static void query(bench* b) {
    ks_derivatives_loss_and_gradient(b->derivatives, b->loss, b->query, b->test, GROUPS);
}

static void hvp(bench* b) {
    for (size_t i = 0; i < GROUPS * b->p; i++) {
        b->v[i] = (ks_real)b->query[i];
    }
    ks_tapes_hvp(b->product, b->tapes, b->v, b->derivatives);
}

static void average(bench* b) {
    for (size_t i = 0; i < b->p; i++) {
        b->mean[i] = 0;
    }
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t i = 0; i < b->p; i++) {
            b->mean[i] += b->query[g * b->p + i] - 0.01 * b->product[g * b->p + i];
        }
    }
}

static void measure(bench* b, int threads) {
    static const struct {
        const char* name;
        void (*run)(bench* b);
    } PHASE[PHASES] = {{"support: tape and gradient", record},
                       {"step", step},
                       {"query: loss and gradient", query},
                       {"Hessian-vector product", hvp},
                       {"mean", average}};
    double best[PHASES] = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY};
    double all = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        double start = ks_clock();
        double from = start;
        for (int i = 0; i < PHASES; i++) {
            PHASE[i].run(b);
            double now = ks_clock();
            best[i] = fmin(best[i], now - from);
            from = now;
        }
        all = fmin(all, from - start);
    }
    printf("%d threads, best of %d\n", threads, ROUNDS);
    for (int i = 0; i < PHASES; i++) {
        printf("%-34s %9.1f us %9.2f us\n", PHASE[i].name, 1e6 * best[i], 1e6 * best[i] * threads / GROUPS);
    }
    printf("%-34s %9.1f us %9.2f us\n", "all", 1e6 * all, 1e6 * all * threads / GROUPS);
}

static bool create(bench* b, int threads) {
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = s.act_dim = 1;
    s.head = KS_SQUARED_ERROR;
    s.hidden[0] = s.hidden[1] = HIDDEN;
    b->policy = ks_policy_create(&s, &b->err);
    b->derivatives = b->policy ? ks_derivatives_create(b->policy, GROUPS, ROWS, threads, &b->err) : NULL;
    b->tapes = b->derivatives ? ks_tapes_create(b->policy, KS_TAPE_HESSIAN, GROUPS, ROWS, &b->err) : NULL;
    if (!b->tapes) {
        return false;
    }
    b->p = ks_policy_num_params(b->policy);
    b->theta = calloc(b->p, sizeof *b->theta);
    b->adapted = calloc(GROUPS * b->p, sizeof *b->adapted);
    b->v = calloc(GROUPS * b->p, sizeof *b->v);
    b->gradient = calloc(GROUPS * b->p, sizeof *b->gradient);
    b->query = calloc(GROUPS * b->p, sizeof *b->query);
    b->product = calloc(GROUPS * b->p, sizeof *b->product);
    b->mean = calloc(b->p, sizeof *b->mean);
    return b->theta && b->adapted && b->v && b->gradient && b->query && b->product && b->mean;
}

static void fill(bench* b) {
    double uniform[GROUPS * ROWS];
    for (uint32_t part = 0; part < 2; part++) {
        ks_stream_uniform(uniform, GROUPS * ROWS, ks_stream_make(1, KS_RNG_TASK, 0, 0), part, 0, 0);
        for (size_t i = 0; i < GROUPS * ROWS; i++) {
            b->obs[part][i] = (ks_real)(10 * uniform[i] - 5);
            b->act[part][i] = (ks_real)sin((double)b->obs[part][i] + (double)(i / ROWS));
        }
    }
    for (size_t g = 0; g < GROUPS; g++) {
        b->support[g] = (ks_group){{.n = ROWS, .obs = b->obs[0] + g * ROWS, .act = b->act[0] + g * ROWS}, b->theta};
        b->test[g] =
            (ks_group){{.n = ROWS, .obs = b->obs[1] + g * ROWS, .act = b->act[1] + g * ROWS}, b->adapted + g * b->p};
    }
    ks_stream_uniform(b->product, b->p, ks_stream_make(1, KS_RNG_INIT, 0, 0), 0, 0, 0);
    ks_policy_init(b->policy, b->theta, b->product, 0);
}

static void destroy(bench* b) {
    ks_tapes_destroy(b->tapes);
    ks_derivatives_destroy(b->derivatives);
    ks_policy_destroy(b->policy);
    void* const memory[] = {b->theta, b->adapted, b->v, b->gradient, b->query, b->product, b->mean};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
        free(memory[i]);
    }
}

int main(void) {
    bool ok = true;
    for (int threads = 1; ok && threads <= 2; threads++) {
        bench b = {0};
        ok = create(&b, threads);
        if (ok) {
            fill(&b);
            measure(&b, threads);
        } else {
            fprintf(stderr, "small_groups: %s\n", b.err.text);
        }
        destroy(&b);
    }
    return ok ? 0 : 1;
}
