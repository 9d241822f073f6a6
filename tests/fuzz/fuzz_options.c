/* Command lines: one argument a line, the first is the command. What the commands would then open, train, measure or draw is
 * replaced (by the linker's --wrap, see CMakeLists.txt) by a failure, so that only their reading of options is tried. */
#include "bench/bench.h"
#include "cli/cli.h"
#include "cli/option_table.h"
#include "cli/version.h"
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 64 };

/* every wrapped function fails; they differ in their other arguments only */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define FAILS(type, name, ...)                             \
    type __wrap_##name(__VA_ARGS__);                       \
    type __wrap_##name(__VA_ARGS__) {                      \
        return (type)ks_fail(err, KS_FAILED, "not tried"); \
    }
FAILS(bool, ks_cli_policy_open, ks_cli_policy* p, const char* argument, bool best, const char* env, bool quiet,
      ks_error* err)
FAILS(bool, ks_config_read, ks_config* config, const char* path, ks_error* err)
FAILS(bool, ks_plot_results, const void* figure, const void* returns, const void* paper, ks_error* err)
FAILS(bool, ks_table_results, const void* figure, const void* returns, const void* paper, ks_error* err)
FAILS(bool, ks_bench_view_run, void* result, const ks_bench_options* options, ks_error* err)
FAILS(bool, ks_bench_sampling_run, ks_bench_sampling* result, const ks_bench_options* options, ks_error* err)
FAILS(bool, ks_bench_iteration_run, ks_bench_iteration* result, const ks_bench_options* options, ks_error* err)

const char* ks_version_date(void) { /* version.c's, which a build makes a header for */
    return "";
}

void ks_cli_say(const char* text) { /* main's, which is not here */
    (void)text;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static bool ready;
    if (!ready) {
        ready = freopen("/dev/null", "w", stdout) && chdir(fuzz_folder()) == 0;
    }
    char* text = fuzz_text(data, size);
    char* argv[MAX_ARGUMENTS + 1];
    char* at = text;
    int argc = 0;
    while (argc < MAX_ARGUMENTS && (argv[argc] = strsep(&at, "\n"))) {
        argc++;
    }
    argv[argc] = NULL;
    const ks_command* command = ks_command_find(argv[0]);
    if (command && strcmp(command->name, "check") != 0 && strcmp(command->name, "adapt") != 0) {
        ks_error err = {0};
        int code = command->run(command, argc, argv, &err);
        if (code != 0 && code != KS_FAILED && code != KS_BROKE_DOWN && code != KS_BAD_INPUT) {
            fuzz_finding("an exit code that is none of ours");
        }
        fuzz_check(code == 0, &err);
    }
    free(text);
    return 0;
}
