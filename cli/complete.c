#include "cli/complete.h"

#include "base/names.h"
#include "cli/cli.h"
#include "cli/option_table.h"
#include "cli/setting_text.h"
#include "cli/topics.h"
#include "run/config_table.h"

#include <string.h>

/* What is typed so far, and what stands before it in the same word (--split=). */
typedef struct target {
    FILE* out;
    const char *typed, *before;
    int before_length;
} target;

static void offer(const target* t, const char* word, const char* end, const char* what) {
    if (strncmp(word, t->typed, strlen(t->typed)) == 0) {
        fprintf(t->out, "%.*s%s%s\t%s\n", t->before_length, t->before, word, end, what);
    }
}

static void offer_names(const target* t, const char* names) {
    char name[64];
    for (int i = 0; names && ks_names_at(name, sizeof name, names, i); i++) {
        offer(t, name, "", "");
    }
}

static bool offer_envs(const target* t, ks_error* err) {
    for (size_t i = 0; i < ks_env_names(); i++) {
        const ks_env_def* def = ks_env_open(ks_env_name(i), NULL, err);
        if (!def) {
            return false;
        }
        offer(t, def->name, "", def->summary);
        ks_env_close(def);
    }
    return true;
}

/* The value of a setting, behind "KEY=". */
static bool offer_setting_value(const target* t, const ks_setting* row, ks_error* err) {
    size_t length = strlen(row->key) + 1;
    target value = {t->out, t->typed + length, t->typed, (int)length};
    if (strcmp(row->key, "env") == 0) {
        return offer_envs(&value, err);
    }
    if (row->type == KS_SETTING_CHOICE || row->type == KS_SETTING_BOOL) {
        offer_names(&value, row->type == KS_SETTING_BOOL ? "false|true" : row->text);
    }
    return true;
}

static bool offer_settings(const target* t, bool of_examples, ks_error* err) {
    char key[64];
    ks_setting_text text;
    snprintf(key, sizeof key, "%.*s", (int)strcspn(t->typed, "="), t->typed);
    int row = strchr(t->typed, '=') ? ks_settings_find(&ks_config_table, key) : -1;
    if (row >= 0) {
        return offer_setting_value(t, ks_settings_row(&ks_config_table, row), err);
    }
    for (int i = 0; ks_setting_text_at(&text, i); i++) {
        if (!of_examples || ks_problem_find(text.section) >= 0) {
            offer(t, text.key, "=", text.text);
        }
    }
    return true;
}

static void offer_commands(const target* t) {
    for (const ks_command* const* c = ks_commands; *c; c++) {
        offer(t, (*c)->name, "", (*c)->summary);
    }
}

static void offer_topics(const target* t) {
    ks_setting_text text;
    char last[sizeof text.section] = "";
    offer_commands(t);
    for (const ks_topic* topic = ks_topics; topic->name; topic++) {
        offer(t, topic->name, "", topic->summary);
    }
    for (int i = 0; ks_setting_text_at(&text, i); i++) {
        if (strcmp(text.section, last) != 0) {
            strcpy(last, text.section);
            offer(t, text.section, "", "settings");
        }
        if (strchr(t->typed, '.')) {
            offer(t, text.key, "", text.text);
        }
    }
}

static bool offer_value(const target* t, ks_completion what, const char* names, ks_error* err) {
    static const char* const FILES[] = {
        [KS_COMPLETE_FILE] = ":files",        [KS_COMPLETE_FOLDER] = ":folders",
        [KS_COMPLETE_CONFIG] = ":files yaml", [KS_COMPLETE_POLICY] = ":files safetensors",
        [KS_COMPLETE_CSV] = ":files csv",     [KS_COMPLETE_ENV] = ":files",
        [KS_COMPLETE_TOPIC] = NULL,
    };
    offer_names(t, names);
    if (FILES[what]) {
        fprintf(t->out, "%s\n", FILES[what]);
    }
    switch (what) {
        case KS_COMPLETE_ENV:
            return offer_envs(t, err);
        case KS_COMPLETE_SETTING:
        case KS_COMPLETE_EXAMPLES_SETTING:
            return offer_settings(t, what == KS_COMPLETE_EXAMPLES_SETTING, err);
        case KS_COMPLETE_TOPIC:
            offer_topics(t);
            return true;
        default:
            return true;
    }
}

static void offer_options(const target* t, const ks_command* command) {
    char word[64];
    for (const ks_option_group* g = command->groups; g < command->groups + KS_COMMAND_GROUPS && g->rows; g++) {
        for (const ks_option* row = g->rows; row->name; row++) {
            snprintf(word, sizeof word, "--%s", row->name);
            offer(t, word, "", row->help);
        }
    }
    offer(t, "--help", "", "explain the command");
}

/* "--split=te": the row, and where its value begins. */
static const ks_option* find_attached(const ks_command* command, const char* word, target* t) {
    char name[64];
    const char* equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    if (!equals || (size_t)(equals - word) >= sizeof name) {
        return NULL;
    }
    snprintf(name, sizeof name, "%.*s", (int)(equals - word), word);
    const ks_option* row = ks_command_option(command, name);
    if (row) {
        *t = (target){t->out, equals + 1, word, (int)(equals - word) + 1};
    }
    return row;
}

bool ks_complete(int count, char** words, FILE* out, ks_error* err) {
    if (count < 2) {
        return true;
    }
    const char *word = words[count - 1], *before = words[count - 2];
    target t = {.out = out, .typed = word, .before = ""};
    const ks_command* command = ks_command_find(words[1]);
    if (count == 2) {
        offer_commands(&t);
        offer(&t, "--help", "", "list commands and topics");
        offer(&t, "--version", "", "say what was built");
        return true;
    }
    if (!command) {
        return true;
    }
    const ks_option* row = count > 3 ? ks_command_option(command, before) : NULL;
    row = row && row->value && !row->optional ? row : find_attached(command, word, &t);
    if (row) {
        return offer_value(&t, row->completes, row->names, err);
    }
    if (*word == '-') {
        offer_options(&t, command);
        return true;
    }
    return offer_value(&t, command->arguments.completes, command->arguments.names, err);
}
