/* The paper's regression as a problem: which curves and examples are drawn, that they depend on nothing but their numbers, and
 * evaluation on them. */
#include "fewshot/sinusoid.h"

#include "base/rng.h"
#include "maml/evaluate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOTS = 5, QUERIES = 7, TASKS = 400 };
static const double PI = 3.14159265358979323846;

typedef struct world {
    ks_problem* problem;
    ks_policy* policy;
    ks_real* theta; /* (P) */
    size_t p;
} world;

static world world_create(ks_method method, size_t tasks, int threads) {
    ks_error err = {0};
    const ks_sinusoid_settings settings = {.shots = SHOTS, .queries = QUERIES};
    world w = {.problem = ks_problem_sinusoid.create(&settings, method, tasks, &err)};
    assert_non_null(w.problem);
    ks_policy_settings shape = ks_policy_settings_default();
    ks_problem_sinusoid.shape(w.problem, &shape);
    shape.hidden[0] = shape.hidden[1] = 20;
    w.policy = ks_policy_create(&shape, &err);
    assert_non_null(w.policy);
    w.p = ks_policy_num_params(w.policy);
    w.theta = malloc(w.p * sizeof *w.theta);
    double* uniform = malloc(w.p * sizeof *uniform);
    assert_true(w.theta && uniform);
    ks_stream_uniform(uniform, w.p, ks_stream_make(1, KS_RNG_INIT, 0, 0), 0, 0, 0);
    ks_policy_init(w.policy, w.theta, uniform, 0);
    free(uniform);
    const ks_problem_sizes sizes = {.tasks = tasks, .stages = 2, .threads = threads};
    if (tasks > 0) {
        assert_true(ks_problem_sinusoid.prepare(w.problem, w.policy, &sizes, &err));
    }
    return w;
}

static void world_destroy(world* w) {
    ks_problem_sinusoid.destroy(w->problem);
    ks_policy_destroy(w->policy);
    free(w->theta);
}

static void draw(world* w, ks_split split, uint64_t seed, uint64_t iteration, size_t first, size_t count) {
    ks_error err = {0};
    const ks_draw d = {.split = split, .seed = seed, .iteration = iteration, .first = first, .count = count};
    assert_true(ks_problem_sinusoid.draw(w->problem, &d, &err));
}

static void collect(world* w, ks_task_rows* rows, size_t count, int index, bool judges) {
    ks_error err = {0};
    const ks_stage stage = {.seed = 1, .count = count, .index = index, .judges = judges};
    assert_true(ks_problem_sinusoid.collect(w->problem, &stage, rows, &err));
}

static void check_examples(const ks_task_rows* rows, ks_sinusoid curve, size_t count, size_t inputs) {
    assert_int_equal(rows->rows.n, count);
    assert_null(rows->rows.weight);
    for (size_t n = 0; n < count; n++) {
        const ks_real* x = rows->rows.obs + n * inputs;
        double want = curve.amplitude * sin((double)x[0] - curve.phase);
        assert_true((double)x[0] >= -5 && (double)x[0] <= 5);
        assert_true(fabs((double)rows->rows.act[n] - want) < 1e-6);
        if (inputs == 3) {
            assert_true(x[1] == (ks_real)curve.amplitude && x[2] == (ks_real)curve.phase);
        }
    }
}

/* amplitudes from [0.1, 5], phases from [0, π], both uniform; examples lie on the curves */
static void test_curves_and_examples(void** state) {
    (void)state;
    for (int method = KS_MAML; method <= KS_ORACLE; method++) {
        world w = world_create((ks_method)method, TASKS, 1);
        ks_task_rows support[TASKS], query[TASKS];
        double amplitude = 0, phase = 0, x = 0;
        draw(&w, KS_SPLIT_TRAIN, 1, 0, 0, TASKS);
        collect(&w, support, TASKS, 0, false);
        collect(&w, query, TASKS, 1, true);
        for (size_t i = 0; i < TASKS; i++) {
            ks_sinusoid curve = ks_sinusoid_task(w.problem, i);
            assert_true(curve.amplitude >= 0.1 && curve.amplitude <= 5 && curve.phase >= 0 && curve.phase <= PI);
            amplitude += curve.amplitude / TASKS;
            phase += curve.phase / TASKS;
            check_examples(&support[i], curve, SHOTS, method == KS_ORACLE ? 3 : 1);
            check_examples(&query[i], curve, QUERIES, method == KS_ORACLE ? 3 : 1);
            assert_memory_not_equal(support[i].rows.obs, query[i].rows.obs, sizeof(ks_real));
            x += (double)query[i].rows.obs[0] / TASKS;
        }
        /* four standard errors of a uniform's mean */
        assert_true(fabs(amplitude - 2.55) < 4 * 4.9 / sqrt(12.0 * TASKS));
        assert_true(fabs(phase - PI / 2) < 4 * PI / sqrt(12.0 * TASKS));
        assert_true(fabs(x) < 4 * 10 / sqrt(12.0 * TASKS));
        world_destroy(&w);
    }
}

/* every inner step learns from the same examples */
static void test_support_stays(void** state) {
    (void)state;
    world w = world_create(KS_MAML, 3, 1);
    ks_task_rows first[3], later[3];
    draw(&w, KS_SPLIT_TRAIN, 1, 5, 0, 3);
    collect(&w, first, 3, 0, false);
    collect(&w, later, 3, 2, false);
    assert_ptr_equal(first[1].rows.obs, later[1].rows.obs);
    world_destroy(&w);
}

/* a task is its number's: alone or among others, in whichever process; another iteration, seed or split has others */
static void test_tasks_follow_from_their_numbers(void** state) {
    (void)state;
    world all = world_create(KS_MAML, 10, 1), one = world_create(KS_MAML, 1, 2);
    ks_task_rows rows[10], alone[1];
    for (int split = KS_SPLIT_TRAIN; split <= KS_SPLIT_TEST; split++) {
        draw(&all, (ks_split)split, 3, 8, 0, 10);
        collect(&all, rows, 10, 0, false);
        draw(&one, (ks_split)split, 3, 8, 7, 1);
        collect(&one, alone, 1, 0, false);
        assert_memory_equal(rows[7].rows.obs, alone[0].rows.obs, SHOTS * sizeof(ks_real));
        assert_memory_equal(rows[7].rows.act, alone[0].rows.act, SHOTS * sizeof(ks_real));
        ks_sinusoid curve = ks_sinusoid_task(one.problem, 0), other;
        if (split == KS_SPLIT_TEST) {
            other = ks_sinusoid_test_task(3, 7);
            assert_true(other.amplitude == curve.amplitude && other.phase == curve.phase);
        }
        draw(&one, (ks_split)split, 4, 8, 7, 1);
        assert_true(ks_sinusoid_task(one.problem, 0).phase != curve.phase);
        draw(&one, (ks_split)split, 3, 9, 7, 1);
        assert_true((ks_sinusoid_task(one.problem, 0).phase == curve.phase) == (split == KS_SPLIT_TEST));
        draw(&one, split == KS_SPLIT_TEST ? KS_SPLIT_TRAIN : KS_SPLIT_TEST, 3, 8, 7, 1);
        assert_true(ks_sinusoid_task(one.problem, 0).phase != curve.phase);
    }
    world_destroy(&all);
    world_destroy(&one);
}

static ks_eval_result evaluate(size_t tasks, int threads, double lr) {
    ks_error err = {0};
    world w = world_create(KS_MAML, 0, threads);
    const ks_eval_model model = {
        .policy = w.policy, .params = w.theta, .sizes = {.lr = lr, .steps = 1, .learned = KS_LEARNED_NONE}};
    ks_eval_settings settings = ks_eval_settings_default();
    ks_eval_result result;
    settings.steps = 10;
    settings.threads = threads;
    for (int j = 0; j < settings.steps; j++) {
        settings.lr[j] = lr;
    }
    if (!ks_evaluate(&result, w.problem, &model, tasks, &settings, NULL, NULL, &err)) {
        fail_msg("%s", err.text);
    }
    world_destroy(&w);
    return result;
}

/* errors are those on the query, whatever else is evaluated beside a task; a task that diverges says so, and the others stay */
static void test_evaluation(void** state) {
    (void)state;
    ks_eval_result many = evaluate(90, 3, 0.01), few = evaluate(3, 1, 0.01), wild = evaluate(90, 2, 1e20);
    assert_memory_equal(many.metric, few.metric, 3 * 11 * sizeof *few.metric);
    double before = 0, after = 0;
    for (size_t i = 0; i < 90; i++) {
        before += many.metric[i * 11] / 90;
        after += many.metric[i * 11 + 10] / 90;
        assert_true(wild.metric[i * 11] == many.metric[i * 11]);
        assert_false(isfinite(wild.metric[i * 11 + 10]));
    }
    assert_true(after < before); /* ten steps from anywhere help on the mean */
    assert_true(many.length[0] == 0 && many.rejected == 0);
    ks_eval_result_free(&many);
    ks_eval_result_free(&few);
    ks_eval_result_free(&wild);
}

/* the first error, by hand */
static void test_errors_are_mean_squares(void** state) {
    (void)state;
    ks_error err = {0};
    ks_eval_result result = evaluate(4, 1, 0.01);
    world w = world_create(KS_MAML, 4, 1);
    ks_task_rows rows[4];
    ks_real out[QUERIES];
    ks_policy_ws* ws = ks_policy_ws_create(w.policy, 0, &err);
    assert_non_null(ws);
    draw(&w, KS_SPLIT_TEST, 1, KS_EVAL_ITERATION, 0, 4);
    collect(&w, rows, 4, 0, true);
    for (size_t i = 0; i < 4; i++) {
        double sum = 0;
        ks_policy_forward(w.policy, w.theta, QUERIES, rows[i].rows.obs, out, ws);
        for (size_t n = 0; n < QUERIES; n++) {
            double off = (double)out[n] - (double)rows[i].rows.act[n];
            sum += off * off / QUERIES;
        }
        assert_true(fabs(result.metric[i * 11] - sum) < 1e-5 * sum);
    }
    ks_policy_ws_destroy(ws);
    world_destroy(&w);
    ks_eval_result_free(&result);
}

static void test_refused(void** state) {
    (void)state;
    ks_error err = {0};
    ks_sinusoid_settings settings = {.shots = 0, .queries = 1};
    assert_null(ks_problem_sinusoid.create(&settings, KS_MAML, 1, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    settings.shots = 1;
    ks_problem* problem = ks_problem_sinusoid.create(&settings, KS_ORACLE, 1, &err);
    world one_input = world_create(KS_MAML, 1, 1);
    const ks_problem_sizes sizes = {.tasks = 1, .stages = 2, .threads = 1};
    assert_false(ks_problem_sinusoid.prepare(problem, one_input.policy, &sizes, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, "1 inputs and 1 outputs; 3 and 1"));
    ks_problem_sinusoid.destroy(problem);
    world_destroy(&one_input);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curves_and_examples),
        cmocka_unit_test(test_support_stays),
        cmocka_unit_test(test_tasks_follow_from_their_numbers),
        cmocka_unit_test(test_evaluation),
        cmocka_unit_test(test_errors_are_mean_squares),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
