/* test_expression: arithmetic from text: values against C, precedence, vectors, errors with their columns, and text that is too much. */
#include "expression_support.h"

/* ---- values ------------------------------------------------------------------------------------------------------ */

static void numbers_and_precedence(void** state) {
    (void)state;
    IS("1", 1);
    IS(" .5", .5);
    IS("2e-3", 2e-3);
    IS("1.", 1);
    IS("1E+2", 100);
    IS("pi", 3.14159265358979323846);
    IS("1 + 2 * 3", 7);
    IS("(1 + 2) * 3", 9);
    IS("7 - 2 - 1", 4);
    IS("2 - 1 * 3", -1);
    IS("8 / 4 / 2", 1);
    IS("8 / 4 * 2", 4);
    IS("2 ^ 3 ^ 2", 512);
    IS("-2 ^ 2", -4);
    IS("(-2) ^ 2", 4);
    IS("2 ^ -1", .5);
    IS("2 ^ -1 ^ 2", .5);
    IS("--2", 2);
    IS("2 - -2", 4);
    IS("2--2", 4);
    IS("1 - 2 < 0", 1);
    IS("1 < 2 and 2 < 3", 1);
    IS("2 == 0 or 1 > 0", 1);
    IS("1 or 0 and 0", 1);
    IS("(1 or 0) and 0", 0);
    IS("not 0 and not 2", 0);
    IS("not not 3", 1);
    IS("not (1 > 2)", 1);
    IS("1 - not 0", 0);
    IS("-not 0", -1);
    IS("not 2 ^ 2", 0);
    IS("1 <= 1 and 1 >= 1 and 1 == 1 and 1 != 2 and not (1 != 1)", 1);
    IS("\t1\n+\r 1 ", 2);
    IS("1/0", INFINITY);
    IS("-1/0", -INFINITY);
    IS("0/0", NAN);
    IS("0/0 == 0/0", 0);
    IS("-0", -0.0);
    IS("0.1 + 0.2", 0.1 + 0.2);
    IS("1e308 * 10 / 10", INFINITY);
}

static void functions(void** state) {
    const world* s = *state;
    const double x = s->value[X][0], *v = s->value[V], *w = s->value[W], *goal = s->value[GOAL];
    IS("x", x);
    IS("x*2 + 1", x * 2 + 1);
    IS("abs(-x)", x);
    IS("sqrt(x)", sqrt(x));
    IS("exp(x)", ks_double_exp(x));
    IS("log(x)", ks_double_log(x));
    IS("sin(x)", ks_double_sin(x));
    IS("cos(x)", ks_double_cos(x));
    IS("tan(x)", ks_double_tan(x));
    IS("tanh(x)", ks_double_tanh(x));
    IS("atan2(x, -2)", ks_double_atan2(x, -2));
    IS("floor(-x)", -1);
    IS("sign(-x) + sign(0) + sign(x * 7)", 0);
    IS("sign(-x)", -1);
    IS("square(x)", x * x);
    IS("x^2", x * x);
    IS("x^[2, 3]", x * x, ks_double_pow(x, 3));
    IS("4^.5", 2);
    IS("min(x, 3)", x);
    IS("max(x, 3)", 3);
    IS("clip(x * 100, -1, 1)", 1);
    IS("clip(-x * 100, -1, 1)", -1);
    IS("where(x > 0, 5, 6)", 5);
    IS("where(x < 0, 5, 6)", 6);
    IS("sum(v)", 0 + v[0] + v[1] + v[2]);
    IS("mean(v)", (0 + v[0] + v[1] + v[2]) / 3);
    IS("norm(v)", sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]));
    IS("norm1(-v)", v[0] + v[1] + v[2]);
    IS("dot(v, w)", v[0] * w[0] + v[1] * w[1] + v[2] * w[2]);
    IS("smallest(v)", v[2]);
    IS("largest(v)", v[0]);
    IS("size(v) + size(2) + size(action)", 10);
    IS("any(v < 0)", 0);
    IS("any(v < 2)", 1);
    IS("all(v < 2)", 0);
    IS("all(v < 3)", 1);
    IS("sum(3)", 3);
    const double off[] = {v[0] - goal[0], v[1] - goal[1]}, distance = sqrt(off[0] * off[0] + off[1] * off[1]);
    IS("exp(-norm(v[0:2] - goal)^2 / 0.25)", ks_double_exp(-(distance * distance) / 0.25));
}

static void not_a_number_stays(void** state) {
    (void)state;
    IS("min(0/0, 1)", NAN);
    IS("min(1, 0/0)", NAN);
    IS("max(0/0, 1)", NAN);
    IS("max(1, 0/0)", NAN);
    IS("clip(0/0, 0, 1)", NAN);
    IS("sign(0/0)", NAN);
    IS("smallest([1, 0/0, 2])", NAN);
    IS("largest([0/0, 1, 2])", NAN);
    IS("where(0/0, 1, 2)", 1); /* it is not 0 */
    IS("not (0/0)", 0);
    IS("sqrt(-1)", NAN);
    IS("log(0)", -INFINITY);
}

static void vectors(void** state) {
    const world* s = *state;
    const double *v = s->value[V], *w = s->value[W], *goal = s->value[GOAL];
    IS("v", v[0], v[1], v[2]);
    IS("v + w", v[0] + w[0], v[1] + w[1], v[2] + w[2]);
    IS("v - 1", v[0] - 1, v[1] - 1, v[2] - 1);
    IS("1 - v", 1 - v[0], 1 - v[1], 1 - v[2]);
    IS("-v", -v[0], -v[1], -v[2]);
    IS("v[0]", v[0]);
    IS("v[2]", v[2]);
    IS("v[-1]", v[2]);
    IS("v[ -3 ]", v[0]);
    IS("v[0:2]", v[0], v[1]);
    IS("v[1:3]", v[1], v[2]);
    IS("v[1:]", v[1], v[2]);
    IS("v[:2]", v[0], v[1]);
    IS("v[:]", v[0], v[1], v[2]);
    IS("v[:-1]", v[0], v[1]);
    IS("v[-2:]", v[1], v[2]);
    IS("v[1:][1]", v[2]);
    IS("v[2]^2", v[2] * v[2]);
    IS("(v + w)[1]", v[1] + w[1]);
    IS("x[0]", 0.1);
    IS("[1, 2, 3]", 1, 2, 3);
    IS("[1, 2, 3][1:] * 2", 4, 6);
    IS("[v, x, [4]]", v[0], v[1], v[2], 0.1, 4);
    IS("[v[1:], goal][1:3]", v[2], goal[0]);
    IS("[x, -x, 2 * 3]", 0.1, -0.1, 6);
    IS("where(v > 2, v, 0)", v[0], v[1], 0);
    IS("where(1, v, w)", v[0], v[1], v[2]);
    IS("where(0, 7, w)", w[0], w[1], w[2]);
    IS("where([1, 0], 7, 8)", 7, 8);
    IS("where(0, v, 8)", 8, 8, 8);
    IS("where(1, 7, v)", 7, 7, 7);
    IS("clip([1, 2, 3], 1.5, [9, 9, 2.5])", 1.5, 2, 2.5);
    IS("clip(2, [1, 3], 4)", 2, 3);
    IS("clip(9, 1, [3, 4, 5])", 3, 4, 5);
    IS("max(v, w) == w", 1, 1, 1);
    IS("sum([v, goal]) + 0 * sum(w)", 0 + v[0] + v[1] + v[2] + goal[0] + goal[1]);
    IS("2 * (v[0:2] - goal) * [10, 1]", 2 * (v[0] - goal[0]) * 10, 2 * (v[1] - goal[1]) * 1);
    IS("[big[1:], 1][-2:]", s->value[BIG][511], 1);
}

static void names(void** state) {
    world* s = *state;
    int size;
    free(value_of("hip(knee)", &size));
    assert_string_equal(called, "hip|knee");
    assert_int_equal(size, 2);
    free(value_of("hip ( \"leg *\" ) + 0", &size));
    assert_string_equal(called, "hip|leg *");
    struct {
        const char *text, *called;
    } CALLS[] = {{"hip", "hip"},
                 {"hip()", "hip"},
                 {"hip(leg_*, 'a (b), c', #3, -1.5e3)", "hip|leg_*|a (b), c|#3|-1.5e3"},
                 {"hip(torso/geom, \"it's\")", "hip|torso/geom|it's"},
                 {"hip(größe,[ab]?)", "hip|größe|[ab]?"},
                 {"hip(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16)", "hip|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16"},
                 {"norm(v) + norm[1]", "norm"}}; /* the function, and the scope's */
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        ks_error err = {0};
        ks_expression* e = ks_expression_parse(CALLS[i].text, &SCOPE, &err);
        assert_string_equal(err.text, "");
        assert_string_equal(called, CALLS[i].called);
        ks_expression_destroy(e);
    }
    s->reads = 0; /* what is constant was computed while parsing */
    IS("sum([1, 2, 3] * 2 ^ 3)[0] + exp(0) + size(v)", 52);
    assert_int_equal(s->reads, 0);
    IS("v[0] - v[0]", 0);
    assert_int_equal(s->reads, 2);
    ks_expression* e = ks_expression_parse("1 + 1", NULL, NULL);
    assert_non_null(e);
    ks_expression_destroy(e);
    assert_null(ks_expression_parse("1 + x", NULL, NULL));
    ks_expression_destroy(NULL);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static const char* error_of(const char* text, ks_code code) {
    static ks_error err;
    err = (ks_error){0};
    assert_null(ks_expression_parse(text, &SCOPE, &err));
    assert_int_equal(err.code, code);
    assert_true(*err.text && !strpbrk(err.text, "\n\r"));
    return err.text;
}

static void errors(void** state) {
    (void)state;
    static const char* const ERRORS[][2] = {
        {"1 + 2*expp(x)", "column 7: there is no function \"expp\"; the nearest is \"exp\""},
        {"expp(sum(v))", "column 1: there is no function \"expp\"; the nearest is \"exp\""},
        {"2 * speed", "column 5: there is no name \"speed\""},
        {"speed(x - 1)",
         "column 9: \"speed\" takes names, in quotes if they have blanks or brackets, and numbers; not \"-\""},
        {"x(1)", "column 1: \"x\" takes no arguments"},
        {"exp + 1", "column 1: \"exp\" is a function: exp(…)"},
        {"", "column 1: a value is missing at the end"},
        {"  \n", "column 4: a value is missing at the end"},
        {"1 +", "column 4: a value is missing at the end"},
        {"1 + * 2", "column 5: a value is missing before \"*\""},
        {"1 + and", "column 5: a value is missing before \"and\""},
        {"1 + )", "column 5: a value is missing before \")\""},
        {"hip(\"größe\") + )", "column 16: a value is missing before \")\""},
        {"2 x", "column 3: an operator is missing before \"x\""},
        {"2x", "column 2: an operator is missing before \"x\""},
        {"x 12.5", "column 3: an operator is missing before \"12.5\""},
        {"1.5.2", "column 4: an operator is missing before \".2\""},
        {"0x10", "column 2: an operator is missing before \"x10\""},
        {"x not 1", "column 3: an operator is missing before \"not\""},
        {"(1 + 2", "column 7: \")\" for the \"(\" in column 1 is missing at the end"},
        {"abs((1 + 2)", "column 12: \")\" for the \"(\" in column 4 is missing at the end"},
        {"[1, 2 3]", "column 7: \"]\" for the \"[\" in column 1 is missing before \"3\""},
        {"[1, 2)", "column 6: \"]\" for the \"[\" in column 1 is missing before \")\""},
        {"1 + 2)", "column 6: this \")\" closes no bracket"},
        {"[]", "column 1: a vector has one number at least"},
        {"[1,]", "column 4: a value is missing before \"]\""},
        {"v + goal", "column 3: \"+\" of vectors of 3 numbers and of 2: they must have the same length"},
        {"v <= goal", "column 3: \"<=\" of vectors of 3 numbers and of 2: they must have the same length"},
        {"v ^ goal", "column 3: \"^\" of vectors of 3 numbers and of 2: they must have the same length"},
        {"1 + clip(v, 0, goal)", "column 5: \"clip\" of vectors of 3 numbers and of 2: they must have the same length"},
        {"dot(v, 1)", "column 1: \"dot\" of vectors of 3 numbers and of 1: they must have the same length"},
        {"v[3]", "column 2: the vector has 3 numbers, 0 to 2: this part is empty or goes beyond"},
        {"v[-4]", "column 2: the vector has 3 numbers, 0 to 2: this part is empty or goes beyond"},
        {"v[2:2]", "column 2: the vector has 3 numbers, 0 to 2: this part is empty or goes beyond"},
        {"v[1:4]", "column 2: the vector has 3 numbers, 0 to 2: this part is empty or goes beyond"},
        {"x[1]", "column 2: the vector has 1 number, 0 to 0: this part is empty or goes beyond"},
        {"v[x]", "column 3: a whole number is missing: places in a vector are counted from 0, or from -1 back"},
        {"v[1.0]", "column 3: a whole number is missing: places in a vector are counted from 0, or from -1 back"},
        {"v[]", "column 3: a whole number is missing: places in a vector are counted from 0, or from -1 back"},
        {"v[99999999999999999999]",
         "column 3: a whole number is missing: places in a vector are counted from 0, or from -1 back"},
        {"v[1", "column 4: \"]\" for the \"[\" in column 2 is missing at the end"},
        {"min(v)", "column 1: \"min\" takes 2 arguments, not 1; of a vector's numbers: smallest"},
        {"max()", "column 1: \"max\" takes 2 arguments, not 0"},
        {"1 + abs(1, 2)", "column 5: \"abs\" takes 1 argument, not 2"},
        {"clip(1, 2, 3, 4, 5, 6)", "column 1: \"clip\" takes 3 arguments, not 6"},
        {"abs(1,)", "column 7: a value is missing before \")\""},
        {"0 < x < 1", "column 7: comparisons make no chain: write a < b and b < c"},
        {"0 < x == 1", "column 7: comparisons make no chain: write a < b and b == c"},
        {"not x > 1", "column 1: \"not\" takes the one value behind it: write not (a > b)"},
        {"1 and not x * 2", "column 7: \"not\" takes the one value behind it: write not (a * b)"},
        {"x = 1", "column 3: write == for ="},
        {"x ** 2", "column 3: write ^ for **"},
        {"x && y", "column 3: write and for &&"},
        {"x || y", "column 3: write or for ||"},
        {"!x", "column 1: write not for !"},
        {"x =< 1", "column 3: write <= for =<"},
        {"1 % 2", "column 3: an operator is missing before \"%\""},
        {"1 \xe2\x88\x92 2", "column 3: this is a minus sign (U+2212), not a plain character"},
        {"\xff", "column 1: a value is missing before \"\\xff\""},
        {"1 + \033[31m", "column 5: a value is missing before \"\\x1b\""},
        {"1e999", "column 1: this number is larger or smaller than what a double holds"},
        {"1 + 1e-999", "column 5: this number is larger or smaller than what a double holds"},
        {"\"x\"", "column 1: names in quotes stand in brackets only, as in sensor(\"left foot\")"},
        {"hip(\"a)", "column 5: this quotation mark has no other at the end of the name"},
        {"hip(,)", "column 5: a name or a number is missing before \",\""},
        {"hip(a", "column 6: \")\" for the \"(\" in column 4 is missing at the end"},
        {"hip(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17)", "column 44: more than 16 arguments"},
        {"wide + 1", "column 1: \"wide\" has 600 numbers; 1 to 512 can be read at a time"},
        {"none", "column 1: \"none\" has 0 numbers; 1 to 512 can be read at a time"},
        {"1 + [big, 1]", "column 5: a vector has 512 numbers at most"},
    };
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
        assert_string_equal(error_of(ERRORS[i][0], KS_BAD_INPUT), ERRORS[i][1]);
    }
    assert_string_equal(error_of("1 + hip(memory)", KS_FAILED), "column 5: not enough memory");
}

/* ---- too much ---------------------------------------------------------------------------------------------------- */

/* `piece` count times, then `end` */
static char* repeat(const char* piece, size_t count, const char* end) {
    size_t length = strlen(piece);
    char* text = malloc(count * length + strlen(end) + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + i * length, piece, length);
    }
    strcpy(text + count * length, end);
    return text;
}

static void depth(void** state) {
    (void)state;
    static const char* const BOMBS[] = {"(",
                                        "-",
                                        "[",
                                        "2^",
                                        "not ",
                                        "abs(",
                                        "- not [",
                                        "1+(",
                                        "hip(",
                                        "where(1,",
                                        "1 or (1 +",
                                        "v[",
                                        "x < 1 and not (",
                                        "2^-",
                                        "[1, [",
                                        "min(1, -"};
    for (size_t i = 0; i < sizeof BOMBS / sizeof *BOMBS; i++) {
        for (size_t count = 60; count < 20000; count = count * 3 / 2) {
            char* text = repeat(BOMBS[i], count, "");
            error_of(text, KS_BAD_INPUT);
            free(text);
        }
    }
    char text[256] = "";
    memset(text, '(', KS_EXPRESSION_DEPTH_MAX - 1);
    strcat(text, "7");
    memset(text + KS_EXPRESSION_DEPTH_MAX, ')', KS_EXPRESSION_DEPTH_MAX - 1);
    IS(text, 7);
    char* deeper = repeat("(", KS_EXPRESSION_DEPTH_MAX, "7");
    assert_string_equal(error_of(deeper, KS_BAD_INPUT), "column 65: more than 64 levels of brackets, signs or powers");
    free(deeper);
    char* bombs = repeat("-", 63, "1"); /* one beside the other, each of which is not too deep */
    char* many = repeat("+(---(---(1)))", 600, "");
    IS(bombs, -1);
    IS(many + 1, 600);
    free(bombs);
    free(many);
}

static void length(void** state) {
    (void)state;
    char* text = repeat("x+", 4999, "x "); /* as long as may be */
    int size;
    double* value = value_of(text, &size);
    assert_true(fabs(*value - 500) < 1e-9);
    free(value);
    free(text);
    text = repeat("1,", 4998, "1");
    text[0] = '[';
    assert_string_equal(error_of(text, KS_BAD_INPUT), "column 2: a value is missing before \",\"");
    text[1] = '1';
    assert_string_equal(error_of(text, KS_BAD_INPUT), "column 1: a vector has 512 numbers at most");
    free(text);
    static const char* const PIECES[] = {"1+", "x", " ", "(", "\xff", "[1,", "hip(a,b)+", "\"", "-", "\xcf\x80"};
    for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++) {
        text = repeat(PIECES[i], 100000 / strlen(PIECES[i]), "1");
        assert_string_equal(error_of(text, KS_BAD_INPUT), "an expression has 10000 bytes at most");
        text[KS_EXPRESSION_TEXT_MAX] = 0;
        ks_error err = {0};
        ks_expression* e = ks_expression_parse(text, &SCOPE, &err);
        assert_true((e != NULL) == (err.code == KS_OK));
        ks_expression_destroy(e);
        free(text);
    }
}

static void stack(void** state) {
    (void)state;
    char* text = repeat("big+(", 7, "big)))))))"); /* 8 times 512 numbers at a time */
    int size;
    double* value = value_of(text, &size);
    assert_int_equal(size, 512);
    assert_true(fabs(value[5] - 8 * the_world->value[BIG][5]) < 1e-9);
    free(value);
    free(text);
    text = repeat("big+(", 7, "big+1)))))))");
    assert_string_equal(error_of(text, KS_BAD_INPUT), "column 40: more than 4096 numbers at a time");
    free(text);
    text = repeat("big+(", 7, "1+big)))))))");
    assert_string_equal(error_of(text, KS_BAD_INPUT), "column 38: more than 4096 numbers at a time");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_and_precedence),
                                       cmocka_unit_test(functions),
                                       cmocka_unit_test(not_a_number_stays),
                                       cmocka_unit_test(vectors),
                                       cmocka_unit_test(names),
                                       cmocka_unit_test(errors),
                                       cmocka_unit_test(depth),
                                       cmocka_unit_test(length),
                                       cmocka_unit_test(stack)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
