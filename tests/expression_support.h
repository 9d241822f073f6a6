/* expression_support.h: what the tests of expressions share: names with values, and the value of a text compared with what it must be. */
#ifndef KS_TESTS_EXPRESSION_SUPPORT_H
#define KS_TESTS_EXPRESSION_SUPPORT_H

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

static inline bool find(void* context, const char* name, const char* const* args, int num_args,
                        ks_expression_name* found, ks_error* err) {
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

static inline void read_world(const void* state, int handle, double* value) {
    const world* s = state;
    the_world->reads++;
    int size = handle == HIP ? 2 : NAMES[handle].size;
    memcpy(value, s->value[handle], (size_t)size * sizeof *value);
}

static inline int set_up(void** state) {
    *state = the_world = calloc(1, sizeof *the_world);
    for (int i = 0; i < NUM_NAMES; i++) {
        for (int k = 0; k < 512; k++) {
            the_world->value[i][k] = 0.75 * i - 0.3 * k + 0.1; /* x .1; goal 1.6 1.3; v 2.35 2.05 1.75; w 3.1 2.8 2.5 */
        }
    }
    return 0;
}

static inline int tear_down(void** state) {
    free(*state);
    return 0;
}

/* The value of an expression, of exactly its size in memory of its own. */
static inline double* value_of(const char* text, int* size) {
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

static inline bool same(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static inline void check(const char* text, int size, const double* want) {
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

/* numbers of C */
#define IS(text, ...) check(text, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

#endif
