/* `kshot help`: commands and subjects, from the tables that they work by; and what is made of these tables for other programs. */
#include "cli/help.h"
#include "base/names.h"
#include "cli/cli.h"
#include "cli/complete.h"
#include "cli/help_text.h"
#include "cli/man.h"
#include "cli/option_table.h"
#include "cli/setting_text.h"
#include "cli/topics.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

typedef struct help_options {
    const char* man;
    int shell; /* -1: not said */
    bool complete, force;
} help_options;

/* ---- names ------------------------------------------------------------------------------------------------------------------ */

/* The nearest name so far. */
typedef struct nearest {
    const char* wanted;
    char name[64];
    size_t distance;
} nearest;

static void look_at(nearest* n, const char* name) {
    size_t distance = ks_edit_distance(n->wanted, name);
    if (distance < n->distance) {
        n->distance = distance;
        snprintf(n->name, sizeof n->name, "%s", name);
    }
}

static void look_at_commands(nearest* n) {
    for (const ks_command* const* c = ks_commands; *c; c++) {
        look_at(n, (*c)->name);
    }
}

bool ks_help_no_command(const char* name, ks_error* err) {
    nearest n = {.wanted = name, .distance = SIZE_MAX};
    look_at_commands(&n);
    return ks_fail(err, KS_BAD_INPUT, "there is no command '%.60s'; the nearest is '%s'; `kshot help` lists them", name,
                   n.name);
}

static bool no_topic(const char* name, ks_error* err) {
    nearest n = {.wanted = name, .distance = SIZE_MAX};
    look_at_commands(&n);
    for (const ks_topic* t = ks_topics; t->name; t++) {
        look_at(&n, t->name);
    }
    ks_setting_text setting;
    for (int i = 0; ks_setting_text_at(&setting, i); i++) {
        look_at(&n, setting.key);
        look_at(&n, setting.section);
    }
    return ks_fail(err, KS_BAD_INPUT, "help: there is no topic '%.60s'; the nearest is '%s'; `kshot help` lists them",
                   name, n.name);
}

/* ---- what is printed ---------------------------------------------------------------------------------------------------------- */

void ks_help_overview(FILE* out) {
    enum { COLUMN = 16 };
    int width = ks_help_width(out);
    fprintf(out, "kshot %s: models that learn a new task from a few examples or rollouts\n\nusage: kshot COMMAND …\n\n",
            KS_VERSION);
    for (const ks_command* const* c = ks_commands; *c; c++) {
        ks_help_row(out, width, COLUMN, (*c)->name, (*c)->summary);
    }
    fputs(
        "\n`kshot help TOPIC` explains a command, a section of the settings (as inner), a setting (as inner.lr), "
        "or\n\n",
        out);
    for (const ks_topic* t = ks_topics; t->name; t++) {
        ks_help_row(out, width, COLUMN, t->name, t->summary);
    }
    fputs("\n", out);
    ks_help_wrap(out, width, 0, 0,
                 "`kshot COMMAND --help` is the same as `kshot help COMMAND`. `kshot --version` says "
                 "what was built.");
}

static bool print_topic(const char* name, ks_error* err) {
    int width = ks_help_width(stdout);
    for (const ks_topic* t = ks_topics; t->name; t++) {
        if (strcmp(t->name, name) == 0) {
            return t->print(stdout, width, err);
        }
    }
    return ks_topic_settings(stdout, width, name) || no_topic(name, err);
}

static int print_about(char* name, ks_error* err) {
    const ks_command* command = ks_command_find(name);
    if (command) {
        char help[] = "--help";
        return command->run(command, 2, (char*[]){name, help, NULL}, err);
    }
    return ks_cli_exit(print_topic(name, err), err);
}

/* Nothing that was typed goes unused. */
static bool check(const help_options* o, int argc, char** argv, ks_error* err) {
    if (o->man && o->shell >= 0) {
        return ks_fail(err, KS_BAD_INPUT, "help: --man and --completion: one at a time");
    }
    if (o->force && !o->man) {
        return ks_fail(err, KS_BAD_INPUT, "help: --force belongs to --man DIR; `kshot help --help` explains");
    }
    int most = o->man || o->shell >= 0 ? 0 : 1;
    return argc - optind <= most || ks_cli_arguments(argc, argv, most, NULL, err);
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    help_options o = {.shell = -1};
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    if (o.complete) {
        return ks_cli_exit(ks_complete(argc - optind, argv + optind, stdout, err), err);
    }
    if (!check(&o, argc, argv, err)) {
        return KS_BAD_INPUT;
    }
    if (o.shell >= 0) {
        fputs(ks_completion_scripts[o.shell], stdout);
        return 0;
    }
    if (o.man) {
        return ks_cli_exit(ks_man_write(o.man, o.force, err), err);
    }
    if (optind == argc) {
        ks_help_overview(stdout);
        return 0;
    }
    return print_about(argv[optind], err);
}

static const ks_option OPTIONS[] = {
    {"man", 0, "DIR", "write the manual pages into that directory", KS_OPTION_TEXT(help_options, man),
     .completes = KS_COMPLETE_FOLDER},
    {"completion", 0, "SHELL", "print what makes bash, zsh or fish complete the command line",
     KS_OPTION_CHOICE(help_options, shell, KS_COMPLETION_SHELLS)},
    {"complete", 0, NULL, "what may stand in place of the last of the words behind --: for these shells",
     KS_OPTION_FLAG(help_options, complete)},
    KS_OPTION_ROW_FORCE(help_options, force),
    {0},
};

const ks_command ks_command_help = {
    .name = "help",
    .summary = "explain a command, a setting or a subject",
    .usage = {"[TOPIC]", "--man DIR [--force]", "--completion bash|zsh|fish"},
    .about = {"Explains a command, a setting, a section of the settings, or a subject; without a TOPIC, lists what "
              "there is."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "TOPIC", .most = INT_MAX, .completes = KS_COMPLETE_TOPIC},
    .examples = {{"kshot help inner.lr", "what that setting does, what it may be, and its default"},
                 {"eval \"$(kshot help --completion bash)\"", "completion in this shell, where it is not installed"}},
    .run = run,
};
