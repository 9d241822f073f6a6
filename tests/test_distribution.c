/* How numbers of tasks are drawn: quantiles, moments, ends of the range, what cannot be drawn from, and the arithmetic
 * that draws are made of beside the C library's. */
#include "base/elementary_double.h"
#include "env_support.h"
#include "envs/distribution.h"

#include <float.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const double LEAST = 0x1p-54; /* the least and the largest uniform that streams give */
static const double LARGEST = 1 - 0x1p-53;

static double draw(const ks_distribution* d, double u) {
    assert_int_equal(ks_distribution_uniforms(d), d->kind != KS_FIXED);
    return ks_distribution_draw(d, &u);
}

/* ---- draws ------------------------------------------------------------------------------------------------------- */

static void a_uniform_is_what_the_environments_draw(void** state) {
    (void)state;
    const ks_distribution velocity = {KS_UNIFORM, 2, {0, 2}};
    const ks_distribution goal = {KS_UNIFORM, 2, {-3, 3}};
    const ks_distribution direction = {KS_CHOICE, 2, {-1, 1}};
    uint64_t random = 5;
    for (int i = 0; i < 1000; i++) {
        double u = uniform(&random);
        assert_true(draw(&velocity, u) == 2 * u);
        assert_true(draw(&goal, u) == 3 * (2 * u - 1));
        assert_true(draw(&direction, u) == (u < 0.5 ? -1 : 1));
    }
}

/* the probability of less than x */
static double below(const ks_distribution* d, double x) {
    const double* n = d->numbers;
    switch (d->kind) {
        case KS_UNIFORM:
            return (x - n[0]) / (n[1] - n[0]);
        case KS_LOG_UNIFORM:
            return log(x / n[0]) / log(n[1] / n[0]);
        default: { /* cut at four standard deviations */
            const double beyond = 0.5 * erfc(4 / sqrt(2));
            return (0.5 * erfc((n[0] - x) / n[1] / sqrt(2)) - beyond) / (1 - 2 * beyond);
        }
    }
}

static const ks_distribution CONTINUOUS[] = {
    {KS_UNIFORM, 2, {0, 2}},       {KS_UNIFORM, 2, {-7.25, 12}},     {KS_UNIFORM, 2, {-3, 3}},
    {KS_LOG_UNIFORM, 2, {0.5, 2}}, {KS_LOG_UNIFORM, 2, {1e-6, 1e5}}, {KS_LOG_UNIFORM, 2, {3, 3.0000001}},
    {KS_NORMAL, 2, {0, 1}},        {KS_NORMAL, 2, {-3, 0.01}},       {KS_NORMAL, 2, {1e4, 1e-2}},
};

static void quantiles_are_those_of_the_distribution(void** state) {
    (void)state;
    uint64_t random = 3;
    for (size_t c = 0; c < LENGTH(CONTINUOUS); c++) {
        const ks_distribution* d = &CONTINUOUS[c];
        assert_true(ks_distribution_check(d, NULL));
        double range[2];
        ks_distribution_range(range, d);
        const double spread = d->kind == KS_NORMAL ? d->numbers[1] : d->numbers[1] - d->numbers[0];
        const double rounding = 1e-14 + 1e-14 * fabs(d->numbers[0]) / spread;
        double before = range[0];
        for (int i = 0; i < 20000; i++) {
            double u = (i + uniform(&random)) / 20000;
            double x = draw(d, u);
            assert_true(fabs(below(d, x) - u) <= rounding);
            assert_true(x >= before && x <= range[1]); /* larger uniforms, larger numbers */
            before = x;
        }
    }
}

static void ends_are_reached_and_not_passed(void** state) {
    (void)state;
    for (size_t c = 0; c < LENGTH(CONTINUOUS); c++) {
        const ks_distribution* d = &CONTINUOUS[c];
        double range[2];
        ks_distribution_range(range, d);
        double low = draw(d, LEAST);
        double high = draw(d, LARGEST);
        assert_true(low >= range[0] && high <= range[1]);
        const double near = 1e-9 * (range[1] - range[0]) + 1e-15 * fabs(range[1]);
        assert_true(low - range[0] <= near && range[1] - high <= near);
    }
    const ks_distribution normal = {KS_NORMAL, 2, {10, 0.5}};
    double range[2];
    ks_distribution_range(range, &normal);
    assert_true(range[0] == 8 && range[1] == 12);
}

static void moments(void** state) {
    (void)state;
    static const struct {
        ks_distribution d;
        double mean, variance;
    } EXPECTED[] = {
        {{KS_UNIFORM, 2, {-1, 5}}, 2, 3},
        {{KS_LOG_UNIFORM, 2, {1, 7.38905609893065}}, 3.194528049465325, 13.399537485868 - 10.205009459815},
        {{KS_NORMAL, 2, {-2, 3}}, -2, 9 * 0.99892940},
        {{KS_CHOICE, 4, {1, 1, 1, 5}}, 2, 3},
        {{KS_FIXED, 1, {4.5}}, 4.5, 0},
    };
    enum { DRAWS = 400000 };
    for (size_t c = 0; c < LENGTH(EXPECTED); c++) {
        uint64_t random = 77;
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < DRAWS; i++) {
            double x = draw(&EXPECTED[c].d, uniform(&random)) - EXPECTED[c].mean;
            sum += x;
            squares += x * x;
        }
        double spread = sqrt(EXPECTED[c].variance / DRAWS);
        assert_true(fabs(sum / DRAWS) <= 4 * spread);
        assert_true(fabs(squares / DRAWS - EXPECTED[c].variance) <= 0.01 * EXPECTED[c].variance);
    }
}

static void every_value_of_a_choice_is_drawn(void** state) {
    (void)state;
    ks_distribution d = {.kind = KS_CHOICE};
    for (d.count = 1; d.count <= KS_CHOICE_MAX; d.count++) {
        d.numbers[d.count - 1] = 100 - 3 * d.count;
        for (int i = 0; i < d.count; i++) {
            assert_true(draw(&d, (i + 0.001) / d.count) == d.numbers[i]);
            assert_true(draw(&d, (i + 0.999) / d.count) == d.numbers[i]);
        }
        assert_true(draw(&d, LEAST) == d.numbers[0]);
        assert_true(draw(&d, LARGEST) == d.numbers[d.count - 1]);
        double range[2];
        ks_distribution_range(range, &d);
        assert_true(range[0] == d.numbers[d.count - 1] && range[1] == 97);
    }
}

/* the bytes that Python computes, too; they must never change, since tasks would */
static void draws_are_the_same_for_ever(void** state) {
    (void)state;
    static const struct {
        ks_distribution d;
        double u, x;
    } KNOWN[] = {
        {{KS_UNIFORM, 2, {0.1, 0.7}}, 0.3, 0x1.1eb851eb851ecp-2},
        {{KS_LOG_UNIFORM, 2, {0.5, 3}}, 0.3, 0x1.b6368cac7175ap-1},
        {{KS_NORMAL, 2, {1, 0.1}}, 0.3, 0x1.e5270e1f7debcp-1},
        {{KS_NORMAL, 2, {1, 0.1}}, 0.999, 0x1.4edf8018d7ddap+0},
    };
    for (size_t i = 0; i < LENGTH(KNOWN); i++) {
        if (draw(&KNOWN[i].d, KNOWN[i].u) != KNOWN[i].x) {
            fail_msg("%zu: %a", i, draw(&KNOWN[i].d, KNOWN[i].u));
        }
    }
}

/* ---- what is said of them ---------------------------------------------------------------------------------------- */

static void steps(void** state) {
    (void)state;
    static const struct {
        ks_distribution d;
        double step;
    } STEPS[] = {
        {{KS_CHOICE, 2, {-1, 1}}, 2},       {{KS_CHOICE, 2, {1, -1}}, 2}, {{KS_CHOICE, 4, {3, 1, 2, 1}}, 1},
        {{KS_CHOICE, 3, {1, 2, 4}}, 0},     {{KS_CHOICE, 1, {3}}, 0},     {{KS_CHOICE, 2, {3, 3}}, 0},
        {{KS_CHOICE, 3, {0, 0.1, 0.3}}, 0}, {{KS_UNIFORM, 2, {0, 2}}, 0}, {{KS_FIXED, 1, {2}}, 0},
    };
    for (size_t i = 0; i < LENGTH(STEPS); i++) {
        assert_true(ks_distribution_step(&STEPS[i].d) == STEPS[i].step);
    }
}

static void texts(void** state) {
    (void)state;
    static const struct {
        ks_distribution d;
        const char *unit, *text;
    } TEXTS[] = {
        {{KS_UNIFORM, 2, {0, 2}}, "m/s", "U[0, 2] m/s"},
        {{KS_LOG_UNIFORM, 2, {0.5, 2}}, "", "log-U[0.5, 2]"},
        {{KS_NORMAL, 2, {1, 0.1}}, "kg", "N(1, 0.1²) kg"},
        {{KS_CHOICE, 2, {-1, 1}}, "", "-1 or 1, equally likely"},
        {{KS_CHOICE, 3, {0, 1, 2}}, "m", "0, 1 or 2 m, equally likely"},
        {{KS_CHOICE, 1, {7}}, "", "7"},
        {{KS_CHOICE, 5, {4, 1, 2, 3, 9}}, "m", "one of 5 values, 1 to 9 m"},
        {{KS_FIXED, 1, {2.5}}, "m", "2.5 m"},
    };
    for (size_t i = 0; i < LENGTH(TEXTS); i++) {
        char text[KS_DISTRIBUTION_TEXT];
        assert_string_equal(ks_distribution_text(text, &TEXTS[i].d, TEXTS[i].unit), TEXTS[i].text);
    }
}

static void words(void** state) {
    (void)state;
    ks_error err = {0};
    for (int k = 0; k < KS_DISTRIBUTION_KINDS; k++) {
        ks_distribution_kind kind = KS_FIXED;
        assert_true(ks_distribution_find(&kind, ks_distribution_word((ks_distribution_kind)k), &err));
        assert_int_equal(kind, k);
        assert_true(*ks_distribution_numbers(kind));
    }
    ks_distribution_kind kind;
    assert_false(ks_distribution_find(&kind, "loguniform", &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, "the nearest is \"log_uniform\""));
}

static void what_cannot_be_drawn_from(void** state) {
    (void)state;
    static const struct {
        ks_distribution d;
        const char* says;
    } WRONG[] = {
        {{KS_UNIFORM, 2, {2, 1}}, "uniform: the lowest number, 2, must be below the highest, 1"},
        {{KS_UNIFORM, 2, {1, 1}}, "a number that never changes is fixed"},
        {{KS_UNIFORM, 1, {1}}, "uniform takes 2 numbers (lowest, highest), not 1"},
        {{KS_UNIFORM, 3, {1, 2, 3}}, "not 3"},
        {{KS_UNIFORM, 2, {(double)NAN, 2}}, "number 1 is nan"},
        {{KS_UNIFORM, 2, {0, (double)INFINITY}}, "number 2 is inf"},
        {{KS_UNIFORM, 2, {0, 1e39}}, "single precision"},
        {{KS_LOG_UNIFORM, 2, {0, 2}}, "log_uniform: the lowest number must be above 0, not 0"},
        {{KS_LOG_UNIFORM, 2, {-1, 2}}, "above 0, not -1"},
        {{KS_LOG_UNIFORM, 2, {3, 2}}, "must be below"},
        {{KS_NORMAL, 2, {1, 0}}, "normal: the standard deviation must be above 0, not 0"},
        {{KS_NORMAL, 2, {1, -1}}, "above 0, not -1"},
        {{KS_NORMAL, 2, {3e38, 2e38}}, "a standard deviation of 2e+38"},
        {{KS_CHOICE, 0, {0}}, "choice has no values"},
        {{KS_CHOICE, 65, {0}}, "choice has 65 values; 64 are the most"},
        {{KS_FIXED, 2, {1, 2}}, "fixed takes 1 number (value), not 2"},
        {{KS_FIXED, 1, {(double)NAN}}, "fixed: number 1 is nan"},
    };
    for (size_t i = 0; i < LENGTH(WRONG); i++) {
        ks_error err = {0};
        assert_false(ks_distribution_check(&WRONG[i].d, &err));
        assert_int_equal(err.code, KS_BAD_INPUT);
        if (!strstr(err.text, WRONG[i].says)) {
            fail_msg("%zu: %s", i, err.text);
        }
    }
    const ks_distribution right[] = {
        {KS_CHOICE, 64, {0}}, {KS_CHOICE, 1, {-3}}, {KS_FIXED, 1, {0}}, {KS_NORMAL, 2, {-5, 1e-3}}};
    for (size_t i = 0; i < LENGTH(right); i++) {
        assert_true(ks_distribution_check(&right[i], NULL));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uniform_is_what_the_environments_draw),
        cmocka_unit_test(quantiles_are_those_of_the_distribution),
        cmocka_unit_test(ends_are_reached_and_not_passed),
        cmocka_unit_test(moments),
        cmocka_unit_test(every_value_of_a_choice_is_drawn),
        cmocka_unit_test(draws_are_the_same_for_ever),
        cmocka_unit_test(steps),
        cmocka_unit_test(texts),
        cmocka_unit_test(words),
        cmocka_unit_test(what_cannot_be_drawn_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
