#include "envs/distribution.h"

#include "base/elementary_double.h"
#include "base/names.h"
#include "base/number.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static const double CUT = 4;                              /* standard deviations at which a normal ends, */
static const double BEYOND = 3.1671241833119921253771e-5; /* and the probability of what is beyond on one side */
enum { MOST_SHOWN = 4 };                                  /* values that a text lists one by one */

static const struct {
    const char* word;
    const char* numbers;
    int least, most; /* how many numbers */
} KINDS[KS_DISTRIBUTION_KINDS] = {
    [KS_UNIFORM] = {"uniform", "lowest, highest", 2, 2},
    [KS_LOG_UNIFORM] = {"log_uniform", "lowest, highest", 2, 2},
    [KS_NORMAL] = {"normal", "mean, standard deviation", 2, 2},
    [KS_CHOICE] = {"choice", "values", 1, KS_CHOICE_MAX},
    [KS_FIXED] = {"fixed", "value", 1, 1},
};

const char* ks_distribution_word(ks_distribution_kind kind) {
    return KINDS[kind].word;
}

const char* ks_distribution_numbers(ks_distribution_kind kind) {
    return KINDS[kind].numbers;
}

bool ks_distribution_find(ks_distribution_kind* kind, const char* word, ks_error* err) {
    int nearest = 0;
    size_t best = SIZE_MAX;
    for (int k = 0; k < KS_DISTRIBUTION_KINDS; k++) {
        size_t distance = ks_edit_distance(word, KINDS[k].word);
        if (distance == 0) {
            *kind = (ks_distribution_kind)k;
            return true;
        }
        if (distance < best) {
            best = distance;
            nearest = k;
        }
    }
    return ks_fail(
        err, KS_BAD_INPUT,
        "there is no distribution \"%.60s\"; the nearest is \"%s\" (uniform, log_uniform, normal, choice and "
        "fixed are there)",
        word, KINDS[nearest].word);
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

static bool check_count(const ks_distribution* d, ks_error* err) {
    const char* word = KINDS[d->kind].word;
    if (d->kind == KS_CHOICE && d->count < 1) {
        return ks_fail(err, KS_BAD_INPUT, "choice has no values to choose from");
    }
    if (d->kind == KS_CHOICE && d->count > KS_CHOICE_MAX) {
        return ks_fail(err, KS_BAD_INPUT, "choice has %d values; %d are the most", d->count, KS_CHOICE_MAX);
    }
    if (d->count < KINDS[d->kind].least || d->count > KINDS[d->kind].most) {
        return ks_fail(err, KS_BAD_INPUT, "%s takes %d number%s (%s), not %d", word, KINDS[d->kind].least,
                       KINDS[d->kind].least == 1 ? "" : "s", KINDS[d->kind].numbers, d->count);
    }
    return true;
}

bool ks_distribution_check(const ks_distribution* d, ks_error* err) {
    if (!check_count(d, err)) {
        return false;
    }
    const char* word = KINDS[d->kind].word;
    char a[KS_NUMBER_ROOM], b[KS_NUMBER_ROOM];
    for (int i = 0; i < d->count; i++) {
        if (!(fabs(d->numbers[i]) <= (double)FLT_MAX)) { /* written so that not-a-number fails */
            return ks_fail(err, KS_BAD_INPUT, "%s: number %d is %s, which single precision does not hold", word, i + 1,
                           ks_print_double(a, d->numbers[i]));
        }
    }
    ks_print_double(a, d->numbers[0]);
    ks_print_double(b, d->numbers[d->count > 1]);
    bool bounds = d->kind == KS_UNIFORM || d->kind == KS_LOG_UNIFORM;
    if (bounds && d->numbers[0] >= d->numbers[1]) {
        return ks_fail(err, KS_BAD_INPUT,
                       "%s: the lowest number, %s, must be below the highest, %s; a number that never changes is fixed",
                       word, a, b);
    }
    if (d->kind == KS_LOG_UNIFORM && d->numbers[0] <= 0) {
        return ks_fail(err, KS_BAD_INPUT, "log_uniform: the lowest number must be above 0, not %s", a);
    }
    if (d->kind == KS_NORMAL && d->numbers[1] <= 0) {
        return ks_fail(err, KS_BAD_INPUT, "normal: the standard deviation must be above 0, not %s", b);
    }
    if (d->kind == KS_NORMAL && !(fabs(d->numbers[0]) + CUT * d->numbers[1] <= (double)FLT_MAX)) {
        return ks_fail(err, KS_BAD_INPUT,
                       "normal: a standard deviation of %s gives what single precision does not hold", b);
    }
    return true;
}

/* ---- draws ------------------------------------------------------------------------------------------------------- */

static double polynomial(const double* c, int n, double x) {
    double sum = c[n - 1];
    for (int i = n - 2; i >= 0; i--) {
        sum = sum * x + c[i];
    }
    return sum;
}

/* The number that a standard normal is below with probability p, for p from 1e-10 on: Wichura, algorithm AS 241
 * (PPND16), Applied Statistics 37, 1988. */
static double normal_quantile(double p) {
    static const double A[] = {3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
                               13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                               33430.575583588128105, 2509.0809287301226727};
    static const double B[] = {1,
                               42.313330701600911252,
                               687.18700749205790830,
                               5394.1960214247511077,
                               21213.794301586595867,
                               39307.895800092710610,
                               28729.085735721942674,
                               5226.4952788528545610};
    static const double C[] = {1.42343711074968357734,   4.63033784615654529590,   5.76949722146069140550,
                               3.64784832476320460504,   1.27045825245236838258,   0.241780725177450611770,
                               0.0227238449892691845833, 7.74545014278341407640e-4};
    static const double D[] = {1,
                               2.05319162663775882187,
                               1.67638483018380384940,
                               0.689767334985100004550,
                               0.148103976427480074590,
                               0.0151986665636164571966,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * polynomial(A, 8, r) / polynomial(B, 8, r);
    }
    double r = sqrt(-ks_double_log(q < 0 ? p : 1 - p)) - 1.6;
    double x = polynomial(C, 8, r) / polynomial(D, 8, r);
    return q < 0 ? -x : x;
}

static double between(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}

/* a symmetric interval so that u and 1 - u give opposite numbers */
static double draw_uniform(double low, double high, double u) {
    return low == -high ? high * (2 * u - 1) : low + (high - low) * u;
}

double ks_distribution_draw(const ks_distribution* d, const double* uniform) {
    const double* x = d->numbers;
    switch (d->kind) {
        case KS_UNIFORM:
            return between(draw_uniform(x[0], x[1], uniform[0]), x[0], x[1]);
        case KS_LOG_UNIFORM:
            return between(ks_double_exp(draw_uniform(ks_double_log(x[0]), ks_double_log(x[1]), uniform[0])), x[0],
                           x[1]);
        case KS_NORMAL:
            return x[0] + x[1] * between(normal_quantile(BEYOND + (1 - 2 * BEYOND) * uniform[0]), -CUT, CUT);
        case KS_CHOICE:
            return x[(int)between(floor(d->count * uniform[0]), 0, d->count - 1)];
        default:
            return x[0];
    }
}

int ks_distribution_uniforms(const ks_distribution* d) {
    return d->kind == KS_FIXED ? 0 : 1;
}

/* ---- what may be drawn ------------------------------------------------------------------------------------------- */

void ks_distribution_range(double range[2], const ks_distribution* d) {
    range[0] = d->numbers[0];
    range[1] = d->numbers[d->count - 1];
    if (d->kind == KS_NORMAL) {
        range[0] = d->numbers[0] + d->numbers[1] * -CUT;
        range[1] = d->numbers[0] + d->numbers[1] * CUT;
    }
    for (int i = 0; d->kind == KS_CHOICE && i < d->count; i++) {
        range[0] = fmin(range[0], d->numbers[i]);
        range[1] = fmax(range[1], d->numbers[i]);
    }
}

/* the smallest value above x; x itself if there is none */
static double next_value(const ks_distribution* d, double x) {
    double next = x;
    for (int i = 0; i < d->count; i++) {
        if (d->numbers[i] > x && (next == x || d->numbers[i] < next)) {
            next = d->numbers[i];
        }
    }
    return next;
}

double ks_distribution_step(const ks_distribution* d) {
    if (d->kind != KS_CHOICE) {
        return 0;
    }
    double range[2];
    ks_distribution_range(range, d);
    double step = next_value(d, range[0]) - range[0];
    int k = 0;
    for (double x = range[0]; x < range[1]; x = next_value(d, x)) {
        if (x != range[0] + k++ * step) {
            return 0;
        }
    }
    return range[1] == range[0] + k * step ? step : 0;
}

/* "-1, 0 or 1" */
static void list_values(char text[KS_DISTRIBUTION_TEXT], const ks_distribution* d) {
    int used = 0;
    for (int i = 0; i < d->count; i++) {
        const char* before = i == 0 ? "" : i + 1 < d->count ? ", " : " or ";
        used += ks_snprintf(text + used, (size_t)(KS_DISTRIBUTION_TEXT - used), "%s%g", before, d->numbers[i]);
    }
}

const char* ks_distribution_text(char text[KS_DISTRIBUTION_TEXT], const ks_distribution* d, const char* unit) {
    const char* space = *unit ? " " : "";
    const double* x = d->numbers;
    double range[2];
    char values[KS_DISTRIBUTION_TEXT] = "";
    ks_distribution_range(range, d);
    switch (d->kind) {
        case KS_UNIFORM:
            ks_snprintf(text, KS_DISTRIBUTION_TEXT, "U[%g, %g]%s%s", x[0], x[1], space, unit);
            break;
        case KS_LOG_UNIFORM:
            ks_snprintf(text, KS_DISTRIBUTION_TEXT, "log-U[%g, %g]%s%s", x[0], x[1], space, unit);
            break;
        case KS_NORMAL:
            ks_snprintf(text, KS_DISTRIBUTION_TEXT, "N(%g, %g²)%s%s", x[0], x[1], space, unit);
            break;
        case KS_CHOICE:
            if (d->count > MOST_SHOWN) {
                ks_snprintf(text, KS_DISTRIBUTION_TEXT, "one of %d values, %g to %g%s%s", d->count, range[0], range[1],
                            space, unit);
                break;
            }
            list_values(values, d);
            ks_snprintf(text, KS_DISTRIBUTION_TEXT, "%s%s%s%s", values, space, unit,
                        d->count > 1 ? ", equally likely" : "");
            break;
        default:
            ks_snprintf(text, KS_DISTRIBUTION_TEXT, "%g%s%s", x[0], space, unit);
    }
    return text;
}
