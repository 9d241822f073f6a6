/* expression_internal.h: what the parser of expressions writes and the evaluator runs: operations, operands before what
 * works on them. Sizes are known while parsing, and so are the places of all values on the stack: the operands of an
 * operation stand one behind the other from `at` on, and its result takes their place. */
#ifndef KS_ENVS_EXPRESSION_INTERNAL_H
#define KS_ENVS_EXPRESSION_INTERNAL_H

#include "envs/expression.h"

#include <stdint.h>

enum { KS_EXPRESSION_STACK = 4096 }; /* numbers */

/* clang-format off */
/* Element by element: what becomes of x; of x and y; of x, y and z. The helpers are expression.c's. */
#define KS_EXPRESSION_OF_ONE(X)                                                                                 \
    X(NEGATE, -x) X(NOT, x == 0) X(ABS, fabs(x)) X(SQRT, sqrt(x)) X(EXP, ks_double_exp(x))                      \
    X(LOG, ks_double_log(x)) X(SIN, ks_double_sin(x)) X(COS, ks_double_cos(x)) X(TAN, ks_double_tan(x))         \
    X(TANH, ks_double_tanh(x)) X(FLOOR, floor(x)) X(SIGN, sign_of(x)) X(SQUARE, x * x)
#define KS_EXPRESSION_OF_TWO(X)                                                                                 \
    X(ADD, x + y) X(SUBTRACT, x - y) X(MULTIPLY, x * y) X(DIVIDE, x / y) X(POWER, power(x, y)) X(LESS, x < y)   \
    X(LESS_EQUAL, x <= y) X(GREATER, x > y) X(GREATER_EQUAL, x >= y) X(EQUAL, x == y) X(UNEQUAL, x != y)        \
    X(AND, x != 0 && y != 0) X(OR, x != 0 || y != 0) X(MIN, smaller(x, y)) X(MAX, larger(x, y))                 \
    X(ATAN2, ks_double_atan2(x, y))
#define KS_EXPRESSION_OF_THREE(X) X(WHERE, x != 0 ? y : z) X(CLIP, smaller(larger(x, y), z))
/* A vector to a number: the function of expression.c. */
#define KS_EXPRESSION_OF_ALL(X)                                                                                 \
    X(SUM, sum) X(MEAN, mean) X(NORM, norm) X(NORM1, norm1) X(SMALLEST, smallest) X(LARGEST, largest)           \
    X(ANY, any) X(ALL, all)
/* clang-format on */

#define KS_EXPRESSION_KIND(name, value) KS_OP_##name,
typedef enum ks_expression_kind {
    KS_OP_CONSTANT,
    KS_OP_READ,
    KS_OP_PART,
    KS_EXPRESSION_OF_ONE(KS_EXPRESSION_KIND) KS_EXPRESSION_OF_TWO(KS_EXPRESSION_KIND)
        KS_EXPRESSION_OF_THREE(KS_EXPRESSION_KIND) KS_EXPRESSION_OF_ALL(KS_EXPRESSION_KIND) KS_OP_DOT,
    KS_OP_SIZE /* known while parsing, never run */
} ks_expression_kind;

typedef struct ks_expression_op {
    uint16_t kind;
    uint16_t at;
    uint16_t sizes[3]; /* of its operands */
    uint16_t size;     /* of its result */
    int32_t what; /* CONSTANT: its place in the constants; READ: the handle; PART: the first number that is taken */
} ks_expression_op;

struct ks_expression {
    int size;
    int num_ops;
    ks_expression_op* ops;
    double* constants;
};

/* Runs operations on a stack of KS_EXPRESSION_STACK numbers. */
void ks_expression_run(const ks_expression_op* ops, int num_ops, const double* constants, ks_expression_read read,
                       const void* state, double* stack);

#endif
