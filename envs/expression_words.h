/* expression_words.h: the operators and functions of expressions. Thread rule: pure. */
#ifndef KS_ENVS_EXPRESSION_WORDS_H
#define KS_ENVS_EXPRESSION_WORDS_H

#include "envs/expression_internal.h"

/* How strong an operator binds, of those between two values; ^ is stronger than all of them. */
enum { KS_LEVEL_OR = 1, KS_LEVEL_AND, KS_LEVEL_COMPARE, KS_LEVEL_SUM, KS_LEVEL_PRODUCT };

typedef struct ks_expression_operator {
    const char* text;
    ks_expression_kind kind;
    int level;
} ks_expression_operator;

typedef struct ks_expression_function {
    const char* name;
    ks_expression_kind kind;
    int num_args;
    const char* of_vector; /* the function of one vector that it is easily taken for, or NULL */
} ks_expression_function;

/* Bytes of the name that begins at `at`: letters, digits, underscores, no digit first. 0 if none does. */
size_t ks_expression_name_length(const char* at);

/* Does this word or sign stand at `at`? A word only as a whole: there is no "or" in "orbit". */
bool ks_expression_word_is(const char* at, const char* word);

/* The operator that stands at `at`, or NULL. */
const ks_expression_operator* ks_expression_operator_at(const char* at);

/* The function whose name is nearest to this one, and how far it is from it: 0 if it is the same. */
const ks_expression_function* ks_expression_nearest(size_t* distance, const char* name);

#endif
