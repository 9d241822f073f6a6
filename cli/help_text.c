#include "cli/help_text.h"

#include "base/text.h"
#include "cli/terminal.h"

#include <string.h>
#include <unistd.h>

enum { WIDEST = 100, NARROWEST = 40, NAME_COLUMNS = 28 };

int ks_help_width(FILE* out) {
    int width = isatty(fileno(out)) ? (int)ks_cli_width(out) : WIDEST;
    return width > WIDEST ? WIDEST : width < NARROWEST ? NARROWEST : width;
}

/* The bytes of the next word. What is typed, `in quotes`, is not torn where it fits into a line. */
static size_t next_word(const char* text, int room) {
    size_t plain = strcspn(text, " "), bytes = 0;
    for (bool quoted = false; text[bytes] && (quoted || text[bytes] != ' '); bytes++) {
        quoted = quoted != (text[bytes] == '`');
    }
    return (int)ks_text_length_of(text, bytes) <= room ? bytes : plain;
}

void ks_help_wrap(FILE* out, int width, int column, int indent, const char* text) {
    bool begun = false; /* a word stands in this line */
    while (*text) {
        size_t bytes = next_word(text, width - indent);
        int word = (int)ks_text_length_of(text, bytes);
        if (begun && column + 1 + word > width) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            begun = false;
        }
        fprintf(out, "%s%.*s", begun ? " " : "", (int)bytes, text);
        column += word + begun;
        begun = true;
        text += bytes + strspn(text + bytes, " ");
    }
    putc('\n', out);
}

void ks_help_row(FILE* out, int width, int column, const char* name, const char* text) {
    int used = 2 + (int)ks_text_length(name);
    fprintf(out, "  %s", name);
    if (used + 2 > column) {
        fprintf(out, "\n");
        used = 0;
    }
    fprintf(out, "%*s", column - used, "");
    ks_help_wrap(out, width, column, column, text);
}

void ks_help_option_form(char form[KS_OPTION_FORM], const ks_option* row) {
    char letter[8] = "";
    if (row->letter) {
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    }
    snprintf(form, KS_OPTION_FORM, "%s--%s%s%s%s", letter, row->name,
             row->optional ? "[="
             : row->value  ? " "
                           : "",
             row->value ? row->value : "", row->optional ? "]" : "");
}

/* The column in which the texts of all options begin. */
static int text_column(const ks_command* command) {
    int widest = 0;
    for (const ks_option_group* g = command->groups; g < command->groups + KS_COMMAND_GROUPS && g->rows; g++) {
        for (const ks_option* row = g->rows; row->name; row++) {
            char form[KS_OPTION_FORM];
            ks_help_option_form(form, row);
            int used = (int)ks_text_length(form) + (row->letter ? 4 : 8);
            widest = used > widest && used <= NAME_COLUMNS ? used : widest;
        }
    }
    return widest;
}

static void print_group(const ks_option_group* g, FILE* out, int width, int column) {
    putc('\n', out);
    if (g->heading) {
        ks_help_wrap(out, width, 0, 0, g->heading);
        putc('\n', out);
    }
    for (const ks_option* row = g->rows; row->name; row++) {
        char form[KS_OPTION_FORM], padded[KS_OPTION_FORM + 4];
        ks_help_option_form(form, row);
        snprintf(padded, sizeof padded, "%s%s", row->letter ? "" : "    ", form);
        ks_help_row(out, width, column, padded, row->help);
    }
    if (g->note) {
        putc('\n', out);
        ks_help_wrap(out, width, 0, 0, g->note);
    }
}

static void print_examples(const ks_command* command, FILE* out, int width) {
    for (int i = 0; i < KS_COMMAND_EXAMPLES && command->examples[i].line; i++) {
        fprintf(out, "%s  %s\n      ", i ? "" : "\nExamples:\n\n", command->examples[i].line);
        ks_help_wrap(out, width, 6, 6, command->examples[i].comes);
    }
}

void ks_help_command(const ks_command* command, FILE* out) {
    int width = ks_help_width(out), column = text_column(command);
    for (int i = 0; i < KS_COMMAND_USAGES && command->usage[i]; i++) {
        int used = fprintf(out, "%s kshot %s ", i ? "      " : "usage:", command->name);
        ks_help_wrap(out, width, used, 12, command->usage[i]);
    }
    for (int i = 0; i < KS_COMMAND_PARAGRAPHS && command->about[i]; i++) {
        putc('\n', out);
        ks_help_wrap(out, width, 0, 0, command->about[i]);
    }
    for (int i = 0; i < KS_COMMAND_GROUPS && command->groups[i].rows; i++) {
        print_group(&command->groups[i], out, width, column);
    }
    print_examples(command, out, width);
}
