#include "base/settings.h"

#include "base/names.h"
#include "base/number.h"
#include "base/text.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* ---- rows --------------------------------------------------------------------------------------------------------------- */

/* a row, the part that it is in, and where its value is in the whole */
typedef struct place {
    const ks_setting* row;
    size_t offset;
    const ks_settings_part* part;
} place;

/* row NULL behind the last */
static place find_place(const ks_settings_table* table, int index) {
    for (int p = 0; p < table->count; p++) {
        const ks_settings_rows* rows = table->parts[p].rows;
        if (index < rows->count) {
            return (place){&rows->rows[index], table->parts[p].offset + rows->rows[index].offset, &table->parts[p]};
        }
        index -= rows->count;
    }
    return (place){0};
}

static void* at(void* whole, place p) {
    return (char*)whole + p.offset;
}

static const void* at_const(const void* whole, place p) {
    return (const char*)whole + p.offset;
}

const ks_setting* ks_settings_row(const ks_settings_table* table, int index) {
    return find_place(table, index).row;
}

int ks_settings_find(const ks_settings_table* table, const char* key) {
    const ks_setting* row;
    for (int i = 0; (row = ks_settings_row(table, i)); i++) {
        if (strcmp(row->key, key) == 0) {
            return i;
        }
    }
    return -1;
}

bool ks_settings_is_section(const ks_settings_table* table, const char* name) {
    const ks_setting* row;
    size_t length = strlen(name);
    for (int i = 0; (row = ks_settings_row(table, i)); i++) {
        if (strncmp(row->key, name, length) == 0 && row->key[length] == '.') {
            return true;
        }
    }
    return false;
}

const char* ks_settings_nearest(const ks_settings_table* table, const char* key) {
    const ks_setting* row;
    const char* nearest = "";
    size_t best = SIZE_MAX;
    const char* dot = strrchr(key, '.');
    for (int i = 0; (row = ks_settings_row(table, i)); i++) {
        const char* row_dot = strchr(row->key, '.');
        size_t whole = ks_edit_distance(key, row->key);
        size_t name = ks_edit_distance(dot ? dot + 1 : key, row_dot ? row_dot + 1 : row->key);
        size_t distance = 2 * name < whole ? 2 * name : whole;
        if (distance < best) {
            best = distance;
            nearest = row->key;
        }
    }
    return nearest;
}

/* the first condition of a row that does not hold, or NULL */
static const ks_settings_when* broken_condition(place p, const void* whole) {
    for (int i = 0; i < p.part->num_when; i++) {
        const ks_settings_when* when = &p.part->when[i];
        if (*(const int*)(const void*)((const char*)whole + when->offset) != when->value) {
            return when;
        }
    }
    return NULL;
}

/* "problem: sinusoid", as a condition wants it */
static void condition_text(char* out, size_t room, const ks_settings_table* table, const ks_settings_when* when) {
    place choice;
    for (int i = 0; (choice = find_place(table, i)).row; i++) {
        if (choice.offset == when->offset && choice.row->type == KS_SETTING_CHOICE) {
            char wanted[32] = "";
            ks_names_at(wanted, sizeof wanted, choice.row->text, when->value);
            snprintf(out, room, "%s: %s", choice.row->key, wanted);
            return;
        }
    }
}

void ks_settings_condition(char condition[KS_SETTINGS_WHY], const ks_settings_table* table, int row) {
    const ks_settings_part* part = find_place(table, row).part;
    *condition = 0;
    for (int i = 0; i < part->num_when; i++) {
        size_t used = strlen(condition);
        used += (size_t)snprintf(condition + used, KS_SETTINGS_WHY - used, "%s", i ? ", " : "");
        condition_text(condition + used, KS_SETTINGS_WHY - used, table, &part->when[i]);
    }
}

bool ks_settings_applies(const ks_settings_table* table, int row, const void* whole, char why[KS_SETTINGS_WHY]) {
    const ks_settings_when* when = broken_condition(find_place(table, row), whole);
    if (when && why) {
        char wanted[48] = "", is[48] = "";
        int value = *(const int*)(const void*)((const char*)whole + when->offset);
        condition_text(wanted, sizeof wanted, table, when);
        condition_text(is, sizeof is, table, &(ks_settings_when){when->offset, value});
        snprintf(why, KS_SETTINGS_WHY, "it is a key of %s, and here it is %s", wanted, is);
    }
    return !when;
}

/* "MIN to MAX". 2^63 - 1 is no double, so that a 64-bit row's own largest number stands for 2^63. */
static void print_range(char* out, size_t room, const ks_setting* row) {
    if (row->type == KS_SETTING_INT64) {
        ks_snprintf(out, room, "%.16g to %lld", row->min, (long long)INT64_MAX);
    } else {
        ks_snprintf(out, room, "%.16g to %.16g", row->min, row->max);
    }
}

/* ---- defaults ----------------------------------------------------------------------------------------------------------- */

static void set_default(void* value, const ks_setting* row) {
    switch (row->type) {
        case KS_SETTING_INT:
        case KS_SETTING_CHOICE:
            *(int*)value = (int)row->initial;
            break;
        case KS_SETTING_INT64:
            *(int64_t*)value = (int64_t)row->initial;
            break;
        case KS_SETTING_DOUBLE:
            *(double*)value = row->initial;
            break;
        case KS_SETTING_BOOL:
            *(bool*)value = row->initial != 0;
            break;
        case KS_SETTING_TEXT:
        case KS_SETTING_LIST:
            snprintf(value, row->room, "%s", row->text);
            break;
        case KS_SETTING_WIDTHS: {
            int* widths = value;
            int64_t width;
            memset(widths, 0, (1 + row->room) * sizeof *widths);
            for (const char* text = row->text; ks_scan_int(&text, (int64_t)row->min, (int64_t)row->max, &width);) {
                widths[1 + widths[0]++] = (int)width;
            }
            break;
        }
    }
}

void ks_settings_default(const ks_settings_table* table, void* whole) {
    place p;
    for (int i = 0; (p = find_place(table, i)).row; i++) {
        set_default(at(whole, p), p.row);
    }
}

void ks_settings_row_default(const ks_settings_table* table, int row, void* whole) {
    place p = find_place(table, row);
    set_default(at(whole, p), p.row);
}

void ks_settings_rows_default(const ks_settings_rows* rows, void* part) {
    for (int i = 0; i < rows->count; i++) {
        set_default((char*)part + rows->rows[i].offset, &rows->rows[i]);
    }
}

char* ks_settings_text(const ks_settings_table* table, int row, void* whole) {
    place p = find_place(table, row);
    assert(p.row->type == KS_SETTING_TEXT);
    return at(whole, p);
}

/* ---- values from text --------------------------------------------------------------------------------------------------- */

static bool parse_number(const char* text, bool whole, double* value) {
    return ks_parse_double(text, value) && (!whole || strspn(text, "+-0123456789") == strlen(text));
}

/* a number that no double can hold: "1e999", "1e-999" */
static bool is_extreme(const char* text) {
    char mantissa[64];
    double m;
    int64_t exponent;
    const char* e = strpbrk(text, "eE");
    snprintf(mantissa, sizeof mantissa, "%.*s", e ? (int)(e - text) : 0, text);
    return e && ks_parse_double(mantissa, &m) && ks_parse_int(e + 1, INT64_MIN, INT64_MAX, &exponent);
}

static bool out_of_range(const ks_setting* row, const char* text, ks_error* err) {
    char range[64];
    print_range(range, sizeof range, row);
    return ks_fail(err, KS_BAD_INPUT, "%.40s is out of range; it must be from %s", text, range);
}

static bool set_number(void* at_value, const ks_setting* row, const char* text, ks_error* err) {
    bool whole = row->type != KS_SETTING_DOUBLE;
    double value;
    if (!parse_number(text, whole, &value)) {
        return !whole && is_extreme(text)
                   ? out_of_range(row, text, err)
                   : ks_fail(err, KS_BAD_INPUT, "'%.40s' is not a %s", text, whole ? "whole number" : "number");
    }
    int64_t integer = 0; /* a double has not enough digits */
    bool fits = row->type != KS_SETTING_INT64 || ks_parse_int(text, INT64_MIN, INT64_MAX, &integer);
    if (!fits || !(value >= row->min && value <= row->max)) {
        return out_of_range(row, text, err);
    }
    if (row->type == KS_SETTING_INT) {
        *(int*)at_value = (int)value;
    } else if (row->type == KS_SETTING_INT64) {
        *(int64_t*)at_value = integer;
    } else {
        *(double*)at_value = value;
    }
    return true;
}

static bool set_choice(int* value, const ks_setting* row, const char* text, ks_error* err) {
    char name[32];
    for (int i = 0; ks_names_at(name, sizeof name, row->text, i); i++) {
        if (strcmp(name, text) == 0) {
            *value = i;
            return true;
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "'%.40s' is not one of %s", text, row->text);
}

/* the words of YAML 1.2 */
static bool set_bool(bool* value, const char* text, ks_error* err) {
    static const char* const WORDS[] = {"false", "False", "FALSE", "true", "True", "TRUE"};
    for (int i = 0; i < 6; i++) {
        if (strcmp(text, WORDS[i]) == 0) {
            *value = i >= 3;
            return true;
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "'%.40s' is not true or false", text);
}

bool ks_settings_set(const ks_settings_table* table, int row, void* whole, const char* text, ks_error* err) {
    place p = find_place(table, row);
    void* value = at(whole, p);
    switch (p.row->type) {
        case KS_SETTING_INT:
        case KS_SETTING_INT64:
        case KS_SETTING_DOUBLE:
            return set_number(value, p.row, text, err);
        case KS_SETTING_CHOICE:
            return set_choice(value, p.row, text, err);
        case KS_SETTING_BOOL:
            return set_bool(value, text, err);
        case KS_SETTING_TEXT:
        case KS_SETTING_LIST:
            if (!ks_utf8_is_valid(text)) {
                return ks_fail(err, KS_BAD_INPUT, "'%.200s' is not UTF-8", text);
            }
            if (p.row->allows && !p.row->allows(text, err)) {
                return false;
            }
            if (strlen(text) >= p.row->room) {
                return ks_fail(err, KS_BAD_INPUT, "'%.40s…' is longer than %zu bytes", text, p.row->room - 1);
            }
            snprintf(value, p.row->room, "%s", text);
            return true;
        case KS_SETTING_WIDTHS:
            break;
    }
    return ks_fail(err, KS_BAD_INPUT, "'%.40s' is not a list, as [100, 100] is", text);
}

void ks_settings_set_widths(const ks_settings_table* table, int row, void* whole) {
    *(int*)at(whole, find_place(table, row)) = 0;
}

bool ks_settings_add_width(const ks_settings_table* table, int row, void* whole, const char* text, ks_error* err) {
    place p = find_place(table, row);
    int* widths = at(whole, p);
    double width;
    if (!parse_number(text, true, &width) || width < p.row->min || width > p.row->max) {
        return ks_fail(err, KS_BAD_INPUT, "'%.40s' is not a width from %g to %g", text, p.row->min, p.row->max);
    }
    if (widths[0] == (int)p.row->room) {
        return ks_fail(err, KS_BAD_INPUT, "more than %zu layers", p.row->room);
    }
    widths[1 + widths[0]++] = (int)width;
    return true;
}

/* ---- printing and comparing --------------------------------------------------------------------------------------------- */

/* As it is where YAML takes it for a text, else in quotes. */
static void print_text(FILE* file, const char* text) {
    static const char* const PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-";
    bool plain = strspn(text, PLAIN) == strlen(text) && *text && strspn(text, "0123456789.+-") < strlen(text);
    fputs(plain ? "" : "\"", file);
    unsigned long code;
    size_t bytes; /* 0 at the end alone: ks_settings_set takes no other text than UTF-8 */
    for (const char* c = text; (bytes = ks_utf8_decode(&code, c)) > 0; c += bytes) {
        if (ks_text_is_control(code)) {
            fprintf(file, "\\x%02lx", code);
        } else {
            fputs(!plain && (*c == '"' || *c == '\\') ? "\\" : "", file);
            fwrite(c, 1, bytes, file);
        }
    }
    fputs(plain ? "" : "\"", file);
}

static void print_value(FILE* file, const void* value, const ks_setting* row) {
    char name[32] = "", number[KS_NUMBER_ROOM];
    const int* widths = value;
    switch (row->type) {
        case KS_SETTING_INT:
            fprintf(file, "%d", *(const int*)value);
            break;
        case KS_SETTING_INT64:
            fprintf(file, "%lld", (long long)*(const int64_t*)value);
            break;
        case KS_SETTING_DOUBLE:
            fputs(ks_print_double(number, *(const double*)value), file);
            break;
        case KS_SETTING_BOOL:
            fputs(*(const bool*)value ? "true" : "false", file);
            break;
        case KS_SETTING_CHOICE:
            ks_names_at(name, sizeof name, row->text, *(const int*)value);
            fputs(name, file);
            break;
        case KS_SETTING_TEXT:
            print_text(file, value);
            break;
        case KS_SETTING_LIST:
            fputs(*(const char*)value ? value : "[]", file);
            break;
        case KS_SETTING_WIDTHS:
            fputc('[', file);
            for (int i = 0; i < widths[0]; i++) {
                fprintf(file, i ? ", %d" : "%d", widths[1 + i]);
            }
            fputc(']', file);
            break;
    }
}

void ks_settings_write_value(const ks_settings_table* table, int row, const void* whole, FILE* file) {
    place p = find_place(table, row);
    print_value(file, at_const(whole, p), p.row);
}

void ks_settings_range(char range[KS_SETTINGS_RANGE], const ks_setting* row) {
    bool number = row->type == KS_SETTING_INT || row->type == KS_SETTING_INT64 || row->type == KS_SETTING_DOUBLE;
    snprintf(range, KS_SETTINGS_RANGE, "%s", row->type == KS_SETTING_CHOICE ? row->text : "");
    if (number) {
        print_range(range, KS_SETTINGS_RANGE, row);
    }
}

static void print_comment(FILE* file, const ks_setting* row) {
    char range[KS_SETTINGS_RANGE];
    ks_settings_range(range, row);
    fprintf(file, *range ? "  # %s (%s)" : "  # %s", row->help, range);
}

bool ks_settings_write(const ks_settings_table* table, const void* whole, FILE* file, bool comments) {
    char section[32] = "";
    place p;
    for (int i = 0; (p = find_place(table, i)).row; i++) {
        const char* key = p.row->key;
        const char* dot = strchr(key, '.');
        if (broken_condition(p, whole)) {
            continue;
        }
        size_t length = dot ? (size_t)(dot - key) : 0;
        if (dot && (strlen(section) != length || strncmp(section, key, length) != 0)) {
            snprintf(section, sizeof section, "%.*s", (int)length, key);
            fprintf(file, "%s:\n", section);
        }
        fprintf(file, "%s%s: ", dot ? "  " : "", dot ? dot + 1 : key);
        print_value(file, at_const(whole, p), p.row);
        if (comments) {
            print_comment(file, p.row);
        }
        fputc('\n', file);
    }
    return !ferror(file);
}

static bool same_value(const void* a, const void* b, const ks_setting* row) {
    static const size_t SIZES[] = {[KS_SETTING_INT] = sizeof(int),
                                   [KS_SETTING_CHOICE] = sizeof(int),
                                   [KS_SETTING_INT64] = sizeof(int64_t),
                                   [KS_SETTING_DOUBLE] = sizeof(double),
                                   [KS_SETTING_BOOL] = sizeof(bool)};
    if (row->type == KS_SETTING_TEXT || row->type == KS_SETTING_LIST) {
        return strcmp(a, b) == 0;
    }
    if (row->type == KS_SETTING_WIDTHS) {
        const int* widths = a;
        return memcmp(a, b, (1 + (size_t)widths[0]) * sizeof *widths) == 0;
    }
    return memcmp(a, b, SIZES[row->type]) == 0;
}

const char* ks_settings_difference(const ks_settings_table* table, const void* a, const void* b) {
    place p;
    for (int i = 0; (p = find_place(table, i)).row; i++) {
        if (!p.row->free_on_resume && !broken_condition(p, a) && !same_value(at_const(a, p), at_const(b, p), p.row)) {
            return p.row->key;
        }
    }
    return NULL;
}
