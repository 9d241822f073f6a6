/* config_fields.h: the table of a config's fields, for the files of this room that read and print configs. */
#ifndef KS_RUN_CONFIG_FIELDS_H
#define KS_RUN_CONFIG_FIELDS_H

#include "run/config.h"

#include <stddef.h>

typedef enum ks_field_type { INT, INT64, DOUBLE, BOOL, CHOICE, TEXT, WIDTHS } ks_field_type;

typedef struct ks_field {
    const char* key; /* "section.name" or "name" */
    ks_field_type type;
    size_t offset;
    double min, max;  /* of INT, INT64, DOUBLE */
    double initial;   /* default of all but TEXT and WIDTHS */
    const char* text; /* default of TEXT; names of CHOICE, separated by | */
    const char* help;
    bool free_on_resume; /* may differ when a run is resumed */
} ks_field;

enum { KS_MAX_FIELDS = 64 };
extern const ks_field ks_config_fields[];
extern const int ks_config_num_fields; /* at most KS_MAX_FIELDS */

/* The index-th of "a|b|c" into out, or false. */
bool ks_choice_name(const char* names, int index, char* out, size_t room);
/* "MIN to MAX" of a number. */
void ks_field_range(char* out, size_t room, const ks_field* field);

#endif
