/* policy_support.h: what the tests of policies and of meta-learning share: memory that is freed together, random numbers and
 * timesteps, a policy with its workspace, relative error. */
#ifndef KS_TESTS_POLICY_SUPPORT_H
#define KS_TESTS_POLICY_SUPPORT_H

#include "base/rng.h"
#include "policy/policy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* memory of one test */
typedef struct arena {
    void* owned[512];
    size_t count;
    uint32_t draws; /* arrays of random numbers drawn so far */
} arena;

static inline void* arena_alloc(arena* a, size_t bytes) {
    void* x = malloc(bytes ? bytes : 1);
    assert_non_null(x);
    assert_true(a->count < sizeof a->owned / sizeof *a->owned);
    a->owned[a->count++] = x;
    return x;
}

static inline void arena_free(arena* a) {
    for (size_t i = 0; i < a->count; i++) {
        free(a->owned[i]);
    }
    *a = (arena){0};
}

static inline ks_real* reals(arena* a, size_t n) {
    return arena_alloc(a, n * sizeof(ks_real));
}

/* n normals of standard deviation `scale`; other numbers for every array, the same in every run */
static inline ks_real* normals(arena* a, size_t n, double scale) {
    ks_real* x = reals(a, n);
    double* draw = malloc((n ? n : 1) * sizeof *draw);
    assert_non_null(draw);
    ks_stream_normal(draw, n, ks_stream_make(5, KS_RNG_ACTION, 0, 0), ++a->draws, 0, 0);
    for (size_t i = 0; i < n; i++) {
        x[i] = (ks_real)(scale * draw[i]);
    }
    free(draw);
    return x;
}

static inline ks_rows random_rows(arena* a, const ks_policy* policy, size_t n) {
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    ks_real* act = normals(a, n * ks_policy_act_cols(policy), 1);
    for (size_t i = 0; s->head == KS_CATEGORICAL && i < n; i++) {
        act[i] = (ks_real)((size_t)(fabs((double)act[i]) * 7) % (size_t)s->act_dim);
    }
    return (ks_rows){.n = n, .obs = normals(a, n * (size_t)s->obs_dim, 1), .act = act, .weight = normals(a, n, 1)};
}

/* what rows are compared with, from the parameters old_theta, which must live as long as the result */
static inline ks_old_policy old_policy(arena* a, const ks_policy* policy, const ks_real* old_theta, ks_rows rows,
                                       ks_policy_ws* ws) {
    size_t obs_dim = (size_t)ks_policy_get_settings(policy)->obs_dim;
    ks_real* head = reals(a, rows.n * ks_policy_head_cols(policy));
    ks_real* logp = reals(a, rows.n);
    ks_policy_forward(policy, old_theta, rows.n, rows.obs, head, ws);
    const ks_real minus_one = -1;
    for (size_t i = 0; i < rows.n; i++) {
        ks_rows one = {.n = 1,
                       .obs = rows.obs + i * obs_dim,
                       .act = rows.act + i * ks_policy_act_cols(policy),
                       .weight = &minus_one};
        logp[i] = (ks_real)ks_policy_nll(policy, old_theta, one, ws);
    }
    return (ks_old_policy){.logp = logp, .head = head, .theta = old_theta};
}

/* ‖a - b‖ / ‖b‖ */
static inline double relative_error(const double* a, const double* b, size_t n) {
    double difference = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
    }
    return sqrt(difference / (norm > 0 ? norm : 1));
}

#endif
