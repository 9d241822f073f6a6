/* Evaluation of expressions; parsing is in expression_parse.c. */
#include "envs/expression.h"

#include "base/elementary_double.h"
#include "envs/expression_internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- of numbers -------------------------------------------------------------------------------------------------- */

/* not-a-number stays in all of them */
static inline double sign_of(double x) {
    return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x;
}

static inline double smaller(double x, double y) {
    return x < y || isnan(x) ? x : y;
}

static inline double larger(double x, double y) {
    return x > y || isnan(x) ? x : y;
}

static inline double power(double x, double y) {
    return y == 2 ? x * x : ks_double_pow(x, y);
}

/* ---- of vectors, from left to right ------------------------------------------------------------------------------ */

static double sum(const double* x, int size) {
    double total = 0;
    for (int i = 0; i < size; i++) {
        total += x[i];
    }
    return total;
}

static double mean(const double* x, int size) {
    return sum(x, size) / size;
}

static double dot(const double* x, const double* y, int size) {
    double total = 0;
    for (int i = 0; i < size; i++) {
        total += x[i] * y[i];
    }
    return total;
}

static double norm(const double* x, int size) {
    return sqrt(dot(x, x, size));
}

static double norm1(const double* x, int size) {
    double total = 0;
    for (int i = 0; i < size; i++) {
        total += fabs(x[i]);
    }
    return total;
}

static double smallest(const double* x, int size) {
    double best = x[0];
    for (int i = 1; i < size; i++) {
        best = smaller(best, x[i]);
    }
    return best;
}

static double largest(const double* x, int size) {
    double best = x[0];
    for (int i = 1; i < size; i++) {
        best = larger(best, x[i]);
    }
    return best;
}

static double any(const double* x, int size) {
    for (int i = 0; i < size; i++) {
        if (x[i] != 0) {
            return 1;
        }
    }
    return 0;
}

static double all(const double* x, int size) {
    for (int i = 0; i < size; i++) {
        if (x[i] == 0) {
            return 0;
        }
    }
    return 1;
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

/* Results grow over the operands: a single number that goes with a vector is read before. */
#define ONE(name, value)                     \
    case KS_OP_##name:                       \
        for (int i = 0; i < op->size; i++) { \
            const double x = a[i];           \
            a[i] = value;                    \
        }                                    \
        break;
#define TWO(name, value)                                       \
    case KS_OP_##name: {                                       \
        const double *b = a + op->sizes[0], first = a[0];      \
        for (int i = 0; i < op->size; i++) {                   \
            const double x = op->sizes[0] == 1 ? first : a[i]; \
            const double y = op->sizes[1] == 1 ? b[0] : b[i];  \
            a[i] = value;                                      \
        }                                                      \
        break;                                                 \
    }
#define THREE(name, value)                                         \
    case KS_OP_##name: {                                           \
        const double *b = a + op->sizes[0], *c = b + op->sizes[1]; \
        const double first = a[0], second = b[0];                  \
        for (int i = 0; i < op->size; i++) {                       \
            const double x = op->sizes[0] == 1 ? first : a[i];     \
            const double y = op->sizes[1] == 1 ? second : b[i];    \
            const double z = op->sizes[2] == 1 ? c[0] : c[i];      \
            a[i] = value;                                          \
        }                                                          \
        break;                                                     \
    }
#define EVERY(name, function)             \
    case KS_OP_##name:                    \
        a[0] = function(a, op->sizes[0]); \
        break;

void ks_expression_run(const ks_expression_op* ops, int num_ops, const double* constants, ks_expression_read read,
                       const void* state, double* stack) {
    for (const ks_expression_op* op = ops; op < ops + num_ops; op++) {
        double* a = stack + op->at;
        switch (op->kind) {
            case KS_OP_CONSTANT:
                for (int i = 0; i < op->size; i++) {
                    a[i] = constants[op->what + i];
                }
                break;
            case KS_OP_READ:
                read(state, op->what, a);
                break;
            case KS_OP_PART:
                for (int i = 0; i < op->size; i++) {
                    a[i] = a[op->what + i];
                }
                break;
                KS_EXPRESSION_OF_ONE(ONE)
                KS_EXPRESSION_OF_TWO(TWO)
                KS_EXPRESSION_OF_THREE(THREE)
                KS_EXPRESSION_OF_ALL(EVERY)
            case KS_OP_DOT:
                a[0] = dot(a, a + op->sizes[0], op->sizes[0]);
                break;
            default:
                assert(false);
        }
    }
}

/* ---- what users see ---------------------------------------------------------------------------------------------- */

int ks_expression_size(const ks_expression* expression) {
    return expression->size;
}

void ks_expression_eval(const ks_expression* expression, ks_expression_read read, const void* state, double* value) {
    double stack[KS_EXPRESSION_STACK];
    ks_expression_run(expression->ops, expression->num_ops, expression->constants, read, state, stack);
    memcpy(value, stack, (size_t)expression->size * sizeof *value);
}

void ks_expression_destroy(ks_expression* expression) {
    if (expression) {
        free(expression->ops);
        free(expression->constants);
        free(expression);
    }
}
