#include "viewer/csv.h"

#include "base/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Cuts a line at its commas. Returns how many fields there are, also where they are more than fit. */
static size_t cut(char* line, char** fields) {
    size_t count = 0;
    for (char* at = line; at; count++) {
        char* comma = strchr(at, ',');
        if (comma) {
            *comma = 0;
        }
        if (count < KS_CSV_MAX_COLUMNS) {
            fields[count] = at;
        }
        at = comma ? comma + 1 : NULL;
    }
    return count;
}

/* The next line into csv->row, without its line break. *whole: it had one. */
static bool read_line(ks_csv* csv, bool* more, bool* whole, ks_error* err) {
    errno = 0;
    ssize_t length = getline(&csv->row, &csv->room, csv->file);
    *more = length >= 0;
    *whole = false;
    if (length < 0) {
        return !ferror(csv->file) || ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", csv->path, strerror(errno));
    }
    csv->line++;
    if (strlen(csv->row) != (size_t)length) {
        return ks_fail(err, KS_BAD_INPUT, "%s:%zu: a zero byte: this is no CSV", csv->path, csv->line);
    }
    *whole = length > 0 && csv->row[length - 1] == '\n';
    while (length > 0 && (csv->row[length - 1] == '\n' || csv->row[length - 1] == '\r')) {
        csv->row[--length] = 0;
    }
    return true;
}

static bool read_header(ks_csv* csv, ks_error* err) {
    bool more, whole;
    if (!read_line(csv, &more, &whole, err)) {
        return false;
    }
    if (!more || !*csv->row) {
        return ks_fail(err, KS_BAD_INPUT, "%s:1: no line with the names of the columns", csv->path);
    }
    csv->header = strdup(csv->row);
    if (!csv->header) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    csv->columns = cut(csv->header, csv->names);
    return csv->columns <= KS_CSV_MAX_COLUMNS ||
           ks_fail(err, KS_BAD_INPUT, "%s:1: more than %d columns", csv->path, KS_CSV_MAX_COLUMNS);
}

bool ks_csv_open(ks_csv* csv, const char* path, ks_error* err) {
    *csv = (ks_csv){.path = path, .file = fopen(path, "r")};
    if (!csv->file) {
        return ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    }
    if (!read_header(csv, err)) {
        ks_csv_close(csv);
        return false;
    }
    return true;
}

void ks_csv_close(ks_csv* csv) {
    if (csv->file) {
        fclose(csv->file);
    }
    free(csv->header);
    free(csv->row);
    *csv = (ks_csv){0};
}

bool ks_csv_column(size_t* column, const ks_csv* csv, const char* name, ks_error* err) {
    for (size_t i = 0; i < csv->columns; i++) {
        if (strcmp(csv->names[i], name) == 0) {
            *column = i;
            return true;
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "%s:1: there is no column '%s'", csv->path, name);
}

bool ks_csv_next(ks_csv* csv, bool* more, bool cut_end, ks_error* err) {
    bool whole;
    if (!read_line(csv, more, &whole, err)) {
        return false;
    }
    if (!*more || (cut_end && !whole)) {
        *more = false;
        return true;
    }
    size_t fields = cut(csv->row, csv->fields);
    return fields == csv->columns || ks_fail(err, KS_BAD_INPUT, "%s:%zu: %zu field%s where the first line names %zu",
                                             csv->path, csv->line, fields, fields == 1 ? "" : "s", csv->columns);
}

bool ks_csv_number(double* value, const ks_csv* csv, size_t column, ks_error* err) {
    const char* text = csv->fields[column];
    return ks_parse_double(text, value) || ks_fail(err, KS_BAD_INPUT, "%s:%zu: %s: '%.60s' is not a number", csv->path,
                                                   csv->line, csv->names[column], text);
}

bool ks_csv_int(int64_t* value, const ks_csv* csv, size_t column, int64_t min, int64_t max, ks_error* err) {
    const char* text = csv->fields[column];
    return ks_parse_int(text, min, max, value) ||
           ks_fail(err, KS_BAD_INPUT, "%s:%zu: %s: '%.60s' is not a whole number from %lld to %lld", csv->path,
                   csv->line, csv->names[column], text, (long long)min, (long long)max);
}
