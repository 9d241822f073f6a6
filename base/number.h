/* number.h: numbers as text, with a point and nothing else, whatever locale the program is in.
 *
 * A program that uses the library may have called setlocale. Under de_DE, strtod then stops at the point of "0.5" and printf
 * writes "0,5". So everything in the library that reads a number, or writes one to a file, does it through these functions.
 *
 * Thread rule: no shared state. The printing functions change the locale of the calling thread alone, and change it back. */
#ifndef KS_BASE_NUMBER_H
#define KS_BASE_NUMBER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

/* A decimal number: digits with a point or without, a sign and an exponent if wanted; blanks around it are passed over.
 * False, with *value as it was: anything else (nothing at all, text behind it, hexadecimal, infinity, not a number), or a
 * number that is too large for a double, or so small that it would become 0. */
bool ks_parse_double(const char* text, double* value);
/* A whole number in decimal digits, from min to max. False as above. */
bool ks_parse_int(const char* text, int64_t min, int64_t max, int64_t* value);

/* The same at the start of *text, for lists: *text then stands behind the number. False with *text as it was. */
bool ks_scan_double(const char** text, double* value);
bool ks_scan_int(const char** text, int64_t min, int64_t max, int64_t* value);

/* ---- writing ------------------------------------------------------------------------------------------------------------ */

enum { KS_NUMBER_ROOM = 32 };

/* The shortest text (of 6 to 17 digits) that reads back as exactly this number. Returns out. */
const char* ks_print_double(char out[KS_NUMBER_ROOM], double value);

/* fprintf, snprintf and vsnprintf in the C locale. */
int ks_fprintf(FILE* file, const char* format, ...) __attribute__((format(printf, 2, 3)));
int ks_snprintf(char* out, size_t room, const char* format, ...) __attribute__((format(printf, 3, 4)));
int ks_vsnprintf(char* out, size_t room, const char* format, va_list args) __attribute__((format(printf, 3, 0)));

#endif
