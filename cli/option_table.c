#include "cli/option_table.h"

#include "base/names.h"
#include "base/number.h"
#include "cli/cli.h"
#include "cli/help_text.h"
#include "cli/terminal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* getopt's values: of an option its letter, or a number from here on */
enum { NO_LETTER = 256, MAX_OPTIONS = 64 };

/* A command's options as getopt wants them. */
typedef struct getopt_table {
    struct option options[MAX_OPTIONS + 2];
    const ks_option* rows[MAX_OPTIONS];
    bool given[MAX_OPTIONS];
    char letters[2 * MAX_OPTIONS + 2];
    int count;
} getopt_table;

const ks_command* ks_command_find(const char* name) {
    for (const ks_command* const* c = ks_commands; *c; c++) {
        if (strcmp((*c)->name, name) == 0) {
            return *c;
        }
    }
    return NULL;
}

const ks_option* ks_command_option(const ks_command* command, const char* word) {
    for (const ks_option_group* g = command->groups; g < command->groups + KS_COMMAND_GROUPS && g->rows; g++) {
        for (const ks_option* row = g->rows; row->name; row++) {
            bool is_letter = word[0] == '-' && row->letter && word[1] == row->letter && !word[2];
            if (is_letter || (strncmp(word, "--", 2) == 0 && strcmp(word + 2, row->name) == 0)) {
                return row;
            }
        }
    }
    return NULL;
}

static void add_row(getopt_table* t, const ks_option* row) {
    int has_value = !row->value ? no_argument : row->optional ? optional_argument : required_argument;
    size_t end = strlen(t->letters);
    if (row->letter) {
        t->letters[end++] = row->letter;
        t->letters[end++] = ':';
        t->letters[row->value ? end : end - 1] = 0;
    }
    t->rows[t->count] = row;
    t->options[t->count] =
        (struct option){row->name, has_value, NULL, row->letter ? row->letter : NO_LETTER + t->count};
    t->count++;
}

static void make_getopt_table(getopt_table* t, const ks_command* command) {
    *t = (getopt_table){.letters = "h"};
    for (const ks_option_group* g = command->groups; g < command->groups + KS_COMMAND_GROUPS && g->rows; g++) {
        for (const ks_option* row = g->rows; row->name; row++) {
            assert(t->count < MAX_OPTIONS);
            add_row(t, row);
        }
    }
    t->options[t->count] = (struct option){"help", no_argument, NULL, 'h'};
}

static bool choose(int* which, const char* label, const char* names, const char* value, ks_error* err) {
    char listed[256] = "", name[64];
    for (*which = 0; ks_names_at(name, sizeof name, names, *which); ++*which) {
        if (strcmp(name, value) == 0) {
            return true;
        }
        size_t used = strlen(listed);
        snprintf(listed + used, sizeof listed - used, "%s%s", used ? ", " : "", name);
    }
    return ks_fail(err, KS_BAD_INPUT, "%s: '%s' is not one of %s", label, value, listed);
}

static bool take_real(double* number, const char* label, const ks_option* row, const char* value, ks_error* err) {
    return (ks_parse_double(value, number) && *number >= row->low && *number <= row->high) ||
           ks_fail(err, KS_BAD_INPUT, "%s: '%s' is not a number from %g to %g", label, value, row->low, row->high);
}

/* What messages call it: -j, or --seed. */
static void name_option(char* label, size_t room, const ks_option* row) {
    if (row->letter) {
        snprintf(label, room, "-%c", row->letter);
    } else {
        snprintf(label, room, "--%s", row->name);
    }
}

static bool take(void* options, const ks_option* row, const char* value, ks_error* err) {
    char* member = (char*)options + row->at;
    char label[48];
    name_option(label, sizeof label, row);
    switch (row->kind) {
        case KS_OPTION_IS_FLAG:
            return *(bool*)member = true;
        case KS_OPTION_IS_INT:
            return ks_cli_int(label, value, row->min, row->max, (int64_t*)(void*)member, err);
        case KS_OPTION_IS_REAL:
            return take_real((double*)(void*)member, label, row, value, err);
        case KS_OPTION_IS_TEXT:
            *(const char**)(void*)member = value;
            return true;
        case KS_OPTION_IS_CHOICE:
            return choose((int*)(void*)member, label, row->names, value, err);
        case KS_OPTION_IS_LIST: {
            ks_option_list* list = (ks_option_list*)(void*)member;
            if (list->count == KS_OPTION_LIST_MAX) {
                return ks_fail(err, KS_BAD_INPUT, "%s: more than %d of them", label, KS_OPTION_LIST_MAX);
            }
            list->text[list->count++] = value;
            return true;
        }
        case KS_OPTION_IS_OWN:
            return row->take(member, value, err);
    }
    return false;
}

static bool check_required(const getopt_table* t, const ks_command* command, ks_error* err) {
    for (int i = 0; i < t->count; i++) {
        const ks_option* row = t->rows[i];
        char label[48];
        name_option(label, sizeof label, row);
        if (row->required && !t->given[i]) {
            return ks_fail(err, KS_BAD_INPUT, "%s: %s %s is missing; `kshot %s --help` explains", command->name, label,
                           row->value, command->name);
        }
    }
    return true;
}

static bool is_given(const getopt_table* t, const char* name) {
    int i = 0;
    while (i < t->count && strcmp(t->rows[i]->name, name) != 0) {
        i++;
    }
    return i < t->count && t->given[i];
}

/* --quiet: what is printed for eyes goes nowhere. What --json prints is for programs, and is all that they want. */
static bool hush(const getopt_table* t, ks_error* err) {
    return !is_given(t, "quiet") || is_given(t, "json") || ks_cli_silence_output(err);
}

static bool check_arguments(const ks_command* command, int argc, char** argv, ks_error* err) {
    int given = argc - optind, most = command->arguments.most;
    if (given >= command->arguments.least && given <= most) {
        return true;
    }
    if (given > most) {
        return ks_cli_arguments(argc, argv, most, NULL, err);
    }
    return ks_fail(err, KS_BAD_INPUT, "%s: %s is missing; `kshot %s --help` explains", command->name,
                   command->arguments.name, command->name);
}

int ks_command_read(void* options, const ks_command* command, int argc, char** argv, ks_error* err) {
    getopt_table t;
    bool help = false;
    make_getopt_table(&t, command);
    optind = 0;
    for (int c; (c = ks_cli_option(argc, argv, t.letters, t.options, err)) != -1;) {
        int i = 0;
        while (i < t.count && t.options[i].val != c) {
            i++;
        }
        if (i < t.count) {
            t.given[i] = true;
        }
        help = help || c == 'h';
        if (c == '?' || (i < t.count && !take(options, t.rows[i], optarg, err))) {
            return KS_BAD_INPUT;
        }
    }
    if (help) {
        ks_help_command(command, stdout);
        return command->more_help ? command->more_help(options, err) : 0;
    }
    if (!check_arguments(command, argc, argv, err) || !check_required(&t, command, err)) {
        return KS_BAD_INPUT;
    }
    return hush(&t, err) ? KS_COMMAND_GO : KS_FAILED;
}
