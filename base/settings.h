/* settings.h: tables of settings. A row says all there is to a setting, once: its key, its type and range, its default, and the line
 * of help. Reading, checking, printing, comparing and documenting follow from it.
 *
 * A room keeps its rows beside a struct of its own, in which they say where their values are. A table joins the rows of several
 * rooms, whose structs stand in one that is the caller's: `whole` below.
 *
 * Thread rule: tables are constant; a whole is plain data. Nothing here allocates. */
#ifndef KS_BASE_SETTINGS_H
#define KS_BASE_SETTINGS_H

#include "base/error.h"

#include <stddef.h>
#include <stdio.h>

typedef enum ks_setting_type {
    KS_SETTING_INT,    /* int */
    KS_SETTING_INT64,  /* int64_t */
    KS_SETTING_DOUBLE, /* double */
    KS_SETTING_BOOL,   /* bool */
    KS_SETTING_CHOICE, /* int: which of the names in `text` */
    KS_SETTING_TEXT,   /* char[room] */
    KS_SETTING_LIST, /* char[room]: a list as JSON; "" is an empty one. Given as text, it is JSON that somebody has checked */
    KS_SETTING_WIDTHS, /* int, the number of layers; right behind it int[room], their units */
} ks_setting_type;

typedef struct ks_setting {
    const char* key; /* "section.name" or "name" */
    ks_setting_type type;
    size_t offset;       /* in the room's struct */
    double min, max;     /* of INT, INT64, DOUBLE, and of each number of WIDTHS */
    double initial;      /* default of INT, INT64, DOUBLE, BOOL, CHOICE */
    const char* text;    /* default of TEXT, LIST and WIDTHS ("100 100"); names of CHOICE, separated by | */
    const char* help;    /* one line */
    bool free_on_resume; /* may differ when a run is resumed */
    size_t room;         /* of TEXT, LIST and WIDTHS */
    bool of_machine;     /* says where something is on this machine: not kept with models that are passed on; */
    bool saves_time;     /* and nothing that is learned depends on it */
    /* of TEXT and LIST: whether it may be that; else fills *err. NULL: anything may */
    bool (*allows)(const char* text, ks_error* err);
} ks_setting;

/* The rows of one struct. */
typedef struct ks_settings_rows {
    const ks_setting* rows;
    int count;
} ks_settings_rows;

/* "only where that CHOICE has this value" */
typedef struct ks_settings_when {
    size_t offset; /* of the choice in the whole */
    int value;
} ks_settings_when;

enum { KS_SETTINGS_WHENS = 2 };

typedef struct ks_settings_part {
    const ks_settings_rows* rows;
    size_t offset;                            /* of their struct in the whole */
    int num_when;                             /* conditions on which its rows are settings at all; 0: always */
    ks_settings_when when[KS_SETTINGS_WHENS]; /* all of them */
} ks_settings_part;

/* Rows are numbered through all parts. Those of one section follow each other. */
typedef struct ks_settings_table {
    const ks_settings_part* parts;
    int count; /* of parts */
} ks_settings_table;

enum { KS_SETTINGS_MAX = 128 }; /* rows of a table at most */

/* The index-th row, or NULL behind the last. */
const ks_setting* ks_settings_row(const ks_settings_table* table, int index);
/* The row of that key, or -1. */
int ks_settings_find(const ks_settings_table* table, const char* key);
/* Whether a row is a setting of this whole. If not, and why is not NULL, it says so: "it is a key of problem: sinusoid,
 * and here it is problem: rl". */
enum { KS_SETTINGS_WHY = 128 };
bool ks_settings_applies(const ks_settings_table* table, int row, const void* whole, char why[KS_SETTINGS_WHY]);
/* What must be chosen for a row to be a setting at all: "problem: rl, outer: trpo"; "": nothing. */
void ks_settings_condition(char condition[KS_SETTINGS_WHY], const ks_settings_table* table, int row);
/* What a value may be: "0 to 1000", or the names of a CHOICE ("relu|tanh"); "": nothing is to be said. */
enum { KS_SETTINGS_RANGE = 256 };
void ks_settings_range(char range[KS_SETTINGS_RANGE], const ks_setting* row);
/* Whether keys start with `name.` */
bool ks_settings_is_section(const ks_settings_table* table, const char* name);
/* The key that was probably meant: the nearest, whole or without its section. */
const char* ks_settings_nearest(const ks_settings_table* table, const char* key);

/* The value of a TEXT row; lives as long as the whole, and can be written there (room of the row). */
char* ks_settings_text(const ks_settings_table* table, int row, void* whole);

/* All defaults; what is no row's stays as it is. */
void ks_settings_row_default(const ks_settings_table* table, int row, void* whole);
void ks_settings_default(const ks_settings_table* table, void* whole);
/* The same of one struct. */
void ks_settings_rows_default(const ks_settings_rows* rows, void* part);

/* One value from text. Errors: KS_BAD_INPUT, what is wrong with the text and what would be right, without the key. */
bool ks_settings_set(const ks_settings_table* table, int row, void* whole, const char* text, ks_error* err);
/* The same for the layers of WIDTHS, one after the other: set_widths makes the list empty, add_width adds to it. */
void ks_settings_set_widths(const ks_settings_table* table, int row, void* whole);
bool ks_settings_add_width(const ks_settings_table* table, int row, void* whole, const char* text, ks_error* err);

/* Every row that applies as YAML that reads back exactly; with comments (help, range or names) if asked. False on a write error. */
bool ks_settings_write(const ks_settings_table* table, const void* whole, FILE* file, bool comments);
/* One value, as it stands there. */
void ks_settings_write_value(const ks_settings_table* table, int row, const void* whole, FILE* file);
/* First key in which the two differ, or NULL. Rows that are free on resuming, or do not apply, do
 * not count. */
const char* ks_settings_difference(const ks_settings_table* table, const void* a, const void* b);

#endif
