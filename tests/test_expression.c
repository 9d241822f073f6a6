/* test_expression: arithmetic from text: values against C, precedence, vectors, errors with their columns, text that
 * is too much, and thousands of random expressions whose values are computed along the tree while they are written. */
#include "envs/expression.h"

#include "base/elementary_double.h"
#include "base/number.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a scope ----------------------------------------------------------------------------------------------------- */

enum { X, Y, GOAL, V, W, SIX, BIG, WIDE, NONE, NORM, HIP, NUM_NAMES };
static const struct {
    const char* name;
    int size;
} NAMES[NUM_NAMES] = {{"x", 1},     {"y", 1},      {"goal", 2}, {"v", 3},    {"w", 3},  {"action", 6},
                      {"big", 512}, {"wide", 600}, {"none", 0}, {"norm", 2}, {"hip", 0}};

typedef struct world {
    double value[NUM_NAMES][512];
    int reads;
} world;

static char called[4096]; /* hip: name|argument|argument|… of the last time */

static bool find(void* context, const char* name, const char* const* args, int num_args, ks_expression_name* found,
                 ks_error* err) {
    (void)context;
    for (int i = 0; i < NUM_NAMES; i++) {
        if (strcmp(NAMES[i].name, name) == 0) {
            found->handle = i;
            found->size = i == HIP ? num_args + 1 : NAMES[i].size;
            if (num_args > 0 && i != HIP) {
                return ks_fail(err, KS_BAD_INPUT, "\"%s\" takes no arguments", name);
            }
            strcpy(called, name);
            for (int k = 0; k < num_args; k++) {
                strcat(strcat(called, "|"), args[k]);
            }
            return strcmp(called, "hip|memory") != 0 || ks_fail(err, KS_FAILED, "not enough memory");
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "there is no name \"%s\"", name);
}

static const ks_expression_scope SCOPE = {NULL, find};

static world* the_world; /* counts its reads */

static void read_world(const void* state, int handle, double* value) {
    const world* s = state;
    the_world->reads++;
    int size = handle == HIP ? 2 : NAMES[handle].size;
    memcpy(value, s->value[handle], (size_t)size * sizeof *value);
}

static int set_up(void** state) {
    *state = the_world = calloc(1, sizeof *the_world);
    for (int i = 0; i < NUM_NAMES; i++) {
        for (int k = 0; k < 512; k++) {
            the_world->value[i][k] = 0.75 * i - 0.3 * k + 0.1; /* x .1; goal 1.6 1.3; v 2.35 2.05 1.75; w 3.1 2.8 2.5 */
        }
    }
    return 0;
}

static int tear_down(void** state) {
    free(*state);
    return 0;
}

/* The value of an expression, of exactly its size in memory of its own. */
static double* value_of(const char* text, int* size) {
    ks_error err = {0};
    ks_expression* e = ks_expression_parse(text, &SCOPE, &err);
    if (!e) {
        fail_msg("%s: %s", text, err.text);
    }
    *size = ks_expression_size(e);
    double* value = malloc((size_t)*size * sizeof *value);
    assert_non_null(value);
    ks_expression_eval(e, read_world, the_world, value);
    ks_expression_destroy(e);
    return value;
}

static bool same(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void check(const char* text, int size, const double* want) {
    int got_size;
    double* got = value_of(text, &got_size);
    bool ok = got_size == size;
    for (int i = 0; ok && i < size; i++) {
        ok = same(got[i], want[i]);
        if (!ok) {
            print_message("number %d: %.17g, not %.17g\n", i, got[i], want[i]);
        }
    }
    if (!ok) {
        fail_msg("%s: %d numbers, want %d", text, got_size, size);
    }
    free(got);
}

#define IS(text, ...) check(text, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

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

/* ---- random expressions ------------------------------------------------------------------------------------------ */

enum { ROOM = 6000, MOST = 6 }; /* characters; numbers of a vector */

/* an expression and what it is */
typedef struct piece {
    char text[ROOM];
    int level; /* how strong its outermost operator binds */
    int size;
    double v[MOST];
} piece;

enum { OR, AND, NOT, COMPARE, TERM, PRODUCT, SIGN, POWER, PRIMARY };

static uint64_t random_state;

static int below(int n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int)((random_state >> 33) % (uint64_t)n);
}

static void add(piece* p, const char* text) {
    static const char* const BLANKS[] = {"", "", " ", "  ", "\n"};
    strcat(strcat(p->text, BLANKS[below(5)]), text);
}

/* in brackets where it binds less than what is around it */
static void add_piece(piece* p, const piece* part, int level) {
    bool brackets = part->level < level || below(8) == 0;
    add(p, brackets ? "(" : " ");
    strcat(p->text, part->text);
    add(p, brackets ? ")" : " ");
}

static piece* make(int size, int depth_left);

static piece* new_piece(int size, int level) {
    piece* p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->size = size;
    p->level = level;
    return p;
}

static double at(const piece* p, int i) {
    return p->v[p->size == 1 ? 0 : i];
}

static piece* make_leaf(int size) {
    static const char* const NUMBERS[] = {"0", "1", "2", ".5", "3", "1e3", "pi", "0.1", "7e-1"};
    piece* p = new_piece(size, PRIMARY);
    if (below(3) > 0 && size != 4 && size != 5) {
        int name = size == 1 ? X + below(2) : size == 2 ? GOAL : size == 3 ? V + below(2) : SIX;
        add(p, NAMES[name].name);
        memcpy(p->v, the_world->value[name], sizeof p->v);
        return p;
    }
    for (int i = 0; i < size; i++) {
        const char* number = NUMBERS[below(9)];
        add(p, i > 0 ? "," : size > 1 ? "[" : "");
        add(p, number);
        if (!ks_parse_double(number, &p->v[i])) {
            p->v[i] = 3.14159265358979323846;
        }
    }
    add(p, size > 1 ? "]" : "");
    return p;
}

static double smaller(double a, double b) {
    return isnan(a) || isnan(b) ? NAN : a < b ? a : b;
}

static double larger(double a, double b) {
    return isnan(a) || isnan(b) ? NAN : a > b ? a : b;
}

static double operate(const char* o, double a, double b) {
    switch (*o) {
        case '+':
            return a + b;
        case '-':
            return a - b;
        case '*':
            return a * b;
        case '/':
            return a / b;
        case '^':
            return b == 2 ? a * a : ks_double_pow(a, b);
        case 'a':
            return a != 0 && b != 0;
        case 'o':
            return a != 0 || b != 0;
        case '<':
            return o[1] ? a <= b : a < b;
        case '>':
            return o[1] ? a >= b : a > b;
        case '=':
            return a == b;
        default:
            return a != b;
    }
}

static piece* make_operator(int size, int left) {
    static const struct {
        const char* text;
        int level;
    } OPERATORS[] = {{"+", TERM},     {"-", TERM},     {"*", PRODUCT}, {"/", PRODUCT},  {"^", POWER},
                     {"and", AND},    {"or", OR},      {"<", COMPARE}, {"<=", COMPARE}, {">", COMPARE},
                     {">=", COMPARE}, {"==", COMPARE}, {"!=", COMPARE}};
    int o = below(3) ? below(5) : below(13), level = OPERATORS[o].level;
    int single = below(4); /* 0: the left is a number, 1: the right */
    piece *a = make(single == 0 ? 1 : size, left), *b = make(single == 1 ? 1 : size, left), *p = new_piece(size, level);
    add_piece(p, a, level == POWER ? PRIMARY : level == COMPARE ? level + 1 : level);
    add(p, OPERATORS[o].text);
    add_piece(p, b, level == POWER ? SIGN : level + 1);
    for (int i = 0; i < size; i++) {
        p->v[i] = operate(OPERATORS[o].text, at(a, i), at(b, i));
    }
    free(a);
    free(b);
    return p;
}

static double call_one(int f, double a) {
    const double values[] = {fabs(a),
                             sqrt(a),
                             ks_double_exp(a),
                             ks_double_log(a),
                             ks_double_sin(a),
                             ks_double_cos(a),
                             ks_double_tan(a),
                             ks_double_tanh(a),
                             floor(a),
                             isnan(a) ? a : (a > 0) - (a < 0),
                             a * a,
                             -a,
                             a == 0};
    return values[f];
}

static piece* make_call_of_one(int size, int left) {
    static const char* const FUNCTIONS[] = {"abs",  "sqrt",  "exp",  "log",    "sin", "cos", "tan",
                                            "tanh", "floor", "sign", "square", "-",   "not"};
    int f = below(13);
    piece *a = make(size, left), *p = new_piece(size, f == 11 ? SIGN : f == 12 ? NOT : PRIMARY);
    add(p, FUNCTIONS[f]);
    add(p, f < 11 ? "(" : " ");
    add_piece(p, a, f < 11 ? OR : SIGN);
    add(p, f < 11 ? ")" : " ");
    for (int i = 0; i < size; i++) {
        p->v[i] = call_one(f, a->v[i]);
    }
    free(a);
    return p;
}

static piece* make_call_of_three(int size, int left) {
    static const char* const FUNCTIONS[] = {"where(", "clip(", "min(", "max(", "atan2("};
    int f = below(5), whole = below(3), count = f < 2 ? 3 : 2;
    piece *args[3], *p = new_piece(size, PRIMARY);
    add(p, FUNCTIONS[f]);
    for (int i = 0; i < 3; i++) {
        args[i] = make(i == whole % count || below(2) ? size : 1, left);
        if (i < count) {
            add(p, i > 0 ? "," : "");
            add_piece(p, args[i], OR);
        }
    }
    add(p, ")");
    for (int i = 0; i < size; i++) {
        double a = at(args[0], i), b = at(args[1], i), c = at(args[2], i);
        const double values[] = {a != 0 ? b : c, smaller(larger(a, b), c), smaller(a, b), larger(a, b),
                                 ks_double_atan2(a, b)};
        p->v[i] = values[f];
    }
    for (int i = 0; i < 3; i++) {
        free(args[i]);
    }
    return p;
}

static piece* make_call_of_all(int left) {
    static const char* const FUNCTIONS[] = {"sum",     "mean", "norm", "norm1", "smallest",
                                            "largest", "any",  "all",  "dot",   "size"};
    int f = below(10), size = 1 + below(MOST);
    piece *a = make(size, left), *b = make(size, left), *p = new_piece(1, PRIMARY);
    add(p, FUNCTIONS[f]);
    add(p, "(");
    add_piece(p, a, OR);
    if (f == 8) {
        add(p, ",");
        add_piece(p, b, OR);
    }
    add(p, ")");
    double sum = 0, squares = 0, sizes = 0, low = a->v[0], high = a->v[0], products = 0;
    bool any = false, all = true;
    for (int i = 0; i < size; i++) {
        sum += a->v[i];
        squares += a->v[i] * a->v[i];
        sizes += fabs(a->v[i]);
        products += a->v[i] * b->v[i];
        low = smaller(low, a->v[i]);
        high = larger(high, a->v[i]);
        any = any || a->v[i] != 0;
        all = all && a->v[i] != 0;
    }
    const double values[] = {sum, sum / size, sqrt(squares), sizes, low, high, any, all, products, size};
    p->v[0] = values[f];
    free(a);
    free(b);
    return p;
}

static piece* make_part(int size, int left) {
    char text[64];
    int whole = size + below(MOST - size + 1), first = below(whole - size + 1), end = first + size;
    piece *a = make(whole, left), *p = new_piece(size, PRIMARY);
    add_piece(p, a, PRIMARY);
    if (size == 1 && below(3)) {
        ks_snprintf(text, sizeof text, "[%d]", below(2) ? first : first - whole);
    } else {
        ks_snprintf(text, sizeof text, "[%d : %d]", below(2) ? first : first - whole,
                    end == whole || below(2) ? end : end - whole);
    }
    add(p, text);
    memcpy(p->v, a->v + first, (size_t)size * sizeof *p->v);
    free(a);
    return p;
}

static piece* make_list(int size, int left) {
    int first = 1 + below(size);
    piece *a = make(first, left), *b = make(first < size ? size - first : 1, left), *p = new_piece(size, PRIMARY);
    add(p, "[");
    add_piece(p, a, OR);
    memcpy(p->v, a->v, (size_t)first * sizeof *p->v);
    if (first < size) {
        add(p, ",");
        add_piece(p, b, OR);
        memcpy(p->v + first, b->v, (size_t)(size - first) * sizeof *p->v);
    }
    add(p, "]");
    free(a);
    free(b);
    return p;
}

static piece* make(int size, int left) {
    piece* p = NULL;
    switch (left == 0 ? 0 : below(9)) {
        case 0:
            return make_leaf(size);
        case 1:
            p = make_call_of_one(size, left - 1);
            break;
        case 2:
            p = make_call_of_three(size, left - 1);
            break;
        case 3:
            p = size == 1 ? make_call_of_all(left - 1) : make_list(size, left - 1);
            break;
        case 4:
            p = make_part(size, left - 1);
            break;
        default:
            p = make_operator(size, left - 1);
    }
    if (strlen(p->text) > ROOM / 4) { /* so that three of them have room in the next */
        free(p);
        p = make_leaf(size);
    }
    return p;
}

static void random_expressions(void** state) {
    world* s = *state;
    static const double VALUES[] = {0, -0.0, 1, -1, 2, 0.5, INFINITY, -INFINITY, NAN, 1e-300, -3.25, 1e9};
    size_t longest = 0, finite = 0, count = 30000;
    for (size_t i = 0; i < count; i++) {
        random_state = i;
        for (int name = 0; name < NUM_NAMES; name++) {
            for (int k = 0; k < MOST; k++) {
                s->value[name][k] = below(6) ? (below(2000) - 1000) * 0.0037 : VALUES[below(12)];
            }
        }
        piece* p = make(1 + below(MOST), 1 + below(5));
        check(p->text, p->size, p->v);
        longest = strlen(p->text) > longest ? strlen(p->text) : longest;
        finite += isfinite(p->v[0]) && p->v[0] != 0;
        free(p);
    }
    print_message("the longest has %zu characters; %zu of %zu are finite and not 0\n", longest, finite, count);
    assert_true(longest > 500 && finite > count / 3);
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
                                       cmocka_unit_test(stack),
                                       cmocka_unit_test(random_expressions)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
