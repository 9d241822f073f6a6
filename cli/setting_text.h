/* setting_text.h: what documents say of a config's settings, from their table. Internal to this room.
 * Thread rule: pure. */
#ifndef KS_CLI_SETTING_TEXT_H
#define KS_CLI_SETTING_TEXT_H

#include "base/settings.h"

typedef struct ks_setting_text {
    const char* key;                 /* "inner.lr" */
    char section[32];                /* "inner"; "": it stands in none */
    char condition[KS_SETTINGS_WHY]; /* "problem: sinusoid", or "" */
    char head[KS_SETTINGS_WHY + 48]; /* what it stands under in a document: "inner", "the run", "tasks (only with …)" */
    char text[KS_SETTINGS_RANGE + 512]; /* its help, what it may be, and its default */
} ks_setting_text;

/* The index-th setting of a config; false behind the last. Those of one section follow each other. */
bool ks_setting_text_at(ks_setting_text* text, int index);

/* The section's keys, or that one key: whether there is anything of that name. */
bool ks_setting_is(const ks_setting_text* text, const char* section_or_key);

#endif
