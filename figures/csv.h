/* csv.h: reading the CSV files that kshot writes, also after a spreadsheet has saved them again: a line of names, then rows of
 * fields, in quotes or without. Lines in which nothing stands are passed over.
 *
 * Every error names file and line. Columns are found by name, so that a file may have more of them than its reader knows.
 *
 * Thread rule: an object is used by one thread at a time. */
#ifndef KS_FIGURES_CSV_H
#define KS_FIGURES_CSV_H

#include "base/text_file.h"

#include <stddef.h>
#include <stdint.h>

enum { KS_CSV_MAX_COLUMNS = 128 };

typedef struct ks_csv {
    ks_text_file text;
    const char* path; /* the caller's; must outlive the object */
    size_t line;      /* number of the current line, from 1 */
    size_t columns;
    char* names[KS_CSV_MAX_COLUMNS];  /* (columns) into the text */
    char* fields[KS_CSV_MAX_COLUMNS]; /* (columns) into the text, of the current row */
} ks_csv;

/* Reads a file (whole) and its names. Errors: KS_BAD_INPUT (missing, empty, not text), KS_FAILED. Nothing to close then. */
bool ks_csv_open(ks_csv* csv, const char* path, ks_error* err);
void ks_csv_close(ks_csv* csv);

/* Whether there is a column of that name. */
bool ks_csv_find(const ks_csv* csv, const char* name);
/* The column of that name. Errors: KS_BAD_INPUT naming it. */
bool ks_csv_column(size_t* column, const ks_csv* csv, const char* name, ks_error* err);

/* Reads the next row; *more is false after the last. With cut_end, a last row without its line break (another process may
 * be writing it) counts as not there. Errors: KS_BAD_INPUT (another number of fields than names, a quote that does not end). */
bool ks_csv_next(ks_csv* csv, bool* more, bool cut_end, ks_error* err);

/* A field of the current row as a number. Errors: KS_BAD_INPUT (not finite, not whole, out of range). */
bool ks_csv_number(double* value, const ks_csv* csv, size_t column, ks_error* err);
/* The same, but `inf` and `nan` (of either sign, as printf writes them) are numbers, too. */
bool ks_csv_any_number(double* value, const ks_csv* csv, size_t column, ks_error* err);
bool ks_csv_int(int64_t* value, const ks_csv* csv, size_t column, int64_t min, int64_t max, ks_error* err);

#endif
