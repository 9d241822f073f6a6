/* The trust-region step over made-up problems, in the double build: the line search takes what it promises to take, and nothing
 * else. */
#include "trpo_support.h"

/* loss and constraint both quadratic with C = A: the full step goes to the edge of the trust region, straight at the minimum */
static void a_problem_with_a_known_answer(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 8);
    memcpy(p.c, p.a, sizeof p.c);
    ks_trpo_settings settings = exact_settings(&p);
    settings.cg_damping = 0;
    double minimum[MAX_N] = {0}, distance[MAX_N];
    settings.max_kl = 1e-3;
    outcome o = step(&p, settings);
    assert_int_equal(o.result.verdict, KS_TRPO_ACCEPTED);
    for (size_t i = 0; i < p.n; i++) { /* d = A⁻¹g = θ₀ - minimum */
        minimum[i] = (double)p.start[i] - o.direction[i];
        distance[i] = o.direction[i];
    }
    double slope = 0; /* of the loss at that minimum */
    for (size_t i = 0; i < p.n; i++) {
        double g = -p.b[i];
        for (size_t j = 0; j < p.n; j++) {
            g += p.a[i][j] * minimum[j];
        }
        slope = fmax(slope, fabs(g));
    }
    assert_true(slope < 1e-9);
    double scale = sqrt(2 * settings.max_kl / quadratic(p.n, p.c, distance));
    assert_true(fabs(o.result.step_scale / scale - 1) < 1e-9);
    /* kl may exceed its limit by a rounding error: then the second candidate was taken */
    double factor = scale * pow(settings.backtrack_ratio, o.result.backtracks);
    assert_true(o.result.backtracks <= 1);
    for (size_t i = 0; i < p.n; i++) {
        assert_true(fabs((double)o.theta[i] - ((double)p.start[i] - factor * distance[i])) < 1e-9);
    }
    assert_true(fabs(o.result.kl / (settings.max_kl * factor * factor / scale / scale) - 1) < 1e-9);
    assert_true(o.result.kl <= settings.max_kl && o.result.loss_after < o.loss_before);
    assert_true(o.result.loss_after == loss_at(&p, o.theta));
}

/* many steps find the minimum, and no step breaks its promises */
static void repeated_steps_descend(void** state) {
    (void)state;
    problem p;
    make_problem(&p, 10);
    double first = loss_at(&p, p.start), last = first;
    int accepted = 0;
    for (int i = 0; i < 300; i++) {
        p.curvatures = p.directions = p.evaluations = 0;
        ks_trpo_settings settings = ks_trpo_settings_default();
        settings.backtrack_steps = 40;
        outcome o = step(&p, settings);
        assert_true(o.ok);
        if (o.result.verdict != KS_TRPO_ACCEPTED) {
            check_untouched(&p, &o);
            break;
        }
        accepted++;
        assert_true(o.result.loss_after < last && o.result.kl <= settings.max_kl);
        memcpy(p.start, o.theta, sizeof p.start);
        last = o.result.loss_after;
    }
    double minimum = 0, x[MAX_N]; /* -½ bᵀA⁻¹b, by CG with C = A and the gradient b */
    memcpy(p.c, p.a, sizeof p.c);
    p.curvatures = p.directions = p.evaluations = 0;
    ks_trpo_settings settings = exact_settings(&p);
    settings.cg_damping = 0;
    memcpy(x, step_with(&p, settings, p.b).direction, sizeof x);
    for (size_t i = 0; i < p.n; i++) {
        minimum -= p.b[i] * x[i] / 2;
    }
    assert_true(accepted > 5);
    assert_true(last - minimum < 1e-3 * (first - minimum));
}

/* candidates whose loss and kl are given: which one is taken? */
static void check_search(const double loss[4], const double kl[4], int taken) {
    problem p;
    make_problem(&p, 5);
    ks_trpo_settings settings = exact_settings(&p);
    settings.backtrack_steps = 4;
    settings.backtrack_ratio = 0.5;
    settings.max_kl = 0.01;
    p.forced = true;
    for (int i = 0; i < 4; i++) {
        p.forced_loss[i] = loss_at(&p, p.start) + loss[i];
        p.forced_kl[i] = kl[i];
    }
    outcome o = step(&p, settings);
    assert_true(o.ok);
    int last = taken < 0 ? 3 : taken;
    assert_int_equal(p.evaluations, last + 1);
    assert_int_equal(o.result.backtracks, last);
    assert_true(isnan(kl[last]) ? isnan(o.result.kl) : o.result.kl == kl[last]);
    assert_true(isnan(loss[last]) ? isnan(o.result.loss_after) : o.result.loss_after == p.forced_loss[last]);
    assert_int_equal(o.result.verdict, taken < 0 ? KS_TRPO_NO_CANDIDATE : KS_TRPO_ACCEPTED);
    for (int c = 0; c <= last; c++) { /* each half as long as the one before */
        for (size_t i = 0; i < p.n; i++) {
            double want = (double)p.start[i] - o.result.step_scale * pow(0.5, c) * o.direction[i];
            assert_true(fabs((double)p.candidate[c][i] - want) < 1e-12);
        }
    }
    if (taken < 0) {
        check_untouched(&p, &o);
    } else {
        assert_memory_equal(o.theta, p.candidate[taken], p.n * sizeof *o.theta);
    }
}

static void takes_the_first_that_fits(void** state) {
    (void)state;
    check_search((double[]){-1, -1, -1, -1}, (double[]){0.01, 0, 0, 0}, 0);          /* kl = max_kl is allowed */
    check_search((double[]){-1, -1, -1, -1}, (double[]){0.0100001, 0.005, 0, 0}, 1); /* more is not */
    check_search((double[]){1, 0, -1e-9, -1}, (double[]){0, 0, 0, 0}, 2);            /* the same loss is not enough */
    check_search((double[]){-5, 1, 1, -1e-9}, (double[]){1, 0, 0, 0.01}, 3);         /* the last one counts, too */
    check_search((double[]){NAN, -1, -1, -1}, (double[]){0, NAN, 0.001, 0}, 2);      /* no number is no fit */
    check_search((double[]){-INFINITY, -1, 0, 0}, (double[]){INFINITY, 0.001, 0, 0},
                 1); /* as with an exploding ratio */
}

static void takes_none_if_none_fits(void** state) {
    (void)state;
    check_search((double[]){1, 1, 1, 1}, (double[]){0, 0, 0, 0}, -1);
    check_search((double[]){-1, -1, -1, -1}, (double[]){1, 1, 1, 0.011}, -1);
    check_search((double[]){NAN, NAN, NAN, NAN}, (double[]){0, 0, 0, 0}, -1);
    check_search((double[]){-1, -1, -1, -1}, (double[]){NAN, NAN, NAN, NAN}, -1);
}

static void a_failing_callback_ends_the_step(void** state) {
    (void)state;
    for (int which = 0; which < 2; which++) {
        for (int call = 1; call <= 3; call++) {
            problem p;
            make_problem(&p, 5);
            p.forced = true; /* candidates that do not fit, until the failure */
            p.forced_kl[0] = p.forced_kl[1] = 1;
            *(which ? &p.evaluate_fails : &p.curvature_fails) = call;
            outcome o = step(&p, ks_trpo_settings_default());
            assert_false(o.ok);
            assert_int_equal(o.err.code, KS_FAILED);
            assert_string_equal(o.err.text, which ? "evaluation failed" : "curvature failed");
            check_untouched(&p, &o);
            assert_int_equal(which ? p.evaluations : p.curvatures, call);
        }
    }
}

static void verdicts_have_texts(void** state) {
    (void)state;
    assert_string_equal(ks_trpo_verdict_text(KS_TRPO_ACCEPTED), "accepted");
    for (int v = KS_TRPO_ACCEPTED; v <= KS_TRPO_BAD_CURVATURE; v++) {
        for (int w = KS_TRPO_ACCEPTED; w < v; w++) {
            assert_string_not_equal(ks_trpo_verdict_text((ks_trpo_verdict)v), ks_trpo_verdict_text((ks_trpo_verdict)w));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_with_a_known_answer),    cmocka_unit_test(repeated_steps_descend),
        cmocka_unit_test(takes_the_first_that_fits),        cmocka_unit_test(takes_none_if_none_fits),
        cmocka_unit_test(a_failing_callback_ends_the_step), cmocka_unit_test(verdicts_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
