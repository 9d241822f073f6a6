#include "cli/cli.h"
#include "cli/last_word.h"
#include "cli/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct command {
    const char* name;
    const char* summary;
    int (*run)(int argc, char** argv, ks_error* err);
} command;

static const command COMMANDS[] = {
    {"train", "meta-train (or pretrain, or train the oracle) from a config", ks_cli_train},
    {"eval", "returns, or errors, after 0, 1, 2, … gradient steps on held-out tasks", ks_cli_eval},
    {"plot", "figures from results: adaptation, learning curves, trajectories", ks_cli_plot},
#ifdef KS_VIEWER
    {"view", "a window: policies before and after gradient steps, side by side", ks_cli_view},
    {"record", "the same as a video or a picture, without a display", ks_cli_record},
#endif
    {"adapt", "a policy after gradient steps on a task, as a policy file", ks_cli_adapt},
    {"rollout", "write trajectories of a policy for other programs", ks_cli_rollout},
    {"audit", "write one meta-iteration down in full", ks_cli_audit},
    {"suite", "train and compare many combinations of domains, methods and seeds", ks_cli_suite},
    {"bench", "speed against the machine's own limits", ks_cli_bench},
    {"check", "look an environment over, and try it with random actions", ks_cli_check},
    {"envs", "list the environments, problems and outer steps", ks_cli_envs},
    {"info", "say what a file or run directory is", ks_cli_info},
};
enum { NUM_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS };

static void usage(FILE* out) {
    fprintf(out, "kshot %s: models that learn a new task from a few examples or rollouts\n\nusage: kshot COMMAND …\n\n",
            KS_VERSION);
    for (int i = 0; i < NUM_COMMANDS; i++) {
        fprintf(out, "  %-8s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
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
    for (int i = 0; code < 0 && i < NUM_COMMANDS; i++) {
        if (strcmp(argv[1], COMMANDS[i].name) == 0) {
            code = COMMANDS[i].run(argc - 1, argv + 1, &err);
        }
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
