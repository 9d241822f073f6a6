/* test_expression_random: thousands of random expressions whose values are computed along the tree while they are written. */
#include "expression_support.h"

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
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_expressions)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
