/* Reptile's outer step in the double build: the share of the way to the mean of what the inner steps lead to, and nothing else. */
#include "maml/outer_reptile.h"
#include "toy_problem.h"

static void check(ks_head head, int k, double step, double halving, uint64_t iteration) {
    toy t;
    toy_open(&t, head);
    ks_outer_reptile_settings reptile = {.step = step, .step_halving = halving};
    ks_maml_settings settings = toy_settings(k);
    settings.outer = &ks_outer_reptile;
    settings.outer_settings = &reptile;
    toy_run r = toy_iterate(&t, &settings); /* iteration 0, which leaves the stages behind */
    assert_true(r.ok && r.stats.outer.moved);
    size_t p = ks_policy_num_params(t.policy);
    ks_real* before = reals(&t.memory, p);
    memcpy(before, ks_maml_stage_theta(r.maml, 0, 0), p * sizeof *before);
    for (size_t i = 0; i < p; i++) {
        double mean = 0;
        for (size_t g = 0; g < TOY_TASKS; g++) {
            mean += (double)ks_maml_stage_theta(r.maml, k, g)[i] / TOY_TASKS;
        }
        double wanted = (double)before[i] + step * (mean - (double)before[i]);
        assert_true(fabs((double)r.params[i] - wanted) < 1e-12);
    }
    /* the step of a later iteration is shorter */
    memcpy(r.params, before, p * sizeof *before);
    assert_true(ks_maml_iterate(r.maml, r.params, r.state, iteration, &r.stats, &r.err));
    double share = halving > 0 ? step * exp2(-(double)iteration / halving) : step;
    double length = 0;
    for (size_t i = 0; i < p; i++) {
        length += ((double)r.params[i] - (double)before[i]) * ((double)r.params[i] - (double)before[i]);
    }
    assert_true(fabs(sqrt(length) - share * r.stats.outer.column[1]) < 1e-9);
    toy_finish(&r);
    toy_close(&t);
}

static void test_a_share_of_the_way(void** state) {
    (void)state;
    check(KS_GAUSSIAN, 1, 0.1, 0, 3);
    check(KS_GAUSSIAN, 3, 1, 2, 3);
    check(KS_CATEGORICAL, 2, 0.5, 10, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_share_of_the_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
