/* From text to operations: a parser by recursive descent, which is no deeper than KS_EXPRESSION_DEPTH_MAX. */
#include "base/number.h"
#include "base/utf8.h"
#include "envs/expression.h"
#include "envs/expression_internal.h"
#include "envs/expression_words.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

typedef struct parser {
    const char* text;
    const char* at; /* what comes next, blanks passed over */
    const ks_expression_scope* scope;
    ks_error* err;
    int depth;
    int top; /* numbers on the stack */
    ks_expression_op* ops;
    int num_ops;
    double* constants;
    int num_constants;
    char* words;                       /* a name and its arguments, each with a zero behind it */
    double stack[KS_EXPRESSION_STACK]; /* what is constant is computed at once */
} parser;

/* What operations from number `op` on leave on the stack. */
typedef struct value {
    int at;
    int size;
    int op;
    int constant; /* its own constants begin here */
    bool is_constant;
} value;

/* other languages' operators, and ours */
static const char* const FOREIGN[][2] = {{"**", "^"},  {"&&", "and"}, {"||", "or"}, {"!", "not"},
                                         {"=<", "<="}, {"=>", ">="},  {"=", "=="}};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

/* in characters, from 1 */
static int column_of(const parser* p, const char* at) {
    int column = 1;
    for (const char* c = p->text; c < at; c++) {
        column += ((unsigned char)*c & 0xc0) != 0x80;
    }
    return column;
}

__attribute__((format(printf, 3, 4))) static bool fail(const parser* p, const char* at, const char* format, ...) {
    char text[sizeof p->err->text / 2];
    va_list args;
    va_start(args, format);
    ks_vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ks_fail(p->err, KS_BAD_INPUT, "column %d: %s", column_of(p, at), text);
}

enum { FOUND = 64 };

/* what stands at `at`, as an error cites it: a name, a number, an operator or one character */
static const char* found(char text[FOUND], const char* at) {
    const ks_expression_operator* o = ks_expression_operator_at(at);
    size_t length = o ? strlen(o->text) : strspn(at, "0123456789.");
    length = length > 0 ? length : ks_expression_name_length(at);
    length = length > 0 ? length : ks_utf8_bytes(at);
    ks_snprintf(text, FOUND, "%.*s", length < FOUND ? (int)(length > 0 ? length : 1) : FOUND - 1, at);
    return text;
}

/* Something is missing (`what`) before what comes next; unless that is another language's, or a lookalike. */
static bool fail_missing(const parser* p, const char* what) {
    char text[FOUND];
    const char* lookalike = ks_utf8_lookalike(p->at);
    if (lookalike) {
        return fail(p, p->at, "this is %s, not a plain character", lookalike);
    }
    const char* at = *p->at == '*' && p->at > p->text && p->at[-1] == '*' ? p->at - 1 : p->at;
    for (size_t i = 0; i < sizeof FOREIGN / sizeof *FOREIGN; i++) {
        if (ks_expression_word_is(at, FOREIGN[i][0])) {
            return fail(p, at, "write %s for %s", FOREIGN[i][1], FOREIGN[i][0]);
        }
    }
    if (!*p->at) {
        return fail(p, p->at, "%s is missing at the end", what);
    }
    return fail(p, p->at, "%s is missing before \"%s\"", what, found(text, p->at));
}

/* ---- characters -------------------------------------------------------------------------------------------------- */

static void advance(parser* p, size_t bytes) {
    p->at += bytes;
    while (is_blank(*p->at)) {
        p->at++;
    }
}

static bool accept(parser* p, char c) {
    if (*p->at != c) {
        return false;
    }
    advance(p, 1);
    return true;
}

/* the bracket that closes the one at `open` */
static bool expect_closing(parser* p, char c, const char* open) {
    if (accept(p, c)) {
        return true;
    }
    char what[64];
    ks_snprintf(what, sizeof what, "\"%c\" for the \"%c\" in column %d", c, *open, column_of(p, open));
    return fail_missing(p, what);
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

static bool push(parser* p, const char* at, ks_expression_kind kind, int what, int size, value* v) {
    if (p->top + size > KS_EXPRESSION_STACK) {
        return fail(p, at, "more than %d numbers at a time", KS_EXPRESSION_STACK);
    }
    *v = (value){p->top, size, p->num_ops, p->num_constants, kind == KS_OP_CONSTANT};
    p->ops[p->num_ops++] =
        (ks_expression_op){.kind = (uint16_t)kind, .at = (uint16_t)p->top, .size = (uint16_t)size, .what = what};
    p->top += size;
    return true;
}

static bool push_number(parser* p, const char* at, double number, value* v) {
    if (!push(p, at, KS_OP_CONSTANT, p->num_constants, 1, v)) {
        return false;
    }
    p->constants[p->num_constants++] = number;
    return true;
}

/* Forgets a value, which is the last. */
static void drop(parser* p, const value* v) {
    p->top = v->at;
    p->num_ops = v->op;
    p->num_constants = v->constant;
}

/* A constant value is one operation, however it came about. */
static void become_constant(parser* p, const value* v) {
    ks_expression_run(p->ops + v->op, p->num_ops - v->op, p->constants, NULL, NULL, p->stack);
    memcpy(p->constants + v->constant, p->stack + v->at, (size_t)v->size * sizeof *p->constants);
    p->num_constants = v->constant + v->size;
    p->num_ops = v->op + 1;
    p->ops[v->op] = (ks_expression_op){
        .kind = KS_OP_CONSTANT, .at = (uint16_t)v->at, .size = (uint16_t)v->size, .what = v->constant};
}

/* The operation works on the last values, args (count), and leaves *v in their place; *v may be args[0]. */
static void apply(parser* p, ks_expression_kind kind, const value* args, int count, int what, int size, value* v) {
    ks_expression_op op = {.kind = (uint16_t)kind, .at = (uint16_t)args[0].at, .size = (uint16_t)size, .what = what};
    value result = {args[0].at, size, args[0].op, args[0].constant, true};
    for (int i = 0; i < count; i++) {
        op.sizes[i] = (uint16_t)args[i].size;
        result.is_constant = result.is_constant && args[i].is_constant;
    }
    p->ops[p->num_ops++] = op;
    p->top = result.at + size;
    if (result.is_constant) {
        become_constant(p, &result);
    }
    *v = result;
}

/* Element by element, where single numbers go with vectors of one length. */
static bool apply_to_each(parser* p, const char* at, ks_expression_kind kind, const value* args, int count, value* v) {
    int size = 1;
    for (int i = 0; i < count; i++) {
        if (size > 1 && args[i].size > 1 && args[i].size != size) {
            char text[FOUND];
            return fail(p, at, "\"%s\" of vectors of %d numbers and of %d: they must have the same length",
                        found(text, at), size, args[i].size);
        }
        size = args[i].size > 1 ? args[i].size : size;
    }
    apply(p, kind, args, count, 0, size, v);
    return true;
}

static bool is_two(const parser* p, const value* v) {
    return v->is_constant && v->size == 1 && p->constants[v->constant] == 2;
}

static bool apply_operator(parser* p, const char* at, ks_expression_kind kind, const value args[2], value* v) {
    if (kind == KS_OP_POWER && is_two(p, &args[1])) {
        drop(p, &args[1]);
        return apply_to_each(p, at, KS_OP_SQUARE, args, 1, v);
    }
    return apply_to_each(p, at, kind, args, 2, v);
}

static bool apply_function(parser* p, const char* at, const ks_expression_function* f, const value* args, value* v) {
    if (f->kind == KS_OP_SIZE) {
        drop(p, &args[0]);
        return push_number(p, at, args[0].size, v);
    }
    if (f->kind < KS_OP_SUM) {
        return apply_to_each(p, at, f->kind, args, f->num_args, v);
    }
    if (f->kind == KS_OP_DOT && args[0].size != args[1].size) {
        return fail(p, at, "\"dot\" of vectors of %d numbers and of %d: they must have the same length", args[0].size,
                    args[1].size);
    }
    apply(p, f->kind, args, f->num_args, 0, 1, v);
    return true;
}

/* ---- names of the scope's ---------------------------------------------------------------------------------------- */

/* One argument, copied to *words: what is in quotes, or all up to a blank, a comma or a bracket. */
static bool parse_word(parser* p, char** words) {
    char quote = *p->at == '"' || *p->at == '\'' ? *p->at : 0;
    const char* begin = p->at + (quote != 0);
    size_t length = quote ? strcspn(begin, (char[]){quote, 0}) : strcspn(begin, " \t\r\n,()\"'");
    if (quote && !begin[length]) {
        return fail(p, p->at, "this quotation mark has no other at the end of the name");
    }
    if (length == 0) {
        return fail_missing(p, "a name or a number");
    }
    memcpy(*words, begin, length);
    (*words)[length] = 0;
    *words += length + 1;
    advance(p, length + (quote ? 2 : 0));
    return true;
}

/* The arguments of the name that stands in p->words; the bracket at `open` has been read. */
static bool parse_words(parser* p, const char* open, const char** args, int* count) {
    char* words = p->words + strlen(p->words) + 1;
    *count = 0;
    if (accept(p, ')')) {
        return true;
    }
    do {
        if (*count == KS_EXPRESSION_ARGS_MAX) {
            return fail(p, p->at, "more than %d arguments", KS_EXPRESSION_ARGS_MAX);
        }
        args[(*count)++] = words;
        if (!parse_word(p, &words)) {
            return false;
        }
    } while (accept(p, ','));
    if (*p->at && *p->at != ')') {
        char text[FOUND];
        return fail(p, p->at,
                    "\"%.60s\" takes names, in quotes if they have blanks or brackets, and numbers; not \"%s\"",
                    p->words, found(text, p->at));
    }
    return expect_closing(p, ')', open);
}

/* Asks the scope for the name in p->words, which stands at `at`. */
static bool read_name(parser* p, const char* at, const char* const* args, int count, value* v) {
    ks_expression_name name = {0};
    if (!p->scope) {
        return fail(p, at, "there is no name \"%.60s\": there are none here", p->words);
    }
    if (!p->scope->find(p->scope->context, p->words, args, count, &name, p->err)) {
        char where[32];
        ks_snprintf(where, sizeof where, "column %d", column_of(p, at));
        return ks_fail_in(p->err, where);
    }
    if (name.size < 1 || name.size > KS_EXPRESSION_SIZE_MAX) {
        return fail(p, at, "\"%.60s\" has %d numbers; 1 to %d can be read at a time", p->words, name.size,
                    KS_EXPRESSION_SIZE_MAX);
    }
    return push(p, at, KS_OP_READ, name.handle, name.size, v);
}

static bool parse_name_of_scope(parser* p, const char* at, value* v) {
    const char* args[KS_EXPRESSION_ARGS_MAX];
    const char* open = p->at;
    int count = 0;
    bool called = accept(p, '(');
    if ((!called || parse_words(p, open, args, &count)) && read_name(p, at, args, count, v)) {
        return true;
    }
    size_t distance;
    const ks_expression_function* nearest = ks_expression_nearest(&distance, p->words);
    if (p->err->code == KS_BAD_INPUT && !called && distance == 0) {
        return fail(p, at, "\"%s\" is a function: %s(…)", nearest->name, nearest->name);
    }
    if (p->err->code == KS_BAD_INPUT && called && distance <= (strlen(p->words) + 2) / 4) {
        return fail(p, at, "there is no function \"%.60s\"; the nearest is \"%s\"", p->words, nearest->name);
    }
    return false;
}

/* ---- grammar ----------------------------------------------------------------------------------------------------- */

static bool parse_operations(parser* p, int lowest, value* v);

static bool parse_expression(parser* p, value* v) {
    return parse_operations(p, KS_LEVEL_OR, v);
}

static bool parse_arguments(parser* p, const char* at, const ks_expression_function* f, value* v) {
    enum { MOST = 3 };
    value args[MOST + 1];
    const char* open = p->at;
    int count = 0;
    advance(p, 1);
    if (*p->at != ')') {
        do { /* one too many is parsed, to be counted */
            if (!parse_expression(p, &args[count < MOST ? count : MOST])) {
                return false;
            }
            count++;
        } while (accept(p, ','));
    }
    if (!expect_closing(p, ')', open)) {
        return false;
    }
    if (count != f->num_args) {
        const bool of_vector = count == 1 && f->of_vector;
        return fail(p, at, "\"%s\" takes %d argument%s, not %d%s%s", f->name, f->num_args, f->num_args == 1 ? "" : "s",
                    count, of_vector ? "; of a vector's numbers: " : "", of_vector ? f->of_vector : "");
    }
    return apply_function(p, at, f, args, v);
}

static bool parse_name(parser* p, value* v) {
    const char* at = p->at;
    size_t length = ks_expression_name_length(at);
    memcpy(p->words, at, length);
    p->words[length] = 0;
    if (ks_expression_operator_at(at)) {
        return fail_missing(p, "a value");
    }
    advance(p, length);
    if (strcmp(p->words, "pi") == 0) {
        return push_number(p, at, PI, v);
    }
    size_t distance;
    const ks_expression_function* f = ks_expression_nearest(&distance, p->words);
    return distance == 0 && *p->at == '(' ? parse_arguments(p, at, f, v) : parse_name_of_scope(p, at, v);
}

static bool parse_number(parser* p, value* v) {
    const char *at = p->at, *end = at;
    double number;
    if (!ks_scan_double(&end, &number)) {
        return fail(p, at, "this number is larger or smaller than what a double holds");
    }
    advance(p, (size_t)(end - at));
    return push_number(p, at, number, v);
}

/* [a, b, …]: the values stand one behind the other already. */
static bool parse_list(parser* p, value* v) {
    const char* open = p->at;
    value part;
    advance(p, 1);
    if (*p->at == ']') {
        return fail(p, open, "a vector has one number at least");
    }
    for (bool first = true; first || accept(p, ','); first = false) {
        if (!parse_expression(p, first ? v : &part)) {
            return false;
        }
        if (first) {
            continue;
        }
        v->is_constant = v->is_constant && part.is_constant;
        v->size += part.size;
        if (v->size > KS_EXPRESSION_SIZE_MAX) {
            return fail(p, open, "a vector has %d numbers at most", KS_EXPRESSION_SIZE_MAX);
        }
    }
    if (v->is_constant) {
        become_constant(p, v);
    }
    return expect_closing(p, ']', open);
}

static bool parse_place(parser* p, int size, int* place) {
    const char* at = p->at;
    const char* end = at;
    int64_t number;
    if (!is_digit(at[*at == '-']) || !ks_scan_int(&end, -1000000, 1000000, &number) || *end == '.') {
        return fail(p, at, "a whole number is missing: places in a vector are counted from 0, or from -1 back");
    }
    advance(p, (size_t)(end - at));
    *place = (int)(number < 0 ? number + size : number);
    return true;
}

/* v[2] or v[0:2] */
static bool parse_part(parser* p, value* v) {
    const char* open = p->at;
    int first = 0, end = v->size;
    advance(p, 1);
    if (*p->at != ':' && !parse_place(p, v->size, &first)) {
        return false;
    }
    bool is_range = accept(p, ':');
    if (!is_range) {
        end = first + 1;
    } else if (*p->at != ']' && !parse_place(p, v->size, &end)) {
        return false;
    }
    if (!expect_closing(p, ']', open)) {
        return false;
    }
    if (first < 0 || end > v->size || first >= end) {
        return fail(p, open, "the vector has %d number%s, 0 to %d: this part is empty or goes beyond", v->size,
                    v->size == 1 ? "" : "s", v->size - 1);
    }
    if (first > 0 || v->is_constant) {
        apply(p, KS_OP_PART, v, 1, first, end - first, v);
    } else { /* it is there already */
        v->size = end;
        p->top = v->at + end;
    }
    return true;
}

static bool parse_value(parser* p, value* v) {
    const char* open = p->at;
    if (is_digit(*p->at) || (*p->at == '.' && is_digit(p->at[1]))) {
        return parse_number(p, v);
    }
    if (ks_expression_name_length(p->at) > 0) {
        return parse_name(p, v);
    }
    if (*p->at == '[') {
        return parse_list(p, v);
    }
    if (*p->at == '"' || *p->at == '\'') {
        return fail(p, p->at, "names in quotes stand in brackets only, as in sensor(\"left foot\")");
    }
    if (accept(p, '(')) {
        return parse_expression(p, v) && expect_closing(p, ')', open);
    }
    return fail_missing(p, "a value");
}

static bool parse_signed(parser* p, value* v);

static bool parse_power(parser* p, value* v) {
    value args[2];
    if (!parse_value(p, &args[0])) {
        return false;
    }
    while (*p->at == '[') {
        if (!parse_part(p, &args[0])) {
            return false;
        }
    }
    *v = args[0];
    const char* at = p->at;
    return !accept(p, '^') || (parse_signed(p, &args[1]) && apply_operator(p, at, KS_OP_POWER, args, v));
}

static bool parse_not(parser* p, value* v) {
    const char* at = p->at;
    advance(p, strlen("not"));
    if (!parse_signed(p, v)) {
        return false;
    }
    const ks_expression_operator* next = ks_expression_operator_at(p->at);
    if (next && next->level >= KS_LEVEL_COMPARE) {
        return fail(p, at, "\"not\" takes the one value behind it: write not (a %s b)", next->text);
    }
    return apply_to_each(p, at, KS_OP_NOT, v, 1, v);
}

/* Every way into the depth goes through here. */
static bool parse_signed(parser* p, value* v) {
    const char* at = p->at;
    if (p->depth == KS_EXPRESSION_DEPTH_MAX) {
        return fail(p, at, "more than %d levels of brackets, signs or powers", KS_EXPRESSION_DEPTH_MAX);
    }
    p->depth++;
    bool ok;
    if (accept(p, '-')) {
        ok = parse_signed(p, v) && apply_to_each(p, at, KS_OP_NEGATE, v, 1, v);
    } else {
        ok = ks_expression_word_is(at, "not") ? parse_not(p, v) : parse_power(p, v);
    }
    p->depth--;
    return ok;
}

/* Operators from a level on, of which equal ones go from left to right. */
static bool parse_operations(parser* p, int lowest, value* v) {
    value args[2];
    if (!parse_signed(p, &args[0])) {
        return false;
    }
    const ks_expression_operator *o, *last = NULL;
    while ((o = ks_expression_operator_at(p->at)) && o->level >= lowest) {
        const char* at = p->at;
        if (last && o->level == KS_LEVEL_COMPARE && last->level == KS_LEVEL_COMPARE) {
            return fail(p, at, "comparisons make no chain: write a %s b and b %s c", last->text, o->text);
        }
        advance(p, strlen(o->text));
        if (!parse_operations(p, o->level + 1, &args[1]) || !apply_operator(p, at, o->kind, args, &args[0])) {
            return false;
        }
        last = o;
    }
    *v = args[0];
    return true;
}

static bool parse_text(parser* p, value* v) {
    advance(p, 0);
    if (!parse_expression(p, v)) {
        return false;
    }
    if (*p->at == ')' || *p->at == ']') {
        return fail(p, p->at, "this \"%c\" closes no bracket", *p->at);
    }
    return !*p->at || fail_missing(p, "an operator");
}

/* ---- what users see ---------------------------------------------------------------------------------------------- */

ks_expression* ks_expression_parse(const char* text, const ks_expression_scope* scope, ks_error* err) {
    ks_error unused = {0};
    err = err ? err : &unused;
    const size_t length = strnlen(text, KS_EXPRESSION_TEXT_MAX + 1);
    if (length > KS_EXPRESSION_TEXT_MAX) {
        ks_fail(err, KS_BAD_INPUT, "an expression has %d bytes at most", KS_EXPRESSION_TEXT_MAX);
        return NULL;
    }
    parser* p = calloc(1, sizeof *p);
    ks_expression* expression = calloc(1, sizeof *expression);
    char* words = malloc(length + 2);
    /* a character makes one operation at most, and one constant */
    ks_expression_op* ops = calloc(length + 1, sizeof *ops);
    double* constants = calloc(length + 1, sizeof *constants);
    value v = {0};
    bool ok = false;
    if (!p || !expression || !words || !ops || !constants) {
        ks_fail(err, KS_FAILED, "not enough memory");
    } else {
        p->text = p->at = text;
        p->scope = scope;
        p->err = err;
        p->words = words;
        p->ops = ops;
        p->constants = constants;
        ok = parse_text(p, &v);
        *expression = (ks_expression){v.size, p->num_ops, ops, constants};
    }
    free(words);
    free(p);
    if (!ok) {
        free(ops);
        free(constants);
        free(expression);
    }
    return ok ? expression : NULL;
}
