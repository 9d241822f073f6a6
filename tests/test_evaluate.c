/* Evaluations: the same for any number of threads, a step that is too long is named, and what meta-training is for: returns after
 * adaptation rise. */
#include "maml/walk.h"
#include "rl/rl_evaluate.h"
#include "world_support.h"

static double mean_after(const ks_eval_result* r, int step) {
    double sum = 0;
    for (size_t i = 0; i < r->tasks; i++) {
        sum += r->metric[i * (size_t)(r->steps + 1) + (size_t)step];
    }
    return sum / (double)r->tasks;
}

static ks_eval_model policy_of(const world* w) {
    return (ks_eval_model){
        .policy = w->policy, .params = w->theta, .sizes = ks_inner_step_sizes(&w->settings->maml.inner)};
}

static ks_eval_result evaluate(const world* w, int threads, size_t tasks) {
    double task[100];
    assert_true(tasks * (size_t)ks_env_model_def(w->model)->task_dim <= 100);
    ks_draw_held_out_tasks(task, ks_env_model_def(w->model), 1, 0, tasks);
    ks_rl_eval_settings settings = ks_rl_eval_settings_default();
    settings.trajectories = 10;
    settings.horizon = 40;
    settings.eval.steps = 2;
    settings.eval.threads = threads;
    ks_eval_set_lr(&settings.eval, 0.5);
    ks_eval_model policy = policy_of(w);
    ks_eval_result result;
    ks_error err = {0};
    if (!ks_rl_evaluate(&result, w->model, &policy, task, tasks, &settings, NULL, NULL, NULL, &err)) {
        fail_msg("%s", err.text);
    }
    return result;
}

static void test_evaluation(void** state) {
    (void)state;
    world w = world_named("point", small_settings());
    ks_eval_result one = evaluate(&w, 1, 43); /* more than are worked on at once */
    ks_eval_result three = evaluate(&w, 3, 43);
    ks_eval_result few = evaluate(&w, 1, 5);
    size_t cells = 43 * 3;
    assert_memory_equal(one.metric, three.metric, cells * sizeof *one.metric);
    assert_memory_equal(one.length, three.length, cells * sizeof *one.length);
    /* a task's numbers do not depend on the others, but for the rounding of blocks of another size */
    for (size_t i = 0; i < 5 * 3; i++) {
        assert_true(fabs(one.metric[i] - few.metric[i]) < 1e-2);
    }
    ks_eval_result_free(&one);
    ks_eval_result_free(&three);
    ks_eval_result_free(&few);
    world_destroy(&w);
}

/* a step that is too long for a task: which, on which task, how long */
static void test_evaluation_names_the_step(void** state) {
    (void)state;
    world w = world_named("point", small_settings());
    const double task[4] = {0.125, -0.5, 0.25, 0.25};
    ks_rl_eval_settings settings = ks_rl_eval_settings_default();
    settings.trajectories = 4;
    settings.horizon = 10;
    settings.eval.lr[0] = 0.1;
    settings.eval.lr[1] = 1e30;
    ks_eval_model policy = policy_of(&w);
    ks_eval_result result;
    ks_error err = {0};
    assert_false(ks_rl_evaluate(&result, w.model, &policy, task, 2, &settings, NULL, NULL, NULL, &err));
    assert_int_equal(err.code, KS_BROKE_DOWN);
    assert_non_null(
        strstr(err.text, "point: the step size 1e+30 of gradient step 2 is too large for task 0 (0.125 -0.5)"));
    assert_null(strstr(err.text, "physics"));
    w.theta[0] = (ks_real)NAN; /* which no step is to blame for */
    err = (ks_error){0};
    assert_false(ks_rl_evaluate(&result, w.model, &policy, task, 2, &settings, NULL, NULL, NULL, &err));
    assert_null(strstr(err.text, "step size"));
    world_destroy(&w);
}

/* Who trains on a task for every trajectory is evaluated task by task, however few trajectories there are. */
static void test_other_methods_have_held_out_tasks(void** state) {
    (void)state;
    enum { TASKS = 12 };
    world w = world_named("point", small_settings());
    ks_rl_settings rl = ks_rl_settings_default();
    rl.trajectories = 3;
    rl.horizon = 10;
    ks_eval_settings s = ks_eval_settings_default();
    s.steps = 1;
    ks_eval_model model = policy_of(&w);
    ks_eval_result result[2];
    ks_error err = {0};
    for (int i = 0; i < 2; i++) {
        ks_problem* problem = ks_rl_create(w.model, &rl, i ? KS_PRETRAIN : KS_MAML, 1, &err);
        assert_non_null(problem);
        assert_true(ks_evaluate(&result[i], problem, &model, TASKS, &s, NULL, NULL, &err));
        problem->kind->destroy(problem);
    }
    assert_memory_equal(result[0].metric, result[1].metric, TASKS * 2 * sizeof *result[0].metric);
    ks_eval_result_free(&result[0]);
    ks_eval_result_free(&result[1]);
    world_destroy(&w);
}

/* Steps of a walk, and what was tried besides, are those of an evaluation with the same sizes. */
static void test_a_walk_is_an_evaluation(void** state) {
    (void)state;
    enum { TASKS = 5, STEPS = 3 };
    static const double TAKEN[STEPS] = {0.5, 0, 0.25}, OTHER[STEPS] = {1e30, 0.125, 2};
    world w = world_named("point", small_settings());
    double task[TASKS * 2], metric[TASKS];
    ks_draw_held_out_tasks(task, ks_env_model_def(w.model), 9, 0, TASKS);
    ks_rl_eval_settings s = ks_rl_eval_settings_default();
    s.trajectories = 7;
    s.horizon = 30;
    s.eval.seed = 9;
    ks_eval_model policy = policy_of(&w);
    ks_error err = {0};
    for (int threads = 1; threads <= 3; threads += 2) {
        ks_rl_settings rl = ks_rl_eval_problem(&s);
        ks_problem* problem = ks_rl_create(w.model, &rl, KS_MAML, TASKS, &err);
        assert_non_null(problem);
        ks_rl_give_tasks(problem, task, TASKS);
        s.eval.threads = threads;
        ks_walk* walk = ks_walk_create(problem, &policy, TASKS, &s.eval, &err);
        assert_non_null(walk);
        for (int j = 0; j < STEPS; j++) {
            for (int k = 0; k < 2; k++) { /* the other one first: it leaves nothing behind */
                double lr = k ? TAKEN[j] : OTHER[j];
                ks_eval_result r;
                s.eval.steps = j + 1;
                s.eval.lr[j] = lr;
                s.eval.may_break_down = true;
                assert_true(ks_walk_try(metric, walk, lr, &err));
                assert_true(ks_rl_evaluate(&r, w.model, &policy, task, TASKS, &s, NULL, NULL, NULL, &err));
                for (size_t i = 0; i < TASKS; i++) {
                    double wanted = r.metric[i * (size_t)(j + 2) + (size_t)j + 1];
                    assert_true(lr < 1e30 ? metric[i] == wanted : isnan(metric[i]) && isnan(wanted));
                }
                ks_eval_result_free(&r);
            }
            assert_true(ks_walk_take(walk, TAKEN[j], &err));
        }
        ks_walk_destroy(walk);
        ks_rl_destroy(problem);
    }
    world_destroy(&w);
}

static void test_meta_training_learns(void** state) {
    (void)state;
    world_settings settings = small_settings();
    settings.tasks = 10;
    settings.rl.trajectories = 10;
    settings.rl.horizon = 40;
    settings.maml.threads = 2;
    world w = world_named("point", settings);
    ks_eval_result before = evaluate(&w, 2, 20);
    for (uint64_t i = 0; i < 15; i++) {
        iterate(&w, i);
    }
    ks_eval_result after = evaluate(&w, 2, 20);
    print_message("point, 15 iterations: return after one gradient step %.2f -> %.2f\n", mean_after(&before, 1),
                  mean_after(&after, 1));
    assert_true(mean_after(&after, 1) > mean_after(&before, 1) + 3);
    assert_true(mean_after(&after, 1) > mean_after(&after, 0) + 1);
    ks_eval_result_free(&before);
    ks_eval_result_free(&after);
    world_destroy(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluation),
        cmocka_unit_test(test_evaluation_names_the_step),
        cmocka_unit_test(test_other_methods_have_held_out_tasks),
        cmocka_unit_test(test_a_walk_is_an_evaluation),
        cmocka_unit_test(test_meta_training_learns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
