/* Goals, for eval --goals: cli/goals.c. The first byte is how many numbers a task has. */
#include "cli/cli.h"
#include "target.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    size_t dim = data[0] % 2 + 1, count = 0;
    ks_error err = {0};
    double* tasks = ks_cli_read_goals(fuzz_file(0, data + 1, size - 1), dim, &count, &err);
    fuzz_check(tasks != NULL, &err);
    for (size_t i = 0; tasks && i < count * dim; i++) {
        if (!isfinite(tasks[i])) {
            fuzz_finding("a goal that is not finite");
        }
    }
    free(tasks);
    return 0;
}
