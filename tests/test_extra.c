/* Terms on the rows before adaptation, in the double build: their sum against a slow one, its gradient against central differences
 * (beside what test_outer_ppo.c has), with tasks that are left out, and with other tasks' outcomes. */
#include "maml/outer_trpo.h"
#include "toy_problem.h"

enum { MAX_Q = 256 };

/* c_i of every task from outcomes, those of `left_out` aside */
static void credits(double c[TOY_TASKS], const double outcome[TOY_TASKS], int left_out) {
    double mean = 0, square = 0, n = 0;
    for (int i = 0; i < TOY_TASKS; i++) {
        if (i != left_out) {
            mean += outcome[i];
            n++;
        }
    }
    mean /= n;
    for (int i = 0; i < TOY_TASKS; i++) {
        square += i == left_out ? 0 : (outcome[i] - mean) * (outcome[i] - mean);
    }
    for (int i = 0; i < TOY_TASKS; i++) {
        c[i] = (outcome[i] - mean) / (sqrt(square / n) + 1e-8);
    }
}

typedef struct asked {
    ks_real there[MAX_Q];
    double sampled, moved; /* outer loss at the parameters that it was sampled with, and there */
    double gradient[MAX_Q], difference[MAX_Q];
} asked;

static void ask_loss(probe* p, struct ks_maml* core, const ks_real* params) {
    asked* a = p->user;
    double kl;
    ks_error err = {0};
    for (size_t i = 0; i < p->q; i++) {
        a->there[i] = (ks_real)((double)params[i] + 0.1 * cos(2.0 * (double)i));
    }
    if (!ks_meta_loss(core, &a->sampled, &kl, &err)) { /* a task is broken; the core begins anew without it */
        p->left_out = true;
        return;
    }
    assert_true(ks_meta_gradient(core, a->gradient, &err));
    probe_difference(a->difference, core, params, p->q);
    assert_true(ks_meta_try(core, &a->moved, &kl, a->there, &err));
}

static toy_run ask(asked* a, toy* t, int k) {
    probe p = {.needs = {.curvature_fraction = 1, .moves = true}, .ask = ask_loss, .user = a};
    ks_maml_settings settings = toy_settings(k);
    settings.outer = &PROBE;
    settings.outer_settings = &p;
    toy_run r = toy_iterate(t, &settings);
    assert_true(r.ok);
    return r;
}

/* -mean over tasks of the mean over stage 0 of r (extra w + emaml c) */
static double slow_terms(const toy* t, const ks_real* theta, const double c[TOY_TASKS], int left_out) {
    const ks_real minus_one = -1;
    double sum = 0, tasks = left_out < 0 ? TOY_TASKS : TOY_TASKS - 1;
    for (int i = 0; i < TOY_TASKS; i++) {
        ks_rows rows = t->rows[0][i];
        double mean = 0;
        for (size_t n = 0; n < rows.n; n++) {
            ks_rows one = {.n = 1,
                           .obs = rows.obs + n * (size_t)ks_policy_get_settings(t->policy)->obs_dim,
                           .act = rows.act + n * ks_policy_act_cols(t->policy),
                           .weight = &minus_one};
            double ratio = exp(ks_policy_nll(t->policy, theta, one, t->ws) - (double)t->logp[0][i][n]);
            mean += ratio * (t->base.extra * (double)t->extra[i][n] + t->base.emaml * c[i]) / (double)rows.n;
        }
        sum -= i == left_out ? 0 : mean / tasks;
    }
    return sum;
}

static void check_terms(toy* t, int k, double extra, double emaml, int left_out) {
    double c[TOY_TASKS];
    asked without, with;
    t->base.extra = t->base.emaml = 0;
    toy_run plain = ask(&without, t, k);
    t->base.extra = extra;
    t->base.emaml = emaml;
    toy_run r = ask(&with, t, k);
    credits(c, t->outcome, left_out);
    double there = slow_terms(t, with.there, c, left_out), here = slow_terms(t, r.params, c, left_out);
    assert_true(r.stats.left_out == (left_out >= 0));
    assert_true(fabs(with.moved - without.moved - there) < 1e-10 && fabs(there) > 1e-3);
    assert_true(fabs(with.sampled - without.sampled - here) < 1e-10);
    assert_true(relative_error(with.gradient, with.difference, r.q) < 1e-6);
    assert_true(relative_error(with.gradient, without.gradient, r.q) > 1e-3);
    toy_finish(&plain);
    toy_finish(&r);
}

static void terms_are_those_of_the_slow_sum(void** state) {
    (void)state;
    static const double WEIGHTS[][2] = {{0.6, 0}, {0, 0.8}, {0.6, 0.8}};
    for (int w = 0; w < 3; w++) {
        for (int k = 1; k <= 3; k++) {
            toy t;
            toy_open(&t, w == 1 ? KS_CATEGORICAL : KS_GAUSSIAN);
            t.inner_loss = k == 2 ? KS_LOSS_RATIO : KS_LOSS_SCORE;
            check_terms(&t, k, WEIGHTS[w][0], WEIGHTS[w][1], -1);
            toy_close(&t);
        }
    }
}

/* What came of a task that is left out is nobody's yardstick. */
static void left_out_tasks_have_no_outcome(void** state) {
    (void)state;
    toy t;
    toy_open(&t, KS_GAUSSIAN);
    t.broken = NAN;
    t.outcome[1] = 1e6;
    check_terms(&t, 1, 0, 0.8, 1);
    toy_close(&t);
}

/* TRPO takes the same gradient by way of log-probabilities. */
static void trpo_takes_it(void** state) {
    (void)state;
    toy t;
    asked a;
    ks_outer_trpo_settings trpo;
    ks_outer_trpo.set_default(&trpo);
    ks_maml_settings settings = toy_settings(2);
    settings.outer = &ks_outer_trpo;
    settings.outer_settings = &trpo;
    toy_open(&t, KS_GAUSSIAN);
    t.base.extra = 0.6;
    t.base.emaml = 0.8;
    toy_run r = toy_iterate(&t, &settings), probed = ask(&a, &t, 2);
    assert_true(r.ok);
    assert_true(relative_error(ks_outer_trpo_gradient(ks_maml_outer(r.maml)), a.difference, r.q) < 1e-6);
    toy_finish(&r);
    toy_finish(&probed);
    toy_close(&t);
}

static void of_sampled_rows_alone(void** state) {
    (void)state;
    toy t;
    ks_error err = {0};
    ks_maml_settings settings = toy_settings(1);
    probe p = {.needs = {.curvature_fraction = 1}};
    settings.outer = &PROBE;
    settings.outer_settings = &p;
    toy_open(&t, KS_GAUSSIAN);
    for (int i = 0; i < 2; i++) {
        t.base.sampled = i == 1;
        t.base.emaml = i == 1 ? -1 : 0.5;
        assert_null(ks_maml_create(&t.base, t.policy, &settings, &err));
        assert_int_equal(err.code, KS_BAD_INPUT);
    }
    toy_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_are_those_of_the_slow_sum),
        cmocka_unit_test(left_out_tasks_have_no_outcome),
        cmocka_unit_test(trpo_takes_it),
        cmocka_unit_test(of_sampled_rows_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
