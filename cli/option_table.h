/* option_table.h: a command as a constant table. What it takes is written down once: reading a command line, --help, the manual
 * page and the completion of shells follow from it. A new command is a file with such a table, and a line in cli/CMakeLists.txt.
 * Internal to this room.
 *
 * A row says where in a struct of the command's own its value is, as a member of the type that its kind has; before reading, the
 * struct has the defaults.
 *
 * Texts are English in UTF-8 on one line each, however long: whoever prints them wraps them. `words` in them are typed as they are.
 *
 * Thread rule: tables are constant; reading is the main thread's (getopt). */
#ifndef KS_CLI_OPTION_TABLE_H
#define KS_CLI_OPTION_TABLE_H

#include "base/error.h"

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ks_option_kind {
    KS_OPTION_IS_FLAG,   /* bool: true if it is given */
    KS_OPTION_IS_INT,    /* int64_t, from min to max */
    KS_OPTION_IS_REAL,   /* double, from low to high */
    KS_OPTION_IS_TEXT,   /* const char*, as it was typed */
    KS_OPTION_IS_CHOICE, /* int: which of the names */
    KS_OPTION_IS_LIST,   /* ks_option_list: every one that was typed */
    KS_OPTION_IS_OWN,    /* anything: take reads it */
} ks_option_kind;

/* What a shell may offer in an argument's place. */
typedef enum ks_completion {
    KS_COMPLETE_NOTHING,
    KS_COMPLETE_FILE,
    KS_COMPLETE_FOLDER,
    KS_COMPLETE_POLICY,           /* run directories and .safetensors files */
    KS_COMPLETE_CONFIG,           /* .yaml files */
    KS_COMPLETE_CSV,              /* .csv files */
    KS_COMPLETE_ENV,              /* environments by name, and files */
    KS_COMPLETE_SETTING,          /* KEY=VALUE of a config */
    KS_COMPLETE_EXAMPLES_SETTING, /* likewise, of problems with examples alone */
    KS_COMPLETE_TOPIC,            /* what `kshot help` knows */
} ks_completion;

enum { KS_OPTION_LIST_MAX = 256 };
typedef struct ks_option_list {
    const char* text[KS_OPTION_LIST_MAX]; /* (count) */
    int count;
} ks_option_list;

typedef struct ks_option {
    const char* name;  /* without the dashes; NULL ends the rows */
    char letter;       /* its short form; 0: none */
    const char* value; /* what help calls its value; NULL: it takes none */
    const char* help;
    ks_option_kind kind;
    size_t at; /* of the member in the command's struct */
    int64_t min, max;
    double low, high;
    const char* names; /* of CHOICE, separated by | */
    /* of OWN. value: NULL where it may be left out, and was. Errors: KS_BAD_INPUT. */
    bool (*take)(void* member, const char* value, ks_error* err);
    bool optional; /* the value may be left out, and is given behind "=" */
    bool required; /* the option must be given */
    ks_completion completes;
} ks_option;

/* The end of a row, as in {"tasks", 0, "N", "held-out tasks", KS_OPTION_INT(eval_options, tasks, 1, 1000000)}. A member of
 * another type does not compile. */
#define KS_OPTION_AT(type, member, wanted) .at = offsetof(type, member) + 0 * _Generic(((type*)0)->member, wanted : 1)
#define KS_OPTION_FLAG(type, member) .kind = KS_OPTION_IS_FLAG, KS_OPTION_AT(type, member, bool)
#define KS_OPTION_INT(type, member, lowest, highest) \
    .kind = KS_OPTION_IS_INT, KS_OPTION_AT(type, member, int64_t), .min = lowest, .max = highest
#define KS_OPTION_REAL(type, member, lowest, highest) \
    .kind = KS_OPTION_IS_REAL, KS_OPTION_AT(type, member, double), .low = lowest, .high = highest
#define KS_OPTION_TEXT(type, member) .kind = KS_OPTION_IS_TEXT, KS_OPTION_AT(type, member, const char*)
#define KS_OPTION_CHOICE(type, member, choices) \
    .kind = KS_OPTION_IS_CHOICE, KS_OPTION_AT(type, member, int), .names = choices
#define KS_OPTION_LIST(type, member) .kind = KS_OPTION_IS_LIST, KS_OPTION_AT(type, member, ks_option_list)
#define KS_OPTION_OWN(type, member, taker) .kind = KS_OPTION_IS_OWN, .at = offsetof(type, member), .take = taker

/* Rows that say the same in several commands. */
#define KS_OPTION_ROW_FORCE(type, member) \
    { "force", 0, NULL, "replace a file that exists", KS_OPTION_FLAG(type, member) }
/* ks_command_read does the rest of it for stdout, but not with --json; the command leaves out progress and notes. */
#define KS_OPTION_ROW_QUIET(type, member)                                                                           \
    {                                                                                                               \
        "quiet", 'q', NULL, "say nothing but errors and warnings: no progress, notes or tables; files are written", \
            KS_OPTION_FLAG(type, member)                                                                            \
    }
#define KS_OPTION_ROW_THREADS(type, member)                                                     \
    {                                                                                           \
        "threads", 'j', "THREADS", "default: the number of cores; results do not depend on it", \
            KS_OPTION_INT(type, member, 1, 1024)                                                \
    }

#define KS_OPTION_ROW_SET(type, member, text) \
    { "set", 's', "KEY=VALUE", text, KS_OPTION_LIST(type, member), .completes = KS_COMPLETE_SETTING }
#define KS_OPTION_ROW_TASK(type, member)                                                                          \
    {                                                                                                             \
        "task", 0, "V[,V…]",                                                                                      \
            "the task's numbers (default: the first held-out task of --seed); or NAME=V[,NAME=V…]: some of them", \
            KS_OPTION_TEXT(type, member)                                                                          \
    }

/* Options under a heading of their own. */
typedef struct ks_option_group {
    const char* heading; /* NULL: none */
    const ks_option* rows;
    const char* note; /* a paragraph behind them, or NULL */
} ks_option_group;

enum { KS_COMMAND_USAGES = 5, KS_COMMAND_PARAGRAPHS = 6, KS_COMMAND_GROUPS = 6, KS_COMMAND_EXAMPLES = 4 };

typedef struct ks_command ks_command;
struct ks_command {
    const char* name;
    const char* summary;                       /* for lists of commands: small letter, no full stop */
    const char* usage[KS_COMMAND_USAGES];      /* what follows `kshot NAME`, one for each way to call it */
    const char* about[KS_COMMAND_PARAGRAPHS];  /* paragraphs */
    ks_option_group groups[KS_COMMAND_GROUPS]; /* --help is in none of them, and every command has it */
    struct {                                   /* what is no option */
        const char* name;                      /* NULL: there is nothing */
        int least, most;                       /* held to by ks_command_read */
        ks_completion completes;
        const char* names; /* names that may be given, separated by |, or NULL */
    } arguments;
    struct {
        const char *line, *comes; /* what is typed, and what comes of it */
    } examples[KS_COMMAND_EXAMPLES];
    /* argv[0] is its name. Returns an exit code (cli.h). */
    int (*run)(const ks_command* self, int argc, char** argv, ks_error* err);
    /* Prints more behind --help, as the other options have it; NULL: there is nothing more. Returns an exit code. */
    int (*more_help)(const void* options, ks_error* err);
};

/* All commands in the order in which help lists them; NULL ends them. Made by cli/CMakeLists.txt. */
extern const ks_command* const ks_commands[];
/* That of this name, or NULL. */
const ks_command* ks_command_find(const char* name);

/* The row of an option as it is typed, --name or -x; NULL: there is none. */
const ks_option* ks_command_option(const ks_command* command, const char* word);

/* Reads a command line into the command's struct; argv[optind … argc-1] are then the arguments. Returns KS_COMMAND_GO, or an exit
 * code: with --help, which is printed, 0. Errors: KS_BAD_INPUT naming the option and what would be right. */
enum { KS_COMMAND_GO = -1 };
int ks_command_read(void* options, const ks_command* command, int argc, char** argv, ks_error* err);

#endif
