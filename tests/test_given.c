/* Given rows in the double build: the meta-gradient by every parameter, step size and norm against central differences of the outer
 * loss, for networks of all layers, with statistics of the query's own or of the support, for k = 0 … 3, with what is learned beside θ
 * and with the loss of all steps; and it is the same for any number of threads. */
#include "toy_problem.h"

enum { TASKS = 5, SUPPORT_ROWS = 6, QUERY_ROWS = 5, CLASSES = 3 };

typedef struct given {
    ks_problem base;
    arena memory;
    ks_policy* policy;
    ks_rows support[TASKS], query[TASKS];
    bool inductive;
} given;

static bool collect(ks_problem* problem, const ks_stage* stage, ks_task_rows* out, ks_error* err) {
    given* g = (given*)problem;
    (void)err;
    for (size_t i = 0; i < stage->count; i++) {
        out[i] = (ks_task_rows){.rows = stage->judges ? g->query[i] : g->support[i]};
        if (stage->judges && g->inductive) {
            out[i].rows.norm_obs = g->support[i].obs;
            out[i].rows.norm_n = g->support[i].n;
        }
    }
    return true;
}

static const ks_problem_kind GIVEN = {
    .name = "given", .metric = "accuracy", .prepare = toy_prepare, .draw = toy_draw, .collect = collect};

typedef struct example_network {
    const char* layers;
    ks_image_shape input;
} example_network;

static const example_network NETWORKS[] = {
    {"[{\"type\": \"conv\", \"out\": 3, \"stride\": 2, \"pad\": 1}, {\"type\": \"batch_norm\"}, {\"type\": \"tanh\"}, "
     "{\"type\": "
     "\"mean\"}, {\"type\": \"context\", \"size\": 2}, {\"type\": \"dense\", \"out\": 3}]",
     {2, 5, 4}},
    {"[{\"type\": \"conv\", \"out\": 2, \"pad\": 1}, {\"type\": \"batch_norm\", \"scale\": true}, {\"type\": "
     "\"tanh\"}, {\"type\": "
     "\"max_pool\", \"size\": 2}, {\"type\": \"flatten\"}, {\"type\": \"dense\", \"out\": 3}]",
     {1, 4, 4}},
    {"[{\"type\": \"flatten\"}, {\"type\": \"dense\", \"out\": 4}, {\"type\": \"batch_norm\"}, {\"type\": \"tanh\"}, "
     "{\"type\": "
     "\"context\", \"size\": 1}, {\"type\": \"dense\", \"out\": 3}]",
     {1, 3, 2}},
};

static void given_open(given* g, const example_network* network, bool inductive) {
    ks_error err = {0};
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = (int)ks_image_numbers(network->input);
    s.act_dim = CLASSES;
    s.head = KS_CATEGORICAL;
    s.input = network->input;
    snprintf(s.network, sizeof s.network, "%s", network->layers);
    *g = (given){.base = {.kind = &GIVEN, .name = "given", .tasks = TASKS, .max_rows = SUPPORT_ROWS, .adapts = true},
                 .inductive = inductive};
    g->policy = ks_policy_create(&s, &err);
    if (!g->policy) {
        fail_msg("%s", err.text);
    }
    for (size_t i = 0; i < TASKS; i++) {
        g->support[i] = random_rows(&g->memory, g->policy, SUPPORT_ROWS);
        g->query[i] = random_rows(&g->memory, g->policy, QUERY_ROWS);
        g->support[i].weight = g->query[i].weight = NULL;
    }
}

static void given_close(given* g) {
    ks_policy_destroy(g->policy);
    arena_free(&g->memory);
}

/* What the core says at some parameters. */
typedef struct answer {
    double loss;
    double* gradient; /* (Q), or NULL */
} answer;

static void ask(probe* p, struct ks_maml* core, const ks_real* params) {
    answer* a = p->user;
    double kl;
    ks_error err = {0};
    (void)params;
    assert_true(!a->gradient || ks_meta_gradient(core, a->gradient, &err));
    assert_true(ks_meta_loss(core, &a->loss, &kl, &err));
}

static double loss_at(ks_maml* maml, answer* a, ks_real* params, uint64_t iteration) {
    ks_real state = 0;
    ks_maml_stats stats;
    ks_error err = {0};
    if (!ks_maml_iterate(maml, params, &state, iteration, &stats, &err)) {
        fail_msg("%s", err.text);
    }
    return a->loss;
}

static bool is_context(const given* g, size_t i) {
    for (size_t t = 0; t < ks_policy_num_tensors(g->policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(g->policy, t);
        if (tensor.context && i >= tensor.offset && i < tensor.offset + tensor.count) {
            return true;
        }
    }
    return false;
}

static void check(const example_network* network, const ks_inner_settings* inner, bool inductive) {
    given g;
    given_open(&g, network, inductive);
    answer a = {0};
    double* gradient[2] = {0};
    for (int threads = 1; threads <= 2; threads++) {
        probe p = {.needs = {.curvature_fraction = 1}, .ask = ask, .user = &a};
        ks_maml_settings s = ks_maml_settings_default();
        s.inner = *inner;
        s.outer = &PROBE;
        s.outer_settings = &p;
        s.threads = threads;
        ks_error err = {0};
        ks_maml* maml = ks_maml_create(&g.base, g.policy, &s, &err);
        if (!maml) {
            fail_msg("%s", err.text);
        }
        size_t q = ks_maml_num_params(maml), p_count = ks_policy_num_params(g.policy);
        uint32_t draws = g.memory.draws;
        g.memory.draws = 1000;
        ks_real* params = normals(&g.memory, q, 0.5);
        g.memory.draws = draws;
        for (size_t i = p_count; i < q; i++) { /* step sizes, and norms */
            params[i] = (ks_real)(0.2 * (double)params[i] - 1);
        }
        gradient[threads - 1] = a.gradient = arena_alloc(&g.memory, q * sizeof(double));
        loss_at(maml, &a, params, 3);
        a.gradient = NULL;
        for (size_t i = 0; threads == 1 && i < q; i++) {
            const double h = 1e-6;
            ks_real kept = params[i];
            params[i] = kept + h;
            double plus = loss_at(maml, &a, params, 3);
            params[i] = kept - h;
            double minus = loss_at(maml, &a, params, 3);
            params[i] = kept;
            double want = inner->adapts == KS_ADAPTS_CONTEXT && is_context(&g, i) ? 0 : (plus - minus) / (2 * h);
            if (!(fabs(gradient[0][i] - want) < 1e-6 * (1 + fabs(want)))) {
                fail_msg("parameter %zu of %zu (%zu of them θ), k = %d: %.12g, and the difference is %.12g", i, q,
                         p_count, inner->steps, gradient[0][i], want);
            }
        }
        if (threads == 2) {
            assert_memory_equal(gradient[0], gradient[1], q * sizeof(double));
        }
        ks_maml_destroy(maml);
    }
    given_close(&g);
}

static ks_inner_settings plain(int k) {
    ks_inner_settings s = ks_inner_settings_default();
    s.steps = k;
    s.lr = 0.4;
    return s;
}

static void check_all(const ks_inner_settings* inner, bool context) {
    for (size_t n = 0; n < sizeof NETWORKS / sizeof *NETWORKS; n++) {
        for (int inductive = 0; inductive < 2 && !(context && n == 1); inductive++) {
            check(&NETWORKS[n], inner, inductive);
        }
    }
}

static void through_every_layer(void** state) {
    (void)state;
    for (int k = 0; k <= 3; k++) {
        ks_inner_settings s = plain(k);
        check_all(&s, false);
        s.adapts_norm = true;
        check_all(&s, false);
    }
}

static void step_sizes_and_norms(void** state) {
    (void)state;
    for (int k = 1; k <= 3; k++) {
        ks_inner_settings s = plain(k);
        s.norm_per_step = true;
        check_all(&s, false);
        s.learned = k == 1 ? KS_LEARNED_ONE : k == 2 ? KS_LEARNED_TENSOR : KS_LEARNED_PARAMETER;
        s.per_step = k > 1;
        check_all(&s, false);
        s.adapts = KS_ADAPTS_HEAD;
        check_all(&s, false);
    }
}

static void loss_of_all_steps(void** state) {
    (void)state;
    for (int k = 2; k <= 3; k++) {
        ks_inner_settings s = plain(k);
        s.loss_of_all = 10;
        check_all(&s, false);
        s.norm_per_step = true;
        s.learned = KS_LEARNED_PARAMETER;
        s.per_step = true;
        check_all(&s, false);
    }
}

static void context_alone(void** state) {
    (void)state;
    for (int k = 1; k <= 3; k++) {
        ks_inner_settings s = plain(k);
        s.adapts = KS_ADAPTS_CONTEXT;
        check_all(&s, true);
        s.learned = KS_LEARNED_TENSOR;
        check_all(&s, true);
    }
}

/* Other parameters may be tried, and the core stays where it is. */
typedef struct trial {
    const ks_real* other;
    double tried;
    double* gradient[2]; /* (Q) before and after */
} trial;

static void ask_twice(probe* p, struct ks_maml* core, const ks_real* params) {
    trial* t = p->user;
    ks_error err = {0};
    double kl;
    (void)params;
    assert_true(ks_meta_gradient(core, t->gradient[0], &err));
    assert_true(ks_meta_try(core, &t->tried, &kl, t->other, &err));
    assert_true(ks_meta_gradient(core, t->gradient[1], &err));
}

static void other_parameters(void** state) {
    (void)state;
    given g;
    given_open(&g, &NETWORKS[0], false);
    trial t = {0};
    answer a = {0};
    probe first = {.needs = {.curvature_fraction = 1}, .ask = ask_twice, .user = &t};
    probe second = {.needs = {.curvature_fraction = 1}, .ask = ask, .user = &a};
    ks_maml_settings s = ks_maml_settings_default();
    ks_error err = {0};
    s.inner = plain(2);
    s.inner.learned = KS_LEARNED_TENSOR;
    s.outer = &PROBE;
    s.outer_settings = &first;
    ks_maml* maml = ks_maml_create(&g.base, g.policy, &s, &err);
    s.outer_settings = &second;
    ks_maml* there = ks_maml_create(&g.base, g.policy, &s, &err);
    assert_true(maml && there);
    size_t q = ks_maml_num_params(maml);
    ks_real *params = normals(&g.memory, q, 0.5), *other = normals(&g.memory, q, 0.5), none = 0;
    t = (trial){.other = other};
    for (int i = 0; i < 2; i++) {
        t.gradient[i] = arena_alloc(&g.memory, q * sizeof(double));
    }
    ks_maml_stats stats;
    assert_true(ks_maml_iterate(maml, params, &none, 0, &stats, &err));
    assert_memory_equal(t.gradient[0], t.gradient[1], q * sizeof(double));
    double want = loss_at(there, &a, other, 0);
    assert_true(fabs(t.tried - want) < 1e-12 * (1 + fabs(want)));
    ks_maml_destroy(maml);
    ks_maml_destroy(there);
    given_close(&g);
}

/* "0.3, 0.3, 0.4 at iteration 1 of 10 with 3 steps" */
static void weights_of_stages(void** state) {
    (void)state;
    given g;
    given_open(&g, &NETWORKS[2], false);
    answer a = {0};
    probe p = {.needs = {.curvature_fraction = 1}, .ask = ask, .user = &a};
    ks_maml_settings s = ks_maml_settings_default();
    ks_error err = {0};
    s.inner = plain(3);
    s.inner.loss_of_all = 10;
    s.outer = &PROBE;
    s.outer_settings = &p;
    ks_maml* maml = ks_maml_create(&g.base, g.policy, &s, &err);
    assert_non_null(maml);
    ks_real* params = normals(&g.memory, ks_maml_num_params(maml), 0.5);
    for (uint64_t i = 0; i <= 20; i++) {
        loss_at(maml, &a, params, i);
        const double* w = ks_maml_stage_weights(maml);
        double share = i < 10 ? (1 - (double)i / 10) / 3 : 0;
        assert_true(w[0] == 0 && fabs(w[1] - share) < 1e-12 && fabs(w[2] - share) < 1e-12);
        assert_true(fabs(w[3] - (1 - 2 * share)) < 1e-12);
    }
    ks_maml_destroy(maml);
    given_close(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(through_every_layer), cmocka_unit_test(step_sizes_and_norms),
                                       cmocka_unit_test(loss_of_all_steps),   cmocka_unit_test(context_alone),
                                       cmocka_unit_test(other_parameters),    cmocka_unit_test(weights_of_stages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
