/* policy_problem.h: a policy with random parameters, a direction, timesteps and an old policy to compare with, for the tests of the
 * primitive and of acting. */
#ifndef KS_TESTS_POLICY_PROBLEM_H
#define KS_TESTS_POLICY_PROBLEM_H

#include "naive_policy.h"

enum { OBS = 4, ACT = 3, MAX_PARAMS = 11000 };
static const struct { int count, width[2]; } HIDDEN[] = {{0, {0}}, {1, {7}}, {2, {5, 3}}, {2, {100, 100}}};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

typedef struct problem {
    arena memory;
    ks_policy* policy;
    ks_policy_ws* ws;
    size_t p;
    ks_real *theta, *old_theta; /* (P) */
    ks_real* v;                 /* (P) a direction of length 1 */
    ks_rows rows;
    ks_old_policy old;
} problem;

static inline ks_policy_settings shape(size_t hidden, ks_head head, ks_activation activation) {
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = OBS;
    s.act_dim = ACT;
    s.head = head;
    s.activation = activation;
    s.num_hidden = HIDDEN[hidden].count;
    memcpy(s.hidden, HIDDEN[hidden].width, sizeof HIDDEN[hidden].width);
    return s;
}

/* the distance to the nearest kink of ReLU: the least |z| of a hidden unit on this observation */
static inline double kink_distance(naive_pass* pass, const ks_policy_settings* s, const double complex* theta,
                                   const ks_real* obs) {
    double least = INFINITY;
    naive_forward(pass, s, theta, obs);
    for (int l = 0; l < s->num_hidden; l++) {
        for (size_t i = 0; i < naive_width(s, l + 1); i++) {
            least = fmin(least, fabs(creal(pass->z[l][i])));
        }
    }
    return least;
}

/* draws the observations again that come near a kink of ReLU, so that differences do not cross one */
static inline void avoid_kinks(problem* p) {
    const ks_policy_settings* s = ks_policy_get_settings(p->policy);
    ks_real* obs = reals(&p->memory, p->rows.n * OBS);
    memcpy(obs, p->rows.obs, p->rows.n * OBS * sizeof *obs);
    p->rows.obs = obs;
    const double complex* theta = naive_theta(&p->memory, p->policy, p->theta, NULL);
    naive_pass* pass = arena_alloc(&p->memory, sizeof *pass);
    for (size_t r = 0; r < p->rows.n; r++) {
        for (uint32_t attempt = 0; kink_distance(pass, s, theta, obs + r * OBS) < 1e-3; attempt++) {
            double fresh[OBS];
            ks_stream_normal(fresh, OBS, ks_stream_make(6, KS_RNG_ACTION, 0, 0), 0, (uint32_t)r, attempt);
            for (size_t i = 0; i < OBS; i++) {
                obs[r * OBS + i] = (ks_real)fresh[i];
            }
        }
    }
}

static inline ks_real* random_theta(problem* p, uint32_t task) {
    double* uniform = arena_alloc(&p->memory, p->p * sizeof *uniform);
    ks_real* theta = normals(&p->memory, p->p, 0.2); /* for the biases, which start at 0 */
    ks_real* init = reals(&p->memory, p->p);
    ks_stream_uniform(uniform, p->p, ks_stream_make(7, KS_RNG_INIT, 0, 0), task, 0, 0);
    ks_policy_init(p->policy, init, uniform, -0.2);
    for (size_t i = 0; i < p->p; i++) {
        theta[i] = init[i] != 0 ? init[i] : theta[i];
    }
    for (size_t i = ks_policy_log_std_offset(p->policy); i < p->p; i++) {
        theta[i] -= (ks_real)(0.1 * (double)(i - ks_policy_log_std_offset(p->policy)));
    }
    return theta;
}

static inline problem problem_create(ks_policy_settings settings, size_t n) {
    problem p = {0};
    ks_error err = {0};
    p.policy = ks_policy_create(&settings, &err);
    p.ws = p.policy ? ks_policy_ws_create(p.policy, 0, &err) : NULL;
    assert_non_null(p.ws);
    p.p = ks_policy_num_params(p.policy);
    assert_true(p.p <= MAX_PARAMS);
    p.theta = random_theta(&p, 1);
    p.v = normals(&p.memory, p.p, 1);
    p.old_theta = normals(&p.memory, p.p, 0.03);
    double norm = 0;
    for (size_t i = 0; i < p.p; i++) {
        p.old_theta[i] += p.theta[i];
        norm += (double)(p.v[i] * p.v[i]);
    }
    for (size_t i = 0; i < p.p; i++) {
        p.v[i] /= (ks_real)sqrt(norm);
    }
    p.rows = random_rows(&p.memory, p.policy, n);
    if (settings.activation == KS_RELU) {
        avoid_kinks(&p);
    }
    p.old = old_policy(&p.memory, p.policy, p.old_theta, p.rows, p.ws);
    return p;
}

static inline void problem_destroy(problem* p) {
    ks_policy_ws_destroy(p->ws);
    ks_policy_destroy(p->policy);
    arena_free(&p->memory);
}
#endif
