/* PPO's outer step in the double build: the meta-gradient where the core has moved to, against central differences; the step against
 * one made of such differences; its early ends. */
#include "maml/outer_ppo.h"
#include "maml/outer_trpo.h"
#include "toy_problem.h"

enum { MAX_Q = 256 };

/* ---- the meta-gradient where the core has moved to --------------------------------------------------------------------------- */

/* a move that changes probabilities by some tenths */
static void moved(ks_real* out, const ks_real* params, size_t q) {
    for (size_t i = 0; i < q; i++) {
        out[i] = (ks_real)((double)params[i] + 0.15 * sin(3.0 * (double)i + 1));
    }
}

typedef struct found {
    double sampled, moved; /* relative errors of the meta-gradients at the two places */
    double loss, kl;       /* where it has moved to */
} found;

static void compare_gradients(probe* p, struct ks_maml* core, const ks_real* params) {
    ks_error err = {0};
    found* f = p->user;
    double exact[MAX_Q], difference[MAX_Q], loss, kl;
    ks_real there[MAX_Q];
    assert_true(p->q <= MAX_Q);
    assert_true(ks_meta_gradient(core, exact, &err));
    probe_difference(difference, core, params, p->q);
    f->sampled = relative_error(exact, difference, p->q);
    moved(there, params, p->q);
    assert_true(ks_meta_move(core, there, &err) && ks_meta_gradient(core, exact, &err));
    assert_true(ks_meta_loss(core, &f->loss, &f->kl, &err));
    assert_true(ks_meta_try(core, &loss, &kl, there, &err));
    assert_true(loss == f->loss && kl == f->kl);
    probe_difference(difference, core, there, p->q);
    f->moved = relative_error(exact, difference, p->q);
}

static found find(toy* t, ks_maml_settings settings, double clip) {
    found f;
    probe p = {.needs = {.curvature_fraction = 1, .moves = true, .clip = clip}, .ask = compare_gradients, .user = &f};
    settings.outer = &PROBE;
    settings.outer_settings = &p;
    toy_run r = toy_iterate(t, &settings);
    assert_true(r.ok);
    toy_finish(&r);
    return f;
}

static void check_gradient(toy* t, ks_maml_settings settings) {
    found clipped = find(t, settings, 0.1), ratio = find(t, settings, 0);
    const found* all[] = {&clipped, &ratio};
    for (int i = 0; i < 2; i++) {
        if (!(all[i]->sampled < 1e-6 && all[i]->moved < 1e-6)) {
            fail_msg("meta-gradient off by %g, and by %g after a move: %s, head %d, k %d, inner loss %d",
                     all[i]->sampled, all[i]->moved, i ? "ratio" : "clipped",
                     (int)ks_policy_get_settings(t->policy)->head, settings.inner.steps, (int)t->inner_loss);
        }
    }
    assert_true(clipped.kl > 1e-3 && clipped.kl == ratio.kl);
    assert_true(clipped.loss > ratio.loss + 1e-3); /* some rows are clipped */
}

static void gradient_after_a_move(void** state) {
    (void)state;
    for (int head = KS_GAUSSIAN; head <= KS_CATEGORICAL; head++) {
        for (int loss = KS_LOSS_SCORE; loss <= KS_LOSS_RATIO; loss++) {
            for (int k = 0; k <= 3; k++) {
                toy t;
                toy_open(&t, (ks_head)head);
                t.inner_loss = (ks_loss)loss;
                check_gradient(&t, toy_settings(k));
                toy_close(&t);
            }
        }
    }
}

static void with_an_extra_term_and_learned_steps(void** state) {
    (void)state;
    for (int k = 1; k <= 4; k++) {
        toy t;
        ks_maml_settings settings = toy_settings(k < 4 ? k : 1);
        settings.inner.learned = KS_LEARNED_PARAMETER;
        settings.inner.per_step = true;
        toy_open(&t, KS_GAUSSIAN);
        t.inner_loss = k < 4 ? KS_LOSS_RATIO : KS_LOSS_SCORE;
        t.base.extra = 0.7;
        t.base.emaml = 0.4;
        check_gradient(&t, settings);
        toy_close(&t);
    }
}

/* The two inner losses take the same first step, and have other Hessians. */
static void inner_losses_differ(void** state) {
    (void)state;
    double gradient[2][MAX_Q];
    size_t q = 0;
    for (int loss = KS_LOSS_SCORE; loss <= KS_LOSS_RATIO; loss++) {
        toy t;
        ks_maml_settings settings = toy_settings(2);
        ks_outer_ppo_settings ppo;
        ks_outer_ppo.set_default(&ppo);
        settings.outer = &ks_outer_ppo;
        settings.outer_settings = &ppo;
        toy_open(&t, KS_GAUSSIAN);
        t.inner_loss = (ks_loss)loss;
        toy_run r = toy_iterate(&t, &settings);
        q = r.q;
        memcpy(gradient[loss], ks_outer_ppo_gradient(ks_maml_outer(r.maml)), q * sizeof **gradient);
        toy_finish(&r);
        toy_close(&t);
    }
    assert_true(relative_error(gradient[0], gradient[1], q) > 1e-2);
}

/* ---- the step ---------------------------------------------------------------------------------------------------------------- */

static toy_run ppo_run(toy* t, ks_maml_settings settings, const ks_outer_ppo_settings* ppo) {
    settings.outer = &ks_outer_ppo;
    settings.outer_settings = ppo;
    return toy_iterate(t, &settings);
}

static ks_outer_ppo_settings ppo_settings(int epochs) {
    ks_outer_ppo_settings s;
    ks_outer_ppo.set_default(&s);
    s.epochs = epochs;
    s.clip = 0.1;
    s.adam.lr = 0.005;
    s.adam.epsilon = 1e-2; /* so that little gradients make little steps, and the differences' errors stay small */
    return s;
}

static void first_gradient_is_that_of_trpo(void** state) {
    (void)state;
    for (int k = 0; k <= 3; k++) {
        toy t;
        ks_outer_trpo_settings trpo;
        ks_outer_ppo_settings ppo = ppo_settings(3);
        ks_maml_settings settings = toy_settings(k);
        ks_outer_trpo.set_default(&trpo);
        settings.outer = &ks_outer_trpo;
        settings.outer_settings = &trpo;
        toy_open(&t, KS_GAUSSIAN);
        t.base.extra = 0.5;
        toy_run want = toy_iterate(&t, &settings), got = ppo_run(&t, settings, &ppo);
        assert_true(want.ok && got.ok);
        assert_true(relative_error(ks_outer_ppo_gradient(ks_maml_outer(got.maml)),
                                   ks_outer_trpo_gradient(ks_maml_outer(want.maml)), want.q) < 1e-12);
        assert_true(fabs(got.stats.outer.column[0] - want.stats.outer.column[0]) < 1e-12);
        toy_finish(&want);
        toy_finish(&got);
        toy_close(&t);
    }
}

/* Every epoch once more, from differences of what the core says of other parameters. */
typedef struct slow {
    const ks_outer_ppo_settings* s;
    double params[MAX_Q];
    double loss, kl;
    int epochs;
} slow;

static void slow_step(probe* p, struct ks_maml* core, const ks_real* params) {
    slow* w = p->user;
    ks_error err = {0};
    double gradient[MAX_Q], m[MAX_Q] = {0}, v[MAX_Q] = {0};
    ks_real at[MAX_Q];
    memcpy(at, params, p->q * sizeof *at);
    for (w->epochs = 0; w->epochs < w->s->epochs && (w->epochs == 0 || w->s->max_kl <= 0 || w->kl <= w->s->max_kl);) {
        double t = ++w->epochs;
        probe_difference(gradient, core, at, p->q);
        for (size_t i = 0; i < p->q; i++) {
            m[i] += (1 - w->s->adam.beta1) * (gradient[i] - m[i]);
            v[i] += (1 - w->s->adam.beta2) * (gradient[i] * gradient[i] - v[i]);
            double mean = m[i] / (1 - pow(w->s->adam.beta1, t)), square = v[i] / (1 - pow(w->s->adam.beta2, t));
            at[i] -= (ks_real)(w->s->adam.lr * mean / (sqrt(square) + w->s->adam.epsilon));
        }
        assert_true(ks_meta_try(core, &w->loss, &w->kl, at, &err));
    }
    for (size_t i = 0; i < p->q; i++) {
        w->params[i] = (double)at[i];
    }
}

static slow slow_run(toy* t, ks_maml_settings settings, const ks_outer_ppo_settings* ppo) {
    slow w = {.s = ppo};
    probe p = {.needs = {.curvature_fraction = 1, .clip = ppo->clip}, .ask = slow_step, .user = &w};
    settings.outer = &PROBE;
    settings.outer_settings = &p;
    toy_run r = toy_iterate(t, &settings);
    assert_true(r.ok);
    toy_finish(&r);
    return w;
}

static void check_step(toy* t, int k, const ks_outer_ppo_settings* ppo) {
    slow want = slow_run(t, toy_settings(k), ppo);
    toy_run got = ppo_run(t, toy_settings(k), ppo);
    const double* column = got.stats.outer.column;
    double params[MAX_Q];
    assert_true(got.ok && got.stats.outer.moved);
    for (size_t i = 0; i < got.q; i++) {
        params[i] = (double)got.params[i];
    }
    assert_true(relative_error(params, want.params, got.q) < 1e-6);
    assert_true(fabs(column[1] - want.loss) < 1e-6 && fabs(column[2] - want.kl) < 1e-6);
    assert_true(column[3] == want.epochs);
    assert_true((double)got.state[2 * got.q] == want.epochs);
    toy_finish(&got);
}

static void step_is_that_of_the_slow_one(void** state) {
    (void)state;
    for (int k = 0; k <= 3; k++) {
        toy t;
        toy_open(&t, k == 2 ? KS_CATEGORICAL : KS_GAUSSIAN);
        t.inner_loss = k == 3 ? KS_LOSS_RATIO : KS_LOSS_SCORE;
        ks_outer_ppo_settings s = ppo_settings(4);
        check_step(&t, k, &s);
        toy_close(&t);
    }
}

static void kl_ends_it(void** state) {
    (void)state;
    toy t;
    toy_open(&t, KS_GAUSSIAN);
    ks_outer_ppo_settings s = ppo_settings(2);
    double kl = slow_run(&t, toy_settings(1), &s).kl;
    s.epochs = 6;
    s.max_kl = 0.9 * kl; /* so that the second update is above it */
    check_step(&t, 1, &s);
    toy_run r = ppo_run(&t, toy_settings(1), &s);
    assert_true(r.stats.outer.column[3] == 2);
    toy_finish(&r);
    toy_close(&t);
}

/* ---- bad luck ------------------------------------------------------------------------------------------------------------------ */

static void too_long_an_update_is_taken_back(void** state) {
    (void)state;
    toy t;
    toy_open(&t, KS_GAUSSIAN);
    ks_outer_ppo_settings s = ppo_settings(3), none = ppo_settings(3);
    s.adam.lr = INFINITY;
    none.adam.lr = 0;
    toy_run r = ppo_run(&t, toy_settings(1), &s), still = ppo_run(&t, toy_settings(1), &none);
    assert_true(r.ok && !r.stats.outer.moved);
    assert_non_null(strstr(r.stats.outer.why, "ppo.lr"));
    assert_true(r.stats.left_out == 0 && r.stats.outer.column[3] == 0);
    assert_memory_equal(r.params, still.params, r.q * sizeof *r.params);
    for (size_t i = 0; i < 2 * r.q + 1; i++) {
        assert_true(r.state[i] == 0);
    }
    toy_finish(&r);
    toy_finish(&still);
    toy_close(&t);
}

static void a_broken_task_is_left_out(void** state) {
    (void)state;
    toy t;
    toy_open(&t, KS_GAUSSIAN);
    ks_outer_ppo_settings s = ppo_settings(3);
    t.broken = NAN;
    toy_run r = ppo_run(&t, toy_settings(2), &s);
    assert_true(r.ok && r.stats.outer.moved && r.stats.left_out == 1 && r.stats.named[0] == 1);
    assert_true(r.stats.outer.column[3] == 3);
    for (size_t i = 0; i < r.q; i++) {
        assert_true(isfinite((double)r.params[i]));
    }
    toy_finish(&r);
    toy_close(&t);
}

static void settings_out_of_range(void** state) {
    (void)state;
    ks_error err;
    ks_outer_ppo_settings s = ppo_settings(0);
    assert_false(ks_outer_ppo.check(&s, &err));
    s = ppo_settings(1);
    assert_true(ks_outer_ppo.check(&s, &err));
    s.clip = 1;
    assert_false(ks_outer_ppo.check(&s, &err));
    s.clip = 0.1;
    s.max_kl = NAN;
    assert_false(ks_outer_ppo.check(&s, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_after_a_move),
        cmocka_unit_test(with_an_extra_term_and_learned_steps),
        cmocka_unit_test(inner_losses_differ),
        cmocka_unit_test(first_gradient_is_that_of_trpo),
        cmocka_unit_test(step_is_that_of_the_slow_one),
        cmocka_unit_test(kl_ends_it),
        cmocka_unit_test(too_long_an_update_is_taken_back),
        cmocka_unit_test(a_broken_task_is_left_out),
        cmocka_unit_test(settings_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
