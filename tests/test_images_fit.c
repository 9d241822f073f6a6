/* A model on one task of images, as pictures have it: its accuracy is that of evaluations; a query that is drawn once more is told as
 * it is among the others where norms are the support's; what is not there is not learned from; and everything can be put back. */
#include "fewshot/images_fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAYS = 4, SHOTS = 2, QUERIES = 3, SIDE = 14, STEPS = 3, TASK = 7 };

static const char* const NETWORKS[] = {
    "[{\"type\": \"conv\", \"out\": 5, \"stride\": 2, \"pad\": 1}, {\"type\": \"batch_norm\"}, {\"type\": \"relu\"}, "
    "{\"type\": \"mean\"}, {\"type\": \"dense\", \"out\": 4}]",
    "[{\"type\": \"flatten\"}, {\"type\": \"dense\", \"out\": 9}, {\"type\": \"relu\"}, {\"type\": \"dense\", \"out\": "
    "4}]",
};

typedef struct model {
    ks_policy* policy;
    ks_real* theta;
    ks_eval_model of;
    ks_images_settings settings;
    ks_images_fit* fit;
    ks_images_form form;
    double lr[STEPS];
} model;

static void fail_with(const ks_error* err) {
    fail_msg("%s", err->text);
}

/* Characters are drawn once for all tests. */
static void name_cache(char* out, size_t room) {
    snprintf(out, room, P_tmpdir "/test_images_fit-%ld.safetensors", (long)getpid());
}

static int remove_cache(void** state) {
    char path[KS_IMAGES_PATH];
    (void)state;
    name_cache(path, sizeof path);
    remove(path);
    return 0;
}

static ks_images_settings strokes(ks_images_norm norm) {
    ks_images_settings s = {.split = KS_SPLIT_OWN,
                            .split_seed = 1,
                            .train_classes = 20,
                            .validation_classes = 10,
                            .size = SIDE,
                            .channels = 1,
                            .invert = true,
                            .ways = WAYS,
                            .shots = SHOTS,
                            .queries = QUERIES,
                            .rotate = true,
                            .norm = norm};
    snprintf(s.data, sizeof s.data, "strokes");
    name_cache(s.cache, sizeof s.cache);
    return s;
}

static void draw(model* m, size_t number) {
    ks_error err = {0};
    if (!ks_images_fit_draw(m->fit, KS_SPLIT_TEST, 1, number, &err)) {
        fail_with(&err);
    }
}

static void adapt(model* m) {
    ks_images_fit_adapt(m->fit, STEPS, m->lr);
}

static model open_model(const char* network, ks_images_norm norm) {
    ks_error err = {0};
    model m = {.settings = strokes(norm), .lr = {0.5, 0.25, 0.125}};
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = SIDE * SIDE;
    s.act_dim = WAYS;
    s.head = KS_CATEGORICAL;
    s.input = (ks_image_shape){1, SIDE, SIDE};
    snprintf(s.network, sizeof s.network, "%s", network);
    m.policy = ks_policy_create(&s, &err);
    size_t n = m.policy ? ks_policy_num_params(m.policy) : 1;
    double* uniform = malloc(n * sizeof *uniform);
    m.theta = malloc(n * sizeof *m.theta);
    assert_true(m.policy && uniform && m.theta);
    for (size_t i = 0; i < n; i++) {
        uniform[i] = fmod(0.5 + 0.618033988749895 * (double)i, 1);
    }
    ks_policy_init(m.policy, m.theta, uniform, 0);
    free(uniform);
    m.of = (ks_eval_model){.policy = m.policy, .params = m.theta, .sizes = {.lr = 0.5, .steps = 1}};
    ks_images_fit_settings fit = {.problem = m.settings, .max_steps = STEPS};
    m.fit = ks_images_fit_create(&m.of, &fit, &err);
    if (!m.fit) {
        fail_with(&err);
    }
    m.form = ks_images_fit_form(m.fit);
    draw(&m, TASK);
    adapt(&m);
    return m;
}

static void close_model(model* m) {
    ks_images_fit_destroy(m->fit);
    ks_policy_destroy(m->policy);
    free(m->theta);
}

static const double* of_query(const model* m, int step, size_t way, size_t query) {
    return ks_images_fit_query_probabilities(m->fit, step, way, query);
}

/* (STEPS + 1 x WAYS x QUERIES x WAYS) The caller frees them. */
static double* all_of(const model* m) {
    double* all = malloc((STEPS + 1) * WAYS * QUERIES * WAYS * sizeof *all);
    assert_non_null(all);
    for (size_t i = 0; i < (STEPS + 1) * WAYS * QUERIES; i++) {
        memcpy(all + i * WAYS, of_query(m, (int)(i / (WAYS * QUERIES)), i / QUERIES % WAYS, i % QUERIES),
               WAYS * sizeof *all);
    }
    return all;
}

static bool same(const double* a, const double* b) {
    return memcmp(a, b, (STEPS + 1) * WAYS * QUERIES * WAYS * sizeof *a) == 0;
}

/* ---- tests ---------------------------------------------------------------------------------------------------------------- */

static void test_accuracy_is_that_of_evaluations(void** state) {
    (void)state;
    for (int network = 0; network < 2; network++) {
        for (int norm = KS_TRANSDUCTIVE; norm <= KS_INDUCTIVE; norm++) {
            model m = open_model(NETWORKS[network], (ks_images_norm)norm);
            ks_error err = {0};
            ks_eval_settings s = ks_eval_settings_default();
            ks_eval_result r;
            s.steps = STEPS;
            memcpy(s.lr, m.lr, sizeof m.lr);
            ks_problem* problem = ks_problem_images.create(&m.settings, KS_MAML, 1, &err);
            assert_true(problem && ks_evaluate(&r, problem, &m.of, TASK + 1, &s, NULL, NULL, &err));
            for (int j = 0; j <= STEPS; j++) {
                double loss = 0;
                for (size_t q = 0; q < WAYS * QUERIES; q++) {
                    loss -= log(of_query(&m, j, q / QUERIES, q % QUERIES)[q / QUERIES]) / (WAYS * QUERIES);
                }
                assert_true(fabs(loss - r.loss[TASK * (STEPS + 1) + j]) < 1e-5);
                assert_true(fabs(ks_images_fit_accuracy(m.fit, j) - r.metric[TASK * (STEPS + 1) + j]) < 1e-9);
            }
            ks_eval_result_free(&r);
            ks_problem_images.destroy(problem);
            close_model(&m);
        }
    }
}

/* What is said of a query by itself is what is said of it among the others, unless they share a batch norm. */
static void test_a_sketch_is_told_by_the_norm_of_the_support(void** state) {
    (void)state;
    for (int network = 0; network < 2; network++) {
        model m = open_model(NETWORKS[network], KS_INDUCTIVE);
        size_t sketch = ks_images_fit_sketch(m.fit);
        assert_false(ks_images_fit_filled(m.fit, sketch));
        for (size_t q = 0; q < WAYS * QUERIES; q++) {
            size_t way = q / QUERIES, query = q % QUERIES;
            memcpy(ks_images_fit_edit(m.fit, sketch), ks_images_fit_query(m.fit, way, query),
                   m.form.inputs * sizeof(ks_real));
            assert_true(ks_images_fit_filled(m.fit, sketch));
            for (int j = STEPS; j >= 0; j--) {
                const double *alone = ks_images_fit_sketch_probabilities(m.fit, j),
                             *among = of_query(&m, j, way, query);
                for (size_t w = 0; w < WAYS; w++) {
                    assert_true(fabs(alone[w] - among[w]) < 1e-5);
                }
            }
        }
        double before[WAYS];
        memcpy(before, ks_images_fit_sketch_probabilities(m.fit, STEPS), sizeof before);
        ks_images_fit_set_norm(m.fit, KS_TRANSDUCTIVE); /* of the queries, not of the sketch */
        adapt(&m);
        assert_memory_equal(before, ks_images_fit_sketch_probabilities(m.fit, STEPS), sizeof before);
        bool moved = fabs(before[0] - of_query(&m, STEPS, WAYS - 1, QUERIES - 1)[0]) > 1e-5;
        assert_int_equal(moved, m.form.coupled);
        close_model(&m);
    }
}

static void test_a_changed_support_is_learned_from(void** state) {
    (void)state;
    for (int network = 0; network < 2; network++) {
        model m = open_model(NETWORKS[network], KS_TRANSDUCTIVE);
        double* first = all_of(&m);
        size_t cell = ks_images_fit_cell(m.fit, 1, 1), stage = WAYS * QUERIES * WAYS;
        for (size_t i = 0; i < m.form.inputs; i++) {
            ks_images_fit_edit(m.fit, cell)[i] = (ks_real)(i % 3 == 0);
        }
        adapt(&m);
        double* changed = all_of(&m);
        assert_memory_equal(first, changed, stage * sizeof *first); /* before any step */
        assert_memory_not_equal(first + stage, changed + stage, stage * sizeof *first);
        draw(&m, TASK); /* puts it back */
        adapt(&m);
        double* again = all_of(&m);
        assert_true(same(first, again));
        free(first);
        free(changed);
        free(again);
        close_model(&m);
    }
}

/* head (WAYS * QUERIES x WAYS): what a model puts out for all queries after a step of the first size on the support's images but
 * for `first` cells. */
static void step_by_hand(ks_real* head, const model* m, size_t first) {
    size_t n = ks_policy_num_params(m->policy), rows = WAYS * SHOTS - first;
    ks_error err = {0};
    ks_policy_ws* ws = ks_policy_ws_create(m->policy, WAYS * QUERIES, &err);
    double* gradient = malloc(n * sizeof *gradient);
    ks_real* theta = malloc(n * sizeof *theta);
    ks_real y[WAYS * SHOTS];
    assert_true(ws && gradient && theta);
    for (size_t i = 0; i < rows; i++) {
        y[i] = (ks_real)((first + i) / SHOTS);
    }
    ks_rows support = {.n = rows, .obs = ks_images_fit_image(m->fit, first), .act = y};
    ks_policy_nll_grad(gradient, m->policy, m->theta, support, 1.0 / (double)rows, ws);
    for (size_t i = 0; i < n; i++) {
        theta[i] = (ks_real)((double)m->theta[i] - m->lr[0] * gradient[i]);
    }
    ks_policy_forward(m->policy, theta, WAYS * QUERIES, ks_images_fit_query(m->fit, 0, 0), head, ws);
    ks_policy_ws_destroy(ws);
    free(gradient);
    free(theta);
}

/* Cells that are cleared are not there; and where all are, nothing is learned. */
static void test_an_empty_cell_is_not_learned_from(void** state) {
    (void)state;
    for (int network = 0; network < 2; network++) {
        model m = open_model(NETWORKS[network], KS_TRANSDUCTIVE);
        for (size_t cell = 0; cell < WAYS * SHOTS; cell++) {
            ks_real head[WAYS * QUERIES * WAYS];
            step_by_hand(head, &m, cell);
            for (size_t i = 0; i < WAYS * QUERIES * WAYS; i++) {
                const double* told = of_query(&m, 1, i / (QUERIES * WAYS), i / WAYS % QUERIES);
                double by_hand = (double)head[i] - (double)head[i / WAYS * WAYS];
                assert_true(fabs(log(told[i % WAYS] / told[0]) - by_hand) < 1e-3 * (1 + fabs(by_hand)));
            }
            ks_images_fit_clear(m.fit, cell);
            assert_false(ks_images_fit_filled(m.fit, cell));
            assert_true(ks_images_fit_image(m.fit, cell)[0] == ks_images_fit_paper(m.fit));
            adapt(&m);
        }
        double* all = all_of(&m);
        for (size_t i = 0; i < WAYS * QUERIES * WAYS; i++) {
            assert_true(isfinite(all[i]) && all[i] == all[STEPS * WAYS * QUERIES * WAYS + i]);
        }
        ks_images_fit_edit(m.fit, ks_images_fit_sketch(m.fit));
        assert_true(isfinite(ks_images_fit_sketch_probabilities(m.fit, STEPS)[0])); /* with nobody else's norm */
        free(all);
        close_model(&m);
    }
}

/* Paper is what images have at their edges; a sketch stays from task to task. */
static void test_paper_and_sketch(void** state) {
    (void)state;
    model m = open_model(NETWORKS[1], KS_TRANSDUCTIVE);
    assert_true(ks_images_fit_paper(m.fit) == 0); /* inverted: light on dark */
    size_t sketch = ks_images_fit_sketch(m.fit);
    ks_images_fit_edit(m.fit, sketch)[5] = 1;
    draw(&m, TASK + 1);
    assert_true(ks_images_fit_filled(m.fit, sketch) && ks_images_fit_image(m.fit, sketch)[5] == 1);
    assert_string_not_equal(ks_images_fit_class_name(m.fit, 0), ks_images_fit_class_name(m.fit, 1));
    ks_images_fit_destroy(m.fit);
    ks_error err = {0};
    ks_images_fit_settings s = {.problem = m.settings, .max_steps = STEPS};
    s.problem.invert = false;
    *s.problem.cache = 0;
    m.fit = ks_images_fit_create(&m.of, &s, &err);
    assert_non_null(m.fit);
    draw(&m, TASK);
    assert_true(ks_images_fit_paper(m.fit) == 1);
    close_model(&m);
}

static void test_likeliest(void** state) {
    (void)state;
    assert_int_equal(ks_images_likeliest((double[]){0.2, 0.5, 0.3}, 3), 1);
    assert_int_equal(ks_images_likeliest((double[]){0.5, 0.5}, 2), 0);
    assert_int_equal(ks_images_likeliest((double[]){0.5, NAN, 0.1}, 3), 3);
}

/* A step that is much too long is told as what it is. */
static void test_divergence(void** state) {
    (void)state;
    model m = open_model(NETWORKS[1], KS_TRANSDUCTIVE);
    const double far[STEPS] = {1e30, 1e30, 1e30};
    ks_images_fit_adapt(m.fit, STEPS, far);
    assert_int_equal(ks_images_likeliest(of_query(&m, STEPS, 0, 0), WAYS), WAYS);
    assert_true(ks_images_fit_accuracy(m.fit, STEPS) == 0);
    assert_true(ks_images_likeliest(of_query(&m, 0, 0, 0), WAYS) < WAYS);
    close_model(&m);
}

static void test_a_model_that_does_not_fit(void** state) {
    (void)state;
    model m = open_model(NETWORKS[1], KS_TRANSDUCTIVE);
    ks_error err = {0};
    ks_images_fit_settings s = {.problem = m.settings, .max_steps = STEPS};
    s.problem.ways = 3;
    assert_null(ks_images_fit_create(&m.of, &s, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    s.problem = m.settings;
    snprintf(s.problem.data, sizeof s.problem.data, "/nowhere");
    assert_null(ks_images_fit_create(&m.of, &s, &err));
    assert_non_null(strstr(err.text, "/nowhere"));
    close_model(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy_is_that_of_evaluations),
        cmocka_unit_test(test_a_sketch_is_told_by_the_norm_of_the_support),
        cmocka_unit_test(test_a_changed_support_is_learned_from),
        cmocka_unit_test(test_an_empty_cell_is_not_learned_from),
        cmocka_unit_test(test_paper_and_sketch),
        cmocka_unit_test(test_likeliest),
        cmocka_unit_test(test_divergence),
        cmocka_unit_test(test_a_model_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, remove_cache);
}
