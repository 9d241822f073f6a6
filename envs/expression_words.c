#include "envs/expression_words.h"

#include "base/names.h"

#include <string.h>

/* the longer before what they begin with */
static const ks_expression_operator OPERATORS[] = {{"or", KS_OP_OR, KS_LEVEL_OR},
                                                   {"and", KS_OP_AND, KS_LEVEL_AND},
                                                   {"<=", KS_OP_LESS_EQUAL, KS_LEVEL_COMPARE},
                                                   {">=", KS_OP_GREATER_EQUAL, KS_LEVEL_COMPARE},
                                                   {"==", KS_OP_EQUAL, KS_LEVEL_COMPARE},
                                                   {"!=", KS_OP_UNEQUAL, KS_LEVEL_COMPARE},
                                                   {"<", KS_OP_LESS, KS_LEVEL_COMPARE},
                                                   {">", KS_OP_GREATER, KS_LEVEL_COMPARE},
                                                   {"+", KS_OP_ADD, KS_LEVEL_SUM},
                                                   {"-", KS_OP_SUBTRACT, KS_LEVEL_SUM},
                                                   {"*", KS_OP_MULTIPLY, KS_LEVEL_PRODUCT},
                                                   {"/", KS_OP_DIVIDE, KS_LEVEL_PRODUCT}};

static const ks_expression_function FUNCTIONS[] = {
    {"abs", KS_OP_ABS, 1, NULL},         {"sqrt", KS_OP_SQRT, 1, NULL},    {"exp", KS_OP_EXP, 1, NULL},
    {"log", KS_OP_LOG, 1, NULL},         {"sin", KS_OP_SIN, 1, NULL},      {"cos", KS_OP_COS, 1, NULL},
    {"tan", KS_OP_TAN, 1, NULL},         {"atan2", KS_OP_ATAN2, 2, NULL},  {"tanh", KS_OP_TANH, 1, NULL},
    {"floor", KS_OP_FLOOR, 1, NULL},     {"sign", KS_OP_SIGN, 1, NULL},    {"square", KS_OP_SQUARE, 1, NULL},
    {"min", KS_OP_MIN, 2, "smallest"},   {"max", KS_OP_MAX, 2, "largest"}, {"clip", KS_OP_CLIP, 3, NULL},
    {"where", KS_OP_WHERE, 3, NULL},     {"sum", KS_OP_SUM, 1, NULL},      {"mean", KS_OP_MEAN, 1, NULL},
    {"norm", KS_OP_NORM, 1, NULL},       {"norm1", KS_OP_NORM1, 1, NULL},  {"smallest", KS_OP_SMALLEST, 1, NULL},
    {"largest", KS_OP_LARGEST, 1, NULL}, {"any", KS_OP_ANY, 1, NULL},      {"all", KS_OP_ALL, 1, NULL},
    {"dot", KS_OP_DOT, 2, NULL},         {"size", KS_OP_SIZE, 1, NULL}};

enum { NUM_OPERATORS = sizeof OPERATORS / sizeof *OPERATORS, NUM_FUNCTIONS = sizeof FUNCTIONS / sizeof *FUNCTIONS };

size_t ks_expression_name_length(const char* at) {
    static const char letters[] = "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return *at >= '0' && *at <= '9' ? 0 : strspn(at, letters);
}

bool ks_expression_word_is(const char* at, const char* word) {
    size_t length = strlen(word), name = ks_expression_name_length(at);
    return strncmp(at, word, length) == 0 && (name == 0 || name == length);
}

const ks_expression_operator* ks_expression_operator_at(const char* at) {
    for (int i = 0; i < NUM_OPERATORS; i++) {
        if (ks_expression_word_is(at, OPERATORS[i].text)) {
            return &OPERATORS[i];
        }
    }
    return NULL;
}

const ks_expression_function* ks_expression_nearest(size_t* distance, const char* name) {
    const ks_expression_function* nearest = &FUNCTIONS[0];
    *distance = ks_edit_distance(name, nearest->name);
    for (int i = 1; i < NUM_FUNCTIONS; i++) {
        size_t d = ks_edit_distance(name, FUNCTIONS[i].name);
        if (d < *distance) {
            nearest = &FUNCTIONS[i];
            *distance = d;
        }
    }
    return nearest;
}
