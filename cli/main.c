#include "cli/child.h"
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/last_word.h"
#include "cli/option_table.h"
#include "cli/terminal.h"
#include "cli/version.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

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
    ks_error err = {0};
    if (!ks_cli_check_processor(&err)) {
        return fail(err.text, KS_FAILED);
    }
    if (argc < 2) {
        ks_help_overview(stderr);
        return KS_BAD_INPUT;
    }
    int code = 0;
    const ks_command* command = ks_command_find(argv[1]);
    if (command) {
        code = command->run(command, argc - 1, argv + 1, &err);
    } else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        ks_help_overview(stdout);
    } else if (strcmp(argv[1], "--version") == 0) {
        ks_version_print(stdout);
    } else {
        code = ks_cli_exit(ks_help_no_command(argv[1], &err), &err);
    }
    if (code != 0) { /* who started this process wants to know what failed; all others know three ways to end */
        return fail(err.text, code == KS_BROKE_DOWN && !ks_child_is() ? KS_FAILED : code);
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
