/* expression.h: arithmetic on numbers and short vectors, from text: "exp(-norm(body_pos(torso)[0:2] - goal)^2 / 0.25)".
 *
 * An expression is parsed once, and evaluated as often as wanted without any memory of its own. It knows nothing of
 * physics: what a name means is asked of the scope, once, while parsing.
 *
 *   numbers     1, .5, 2e-3, pi
 *   operators   ^ (binds strongest, to the right), unary - and not, * /, + -, < <= > >= == !=, and, or; comparisons
 *               give 1 or 0, and what is not 0 is true. Element by element; a number goes with a vector of any length,
 *               two vectors must have the same. What could be misread is refused: a < b < c, and not a < b, which
 *               needs brackets
 *   choice      where(condition, a, b)
 *   parts       v[2], v[0:2] (from 0, the end not included), v[1:], v[-1]; [a, b, …] puts numbers and vectors together
 *   functions   abs sqrt exp log sin cos tan atan2 tanh floor sign square min max (of two, element by element)
 *               clip(x, low, high), and of a vector to a number: sum mean norm (Euclidean) norm1 dot(a, b) smallest
 *               largest size any all
 *   names       velocity, action, joint_pos(knee, "hip *"), sensor(touch): the scope's; arguments are names, quoted or
 *               not, or numbers. A function's name without brackets is the scope's, too
 *
 * Values are the same bytes on every machine: + - * / sqrt as the standard of floating point has them, sums from left
 * to right, other functions by base/elementary_double.h. x ^ 2 is x * x. Not-a-number stays in min, max, clip, sign,
 * smallest and largest.
 * Thread rule: an expression is read-only once it is made; any number of threads may evaluate it. */
#ifndef KS_ENVS_EXPRESSION_H
#define KS_ENVS_EXPRESSION_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    KS_EXPRESSION_SIZE_MAX = 512,   /* numbers of a vector */
    KS_EXPRESSION_ARGS_MAX = 16,    /* arguments of a name of the scope's */
    KS_EXPRESSION_TEXT_MAX = 10000, /* bytes of text */
    KS_EXPRESSION_DEPTH_MAX = 64    /* brackets within brackets, signs and powers counted too */
};

typedef struct ks_expression ks_expression;

/* What a name stands for, by the scope's word. */
typedef struct ks_expression_name {
    int handle; /* given back to `read` */
    int size;   /* numbers of its value, 1 … KS_EXPRESSION_SIZE_MAX */
} ks_expression_name;

typedef struct ks_expression_scope {
    void* context;
    /* What `name` with arguments (num_args texts without quotes, which live as long as the call) is.
     * Errors: KS_BAD_INPUT, one line without position, which the parser adds. */
    bool (*find)(void* context, const char* name, const char* const* args, int num_args, ks_expression_name* found,
                 ks_error* err);
} ks_expression_scope;

/* Writes the value of a name (its size numbers). */
typedef void (*ks_expression_read)(const void* state, int handle, double* value);

/* Owned by the caller. Without a scope (NULL) there are no names. The scope is asked for each name where it stands,
 * from left to right, and is not needed afterwards.
 * Errors: KS_BAD_INPUT that names the column (in characters, from 1) and what would be right; KS_FAILED (memory). */
ks_expression* ks_expression_parse(const char* text, const ks_expression_scope* scope, ks_error* err);
void ks_expression_destroy(ks_expression* expression);

/* Numbers of its value. */
int ks_expression_size(const ks_expression* expression);
/* Writes the value (size). Never fails: 0/0 is not-a-number, as in C. */
void ks_expression_eval(const ks_expression* expression, ks_expression_read read, const void* state, double* value);

#endif
