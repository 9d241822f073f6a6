#include "figures/csv.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

/* The next line in which something stands; NULL after the last. */
static char* next_line(ks_csv* csv, bool* whole) {
    char* line;
    do {
        line = ks_text_file_line(&csv->text, whole);
    } while (line && ks_text_is_blank(line));
    csv->line = csv->text.line;
    return line;
}

static bool cut(ks_csv* csv, char* line, char** fields, size_t* count, ks_error* err) {
    const char* wrong = ks_text_cut(line, fields, KS_CSV_MAX_COLUMNS, count);
    return !wrong || ks_fail(err, KS_BAD_INPUT, "%s:%zu: %s", csv->path, csv->line, wrong);
}

static bool read_header(ks_csv* csv, ks_error* err) {
    bool whole;
    char* line = next_line(csv, &whole);
    if (!line) {
        return ks_fail(err, KS_BAD_INPUT, "%s:1: no line with the names of the columns", csv->path);
    }
    return cut(csv, line, csv->names, &csv->columns, err) &&
           (csv->columns <= KS_CSV_MAX_COLUMNS ||
            ks_fail(err, KS_BAD_INPUT, "%s:%zu: more than %d columns", csv->path, csv->line, KS_CSV_MAX_COLUMNS));
}

bool ks_csv_open(ks_csv* csv, const char* path, ks_error* err) {
    *csv = (ks_csv){.path = path};
    if (!ks_text_file_read(&csv->text, path, KS_TEXT_MAX_BYTES, err)) {
        return false;
    }
    if (!read_header(csv, err)) {
        ks_csv_close(csv);
        return false;
    }
    return true;
}

void ks_csv_close(ks_csv* csv) {
    ks_text_file_free(&csv->text);
    *csv = (ks_csv){0};
}

bool ks_csv_find(const ks_csv* csv, const char* name) {
    for (size_t i = 0; i < csv->columns; i++) {
        if (strcmp(csv->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

bool ks_csv_column(size_t* column, const ks_csv* csv, const char* name, ks_error* err) {
    size_t count = 0;
    for (size_t i = csv->columns; i-- > 0;) {
        if (strcmp(csv->names[i], name) == 0) {
            *column = i;
            count++;
        }
    }
    return count == 1 ||
           ks_fail(err, KS_BAD_INPUT, count ? "%s:1: column '%s' stands twice" : "%s:1: there is no column '%s'",
                   csv->path, name);
}

bool ks_csv_next(ks_csv* csv, bool* more, bool cut_end, ks_error* err) {
    bool whole;
    size_t fields;
    char* line = next_line(csv, &whole);
    *more = line && (whole || !cut_end);
    return !*more ||
           (cut(csv, line, csv->fields, &fields, err) &&
            (fields == csv->columns || ks_fail(err, KS_BAD_INPUT, "%s:%zu: %zu field%s where the first line names %zu",
                                               csv->path, csv->line, fields, fields == 1 ? "" : "s", csv->columns)));
}

bool ks_csv_number(double* value, const ks_csv* csv, size_t column, ks_error* err) {
    const char* text = csv->fields[column];
    return ks_parse_double(text, value) || ks_fail(err, KS_BAD_INPUT, "%s:%zu: %s: '%.60s' is not a number", csv->path,
                                                   csv->line, csv->names[column], text);
}

bool ks_csv_any_number(double* value, const ks_csv* csv, size_t column, ks_error* err) {
    const char* text = csv->fields[column];
    bool minus = *text == '-';
    if (strcmp(text + minus, "nan") == 0) {
        *value = NAN;
        return true;
    }
    if (strcmp(text + minus, "inf") == 0) {
        *value = minus ? -INFINITY : INFINITY;
        return true;
    }
    return ks_csv_number(value, csv, column, err);
}

bool ks_csv_int(int64_t* value, const ks_csv* csv, size_t column, int64_t min, int64_t max, ks_error* err) {
    const char* text = csv->fields[column];
    return ks_parse_int(text, min, max, value) ||
           ks_fail(err, KS_BAD_INPUT, "%s:%zu: %s: '%.60s' is not a whole number from %lld to %lld", csv->path,
                   csv->line, csv->names[column], text, (long long)min, (long long)max);
}
