#include "cli/cli.h"
#include "cli/last_word.h"
#include "cli/option_table.h"
#include "cli/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void usage(FILE* out) {
    fprintf(out, "kshot %s: models that learn a new task from a few examples or rollouts\n\nusage: kshot COMMAND …\n\n",
            KS_VERSION);
    for (const ks_command* const* c = ks_commands; *c; c++) {
        fprintf(out, "  %-8s %s\n", (*c)->name, (*c)->summary);
    }
    fprintf(out,
            "\n`kshot COMMAND --help` explains a command. Exit codes: 0 done, 1 failed while running, 2 wrong usage, "
            "config or input, 130 interrupted.\n");
}

void ks_cli_say(const char* text) {
    if (*text) { /* empty: another process of the run says it */
        fprintf(stderr, "kshot: %s\n", text);
    }
}

static int fail(const char* text, int code) {
    ks_cli_say(text);
    return code;
}

static int run(int argc, char** argv) {
    ks_cli_open_standard_streams();
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is then an error of write, which is reported; */
    signal(SIGPIPE, SIG_IGN); /* and so is a pipe that nobody reads any more */
    if (argc < 2) {
        usage(stderr);
        return KS_BAD_INPUT;
    }
    ks_error err = {0};
    if (!ks_cli_check_processor(&err)) {
        return fail(err.text, KS_FAILED);
    }
    int code = -1;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        code = 0;
    } else if (strcmp(argv[1], "--version") == 0) {
        printf("kshot %s\n", KS_VERSION);
        code = 0;
    }
    const ks_command* command = ks_command_find(argv[1]);
    if (code < 0 && command) {
        code = command->run(command, argc - 1, argv + 1, &err);
    }
    if (code < 0) {
        ks_fail(&err, KS_BAD_INPUT, "there is no command '%s'; `kshot --help` lists them", argv[1]);
        return fail(err.text, KS_BAD_INPUT);
    }
    if (code != 0) {
        return fail(err.text, code);
    }
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return 0;
    }
    /* a full disk behind stdout is a failure; so is a reader that has gone, but he knows, as after `| head` */
    return fail(ks_cli_reader_gone(stdout) ? "" : "cannot write to standard output", KS_FAILED);
}

int main(int argc, char** argv) {
    ks_cli_last_word();
    int code = run(argc, argv);
    ks_cli_last_word_not_needed();
    return code;
}
