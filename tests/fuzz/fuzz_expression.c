/* Expressions of environment files: envs/expression.h. What can be parsed is evaluated, too. */
#include "envs/expression.h"
#include "target.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char* name;
    int size;
} NAMES[] = {{"x", 1}, {"goal", 2}, {"body_pos", 3}, {"action", 6}, {"qpos", 500}};
enum { NUM_NAMES = sizeof NAMES / sizeof *NAMES };

static bool find(void* context, const char* name, const char* const* args, int num_args, ks_expression_name* found,
                 ks_error* err) {
    (void)context;
    size_t letters = 0;
    for (int i = 0; i < num_args; i++) {
        letters += strlen(args[i]); /* all of them are there */
    }
    for (int i = 0; i < NUM_NAMES; i++) {
        if (strcmp(name, NAMES[i].name) == 0) {
            *found = (ks_expression_name){i, NAMES[i].size};
            return letters < 100 || ks_fail(err, KS_BAD_INPUT, "\"%s\" has no such objects", name);
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "there is no quantity \"%s\"", name);
}

static void read_name(const void* state, int handle, double* value) {
    for (int i = 0; i < NAMES[handle].size; i++) {
        value[i] = *(const double*)state * (i + handle);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ks_expression_scope scope = {NULL, find};
    char* text = fuzz_text(data, size);
    ks_error err = {0};
    ks_expression* expression = ks_expression_parse(text, &scope, &err);
    fuzz_check(expression != NULL, &err);
    if (expression) {
        const double states[] = {0.25, -1e300, NAN};
        int count = ks_expression_size(expression);
        if (count < 1 || count > KS_EXPRESSION_SIZE_MAX) {
            fuzz_finding("a value of an impossible size");
        }
        double* values[2];
        for (int k = 0; k < 2; k++) {
            values[k] = calloc((size_t)count, sizeof *values[k]);
            if (!values[k]) {
                fuzz_finding("not enough memory");
            }
        }
        for (int i = 0; i < 3; i++) {
            for (int k = 0; k < 2; k++) {
                ks_expression_eval(expression, read_name, &states[i], values[k]);
            }
            if (memcmp(values[0], values[1], (size_t)count * sizeof *values[0]) != 0) {
                fuzz_finding("two values of one expression");
            }
        }
        free(values[0]);
        free(values[1]);
    }
    ks_expression_destroy(expression);
    free(text);
    return 0;
}
