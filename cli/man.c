#include "cli/man.h"

#include "base/atomic_file.h"
#include "cli/option_table.h"
#include "cli/setting_text.h"
#include "cli/topics.h"
#include "cli/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- roff ------------------------------------------------------------------------------------------------------------------- */

/* Letters of a text, none of which roff takes for an order; what is `typed` is bold. */
static void put_text(FILE* out, const char* text) {
    bool bold = false;
    for (const char* c = text; *c; c++) {
        switch (*c) {
            case '`':
                bold = !bold;
                fputs(bold ? "\\fB" : "\\fR", out);
                break;
            case '-':
                fputs("\\-", out);
                break;
            case '\\':
                fputs("\\e", out);
                break;
            case '\'':
                fputs("\\(aq", out);
                break;
            case '^':
                fputs("\\(ha", out);
                break;
            case '~':
                fputs("\\(ti", out);
                break;
            default:
                putc(*c, out);
        }
    }
}

/* A line of text: a point at its beginning would be an order. */
static void put_line(FILE* out, const char* text) {
    fputs(*text == '.' ? "\\&" : "", out);
    put_text(out, text);
    putc('\n', out);
}

/* Text in lines of at most 70 bytes or so, as roff likes to have them. */
static void put_paragraph(FILE* out, const char* text) {
    enum { ENOUGH = 60 };
    char line[512];
    bool quoted = false;
    size_t used = 0;
    for (; *text; text++) {
        quoted = quoted != (*text == '`');
        if (*text == ' ' && !quoted && used > ENOUGH) {
            line[used] = 0;
            used = 0;
            put_line(out, line);
        } else if (used + 1 < sizeof line) {
            line[used++] = *text;
        }
    }
    line[used] = 0;
    put_line(out, line);
}

static void begin(FILE* out, const char* name, const char* section, const char* summary) {
    char title[64];
    snprintf(title, sizeof title, "%s", name);
    for (char* c = title; *c; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    fprintf(out, ".\\\" Made by `kshot help --man`.\n.TH %s %s \"%s\" \"kshot %s\" \"kshot\"\n.SH NAME\n", title,
            section, ks_version_date(), KS_VERSION);
    put_text(out, name);
    fputs(" \\- ", out);
    put_line(out, summary);
}

static void put_exit_codes(FILE* out) {
    fputs(".SH EXIT STATUS\n", out);
    for (const ks_exit_code* row = ks_exit_codes; row->code; row++) {
        fprintf(out, ".TP\n.B %s\n", row->code);
        put_paragraph(out, row->meaning);
    }
}

/* ---- a command ---------------------------------------------------------------------------------------------------------------- */

static void put_option(FILE* out, const ks_option* row) {
    fputs(".TP\n", out);
    if (row->letter) {
        fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
    }
    fputs("\\fB\\-\\-", out);
    put_text(out, row->name);
    fputs("\\fR", out);
    if (row->value) {
        fputs(row->optional ? "[=\\fI" : " \\fI", out);
        put_text(out, row->value);
        fputs(row->optional ? "\\fR]" : "\\fR", out);
    }
    putc('\n', out);
    put_paragraph(out, row->help);
}

static void put_options(FILE* out, const ks_command* c) {
    fputs(".SH OPTIONS\n", out);
    for (const ks_option_group* g = c->groups; g < c->groups + KS_COMMAND_GROUPS && g->rows; g++) {
        if (g->heading) {
            fputs(g > c->groups ? ".PP\n" : "", out);
            put_paragraph(out, g->heading);
        }
        for (const ks_option* row = g->rows; row->name; row++) {
            put_option(out, row);
        }
        if (g->note) {
            fputs(".PP\n", out);
            put_paragraph(out, g->note);
        }
    }
    fputs(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nexplain the command\n", out);
}

static bool write_command(void* user, FILE* out) {
    const ks_command* c = user;
    char name[64];
    snprintf(name, sizeof name, "kshot-%s", c->name);
    begin(out, name, "1", c->summary);
    fputs(".SH SYNOPSIS\n", out);
    for (int i = 0; i < KS_COMMAND_USAGES && c->usage[i]; i++) {
        fprintf(out, "%s\\fBkshot %s\\fR ", i ? ".br\n" : "", c->name);
        put_line(out, c->usage[i]);
    }
    fputs(".SH DESCRIPTION\n", out);
    for (int i = 0; i < KS_COMMAND_PARAGRAPHS && c->about[i]; i++) {
        fputs(i ? ".PP\n" : "", out);
        put_paragraph(out, c->about[i]);
    }
    put_options(out, c);
    put_exit_codes(out);
    for (int i = 0; i < KS_COMMAND_EXAMPLES && c->examples[i].line; i++) {
        fputs(i ? ".TP\n\\fB" : ".SH EXAMPLES\n.TP\n\\fB", out);
        put_text(out, c->examples[i].line);
        fputs("\\fR\n", out);
        put_paragraph(out, c->examples[i].comes);
    }
    fputs(".SH SEE ALSO\n.BR kshot (1),\n.BR kshot\\-config (5)\n", out);
    return !ferror(out);
}

/* ---- the program and its configs ------------------------------------------------------------------------------------------------ */

static bool write_program(void* user, FILE* out) {
    (void)user;
    begin(out, "kshot", "1", "meta-train models that learn a new task from a few examples or rollouts");
    fputs(
        ".SH SYNOPSIS\n\\fBkshot\\fR \\fICOMMAND\\fR \\&...\n.br\n\\fBkshot help\\fR [\\fITOPIC\\fR]\n.br\n"
        "\\fBkshot \\-\\-version\\fR\n.SH DESCRIPTION\n",
        out);
    put_line(out,
             "kshot is a toolkit for MAML and its kin: it trains policies for MuJoCo worlds, classifiers of images "
             "and models of curves, which then learn a task that they have not seen by a few gradient steps.");
    fputs(".SH COMMANDS\n", out);
    for (const ks_command* const* c = ks_commands; *c; c++) {
        fprintf(out, ".TP\n.BR kshot\\-%s (1)\n", (*c)->name);
        put_paragraph(out, (*c)->summary);
    }
    fputs(".SH FILES\n", out);
    for (const ks_file_kind* row = ks_file_kinds; row->name; row++) {
        fputs(".TP\n.I ", out);
        put_line(out, row->name);
        put_paragraph(out, row->content);
    }
    put_exit_codes(out);
    fputs(
        ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nwhere it is set, progress is plain lines\n.SH SEE ALSO\n"
        ".BR kshot\\-config (5)\n",
        out);
    return !ferror(out);
}

static bool write_config(void* user, FILE* out) {
    (void)user;
    ks_setting_text t;
    char last[sizeof t.head] = "";
    begin(out, "kshot-config", "5", "settings of a training");
    fputs(".SH DESCRIPTION\n", out);
    put_line(out,
             "A config is a YAML file for `kshot train`. Settings of the run stand in it by themselves, the others "
             "in sections: the key inner.lr below is `lr` in the section `inner`. On the command line it is "
             "`-s inner.lr=0.1`. Where the problem is another than rl, some defaults are that problem's own; "
             "`kshot train -s problem=images --help` lists them.");
    for (int i = 0; ks_setting_text_at(&t, i); i++) {
        if (strcmp(t.head, last) != 0) {
            fputs(".SH \"", out);
            put_text(out, t.head);
            fputs("\"\n", out);
            strcpy(last, t.head);
        }
        fputs(".TP\n.B ", out);
        put_line(out, t.key);
        put_paragraph(out, t.text);
    }
    fputs(".SH SEE ALSO\n.BR kshot\\-train (1)\n", out);
    return !ferror(out);
}

/* ---- the pages -------------------------------------------------------------------------------------------------------------- */

static bool write_page(const char* directory, const char* name, bool overwrite, bool (*write)(void* user, FILE* out),
                       const void* user, ks_error* err) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    if ((size_t)length >= sizeof path) {
        return ks_fail(err, KS_BAD_INPUT, "--man: the name of the directory is too long");
    }
    return ks_check_output(path, overwrite, err) && ks_write_file(path, overwrite, write, (void*)(uintptr_t)user, err);
}

bool ks_man_write(const char* directory, bool overwrite, ks_error* err) {
    bool ok = write_page(directory, "kshot.1", overwrite, write_program, NULL, err) &&
              write_page(directory, "kshot-config.5", overwrite, write_config, NULL, err);
    for (const ks_command* const* c = ks_commands; ok && *c; c++) {
        char name[64];
        snprintf(name, sizeof name, "kshot-%s.1", (*c)->name);
        ok = write_page(directory, name, overwrite, write_command, *c, err);
    }
    return ok;
}
