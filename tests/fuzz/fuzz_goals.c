/* Goals, for eval --goals: cli/goals.c. The first byte chooses the environment. */
#include "cli/cli.h"
#include "target.h"

#include <math.h>
#include <stdlib.h>

/* what would be printed for the user (wrapped, see CMakeLists.txt) */
void __wrap_ks_cli_note_goals(const double* tasks, size_t count, const ks_env_def* def, const char* path);
void __wrap_ks_cli_note_goals(const double* tasks, size_t count, const ks_env_def* def, const char* path) {
    (void)tasks, (void)count, (void)def, (void)path;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    static const char* const NAMES[] = {"half-cheetah-dir", "point", "ant-vel", "ant-goal"};
    size_t count = 0;
    ks_error err = {0};
    const ks_env_def* def = ks_env_find(NAMES[data[0] % 4], &err);
    if (!def) {
        fuzz_finding(err.text);
    }
    double* tasks = ks_cli_read_goals(fuzz_file(0, data + 1, size - 1), def, &count, false, &err);
    fuzz_check(tasks != NULL, &err);
    for (size_t i = 0; tasks && i < count * (size_t)def->task_dim; i++) {
        if (!isfinite(tasks[i])) {
            fuzz_finding("a goal that is not finite");
        }
    }
    free(tasks);
    return 0;
}
