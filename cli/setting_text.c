#include "cli/setting_text.h"

#include "run/config.h"
#include "run/config_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* as it stands in a config */
static void default_text(char* out, size_t room, int index) {
    ks_config config;
    FILE* file = fmemopen(out, room, "w");
    *out = 0;
    ks_config_default(&config);
    if (file) {
        ks_settings_write_value(&ks_config_table, index, &config, file);
        fclose(file);
    }
}

bool ks_setting_text_at(ks_setting_text* t, int index) {
    const ks_setting* row = ks_settings_row(&ks_config_table, index);
    if (!row) {
        return false;
    }
    char range[KS_SETTINGS_RANGE], initial[128] = "";
    const char* dot = strchr(row->key, '.');
    t->key = row->key;
    snprintf(t->section, sizeof t->section, "%.*s", dot ? (int)(dot - row->key) : 0, row->key);
    ks_settings_condition(t->condition, &ks_config_table, index);
    snprintf(t->head, sizeof t->head, "%s%s%s%s", *t->section ? t->section : "the run",
             *t->condition ? " (only with " : "", t->condition, *t->condition ? ")" : "");
    ks_settings_range(range, row);
    default_text(initial, sizeof initial, index);
    snprintf(t->text, sizeof t->text, "%s (%s%sdefault %s)", row->help, range, *range ? "; " : "", initial);
    return true;
}

bool ks_setting_is(const ks_setting_text* t, const char* name) {
    return strcmp(t->key, name) == 0 || (*t->section && strcmp(t->section, name) == 0);
}
