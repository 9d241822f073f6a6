#define _GNU_SOURCE /* strtod_l */
#include "base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* for the C locale the C library hands out a constant: nothing is allocated, nothing can fail, and nothing is to be freed */
static locale_t c_locale(void) {
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static const char* skip_blanks(const char* text) {
    return text + strspn(text, " \t");
}

static const char* skip_digits(const char* text) {
    return text + strspn(text, "0123456789");
}

/* Where the number that starts at text ends; NULL if none does. strtod alone would also take "inf", "nan" and "0x1p3". */
static const char* number_end(const char* text) {
    const char* digits = text + (*text == '+' || *text == '-');
    const char* end = skip_digits(digits);
    bool any = end > digits;
    if (*end == '.') {
        const char* fraction = end + 1;
        end = skip_digits(fraction);
        any |= end > fraction;
    }
    if (any && (*end == 'e' || *end == 'E')) {
        const char* exponent = end + 1 + (end[1] == '+' || end[1] == '-');
        end = skip_digits(exponent) > exponent ? skip_digits(exponent) : end;
    }
    return any ? end : NULL;
}

/* "0.00e5" is nothing, "1e-999" is something */
static bool is_zero(const char* number) {
    const char* digits = number + strspn(number, "+-.0");
    return !(*digits >= '1' && *digits <= '9');
}

bool ks_scan_double(const char** text, double* value) {
    const char* start = skip_blanks(*text);
    const char* end = number_end(start);
    double number = end ? strtod_l(start, NULL, c_locale()) : NAN;
    if (!isfinite(number) || (number == 0 && !is_zero(start))) { /* larger or smaller than any that a double holds */
        return false;
    }
    *value = number;
    *text = end;
    return true;
}

bool ks_scan_int(const char** text, int64_t min, int64_t max, int64_t* value) {
    const char* start = skip_blanks(*text);
    const char* digits = start + (*start == '+' || *start == '-');
    errno = 0;
    long long number = strtoll(start, NULL, 10);
    if (skip_digits(digits) == digits || errno || number < min || number > max) {
        return false;
    }
    *value = number;
    *text = skip_digits(digits);
    return true;
}

bool ks_parse_double(const char* text, double* value) {
    double number;
    bool ok = ks_scan_double(&text, &number) && !*skip_blanks(text);
    *value = ok ? number : *value;
    return ok;
}

bool ks_parse_int(const char* text, int64_t min, int64_t max, int64_t* value) {
    int64_t number;
    bool ok = ks_scan_int(&text, min, max, &number) && !*skip_blanks(text);
    *value = ok ? number : *value;
    return ok;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------ */

int ks_vsnprintf(char* out, size_t room, const char* format, va_list args) {
    locale_t before = uselocale(c_locale());
    int length = vsnprintf(out, room, format, args);
    uselocale(before);
    return length;
}

int ks_snprintf(char* out, size_t room, const char* format, ...) {
    va_list args;
    va_start(args, format);
    int length = ks_vsnprintf(out, room, format, args);
    va_end(args);
    return length;
}

int ks_fprintf(FILE* file, const char* format, ...) {
    va_list args;
    va_start(args, format);
    locale_t before = uselocale(c_locale());
    int length = vfprintf(file, format, args);
    uselocale(before);
    va_end(args);
    return length;
}

const char* ks_print_double(char out[KS_NUMBER_ROOM], double value) {
    for (int digits = 6; digits <= 17; digits++) {
        double back;
        ks_snprintf(out, KS_NUMBER_ROOM, "%.*g", digits, value);
        if (ks_parse_double(out, &back) && back == value) {
            break;
        }
    }
    return out;
}
